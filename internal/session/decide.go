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

package session

import (
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// Action is what to do about a session now.
type Action int

const (
	// Keep: what is published is right; look again at RetryAt.
	Keep Action = iota
	// SyncMetadata: the credentials stay, but the Secret's labels or annotations are not what the spec asks for.
	SyncMetadata
	// Issue: call STS and publish.
	Issue
	// Hold: issuing is due but cannot or must not happen; Problem says why.
	Hold
	// LeaveAlone: another installation serves the session; nothing is done or reported.
	LeaveAlone
	// LookAgain: the session that was read is an old one, so nothing is done or reported until it is read again.
	LookAgain
)

// Why credentials are issued: the cause of an Issue decision, for logs, events and metrics.
const (
	CauseMissing       = "SecretMissing"
	CauseRestored      = "SecretRestored"
	CauseTampered      = "SecretTampered"
	CauseSpecChanged   = "SpecChanged"
	CauseRequested     = "RotationRequested"
	CauseIssuerChanged = "IssuerChanged"
	CauseNewAssertion  = "NewAssertion"
	CauseClockMoved    = "ClockMovedBack"
	CauseExpired       = "Expired"
	CauseDue           = "RotationDue"
)

// Decision is what to do about a session, and why.
type Decision struct {
	Action Action
	// Cause of an Issue.
	Cause string
	// Problem behind a Hold.
	Problem *sts.Problem
	// RetryAt is when to decide again; zero to wait for a change.
	RetryAt time.Time
}

// check is one named condition. It returns nil where it is met.
type check func(o Observed, now time.Time) *Decision

// Decide says what to do about a session. The first check that is not met decides; the order is the specification.
func Decide(o Observed, now time.Time) Decision {
	// What stops a session whatever its Secret holds.
	standing := []check{issuerIsOurs, sessionIsCurrent, specIsValid, isNotSuspended, namespaceIsActive, issuerExists, issuerAdmits, secretIsOurs}
	// Checks that must pass before calling STS.
	beforeIssue := []check{
		issuerIsReady, issuerHasIdentity, issuerCanFederate, durationFitsChaining, partitionIsRight, roleHasAccount, verifyIsPossible,
		audienceIsForAWS, secretIsMutable, assertionIsFresh, lastFailureIsPast,
	}

	if d := first(standing, o, now); d != nil {
		d.RetryAt = UntilExpiry(o, d.RetryAt, now)
		return *d
	}
	if d := first(append(contentChecks(isNotDue), assertionIsNotNew), o, now); d != nil {
		if stop := first(beforeIssue, o, now); stop != nil {
			stop.RetryAt = UntilExpiry(o, stop.RetryAt, now)
			return *stop
		}
		if stop := reissueIsPaced(o, d.Cause, now); stop != nil {
			return *stop
		}
		return *d
	}
	if !o.Secret.InSync {
		return Decision{Action: SyncMetadata, RetryAt: NextLook(o, now)}
	}
	return Decision{Action: Keep, RetryAt: NextLook(o, now)}
}

// NextLook is when a session in order is looked at again.
func NextLook(o Observed, now time.Time) time.Time { return untilPoll(o, o.RotateAt(), now) }

// UntilExpiry is when to look again at a session that cannot be issued: at retryAt (zero for never), but when its
// published credentials expire at the latest, to say so.
func UntilExpiry(o Observed, retryAt, now time.Time) time.Time {
	if IsUsable(o, now) && (retryAt.IsZero() || retryAt.After(o.Secret.Expiration)) {
		return o.Secret.Expiration
	}
	return retryAt
}

// IsUsable says whether the Secret holds unexpired credentials issued for this spec: the meaning of Ready.
func IsUsable(o Observed, now time.Time) bool {
	return o.Request.invalid == nil && secretIsOurs(o, now) == nil && first(contentChecks(isNotExpired), o, now) == nil
}

// HasExpired says whether the Secret holds credentials of this session that have expired.
func HasExpired(o Observed, now time.Time) bool {
	return o.Secret.Exists && o.Secret.Foreign == "" && !o.Secret.Expiration.IsZero() && isNotExpired(o, now) != nil
}

// contentChecks are the checks on what the Secret holds; "due for rotation?" and "expired?" differ in the last one only.
func contentChecks(last check) []check {
	return []check{secretExists, secretIsControlled, secretIsIntact, requestIsUnchanged, issuerIsUnchanged, claimIsPossible, last}
}

func first(checks []check, o Observed, now time.Time) *Decision {
	for _, c := range checks {
		if d := c(o, now); d != nil {
			return d
		}
	}
	return nil
}

func hold(problem *sts.Problem) *Decision { return &Decision{Action: Hold, Problem: problem} }

func issue(cause string) *Decision { return &Decision{Action: Issue, Cause: cause} }

func specIsValid(o Observed, _ time.Time) *Decision {
	if o.Request.invalid == nil {
		return nil
	}
	return hold(o.Request.invalid)
}

func isNotSuspended(o Observed, _ time.Time) *Decision {
	if o.Session.Spec.Suspend == nil || !*o.Session.Spec.Suspend {
		return nil
	}
	return hold(suspended())
}

func namespaceIsActive(o Observed, _ time.Time) *Decision {
	if !o.NamespaceTerminating {
		return nil
	}
	return hold(NamespaceTerminating(o.Session.Namespace))
}

func issuerAdmits(o Observed, _ time.Time) *Decision {
	if o.Request.refusal == nil {
		return nil
	}
	return hold(o.Request.refusal)
}

func secretExists(o Observed, _ time.Time) *Decision {
	if o.Secret.Exists {
		return nil
	}
	return issue(CauseMissing)
}

// requestIsUnchanged compares what was issued with what is to be sent or, while guardrails have not admitted that, with what
// the spec asks for: credentials do not become another request's because the issuer refuses the next.
func requestIsUnchanged(o Observed, _ time.Time) *Decision {
	request := o.Request.ToSend()
	if o.answers(request) {
		return nil
	}
	if request.RotateRequestedAt = o.Secret.RotateRequestedAt; o.answers(request) {
		return issue(CauseRequested)
	}
	return issue(CauseSpecChanged)
}

// answers says whether the Secret was issued for a request: that which is to be sent or, unless guardrails have admitted it,
// what the spec asks for.
func (o Observed) answers(request sts.Request) bool {
	hash := request.Hash()
	return o.Secret.RequestHash == hash || !o.Request.isAdmitted && o.Secret.SpecRequestHash == hash
}

// issuerIsUnchanged asks who the issuer is, not which object: a replaced key of the same IAM user changes nothing. An
// identity that is not known yet is no change.
func issuerIsUnchanged(o Observed, _ time.Time) *Decision {
	if identity := o.IssuerIdentity(); identity == "" || o.Secret.IssuerIdentity == identity {
		return nil
	}
	return issue(CauseIssuerChanged)
}

// clockTolerance is how far apart the clocks of two replicas may be.
const clockTolerance = 5 * time.Minute

func isNotExpired(o Observed, now time.Time) *Decision {
	if now.Before(o.Secret.Expiration) {
		return nil
	}
	return issue(CauseExpired)
}

func isNotDue(o Observed, now time.Time) *Decision {
	if d := isNotExpired(o, now); d != nil {
		return d
	}
	// A clock that was set back would let the rotation come too late.
	if o.Secret.IssuedAt.After(now.Add(clockTolerance)) {
		return issue(CauseClockMoved)
	}
	if now.Before(o.RotateAt()) {
		return nil
	}
	return issue(CauseDue)
}

// longestChained is the most that AWS grants a role which assumes another.
const longestChained = time.Hour

// durationFitsChaining refuses what STS would, with a code that says nothing of the cure.
func durationFitsChaining(o Observed, _ time.Time) *Decision {
	request := o.Request.ToSend()
	if request.Operation != sts.OperationAssumeRole || o.Issuer.Compatible || o.Issuer.Identity.CanFederate() || request.Duration() <= longestChained {
		return nil
	}
	return hold(roleChainingLimit(o))
}

// audienceIsForAWS keeps tokens that something else than AWS accepts from an endpoint that a namespace has chosen: whoever
// may write both there would be given the ServiceAccounts' access to, say, a secrets store.
func audienceIsForAWS(o Observed, _ time.Time) *Decision {
	audience := o.Request.ToSend().Audience
	if audience == "" || audience == sts.DefaultAudience || !o.Issuer.OwnEndpoint {
		return nil
	}
	return hold(audienceNotAllowed(o))
}

func secretIsMutable(o Observed, _ time.Time) *Decision {
	if !o.Secret.Immutable {
		return nil
	}
	return hold(secretImmutable(o))
}
