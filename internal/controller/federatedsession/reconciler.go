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

// Package federatedsession reconciles FederatedSessions: it observes, lets the pure packages decide, acts and reports.
package federatedsession

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/session"
)

// +kubebuilder:rbac:groups=sts-operator.dev,resources=federatedsessions,verbs=get;list;watch
// +kubebuilder:rbac:groups=sts-operator.dev,resources=federatedsessions/status,verbs=patch
// +kubebuilder:rbac:groups=sts-operator.dev,resources=sessionissuers;clustersessionissuers,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

const (
	// cacheLag is about what the cache lags behind, longestCacheLag the most that it is waited for.
	cacheLag, longestCacheLag = 50 * time.Millisecond, 30 * time.Second
	// lookAgainAfter is when to decide again where the cache and the API server disagree on the Secret: the look costs a
	// live read.
	lookAgainAfter = time.Second
)

// Reconciler keeps a FederatedSession's Secret filled with credentials that have not expired.
type Reconciler struct {
	clock          clock.PassiveClock
	client         client.Client // reads from the cache
	live           client.Reader // reads from the API server
	namespaces     reconciler.Namespaces
	namespacedOnly bool
	controllerName string
	broker         *broker.Broker
	scheduler      *scheduler.Scheduler
	recorder       events.EventRecorder
	metrics        *metrics.Metrics
	guardrails     *guardrail.Cache
	proofs         *proofs
	assertions     *assertions
	written        *writtenStatuses
	histories      *histories
}

// New is a reconciler of FederatedSessions.
func New(d reconciler.Dependencies) *Reconciler {
	return &Reconciler{
		clock: d.Clock, client: d.Client, live: d.Live, namespaces: reconciler.NewNamespaces(d),
		broker: d.Broker, scheduler: d.Scheduler, recorder: d.Recorder, metrics: d.Metrics,
		namespacedOnly: d.NamespacedOnly, controllerName: d.ControllerName, guardrails: d.Guardrails, proofs: newProofs(d.Client, d.Clock),
		assertions: newAssertions(), written: &writtenStatuses{}, histories: newHistories(),
	}
}

// Reconcile takes the seven steps: fetch, observe, decide, issue, publish, report, schedule.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
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
	if wait := r.written.wait(fs, r.clock.Now()); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}

	// 2 Observe.
	observed, err := r.observe(ctx, fs)
	if err != nil {
		return reconcile.Result{}, err
	}

	// 3 Decide, 4 issue, 5 publish.
	decision := session.Decide(observed, r.clock.Now())
	if decision.Action == session.LeaveAlone {
		r.forget(req.NamespacedName)
		return reconcile.Result{}, nil
	}
	outcome, err := r.act(ctx, observed, decision)
	if err != nil {
		return reconcile.Result{}, err
	}
	if outcome.lookAgain {
		return reconcile.Result{RequeueAfter: lookAgainAfter}, nil
	}
	r.histories.note(outcome, r.clock.Now())

	// 6 Report, and clear up what a renamed target left behind.
	if err := r.report(ctx, outcome); err != nil {
		if apierrors.IsConflict(err) {
			r.written.note(fs, r.clock.Now()) // by somebody else
			return reconcile.Result{RequeueAfter: cacheLag}, nil
		}
		return reconcile.Result{}, err
	}
	if err := r.deleteRenamedSecrets(ctx, outcome.observed); err != nil {
		return reconcile.Result{}, err
	}

	// 7 Schedule.
	return r.schedule(outcome), nil
}

// forget drops what is kept of a session that is gone.
func (r *Reconciler) forget(name types.NamespacedName) {
	r.scheduler.Leave(r.clock.Now(), broker.WaiterOf(name))
	r.assertions.forget(name)
	r.written.forget(name)
	r.histories.forget(name)
	r.metrics.ForgetSession(name)
}

// schedule is when to look again, and how urgent that will be.
func (r *Reconciler) schedule(o outcome) reconcile.Result {
	now := r.clock.Now()
	// Whoever may create sessions may create Secrets that are in their way, too.
	hasFailed := o.failed || o.observed.HasFailed() || o.observed.Secret.Foreign != ""
	priority := session.Priority(session.Deadline(o.observed, now), hasFailed, now)
	wait := session.LongestSleep(o.observed, now)
	if !o.retryAt.IsZero() {
		// The moment after, so that a check that compares times does not find itself just too early.
		wait = min(max(o.retryAt.Sub(now), 0)+time.Millisecond, wait)
	}
	return reconcile.Result{RequeueAfter: wait, Priority: &priority}
}
