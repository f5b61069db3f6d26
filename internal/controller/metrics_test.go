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

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// conditionSeries are the labels of the session's conditions in the metrics, but namespace and name.
func (h *harness) conditionSeries(name string) (series []string) {
	h.t.Helper()
	families, err := h.registry.Gather()
	h.Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() != "sts_operator_session_condition" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if labels["namespace"] == h.namespace && labels["name"] == name {
				h.Expect(metric.GetGauge().GetValue()).To(Equal(1.0))
				series = append(series, strings.Join([]string{labels["type"], labels["status"], labels["reason"]}, " "))
			}
		}
	}
	return series
}

// A session whose credentials still work, but which is refused, shows before they end.
func TestMetricOfConditions(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	h.Expect(h.conditionSeries("reports")).To(ConsistOf("Ready True Issued"))

	edit(h, issuer, func(i *v1alpha1.SessionIssuer) {
		i.Spec.Guardrails.Operations = []v1alpha1.Operation{"AssumeRole"}
	})
	h.reconcileIssuer("aws")
	h.reconcile("reports")
	h.Expect(h.conditionSeries("reports")).To(ConsistOf("Ready True RotationFailing", "Stalled True RotationFailing"))

	h.advance(13 * time.Hour)
	h.reconcile("reports")
	h.Expect(h.conditionSeries("reports")).To(ConsistOf("Ready False OperationNotAllowed", "Stalled True OperationNotAllowed"))

	h.Expect(h.direct.Delete(t.Context(), fs)).To(Succeed())
	_, err := h.sessions.Reconcile(h.context(), h.request("reports"))
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(h.conditionSeries("reports")).To(BeEmpty(), "they go with the session")
}
