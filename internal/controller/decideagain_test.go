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
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

const liveSecretRead = "live get *v1.Secret"

// The Secret may change between the decision, which rests on the cache, and the live look before the call.
func TestReconcileDecidesAgain(t *testing.T) {
	labelled := func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"app": "reports"}
	}
	dropLabel := func(h *harness) {
		edit(h, h.secret("reports"), func(s *corev1.Secret) { delete(s.Labels, "app") })
	}
	fill := func(h *harness) { // as another replica does
		_, err := h.sessions.Reconcile(h.context(), h.request("reports"))
		h.Expect(err).NotTo(HaveOccurred())
	}

	t.Run("another replica has filled it", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		h.session("reports", labelled)
		h.api.before[liveSecretRead] = func() { fill(h) }

		h.reconcile("reports")

		h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		h.Expect(h.issued()).To(Equal(1))
	})
	t.Run("another replica has filled it, and somebody has taken its label away", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		h.session("reports", labelled)
		h.api.before[liveSecretRead] = func() { fill(h); dropLabel(h) }

		h.reconcile("reports")

		h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		h.Expect(h.issued()).To(Equal(1))
		h.Expect(h.secret("reports").Labels).To(HaveKeyWithValue("app", "reports"))
	})
	t.Run("it has gone before its labels were brought in line", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		h.session("reports", labelled)
		h.reconcile("reports")
		dropLabel(h)
		h.api.before[liveSecretRead] = func() { h.Expect(h.direct.Delete(t.Context(), h.secret("reports"))).To(Succeed()) }

		result, err := h.sessions.Reconcile(h.context(), h.request("reports"))

		h.Expect(err).NotTo(HaveOccurred())
		h.Expect(result.RequeueAfter).To(Equal(time.Second), "it looks again when the cache has caught up")
		h.Expect(h.hasSecret("reports")).To(BeFalse())
		h.reconcile("reports")
		h.Expect(h.issued()).To(Equal(2))
		h.Expect(h.secret("reports").Labels).To(HaveKeyWithValue("app", "reports"))
	})
}

// A read or write that fails is an error for the work queue: nothing is decided, and the next try does what is to be done.
func TestReconcileReturnsErrorsOfTheAPI(t *testing.T) {
	away := errors.New("the API server is away")
	for sentence, c := range map[string]struct {
		call    string
		prepare func(h *harness)
		session func(fs *v1alpha1.FederatedSession)
	}{
		"the live read before the call": {liveSecretRead, func(h *harness) { h.issuer() }, func(*v1alpha1.FederatedSession) {}},
		"the read of an assertion": {liveSecretRead, func(h *harness) {
			h.issuerWithoutIdentity()
			h.putAssertion(h.assertion(h.corporate()))
		}, withSAML},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			c.prepare(h)
			h.session("reports", c.session)
			h.api.failing[c.call] = away

			_, err := h.sessions.Reconcile(h.context(), h.request("reports"))

			h.Expect(err).To(MatchError(away))
			h.Expect(h.hasSecret("reports")).To(BeFalse())
			delete(h.api.failing, c.call)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
	t.Run("the write of labels", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		fs := h.session("reports")
		h.reconcile("reports")
		edit(h, fs, func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"app": "reports"}
		})
		h.api.failing["patch *v1.Secret"] = away

		_, err := h.sessions.Reconcile(h.context(), h.request("reports"))

		h.Expect(err).To(MatchError(away))
		delete(h.api.failing, "patch *v1.Secret")
		h.reconcile("reports")
		h.Expect(h.secret("reports").Labels).To(HaveKeyWithValue("app", "reports"))
	})
	t.Run("the read of an issuer's key", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		h.restart()
		h.api.failing[liveSecretRead] = away

		_, err := h.issuers.Reconcile(h.context(), h.request("aws"))

		h.Expect(err).To(MatchError(away))
		delete(h.api.failing, liveSecretRead)
		h.reconcileIssuer("aws")
		h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	})
}
