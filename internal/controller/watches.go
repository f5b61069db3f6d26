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
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
)

// Indexes of the cache.
const (
	// issuerIndex: FederatedSessions by kind/name of their issuer.
	issuerIndex = "spec.issuerRef"
	// targetIndex: FederatedSessions by the name of their target Secret.
	targetIndex = "targetSecretName"
	// ownerIndex: Secrets by the UID of their controller.
	ownerIndex = "controllerUID"
)

// SecretCache keeps only the operator's own Secrets in memory, and of those no credential.
func SecretCache() cache.ByObject {
	return cache.ByObject{Field: fields.OneTermEqualSelector("type", string(credsecret.Type)), Transform: credsecret.Strip}
}

// indexFields declares the indexes that the reconcilers list by.
func indexFields(ctx context.Context, indexer client.FieldIndexer) error {
	for _, index := range []struct {
		object  client.Object
		field   string
		extract client.IndexerFunc
	}{
		{&v1alpha1.FederatedSession{}, issuerIndex, func(o client.Object) []string {
			ref := o.(*v1alpha1.FederatedSession).Spec.IssuerRef //nolint:forcetypeassert // the index is of this type
			return []string{issuerKey(ref.Kind, ref.Name)}
		}},
		{&v1alpha1.FederatedSession{}, targetIndex, func(o client.Object) []string {
			return []string{o.(*v1alpha1.FederatedSession).TargetSecretName()} //nolint:forcetypeassert // the index is of this type
		}},
		{&corev1.Secret{}, ownerIndex, func(o client.Object) []string {
			if owner := metav1.GetControllerOf(o); owner != nil {
				return []string{string(owner.UID)}
			}
			return nil
		}},
	} {
		if err := indexer.IndexField(ctx, index.object, index.field, index.extract); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", index.object, index.field, err)
		}
	}
	return nil
}

func issuerKey(kind v1alpha1.IssuerKind, name string) string { return string(kind) + "/" + name }

// SetupWithManager starts the reconciler with the manager. Every object that a decision depends on is watched: its own
// spec, its Secret, its issuer and its namespace.
func (r *SessionReconciler) SetupWithManager(mgr ctrl.Manager, options Options) error {
	build := ctrl.NewControllerManagedBy(mgr).
		Named("federatedsession").
		Watches(&v1alpha1.FederatedSession{}, r.enqueue(itself), builder.WithPredicates(requestChanged())).
		Watches(&corev1.Secret{}, r.enqueue(r.sessionsOfSecret)).
		Watches(&v1alpha1.SessionIssuer{}, r.enqueue(r.sessionsOfIssuer), builder.WithPredicates(issuerChanged())).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: options.Concurrency,
			ReconciliationTimeout:   options.Timeout,
			RateLimiter:             retryLimiter(),
		})
	if !r.namespacedOnly {
		namespace := &metav1.PartialObjectMetadata{}
		namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		build = build.
			Watches(&v1alpha1.ClusterSessionIssuer{}, r.enqueue(r.sessionsOfIssuer), builder.WithPredicates(issuerChanged())).
			Watches(namespace, r.enqueue(r.sessionsOfNamespace), builder.WithPredicates(namespaceChanged(options.Namespaces)), builder.OnlyMetadata)
	}
	return build.Complete(r)
}

// sessionsOf lists the sessions that an object concerns.
type sessionsOf func(ctx context.Context, object client.Object) ([]v1alpha1.FederatedSession, error)

// enqueue queues the sessions that an event's object concerns, those that expire first before the others.
func (r *SessionReconciler) enqueue(concerned sessionsOf) handler.EventHandler {
	add := func(ctx context.Context, object client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		sessions, err := concerned(ctx, object)
		if err != nil {
			logf.FromContext(ctx).Error(err, "could not list the sessions that an event concerns", "object", client.ObjectKeyFromObject(object))
			return
		}
		now := r.clock.Now()
		for i := range sessions {
			request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&sessions[i])}
			var expiration time.Time
			if t := sessions[i].Status.ExpirationTime; t != nil && meta.IsStatusConditionTrue(sessions[i].Status.Conditions, v1alpha1.ReadyCondition) {
				expiration = t.Time
			}
			priority := session.Priority(expiration, now)
			if prioritised, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
				prioritised.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, request)
			} else {
				queue.Add(request)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			add(ctx, e.Object, q)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			add(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			add(ctx, e.Object, q)
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
func (r *SessionReconciler) sessionsOfSecret(ctx context.Context, secret client.Object) ([]v1alpha1.FederatedSession, error) {
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
	if owner != nil && owner.Kind == "FederatedSession" {
		former := &v1alpha1.FederatedSession{}
		if err := r.client.Get(ctx, client.ObjectKey{Namespace: secret.GetNamespace(), Name: owner.Name}, former); err == nil {
			sessions = append(sessions, *former)
		}
	}
	return sessions, nil
}

func (r *SessionReconciler) sessionsOfIssuer(ctx context.Context, object client.Object) ([]v1alpha1.FederatedSession, error) {
	issuer, ok := object.(v1alpha1.Issuer)
	if !ok {
		return nil, fmt.Errorf("%T is no issuer", object)
	}
	return r.list(ctx, client.InNamespace(issuer.GetNamespace()), client.MatchingFields{issuerIndex: issuerKey(issuer.IssuerKind(), issuer.GetName())})
}

func (r *SessionReconciler) sessionsOfNamespace(ctx context.Context, namespace client.Object) ([]v1alpha1.FederatedSession, error) {
	return r.list(ctx, client.InNamespace(namespace.GetName()))
}

func (r *SessionReconciler) list(ctx context.Context, options ...client.ListOption) ([]v1alpha1.FederatedSession, error) {
	list := &v1alpha1.FederatedSessionList{}
	if err := r.client.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("listing FederatedSessions: %w", err)
	}
	return list.Items, nil
}

// retryLimiter paces the retries of reconciles that could not even decide: the Kubernetes API did not answer.
func retryLimiter() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](200*time.Millisecond, time.Minute)
}

// requestChanged lets pass what a user changed: the spec, labels and annotations (rules see them), or all of it, if a
// watch that was interrupted shows the object's successor as its update.
func requestChanged() predicate.Predicate {
	isAnother := predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool { return e.ObjectOld.GetUID() != e.ObjectNew.GetUID() }}
	return predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{}, isAnother)
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
			before.IssuerStatus().UserID != after.IssuerStatus().UserID ||
			!sameReadiness(before.IssuerStatus().Conditions, after.IssuerStatus().Conditions)
	}}
}

func sameReadiness(before, after []metav1.Condition) bool {
	for _, conditionType := range []string{v1alpha1.ReadyCondition, v1alpha1.CanFederateCondition} {
		b, a := meta.FindStatusCondition(before, conditionType), meta.FindStatusCondition(after, conditionType)
		if (b == nil) != (a == nil) || b != nil && (b.Status != a.Status || b.Message != a.Message) {
			return false
		}
	}
	return true
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
