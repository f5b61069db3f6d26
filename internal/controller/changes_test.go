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

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

func TestReconcileTamperedSecret(t *testing.T) {
	for name, damage := range map[string]func(h *harness, secret *corev1.Secret) error{
		"deleted": func(h *harness, secret *corev1.Secret) error { return h.direct.Delete(h.context(), secret) },
		"emptied": func(h *harness, secret *corev1.Secret) error {
			secret.Data = nil
			return h.direct.Update(h.context(), secret)
		},
		"one key changed": func(h *harness, secret *corev1.Secret) error {
			secret.Data[credsecret.ProcessKey] = []byte("{}")
			return h.direct.Update(h.context(), secret)
		},
		"truncated": func(h *harness, secret *corev1.Secret) error {
			token := secret.Data[credsecret.SessionTokenKey]
			secret.Data[credsecret.SessionTokenKey] = token[:len(token)/2]
			return h.direct.Update(h.context(), secret)
		},
		"a key added": func(h *harness, secret *corev1.Secret) error {
			secret.Data["extra"] = []byte("x")
			return h.direct.Update(h.context(), secret)
		},
		"its expiration annotation postponed": func(h *harness, secret *corev1.Secret) error {
			secret.Annotations[credsecret.ExpirationAnnotation] = "2036-01-01T00:00:00Z"
			return h.direct.Update(h.context(), secret)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.session("reports")
			h.reconcile("reports")
			first := h.accessKey("reports")
			h.events()
			h.Expect(damage(h, h.secret("reports"))).To(Succeed())

			h.reconcile("reports")
			h.Expect(h.accessKey("reports")).NotTo(Equal(first))
			h.Expect(h.secret("reports").Data).To(HaveLen(6))
			h.Expect(h.issued()).To(Equal(2))
			h.Expect(h.events()).To(ConsistOf(ContainSubstring("Normal Reissued")))
			h.reconcile("reports")
			h.Expect(h.issued()).To(Equal(2), "once")
		})
	}
}

func TestReconcileChangedSpec(t *testing.T) {
	for name, change := range map[string]func(fs *v1alpha1.FederatedSession){
		"its policy": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
		},
		"its ARNs": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.PolicyARNs = []v1alpha1.PolicyARN{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
		},
		"its tags":     func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags = []v1alpha1.Tag{{Key: "a", Value: new("b")}} },
		"its name":     func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "other" },
		"its duration": func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(900)) },
		"a request to rotate now": func(fs *v1alpha1.FederatedSession) {
			fs.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: "now"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			fs := h.session("reports")
			h.reconcile("reports")
			first := h.accessKey("reports")
			edit(h, fs, change)
			h.reconcile("reports")
			h.reconcile("reports")
			h.Expect(h.issued()).To(Equal(2), "once")
			h.Expect(h.accessKey("reports")).NotTo(Equal(first))
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

func TestReconcileChangeThatSTSDoesNotSee(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports", func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Tags = []v1alpha1.Tag{{Key: "a", Value: new("1")}, {Key: "b", Value: new("2")}}
		fs.Spec.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
		fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"old": "1", "kept": "1"}
	})
	h.reconcile("reports")
	edit(h, h.secret("reports"), func(s *corev1.Secret) { s.Labels["foreign"], s.Annotations["foreign"] = "x", "y" })
	edit(h, fs, func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Tags[0], fs.Spec.Tags[1] = fs.Spec.Tags[1], fs.Spec.Tags[0]
		fs.Spec.Policy = "\n" + fs.Spec.Policy + "\n"
		fs.Spec.Rotation.BeforeExpirationSeconds = new(int32(600))
		fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"new": "2", "kept": "1"}
		fs.Spec.Secret.Template.Metadata.Annotations = map[string]v1alpha1.AnnotationValue{"note": "hello, world"}
	})
	h.reconcile("reports")
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(1))
	secret := h.secret("reports")
	h.Expect(secret.Labels).To(Equal(map[string]string{"new": "2", "kept": "1", "foreign": "x", credsecret.ManagedByLabel: credsecret.ManagedBy}))
	h.Expect(secret.Annotations).To(And(HaveKeyWithValue("foreign", "y"), HaveKeyWithValue("note", "hello, world")))
	h.Expect(h.get("reports").Status.RotationTime.UTC()).To(BeTemporally("~", start.Add(12*time.Hour-10*time.Minute), 73*time.Minute))
}

