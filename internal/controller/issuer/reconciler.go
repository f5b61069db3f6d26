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

// Package issuer reconciles SessionIssuers and ClusterSessionIssuers: it has STS confirm who each is, and registers it with
// the broker.
package issuer

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// +kubebuilder:rbac:groups=sts-operator.dev,resources=sessionissuers/status;clustersessionissuers/status,verbs=patch

// keyPoll is how often an issuer's key is read again. A watch would have to hold every Secret of the cluster, or one
// connection for each issuer; one read a minute costs less than either.
const keyPoll = time.Minute

// missingPoll is how often the key's Secret is looked for while there is none.
const missingPoll = 10 * time.Second

// unsignedPoll is how often an issuer is looked at that has no key.
const unsignedPoll = 10 * time.Minute

// Reconciler compiles the guardrails of each issuer of one kind, reads its key, has STS confirm who it is, and registers it
// with the broker.
type Reconciler struct {
	clock             clock.PassiveClock
	kind              v1alpha1.IssuerKind
	client            client.Client // reads from the cache
	live              client.Reader // reads from the API server
	namespaces        reconciler.Namespaces
	broker            *broker.Broker
	recorder          events.EventRecorder
	metrics           *metrics.Metrics
	operatorNamespace string
	controllerName    string
	guardrails        *guardrail.Cache
	verifications     *verifications
}

// New is a reconciler for one kind of issuer.
func New(kind v1alpha1.IssuerKind, d reconciler.Dependencies) *Reconciler {
	return &Reconciler{
		clock: d.Clock, kind: kind, client: d.Client, live: d.Live, namespaces: reconciler.NewNamespaces(d),
		broker: d.Broker, recorder: d.Recorder, metrics: d.Metrics,
		operatorNamespace: d.OperatorNamespace, controllerName: d.ControllerName, guardrails: d.Guardrails, verifications: newVerifications(),
	}
}

// SetupWithManager starts the reconciler with the manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, options reconciler.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(reconciler.NewIssuer(r.kind), builder.WithPredicates(reconciler.RequestChanged())).
		WatchesRawSource(options.Turns.Of(string(r.kind))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: options.Concurrency,
			ReconciliationTimeout:   options.Timeout,
			RateLimiter:             reconciler.RetryLimiter(),
		}).
		Complete(r)
}

// Reconcile reads an issuer's key, has STS verify it when that is due, registers it, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	id := broker.ID{Kind: r.kind, Namespace: req.Namespace, Name: req.Name}
	issuer := reconciler.NewIssuer(r.kind)
	if err := r.client.Get(ctx, req.NamespacedName, issuer); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(id)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading %s %s: %w", r.kind, req, err)
	}
	goes, err := r.goes(ctx, issuer)
	if err != nil {
		return reconcile.Result{}, err
	}
	if goes || reconciler.IsOfAnother(issuer, r.controllerName) {
		r.forget(id)
		return reconcile.Result{}, nil
	}

	config, err := r.configOf(ctx, issuer)
	problem, err := sts.Split(err)
	if err != nil {
		return reconcile.Result{}, err
	}
	if problem != nil {
		r.unregister(id) // the status may still confirm it when the key is back
		r.broker.Reject(id, reconciler.IssuerVersion(issuer), problem)
		return r.after(issuer, pollFor(problem), r.reportProblem(ctx, issuer, problem))
	}
	if !config.IsVerifiable() {
		return r.registerUnverified(ctx, id, issuer, config)
	}
	return r.verify(ctx, id, issuer, config)
}

// verify has STS confirm who an issuer is, when that is due, and registers it.
func (r *Reconciler) verify(ctx context.Context, id broker.ID, issuer v1alpha1.Issuer, config broker.Config) (reconcile.Result, error) {
	if wait := r.untilVerification(id, issuer, config); wait > 0 {
		return r.after(issuer, min(wait, keyPoll), nil)
	}
	identity, problem := r.broker.Identify(ctx, id, config)
	if problem != nil && problem.AwaitsTurn() { // which is no failure, and its turn will queue it
		return r.after(issuer, problem.RetryAfter, nil)
	}
	latest := r.verifications.note(id, config, r.clock.Now(), problem)
	if problem != nil {
		wait := min(session.Backoff(sts.Retry, latest.failures, 0, issuer.GetUID()), keyPoll)
		// STS not answering for a while does not make a confirmed identity untrue.
		if problem.IsTransient() && (latest.isConfirmed || r.statusConfirms(issuer, config)) {
			return r.after(issuer, wait, nil)
		}
		r.broker.Reject(id, config.Version, problem)
		return r.after(issuer, wait, r.reportProblem(ctx, issuer, problem))
	}
	r.broker.Register(id, config, identity)
	return r.after(issuer, keyPoll, r.reportIdentity(ctx, issuer, identity, config.Key.AccessKeyID()))
}

// registerUnverified registers an issuer that nobody is asked about: it has no identity, or calls another service than AWS, of whose
// identity the key is all that is known. So another key is another identity.
func (r *Reconciler) registerUnverified(
	ctx context.Context, id broker.ID, issuer v1alpha1.Issuer, config broker.Config,
) (reconcile.Result, error) {
	if !config.HasIdentity() {
		r.broker.Register(id, config, sts.Identity{})
		return r.after(issuer, unsignedPoll, r.reportUnsigned(ctx, issuer))
	}
	keyID := config.Key.AccessKeyID()
	r.broker.Register(id, config, sts.Identity{UserID: keyID})
	return r.after(issuer, keyPoll, r.reportUnverified(ctx, issuer, keyID))
}

// goes says whether an issuer is being deleted, alone or with its namespace, in which nothing is issued any more.
func (r *Reconciler) goes(ctx context.Context, issuer v1alpha1.Issuer) (bool, error) {
	if !issuer.GetDeletionTimestamp().IsZero() || issuer.GetNamespace() == "" {
		return !issuer.GetDeletionTimestamp().IsZero(), nil
	}
	namespace, err := r.namespaces.Get(ctx, issuer.GetNamespace())
	if err != nil {
		return false, err
	}
	return !namespace.DeletionTimestamp.IsZero(), nil
}

// pollFor is when to look again at what keeps an issuer from being asked for.
func pollFor(problem *sts.Problem) time.Duration {
	if problem.Reason == v1alpha1.ReasonKeyNotFound || problem.Reason == v1alpha1.ReasonMFASeedNotFound {
		return missingPoll
	}
	return keyPoll
}

// forget drops what is kept of an issuer that is gone.
func (r *Reconciler) forget(id broker.ID) {
	r.unregister(id)
	r.metrics.ForgetIssuer(id)
}

// unregister keeps an issuer from being called.
func (r *Reconciler) unregister(id broker.ID) {
	r.broker.Forget(id)
	r.verifications.forget(id)
}

// conflictRetry is when to look again at an issuer that somebody has written meanwhile.
const conflictRetry = time.Second

// after looks again after a wait, spread so that many issuers are not read in the same second; after an error the work
// queue says when.
func (*Reconciler) after(issuer v1alpha1.Issuer, wait time.Duration, err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: conflictRetry}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: wait - (session.Stagger(wait, issuer.GetUID())-wait)/5 + time.Millisecond}, nil
}
