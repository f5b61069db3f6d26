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
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestIssueFirst(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports", func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Policy = "{ \"Version\": \"2012-10-17\", \"Statement\": [ {\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"} ] }"
		fs.Spec.PolicyARNs = []v1alpha1.PolicyARN{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
		fs.Spec.Tags = []v1alpha1.Tag{{Key: "team", Value: new("a")}, {Key: "empty", Value: new("")}}
		fs.Spec.DurationSeconds = new(int32(3600))
	})
	result := h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	status := h.get("reports").Status
	h.Expect(status.Identity.ARN).To(Equal("arn:aws:sts::123456789012:federated-user/reports"))
	h.Expect(status.Identity.UserID).To(Equal("123456789012:reports"))
	h.Expect(status.Identity.AccountID).To(Equal("123456789012"))
	h.Expect(status.SecretName).To(Equal("reports"))
	h.Expect(status.AccessKeyID).To(Equal(h.accessKey("reports")))
	h.Expect(status.IssuedTime.UTC()).To(Equal(start))
	h.Expect(status.ExpirationTime.UTC()).To(Equal(start.Add(time.Hour)))
	h.Expect(status.RotationTime.UTC()).To(And(
		BeTemporally(">=", start.Add(30*time.Minute)), BeTemporally("<", start.Add(36*time.Minute))))
	h.Expect(status.SessionTokenUtilizationPercent).NotTo(BeNil())
	h.Expect(result.RequeueAfter).To(BeNumerically("<=", 10*time.Minute), "a clock that jumps is noticed")

	secret := h.secret("reports")
	h.Expect(secret.Type).To(Equal(credsecret.Type))
	h.Expect(metav1.IsControlledBy(secret, h.get("reports"))).To(BeTrue())
	call := h.sts.Calls()[len(h.sts.Calls())-1]
	h.Expect(call.Parameters).To(And(
		HaveKeyWithValue("Name", "reports"), HaveKeyWithValue("DurationSeconds", "3600"),
		HaveKeyWithValue("Policy", `{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`),
		HaveKeyWithValue("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
		HaveKeyWithValue("Tags.member.1.Key", "empty"), HaveKeyWithValue("Tags.member.1.Value", ""),
		HaveKeyWithValue("Tags.member.2.Key", "team"), HaveKeyWithValue("Tags.member.2.Value", "a")))
	h.Expect(h.events()).To(ContainElement(ContainSubstring("Normal Issued")))
}

func TestRotate(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	first := h.accessKey("reports")
	h.events()
	h.api.taken()

	h.reconcile("reports")
	h.Expect(h.api.taken()).To(BeEmpty(), "a healthy session costs nothing")
	h.Expect(h.issued()).To(Equal(1))

	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).NotTo(Equal(first))
	h.Expect(h.issued()).To(Equal(2))
	h.Expect(h.api.taken()).To(Equal(map[string]int{
		"live get *v1.Secret":                     1,
		"patch *v1.Secret":                        1,
		"patch status *v1alpha1.FederatedSession": 1,
	}), "what a rotation costs the API server")
	h.Expect(h.events()).To(BeEmpty(), "an ordinary rotation is no event")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestRotateByTheGrantedLifetime(t *testing.T) {
	h := newHarness(t, stsfake.WithMaxLifetime(20*time.Minute))
	h.issuer()
	h.session("reports", func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(7200)) })
	h.reconcile("reports")
	h.Expect(h.get("reports").Status.RotationTime.UTC()).To(And(
		BeTemporally(">=", start.Add(10*time.Minute)), BeTemporally("<", start.Add(12*time.Minute))))
}

func nameOf(i int) string {
	return "session-" + string(rune('a'+i/100)) + string(rune('a'+i/10%10)) + string(rune('a'+i%10))
}

func TestReportLostStatus(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	before := h.get("reports").Status
	fs := h.get("reports")
	fs.Status = v1alpha1.FederatedSessionStatus{ObservedGeneration: -1}
	h.Expect(h.direct.Status().Update(t.Context(), fs)).To(Succeed())

	h.reconcile("reports")
	after := h.get("reports").Status
	h.Expect(h.issued()).To(Equal(1))
	h.Expect(after.SessionTokenUtilizationPercent).To(BeNil(), "STS tells the size only once")
	before.SessionTokenUtilizationPercent, before.PackedPolicySizePercent = nil, nil
	h.Expect(after).To(Equal(before))
}

func TestReconcileClockJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"an hour forward, past the expiration, issues anew":   time.Hour,
		"an hour back issues anew, or rotation would be late": -time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.session("reports", func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(3600)) })
			h.reconcile("reports")
			h.advance(jump)
			h.reconcile("reports")
			h.Expect(h.issued()).To(Equal(2))
			h.reconcile("reports")
			h.Expect(h.issued()).To(Equal(2), "once")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

func TestReconcileSuspended(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(true) })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonSuspended)

	h.advance(13 * time.Hour)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonExpired)
	h.Expect(h.hasSecret("reports")).To(BeTrue(), "what is published stays")
	h.Expect(h.issued()).To(Equal(1))

	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = nil })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}
