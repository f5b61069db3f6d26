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
	"errors"
	"fmt"
	"time"
)

// Problem is why a session cannot be issued, or an issuer not used, now. It is an error that carries its outcome, so that a
// function which can also fail for another reason returns both in one place. Where nothing but a problem can come back, nil
// means that there is none.
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

// Error implements error.
func (p *Problem) Error() string { return p.Reason + ": " + p.Message }

// Split separates a problem from any other error: at most one of the results is not nil.
func Split(err error) (*Problem, error) {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem, nil
	}
	return nil, err
}

// Outcome is what kind of cure the problem has.
func (p *Problem) Outcome() Outcome { return OutcomeOf(p.Reason) }

// IsTransient says whether the problem leaves a confirmed identity confirmed.
func (p *Problem) IsTransient() bool { return reasons[p.Reason].transient }

// SuspectsIssuer says whether the issuer should be verified again.
func (p *Problem) SuspectsIssuer() bool { return reasons[p.Reason].suspectsIssuer }

// StallsIssuer says whether an issuer that has the problem waits for an edit, its own or of a Secret that it names.
func (p *Problem) StallsIssuer() bool { return reasons[p.Reason].stallsIssuer }

// MayPass says whether AWS also says so of what was created seconds ago, so that trying again soon may do.
func (p *Problem) MayPass() bool { return reasons[p.Reason].mayPass }

// AwaitsTurn says whether others are before the session.
func (p *Problem) AwaitsTurn() bool { return reasons[p.Reason].awaitsTurn }

// ConcernsIssuer says whether every session of the issuer would fail for the problem of a request.
func (p *Problem) ConcernsIssuer(r Request) bool {
	traits := reasons[p.Reason]
	switch {
	case r.IsUnsigned():
		return traits.issuerWide && traits.unsignedToo
	case r.IsOfRole() && traits.ofAccount:
		return false
	}
	return traits.issuerWide
}
