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

package session_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// AWS denies what was created seconds ago, until it knows that everywhere.
func TestNextTryOfANewRequest(t *testing.T) {
	const (
		denied   = v1alpha1.ReasonAccessDenied
		rejected = v1alpha1.ReasonIdentityRejected
		policy   = v1alpha1.ReasonInvalidPolicy
		refused  = v1alpha1.ReasonRequestRefused
	)
	quick := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}
	slow := func(delay time.Duration) []time.Duration {
		return []time.Duration{delay, delay, delay, delay, delay, delay}
	}
	for sentence, c := range map[string]struct {
		reason string
		given  func(*session.Observed)
		want   []time.Duration // before the spread
	}{
		"a role that was just created":                             {denied, missing, append(quick, 5*time.Minute, 5*time.Minute)},
		"an identity provider that was":                            {rejected, missing, append(quick, 5*time.Minute)},
		"a managed policy that was":                                {refused, missing, append(quick, time.Hour, time.Hour)},
		"a policy that names what was":                             {policy, missing, append(quick, time.Hour)},
		"a spec that has just changed":                             {denied, edited, append(quick, 5*time.Minute)},
		"a rotation that was asked for":                            {denied, rotateAt("now"), append(quick, 5*time.Minute)},
		"a Secret that was restored":                               {denied, restored, append(quick, 5*time.Minute)},
		"a Secret of somebody else's in the way":                   {denied, foreign, append(quick, 5*time.Minute)},
		"a request that was issued before is asked slowly":         {denied, nil, slow(5 * time.Minute)},
		"a refusal of what was issued before waits for an edit":    {refused, nil, slow(time.Hour)},
		"what is too large is so everywhere":                       {v1alpha1.ReasonPolicyTooLarge, missing, slow(time.Hour)},
		"who the credentials belong to has nothing to do with age": {v1alpha1.ReasonVerificationFailed, missing, slow(5 * time.Minute)},
		"a right in Kubernetes has not":                            {v1alpha1.ReasonTokenRequestForbidden, missing, slow(5 * time.Minute)},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(c.given)
			o.Secret.Expiration = noon.Add(-time.Minute) // nothing that is about to expire hurries it
			problem := sts.Problemf(c.reason, "no")
			now := noon
			for i, want := range c.want {
				next := session.NextTry(o, problem, now)
				g.Expect(next.Sub(now)).To(And(BeNumerically("<=", want), BeNumerically(">=", want-want/5)), "try %d", i+1)

				o.History = o.History.AfterFailure(session.NextFailure(o, problem, now))
				if o.Secret.Foreign == "" {
					g.Expect(session.Decide(o, next.Add(-time.Second)).Action).To(Equal(session.Hold), "nothing that wakes it makes it ask sooner")
				}
				now = next
			}
		})
	}
}

// rotateAt annotates the session.
func rotateAt(value string) func(*session.Observed) {
	return func(o *session.Observed) { askFor(o, func(r *sts.Request) { r.RotateRequestedAt = value }) }
}
