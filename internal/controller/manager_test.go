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
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/scheduler"
)

// manager is the whole operator with its real caches, watches and queues, on the real clock.
type manager struct {
	registry *prometheus.Registry
	writes   atomic.Int64 // to the API server, events apart
	reads    atomic.Int64 // of single Secrets from it
	cache    client.Reader
	stop     func()
}

// managerOptions are what a test may want to be otherwise.
type managerOptions struct {
	reconciler.Options
	probes      string        // address
	callTimeout time.Duration // of STS
	namespaces  []string      // besides the harness' own
}

func startManager(t *testing.T, h *harness, edits ...func(*managerOptions)) *manager {
	t.Helper()
	options := managerOptions{Options: reconciler.Options{Concurrency: 16, Timeout: 30 * time.Second}, callTimeout: 5 * time.Second}
	for _, edit := range edits {
		edit(&options)
	}
	m := &manager{registry: prometheus.NewRegistry()}
	rc := rest.CopyConfig(shared.Config)
	rc.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/events") {
				m.writes.Add(1)
			}
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/secrets/") {
				m.reads.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	namespaces := map[string]cache.Config{h.namespace: {}}
	for _, other := range options.namespaces {
		namespaces[other] = cache.Config{}
	}
	mgr, err := ctrl.NewManager(rc, ctrl.Options{
		Scheme:                 shared.Client.Scheme(),
		HealthProbeBindAddress: options.probes,
		Metrics:                metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{
			ByObject:          federatedsession.Caches(nil),
			DefaultNamespaces: namespaces,
		},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	h.Expect(err).NotTo(HaveOccurred())
	m.cache = mgr.GetClient()
	metrics := metrics.New(m.registry)
	turns := scheduler.New(options.Concurrency)
	d := reconciler.Dependencies{
		Clock: clock.RealClock{}, Scheduler: turns, Metrics: metrics, OperatorNamespace: h.namespace,
		ControllerName: "sts-operator.dev/" + h.namespace,
		Broker: broker.New(broker.Options{
			Clock: clock.RealClock{}, Scheduler: turns, HTTPClient: broker.NewHTTPClient(nil), CallTimeout: options.callTimeout,
			Observe: metrics.ObserveRequest,
		}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.Expect(controller.Setup(ctx, mgr, d, options.Options)).To(Succeed())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	m.stop = func() {
		cancel()
		h.Expect(<-done).To(Succeed())
	}
	return m
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ready is how many sessions this operator has seen to be ready.
func (m *manager) ready(h *harness) int {
	families, err := m.registry.Gather()
	h.Expect(err).NotTo(HaveOccurred())
	n := 0
	for _, family := range families {
		if family.GetName() == "sts_operator_session_ready" {
			for _, series := range family.GetMetric() {
				n += int(series.GetGauge().GetValue())
			}
		}
	}
	return n
}

// reported is how many sessions have a status.
func (h *harness) reported() (n int) {
	list := &v1alpha1.FederatedSessionList{}
	h.Expect(h.direct.List(context.Background(), list, client.InNamespace(h.namespace))).To(Succeed())
	for _, fs := range list.Items {
		if fs.Status.ObservedGeneration == fs.Generation {
			n++
		}
	}
	return n
}

// newRealTimeHarness has an STS on the real clock, for a manager.
func newRealTimeHarness(t *testing.T) *harness {
	h := newHarness(t)
	h.clock.SetTime(time.Now())
	return h
}

const eventually = 90 * time.Second

func TestManagerRestartCostsNothing(t *testing.T) {
	const sessions = 1000
	h := newRealTimeHarness(t)
	h.issuerWithBudget(600)
	for i := range sessions {
		h.session(nameOf(i))
	}
	m := startManager(t, h)
	h.Eventually(func() int { return m.ready(h) }, eventually, 50*time.Millisecond).Should(Equal(sessions))
	h.Eventually(h.reported, eventually, 50*time.Millisecond).Should(Equal(sessions), "the last status is written after it is measured")
	h.Expect(h.issued()).To(Equal(sessions))
	m.stop()

	h.sts.ForgetCalls()
	m = startManager(t, h)
	h.Eventually(func() int { return m.ready(h) }, eventually, 50*time.Millisecond).Should(Equal(sessions))
	secrets := &corev1.SecretList{}
	h.Expect(m.cache.List(t.Context(), secrets, client.InNamespace(h.namespace))).To(Succeed())
	m.stop()
	h.Expect(h.sts.Calls()).To(BeEmpty(), "no STS call, neither for sessions nor for a confirmed issuer")
	h.Expect(m.writes.Load()).To(BeZero(), "no write")

	h.Expect(secrets.Items).To(HaveLen(sessions))
	for _, secret := range secrets.Items {
		h.Expect(describe(secret.Data)).NotTo(ContainSubstring("AWS_"), "no credential stays in memory")
	}
}

// TestManagerWatches lets the world change under a running operator: only its own watches tell it.
func TestManagerWatches(t *testing.T) {
	h := newRealTimeHarness(t)
	h.session("reports")
	m := startManager(t, h)
	defer m.stop()
	ready := func(status metav1.ConditionStatus, reason string) {
		t.Helper()
		h.Eventually(func(g Gomega) {
			g.Expect(h.get("reports").Status.Conditions).To(ContainElement(And(
				HaveField("Type", v1alpha1.ReadyCondition), HaveField("Status", status), HaveField("Reason", reason))))
		}, eventually, 20*time.Millisecond).Should(Succeed())
	}
	ready(metav1.ConditionFalse, v1alpha1.ReasonIssuerNotFound)

	t.Log("its issuer is created")
	h.issuerWithBudget(50)
	ready(metav1.ConditionTrue, v1alpha1.ReasonIssued)

	t.Log("its Secret is deleted, tampered with, and its spec edited")
	first := h.accessKey("reports")
	h.Expect(h.direct.Delete(t.Context(), h.secret("reports"))).To(Succeed())
	h.Eventually(func() string { return h.accessKeyIfAny("reports") }, eventually, 20*time.Millisecond).ShouldNot(Or(BeEmpty(), Equal(first)))
	second := h.accessKey("reports")
	edit(h, h.secret("reports"), func(s *corev1.Secret) { s.Data["AWS_SESSION_TOKEN"] = []byte("x") })
	h.Eventually(func() string { return h.accessKeyIfAny("reports") }, eventually, 20*time.Millisecond).ShouldNot(Or(BeEmpty(), Equal(second)))
	edit(h, h.get("reports"), func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "edited" })
	h.Eventually(func() string { return h.get("reports").Status.Identity.UserID }, eventually, 20*time.Millisecond).Should(HaveSuffix(":edited"))

	t.Log("a session that waits for another's Secret gets it when that goes")
	h.session("waiting", func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "reports" })
	h.Eventually(func() string { return describe(h.get("waiting").Status.Conditions) }, eventually, 20*time.Millisecond).
		Should(ContainSubstring(v1alpha1.ReasonSecretConflict))
	h.Expect(h.direct.Delete(t.Context(), h.get("reports"))).To(Succeed())
	h.Expect(h.direct.Delete(t.Context(), h.secret("reports"))).To(Succeed()) // as the garbage collector does
	h.Eventually(func() string { return h.get("waiting").Status.SecretName }, eventually, 20*time.Millisecond).Should(Equal("reports"))
}

func (h *harness) accessKeyIfAny(name string) string {
	secret := &corev1.Secret{}
	if err := h.direct.Get(context.Background(), h.request(name).NamespacedName, secret); err != nil {
		return ""
	}
	return string(secret.Data["AWS_ACCESS_KEY_ID"])
}
