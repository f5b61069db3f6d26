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
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// Compiling takes a tenant's time and nobody else's: a session waits until its issuer's own reconcile has done it.
func TestReconcileDoesNotCompileGuardrails(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
		i.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.name != 'x'"}}
	})
	h.session("reports")
	h.reconcile("reports")
	first := h.accessKey("reports")

	h.restart()
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.toRotation("reports")
	result := h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(result.RequeueAfter).To(BeNumerically("<=", 3*time.Second), "it looks again at once")
	h.Expect(h.accessKey("reports")).To(Equal(first))
	h.Expect(h.events()).To(BeEmpty())

	h.reconcileIssuer("aws")
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).NotTo(Equal(first))
}

// The type checker takes the cube of the depth, so depth is bounded before it runs.
func TestDeepRulesAreRefused(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
		i.Guardrails.Rules = []v1alpha1.Rule{{Expression: strings.Repeat("[", 80) + "1" + strings.Repeat("]", 80) + ".size() > 0"}}
	})
	message := h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonRuleInvalid)
	h.Expect(message).To(ContainSubstring("recursion limit exceeded: 25"))
}
