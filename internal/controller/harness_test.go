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
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/retry"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/controller/issuer"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// start is when every test begins; whole seconds, as on the wire.
var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// harness is a namespace on the real API server, an STS of its own, a clock that only the test moves, and the operator,
// whose reconcilers the test calls one by one.
type harness struct {
	*WithT
	t         *testing.T
	clock     *clocktesting.FakePassiveClock
	sts       *stsfake.Server
	tokens    *tokenRecorder
	endpoint  string
	namespace string
	api       *apiClient // what the operator uses: counts, can crash
	direct    client.Client
	ambient   aws.CredentialsProvider
	log       *strings.Builder
	// oidcIssuer is the issuer of the API server's tokens, and so an audience that it accepts.
	oidcIssuer string
	operator
}

// operator is one life of the operator: all that a restart loses.
type operator struct {
	broker         *broker.Broker
	scheduler      *scheduler.Scheduler
	sessions       *federatedsession.Reconciler
	issuers        *issuer.Reconciler
	clusterIssuers *issuer.Reconciler
	recorder       *events.FakeRecorder
	registry       *prometheus.Registry
	dependencies   reconciler.Dependencies
}

func newHarness(t *testing.T, options ...stsfake.Option) *harness {
	t.Helper()
	h := &harness{WithT: NewWithT(t), t: t, clock: clocktesting.NewFakePassiveClock(start), log: &strings.Builder{}}
	h.sts = stsfake.NewServer(h.clock.Now, stsfake.DefaultWorld(), append(options, stsfake.WithWireClock(time.Now))...)
	h.tokens = &tokenRecorder{next: h.sts}
	server := httptest.NewServer(h.tokens)
	t.Cleanup(server.Close)
	h.endpoint = server.URL
	h.api = newAPIClient(t)
	h.direct = h.api.direct
	h.namespace = shared.NewNamespace(t, nil)
	h.restart()
	return h
}

// loadAmbient is where the operator's own credentials come from.
func (h *harness) loadAmbient(context.Context, string) (broker.AmbientChain, error) {
	if h.ambient == nil {
		return broker.AmbientChain{Credentials: aws.AnonymousCredentials{}}, nil
	}
	return broker.AmbientChain{Credentials: h.ambient}, nil
}

// restart replaces the operator by a new one that remembers nothing.
func (h *harness) restart() { h.operator = h.newOperator(h.namespace) }

// newOperator is one that remembers nothing, installed in a namespace.
func (h *harness) newOperator(namespace string) operator {
	o := operator{registry: prometheus.NewRegistry(), recorder: events.NewFakeRecorder(5000), scheduler: scheduler.New(16)}
	metrics := metrics.New(o.registry)
	o.broker = broker.New(broker.Options{
		Clock: h.clock, Scheduler: o.scheduler, HTTPClient: broker.NewHTTPClient(nil), Ambient: h.loadAmbient,
		CallTimeout: 5 * time.Second, Observe: metrics.ObserveRequest,
	})
	d := reconciler.Dependencies{
		Clock: h.clock, Client: h.api.cached, Live: h.api.live, Broker: o.broker, Scheduler: o.scheduler, Recorder: o.recorder,
		Metrics: metrics, Guardrails: guardrail.NewCache(), OperatorNamespace: namespace, ControllerName: "sts-operator.dev/" + namespace,
	}
	o.dependencies, o.sessions = d, federatedsession.New(d)
	o.issuers = issuer.New(v1alpha1.SessionIssuerKind, d)
	o.clusterIssuers = issuer.New(v1alpha1.ClusterSessionIssuerKind, d)
	return o
}

// key creates the key Secret of an issuer.
func (h *harness) key(name, id, secret string) {
	h.t.Helper()
	h.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: name},
		StringData: map[string]string{v1alpha1.AccessKeyIDKey: id, v1alpha1.SecretAccessKeyKey: secret},
	})
}

// issuer creates a SessionIssuer "aws" with the demo user's key, and reconciles it.
func (h *harness) issuer() *v1alpha1.SessionIssuer {
	h.t.Helper()
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	h.create(issuer)
	h.reconcileIssuer("aws")
	return issuer
}

// issuerWithBudget creates the SessionIssuer "aws" for a manager to find.
func (h *harness) issuerWithBudget(perSecond int32) {
	h.t.Helper()
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	issuer.Spec.RequestsPerSecond = &perSecond
	h.create(issuer)
}

// everyOperation is what an issuer serves that lends all that its user may, too.
var everyOperation = []v1alpha1.Operation{
	"GetFederationToken", "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetSessionToken",
}

func (h *harness) issuerSpec(keySecret string) v1alpha1.IssuerSpec {
	spec := v1alpha1.IssuerSpec{Region: "us-east-1", Endpoint: h.endpoint, Guardrails: v1alpha1.Guardrails{Operations: everyOperation}}
	if keySecret == "" {
		spec.Ambient = &v1alpha1.AmbientIdentity{}
	} else {
		spec.AccessKey = &v1alpha1.AccessKeyIdentity{SecretRef: v1alpha1.SecretReference{Name: keySecret}}
	}
	return spec
}

