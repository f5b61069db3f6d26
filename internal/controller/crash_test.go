/*
Copyright 2026 The sts-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// crashAt reconciles until the operator is stopped dead just before a request, and starts a new operator.
func (h *harness) crashAt(call, name string) {
	h.t.Helper()
	h.api.stopAt = call
	func() {
		defer func() {
			stopped, ok := recover().(crash)
			h.Expect(ok).To(BeTrue(), "the operator never came to %q", call)
			h.Expect(stopped.at).To(Equal(call))
		}()
		_, _ = h.sessions.Reconcile(h.context(), h.request(name))
	}()
	for _, secret := range h.allSecrets() {
		h.Expect(metav1.GetControllerOf(&secret)).NotTo(BeNil(), "a Secret without an owner")
	}
	h.restart()
	h.reconcileIssuer("aws")
}

func (h *harness) allSecrets() []corev1.Secret {
	h.t.Helper()
	list := &corev1.SecretList{}
	h.Expect(h.direct.List(h.context(), list)).To(Succeed())
	var own []corev1.Secret
	for _, secret := range list.Items {
		if secret.Namespace == h.namespace && secret.Type == credsecret.Type {
			own = append(own, secret)
		}
	}
	return own
}

// TestReconcileAfterACrash stops the operator between every two steps. Whatever it left behind, the next one finishes in one
// reconcile, and calls STS again only if nothing had been written.
func TestReconcileAfterACrash(t *testing.T) {
	const (
		liveRead    = "live get *v1.Secret"
		createWrite = "create *v1.Secret"
		patchWrite  = "patch *v1.Secret"
		statusWrite = "patch status *v1alpha1.FederatedSession"
		deleteWrite = "delete *v1.Secret"
	)
	first := func(*harness, *v1alpha1.FederatedSession) {}
	rotation := func(h *harness, _ *v1alpha1.FederatedSession) {
		h.reconcile("reports")
		h.toRotation("reports")
	}
	rename := func(h *harness, fs *v1alpha1.FederatedSession) {
		h.reconcile("reports")
		edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "renamed" })
	}
	for name, c := range map[string]struct {
		given func(*harness, *v1alpha1.FederatedSession)
		at    string
		calls int // that STS gets for this issue, those before the crash included
	}{
		"a first issue, before the live read":              {first, liveRead, 1},
		"a first issue, between STS and the Secret":        {first, createWrite, 2},
		"a first issue, between the Secret and the status": {first, statusWrite, 1},
		"a rotation, before the live read":                 {rotation, liveRead, 1},
		"a rotation, between STS and the Secret":           {rotation, patchWrite, 2},
		"a rotation, between the Secret and the status":    {rotation, statusWrite, 1},
		"a rename, between STS and the new Secret":         {rename, createWrite, 2},
		"a rename, before the old Secret goes":             {rename, deleteWrite, 1},
		"a rename, between the old Secret and the status":  {rename, statusWrite, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			fs := h.session("reports")
			c.given(h, fs)
			before := h.issued()
			h.crashAt(c.at, "reports")

			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
			h.Expect(h.issued() - before).To(Equal(c.calls))
			h.Expect(h.allSecrets()).To(HaveLen(1))
			status := h.get("reports").Status
			h.Expect(status.AccessKeyID).To(Equal(h.accessKey(status.SecretName)))
			h.api.taken()
			h.reconcile("reports")
			h.Expect(h.api.taken()).To(BeEmpty(), "nothing is left to do")
		})
	}
}
