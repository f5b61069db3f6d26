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
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// violation is a check that is violated, and its reason or cause.
type violation struct {
	cause    string
	violated func(*session.Observed)
}

// lookingAgain stands for the one check that has neither reason nor cause.
const lookingAgain = "LookAgain"

func TestDecideSequenceOfChecks(t *testing.T) {
	standing := []violation{
		{lookingAgain, func(o *session.Observed) {
			o.Secret.Exists, o.Secret.Foreign, o.Secret.Intact = true, "", true
			publishedFor(4, 3, 4)(o)
		}},
		{v1alpha1.ReasonInvalidPolicy, invalid},
		{v1alpha1.ReasonSuspended, suspended},
		{v1alpha1.ReasonNamespaceTerminating, terminating},
		{v1alpha1.ReasonIssuerNotFound, func(o *session.Observed) { o.Issuer.State = session.IssuerMissing }},
		{v1alpha1.ReasonNamespaceNotAllowed, notAdmitted},
		{v1alpha1.ReasonSecretConflict, foreign},
	}
	content := []violation{
		{session.CauseMissing, func(o *session.Observed) { o.Secret.Exists = false }},
		{session.CauseTampered, emptied},
		{session.CauseSpecChanged, func(o *session.Observed) { o.Secret.RequestHash = "of another request" }},
		{session.CauseIssuerChanged, func(o *session.Observed) { o.Secret.IssuerIdentity = "AIDAOTHER" }},
		{session.CauseTampered, being("root")},
	}
	failed := violation{v1alpha1.ReasonThrottled, failedOnce(v1alpha1.ReasonThrottled, midnight)}
	for operation, permitting := range map[string][]violation{
		sts.OperationGetFederationToken: {
			{v1alpha1.ReasonIssuerNotReady, issuerNotReady},
			{v1alpha1.ReasonIssuerHasNoIdentity, noIdentity},
			{v1alpha1.ReasonIssuerCannotFederate, cannotFederate},
			{v1alpha1.ReasonSecretImmutable, immutable},
			failed,
		},
		sts.OperationGetSessionToken: {
			{v1alpha1.ReasonIssuerNotReady, issuerNotReady},
			{v1alpha1.ReasonIssuerHasNoIdentity, noIdentity},
			{v1alpha1.ReasonIssuerCannotFederate, cannotFederate},
			{v1alpha1.ReasonSecretImmutable, immutable},
			failed,
		},
		sts.OperationAssumeRole: {
			{v1alpha1.ReasonIssuerNotReady, issuerNotReady},
			{v1alpha1.ReasonIssuerHasNoIdentity, noIdentity},
			{v1alpha1.ReasonRoleChainingLimit, cannotFederate},
			{v1alpha1.ReasonPartitionMismatch, inChina},
			{v1alpha1.ReasonSecretImmutable, immutable},
			failed,
		},
		sts.OperationAssumeRoleWithWebIdentity: {
			{v1alpha1.ReasonIssuerNotReady, all(issuerNotReady, noIdentity, cannotFederate)},
			{v1alpha1.ReasonPartitionMismatch, inChina},
			{v1alpha1.ReasonSecretImmutable, immutable},
			failed,
		},
		sts.OperationAssumeRoleWithSAML: {
			{v1alpha1.ReasonIssuerNotReady, all(issuerNotReady, noIdentity, cannotFederate)},
			{v1alpha1.ReasonPartitionMismatch, inChina},
			{v1alpha1.ReasonSecretImmutable, immutable},
			{v1alpha1.ReasonAssertionInvalid, unreadableAssertion},
			{v1alpha1.ReasonAssertionUsed, usedAssertion},
			{v1alpha1.ReasonAssertionExpired, expiringAssertion(midnight)},
			failed,
		},
	} {
		expectSequence(t, operation, midnight, slices.Concat(standing, permitting, content, []violation{{session.CauseExpired, nil}}))
		expectSequence(t, operation, due, slices.Concat(content, []violation{{session.CauseDue, nil}}))
	}
	expectSequence(t, sts.OperationAssumeRoleWithSAML, noon, slices.Concat(content, []violation{{session.CauseNewAssertion, nil}}))
}

// expectSequence expects that, of all checks violated from each one on, the first decides.
func expectSequence(t *testing.T, operation string, now time.Time, sequence []violation) {
	t.Helper()
	for i, first := range sequence {
		t.Run(operation+" at "+now.Format(time.TimeOnly)+": "+first.cause, func(t *testing.T) {
			changes := []func(*session.Observed){of(operation), expiringAssertion(midnight.Add(time.Hour))}
			for _, later := range slices.Backward(sequence[i:]) { // a failure is one of the request that is there then
				changes = append(changes, later.violated)
			}

			v := verdictOf(session.Decide(healthy(changes...), now))

			if v.Action == session.LookAgain {
				v.Reason = lookingAgain
			}
			NewWithT(t).Expect(v.Cause + v.Reason).To(Equal(first.cause))
		})
	}
}