// session creates a FederatedSession of the issuer "aws", changed by the edits.
func (h *harness) session(name string, edits ...func(*v1alpha1.FederatedSession)) *v1alpha1.FederatedSession {
	h.t.Helper()
	fs := &v1alpha1.FederatedSession{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: name}}
	fs.Spec.IssuerRef = v1alpha1.IssuerReference{Kind: v1alpha1.SessionIssuerKind, Name: "aws"}
	fs.Spec.Name = name
	for _, edit := range edits {
		edit(fs)
	}
	h.create(fs)
	return fs
}

func (h *harness) create(object client.Object) {
	h.t.Helper()
	h.Expect(h.direct.Create(context.Background(), object)).To(Succeed())
}

// edit changes an object that exists.
func edit[T client.Object](h *harness, object T, change func(T)) {
	h.t.Helper()
	h.Expect(retry.RetryOnConflict(retry.DefaultBackoff, func() error { // an operator that runs may write its status meanwhile
		if err := h.direct.Get(context.Background(), client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change(object)
		return h.direct.Update(context.Background(), object)
	})).To(Succeed())
}

// reconcile reconciles a session once and checks that its status is well-formed.
func (h *harness) reconcile(name string) reconcile.Result {
	h.t.Helper()
	result, err := h.sessions.Reconcile(h.context(), h.request(name))
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(result.RequeueAfter).To(BeNumerically(">", 0), "no session waits for an event alone")
	h.expectWellFormed(name)
	return result
}

// serveTurns reconciles the sessions whose turn comes, as time goes on, until nobody waits, and returns them in order.
func (h *harness) serveTurns() (served []string) {
	h.t.Helper()
	for range 10_000 {
		woken, at := h.scheduler.Next(h.clock.Now())
		for _, waiter := range woken {
			h.reconcile(waiter.Name)
			served = append(served, waiter.Name)
		}
		switch {
		case len(woken) > 0:
		case at.IsZero():
			return served
		default:
			h.clock.SetTime(at)
		}
	}
	h.t.Fatal("it never ends")
	return nil
}

func (h *harness) reconcileIssuer(name string) reconcile.Result {
	h.t.Helper()
	result, err := h.issuers.Reconcile(h.context(), h.request(name))
	h.Expect(err).NotTo(HaveOccurred())
	return result
}

func (h *harness) reconcileClusterIssuer(name string) reconcile.Result {
	h.t.Helper()
	result, err := h.clusterIssuers.Reconcile(h.context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: name}})
	h.Expect(err).NotTo(HaveOccurred())
	return result
}

// context carries a logger whose output the test keeps.
func (h *harness) context() context.Context {
	logger := funcr.New(func(prefix, args string) { h.log.WriteString(prefix + args + "\n") }, funcr.Options{Verbosity: 5})
	return logf.IntoContext(context.Background(), logger)
}

func (h *harness) request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Namespace: h.namespace, Name: name}}
}

func (h *harness) get(name string) *v1alpha1.FederatedSession {
	h.t.Helper()
	fs := &v1alpha1.FederatedSession{}
	h.Expect(h.direct.Get(context.Background(), h.request(name).NamespacedName, fs)).To(Succeed())
	return fs
}

func (h *harness) secret(name string) *corev1.Secret {
	h.t.Helper()
	secret := &corev1.Secret{}
	h.Expect(h.direct.Get(context.Background(), h.request(name).NamespacedName, secret)).To(Succeed())
	return secret
}

// hasSecret says whether there is a Secret of the name.
func (h *harness) hasSecret(name string) bool {
	return h.direct.Get(context.Background(), h.request(name).NamespacedName, &corev1.Secret{}) == nil
}

// accessKey is the access key id that the Secret publishes.
func (h *harness) accessKey(secret string) string {
	h.t.Helper()
	return string(h.secret(secret).Data[credsecret.AccessKeyIDKey])
}

// expectReady checks status and reason of the Ready condition and returns its message.
func (h *harness) expectReady(name string, status metav1.ConditionStatus, reason string) string {
	h.t.Helper()
	ready := meta.FindStatusCondition(h.get(name).Status.Conditions, v1alpha1.ReadyCondition)
	h.Expect(ready).NotTo(BeNil(), "no Ready condition")
	h.Expect(ready.Status).To(Equal(status), "Ready: %s: %s", ready.Reason, ready.Message)
	h.Expect(ready.Reason).To(Equal(reason), ready.Message)
	return ready.Message
}

func (h *harness) issued() int { return h.sts.Count("GetFederationToken") }

// advance moves the clock.
func (h *harness) advance(d time.Duration) { h.clock.SetTime(h.clock.Now().Add(d)) }

// toRotation moves the clock to when a session is due.
func (h *harness) toRotation(name string) {
	h.t.Helper()
	h.clock.SetTime(h.get(name).Status.RotationTime.Time)
}

// events that were emitted since the last call.
func (h *harness) events() []string {
	var out []string
	for {
		select {
		case e := <-h.recorder.Events:
			out = append(out, e)
		default:
			return out
		}
	}
}

// scenario switches the fake's scenarios; none ends them.
func (h *harness) scenario(scenarios ...stsfake.Scenario) {
	h.t.Helper()
	h.Expect(h.sts.SetScenarios(scenarios...)).To(Succeed())
}
