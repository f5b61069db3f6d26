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

package sts

import (
	"fmt"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// Outcome says what kind of cure a problem has.
type Outcome int

const (
	// Retry: trying again may do, so the session backs off and tries.
	Retry Outcome = iota
	// Wait: something outside this object must change first. Some of that is seen by a watch; for the rest, such as IAM,
	// a slow retry looks again.
	Wait
	// Refuse: an edit of this object, or of its issuer's guardrails, is the cure.
	Refuse
)

// outcomes holds the outcome of each reason that is not Retry: one reason, one cure.
var outcomes = map[string]Outcome{
	v1alpha1.ReasonInvalidSpec:    Refuse,
	v1alpha1.ReasonInvalidPolicy:  Refuse,
	v1alpha1.ReasonPolicyTooLarge: Refuse,
	v1alpha1.ReasonRequestRefused: Refuse,

	v1alpha1.ReasonNamespaceNotAllowed:    Refuse,
	v1alpha1.ReasonRoleChainingLimit:      Refuse,
	v1alpha1.ReasonAudienceNotAllowed:     Refuse,
	v1alpha1.ReasonRuleViolated:           Refuse,
	v1alpha1.ReasonForcedTagConflict:      Refuse,
	v1alpha1.ReasonSourceIdentityConflict: Refuse,

	v1alpha1.ReasonSuspended:            Wait,
	v1alpha1.ReasonIssuerNotFound:       Wait,
	v1alpha1.ReasonIssuerNotReady:       Wait,
	v1alpha1.ReasonIssuerCannotFederate: Wait,
	v1alpha1.ReasonNamespaceTerminating: Wait,
	v1alpha1.ReasonSecretConflict:       Wait,
	v1alpha1.ReasonSecretImmutable:      Wait,
	v1alpha1.ReasonBudgetExhausted:      Wait,
	v1alpha1.ReasonAccessDenied:         Wait,
	v1alpha1.ReasonRegionDisabled:       Wait,

	v1alpha1.ReasonIssuerHasNoIdentity:    Wait,
	v1alpha1.ReasonServiceAccountNotFound: Wait,
	v1alpha1.ReasonTokenRequestForbidden:  Wait,
	v1alpha1.ReasonIdentityRejected:       Wait,
	v1alpha1.ReasonAssertionNotFound:      Wait,
	v1alpha1.ReasonAssertionInvalid:       Wait,
	v1alpha1.ReasonAssertionExpired:       Wait,
	v1alpha1.ReasonAssertionUsed:          Wait,
	v1alpha1.ReasonWaitingForMFACode:      Wait,
	v1alpha1.ReasonVerificationFailed:     Wait,
}

// OutcomeOf a reason: Retry unless the reason is known to need a wait or an edit.
func OutcomeOf(reason string) Outcome { return outcomes[reason] }

// Problem is why a session cannot be issued now. It is a finding, not an error: nil means that there is none.
type Problem struct {
	// Reason is one of the reasons of package v1alpha1.
	Reason string
	// Message is one sentence that names what to change. It holds no time, no request id and nothing random: the same
	// problem always reads the same.
	Message string
	// RetryAfter is when to look again, for a problem that was no failed try; 0 leaves it to the back-off.
	RetryAfter time.Duration
	// Quiet: not worth a word while the published credentials work, since waiting a moment is all it takes.
	Quiet bool
}

// longestMessage in characters: what others write into a message must not make the status too large to be stored.
const longestMessage = 1024

// Problemf is a problem with a formatted message, cut to 1024 characters.
func Problemf(reason, format string, args ...any) *Problem {
	message := fmt.Sprintf(format, args...)
	if runes := []rune(message); len(runes) > longestMessage {
		message = string(runes[:longestMessage-1]) + "…"
	}
	return &Problem{Reason: reason, Message: message}
}

// Outcome is what kind of cure the problem has.
func (p *Problem) Outcome() Outcome { return OutcomeOf(p.Reason) }
