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
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// What happens between two steps of a reconcile.

// The issuer is edited, and verified, between the look at its guardrails and the call.
func TestIssueWithAnIssuerThatChangedSince(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	h.putAssertion(h.assertion(h.corporate()))
	h.session("reports", withSAML)
	h.api.before["live get *v1.Secret"] = func() { // the assertion is being read
		h.changeIssuer(func(s *v1alpha1.IssuerSpec) {
			s.Region = "eu-central-1"
			s.Guardrails.Rules = []v1alpha1.Rule{{Expression: "false", Message: "nobody"}}
		})
	}
	h.reconcile("reports")
	h.Expect(h.sts.Count("AssumeRoleWithSAML")).To(BeZero())

	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonRuleViolated)
}

// A panic between the permit and the call must not use up what a namespace may have under way.
func TestIssueGivesThePermitBackOnPanic(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	for i := range 6 {
		name := fmt.Sprintf("s%d", i)
		h.session(name)
		func() {
			defer func() { h.Expect(recover()).NotTo(BeNil()) }()
			h.api.stopAt = "live get *v1.Secret"
			_, _ = h.sessions.Reconcile(h.context(), h.request(name))
		}()
	}
	_, problem := h.broker.Permit(broker.IssueRequest{
		Issuer: broker.ID{Kind: v1alpha1.SessionIssuerKind, Namespace: h.namespace, Name: "aws"}, Session: types.NamespacedName{Namespace: h.namespace, Name: "x"},
		Version: fmt.Sprintf("%s/%d", issuer.UID, issuer.Generation),
		Request: sts.Request{Operation: sts.OperationGetFederationToken, Name: "x1"},
	})
	h.Expect(problem).To(BeNil())
}

// What STS told once survives a status write that met a conflict.
func TestReportSurvivesAConflict(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	h.cluster("worker")
	fs := h.session("reports", withWebIdentity)
	h.api.before["patch status *v1alpha1.FederatedSession"] = func() {
		edit(h, fs, func(f *v1alpha1.FederatedSession) { f.Labels = map[string]string{"a": "b"} })
	}

	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.get("reports").Status.WebIdentity).NotTo(BeNil())
}
