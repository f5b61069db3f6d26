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
	"slices"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The right to create tokens of ServiceAccounts is no part of the generated role: config/web-identity grants it where it
// is wanted.

// tokenSeconds is the life of a ServiceAccount's token, the shortest that Kubernetes makes. It is used at once.
const tokenSeconds = int64(600)

// audiencesLast is how long the audiences of the Kubernetes API are taken for known: somebody may reconfigure it.
const audiencesLast = time.Hour

// proofs obtains what unsigned requests present.
type proofs struct {
	client    client.Client
	audiences audienceCache
}

func newProofs(c client.Client, clock clock.PassiveClock) *proofs {
	return &proofs{client: c, audiences: audienceCache{clock: clock}}
}

// audienceCache holds the audiences that the Kubernetes API itself accepts, for an hour.
type audienceCache struct {
	clock clock.PassiveClock

	mutex     sync.Mutex
	audiences []string // nil until they are known
	readAt    time.Time
}

// get the audiences; nil if they are not known.
func (c *audienceCache) get() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.clock.Since(c.readAt).Abs() >= audiencesLast {
		return nil
	}
	return c.audiences
}

func (c *audienceCache) set(audiences []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.audiences, c.readAt = audiences, c.clock.Now()
}

// obtain what the session's request presents: a fresh token of the ServiceAccount, or the assertion that was observed. Other
// requests are signed and present nothing. The error is a *sts.Problem.
func (p *proofs) obtain(ctx context.Context, observed session.Observed) (sts.Proof, error) {
	switch request := observed.Request.ToSend(); request.Operation {
	case sts.OperationAssumeRoleWithSAML:
		return sts.Proof{SAMLAssertion: observed.Assertion.Response}, nil
	case sts.OperationAssumeRoleWithWebIdentity:
		// The namespace is the session's own, whatever its spec says.
		account := client.ObjectKey{Namespace: observed.Session.Namespace, Name: request.ServiceAccountName}
		token, err := p.token(ctx, account, request.Audience)
		return sts.Proof{WebIdentityToken: token}, err
	}
	return sts.Proof{}, nil
}

// token of a ServiceAccount, unless the Kubernetes API itself would accept it.
func (p *proofs) token(ctx context.Context, account client.ObjectKey, audience string) (sts.Sensitive, error) {
	accepted, err := p.acceptedAudiences(ctx, account)
	if err != nil {
		return sts.Sensitive{}, err
	}
	if slices.Contains(accepted, audience) {
		return sts.Sensitive{}, audienceOfKubernetes(audience, account.Name)
	}
	token, err := p.requestToken(ctx, account, audience)
	if err != nil {
		return sts.Sensitive{}, err
	}
	return sts.NewSensitive(token.Status.Token), nil
}

// acceptedAudiences of the Kubernetes API. It names them when a token is asked for without any.
func (p *proofs) acceptedAudiences(ctx context.Context, account client.ObjectKey) ([]string, error) {
	if known := p.audiences.get(); known != nil {
		return known, nil
	}
	token, err := p.requestToken(ctx, account)
	if err != nil {
		return nil, err
	}
	p.audiences.set(token.Spec.Audiences)
	return token.Spec.Audiences, nil
}

// requestToken asks the Kubernetes API for a token. The error is a *sts.Problem.
func (p *proofs) requestToken(ctx context.Context, account client.ObjectKey, audiences ...string) (*authenticationv1.TokenRequest, error) {
	seconds := tokenSeconds
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences, ExpirationSeconds: &seconds}}
	of := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: account.Namespace, Name: account.Name}}
	err := p.client.SubResource("token").Create(ctx, of, request)
	switch {
	case err == nil && request.Status.Token != "" && isFor(request.Spec.Audiences, audiences):
		return request, nil
	case apierrors.IsNotFound(err):
		return nil, serviceAccountNotFound(account)
	case apierrors.IsForbidden(err):
		return nil, tokenRequestForbidden(account)
	}
	return nil, tokenRequestFailed(account, err)
}

// isFor says whether a token is for the audiences that were asked for, or for any where none was: what somebody in between
// has changed is not given away.
func isFor(got, asked []string) bool {
	return len(got) > 0 && (len(asked) == 0 || slices.Equal(got, asked))
}
