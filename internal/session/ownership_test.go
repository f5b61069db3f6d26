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
)

// restored is a Secret that came out of a backup.
func restored(o *session.Observed) { o.Secret = session.Secret{Exists: true, Restored: true} }

func TestDecideRestoredSecret(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  verdict
	}{
		"it is issued anew":                      {restored, issue(session.CauseRestored)},
		"an edited spec changes nothing in that": {all(restored, edited), issue(session.CauseRestored)},
		"it waits for its issuer":                {all(restored, issuerNotReady), hold(v1alpha1.ReasonIssuerNotReady, never)},
		"and for one that is restored later":     {all(restored, noIssuer), hold(v1alpha1.ReasonIssuerNotFound, never)},
		"a suspended session leaves it as it is": {all(restored, suspended), hold(v1alpha1.ReasonSuspended, never)},
		"one that was made immutable has to be deleted": {
			all(restored, immutable), hold(v1alpha1.ReasonSecretImmutable, never),
		},
		"somebody who takes the controller away again and again is paced": {
			all(restored, func(o *session.Observed) { o.History = reissued(3) }), hold(v1alpha1.ReasonSecretOverwritten, noon.Add(10*time.Second)),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(c.given)

			g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(c.want))

			g.Expect(session.IsUsable(o, noon)).To(BeFalse(), "it is not believed")
			g.Expect(session.HasExpired(o, noon)).To(BeFalse())
			g.Expect(session.IsIntact(o, noon)).To(BeFalse())
			g.Expect(session.Deadline(o, noon)).To(BeZero())
		})
	}
}

// A Secret of another type is in no cache, so that the session looks for itself whether it has gone.
func TestDecideLooksAgainAtWhatNoWatchReports(t *testing.T) {
	g := NewWithT(t)
	o := healthy(foreign, func(o *session.Observed) { o.Secret.Unwatched = true })
	now := noon
	for _, want := range []time.Duration{5 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second} {
		d := session.Decide(o, now)

		g.Expect(d.Problem.Reason).To(Equal(v1alpha1.ReasonSecretConflict))
		g.Expect(d.RetryAt.Sub(now)).To(And(BeNumerically("<=", want), BeNumerically(">=", want-want/5)))
		now, o.History = d.RetryAt, o.History.AfterLook(o.Secret)
	}
	g.Expect(o.History.Conflicts).To(Equal(5))
	g.Expect(o.History.AfterLook(session.Secret{}).Conflicts).To(BeZero(), "it has gone")
}

func TestDecideLooksAgainAtDifferentTimes(t *testing.T) {
	g := NewWithT(t)
	o := healthy(foreign, func(o *session.Observed) { o.Secret.Unwatched, o.History.Conflicts = true, 10 })
	looks := map[time.Time]bool{}
	for i := range 1000 {
		o.Session.UID = sequential(i)
		looks[session.Decide(o, noon).RetryAt.Truncate(100*time.Millisecond)] = true
	}
	g.Expect(len(looks)).To(BeNumerically(">=", 20), "within the last fifth of 10 s")
}
