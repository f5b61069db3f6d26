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
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
)

// expectedOutcomes says of every reason of the API whether trying again, waiting or only an edit is the cure.
var expectedOutcomes = map[string]session.Outcome{
	v1alpha1.ReasonInvalidSpec:    session.Refuse,
	v1alpha1.ReasonInvalidPolicy:  session.Refuse,
	v1alpha1.ReasonPolicyTooLarge: session.Refuse,
	v1alpha1.ReasonRequestRefused: session.Refuse,

	v1alpha1.ReasonNamespaceNotAllowed:    session.Refuse,
	v1alpha1.ReasonRoleChainingLimit:      session.Refuse,
	v1alpha1.ReasonAudienceNotAllowed:     session.Refuse,
	v1alpha1.ReasonRuleViolated:           session.Refuse,
	v1alpha1.ReasonForcedTagConflict:      session.Refuse,
	v1alpha1.ReasonSourceIdentityConflict: session.Refuse,

	v1alpha1.ReasonSuspended:            session.Wait,
	v1alpha1.ReasonIssuerNotFound:       session.Wait,
	v1alpha1.ReasonIssuerNotReady:       session.Wait,
	v1alpha1.ReasonIssuerCannotFederate: session.Wait,
	v1alpha1.ReasonNamespaceTerminating: session.Wait,
	v1alpha1.ReasonSecretConflict:       session.Wait,
	v1alpha1.ReasonSecretImmutable:      session.Wait,
	v1alpha1.ReasonBudgetExhausted:      session.Wait,
	v1alpha1.ReasonAccessDenied:         session.Wait,
	v1alpha1.ReasonRegionDisabled:       session.Wait,

	v1alpha1.ReasonIssuerHasNoIdentity:    session.Wait,
	v1alpha1.ReasonServiceAccountNotFound: session.Wait,
	v1alpha1.ReasonTokenRequestForbidden:  session.Wait,
	v1alpha1.ReasonIdentityRejected:       session.Wait,
	v1alpha1.ReasonAssertionNotFound:      session.Wait,
	v1alpha1.ReasonAssertionInvalid:       session.Wait,
	v1alpha1.ReasonAssertionExpired:       session.Wait,
	v1alpha1.ReasonAssertionUsed:          session.Wait,
	v1alpha1.ReasonWaitingForMFACode:      session.Wait,

	v1alpha1.ReasonSecretWriteFailed:           session.Retry,
	v1alpha1.ReasonIdentityProviderUnavailable: session.Retry,
	v1alpha1.ReasonThrottled:                   session.Retry,
	v1alpha1.ReasonUnavailable:                 session.Retry,
	v1alpha1.ReasonIncompleteResponse:          session.Retry,
	v1alpha1.ReasonUnknownError:                session.Retry,
	v1alpha1.ReasonKeyNotFound:                 session.Retry,
	v1alpha1.ReasonKeyInvalid:                  session.Retry,
	v1alpha1.ReasonKeyRefused:                  session.Retry,
	v1alpha1.ReasonIdentityExpired:             session.Retry,
	v1alpha1.ReasonNoAmbientCredentials:        session.Retry,
	v1alpha1.ReasonClockSkew:                   session.Retry,
	v1alpha1.ReasonTokenRequestFailed:          session.Retry,
	v1alpha1.ReasonVerificationFailed:          session.Wait,

	// No problem, or none of a request: these are told of a session or an issuer and are no reason to hold one.
	v1alpha1.ReasonIssued:            session.Retry,
	v1alpha1.ReasonRenewalFailing:    session.Retry,
	v1alpha1.ReasonExpired:           session.Retry,
	v1alpha1.ReasonVerified:          session.Retry,
	v1alpha1.ReasonIAMUser:           session.Retry,
	v1alpha1.ReasonRootUser:          session.Retry,
	v1alpha1.ReasonTemporaryIdentity: session.Retry,
	v1alpha1.ReasonNoIdentity:        session.Retry,
	v1alpha1.ReasonRuleInvalid:       session.Retry,
	v1alpha1.ReasonAccountMismatch:   session.Retry,
	v1alpha1.ReasonMFASeedNotFound:   session.Retry,
	v1alpha1.ReasonMFASeedInvalid:    session.Retry,
}

func TestEveryReasonHasAnOutcome(t *testing.T) {
	reasons := reasonsOfTheAPI(t)

	for name, value := range reasons {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(expectedOutcomes).To(HaveKey(value), "decide whether %s is retried, waited for or refused, here and in outcomes", name)
			g.Expect(session.OutcomeOf(value)).To(Equal(expectedOutcomes[value]))
			g.Expect(session.Problemf(value, "").Outcome()).To(Equal(expectedOutcomes[value]))
		})
	}
	NewWithT(t).Expect(reasons).To(HaveLen(len(expectedOutcomes)), "no two reasons have the same value, none is here that is gone")
}

func TestAReasonOfAnotherVersionIsRetried(t *testing.T) {
	NewWithT(t).Expect(session.OutcomeOf("FromTheFuture")).To(Equal(session.Retry))
}

func TestAProblemsMessageFitsIntoAStatus(t *testing.T) {
	for sentence, c := range map[string]struct{ message, want string }{
		"a short one is told in full":           {"what to change", "what to change"},
		"one of 1024 characters is, too":        {strings.Repeat("ü", 1024), strings.Repeat("ü", 1024)},
		"a longer one is cut, and says so":      {strings.Repeat("ü", 1025), strings.Repeat("ü", 1023) + "…"},
		"a directive in what others say is not": {"100%s", "100%s"},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.Problemf("Reason", "%s", c.message)).To(Equal(&session.Problem{Reason: "Reason", Message: c.want}))
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
