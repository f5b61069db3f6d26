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

package controller

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// +kubebuilder:rbac:groups=sts-operator.dev,resources=sessionissuers/status;clustersessionissuers/status,verbs=patch

const (
	// keyPoll is how often an issuer's key is read again. A watch would have to hold every Secret of the cluster, or one
	// connection for each issuer; one read a minute costs less than either.
	keyPoll = time.Minute
	// verifyEvery is how often STS is asked again who an issuer is while nothing has changed.
	verifyEvery = time.Hour
	// defaultRequestsPerSecond is a twelfth of what AWS grants an account in a region.
	defaultRequestsPerSecond = 50
)

// IssuerReconciler compiles the guardrails of each issuer of one kind, reads its key, has STS confirm who it is, and
// registers it with the broker.
type IssuerReconciler struct {
	clock             clock.PassiveClock
	kind              v1alpha1.IssuerKind
	client            client.Client // reads from the cache
	live              client.Reader // reads from the API server
	broker            *broker.Broker
	recorder          events.EventRecorder
	metrics           *Metrics
	operatorNamespace string
	guardrails        *Guardrails

	mutex   sync.Mutex
	checked map[broker.ID]check
}

// check is the latest time that STS was asked, or might have been, about which configuration, and how often in a row it
// has not confirmed it.
type check struct {
	at       time.Time
	config   broker.Config
	failures int32
}

// NewIssuerReconciler wires a reconciler for one kind of issuer.
func NewIssuerReconciler(kind v1alpha1.IssuerKind, d Dependencies) *IssuerReconciler {
	return &IssuerReconciler{
		clock: d.Clock, kind: kind, client: d.Client, live: d.Live, broker: d.Broker, recorder: d.Recorder, metrics: d.Metrics,
		operatorNamespace: d.OperatorNamespace, guardrails: d.Guardrails, checked: map[broker.ID]check{},
	}
}

// SetupWithManager starts the reconciler with the manager.
func (r *IssuerReconciler) SetupWithManager(mgr ctrl.Manager, options Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(newIssuer(r.kind), builder.WithPredicates(requestChanged())).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: options.Concurrency,
			ReconciliationTimeout:   options.Timeout,
			RateLimiter:             retryLimiter(),
		}).
		Complete(r)
}

// Reconcile reads an issuer's key, has STS verify it when that is due, registers it, and reports.
func (r *IssuerReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	id := broker.ID{Kind: r.kind, Namespace: req.Namespace, Name: req.Name}
	issuer := newIssuer(r.kind)
	if err := r.client.Get(ctx, req.NamespacedName, issuer); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(id)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading %s %s: %w", r.kind, req, err)
	}
	if !issuer.GetDeletionTimestamp().IsZero() {
		r.forget(id)
		return reconcile.Result{}, nil
	}

	config, problem, err := r.configOf(ctx, issuer)
	if err != nil {
		return reconcile.Result{}, err
	}
	if problem != nil {
		r.unregister(id) // the status may still confirm it when the key is back
		return r.after(issuer, keyPoll, r.reportProblem(ctx, issuer, broker.Config{}, problem))
	}
	if !config.HasIdentity() {
		r.broker.Register(id, config, broker.Identity{})
		return r.after(issuer, longestSleep, r.reportNoIdentity(ctx, issuer))
	}
	if wait := r.untilVerification(id, issuer, config); wait > 0 {
		return r.after(issuer, min(wait, keyPoll), nil)
	}
	identity, problem := r.broker.Identify(ctx, id, config)
	failures := r.note(id, config, problem)
	if problem != nil {
		wait := min(session.Backoff(sts.Retry, failures, 0, issuer.GetUID()), keyPoll)
		return r.after(issuer, wait, r.reportProblem(ctx, issuer, config, problem))
	}
	r.broker.Register(id, config, identity)
	return r.after(issuer, keyPoll, r.reportIdentity(ctx, issuer, identity, config.Key.AccessKeyID()))
}

