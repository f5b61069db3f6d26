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

// verdict is a Decision with the reason in place of the problem.
type verdict struct {
	Action  session.Action
	Cause   string
	Reason  string
	RetryAt time.Time
}

func verdictOf(d session.Decision) verdict {
	v := verdict{Action: d.Action, Cause: d.Cause, RetryAt: d.RetryAt}
	if d.Problem != nil {
		v.Reason = d.Problem.Reason
	}
	return v
}

var never time.Time

func keep(until time.Time) verdict { return verdict{Action: session.Keep, RetryAt: until} }
func syncMetadata(until time.Time) verdict {
	return verdict{Action: session.SyncMetadata, RetryAt: until}
}
func issue(cause string) verdict { return verdict{Action: session.Issue, Cause: cause} }
func hold(reason string, until time.Time) verdict {
	return verdict{Action: session.Hold, Reason: reason, RetryAt: until}
}

// What can be wrong with a session.
var (
	invalid = func(o *session.Observed) {
		o.Request = session.InvalidRequest(sts.Problemf(v1alpha1.ReasonInvalidPolicy, "spec.policy is not JSON"))
	}
	suspended   = func(o *session.Observed) { suspend := true; o.Session.Spec.Suspend = &suspend }
	terminating = func(o *session.Observed) { o.NamespaceTerminating = true }
	noIssuer    = func(o *session.Observed) { o.Issuer = session.Issuer{} }
	notAdmitted = refusedFor(v1alpha1.ReasonNamespaceNotAllowed, "ClusterSessionIssuer aws admits no namespace")
	foreign     = func(o *session.Observed) { o.Secret.Foreign = "owned by a Deployment" }

	issuerNotReady = notReady(v1alpha1.ReasonKeyNotFound, "Secret team-a/keys does not exist")
	ofAnother      = func(o *session.Observed) { o.Issuer = session.Issuer{State: session.IssuerOfAnother} }
	beingVerified  = func(o *session.Observed) { o.Issuer.State = session.IssuerVerifying }
	cannotFederate = func(o *session.Observed) { o.Issuer.Identity.ARN = assumedRoleARN }
	immutable      = func(o *session.Observed) { o.Secret.Immutable = true }

	missing       = func(o *session.Observed) { o.Secret = session.Secret{} }
	emptied       = func(o *session.Observed) { o.Secret.Intact = false }
	edited        = func(o *session.Observed) { askFor(o, func(r *sts.Request) { r.Name = "auditor" }) }
	otherIdentity = func(o *session.Observed) { o.Issuer.Identity.UserID = "AIDAOTHER" }
	outOfSync     = func(o *session.Observed) { o.Secret.InSync = false }
)

// notReady is an issuer that cannot be used.
func notReady(reason, message string) func(*session.Observed) {
	return func(o *session.Observed) {
		o.Issuer.State, o.Issuer.NotReady = session.IssuerNotReady, sts.Problemf(reason, "%s", message)
	}
}

// refusedFor is what the issuer's guardrails may say.
func refusedFor(reason, message string) func(*session.Observed) {
	return func(o *session.Observed) {
		o.Request = session.RefusedRequest(o.Request.Asked(), sts.Problemf(reason, "%s", message))
	}
}

func all(changes ...func(*session.Observed)) func(*session.Observed) {
	return func(o *session.Observed) {
		for _, change := range changes {
			change(o)
		}
	}
}

