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
	"github.com/sts-operator/sts-operator/internal/sts"
)

// editElsewhere edits the session, and another leader publishes for the new spec; the cache of this one goes on showing old.
func (h *harness) editElsewhere(old *v1alpha1.FederatedSession, change func(*v1alpha1.FederatedSession)) {
	h.t.Helper()
	here := h.operator
	h.api.lagging = nil
	edit(h, h.get(old.Name), change)
	h.restart()
	h.reconcileIssuer("aws")
	h.reconcile(old.Name)
	h.expectReady(old.Name, metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.operator, h.api.lagging = here, old
}

// A leader that was stopped for longer than its Lease continues with the old spec. The new leader has published for the new one.
func TestReconcileNeverGoesBack(t *testing.T) {
	renamed := func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "edited" }
	labelled := func(fs *v1alpha1.FederatedSession) {
		renamed(fs)
		fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"app": "new"}
	}
	for sentence, c := range map[string]struct {
		change func(*v1alpha1.FederatedSession)
		at     string // the request before which the other leader works; none for before all
		issued int
	}{
		"its cache shows the new Secret before the new spec": {renamed, "", 2},
		"the other leader publishes before the live read":    {renamed, liveSecretRead, 2},
		"the other leader publishes during the STS call":     {renamed, "patch *v1.Secret", 3},
		"the other leader has added a label, too":            {labelled, "", 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.session("reports")
			h.reconcile("reports")
			old := h.get("reports")
			goesOn := func() {
				t.Helper()
				result, err := h.sessions.Reconcile(h.context(), h.request("reports"))
				h.Expect(err).NotTo(HaveOccurred())
				h.Expect(result.RequeueAfter).To(Equal(time.Second), "it waits for its cache")
			}
			if c.at == "" {
				h.editElsewhere(old, c.change)
			} else {
				h.toRotation("reports")
				h.api.before[c.at] = func() { h.editElsewhere(old, c.change) }
			}

			goesOn()

			published, status := h.secret("reports"), h.get("reports").Status
			h.Expect(published.Annotations).To(HaveKeyWithValue(credsecret.GenerationAnnotation, "2"))
			h.Expect(published.Annotations[credsecret.ARNAnnotation]).To(HaveSuffix("/edited"))
			h.api.taken()
			goesOn()
			h.Expect(h.api.taken()).To(Equal(map[string]int{"live get *v1alpha1.FederatedSession": 1}), "it asks once, and writes nothing")
			h.Expect(h.issued()).To(Equal(c.issued))

			h.api.lagging = nil
			h.reconcile("reports")
			h.Expect(h.secret("reports")).To(Equal(published))
			h.Expect(h.get("reports").Status).To(Equal(status))
			h.Expect(h.issued()).To(Equal(c.issued))
		})
	}
}

// The old leader does not take the Secret of the new name for what a renamed target left behind. The new leader has published
// it, and not yet deleted the old one.
func TestReconcileKeepsTheSecretOfANewerSpec(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	old := h.get("reports")
	edit(h, h.get("reports"), func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "renamed" })
	h.crashAt("delete *v1.Secret", "reports")
	h.api.lagging = old

	_, err := h.sessions.Reconcile(h.context(), h.request("reports"))

	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(h.hasSecret("renamed")).To(BeTrue())
	h.api.lagging = nil
	h.reconcile("reports")
	h.Expect(h.hasSecret("reports")).To(BeFalse())
	h.Expect(h.issued()).To(Equal(2))
}

// An edit that asks for no new credentials leaves the Secret at the generation that they were issued for.
func TestReconcileKeepsTheGenerationOfTheIssue(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	before := h.secret("reports")
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Rotation.BeforeExpirationSeconds = new(int32(7200)) })

	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.get("reports").Generation).To(Equal(int64(2)))
	h.Expect(h.secret("reports")).To(Equal(before))
	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.secret("reports").Annotations).To(HaveKeyWithValue(credsecret.GenerationAnnotation, "2"))
}

// forge replaces the Secret's content by what the operator itself would have published, digest and all: whoever may write
// Secrets can compute it.
func (h *harness) forge(name string, change func(fs *v1alpha1.FederatedSession, issued *sts.Issued)) {
	h.t.Helper()
	fs := h.get(name)
	edit(h, h.secret(name), func(s *corev1.Secret) {
		observed := credsecret.Observe(s, fs)
		issued := sts.Issued{
			Credentials: sts.NewCredentials(observed.AccessKeyID, "forgedKey", "forgedToken"),
			IssuedAt:    observed.IssuedAt, Expiration: observed.Expiration, Identity: observed.Identity,
		}
		change(fs, &issued)
		h.Expect(credsecret.Publish(s, fs, issued, credsecret.Origin{
			RequestHash: observed.RequestHash, SpecRequestHash: observed.SpecRequestHash, IssuerIdentity: observed.IssuerIdentity,
		})).To(Succeed())
	})
}

// Whoever may write the Secret cannot hold its session by a generation that there is not: the API server knows better.
func TestReconcileForgedGeneration(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	for range 10 {
		h.forge("reports", func(fs *v1alpha1.FederatedSession, _ *sts.Issued) { fs.Generation = 99 })
		h.api.taken()
		h.reconcile("reports")
		h.Expect(h.api.taken()["live get *v1alpha1.FederatedSession"]).To(BeNumerically("<=", 2))
	}

	h.Expect(h.issued()).To(BeNumerically("<=", 1+3), "as after other tampering")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretOverwritten)
	h.Expect(h.get("reports").Status.AccessKeyID).To(BeEmpty())
	h.Expect(h.events()).To(ContainElement(ContainSubstring("issued anew because of SecretTampered")))
	h.advance(10 * time.Second)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.secret("reports").Annotations).To(HaveKeyWithValue(credsecret.GenerationAnnotation, "1"))
}
