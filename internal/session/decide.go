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

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Action is what to do about a session now.
type Action int

const (
	// Keep: what is published is right; look again at RetryAt.
	Keep Action = iota
	// Dress: the credentials stay, but the Secret's labels or annotations are not what the spec asks for.
	Dress
	// Issue: call STS and publish.
	Issue
	// Hold: issuing is due but cannot or must not happen; Problem says why.
	Hold
)

// Why credentials are issued: the cause of an Issue decision, for logs, events and metrics.
const (
	CauseMissing       = "SecretMissing"
	CauseTampered      = "SecretTampered"
	CauseSpecChanged   = "SpecChanged"
	CauseIssuerChanged = "IssuerChanged"
	CauseNewAssertion  = "NewAssertion"
	CauseClockMoved    = "ClockMovedBack"
	CauseExpired       = "Expired"
	CauseDue           = "RenewalDue"
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
	standing := []check{specIsValid, isNotSuspended, namespaceIsActive, issuerExists, issuerAdmits, secretIsOurs}
	// What permits the STS call that a changed, missing or ageing Secret calls for.
	permitting := []check{
		issuerIsReady, issuerHasIdentity, issuerCanFederate, durationFitsChaining, audienceIsForAWS,
		secretIsMutable, assertionIsFresh, lastFailureIsPast,
	}

	if d := first(standing, o, now); d != nil {
		d.RetryAt = UntilExpiry(o, d.RetryAt, now)
		return *d
	}
	if d := first(append(contentChecks(isNotDue), assertionIsNotNew), o, now); d != nil {
		if stop := first(permitting, o, now); stop != nil {
			stop.RetryAt = UntilExpiry(o, stop.RetryAt, now)
			return *stop
		}
		return *d
	}
	if !o.Secret.Dressed {
		return Decision{Action: Dress, RetryAt: NextLook(o, now)}
	}
	return Decision{Action: Keep, RetryAt: NextLook(o, now)}
}

// NextLook is when a session in order is looked at again.
func NextLook(o Observed, now time.Time) time.Time { return untilPoll(o, o.RenewAt(), now) }

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
	return o.RequestProblem == nil && secretIsOurs(o, now) == nil && first(contentChecks(isNotExpired), o, now) == nil
}

// HasExpired says whether the Secret holds credentials of this session that have expired.
func HasExpired(o Observed, now time.Time) bool {
	return o.Secret.Exists && o.Secret.Foreign == "" && !o.Secret.Expiration.IsZero() && isNotExpired(o, now) != nil
}

// contentChecks are the checks on what the Secret holds; "due for renewal?" and "expired?" differ in the last one only.
func contentChecks(last check) []check {
	return []check{secretExists, secretIsIntact, requestIsUnchanged, issuerIsUnchanged, last}
}

func first(checks []check, o Observed, now time.Time) *Decision {
	for _, c := range checks {
		if d := c(o, now); d != nil {
			return d
		}
	}
	return nil
}

func specIsValid(o Observed, _ time.Time) *Decision {
	if o.RequestProblem == nil {
		return nil
	}
	return &Decision{Action: Hold, Problem: o.RequestProblem}
}

