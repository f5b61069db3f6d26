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
	"encoding/base64"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

func TestIssueNewAssertion(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	provider := h.corporate()
	h.putAssertion(h.assertion(provider))
	h.session("reports", withSAML)
	result := h.reconcile("reports")
	h.Expect(result.RequeueAfter).To(BeNumerically("<=", time.Minute+time.Second), "the Secret is looked at every minute")
	first := h.accessKey("reports")

	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).To(Equal(first), "an assertion is used once")

	h.putAssertion(h.assertion(provider))
	h.advance(time.Minute)
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).NotTo(Equal(first))
	h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(Equal(2))
	h.Expect(h.secret("reports").Annotations).To(HaveKey("sts-operator.dev/assertion-digest"))
}

func TestRotateWaitsForANewAssertion(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	provider := h.corporate()
	h.putAssertion(h.assertion(provider))
	h.session("reports", withSAML)
	h.reconcile("reports")

	h.toRotation("reports")
	result := h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(
		ContainSubstring("the assertion in Secret saml has been used for the published credentials: put a new one there; the published credentials work until"))
	h.Expect(result.RequeueAfter).To(BeNumerically("<=", time.Minute+time.Second))

	h.advance(time.Hour)
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonExpired)).To(ContainSubstring("AssertionUsed"))
	h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(Equal(1))

	h.putAssertion(h.assertion(provider))
	h.advance(time.Minute)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestIssueExpiredAssertion(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	provider := h.corporate()
	h.putAssertion(h.assertion(provider))
	h.session("reports", withSAML, func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(43200)) })
	h.reconcile("reports")
	expired, err := provider.Respond(saml.Claims{Subject: "jane"}, h.clock.Now().Add(-time.Hour), 5*time.Minute)
	h.Expect(err).NotTo(HaveOccurred())

	h.putAssertion(expired)
	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(Equal(1))

	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(ContainSubstring("the assertion in Secret saml has expired"))
	h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(Equal(1), "STS is not asked with what cannot do")
}

func TestObserveAssertionProblems(t *testing.T) {
	for sentence, c := range map[string]struct {
		response func(*harness, *saml.IdentityProvider) string // "": no Secret
		reason   string
		message  string
		asked    int
	}{
		"there is no Secret": {
			func(*harness, *saml.IdentityProvider) string { return "" },
			v1alpha1.ReasonAssertionNotFound, "/saml does not exist", 0,
		},
		"the assertion is truncated": {
			func(h *harness, p *saml.IdentityProvider) string {
				return h.assertion(p)[:1200]
			},
			v1alpha1.ReasonAssertionInvalid, "Secret saml, key response", 0,
		},
		"the Secret holds something else, which is not sent": {
			func(*harness, *saml.IdentityProvider) string {
				return base64.StdEncoding.EncodeToString([]byte("<password>hunter2</password>"))
			},
			v1alpha1.ReasonAssertionInvalid, "is not a SAML 2.0 response", 0,
		},
		"the assertion is for another recipient": {
			func(h *harness, p *saml.IdentityProvider) string {
				return h.assertion(p, func(c *saml.Claims) { c.Recipient = "https://other.example.com/saml" })
			},
			v1alpha1.ReasonIdentityRejected, "STS ", 1,
		},
		"the assertion is another provider's": {
			func(h *harness, _ *saml.IdentityProvider) string {
				other, err := saml.NewIdentityProvider("https://idp.example.com", time.Now())
				h.Expect(err).NotTo(HaveOccurred())
				return h.assertion(other)
			},
			v1alpha1.ReasonIdentityRejected, "STS ", 1,
		},
		"the assertion does not name the role": {
			func(h *harness, p *saml.IdentityProvider) string {
				return h.assertion(p, func(c *saml.Claims) { c.Roles[0].RoleARN += "-2" })
			},
			"", "", 1,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuerWithoutIdentity()
			provider := h.corporate()
			if response := c.response(h, provider); response != "" {
				h.putAssertion(response)
			}
			h.session("reports", withSAML)

			h.reconcile("reports")

			if c.reason != "" {
				h.Expect(h.expectReady("reports", metav1.ConditionFalse, c.reason)).To(ContainSubstring(c.message))
			}
			h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(Equal(c.asked))
			h.Expect(h.hasSecret("reports")).To(BeFalse())

			h.putAssertion(h.assertion(provider))
			h.advance(time.Minute)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

// An assertion that another session has used is refused by STS, and waits like any other for its successor.
func TestIssueReplayedAssertion(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	h.putAssertion(h.assertion(h.corporate()))
	h.session("first", withSAML)
	h.session("second", withSAML)
	h.reconcile("first")

	h.reconcile("second")

	h.expectReady("first", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.expectReady("second", metav1.ConditionFalse, v1alpha1.ReasonIdentityRejected)
	h.reconcile("second")
	h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(Equal(2), "it is not presented again before its time")
}
