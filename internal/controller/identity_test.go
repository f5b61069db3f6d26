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

	"github.com/aws/aws-sdk-go-v2/credentials"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// A wrong key in the right Secret must not hand out another account's credentials.
func TestIssuerAccountMismatch(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")

	h.changeIssuer(func(i *v1alpha1.IssuerSpec) { i.AccountID = "999999999999" })
	h.reconcile("reports")

	h.Expect(h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonAccountMismatch)).To(
		ContainSubstring("belongs to account 123456789012, not to spec.accountID 999999999999"),
	)
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotReady)
	h.Expect(h.issued()).To(BeZero())

	h.changeIssuer(func(i *v1alpha1.IssuerSpec) { i.AccountID = stsfake.DefaultAccountID })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.sts.Count("GetAccessKeyInfo")).To(Equal(1))
}

func TestIssueVerify(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports", func(fs *v1alpha1.FederatedSession) { fs.Spec.Verify = new(true) })
	h.sts.ForgetCalls()

	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.sts.Count("GetCallerIdentity")).To(Equal(1))
	h.Expect(h.sts.Count("GetAccessKeyInfo")).To(Equal(1))
	calls := h.sts.Calls()
	h.Expect(calls[1].Caller).To(Equal("arn:aws:sts::123456789012:federated-user/reports"), "STS is asked with the new credentials")
}

// Credentials that STS does not vouch for are published nowhere.
func TestIssueVerificationFailed(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports", func(fs *v1alpha1.FederatedSession) { fs.Spec.Verify = new(true) })
	h.scenario(stsfake.Scenario{Kind: stsfake.Error, Operation: "GetCallerIdentity", Code: "InvalidClientTokenId", Status: 403})

	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed)
	h.Expect(h.hasSecret("reports")).To(BeFalse())

	h.scenario()
	h.advance(5 * time.Minute)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestIssueMFACodes(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.role(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + demoUserARN + `"},"Action":"sts:AssumeRole",
		"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}`)
	h.session("alone", assumingRole)
	h.reconcile("alone")
	h.Expect(h.expectReady("alone", metav1.ConditionFalse, v1alpha1.ReasonAccessDenied)).To(ContainSubstring("without an MFA code (the issuer's spec.mfa)"))

	h.device(deviceSeed)
	h.session("first", assumingRole)
	h.session("second", withSessionToken)
	h.session("third", assumingRole)
	result := h.reconcile("first")
	h.expectReady("first", metav1.ConditionFalse, v1alpha1.ReasonWaitingForMFACode)
	h.Expect(result.RequeueAfter).To(BeNumerically("<=", 31*time.Second))

	h.advance(30 * time.Second)
	h.reconcile("first")
	h.expectReady("first", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	second, third := h.reconcile("second"), h.reconcile("third")
	h.Expect(h.expectReady("second", metav1.ConditionFalse, v1alpha1.ReasonWaitingForMFACode)).To(ContainSubstring("calls are 30 seconds apart"))
	h.Expect(third.RequeueAfter).To(BeNumerically(">", second.RequeueAfter))

	began := h.clock.Now()
	h.Expect(h.serveTurns()).To(Equal([]string{"second", "third"}))
	h.Expect(h.clock.Now().Sub(began)).To(BeNumerically("<=", time.Minute), "each window has its call")
	h.expectReady("second", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.expectReady("third", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.sts.Count("GetSessionToken")).To(Equal(1))
	h.Expect(h.log.String()).NotTo(ContainSubstring(deviceSeed))
}

func TestIssuerInvalidMFASeed(t *testing.T) {
	for sentence, c := range map[string]struct{ seed, reason string }{
		"not base32":  {"1089-not-base32!", v1alpha1.ReasonMFASeedInvalid},
		"only spaces": {"   ", v1alpha1.ReasonMFASeedInvalid},
		"nothing":     {"", v1alpha1.ReasonMFASeedNotFound},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.device(c.seed)

			message := h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, c.reason)
			h.Expect(message).To(ContainSubstring("/aws-mfa"))
			if c.seed != "" {
				h.Expect(message).NotTo(ContainSubstring(c.seed))
			}
		})
	}
}

func TestIssuerRole(t *testing.T) {
	h := newHarness(t)
	role := h.sts.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "pod-1", 10*time.Hour)
	h.ambient = credentials.NewStaticCredentialsProvider(role.AccessKeyID, role.SecretAccessKey, role.SessionToken)
	h.restart()
	issuer := h.clusterIssuer(h.issuerSpec(""), &v1alpha1.AllowedNamespaces{})
	h.role(trustOfAccount)

	h.session("hour", ofCluster(issuer), assumingRole)
	h.reconcile("hour")
	h.expectReady("hour", metav1.ConditionTrue, v1alpha1.ReasonIssued)

	h.session("longer", ofCluster(issuer), assumingRole, func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(3601)) })
	h.reconcile("longer")
	h.Expect(h.expectReady("longer", metav1.ConditionFalse, v1alpha1.ReasonRoleChainingLimit)).To(ContainSubstring("set spec.durationSeconds to at most 3600"))
	h.Expect(h.sts.Count("AssumeRole")).To(Equal(1))

	h.session("token", ofCluster(issuer), withSessionToken)
	h.reconcile("token")
	h.Expect(h.expectReady("token", metav1.ConditionFalse, v1alpha1.ReasonIssuerCannotFederate)).To(ContainSubstring("or use assumeRole"))
}

// Of an encoded denial the condition tells what was denied, to whom and by which statement.
func TestIssueEncodedDenial(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.role(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + accountARN + `root"},"Action":"sts:AssumeRole"},
		{"Sid":"NoDemo","Effect":"Deny","Principal":{"AWS":"` + demoUserARN + `"},"Action":"sts:AssumeRole"}]}`)
	h.scenario(stsfake.Scenario{Kind: stsfake.EncodedDenials})
	h.session("reports", assumingRole)

	h.reconcile("reports")

	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonAccessDenied)).To(Equal(
		"AWS denies " + demoUserARN + " the action sts:AssumeRole on " + roleARN + ": the statement NoDemo of a policy denies it explicitly (AccessDenied)"))
}