func TestDecideSecret(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  verdict
	}{
		"credentials that are fresh, intact and asked for are kept until they are due": {nil, noon.Add(time.Hour), keep(due)},
		"an instant before they are due they are still kept":                           {nil, due.Add(-1), keep(due)},
		"at the instant they are due they are issued anew":                             {nil, due, issue(session.CauseDue)},
		"an instant before their expiration they are merely due":                       {nil, midnight.Add(-1), issue(session.CauseDue)},
		"at the instant of their expiration they have expired":                         {nil, midnight, issue(session.CauseExpired)},
		"credentials that expired a week ago are issued anew":                          {nil, midnight.AddDate(0, 0, 7), issue(session.CauseExpired)},

		"a session without a Secret is issued":                        {missing, noon, issue(session.CauseMissing)},
		"a session whose Secret was emptied is issued anew":           {emptied, noon, issue(session.CauseTampered)},
		"a session whose spec asks for something else is issued anew": {edited, noon, issue(session.CauseSpecChanged)},
		"a session whose issuer has another identity is issued anew":  {otherIdentity, noon, issue(session.CauseIssuerChanged)},
		"a Secret that does not say as whom it was issued is issued anew": {
			func(o *session.Observed) { o.Secret.IssuerIdentity = "" }, noon, issue(session.CauseIssuerChanged),
		},
		"an issuer that does not know yet who it is changes nothing": {func(o *session.Observed) { o.Issuer.Identity = sts.Identity{} }, noon, keep(due)},
		"a Secret that does not say when it expires is issued anew": {
			func(o *session.Observed) { o.Secret.Expiration = never }, noon, issue(session.CauseExpired),
		},
		"a session with suspend: false is not suspended": {func(o *session.Observed) { o.Session.Spec.Suspend = new(bool) }, noon, keep(due)},

		"a Secret without the labels asked for gets them":                 {outOfSync, noon, syncMetadata(due)},
		"an immutable Secret can still get labels":                        {all(outOfSync, immutable), noon, syncMetadata(due)},
		"a Secret gets labels while its issuer is not ready":              {all(outOfSync, issuerNotReady), noon, syncMetadata(due)},
		"a Secret that lacks labels and is due is issued anew":            {outOfSync, due, issue(session.CauseDue)},
		"a Secret gets no labels while the session is suspended":          {all(outOfSync, suspended), noon, hold(v1alpha1.ReasonSuspended, midnight)},
		"a Secret that lacks labels but cannot be rotated is left as is":  {all(outOfSync, issuerNotReady), due, hold(v1alpha1.ReasonIssuerNotReady, midnight)},
		"a clock set back by less than the tolerance changes nothing":     {nil, noon.Add(-5 * time.Minute), keep(due)},
		"a clock set back by more has the credentials issued anew":        {nil, noon.Add(-5*time.Minute - 1), issue(session.CauseClockMoved)},
		"a clock set back by an hour has the credentials issued anew":     {nil, noon.Add(-time.Hour), issue(session.CauseClockMoved)},
		"a clock set forward by an hour changes nothing in twelve":        {nil, noon.Add(time.Hour), keep(due)},
		"a clock set forward by an hour ends a session of a quarter hour": {asking(900, 15*time.Minute), noon.Add(time.Hour), issue(session.CauseExpired)},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(c.given), c.now))).To(Equal(c.want))
		})
	}
}

func TestDecideHold(t *testing.T) {
	const (
		notReady = v1alpha1.ReasonIssuerNotReady
		cannot   = v1alpha1.ReasonIssuerCannotFederate
		conflict = v1alpha1.ReasonSecretConflict
	)
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  verdict
	}{
		"a spec that cannot be asked of STS waits for an edit":               {invalid, noon, hold(v1alpha1.ReasonInvalidPolicy, never)},
		"a suspended session is looked at again when its credentials expire": {suspended, noon, hold(v1alpha1.ReasonSuspended, midnight)},
		"a suspended session is looked at an instant before they expire":     {suspended, midnight.Add(-1), hold(v1alpha1.ReasonSuspended, midnight)},
		"a suspended session sleeps once its credentials have expired":       {suspended, midnight, hold(v1alpha1.ReasonSuspended, never)},
		"a suspended session without a Secret gets none":                     {all(suspended, missing), noon, hold(v1alpha1.ReasonSuspended, never)},
		"a suspended session keeps its credentials past their rotation":      {suspended, due, hold(v1alpha1.ReasonSuspended, midnight)},
		"a suspended session that was edited has nothing that could expire":  {all(suspended, edited), noon, hold(v1alpha1.ReasonSuspended, never)},
		"nothing is issued in a namespace that is being deleted":             {all(terminating, missing), noon, hold(v1alpha1.ReasonNamespaceTerminating, never)},
		"credentials outlive their issuer":                                   {noIssuer, noon, hold(v1alpha1.ReasonIssuerNotFound, midnight)},
		"credentials outlive their admission":                                {notAdmitted, noon, hold(v1alpha1.ReasonNamespaceNotAllowed, midnight)},
		"a foreign Secret is looked at every five minutes":                   {foreign, noon, hold(conflict, noon.Add(5*time.Minute))},
		"a foreign Secret is never due":                                      {foreign, midnight, hold(conflict, midnight.Add(5*time.Minute))},

		"an issuer that is not ready does not matter while the credentials are fresh": {issuerNotReady, noon, keep(due)},
		"an issuer that is not ready stops a rotation":                                {issuerNotReady, due, hold(notReady, midnight)},
		"an issuer that is not ready stops a first issue":                             {all(issuerNotReady, missing), noon, hold(notReady, never)},
		"an issuer that is not ready is waited for after expiration, too":             {issuerNotReady, midnight, hold(notReady, never)},
		"an issuer that another installation reports on is looked at within half a minute": {
			all(issuerNotReady, func(o *session.Observed) { o.Issuer.ReportedByAnother = true }), midnight,
			hold(notReady, midnight.Add(session.Stagger(15*time.Second, uid))),
		},
		"an issuer that is being verified stops a rotation": {
			beingVerified, due, hold(notReady, due.Add(session.Stagger(time.Second, uid))),
		},
		"an issuer that cannot federate does not matter while they are fresh": {cannotFederate, noon, keep(due)},
		"an issuer that cannot federate stops a rotation":                     {cannotFederate, due, hold(cannot, midnight)},
		"an issuer that cannot federate stops a first issue":                  {all(cannotFederate, missing), noon, hold(cannot, never)},
		"an immutable Secret does not matter while its credentials are fresh": {immutable, noon, keep(due)},
		"an immutable Secret cannot be rotated":                               {immutable, due, hold(v1alpha1.ReasonSecretImmutable, midnight)},
		"an immutable Secret cannot be healed":                                {all(immutable, emptied), noon, hold(v1alpha1.ReasonSecretImmutable, never)},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(c.given), c.now))).To(Equal(c.want))
		})
	}
}

