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
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The invariants.
const (
	readyIsTrue      = "1: Ready=True only with unexpired credentials for the spec in the Secret"
	nothingExpires   = "2: no credentials expire while STS and the Kubernetes API serve"
	callsAreFew      = "3: no more STS calls than rotations, edits and faults explain"
	foreignUntouched = "4: no foreign Secret is changed"
	allConverge      = "5: all sessions are ready after the last fault"
	bystandersServed = "6: hostile tenants do not delay others"
)

const (
	// behind is for how long a status may say what somebody else's change of the Secret has made untrue.
	behind = time.Minute
	// failuresAnHour that an issuer's calls may have, besides failuresPerMint for each success and deniedAnHour for each
	// session whose role does not trust it: a hundred in a row before calls stop, also after each success, then one a second, and
	// soon one in ten seconds, for sessions and issuer each.
	failuresAnHour, failuresPerMint, deniedAnHour = 1000, 100, 15
	// aftermath is for how long a fault may delay a rotation after its end.
	aftermath = 15 * time.Minute
	// bystanderDelay is the most that hostile tenants may delay a rotation of others.
	bystanderDelay = 5 * time.Second
)

// violation of an invariant, the first of its kind in a run.
type violation struct {
	at                time.Time
	invariant, detail string
	subject           types.NamespacedName
	recent, around    string
}

func (s *simulation) violate(invariant string, name types.NamespacedName, format string, args ...any) {
	if s.broken[invariant]++; s.broken[invariant] > 1 {
		return
	}
	s.violations = append(s.violations, violation{
		at: time.Now(), invariant: invariant, subject: name, detail: fmt.Sprintf(format, args...), recent: s.recent(sessions, name),
		around: s.recent(sessions, types.NamespacedName{}),
	})
}

// secretWritten is told of each write of a Secret by a process; before or after is nil for a creation or a deletion.
func (s *simulation) secretWritten(t *task, before, after *corev1.Secret) {
	if before != nil && (before.Type != credsecret.Type || metav1.GetControllerOf(before) == nil) {
		s.violate(foreignUntouched, t.name, "Secret %s/%s was written", before.Namespace, before.Name)
	}
	if after == nil {
		s.record(sessions, t.name, "deletes a Secret", before.Name)
		return
	}
	m := s.mints[string(after.Data[credsecret.AccessKeyIDKey])]
	if m == nil || !m.publishedAt.IsZero() {
		return // labels and annotations only
	}
	sub := m.session
	m.publishedAt = time.Now()
	t.published = m
	s.stats.rotations++
	observed := credsecret.Observe(after, s.fsOf(sub))
	m.issuedAt = observed.IssuedAt
	seconds, _ := strconv.Atoi(m.parameters["DurationSeconds"])
	m.dueAt = session.RotateAt(m.issuedAt, session.Lifetime(m.issuedAt, observed.Expiration, time.Duration(seconds)*time.Second), 0, s.fsOf(sub).UID)
	s.record(sessions, t.name, "publishes", after.Name+" until "+s.elapsed(m.expiration))
	s.checkDelay(sub)
	sub.published = m
	s.loop.at(m.expiration, func() { s.checkExpired(m) })
}

func (s *simulation) fsOf(sub *subject) *v1alpha1.FederatedSession {
	fs, _ := s.store.objects[objectKey{sessions, sub.key}].(*v1alpha1.FederatedSession)
	return fs
}

// checkDelay of a rotation: from when it was due until it was published.
func (s *simulation) checkDelay(sub *subject) {
	last := sub.published
	if last == nil || sub.role != tenant || sub.touchedAt.After(last.at) || sub.editedAt.After(last.at) || s.clock.Now().Before(last.dueAt) {
		return
	}
	delay := s.clock.Now().Round(0).Sub(last.dueAt)
	s.stats.delays = append(s.stats.delays, int32(min(delay/time.Millisecond, 1<<31-1)))
	s.stats.maxDelay = max(s.stats.maxDelay, delay)
	if delay > s.stats.undisturbedDelay && !s.wasDisturbed(sub, time.Now().Add(-delay)) {
		s.stats.undisturbedDelay = delay
	}
	if s.config.hostiles > 0 && len(s.episodes) == 0 && delay > bystanderDelay {
		s.violate(bystandersServed, sub.key, "due at %s, published %s later", s.elapsed(last.dueAt), delay)
	}
}

// wasDisturbed says whether any fault but other people's edits was in force since a time, or shortly before it.
func (s *simulation) wasDisturbed(sub *subject, since time.Time) bool {
	return slices.ContainsFunc(s.episodes, func(e *episode) bool {
		return (e.subject == nil || e.subject == sub) && e.from.Before(time.Now()) && e.to.Add(aftermath).After(since)
	})
}

