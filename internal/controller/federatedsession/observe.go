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

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// observe gathers what a decision needs: from the caches, but for a SAML assertion, once a minute, a Secret of another type
// that was in the way and, where nothing cluster-scoped may be watched, the namespace.
func (r *Reconciler) observe(ctx context.Context, fs *v1alpha1.FederatedSession) (session.Observed, error) {
	observed := session.Observed{Session: fs, History: r.histories.of(fs, r.clock.Now())}
	namespace, err := r.namespaces.Get(ctx, fs.Namespace)
	if err != nil {
		return observed, err
	}
	observed.NamespaceTerminating = !namespace.DeletionTimestamp.IsZero()

	issuer, err := r.getIssuer(ctx, fs)
	if err != nil {
		return observed, err
	}
	observed.Issuer = r.observeIssuer(fs, issuer)
	observed.Request = r.observeRequest(fs, issuer, namespace)
	if observed.Assertion, err = r.observeAssertion(ctx, fs); err != nil {
		return observed, err
	}
	// A Secret that was in the way and is in no cache is looked for itself, before anything is asked of the scheduler.
	if observed.History.Conflicts > 0 {
		_, observed, err = r.observeLive(ctx, observed)
		return observed, err
	}
	_, observed, err = r.observeSecret(ctx, r.client, observed)
	return observed, err
}

// observeLive looks at the Secret past the cache.
func (r *Reconciler) observeLive(ctx context.Context, observed session.Observed) (*corev1.Secret, session.Observed, error) {
	return r.observeSecret(ctx, r.live, observed)
}

// observeSecret looks at the Secret and, if that was published for a newer generation of the session than was read, asks the
// API server whether there is one.
func (r *Reconciler) observeSecret(
	ctx context.Context, reader client.Reader, observed session.Observed,
) (*corev1.Secret, session.Observed, error) {
	fs := observed.Session
	observed.LiveGeneration = 0 // what was read before says nothing of a Secret that is read now
	secret, err := reconciler.GetSecret(ctx, reader, client.ObjectKey{Namespace: fs.Namespace, Name: fs.TargetSecretName()})
	observed.Secret = credsecret.Observe(secret, fs)
	if err != nil || !observed.IsOutdated() {
		return secret, observed, err
	}
	current := &v1alpha1.FederatedSession{}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(fs), current); client.IgnoreNotFound(err) != nil {
		return secret, observed, fmt.Errorf("reading FederatedSession %s/%s past the cache: %w", fs.Namespace, fs.Name, err)
	}
	if current.UID == fs.UID { // else it has gone, as the cache is about to show
		observed.LiveGeneration = current.Generation
	}
	return secret, observed, nil
}

// issuerID is the issuer that a session names.
func issuerID(fs *v1alpha1.FederatedSession) broker.ID {
	id := broker.ID{Kind: fs.Spec.IssuerRef.Kind, Name: fs.Spec.IssuerRef.Name}
	if id.Kind == v1alpha1.SessionIssuerKind {
		id.Namespace = fs.Namespace
	}
	return id
}

// isServed says whether this operator serves issuers of the kind that a session names.
func (r *Reconciler) isServed(fs *v1alpha1.FederatedSession) bool {
	return !r.namespacedOnly || fs.Spec.IssuerRef.Kind != v1alpha1.ClusterSessionIssuerKind
}

// getIssuer reads the issuer of a session; nil if there is none that this operator serves.
func (r *Reconciler) getIssuer(ctx context.Context, fs *v1alpha1.FederatedSession) (v1alpha1.Issuer, error) {
	if !r.isServed(fs) {
		return nil, nil
	}
	return reconciler.GetIssuer(ctx, r.client, issuerID(fs))
}

// observeIssuer is what the issuer's own reconciler has found out. It is not read from the status, which may be another installation's.
func (r *Reconciler) observeIssuer(fs *v1alpha1.FederatedSession, issuer v1alpha1.Issuer) session.Issuer {
	switch {
	case !r.isServed(fs):
		return session.Issuer{State: session.IssuerNotServed}
	case issuer == nil:
		return session.Issuer{State: session.IssuerMissing}
	case reconciler.IsOfAnother(issuer, r.controllerName):
		return session.Issuer{State: session.IssuerOfAnother}
	}
	spec := issuer.IssuerSpec()
	observed := session.Issuer{
		Version:           reconciler.IssuerVersion(issuer),
		HasIdentity:       spec.AccessKey != nil || reconciler.IsAmbient(issuer),
		OwnEndpoint:       spec.Endpoint != "" && issuer.IssuerKind() == v1alpha1.SessionIssuerKind,
		ReportedByAnother: reconciler.IsReportedByAnother(issuer, r.controllerName),
		Compatible:        spec.Service == v1alpha1.ServiceCompatible,
		Region:            spec.Region,
	}
	standing, known := r.broker.Standing(issuerID(fs))
	_, _, compiled := r.guardrails.Get(issuer) // the cache may have dropped them, and nothing passes without
	switch {
	case !known || standing.Version != observed.Version || !compiled: // the issuer's own reconciler is about to look
		observed.State = session.IssuerVerifying
	case standing.Problem != nil:
		observed.State, observed.NotReady = session.IssuerNotReady, standing.Problem
	default:
		observed.State, observed.Identity = session.IssuerReady, standing.Identity
	}
	return observed
}

// observeRequest reads what the spec asks for and holds it against the issuer's guardrails, which may add to it.
func (r *Reconciler) observeRequest(
	fs *v1alpha1.FederatedSession, issuer v1alpha1.Issuer, namespace *metav1.PartialObjectMetadata,
) session.Request {
	asked, problem := sts.NewRequest(fs)
	if problem != nil {
		return session.InvalidRequest(problem)
	}
	if issuer == nil {
		return session.AskedRequest(asked)
	}
	guardrails, problem, known := r.guardrails.Get(issuer)
	if !known {
		return session.AskedRequest(asked)
	}
	if problem != nil { // which a namespace that is not admitted does not learn
		if refusal := guardrails.CheckNamespace(guardrail.MetadataOf(namespace)); refusal != nil {
			return session.RefusedRequest(asked, refusal)
		}
		return session.AskedRequest(asked)
	}
	admitted, refusal := guardrails.Apply(asked, guardrail.MetadataOf(namespace), guardrail.MetadataOf(fs))
	if refusal != nil {
		return session.RefusedRequest(asked, refusal)
	}
	return session.AdmittedRequest(asked, admitted)
}
