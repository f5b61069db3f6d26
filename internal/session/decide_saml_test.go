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

// What assertion there may be.
var (
	usedAssertion       = func(o *session.Observed) { o.Assertion.Digest = o.Secret.AssertionDigest }
	endlessAssertion    = func(o *session.Observed) { o.Assertion = sts.Assertion{Digest: "second"} }
	unreadableAssertion = func(o *session.Observed) {
		o.Assertion = sts.Assertion{Problem: sts.Problemf(v1alpha1.ReasonAssertionInvalid, "Secret corporate, key response is not base64")}
	}
	noAssertion = func(o *session.Observed) {
		o.Assertion = sts.Assertion{Problem: sts.Problemf(v1alpha1.ReasonAssertionNotFound, "Secret corporate does not exist")}
	}
)

// expiringAssertion is a new assertion that is valid until the end.
func expiringAssertion(end time.Time) func(*session.Observed) {
	return func(o *session.Observed) { o.Assertion = sts.Assertion{Digest: "second", NotOnOrAfter: end} }
}

func TestDecideAssertion(t *testing.T) {
	const (
		used    = v1alpha1.ReasonAssertionUsed
		expired = v1alpha1.ReasonAssertionExpired
		bad     = v1alpha1.ReasonAssertionInvalid
	)
	hour := noon.Add(time.Hour)
	fresh := expiringAssertion(hour.Add(5 * time.Minute))
	in := func(t time.Time) time.Time { return t.Add(time.Minute) }
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  verdict
	}{
		"a healthy session is looked at every minute":                     {nil, hour, keep(in(hour))},
		"a healthy session is looked at when due, if that is sooner":      {nil, due.Add(-30 * time.Second), keep(due)},
		"a healthy session is looked at when due, if that is in a minute": {nil, due.Add(-time.Minute), keep(due)},
		"a session that lacks labels is looked at every minute, too":      {outOfSync, hour, syncMetadata(in(hour))},
		"a new assertion is used at once":                                 {fresh, hour, issue(session.CauseNewAssertion)},
		"a new assertion that does not say when it ends is, too":          {endlessAssertion, hour, issue(session.CauseNewAssertion)},
		"a new assertion is used until the instant before its end":        {expiringAssertion(hour), hour.Add(-1), issue(session.CauseNewAssertion)},
		"a new assertion that comes too late does not matter":             {expiringAssertion(hour), hour, keep(in(hour))},
		"a new assertion that cannot be read does not matter":             {unreadableAssertion, hour, keep(in(hour))},
		"an assertion that is gone does not matter":                       {noAssertion, hour, keep(in(hour))},
		"a new assertion is used before labels are added":                 {all(outOfSync, fresh), hour, issue(session.CauseNewAssertion)},
		"labels are added while a new assertion cannot be read":           {all(outOfSync, unreadableAssertion), hour, syncMetadata(in(hour))},
		"a new assertion waits for the issuer":                            {all(fresh, issuerNotReady), hour, hold(v1alpha1.ReasonIssuerNotReady, midnight)},
		"a new assertion is of no use in an immutable Secret":             {all(fresh, immutable), hour, hold(v1alpha1.ReasonSecretImmutable, midnight)},
		"a new assertion is not used while the session is suspended":      {all(fresh, suspended), hour, hold(v1alpha1.ReasonSuspended, midnight)},
		"a new assertion needs no identity of the issuer":                 {all(fresh, noIdentity), hour, issue(session.CauseNewAssertion)},
		"a clock set back is the cause rather than the new assertion":     {fresh, noon.Add(-time.Hour), issue(session.CauseClockMoved)},

		"a rotation with a new assertion is one":                             {expiringAssertion(midnight), due, issue(session.CauseDue)},
		"a rotation waits for an assertion, which it looks for every minute": {nil, due, hold(used, in(due))},
		"a rotation looks when the credentials expire, if that is sooner":    {nil, midnight.Add(-30 * time.Second), hold(used, midnight)},
		"a rotation goes on looking when they have expired":                  {nil, midnight, hold(used, in(midnight))},
		"a rotation waits while the new assertion has expired":               {expiringAssertion(due), due, hold(expired, in(due))},
		"a rotation uses an assertion the instant before its end":            {expiringAssertion(due), due.Add(-1), issue(session.CauseNewAssertion)},
		"a rotation waits while the new assertion cannot be read":            {unreadableAssertion, due, hold(bad, in(due))},
		"a rotation waits while the assertion is gone":                       {noAssertion, due, hold(v1alpha1.ReasonAssertionNotFound, in(due))},

		"a first issue takes the assertion":                                   {all(missing, endlessAssertion), noon, issue(session.CauseMissing)},
		"a first issue waits for one":                                         {all(missing, noAssertion), noon, hold(v1alpha1.ReasonAssertionNotFound, in(noon))},
		"a first issue waits for one that has not expired":                    {all(missing, expiringAssertion(noon)), noon, hold(expired, in(noon))},
		"once the Secret is gone, only STS knows that its assertion was used": {missing, noon, issue(session.CauseMissing)},
		"once the Secret is gone, an expired assertion is not presented":      {missing, hour, hold(expired, in(hour))},
		"a Secret that was emptied waits, since its assertion is known":       {emptied, hour, hold(used, in(hour))},
		"a Secret that was emptied is healed with another assertion":          {all(emptied, fresh), hour, issue(session.CauseTampered)},
		"a Secret that does not record its assertion is issued anew": {
			all(emptied, func(o *session.Observed) { o.Secret.AssertionDigest = "" }), noon, issue(session.CauseTampered),
		},
		"a spec that was edited waits for another assertion": {
			func(o *session.Observed) { askFor(o, func(r *sts.Request) { r.DurationSeconds = 900 }) }, hour, hold(used, in(hour)),
		},
		"an edited spec is issued with a new assertion": {
			all(fresh, func(o *session.Observed) { askFor(o, func(r *sts.Request) { r.DurationSeconds = 900 }) }), hour,
			issue(session.CauseSpecChanged),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := healthy(of(sts.OperationAssumeRoleWithSAML), c.given)
			NewWithT(t).Expect(verdictOf(session.Decide(o, c.now))).To(Equal(c.want))
		})
	}
}

