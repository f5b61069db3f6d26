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

package sts_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// expectedOutcomes says of every reason of the API whether trying again, waiting or only an edit is the cure.
var expectedOutcomes = map[string]sts.Outcome{
	v1alpha1.ReasonInvalidSpec:    sts.Refuse,
	v1alpha1.ReasonInvalidPolicy:  sts.Refuse,
	v1alpha1.ReasonPolicyTooLarge: sts.Refuse,
	v1alpha1.ReasonRequestRefused: sts.Refuse,

	v1alpha1.ReasonNamespaceNotAllowed:    sts.Refuse,
	v1alpha1.ReasonOperationNotAllowed:    sts.Refuse,
	v1alpha1.ReasonRoleChainingLimit:      sts.Refuse,
	v1alpha1.ReasonPartitionMismatch:      sts.Refuse,
	v1alpha1.ReasonAudienceNotAllowed:     sts.Refuse,
	v1alpha1.ReasonRuleViolated:           sts.Refuse,
	v1alpha1.ReasonForcedTagConflict:      sts.Refuse,
	v1alpha1.ReasonSourceIdentityConflict: sts.Refuse,

	v1alpha1.ReasonSuspended:            sts.Wait,
	v1alpha1.ReasonIssuerNotFound:       sts.Wait,
	v1alpha1.ReasonIssuerNotReady:       sts.Wait,
	v1alpha1.ReasonIssuerCannotFederate: sts.Wait,
	v1alpha1.ReasonNamespaceTerminating: sts.Wait,
	v1alpha1.ReasonSecretConflict:       sts.Wait,
	v1alpha1.ReasonSecretImmutable:      sts.Wait,
	v1alpha1.ReasonSecretOverwritten:    sts.Wait,
	v1alpha1.ReasonBudgetExhausted:      sts.Wait,
	v1alpha1.ReasonAccessDenied:         sts.Wait,
	v1alpha1.ReasonRegionDisabled:       sts.Wait,

	v1alpha1.ReasonIssuerHasNoIdentity:    sts.Wait,
	v1alpha1.ReasonServiceAccountNotFound: sts.Wait,
	v1alpha1.ReasonTokenRequestForbidden:  sts.Wait,
	v1alpha1.ReasonIdentityRejected:       sts.Wait,
	v1alpha1.ReasonAssertionNotFound:      sts.Wait,
	v1alpha1.ReasonAssertionInvalid:       sts.Wait,
	v1alpha1.ReasonAssertionExpired:       sts.Wait,
	v1alpha1.ReasonAssertionUsed:          sts.Wait,
	v1alpha1.ReasonWaitingForMFACode:      sts.Wait,

	v1alpha1.ReasonSecretWriteFailed:           sts.Retry,
	v1alpha1.ReasonIdentityProviderUnavailable: sts.Retry,
	v1alpha1.ReasonThrottled:                   sts.Retry,
	v1alpha1.ReasonUnavailable:                 sts.Retry,
	v1alpha1.ReasonIncompleteResponse:          sts.Retry,
	v1alpha1.ReasonUnknownError:                sts.Retry,
	v1alpha1.ReasonKeyNotFound:                 sts.Retry,
	v1alpha1.ReasonKeyInvalid:                  sts.Retry,
	v1alpha1.ReasonKeyRefused:                  sts.Retry,
	v1alpha1.ReasonIdentityExpired:             sts.Retry,
	v1alpha1.ReasonNoAmbientCredentials:        sts.Retry,
	v1alpha1.ReasonAmbientCredentialsFailed:    sts.Retry,
	v1alpha1.ReasonRegionMismatch:              sts.Retry,
	v1alpha1.ReasonClockSkew:                   sts.Retry,
	v1alpha1.ReasonTokenRequestFailed:          sts.Retry,
	v1alpha1.ReasonVerificationFailed:          sts.Wait,

	// No problem, or none of a request: conditions of a session or an issuer, which hold no session.
	v1alpha1.ReasonIssued:            sts.Retry,
	v1alpha1.ReasonRotationFailing:   sts.Retry,
	v1alpha1.ReasonExpired:           sts.Retry,
	v1alpha1.ReasonVerified:          sts.Retry,
	v1alpha1.ReasonIAMUser:           sts.Retry,
	v1alpha1.ReasonRootUser:          sts.Retry,
	v1alpha1.ReasonTemporaryIdentity: sts.Retry,
	v1alpha1.ReasonNoIdentity:        sts.Retry,
	v1alpha1.ReasonUnverified:        sts.Retry,
	v1alpha1.ReasonPending:           sts.Retry,
	v1alpha1.ReasonNoRules:           sts.Retry,
	v1alpha1.ReasonRuleInvalid:       sts.Retry,
	v1alpha1.ReasonAccountMismatch:   sts.Retry,
	v1alpha1.ReasonMFASeedNotFound:   sts.Retry,
	v1alpha1.ReasonMFASeedInvalid:    sts.Retry,
}

func TestReasonsAreComplete(t *testing.T) {
	reasons := reasonsOfTheAPI(t)

	for name, value := range reasons {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(expectedOutcomes).To(HaveKey(value), "decide whether %s is retried, waited for or refused, here and in the table of reasons", name)
			g.Expect(sts.OutcomeOf(value)).To(Equal(expectedOutcomes[value]))
			g.Expect(sts.Sentence(value)).NotTo(BeEmpty(), "%s has a row in the table of reasons", name)
			g.Expect(sts.Problemf(value, "").Outcome()).To(Equal(expectedOutcomes[value]))
		})
	}
	NewWithT(t).Expect(reasons).To(HaveLen(len(expectedOutcomes)), "no two reasons have the same value, none is here that is gone")
}

