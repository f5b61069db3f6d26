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

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// observe gathers what a decision needs: from the caches, but for a SAML assertion and, where nothing cluster-scoped may be
// watched, the namespace.
func (r *SessionReconciler) observe(ctx context.Context, fs *v1alpha1.FederatedSession) (session.Observed, error) {
	observed := session.Observed{Session: fs}
	observed.Asked, observed.RequestProblem = sts.NewRequest(fs)
	observed.Request = observed.Asked

	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	err := r.namespaces.Get(ctx, client.ObjectKey{Name: fs.Namespace}, namespace)
	if err != nil { // not found, too: the session was seen before its namespace, which is tried again
		return observed, fmt.Errorf("reading namespace %s: %w", fs.Namespace, err)
	}
	observed.NamespaceTerminating = !namespace.DeletionTimestamp.IsZero()

	if err := r.observeIssuer(ctx, &observed, namespace); err != nil {
		return observed, err
	}
	if observed.Assertion, err = r.observeAssertion(ctx, fs); err != nil {
		return observed, err
	}
	secret, err := getSecret(ctx, r.client, client.ObjectKey{Namespace: fs.Namespace, Name: fs.TargetSecretName()})
	if err != nil {
		return observed, err
	}
	observed.Secret = credsecret.Observe(secret, fs)
	return observed, nil
}

// observeIssuer reads the issuer's status, which is what the issuer's own reconciler found out, and holds the request
// against its guardrails, which add to it.
func (r *SessionReconciler) observeIssuer(ctx context.Context, observed *session.Observed, namespace *metav1.PartialObjectMetadata) error {
	id := issuerID(observed.Session)
	if r.namespacedOnly && id.Kind == v1alpha1.ClusterSessionIssuerKind {
		// Found, so that issuerAdmits tells this and not issuerExists, which would advise to create it.
		observed.Issuer = session.Issuer{Found: true, Refusal: sts.Problemf(v1alpha1.ReasonIssuerNotFound,
			"this operator serves no ClusterSessionIssuer (it runs with --cluster-issuers=false): use a SessionIssuer of namespace %s", namespace.Name)}
		return nil
	}
	issuer, err := getIssuer(ctx, r.client, id)
	if err != nil {
		return err
	}
	if issuer == nil {
		r.guardrails.forget(id)
		return nil
	}
	spec, status := issuer.IssuerSpec(), issuer.IssuerStatus()
	found := session.Issuer{
		Found: true, Version: versionOf(issuer), HasIdentity: spec.AccessKey != nil || isAmbient(issuer),
		OwnEndpoint: spec.Endpoint != "" && id.Kind == v1alpha1.SessionIssuerKind,
	}
	rails, problem := r.guardrails.of(id, issuer)
	if problem == nil && observed.RequestProblem == nil {
		observed.Request, found.Refusal = rails.Apply(observed.Asked, metadataOf(namespace), metadataOf(observed.Session))
		observed.Admitted = found.Refusal == nil
	}
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ReadyCondition)
	switch {
	case problem != nil:
		found.NotReady = problem.Message
	case ready == nil || status.ObservedGeneration != issuer.GetGeneration(): // of an earlier spec: nothing is known yet
	default:
		found.Ready = ready.Status == metav1.ConditionTrue
		if !found.Ready {
			found.NotReady = ready.Message
		}
		found.CanFederate = meta.IsStatusConditionTrue(status.Conditions, v1alpha1.CanFederateCondition)
		found.Identity = sts.StableIdentity(status.UserID)
	}
	observed.Issuer = found
	return nil
}

// issuerID is the issuer that a session names.
func issuerID(fs *v1alpha1.FederatedSession) broker.ID {
	id := broker.ID{Kind: fs.Spec.IssuerRef.Kind, Name: fs.Spec.IssuerRef.Name}
	if id.Kind == v1alpha1.SessionIssuerKind {
		id.Namespace = fs.Namespace
	}
	return id
}

// newIssuer is an empty issuer of a kind.
func newIssuer(kind v1alpha1.IssuerKind) v1alpha1.Issuer {
	if kind == v1alpha1.ClusterSessionIssuerKind {
		return &v1alpha1.ClusterSessionIssuer{}
	}
	return &v1alpha1.SessionIssuer{}
}

// getIssuer reads an issuer; nil if there is none.
func getIssuer(ctx context.Context, c client.Reader, id broker.ID) (v1alpha1.Issuer, error) {
	issuer := newIssuer(id.Kind)
	if err := c.Get(ctx, client.ObjectKey{Namespace: id.Namespace, Name: id.Name}, issuer); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading %s %s: %w", id.Kind, id.Name, err)
	}
	return issuer, nil
}

// getSecret reads a Secret; nil if there is none.
func getSecret(ctx context.Context, c client.Reader, key client.ObjectKey) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	if err := c.Get(ctx, key, secret); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading Secret %s: %w", key, err)
	}
	return secret, nil
}

// observeAssertion reads the SAML assertion that a session presents, past the cache, which does not hold such Secrets.
func (r *SessionReconciler) observeAssertion(ctx context.Context, fs *v1alpha1.FederatedSession) (sts.Assertion, error) {
	if fs.Spec.AssumeRoleWithSAML == nil {
		return sts.Assertion{}, nil
	}
	ref := fs.Spec.AssumeRoleWithSAML.AssertionSecretRef
	text, missing, err := readSecretKey(ctx, r.live, fs.Namespace, ref, "put the base64-encoded SAML response of the identity provider there")
	if err != nil {
		return sts.Assertion{}, err
	}
	if missing != "" {
		return sts.Assertion{Problem: sts.Problemf(v1alpha1.ReasonAssertionNotFound, "%s", missing)}, nil
	}
	return sts.ParseAssertion(text, fmt.Sprintf("Secret %s, key %s", ref.Name, ref.Key)), nil
}

// readSecretKey reads one key of a Secret; missing says what of it there is not, and advises to put it there, or that it
// may not be read.
func readSecretKey(ctx context.Context, live client.Reader, namespace string, ref v1alpha1.SecretKeyReference, advice string) (value []byte, missing string, err error) {
	name := client.ObjectKey{Namespace: namespace, Name: ref.Name}
	secret, err := getSecret(ctx, live, name)
	switch {
	case apierrors.IsForbidden(err):
		return nil, fmt.Sprintf("the operator may not read Secret %s: grant its ServiceAccount the right to get it", name), nil
	case err != nil:
		return nil, "", err
	case secret == nil:
		return nil, fmt.Sprintf("Secret %s does not exist: %s", name, advice), nil
	case len(secret.Data[ref.Key]) == 0:
		return nil, fmt.Sprintf("Secret %s has no key %s: %s", name, ref.Key, advice), nil
	}
	return secret.Data[ref.Key], "", nil
}
