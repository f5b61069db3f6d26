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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// forgeries are what whoever may write Secrets, and computes the digest, could have it say.
var forgeries = map[string]func(*v1alpha1.FederatedSession, *sts.Issued){
	"credentials that never expire": func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.Expiration = time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)
	},
	"the same, issued in the future": func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.IssuedAt = time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)
		i.Expiration = i.IssuedAt.Add(time.Hour)
	},
	"the root user": func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.Identity = sts.Identity{AccountID: "123456789012", ARN: "arn:aws:iam::123456789012:root", UserID: "123456789012"}
	},
	"what is no principal": func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.Identity = sts.Identity{ARN: "root", UserID: "root"}
	},
	"a long-term key": func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.Credentials = sts.NewCredentials("AKIAIOSFODNN7EXAMPLE", "forgedKey", "forgedToken")
	},
}

// What a Secret claims is believed only within what the session could have got.
func TestReconcileForgedClaims(t *testing.T) {
	for sentence, forgery := range forgeries {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.session("reports")
			h.reconcile("reports")
			h.events()

			h.forge("reports", forgery)
			h.reconcile("reports")

			h.Expect(h.issued()).To(Equal(2))
			h.Expect(h.events()).To(ContainElement(ContainSubstring("issued anew because of SecretTampered")))
			message := h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
			h.Expect(message).To(HaveSuffix("federated-user/reports"))
			for range 8 {
				h.forge("reports", forgery)
				h.reconcile("reports")
			}
			h.Expect(h.issued()).To(BeNumerically("<=", 1+3), "as after other tampering")
			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretOverwritten)
			h.expectNothingShown("reports")
		})
	}
}

// While nothing can be issued, nothing of it is shown either.
func TestStatusShowsNoForgedClaims(t *testing.T) {
	for sentence, forgery := range forgeries {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			fs := h.session("reports")
			h.reconcile("reports")
			edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(true) })
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonSuspended)

			h.forge("reports", forgery)
			h.reconcile("reports")

			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSuspended)
			h.expectNothingShown("reports")
		})
	}
}

func (h *harness) expectNothingShown(name string) {
	h.t.Helper()
	status := h.get(name).Status
	h.Expect(status.Identity).To(BeNil())
	h.Expect(status.AccessKeyID).To(BeEmpty())
	h.Expect(status.ExpirationTime).To(BeNil())
	h.Expect(status.RotationTime).To(BeNil())
	families, err := h.registry.Gather()
	h.Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		h.Expect(family.GetName()).NotTo(Or(HavePrefix("sts_operator_session_expiration"), HavePrefix("sts_operator_session_rotation")))
	}
}

// Of a Secret of an earlier spec, the status goes on saying what it said when that was the spec, and nothing else.
func TestStatusOfAnEarlierSpec(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	before := h.get("reports").Status
	h.Expect(h.direct.Delete(t.Context(), issuer)).To(Succeed())
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "edited" })

	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotFound)
	reported := func() {
		t.Helper()
		after := h.get("reports").Status
		h.Expect(after.AccessKeyID).To(Equal(before.AccessKeyID))
		h.Expect(after.Identity).To(Equal(before.Identity))
		h.Expect(after.ExpirationTime).To(Equal(before.ExpirationTime))
	}
	reported()

	h.forge("reports", func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.Identity.ARN, i.Expiration = "arn:aws:iam::123456789012:root", i.Expiration.AddDate(7000, 0, 0)
	})
	h.reconcile("reports")
	reported()

	h.forge("reports", func(_ *v1alpha1.FederatedSession, i *sts.Issued) {
		i.Credentials = sts.NewCredentials("ASIAANOTHER", "forgedKey", "forgedToken")
	})
	h.reconcile("reports")
	h.expectNothingShown("reports")
}

// STS may seem to grant more than was asked, if the operator's clock is behind. What is recorded of that is believed again: or
// the session would be issued anew for ever.
func TestIssueByAClockThatIsBehind(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.scenario(stsfake.Scenario{Kind: stsfake.ClockSkew, Duration: 10 * time.Minute})

	h.reconcile("reports")
	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.issued()).To(Equal(1))
	h.Expect(h.get("reports").Status.ExpirationTime.UTC()).To(Equal(start.Add(12*time.Hour + 5*time.Minute)))
}