func TestDecideLeaveAlone(t *testing.T) {
	for sentence, given := range map[string]func(*session.Observed){
		"a session of another installation's issuer is left alone": ofAnother,
		"whatever its Secret is":                                   all(ofAnother, foreign),
		"whatever it asks for":                                     all(ofAnother, invalid),
		"whether it has credentials or has none":                   all(ofAnother, missing),
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(given), midnight))).To(Equal(verdict{Action: session.LeaveAlone}))
		})
	}
}

func TestDecideHoldMessage(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		quiet bool
		want  []string
	}{
		"an invalid spec: what the request lacks":         {invalid, false, []string{"spec.policy is not JSON"}},
		"a suspended session: the field":                  {suspended, false, []string{"spec.suspend"}},
		"a namespace that is being deleted: its name":     {terminating, false, []string{"namespace team-a"}},
		"a missing issuer: its kind and name":             {noIssuer, false, []string{"ClusterSessionIssuer aws", "spec.issuerRef"}},
		"a namespace that is not admitted: the refusal":   {notAdmitted, false, []string{"ClusterSessionIssuer aws admits no namespace"}},
		"a conflict: the Secret, its owner and the field": {foreign, false, []string{"Secret reports", "owned by a Deployment", "spec.secret.name"}},
		"an issuer that is not ready: its name and why":   {issuerNotReady, false, []string{"ClusterSessionIssuer aws", "KeyNotFound"}},
		"an issuer that waits for an edit: that it does": {
			notReady(v1alpha1.ReasonRuleInvalid, "spec.guardrails.rules[0]"), false, []string{"waits for an edit", "RuleInvalid", "rules[0]"},
		},
		"an issuer that is being verified: only its name": {beingVerified, true, []string{"ClusterSessionIssuer aws is being verified"}},
		"an issuer that cannot federate: what it needs":   {cannotFederate, false, []string{"ClusterSessionIssuer aws", "spec.accessKey"}},
		"an immutable Secret: its name, where one is given": {
			all(immutable, func(o *session.Observed) { o.Session.Spec.Secret.Name = "keys" }), false, []string{"Secret keys", "delete it"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			d := session.Decide(healthy(c.given), due)

			g.Expect(d.Problem).NotTo(BeNil())
			g.Expect(d.Problem.Quiet).To(Equal(c.quiet), "only what a moment of waiting mends is kept quiet")
			for _, want := range c.want {
				g.Expect(d.Problem.Message).To(ContainSubstring(want))
			}
			later := session.Decide(healthy(c.given), due.Add(time.Minute))
			g.Expect(later.Problem).To(Equal(d.Problem), "the same problem always reads the same")
		})
	}
}