// checkExpired runs when credentials expire.
func (s *simulation) checkExpired(m *mint) {
	s.loop.in(2*time.Hour, func() { delete(s.mints, m.accessKeyID) }) // the operator's clock may be behind
	sub := m.session
	if sub.published != m || sub.isGone || sub.role != tenant || sub.touchedAt.After(m.publishedAt) {
		return
	}
	due := m.at.Add(m.expiration.Sub(m.at) * 6 / 10)
	s.record(sessions, sub.key, "credentials expire", "")
	s.stats.expired++
	holds, opportunity, met := s.promise(sub, due, m.expiration)
	if !holds {
		s.stats.excused++
		return
	}
	s.violate(nothingExpires, sub.key, "credentials of %s expired; after they fell due at %s STS and the Kubernetes API served them for %s of %s, through %q",
		m.expiration.Sub(m.at), s.elapsed(due), opportunity.Round(time.Second), m.expiration.Sub(due).Round(time.Second), met)
}

// statusWritten is told of each status of a session that a process writes.
func (s *simulation) statusWritten(t *task, before, after *v1alpha1.FederatedSession) {
	sub := s.subjects[t.name]
	ready := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ReadyCondition)
	if was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ReadyCondition); was == nil || was.Reason != ready.Reason {
		s.record(sessions, t.name, "status", string(ready.Status)+" "+ready.Reason)
	}
	if ready.Status != metav1.ConditionTrue || time.Since(sub.touchedAt) < behind || s.isBehind() {
		return
	}
	if wrong := s.wrong(after); wrong != "" {
		s.violate(readyIsTrue, t.name, "the status says Ready=True (%s), but %s", ready.Reason, wrong)
	}
}

// isBehind says whether caches may be far behind.
func (s *simulation) isBehind() bool {
	return s.brokenWatches[secrets] > 0 || time.Since(s.mendedAt) < behind || s.isActive("watch-late")
}

// wrong says what is wrong with the Secret of a session; empty for nothing.
func (s *simulation) wrong(fs *v1alpha1.FederatedSession) string {
	secret, exists := s.store.objects[objectKey{secrets, types.NamespacedName{Namespace: fs.Namespace, Name: fs.TargetSecretName()}}].(*corev1.Secret)
	if !exists {
		return "there is no Secret " + fs.TargetSecretName()
	}
	m := s.mints[string(secret.Data[credsecret.AccessKeyIDKey])]
	switch {
	case !metav1.IsControlledBy(secret, fs):
		return "the Secret is not the session's"
	case m == nil:
		return "the Secret holds no credentials that STS has issued and that have not expired"
	case string(secret.Data[credsecret.SessionTokenKey]) == "overwritten":
		return "the credentials were overwritten"
	case !s.clock.Now().Add(-time.Second).Before(m.expiration): // a request takes a moment
		return "the credentials have expired"
	}
	return m.mismatch(fs)
}

// mismatch says in what credentials are not those that a spec asks for; empty for nothing.
func (m *mint) mismatch(fs *v1alpha1.FederatedSession) string {
	want := map[string]string{"DurationSeconds": strconv.Itoa(int(*fs.Spec.DurationSeconds))}
	operation := sts.OperationGetFederationToken
	if fs.Spec.AssumeRole != nil {
		operation = sts.OperationAssumeRole
		want["RoleSessionName"], want["RoleArn"] = fs.Spec.Name, string(fs.Spec.AssumeRole.RoleARN)
	} else {
		want["Name"] = fs.Spec.Name
	}
	if m.session.key != (types.NamespacedName{Namespace: fs.Namespace, Name: fs.Name}) || m.operation != operation {
		return "the credentials are of another session or operation"
	}
	for name, value := range want {
		if m.parameters[name] != value {
			return "the credentials were issued for another spec"
		}
	}
	return ""
}

// checkConvergence after the calm at the end.
func (s *simulation) checkConvergence() {
	for _, sub := range s.order {
		if sub.role != tenant {
			continue
		}
		fs := s.fsOf(sub)
		ready := meta.FindStatusCondition(fs.Status.Conditions, v1alpha1.ReadyCondition)
		switch wrong := s.wrong(fs); {
		case wrong != "":
			s.violate(allConverge, sub.key, "%s", wrong)
		case ready == nil || ready.Status != metav1.ConditionTrue || fs.Status.ObservedGeneration != fs.Generation:
			s.violate(allConverge, sub.key, "its Ready condition is %+v", ready)
		}
	}
}
