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
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// Each operation end to end: from a session on the API server, through the SDK, to an STS that verifies, and to the Secret.
func TestIssueOperations(t *testing.T) {
	for sentence, c := range map[string]struct {
		setUp     func(*harness)
		session   func(*v1alpha1.FederatedSession)
		operation string
		principal v1alpha1.Identity
		lifetime  time.Duration
		check     func(*harness, v1alpha1.FederatedSessionStatus)
	}{
		"GetFederationToken is what a session without a member asks for": {
			setUp:     func(h *harness) { h.issuer() },
			session:   func(*v1alpha1.FederatedSession) {},
			operation: "GetFederationToken",
			principal: v1alpha1.Identity{ARN: "arn:aws:sts::123456789012:federated-user/reports", UserID: "123456789012:reports"},
			lifetime:  12 * time.Hour,
		},
		"AssumeRole": {
			setUp: func(h *harness) { h.issuer(); h.role(trustOfAccount) },
			session: func(fs *v1alpha1.FederatedSession) {
				assumingRole(fs)
				fs.Spec.AssumeRole.SourceIdentity = "jane"
			},
			operation: "AssumeRole",
			principal: v1alpha1.Identity{ARN: "arn:aws:sts::123456789012:assumed-role/reports/reports"},
			lifetime:  time.Hour,
			check: func(h *harness, status v1alpha1.FederatedSessionStatus) {
				h.Expect(status.SourceIdentity).To(Equal("jane"))
			},
		},
		"AssumeRoleWithWebIdentity, by an issuer without an identity": {
			setUp:     func(h *harness) { h.issuerWithoutIdentity(); h.cluster("worker") },
			session:   withWebIdentity,
			operation: "AssumeRoleWithWebIdentity",
			principal: v1alpha1.Identity{ARN: "arn:aws:sts::123456789012:assumed-role/reports/reports"},
			lifetime:  time.Hour,
			check: func(h *harness, status v1alpha1.FederatedSessionStatus) {
				h.Expect(status.WebIdentity.Subject).To(Equal("system:serviceaccount:" + h.namespace + ":worker"))
				h.Expect(status.WebIdentity.Audience).To(Equal("sts.amazonaws.com"))
				h.Expect(status.WebIdentity.Provider).NotTo(BeEmpty())
			},
		},
		"AssumeRoleWithSAML, by an issuer without an identity": {
			setUp:     func(h *harness) { h.issuerWithoutIdentity(); h.putAssertion(h.assertion(h.corporate())) },
			session:   withSAML,
			operation: "AssumeRoleWithSAML",
			principal: v1alpha1.Identity{ARN: "arn:aws:sts::123456789012:assumed-role/reports/jane"},
			lifetime:  time.Hour,
			check: func(h *harness, status v1alpha1.FederatedSessionStatus) {
				h.Expect(status.SAML.Subject).To(Equal("jane@example.com"))
				h.Expect(status.SAML.Issuer).To(Equal("https://idp.example.com"))
				h.Expect(status.SourceIdentity).To(Equal("jane"))
			},
		},
		"GetSessionToken": {
			setUp:     func(h *harness) { h.issuer() },
			session:   withSessionToken,
			operation: "GetSessionToken",
			principal: v1alpha1.Identity{ARN: demoUserARN, UserID: "AIDACKCEVSQ6C2EXAMPLE"},
			lifetime:  12 * time.Hour,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			c.setUp(h)
			h.session("reports", c.session)

			h.reconcile("reports")

			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
			h.Expect(h.sts.Count(c.operation)).To(Equal(1))
			status := h.get("reports").Status
			h.Expect(status.Identity.ARN).To(Equal(c.principal.ARN))
			if c.principal.UserID != "" {
				h.Expect(status.Identity.UserID).To(Equal(c.principal.UserID))
			}
			h.Expect(status.Identity.AccountID).To(Equal(stsfake.DefaultAccountID))
			h.Expect(status.ExpirationTime.UTC()).To(Equal(start.Add(c.lifetime)))
			h.Expect(status.SessionTokenUtilizationPercent).NotTo(BeNil())
			h.Expect(status.AccessKeyID).To(Equal(h.accessKey("reports")))
			if c.check != nil {
				c.check(h, status)
			}

			h.api.taken()
			h.reconcile("reports")
			h.Expect(h.sts.Count(c.operation)).To(Equal(1), "a healthy session is left alone")
			for request := range h.api.taken() {
				h.Expect(request).To(HavePrefix("live get"), "a healthy session writes nothing")
			}
		})
	}
}

// The status is only a report: a lost one costs no call, and what STS told once is not made up again.
func TestReportAfterARestart(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	h.cluster("worker")
	h.session("reports", withWebIdentity)
	h.reconcile("reports")
	told := h.get("reports").Status

	h.restart()
	h.reconcileIssuer("aws")
	h.reconcile("reports")

	h.Expect(h.get("reports").Status).To(Equal(told))
	h.Expect(h.sts.Count("AssumeRoleWithWebIdentity")).To(Equal(1))
}

func TestRotateOperations(t *testing.T) {
	for sentence, member := range map[string]func(*v1alpha1.FederatedSession){
		"AssumeRole": assumingRole, "AssumeRoleWithWebIdentity": withWebIdentity, "GetSessionToken": withSessionToken,
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.role(trustOfAccount)
			if sentence == "AssumeRoleWithWebIdentity" {
				h.cluster("worker")
			}
			h.session("reports", member)
			h.reconcile("reports")
			first := h.accessKey("reports")

			h.toRotation("reports")
			h.reconcile("reports")

			h.Expect(h.accessKey("reports")).NotTo(Equal(first))
			h.Expect(h.sts.Count(sentence)).To(Equal(2))
		})
	}
}

// What an issuer cannot do is said before STS is asked.
func TestIssueOperationsTheIssuerCannotMake(t *testing.T) {
	for sentence, c := range map[string]struct {
		setUp   func(*harness)
		session func(*v1alpha1.FederatedSession)
		reason  string
		message string
	}{
		"a signed call without an identity": {
			func(h *harness) { h.issuerWithoutIdentity() }, assumingRole,
			v1alpha1.ReasonIssuerHasNoIdentity, "SessionIssuer aws has no identity, which AssumeRole needs: give the issuer one",
		},
		"a federated user without an identity": {
			func(h *harness) { h.issuerWithoutIdentity() }, func(*v1alpha1.FederatedSession) {},
			v1alpha1.ReasonIssuerHasNoIdentity, "which GetFederationToken needs",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			c.setUp(h)
			h.session("reports", c.session)

			h.reconcile("reports")

			h.Expect(h.expectReady("reports", metav1.ConditionFalse, c.reason)).To(ContainSubstring(c.message))
			h.Expect(h.sts.Calls()).To(BeEmpty())
		})
	}
}
