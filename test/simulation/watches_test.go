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

package simulation

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
)

// This file mirrors internal/controller/federatedsession/watches.go (and issuer's SetupWithManager): which change of the
// cache has which objects looked at. The product's own code can only be had with a running manager. The names are the same.

// handle is called for each change of the cache; old is nil for a creation, object for a deletion.
func (p *process) handle(k kind, old, object client.Object) {
	concerned := object
	if concerned == nil {
		concerned = old
	}
	switch k {
	case sessions:
		if passes(old, object, reconciler.RequestChanged().Update) {
			p.enqueue(concerned.(*v1alpha1.FederatedSession))
		}
	case secrets:
		p.enqueue(p.sessionsOfSecret(concerned)...)
	case sessionIssuers, clusterIssuers:
		if passes(old, object, issuerChanged) {
			p.enqueue(p.sessionsOfIssuer(concerned.(v1alpha1.Issuer))...)
		}
		if passes(old, object, reconciler.RequestChanged().Update) {
			p.controllers[k].queue.add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(concerned)}, 0, 0)
		}
	default: // namespaces, whose labels and annotations never change here
		if old == nil && object != nil {
			p.enqueue(p.list(client.InNamespace(object.GetName()))...)
		}
	}
}

func passes(old, object client.Object, update func(event.UpdateEvent) bool) bool {
	return old == nil || object == nil || update(event.UpdateEvent{ObjectOld: old, ObjectNew: object})
}

// enqueue sessions, those that expire first before the others.
func (p *process) enqueue(concerned ...*v1alpha1.FederatedSession) {
	now := p.sim.clock.Now()
	for _, fs := range concerned {
		var expiration time.Time
		if t := fs.Status.ExpirationTime; t != nil && meta.IsStatusConditionTrue(fs.Status.Conditions, v1alpha1.ReadyCondition) {
			expiration = t.Time
		}
		request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(fs)}
		p.controllers[sessions].queue.add(request, session.Priority(expiration, fs.Status.LastFailure != nil && fs.Status.IssuedTime == nil, now), 0)
	}
}

func (p *process) sessionsOfSecret(secret client.Object) []*v1alpha1.FederatedSession {
	found := p.list(client.InNamespace(secret.GetNamespace()), client.MatchingFields{"targetSecretName": secret.GetName()})
	owner := metav1.GetControllerOf(secret)
	if owner == nil || owner.Kind != "FederatedSession" {
		return found
	}
	for _, fs := range found {
		if fs.UID == owner.UID {
			return found
		}
	}
	former := objectKey{sessions, client.ObjectKey{Namespace: secret.GetNamespace(), Name: owner.Name}}
	if fs, exists := p.cache.objects[former]; exists {
		found = append(found, fs.(*v1alpha1.FederatedSession))
	}
	return found
}

func (p *process) sessionsOfIssuer(issuer v1alpha1.Issuer) []*v1alpha1.FederatedSession {
	value := string(issuer.IssuerKind()) + "/" + issuer.GetName()
	return p.list(client.InNamespace(issuer.GetNamespace()), client.MatchingFields{"spec.issuerRef": value})
}

func (p *process) list(options ...client.ListOption) []*v1alpha1.FederatedSession {
	var o client.ListOptions
	o.ApplyOptions(options)
	var found []*v1alpha1.FederatedSession
	for _, object := range p.cache.choose(sessions, o) {
		found = append(found, object.(*v1alpha1.FederatedSession))
	}
	return found
}

func issuerChanged(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(v1alpha1.Issuer), e.ObjectNew.(v1alpha1.Issuer)
	return before.GetUID() != after.GetUID() || before.GetGeneration() != after.GetGeneration() ||
		before.IssuerStatus().ObservedGeneration != after.IssuerStatus().ObservedGeneration ||
		!equality.Semantic.DeepEqual(before.IssuerStatus().Verified, after.IssuerStatus().Verified) ||
		readiness(before) != readiness(after)
}

func readiness(issuer v1alpha1.Issuer) string {
	ready := meta.FindStatusCondition(issuer.IssuerStatus().Conditions, v1alpha1.ReadyCondition)
	if ready == nil {
		return ""
	}
	return string(ready.Status) + ready.Message
}
