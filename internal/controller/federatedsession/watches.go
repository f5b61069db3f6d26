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

package federatedsession

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
)

func issuerKey(kind v1alpha1.IssuerKind, name string) string { return string(kind) + "/" + name }

// SetupWithManager starts the reconciler with the manager. Every object that a decision depends on is watched: its own
// spec, its Secret, its issuer and its namespace. The manager is alive while its queue moves.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, options reconciler.Options) error {
	beats := &heartbeats{clock: r.clock, timeout: options.Timeout}
	if err := mgr.AddHealthzCheck("sessions", beats.check); err != nil {
		return fmt.Errorf("adding the liveness check: %w", err)
	}
	build := ctrl.NewControllerManagedBy(mgr).
		Named("federatedsession").
		Watches(&v1alpha1.FederatedSession{}, r.enqueue(itself), builder.WithPredicates(reconciler.RequestChanged())).
		Watches(&corev1.Secret{}, r.enqueue(r.sessionsOfSecret)).
		Watches(&v1alpha1.SessionIssuer{}, r.enqueue(r.sessionsOfIssuer), builder.WithPredicates(issuerChanged())).
		WatchesRawSource(options.Turns.Of(v1alpha1.FederatedSessionKind)).
		WatchesRawSource(beats.source(mgr.Elected())).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: options.Concurrency,
			ReconciliationTimeout:   options.Timeout,
			RateLimiter:             reconciler.RetryLimiter(),
		})
	if !r.namespacedOnly {
		namespace := &metav1.PartialObjectMetadata{}
		namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		build = build.
			Watches(&v1alpha1.ClusterSessionIssuer{}, r.enqueue(r.sessionsOfIssuer), builder.WithPredicates(issuerChanged())).
			Watches(namespace, r.enqueue(r.sessionsOfNamespace), builder.WithPredicates(namespaceChanged(options.Namespaces)), builder.OnlyMetadata)
	}
	return build.Complete(beats.receive(r))
}

// sessionsOf lists the sessions that an object concerns.
type sessionsOf func(ctx context.Context, object client.Object) ([]v1alpha1.FederatedSession, error)

// enqueue queues the sessions that an event's object concerns, those that expire first before the others.
func (r *Reconciler) enqueue(concerned sessionsOf) handler.EventHandler {
	queueAll := func(ctx context.Context, object client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		sessions, err := concerned(ctx, object)
		if err != nil {
			logf.FromContext(ctx).Error(err, "could not list the sessions that an event concerns", "object", client.ObjectKeyFromObject(object))
			return
		}
		now := r.clock.Now()
		for i := range sessions {
			request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&sessions[i])}
			status := sessions[i].Status
			var expiration time.Time
			if status.ExpirationTime != nil && meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ReadyCondition) {
				expiration = status.ExpirationTime.Time
			}
			reconciler.Add(queue, request, session.Priority(expiration, status.LastFailure != nil && status.IssuedTime == nil, now))
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			queueAll(ctx, e.Object, q)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			queueAll(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			queueAll(ctx, e.Object, q)
		},
	}
}

func itself(_ context.Context, object client.Object) ([]v1alpha1.FederatedSession, error) {
	fs, ok := object.(*v1alpha1.FederatedSession)
	if !ok {
		return nil, fmt.Errorf("%T is no FederatedSession", object)
	}
	return []v1alpha1.FederatedSession{*fs}, nil
}

// sessionsOfSecret are the session that controls the Secret and every session that wants its name: one of them may have
// waited for it to go.
func (r *Reconciler) sessionsOfSecret(ctx context.Context, secret client.Object) ([]v1alpha1.FederatedSession, error) {
	sessions, err := r.list(ctx, client.InNamespace(secret.GetNamespace()), client.MatchingFields{targetIndex: secret.GetName()})
	if err != nil {
		return nil, err
	}
	owner := metav1.GetControllerOf(secret)
	for i := range sessions {
		if owner != nil && sessions[i].UID == owner.UID {
			return sessions, nil
		}
	}
	if owner != nil && owner.Kind == v1alpha1.FederatedSessionKind {
		former := &v1alpha1.FederatedSession{}
		if err := r.client.Get(ctx, client.ObjectKey{Namespace: secret.GetNamespace(), Name: owner.Name}, former); err == nil {
			sessions = append(sessions, *former)
		}
	}
	return sessions, nil
}

func (r *Reconciler) sessionsOfIssuer(ctx context.Context, object client.Object) ([]v1alpha1.FederatedSession, error) {
	issuer, ok := object.(v1alpha1.Issuer)
	if !ok {
		return nil, fmt.Errorf("%T is no issuer", object)
	}
	return r.list(ctx, client.InNamespace(issuer.GetNamespace()), client.MatchingFields{issuerIndex: issuerKey(issuer.IssuerKind(), issuer.GetName())})
}

func (r *Reconciler) sessionsOfNamespace(ctx context.Context, namespace client.Object) ([]v1alpha1.FederatedSession, error) {
	return r.list(ctx, client.InNamespace(namespace.GetName()))
}

func (r *Reconciler) list(ctx context.Context, options ...client.ListOption) ([]v1alpha1.FederatedSession, error) {
	list := &v1alpha1.FederatedSessionList{}
	if err := r.client.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("listing FederatedSessions: %w", err)
	}
	return list.Items, nil
}

// issuerChanged lets pass what matters to sessions: the spec, and what the status says of readiness and identity.
func issuerChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(v1alpha1.Issuer)
		after, ok2 := e.ObjectNew.(v1alpha1.Issuer)
		if !ok || !ok2 {
			return true
		}
		return before.GetUID() != after.GetUID() || before.GetGeneration() != after.GetGeneration() ||
			before.IssuerStatus().ObservedGeneration != after.IssuerStatus().ObservedGeneration ||
			!equality.Semantic.DeepEqual(before.IssuerStatus().Verified, after.IssuerStatus().Verified) ||
			readiness(before) != readiness(after)
	}}
}

// readiness is what sessions repeat of an issuer that is not ready.
func readiness(issuer v1alpha1.Issuer) string {
	ready := meta.FindStatusCondition(issuer.IssuerStatus().Conditions, v1alpha1.ReadyCondition)
	if ready == nil {
		return ""
	}
	return string(ready.Status) + ready.Message
}

// namespaceChanged lets pass what decides whether a namespace may be served, of those that are watched (none named: all).
// A session may be seen before its namespace, so that creation counts too.
func namespaceChanged(watched []string) predicate.Predicate {
	isWatched := func(name string) bool { return len(watched) == 0 || slices.Contains(watched, name) }
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return isWatched(e.Object.GetName()) },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return isWatched(e.ObjectNew.GetName()) && (!maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) ||
				!maps.Equal(e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations()) ||
				e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero())
		},
	}
}
