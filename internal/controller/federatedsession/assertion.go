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
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// assertions remembers what was read of each session's SAML assertion, but not the assertion. The cache does not hold such
// Secrets, so each reading is a request to the API server, and what wakes a session must not cost one each time.
type assertions struct {
	mutex sync.Mutex
	known map[types.NamespacedName]readAssertion
}

type readAssertion struct {
	uid       types.UID
	ref       v1alpha1.SecretKeyReference
	at        time.Time
	assertion sts.Assertion
}

func newAssertions() *assertions { return &assertions{known: map[types.NamespacedName]readAssertion{}} }

// recent is what was read within the last minute, if anything was.
func (a *assertions) recent(fs *v1alpha1.FederatedSession, now time.Time) (sts.Assertion, bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	read := a.known[client.ObjectKeyFromObject(fs)]
	isRecent := read.uid == fs.UID && read.ref == fs.Spec.AssumeRoleWithSAML.AssertionSecretRef && now.Sub(read.at).Abs() < session.AssertionPoll
	return read.assertion, isRecent
}

func (a *assertions) note(fs *v1alpha1.FederatedSession, now time.Time, assertion sts.Assertion) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	assertion.Response = sts.Sensitive{}
	a.known[client.ObjectKeyFromObject(fs)] = readAssertion{fs.UID, fs.Spec.AssumeRoleWithSAML.AssertionSecretRef, now, assertion}
}

func (a *assertions) forget(name types.NamespacedName) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.known, name)
}

// observeAssertion is what is known of the assertion that a session presents, at most a minute old.
func (r *Reconciler) observeAssertion(ctx context.Context, fs *v1alpha1.FederatedSession) (sts.Assertion, error) {
	if fs.Spec.AssumeRoleWithSAML == nil {
		return sts.Assertion{}, nil
	}
	if assertion, isRecent := r.assertions.recent(fs, r.clock.Now()); isRecent {
		return assertion, nil
	}
	return r.readAssertion(ctx, fs)
}

// readAssertion reads the SAML assertion that a session presents, past the cache.
func (r *Reconciler) readAssertion(ctx context.Context, fs *v1alpha1.FederatedSession) (sts.Assertion, error) {
	if fs.Spec.AssumeRoleWithSAML == nil {
		return sts.Assertion{}, nil
	}
	ref := fs.Spec.AssumeRoleWithSAML.AssertionSecretRef
	text, err := reconciler.GetSecretKey(ctx, r.live, client.ObjectKey{Namespace: fs.Namespace, Name: ref.Name}, ref.Key, sts.Problem{
		Reason: v1alpha1.ReasonAssertionNotFound, Message: "put the base64-encoded SAML response of the identity provider there",
	})
	problem, err := sts.Split(err)
	if err != nil {
		return sts.Assertion{}, err
	}
	assertion := sts.Assertion{Problem: problem}
	if problem == nil {
		assertion = sts.ParseAssertion(text, fmt.Sprintf("Secret %s, key %s", ref.Name, ref.Key))
	}
	r.assertions.note(fs, r.clock.Now(), assertion)
	return assertion, nil
}
