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

// Package scheduler decides who may call STS now, who waits, and whose turn is next. It is pure: time comes in as a value, it
// calls nobody and starts nothing.
//
// A claim is the wish for one call. Claims wait in lanes, one for each issuer and kind of call, in which what stops one claim
// stops all: the issuer's budget, STS not serving it, its MFA device, calls that are under way, or a Kubernetes API that takes
// no writes. When a lane is free, the namespace that has had least goes first, and within a namespace the session whose
// credentials expire first. A turn is given for a moment: whoever does not come for it loses it to the next.
package scheduler

import (
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// IssuerID identifies an issuer. Namespace is empty for a ClusterSessionIssuer.
type IssuerID struct {
	Kind            v1alpha1.IssuerKind
	Namespace, Name string
}

// Waiter is an object that waits for a turn, and is to be reconciled when it comes.
type Waiter struct {
	Kind            string
	Namespace, Name string
}

// Limits of an issuer.
type Limits struct {
	// RequestsPerSecond is at least 1.
	RequestsPerSecond int
	// OwnEndpoint: its namespace has chosen whom it calls, which may be somebody who never answers.
	OwnEndpoint bool
	// MFASerialNumber is that of its MFA device; empty for none.
	MFASerialNumber string
}

// Call is a kind of call.
type Call int

const (
	// Signed as the issuer.
	Signed Call = iota
	// Unsigned: what STS thinks of the issuer's key does not concern it.
	Unsigned
	// SignedWithCode presents a code of the issuer's MFA device, too.
	SignedWithCode
	// Verification of the issuer itself. It is how an issuer finds out whether STS serves it, so nothing but the calls under
	// way keeps it waiting.
	Verification

	callKinds = iota
)

// Claim is the wish for one call.
type Claim struct {
	Waiter Waiter
	Issuer IssuerID
	Limits Limits
	Call   Call
	// Expiration of the credentials that are to be replaced, as SDKs read it; zero if there are none.
	Expiration time.Time
	// HasFailed: the latest try failed. Of those that have no credentials it comes after those that have not tried.
	HasFailed bool
}

// failedLast: a session that has no credentials and keeps failing counts as one whose credentials last so long. It must not
// go before everybody's rotations.
const failedLast = time.Hour

// deadline is when the claim should have been served.
func (c Claim) deadline(now time.Time) time.Time {
	switch {
	case !c.Expiration.IsZero():
		return c.Expiration
	case c.HasFailed:
		return now.Add(failedLast)
	}
	return now
}

// Turn is leave for one call. It ends with Done or Withdraw.
type Turn struct {
	claim Claim
	lane  *lane
	// givenAt: if it is not taken within a moment, it is withdrawn.
	givenAt time.Time
	isEnded bool
	// expected is how long the call was expected to take, as its namespace was charged for it.
	expected time.Duration
	// isProbe: it finds out whether STS serves the issuer again; triesWrites: whether the Kubernetes API takes Secrets again.
	isProbe, triesWrites bool
	// window of the MFA code that is this call's, zero without, and the latest one before.
	window, usedBefore time.Time
}

// TriesWrites says that writes have failed, and this turn finds out whether they succeed again. Try one before the call.
func (t *Turn) TriesWrites() bool { return t.triesWrites }

// Window of the MFA code that is the call's; zero without.
func (t *Turn) Window() time.Time { return t.window }

// Obstacle is what a claim waits for.
type Obstacle int

const (
	// IssuerTrouble: STS does not serve the issuer, as Wait.Problem says.
	IssuerTrouble Obstacle = iota
	// WritesFail: the Kubernetes API takes no Secrets, so that credentials would be lost.
	WritesFail
	// CallsUnderWay: as many calls as may be are under way.
	CallsUnderWay
	// CodeUsed: AWS takes each code of an MFA device once.
	CodeUsed
	// BudgetSpent: the issuer's requests of this second are spent.
	BudgetSpent
)

// Wait is why a claim has no turn yet, and when to ask again if nobody has said before that its turn has come.
type Wait struct {
	Obstacle Obstacle
	// Problem of the issuer; nil for other obstacles.
	Problem *sts.Problem
	After   time.Duration
	// until is when the obstacle will be gone; zero for one that an event removes.
	until time.Time
}
