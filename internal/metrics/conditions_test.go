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

package metrics_test

import (
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/metrics"
)

// seriesOf counts the series of a metric.
func seriesOf(t *testing.T, registry *prometheus.Registry, name string) int {
	t.Helper()
	families, err := registry.Gather()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() == name {
			return len(family.GetMetric())
		}
	}
	return 0
}

// Each condition of a session has one series, whatever its reason was before, and nothing is left of a session that is gone.
func TestSessionCondition(t *testing.T) {
	const name = "sts_operator_session_condition"
	g := NewWithT(t)
	registry := prometheus.NewRegistry()
	m := metrics.New(registry)
	show := func(session string, conditions ...metav1.Condition) {
		fs := &v1alpha1.FederatedSession{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: session}}
		fs.Status.Conditions = conditions
		m.Session(fs)
	}
	ready := func(reason string) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ReadyCondition, Status: metav1.ConditionFalse, Reason: reason}
	}
	stalled := metav1.Condition{Type: v1alpha1.StalledCondition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonRuleViolated}

	for _, reason := range []string{v1alpha1.ReasonUnavailable, v1alpha1.ReasonThrottled, v1alpha1.ReasonThrottled} {
		show("reports", ready(reason))
		g.Expect(seriesOf(t, registry, name)).To(Equal(1))
	}
	show("reports", ready(v1alpha1.ReasonRuleViolated), stalled)
	show("exports", ready(v1alpha1.ReasonIssuerNotFound))
	g.Expect(seriesOf(t, registry, name)).To(Equal(3))
	show("reports", ready(v1alpha1.ReasonIssued), metav1.Condition{Type: "Approved", Status: metav1.ConditionTrue, Reason: "BySomebody"})
	g.Expect(seriesOf(t, registry, name)).To(Equal(2), "conditions of others are not counted")

	m.ForgetSession(types.NamespacedName{Namespace: "team-a", Name: "reports"})
	g.Expect(seriesOf(t, registry, name)).To(Equal(1))
	m.ForgetSession(types.NamespacedName{Namespace: "team-a", Name: "exports"})
	g.Expect(seriesOf(t, registry, name)).To(BeZero())
}