func TestProblemTraits(t *testing.T) {
	federation := sts.Request{Operation: sts.OperationGetFederationToken}
	role := sts.Request{Operation: sts.OperationAssumeRole}
	unsigned := sts.Request{Operation: sts.OperationAssumeRoleWithWebIdentity}
	for reason, c := range map[string]struct{ federation, role, unsigned, transient, suspects, turn bool }{
		v1alpha1.ReasonUnavailable:        {true, true, true, true, false, false},
		v1alpha1.ReasonIncompleteResponse: {true, true, true, true, false, false},
		v1alpha1.ReasonThrottled:          {true, true, false, true, false, false},
		v1alpha1.ReasonKeyRefused:         {true, true, false, false, true, false},
		v1alpha1.ReasonAccountMismatch:    {true, true, false, false, true, false},
		v1alpha1.ReasonRegionMismatch:     {true, true, false, false, true, false},
		v1alpha1.ReasonRegionDisabled:     {true, false, false, false, false, false},
		v1alpha1.ReasonUnknownError:       {false, false, false, true, false, false},
		v1alpha1.ReasonAccessDenied:       {false, false, false, false, false, false},
		v1alpha1.ReasonBudgetExhausted:    {false, false, false, false, false, true},
		v1alpha1.ReasonWaitingForMFACode:  {false, false, false, false, false, true},
	} {
		t.Run(reason, func(t *testing.T) {
			g := NewWithT(t)
			problem := &sts.Problem{Reason: reason}
			g.Expect(problem.ConcernsIssuer(federation)).To(Equal(c.federation), "of a federated user")
			g.Expect(problem.ConcernsIssuer(role)).To(Equal(c.role), "of a role, which may be of any account")
			g.Expect(problem.ConcernsIssuer(unsigned)).To(Equal(c.unsigned), "of an unsigned request")
			g.Expect(problem.IsTransient()).To(Equal(c.transient))
			g.Expect(problem.SuspectsIssuer()).To(Equal(c.suspects))
			g.Expect(problem.AwaitsTurn()).To(Equal(c.turn))
		})
	}
}

// What AWS says of a role or a policy that it does not know everywhere yet, and nothing else.
func TestMayPass(t *testing.T) {
	g := NewWithT(t)
	var may []string
	for _, reason := range reasonsOfTheAPI(t) {
		if (&sts.Problem{Reason: reason}).MayPass() {
			may = append(may, reason)
		}
	}
	g.Expect(may).To(ConsistOf(v1alpha1.ReasonAccessDenied, v1alpha1.ReasonIdentityRejected, v1alpha1.ReasonInvalidPolicy, v1alpha1.ReasonRequestRefused))
}

func TestSplit(t *testing.T) {
	other := errors.New("the API server did not answer")
	for sentence, c := range map[string]struct {
		err     error
		problem bool
		other   bool
	}{
		"nothing":              {nil, false, false},
		"a problem":            {sts.Problemf(v1alpha1.ReasonKeyInvalid, "x"), true, false},
		"a problem in a chain": {fmt.Errorf("reading: %w", sts.Problemf(v1alpha1.ReasonKeyInvalid, "x")), true, false},
		"another error":        {other, false, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			problem, err := sts.Split(c.err)
			g.Expect(problem != nil).To(Equal(c.problem))
			g.Expect(err != nil).To(Equal(c.other))
		})
	}
}

func TestOutcomeOfUnknownReason(t *testing.T) {
	NewWithT(t).Expect(sts.OutcomeOf("FromTheFuture")).To(Equal(sts.Retry))
}

func TestProblemfCutsMessage(t *testing.T) {
	for sentence, c := range map[string]struct{ message, want string }{
		"a short one is complete":               {"what to change", "what to change"},
		"one of 1024 characters is, too":        {strings.Repeat("ü", 1024), strings.Repeat("ü", 1024)},
		"a longer one is cut, and says so":      {strings.Repeat("ü", 1025), strings.Repeat("ü", 1023) + "…"},
		"a directive in what others say is not": {"100%s", "100%s"},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(sts.Problemf("Reason", "%s", c.message)).To(Equal(&sts.Problem{Reason: "Reason", Message: c.want}))
		})
	}
}

// reasonsOfTheAPI are the exported Reason constants of the API package, read from its source: none can be forgotten.
func reasonsOfTheAPI(t *testing.T) map[string]string {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob("../../api/v1alpha1/*.go")
	g.Expect(err).NotTo(HaveOccurred())

	reasons := map[string]string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		g.Expect(err).NotTo(HaveOccurred())
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
				return true
			}
			g.Expect(spec.Values).To(HaveExactElements(BeAssignableToTypeOf(&ast.BasicLit{})), "%s is one string", spec.Names[0].Name)
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			g.Expect(err).NotTo(HaveOccurred())
			reasons[spec.Names[0].Name] = value
			return true
		})
	}
	g.Expect(len(reasons)).To(BeNumerically(">", 20), "the source of the API was found")
	return reasons
}