func isNotSuspended(o Observed, _ time.Time) *Decision {
	if o.Session.Spec.Suspend == nil || !*o.Session.Spec.Suspend {
		return nil
	}
	return hold(v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is issued or renewed; set it to false to resume")
}

func namespaceIsActive(o Observed, _ time.Time) *Decision {
	if !o.NamespaceTerminating {
		return nil
	}
	return hold(v1alpha1.ReasonNamespaceTerminating, "namespace %s is being deleted: nothing new is issued in it", o.Session.Namespace)
}

func issuerExists(o Observed, _ time.Time) *Decision {
	if o.Issuer.Found {
		return nil
	}
	if o.Session.Spec.IssuerRef.Kind == v1alpha1.SessionIssuerKind {
		return hold(v1alpha1.ReasonIssuerNotFound, "%s does not exist in namespace %s: create it there, correct spec.issuerRef, or use a ClusterSessionIssuer, which can serve several namespaces", o.ref(), o.Session.Namespace)
	}
	return hold(v1alpha1.ReasonIssuerNotFound, "%s does not exist: create it or correct spec.issuerRef", o.ref())
}

func issuerAdmits(o Observed, _ time.Time) *Decision {
	if o.Issuer.Refusal == nil {
		return nil
	}
	return &Decision{Action: Hold, Problem: o.Issuer.Refusal}
}

func secretIsOurs(o Observed, now time.Time) *Decision {
	if o.Secret.Foreign == "" {
		return nil
	}
	d := hold(v1alpha1.ReasonSecretConflict, "Secret %s is %s and is left untouched: choose another spec.secret.name, or delete it if nothing needs it", o.Session.TargetSecretName(), o.Secret.Foreign)
	// The cache does not hold other types of Secret, so no watch tells when this one goes.
	d.RetryAt = now.Add(slowRetry)
	return d
}

func secretExists(o Observed, _ time.Time) *Decision {
	if o.Secret.Exists {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseMissing}
}

func secretIsIntact(o Observed, _ time.Time) *Decision {
	if o.Secret.Intact {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseTampered}
}

// requestIsUnchanged compares what was issued with what is to be sent or, while the issuer's guardrails do not let that be
// told, with what the spec asks for: credentials do not become another request's because the issuer refuses the next.
func requestIsUnchanged(o Observed, _ time.Time) *Decision {
	if o.Secret.RequestHash == o.Request.Hash() || !o.Admitted && o.Secret.AskedHash == o.Asked.Hash() {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseSpecChanged}
}

// issuerIsUnchanged asks who the issuer is, not which object: a replaced key of the same IAM user changes nothing. An
// identity that is not known yet is no change.
func issuerIsUnchanged(o Observed, _ time.Time) *Decision {
	if identity := o.Identity(); identity == "" || o.Secret.Identity == identity {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseIssuerChanged}
}

// clockTolerance is how far apart the clocks of two replicas may be.
const clockTolerance = 5 * time.Minute

func isNotExpired(o Observed, now time.Time) *Decision {
	if now.Before(o.Secret.Expiration) {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseExpired}
}

func isNotDue(o Observed, now time.Time) *Decision {
	if d := isNotExpired(o, now); d != nil {
		return d
	}
	// A clock that was set back would let the renewal come too late.
	if o.Secret.IssuedAt.After(now.Add(clockTolerance)) {
		return &Decision{Action: Issue, Cause: CauseClockMoved}
	}
	if now.Before(o.RenewAt()) {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseDue}
}

func issuerIsReady(o Observed, _ time.Time) *Decision {
	if o.Issuer.Ready {
		return nil
	}
	if o.Issuer.NotReady == "" {
		d := hold(v1alpha1.ReasonIssuerNotReady, "%s is being verified", o.ref())
		d.Problem.Quiet = true
		return d
	}
	return hold(v1alpha1.ReasonIssuerNotReady, "%s is not ready: %s", o.ref(), o.Issuer.NotReady)
}

func issuerHasIdentity(o Observed, _ time.Time) *Decision {
	if o.Issuer.HasIdentity || o.Request.IsUnsigned() {
		return nil
	}
	return hold(v1alpha1.ReasonIssuerHasNoIdentity, "%s has no identity, which %s needs: give the issuer one (spec.accessKey or spec.ambient), or use assumeRoleWithWebIdentity or assumeRoleWithSAML", o.ref(), o.Request.Operation)
}

func issuerCanFederate(o Observed, _ time.Time) *Decision {
	if o.Issuer.CanFederate || !o.Request.NeedsLongTermKey() {
		return nil
	}
	return hold(v1alpha1.ReasonIssuerCannotFederate, "%s is a role or a temporary session, which AWS does not let call %s: give the issuer an IAM user's long-term key (spec.accessKey), or use assumeRole", o.ref(), o.Request.Operation)
}

// longestChained is the most that AWS grants a role which assumes another.
const longestChained = time.Hour

// durationFitsChaining refuses what STS would, with a code that says nothing of the cure.
func durationFitsChaining(o Observed, _ time.Time) *Decision {
	if o.Request.Operation != sts.OperationAssumeRole || o.Issuer.CanFederate || o.Request.Duration() <= longestChained {
		return nil
	}
	return hold(v1alpha1.ReasonRoleChainingLimit, "%s is a role itself, and AWS limits role chaining to 3600 seconds: set spec.durationSeconds to at most 3600, or give the issuer an IAM user's key (spec.accessKey)", o.ref())
}

// audienceIsForAWS keeps tokens that something else than AWS accepts from an endpoint that a namespace has chosen: whoever
// may write both there would be given the ServiceAccounts' access to, say, a secrets store.
func audienceIsForAWS(o Observed, _ time.Time) *Decision {
	if o.Request.Audience == "" || o.Request.Audience == sts.DefaultAudience || !o.Issuer.OwnEndpoint {
		return nil
	}
	return hold(v1alpha1.ReasonAudienceNotAllowed, "%s calls an endpoint of its own (spec.endpoint), which is given tokens for %s only: leave assumeRoleWithWebIdentity.audience out, or use an issuer that an administrator has made (ClusterSessionIssuer)", o.ref(), sts.DefaultAudience)
}

func secretIsMutable(o Observed, _ time.Time) *Decision {
	if !o.Secret.Immutable {
		return nil
	}
	return hold(v1alpha1.ReasonSecretImmutable, "Secret %s was made immutable, so it cannot be renewed: delete it and it is created anew", o.Session.TargetSecretName())
}

func hold(reason, format string, args ...any) *Decision {
	return &Decision{Action: Hold, Problem: sts.Problemf(reason, format, args...)}
}
