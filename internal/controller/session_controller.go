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

// Package controller holds the reconcilers: they read, let the pure packages decide, act and report.
package controller

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/session"
)

// +kubebuilder:rbac:groups=sts-operator.dev,resources=federatedsessions,verbs=get;list;watch
// +kubebuilder:rbac:groups=sts-operator.dev,resources=federatedsessions/status,verbs=patch
// +kubebuilder:rbac:groups=sts-operator.dev,resources=sessionissuers;clustersessionissuers,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// longestSleep bounds the time between two looks at a session, whatever it waits for. Timers run on the monotonic clock,
// which does not see the wall clock jump or the machine sleep; a look at a healthy session reads caches only.
const longestSleep = 10 * time.Minute

// staleWait is about what the cache lags behind.
const staleWait = 50 * time.Millisecond

// SessionReconciler keeps a FederatedSession's Secret filled with credentials that have not expired.
type SessionReconciler struct {
	clock  clock.PassiveClock
	client client.Client // reads from the cache
	live   client.Reader // reads from the API server
	// namespaces reads the metadata of namespaces: from the cache, unless nothing cluster-scoped may be watched.
	namespaces     client.Reader
	namespacedOnly bool
	broker         *broker.Broker
	recorder       events.EventRecorder
	metrics        *Metrics
	guardrails     *Guardrails
	prover         prover
	// replaced holds, by name, the resource version that the latest status write replaced: while the cache still shows
	// it, the status is not what this reconciler wrote.
	replaced sync.Map
}

// NewSessionReconciler wires a SessionReconciler.
func NewSessionReconciler(d Dependencies) *SessionReconciler {
	r := &SessionReconciler{
		clock: d.Clock, client: d.Client, live: d.Live, namespaces: d.Client, broker: d.Broker, recorder: d.Recorder, metrics: d.Metrics,
		guardrails: d.Guardrails, prover: prover{client: d.Client, clock: d.Clock},
	}
	if d.NamespacedOnly {
		r.namespaces, r.namespacedOnly = d.Live, true
	}
	return r
}

// Reconcile takes the seven steps: fetch, observe, decide, issue, publish, report, schedule.
func (r *SessionReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	// 1 Fetch. Nothing is left to do for a session that goes: the garbage collector removes its Secret, and STS has
	// nothing to undo.
	fs := &v1alpha1.FederatedSession{}
	if err := r.client.Get(ctx, req.NamespacedName, fs); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading FederatedSession %s: %w", req, err)
	}
	if !fs.DeletionTimestamp.IsZero() {
		r.forget(req.NamespacedName)
		return reconcile.Result{}, nil
	}
	if r.isStale(fs) {
		return reconcile.Result{RequeueAfter: staleWait}, nil
	}

	// 2 Observe.
	observed, err := r.observe(ctx, fs)
	if err != nil {
		return reconcile.Result{}, err
	}

	// 3 Decide, 4 issue, 5 publish.
	result, err := r.act(ctx, observed, session.Decide(observed, r.clock.Now()))
	if err != nil {
		return reconcile.Result{}, err
	}

	// 6 Report, and clear up what a renamed target left behind.
	if err := r.report(ctx, result); err != nil {
		if apierrors.IsConflict(err) {
			return reconcile.Result{RequeueAfter: staleWait}, nil
		}
		return reconcile.Result{}, err
	}
	if err := r.removeFormer(ctx, result.observed); err != nil {
		return reconcile.Result{}, err
	}

	// 7 Schedule.
	return r.schedule(result), nil
}

// isStale says whether the cache shows the session without the status that this reconciler wrote last. Deciding from that
// would forget a failure, and write and announce the same twice.
func (r *SessionReconciler) isStale(fs *v1alpha1.FederatedSession) bool {
	name := client.ObjectKeyFromObject(fs)
	replaced, found := r.replaced.Load(name)
	if found && replaced == fs.ResourceVersion {
		return true
	}
	r.replaced.Delete(name)
	return false
}

// forget drops what is kept of a session that is gone.
func (r *SessionReconciler) forget(name types.NamespacedName) {
	r.replaced.Delete(name)
	r.metrics.forgetSession(name)
}

// schedule is when to look again, and how urgent that will be.
func (r *SessionReconciler) schedule(o outcome) reconcile.Result {
	now := r.clock.Now()
	expiration := o.observed.Secret.Expiration
	if !session.IsUsable(o.observed, now) {
		expiration = time.Time{}
	}
	priority := session.Priority(expiration, now)
	wait := longestSleep
	if !o.retryAt.IsZero() {
		// The moment after, so that a check that compares times does not find itself just too early.
		wait = min(max(o.retryAt.Sub(now), 0)+time.Millisecond, longestSleep)
	}
	return reconcile.Result{RequeueAfter: wait, Priority: &priority}
}