func TestDecideFailedAssertion(t *testing.T) {
	const rejected = v1alpha1.ReasonIdentityRejected
	hour := noon.Add(time.Hour)
	failed := all(expiringAssertion(hour.Add(10*time.Minute)), failedOnce(rejected, hour))
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  verdict // but for when
	}{
		"is not presented again at once":        {failed, hour.Add(time.Minute), hold(rejected, never)},
		"is presented again after the back-off": {failed, hour.Add(6 * time.Minute), issue(session.CauseNewAssertion)},
		"is no matter once it has expired":      {failed, hour.Add(10 * time.Minute), keep(never)},
		"is no matter once it is gone":          {all(failed, noAssertion), hour.Add(time.Minute), keep(never)},
		"gives way to another, which is tried at once": {
			all(failed, func(o *session.Observed) { o.Assertion.Digest = "third" }), hour, issue(session.CauseNewAssertion),
		},
		"is reported as expired when one is needed":      {all(failed, expiringAssertion(due)), due, hold(v1alpha1.ReasonAssertionExpired, never)},
		"is reported as failed when one is needed again": {all(expiringAssertion(midnight), failedOnce(rejected, due)), due, hold(rejected, never)},
	} {
		t.Run(sentence, func(t *testing.T) {
			v := verdictOf(session.Decide(healthy(of(sts.OperationAssumeRoleWithSAML), c.given), c.now))
			v.RetryAt = never
			NewWithT(t).Expect(v).To(Equal(c.want))
		})
	}
}

func TestDecideIgnoresAssertion(t *testing.T) {
	for operation := range choose {
		if operation == sts.OperationAssumeRoleWithSAML {
			continue
		}
		for sentence, assertion := range map[string]func(*session.Observed){
			"a new one": endlessAssertion, "an expired one": expiringAssertion(noon), "an unreadable one": unreadableAssertion,
			"one of an earlier operation": func(o *session.Observed) { o.Secret.AssertionDigest = "first" },
		} {
			t.Run(operation+" and "+sentence, func(t *testing.T) {
				g := NewWithT(t)
				o := healthy(of(operation), assertion)
				g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(keep(due)), "which no minute brings forward")
				g.Expect(verdictOf(session.Decide(o, due))).To(Equal(issue(session.CauseDue)))
			})
		}
	}
}

func TestIsUsableIgnoresAssertion(t *testing.T) {
	for sentence, assertion := range map[string]func(*session.Observed){
		"used": usedAssertion, "new": endlessAssertion, "expired": expiringAssertion(noon), "unreadable": unreadableAssertion, "gone": noAssertion,
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(of(sts.OperationAssumeRoleWithSAML), assertion)
			g.Expect(session.IsUsable(o, midnight.Add(-1))).To(BeTrue())
			g.Expect(session.IsUsable(o, midnight)).To(BeFalse())
			g.Expect(session.HasExpired(o, midnight)).To(BeTrue())
		})
	}
}

func TestDecideAssertionMessage(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  string
	}{
		"a used one":      {nil, "the assertion in Secret corporate has been used for the published credentials: put a new one there"},
		"an expired one":  {expiringAssertion(noon), "the assertion in Secret corporate has expired: put a new one there"},
		"an invalid one":  {unreadableAssertion, "Secret corporate, key response is not base64"},
		"one that is not": {noAssertion, "Secret corporate does not exist"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(of(sts.OperationAssumeRoleWithSAML), c.given)
			d := session.Decide(o, due)
			g.Expect(d.Problem.Message).To(Equal(c.want))
			g.Expect(d.Problem.Outcome()).To(Equal(sts.Wait))
			g.Expect(d.Problem.Quiet).To(BeFalse())
			g.Expect(session.Decide(o, due.Add(time.Hour)).Problem).To(Equal(d.Problem), "the same problem always reads the same")
		})
	}
}