// untilVerification is how long STS need not be asked who the issuer is. What the status tells from before a restart is
// taken over, so that a restart asks nothing; what can have become untrue is asked for at once, such as who the operator's
// own pod is.
func (r *IssuerReconciler) untilVerification(id broker.ID, issuer v1alpha1.Issuer, config broker.Config) time.Duration {
	now := r.clock.Now()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	last, known := r.checked[id]
	trouble := r.broker.Trouble(id)
	switch {
	case !known && !config.Ambient && isConfirmed(issuer, config):
		status := issuer.IssuerStatus()
		r.broker.Register(id, config, broker.Identity{Account: status.Account, ARN: status.ARN, UserID: status.UserID})
		r.checked[id] = check{at: now, config: config}
		return keyPoll
	case !known || !last.config.Equals(config):
		return 0
	case last.failures > 0:
		return last.at.Add(session.Backoff(sts.Retry, last.failures, 0, issuer.GetUID())).Sub(now)
	case !isConfirmed(issuer, config):
		return 0
	case trouble != nil && issuerIsSuspect(trouble):
		return last.at.Add(keyPoll).Sub(now)
	}
	return last.at.Add(session.Stagger(verifyEvery, issuer.GetUID())).Sub(now)
}

// isConfirmed says whether the status tells who this configuration is.
func isConfirmed(issuer v1alpha1.Issuer, config broker.Config) bool {
	status := issuer.IssuerStatus()
	return status.ObservedGeneration == issuer.GetGeneration() && status.AccessKeyID == config.Key.AccessKeyID() &&
		meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ReadyCondition)
}

// issuerIsSuspect says whether a session failed because of who its issuer is.
func issuerIsSuspect(problem *sts.Problem) bool {
	switch problem.Reason {
	case v1alpha1.ReasonAccountMismatch, v1alpha1.ReasonKeyRefused, v1alpha1.ReasonIdentityExpired, v1alpha1.ReasonNoAmbientCredentials, v1alpha1.ReasonClockSkew:
		return true
	}
	return false
}

// note remembers the result of a verification and returns how many have failed in a row.
func (r *IssuerReconciler) note(id broker.ID, config broker.Config, problem *sts.Problem) int32 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	last := r.checked[id]
	last.at, last.config = r.clock.Now(), config
	last.failures++
	if problem == nil {
		last.failures = 0
	}
	r.checked[id] = last
	return last.failures
}

// forget drops what is kept of an issuer that is gone.
func (r *IssuerReconciler) forget(id broker.ID) {
	r.unregister(id)
	r.metrics.forgetIssuer(id)
	r.guardrails.forget(id)
}

// unregister keeps an issuer from being called. Its guardrails stay: a broken one is not read again at every look.
func (r *IssuerReconciler) unregister(id broker.ID) {
	r.broker.Forget(id)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.checked, id)
}

// after looks again after a wait, spread so that many issuers are not read in the same second; after an error the work
// queue says when.
func (*IssuerReconciler) after(issuer v1alpha1.Issuer, wait time.Duration, err error) (reconcile.Result, error) {
	if err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: wait - (session.Stagger(wait, issuer.GetUID())-wait)/5 + time.Millisecond}, nil
}

// isAmbient says whether an issuer calls STS as the operator itself: cluster-scoped ones may, whatever a stored object says.
func isAmbient(issuer v1alpha1.Issuer) bool {
	return issuer.IssuerSpec().Ambient != nil && issuer.IssuerKind() == v1alpha1.ClusterSessionIssuerKind
}

// configOf is how an issuer calls STS; a problem means that it cannot, or must not.
func (r *IssuerReconciler) configOf(ctx context.Context, issuer v1alpha1.Issuer) (broker.Config, *sts.Problem, error) {
	id := broker.ID{Kind: r.kind, Namespace: issuer.GetNamespace(), Name: issuer.GetName()}
	if _, problem := r.guardrails.of(id, issuer); problem != nil {
		return broker.Config{}, problem, nil
	}
	spec := issuer.IssuerSpec()
	config := broker.Config{
		Region:            spec.Region,
		Endpoint:          spec.Endpoint,
		FIPS:              spec.FIPS != nil && *spec.FIPS,
		RequestsPerSecond: defaultRequestsPerSecond,
		Ambient:           isAmbient(issuer),
		AccountID:         spec.AccountID,
		Version:           versionOf(issuer),
	}
	if spec.RequestsPerSecond != nil {
		config.RequestsPerSecond = int(*spec.RequestsPerSecond)
	}
	var problem *sts.Problem
	var err error
	if config.Key, problem, err = r.readKey(ctx, issuer); problem != nil || err != nil {
		return broker.Config{}, problem, err
	}
	if spec.MFA != nil {
		config.MFASerialNumber = spec.MFA.SerialNumber
		config.MFASeed, problem, err = r.readSeed(ctx, issuer)
	}
	return config, problem, err
}