func TestDeleteRenamedSecrets(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "renamed" })

	h.api.before["create *v1.Secret"] = func() { h.Expect(h.hasSecret("reports")).To(BeTrue(), "the old one goes last") }
	h.reconcile("reports")
	h.Expect(h.hasSecret("renamed")).To(BeTrue())
	h.Expect(h.hasSecret("reports")).To(BeFalse())
	h.Expect(h.get("reports").Status.SecretName).To(Equal("renamed"))
}

func TestDeleteRenamedSecretsOnlyOnceTheNewOneIsUsable(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	h.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "taken"}})
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "taken" })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)
	h.Expect(h.hasSecret("reports")).To(BeTrue())
}

func TestReconcileForeignSecret(t *testing.T) {
	for name, foreign := range map[string]func(secret *corev1.Secret){
		"of another type":             func(secret *corev1.Secret) { secret.Type = corev1.SecretTypeOpaque },
		"of the type but of no owner": func(secret *corev1.Secret) { secret.Type = credsecret.Type },
		"another session's": func(secret *corev1.Secret) {
			secret.Type = credsecret.Type
			secret.OwnerReferences = []metav1.OwnerReference{
				{APIVersion: "sts-operator.dev/v1alpha1", Kind: "FederatedSession", Name: "other", UID: "other", Controller: new(true)},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "reports"}, StringData: map[string]string{"a": "b"}}
			foreign(secret)
			h.create(secret)
			before := h.secret("reports")
			h.session("reports")
			result := h.reconcile("reports")

			message := h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)
			h.Expect(message).To(ContainSubstring("choose another spec.secret.name"))
			h.Expect(h.secret("reports")).To(Equal(before))
			h.Expect(h.issued()).To(BeZero())
			h.Expect(result.RequeueAfter).To(BeNumerically(">", 0), "no watch sees Secrets of other types go")
			h.Expect(h.events()).To(ContainElement(ContainSubstring("Warning SecretConflict")))

			h.Expect(h.direct.Delete(t.Context(), before)).To(Succeed())
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

func TestReconcileTwoSessionsOnOneSecret(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	first := h.session("first", func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "shared" })
	h.session("second", func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "shared" })
	h.reconcile("first")
	h.reconcile("second")
	h.expectReady("first", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.expectReady("second", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)).To(ContainSubstring("FederatedSession first"))

	h.Expect(h.direct.Delete(t.Context(), first)).To(Succeed())
	_, err := h.sessions.Reconcile(h.context(), h.request("first"))
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(h.direct.Delete(t.Context(), h.secret("shared"))).To(Succeed()) // as the garbage collector does
	h.reconcile("second")
	h.expectReady("second", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestReconcileImmutableSecret(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	edit(h, h.secret("reports"), func(s *corev1.Secret) { s.Immutable = new(true) })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)

	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(ContainSubstring("delete it"))
	h.Expect(h.issued()).To(Equal(1), "nothing is issued that cannot be published")

	h.Expect(h.direct.Delete(t.Context(), h.secret("reports"))).To(Succeed())
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestPublishAfterAnotherWrite(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	h.toRotation("reports")
	h.api.before["patch *v1.Secret"] = func() {
		edit(h, h.secret("reports"), func(s *corev1.Secret) { s.Labels["somebody"] = "else" })
	}
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(2), "the credentials are not thrown away")
	h.Expect(h.secret("reports").Labels).To(HaveKey("somebody"))
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestPublishAfterASpecChange(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports")
	h.api.before["create *v1.Secret"] = func() {
		edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "changed" })
	}
	_, err := h.sessions.Reconcile(h.context(), h.request("reports"))
	h.Expect(err).NotTo(HaveOccurred())
	h.reconcile("reports")
	h.Expect(h.get("reports").Status.Identity.ARN).To(HaveSuffix("/changed"))
	h.Expect(h.issued()).To(Equal(2))
}

func TestReconcileTerminatingNamespace(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: h.namespace}}
	h.Expect(h.direct.Delete(t.Context(), namespace)).To(Succeed())
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonNamespaceTerminating)
	h.Expect(h.issued()).To(BeZero())
}
