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
	"slices"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The right to create tokens of ServiceAccounts is no part of the generated role: config/web-identity grants it where it
// is wanted.

// tokenSeconds is the life of a ServiceAccount's token, the shortest that Kubernetes makes. It is used at once.
const tokenSeconds = int64(600)

// prover obtains what an unsigned request presents.
type prover struct {
	client client.Client
	clock  clock.PassiveClock

	mutex sync.Mutex
	// audiences are those that the Kubernetes API accepts, as it told at a time; nil until they are known.
	audiences []string
	toldAt    time.Time
}

// audiencesLast is how long the audiences of the Kubernetes API are taken for known: somebody may reconfigure it.
const audiencesLast = time.Hour

// prove obtains what the session's request presents: a fresh token of the ServiceAccount, or the assertion that was
// observed. Other requests are signed and present nothing.
func (p *prover) prove(ctx context.Context, observed session.Observed) (sts.Proof, *sts.Problem) {
	switch request := observed.Request; request.Operation {
	case sts.OperationAssumeRoleWithSAML:
		return sts.Proof{SAMLAssertion: observed.Assertion.Response}, nil
	case sts.OperationAssumeRoleWithWebIdentity:
		// The namespace is the session's own, whatever its spec says.
		account := client.ObjectKey{Namespace: observed.Session.Namespace, Name: request.ServiceAccountName}
		accepted, problem := p.accepted(ctx, account)
		if problem != nil {
			return sts.Proof{}, problem
		}
		if slices.Contains(accepted, request.Audience) {
			return sts.Proof{}, sts.Problemf(v1alpha1.ReasonAudienceNotAllowed, "the Kubernetes API itself accepts tokens for %q, so whoever received one could act as ServiceAccount %s: "+
				"set assumeRoleWithWebIdentity.audience to one that is for AWS alone, or leave it out", request.Audience, account.Name)
		}
		token, problem := p.requestToken(ctx, account, request.Audience)
		if problem != nil {
			return sts.Proof{}, problem
		}
		return sts.Proof{WebIdentityToken: sts.NewSensitive(token.Status.Token)}, nil
	}
	return sts.Proof{}, nil
}

// accepted are the audiences of the Kubernetes API. It tells them when a token is asked for without naming any.
func (p *prover) accepted(ctx context.Context, account client.ObjectKey) ([]string, *sts.Problem) {
	p.mutex.Lock()
	known, toldAt := p.audiences, p.toldAt
	p.mutex.Unlock()
	now := p.clock.Now()
	if age := now.Sub(toldAt); known != nil && age.Abs() < audiencesLast {
		return known, nil
	}
	token, problem := p.requestToken(ctx, account)
	if problem != nil {
		return nil, problem
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.audiences, p.toldAt = token.Spec.Audiences, now
	return p.audiences, nil
}

func (p *prover) requestToken(ctx context.Context, account client.ObjectKey, audiences ...string) (*authenticationv1.TokenRequest, *sts.Problem) {
	seconds := tokenSeconds
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences, ExpirationSeconds: &seconds}}
	of := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: account.Namespace, Name: account.Name}}
	err := p.client.SubResource("token").Create(ctx, of, request)
	switch {
	case err == nil && request.Status.Token != "" && isFor(request.Spec.Audiences, audiences):
		return request, nil
	case apierrors.IsNotFound(err):
		return nil, sts.Problemf(v1alpha1.ReasonServiceAccountNotFound, "ServiceAccount %s does not exist in namespace %s: create it or correct assumeRoleWithWebIdentity.serviceAccountName", account.Name, account.Namespace)
	case apierrors.IsForbidden(err):
		return nil, sts.Problemf(v1alpha1.ReasonTokenRequestForbidden, "the operator may not create tokens of ServiceAccount %s in namespace %s: check assumeRoleWithWebIdentity.serviceAccountName; if it is right, an administrator must allow create on serviceaccounts/token there (see config/web-identity)", account.Name, account.Namespace)
	}
	return nil, sts.Problemf(v1alpha1.ReasonTokenRequestFailed, "the Kubernetes API did not make a token of ServiceAccount %s (%s)", account.Name, apierrors.ReasonForError(err))
}

// isFor says whether a token is for the audiences that were asked for, or for any where none was: what somebody in between
// has changed is not given away.
func isFor(got, asked []string) bool {
	return len(got) > 0 && (len(asked) == 0 || slices.Equal(got, asked))
}
