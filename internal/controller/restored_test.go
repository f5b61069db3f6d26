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
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// backup is what a backup tool restores of a session and its Secret: without UIDs, owner references and status.
type backup struct {
	session *v1alpha1.FederatedSession
	secret  *corev1.Secret
}

// backUp the session "reports", which has been issued and edited, and lose the namespace.
func (h *harness) backUp() backup {
	h.t.Helper()
	fs := h.session("reports")
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(7200)) })
	h.reconcile("reports")
	fs, secret := h.get("reports"), h.secret("reports")
	b := backup{session: fs.DeepCopy(), secret: secret.DeepCopy()}
	for _, object := range []client.Object{b.session, b.secret} {
		object.SetUID("")
		object.SetResourceVersion("")
		object.SetGeneration(0)
		object.SetCreationTimestamp(metav1.Time{})
		object.SetOwnerReferences(nil)
		object.SetManagedFields(nil)
	}
	b.session.Status = v1alpha1.FederatedSessionStatus{}
	h.Expect(h.direct.Delete(h.context(), fs)).To(Succeed())
	h.Expect(h.direct.Delete(h.context(), secret)).To(Succeed())
	_, err := h.sessions.Reconcile(h.context(), h.request("reports"))
	h.Expect(err).NotTo(HaveOccurred())
	h.events()
	return b
}

// expectTakenOver checks that the restored Secret was issued anew by one call, for the restored session.
func (h *harness) expectTakenOver(b backup) {
	h.t.Helper()
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.issued()).To(Equal(2), "once before, and once after the restore")
	secret := h.secret("reports")
	h.Expect(metav1.IsControlledBy(secret, h.get("reports"))).To(BeTrue())
	h.Expect(secret.OwnerReferences).To(HaveLen(1))
	h.Expect(secret.Data[credsecret.AccessKeyIDKey]).NotTo(Equal(b.secret.Data[credsecret.AccessKeyIDKey]))
	h.Expect(secret.Annotations).To(HaveKeyWithValue(credsecret.GenerationAnnotation, "1"))
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(2), "once")
}

func TestReconcileRestoredSecret(t *testing.T) {
	for sentence, restore := range map[string]func(h *harness, b backup){
		"the Secret before its session": func(h *harness, b backup) {
			h.issuer()
			h.create(b.secret)
			h.create(b.session)
			h.events()
			h.reconcile("reports")
			h.Expect(h.events()).To(ConsistOf(ContainSubstring("Normal Issued")))
		},
		"the session before its Secret, both before the issuer": func(h *harness, b backup) {
			h.create(b.session)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotFound)
			h.create(b.secret)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotFound)
			status := h.get("reports").Status
			h.Expect([]any{status.AccessKeyID, status.SecretName, status.Identity, status.ExpirationTime}).
				To(HaveEach(BeZero()), "what it claims is not shown")
			h.issuer()
			h.reconcile("reports")
		},
		"the Secret while STS is asked": func(h *harness, b backup) {
			h.issuer()
			h.create(b.session)
			h.api.before["create *v1.Secret"] = func() { h.create(b.secret) }
			h.reconcile("reports")
		},
		"long after its credentials expired": func(h *harness, b backup) {
			h.advance(30 * 24 * time.Hour)
			h.issuer()
			h.create(b.secret)
			h.create(b.session)
			h.reconcile("reports")
		},
		"a suspended session, which is resumed": func(h *harness, b backup) {
			h.issuer()
			h.create(b.secret)
			b.session.Spec.Suspend = new(true)
			h.create(b.session)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSuspended)
			h.Expect(h.secret("reports").OwnerReferences).To(BeEmpty())
			h.Expect(h.direct.Delete(h.context(), b.session)).To(Succeed())
			b.session.Spec.Suspend, b.session.ResourceVersion, b.session.UID = nil, "", ""
			h.create(b.session)
			h.reconcile("reports")
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			issuer := h.issuer()
			b := h.backUp()
			h.Expect(h.direct.Delete(h.context(), issuer)).To(Succeed())
			h.Expect(h.direct.Delete(h.context(), h.secret("aws-key"))).To(Succeed())

			restore(h, b)

			h.expectTakenOver(b)
		})
	}
}

// What is only in part as the operator published it is nobody's to take.
func TestReconcileHalfRestoredSecret(t *testing.T) {
	for sentence, c := range map[string]struct {
		lose   func(*corev1.Secret)
		reason string
		says   string
	}{
		"without its data":        {func(s *corev1.Secret) { s.Data = nil }, v1alpha1.ReasonSecretConflict, "half restored"},
		"without its annotations": {func(s *corev1.Secret) { s.Annotations = nil }, v1alpha1.ReasonSecretConflict, "half restored"},
		"without its label":       {func(s *corev1.Secret) { s.Labels = nil }, v1alpha1.ReasonSecretConflict, "without the label"},
		"as another type":         {func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }, v1alpha1.ReasonSecretConflict, "of type Opaque"},
		"immutable":               {func(s *corev1.Secret) { s.Immutable = new(true) }, v1alpha1.ReasonSecretImmutable, "immutable"},
		"owned by something else": {
			func(s *corev1.Secret) {
				s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "app", UID: "app", Controller: new(true)}}
			}, v1alpha1.ReasonSecretConflict, "controlled by Deployment app",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			b := h.backUp()
			c.lose(b.secret)
			h.create(b.secret)
			before := h.secret("reports")
			h.create(b.session)

			h.reconcile("reports")

			h.Expect(h.expectReady("reports", metav1.ConditionFalse, c.reason)).To(And(ContainSubstring(c.says), ContainSubstring("delete it")))
			h.Expect(h.secret("reports")).To(Equal(before))
			h.Expect(h.issued()).To(Equal(1))
			h.Expect(h.direct.Delete(t.Context(), before)).To(Succeed())
			h.reconcile("reports")
			h.expectTakenOver(b)
		})
	}
}

// Two sessions may want one restored Secret: at the same moment, too, only one of them gets it.
func TestReconcileTwoSessionsOnOneRestoredSecret(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	b := h.backUp()
	h.create(b.secret)
	h.session("first", func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "reports" })
	h.session("second", func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "reports" })
	h.api.before["patch *v1.Secret"] = func() { h.reconcile("second") }

	h.reconcile("first")

	h.expectReady("second", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.expectReady("first", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)).To(ContainSubstring("FederatedSession second"))
	h.Expect(metav1.IsControlledBy(h.secret("reports"), h.get("second"))).To(BeTrue())
}

// Whoever takes the owner reference away from a Secret does not strand its session.
func TestReconcileSecretThatLostItsOwner(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	h.events()
	edit(h, h.secret("reports"), func(s *corev1.Secret) { s.OwnerReferences = nil })

	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(metav1.IsControlledBy(h.secret("reports"), h.get("reports"))).To(BeTrue())
	h.Expect(h.issued()).To(Equal(2))
	h.Expect(h.events()).To(ConsistOf(ContainSubstring("because of SecretRestored")))
}
