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

// Package metrics declares the operator's own metrics, and is the one place where they are observed.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Metrics are the operator's own metrics. Labels are bounded: by the sessions and issuers that exist, by causes, reasons
// and known STS codes.
type Metrics struct {
	issuances    *prometheus.CounterVec
	requests     *prometheus.CounterVec
	latency      *prometheus.HistogramVec
	lead         prometheus.Histogram
	waits        *prometheus.CounterVec
	ready        *prometheus.GaugeVec
	expiration   *prometheus.GaugeVec
	rotation     *prometheus.GaugeVec
	utilization  *prometheus.GaugeVec
	packedPolicy *prometheus.GaugeVec
	namespaces   *prometheus.GaugeVec
	conditions   *conditions
}

// New declares the metrics and registers them.
func New(registry prometheus.Registerer) *Metrics {
	perSession := []string{"namespace", "name"}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sts_operator_session_" + name, Help: help}, perSession)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sts_operator_" + name, Help: help}, labels)
	}
	m := &Metrics{
		issuances: counter("issuances_total", "Tries to issue credentials, by result (issued, failed) and by its cause or reason.", "result", "reason"),
		requests: counter(
			"sts_requests_total",
			"Requests to STS, by operation and error code (OK without an error, NoAnswer without an answer).",
			"operation",
			"code",
		),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sts_operator_sts_request_duration_seconds", Help: "How long STS took to answer, by operation.",
			Buckets: []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}, []string{"operation"}),
		lead: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sts_operator_rotation_lead_seconds", Help: "How long replaced credentials would still have worked; 0 if they had expired.",
			Buckets: []float64{0, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 57600},
		}),
		waits: counter(
			"budget_waits_total",
			"Times a session had to wait for its turn: for its issuer's requestsPerSecond (BudgetExhausted) or MFA device (WaitingForMFACode).",
			"issuer_kind",
			"issuer_namespace",
			"issuer_name",
			"reason",
		),
		ready:        gauge("ready", "1 while the session's Secret holds unexpired credentials issued for its spec, else 0."),
		expiration:   gauge("expiration_timestamp_seconds", "When the published credentials expire, in seconds since 1970."),
		rotation:     gauge("rotation_timestamp_seconds", "When the published credentials are due for rotation, in seconds since 1970."),
		utilization:  gauge("token_utilization_percent", "How much of the largest session token policies and tags use."),
		packedPolicy: gauge("packed_policy_size_percent", "How much of the packed policy size policies and tags use (deprecated by AWS)."),
		conditions:   newConditions(),
	}
	m.namespaces = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "sts_operator_namespace_served", Help: "1 for each of --namespaces that is served, 0 for one that cannot be listed.",
	}, []string{"namespace"})
	registry.MustRegister(m.issuances, m.requests, m.latency, m.lead, m.waits, m.ready, m.expiration, m.rotation, m.utilization, m.packedPolicy,
		m.conditions.gauge, m.namespaces)
	return m
}

// Namespaces shows which of those that are to be served can be.
func (m *Metrics) Namespaces(served, unserved []string) {
	for _, namespace := range served {
		m.namespaces.WithLabelValues(namespace).Set(1)
	}
	for _, namespace := range unserved {
		m.namespaces.WithLabelValues(namespace).Set(0)
	}
}

// ObserveRequest counts one request to STS.
func (m *Metrics) ObserveRequest(operation, code string, took time.Duration) {
	m.requests.WithLabelValues(operation, code).Inc()
	m.latency.WithLabelValues(operation).Observe(took.Seconds())
}

// Issued counts credentials that were published in place of others that had lead left.
func (m *Metrics) Issued(cause string, lead time.Duration) {
	m.issuances.WithLabelValues("issued", cause).Inc()
	if cause == session.CauseDue || cause == session.CauseExpired {
		m.lead.Observe(max(lead, 0).Seconds())
	}
}

// Failed counts a try that failed.
func (m *Metrics) Failed(problem *sts.Problem) {
	m.issuances.WithLabelValues("failed", problem.Reason).Inc()
}

// Waited counts a wait for the issuer's budget or for a code of its MFA device; other problems are no such wait.
func (m *Metrics) Waited(issuer broker.ID, problem *sts.Problem) {
	if problem.AwaitsTurn() {
		m.waits.WithLabelValues(string(issuer.Kind), issuer.Namespace, issuer.Name, problem.Reason).Inc()
	}
}

// Session shows the state of a session.
func (m *Metrics) Session(fs *v1alpha1.FederatedSession) {
	labels := []string{fs.Namespace, fs.Name}
	ready := 0.0
	if meta.IsStatusConditionTrue(fs.Status.Conditions, v1alpha1.ReadyCondition) {
		ready = 1
	}
	m.ready.WithLabelValues(labels...).Set(ready)
	m.conditions.show(types.NamespacedName{Namespace: fs.Namespace, Name: fs.Name}, fs.Status.Conditions)
	setTime(m.expiration, fs.Status.ExpirationTime, labels)
	setTime(m.rotation, fs.Status.RotationTime, labels)
	setPercent(m.utilization, fs.Status.SessionTokenUtilizationPercent, labels)
	setPercent(m.packedPolicy, fs.Status.PackedPolicySizePercent, labels)
}

// ForgetSession drops the series of a session that is gone.
func (m *Metrics) ForgetSession(name types.NamespacedName) {
	for _, gauge := range []*prometheus.GaugeVec{m.ready, m.expiration, m.rotation, m.utilization, m.packedPolicy} {
		gauge.DeleteLabelValues(name.Namespace, name.Name)
	}
	m.conditions.show(name, nil)
}

// ForgetIssuer drops the series of an issuer that is gone.
func (m *Metrics) ForgetIssuer(id broker.ID) {
	m.waits.DeletePartialMatch(prometheus.Labels{"issuer_kind": string(id.Kind), "issuer_namespace": id.Namespace, "issuer_name": id.Name})
}

func setTime(gauge *prometheus.GaugeVec, t *metav1.Time, labels []string) {
	if t == nil {
		gauge.DeleteLabelValues(labels...)
		return
	}
	gauge.WithLabelValues(labels...).Set(float64(t.Unix()))
}

func setPercent(gauge *prometheus.GaugeVec, percent *int32, labels []string) {
	if percent == nil {
		gauge.DeleteLabelValues(labels...)
		return
	}
	gauge.WithLabelValues(labels...).Set(float64(*percent))
}
