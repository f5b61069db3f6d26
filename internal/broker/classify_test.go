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

package broker_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// Messages that say what to change, as a status shows them.
const (
	refused    = "STS refuses a parameter of the request: change the field it names"
	unreadable = "STS cannot read the inline policy as an IAM policy: correct it"
	tooLarge   = "policies and tags do not fit into a session token: shorten the inline policy, or use fewer or shorter spec.policyARNs and spec.tags"
	denied     = "AWS denies the call: allow the issuer's IAM user sts:GetFederationToken on the federated user reports"
	unknownKey = "AWS does not know the issuer's access key: it was deleted or deactivated, it is new and takes some seconds to work, " +
		"or it is of another partition (China, GovCloud)"
	throttled = "AWS throttles the account's STS requests: lower the issuers' requestsPerSecond or lengthen the sessions"

	claimRejected = "STS rejects a claim of what was presented: correct the role's trust policy, or what the identity provider asserts"
	tokenRejected = "STS does not accept what was presented: check that the identity provider exists in IAM with this issuer, audience and keys"
	proofExpired  = "what was presented has expired by the clock of AWS: replace the assertion or context that the spec names, or set the node's clock"
	providerAway  = "STS could not reach the identity provider to verify the token: check that its keys can be read from the internet"

	said        = ": What AWS says.)"
	wholeIssuer = true
)

// codeCases are the error codes of STS and what each must come to.
var codeCases = map[string]struct {
	status          int
	reason, message string
	issuerWide      bool // every other session of the issuer would fail as well
}{
	"ValidationError":         {400, v1alpha1.ReasonRequestRefused, refused + " (ValidationError" + said, false},
	"InvalidParameterValue":   {400, v1alpha1.ReasonRequestRefused, refused + " (InvalidParameterValue" + said, false},
	"MalformedPolicyDocument": {400, v1alpha1.ReasonInvalidPolicy, unreadable + " (MalformedPolicyDocument" + said, false},
	"PackedPolicyTooLarge":    {400, v1alpha1.ReasonPolicyTooLarge, tooLarge + " (PackedPolicyTooLarge" + said, false},
	"AccessDenied":            {403, v1alpha1.ReasonAccessDenied, denied + " (AccessDenied)", false},

	"IDPRejectedClaim":      {403, v1alpha1.ReasonIdentityRejected, claimRejected + " (IDPRejectedClaim" + said, false},
	"InvalidIdentityToken":  {400, v1alpha1.ReasonIdentityRejected, tokenRejected + " (InvalidIdentityToken" + said, false},
	"ExpiredTokenException": {400, v1alpha1.ReasonIdentityRejected, proofExpired + " (ExpiredTokenException)", false},
	"IDPCommunicationError": {400, v1alpha1.ReasonIdentityProviderUnavailable, providerAway + " (IDPCommunicationError)", false},

	"InvalidClientTokenId":        {403, v1alpha1.ReasonKeyRefused, unknownKey + " (InvalidClientTokenId)", wholeIssuer},
	"UnrecognizedClientException": {403, v1alpha1.ReasonKeyRefused, unknownKey + " (UnrecognizedClientException)", wholeIssuer},
	"SignatureDoesNotMatch": {
		403,
		v1alpha1.ReasonKeyRefused,
		"AWS does not accept the signature: the issuer's secret access key does not belong to its access key id (SignatureDoesNotMatch)",
		wholeIssuer,
	},
	"IncompleteSignature": {
		400,
		v1alpha1.ReasonKeyRefused,
		"AWS cannot read the signature: the issuer's access key id holds characters that it should not (IncompleteSignature)",
		wholeIssuer,
	},
	"MissingAuthenticationToken": {
		403,
		v1alpha1.ReasonKeyRefused,
		"the request reached AWS unsigned: check the issuer's access key and what is between the operator and AWS (MissingAuthenticationToken)",
		wholeIssuer,
	},
	"ExpiredToken": {
		403,
		v1alpha1.ReasonIdentityExpired,
		"the issuer's own temporary credentials have expired: replace them (ExpiredToken)",
		wholeIssuer,
	},
	"RegionDisabledException": {
		403,
		v1alpha1.ReasonRegionDisabled,
		"STS is not activated for the account in the issuer's region: activate it in the account settings or change the issuer's " +
			"spec.region (RegionDisabledException)",
		wholeIssuer,
	},
	"OptInRequired": {
		403,
		v1alpha1.ReasonRegionDisabled,
		"the account has not opted in to the issuer's region: enable it or change the issuer's spec.region (OptInRequired)",
		wholeIssuer,
	},
	"Throttling":               {400, v1alpha1.ReasonThrottled, throttled + " (Throttling)", wholeIssuer},
	"ThrottlingException":      {400, v1alpha1.ReasonThrottled, throttled + " (ThrottlingException)", wholeIssuer},
	"RequestLimitExceeded":     {503, v1alpha1.ReasonThrottled, throttled + " (RequestLimitExceeded)", wholeIssuer},
	"TooManyRequestsException": {429, v1alpha1.ReasonThrottled, throttled + " (TooManyRequestsException)", wholeIssuer},
}

func TestClassifyKnownCodes(t *testing.T) {
	g := NewWithT(t)
	g.Expect(slices.Sorted(maps.Keys(codeCases))).To(Equal(broker.Codes()), "each code the broker knows has a case, and no other")

	for code, c := range codeCases {
		t.Run(code, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: code, Status: c.status, Message: "What AWS says."})

			problem := f.refused()

			g.Expect(*problem).To(Equal(sts.Problem{Reason: c.reason, Message: c.message}))
			g.Expect(f.Trouble(theIssuer) != nil).To(Equal(c.issuerWide))
			g.Expect(f.observed).To(Equal([]observation{{"GetFederationToken", code, 0}}))
			again := start(t)
			again.fail(stsfake.Scenario{Kind: stsfake.Error, Code: code, Status: c.status, Message: "What AWS says."})
			g.Expect(again.refused()).To(Equal(problem), "another STS, another request id, the same words")
		})
	}
}

func TestClassifyUnknownCode(t *testing.T) {
	for sentence, c := range map[string]struct {
		status          int
		reason, message string
		issuerWide      bool
	}{
		"a bad request may concern this session alone": {400, v1alpha1.ReasonUnknownError, "STS answered Novelty: What AWS says.", false},
		"a forbidden request may, too":                 {403, v1alpha1.ReasonUnknownError, "STS answered Novelty: What AWS says.", false},
		"an internal error is the service's":           {500, v1alpha1.ReasonUnavailable, " answered HTTP 500", wholeIssuer},
		"a gateway timeout is, too":                    {504, v1alpha1.ReasonUnavailable, " answered HTTP 504", wholeIssuer},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "Novelty", Status: c.status, Message: "What AWS says."})

			problem := f.refused()

			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(strings.TrimPrefix(problem.Message, endpointOf(f))).To(Equal(c.message))
			g.Expect(problem.Outcome()).To(Equal(sts.Retry))
			g.Expect(f.Trouble(theIssuer) != nil).To(Equal(c.issuerWide))
			g.Expect(f.observed).To(Equal([]observation{{"GetFederationToken", "Other", 0}}), "metrics have a bounded set of codes")
		})
	}
}

// STS refuses these by itself: nothing is asked of the fake but to be faithful.
func TestClassifyRefusedRequest(t *testing.T) {
	for sentence, c := range map[string]struct {
		request         sts.Request
		reason, message string
	}{
		"a name that is too long is quoted": {
			sts.Request{Name: strings.Repeat("x", 33)}, v1alpha1.ReasonRequestRefused,
			refused + " (ValidationError: 1 validation error detected: Value '" + strings.Repeat("x", 33) +
				"' at 'name' failed to satisfy constraint: Member must have length less than or equal to 32)",
		},
		"a duration that is too short is quoted": {
			sts.Request{Name: "reports", DurationSeconds: 600}, v1alpha1.ReasonRequestRefused,
			refused + " (ValidationError: 1 validation error detected: Value '600' at 'durationSeconds' failed to satisfy constraint: Member " +
				"must have value greater than or equal to 900)",
		},
		"tag keys that differ by case are quoted": {
			sts.Request{Name: "reports", Tags: []sts.Tag{{Key: "a"}, {Key: "A"}}}, v1alpha1.ReasonRequestRefused,
			refused + " (InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.)",
		},
		"a policy that is too large says by how much": {
			sts.Request{Name: "reports", Tags: manyTags()}, v1alpha1.ReasonPolicyTooLarge, tooLarge + " (PackedPolicyTooLarge: ",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)

			c.request.Operation = sts.OperationGetFederationToken
			_, problem := f.issue(c.request)

			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(HavePrefix(c.message))
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "STS serves the issuer")
		})
	}
}

func manyTags() []sts.Tag {
	var tags []sts.Tag
	for i := range 50 {
		tags = append(tags, sts.Tag{Key: fmt.Sprintf("key%d", i), Value: strings.Repeat("v", 256)})
	}
	return tags
}

// errorXML writes an error answer by hand.
func errorXML(code, message string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(message))
	return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + escaped.String() +
		"</Message></Error><RequestId>16fc956c</RequestId></ErrorResponse>"
}

func TestClassifyQuotesMessage(t *testing.T) {
	for sentence, c := range map[string]struct{ message, quoted string }{
		"the addresses of a parser are left out": {
			"Unexpected character ('i' (code 105)): expected a valid value\n at [Source: java.io.StringReader@52b5743d; line: 1, column: 2]",
			"Unexpected character ('i' (code 105)): expected a valid value",
		},
		"line ends of Windows end the line, too":          {"Syntax errors in policy.\r\n at [Source]", "Syntax errors in policy."},
		"white space around the message does not count":   {"\n   Syntax errors in policy.\n  ", "Syntax errors in policy."},
		"control characters are left out":                 {"a\tb\u0085c\u200bd\u202ee", "abcde"},
		"letters of every script stay":                    {"Länge 長さ", "Länge 長さ"},
		"a message of 512 characters is quoted in full":   {strings.Repeat("é", 512), strings.Repeat("é", 512)},
		"a longer one is cut between characters":          {strings.Repeat("é", 513), strings.Repeat("é", 512) + "…"},
		"percent signs are no format":                     {"100%s %d %v", "100%s %d %v"},
		"a message that is missing leaves a place for it": {"", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(400, "text/xml", errorXML("MalformedPolicyDocument", c.message)))

			problem := f.refused()

			g.Expect(problem.Message).To(Equal(unreadable + " (MalformedPolicyDocument: " + c.quoted + ")"))
		})
	}
}

// Whatever is behind an endpoint may answer anything; a status must hold it.
func TestClassifyCutsUnknownCode(t *testing.T) {
	g := NewWithT(t)
	f := startAnswering(t, answers(400, "text/xml", errorXML(strings.Repeat("C", 100_000)+"\n", strings.Repeat("m", 100_000))))

	problem := f.refused()

	g.Expect(problem.Message).To(Equal("STS answered " + strings.Repeat("C", 512) + "…: " + strings.Repeat("m", 495) + "…"))
	g.Expect([]rune(problem.Message)).To(HaveLen(1024), "both together are cut once more")
}

// A signature is wrong because the secret is, or because the clocks are: the Date of the answer decides.
func TestClassifySignatureOrClockSkew(t *testing.T) {
	const skewed = "the clocks of the operator's node and of %s are more than 15 minutes apart: set the node's clock"
	for sentence, c := range map[string]struct {
		date   string
		reason string
	}{
		"an answer of this moment blames the key":                   {time.Now().UTC().Format(http.TimeFormat), v1alpha1.ReasonKeyRefused},
		"14 minutes are within what AWS accepts":                    {time.Now().Add(-14 * time.Minute).UTC().Format(http.TimeFormat), v1alpha1.ReasonKeyRefused},
		"16 minutes behind are not":                                 {time.Now().Add(-16 * time.Minute).UTC().Format(http.TimeFormat), v1alpha1.ReasonClockSkew},
		"16 minutes ahead are not":                                  {time.Now().Add(16 * time.Minute).UTC().Format(http.TimeFormat), v1alpha1.ReasonClockSkew},
		"an answer without a readable date blames what is likelier": {"garbage", v1alpha1.ReasonKeyRefused},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", c.date)
				w.WriteHeader(403)
				_, _ = io.WriteString(w, errorXML("SignatureDoesNotMatch", "The request signature we calculated does not match."))
			})

			problem := f.refused()

			g.Expect(problem.Reason).To(Equal(c.reason))
			if c.reason == v1alpha1.ReasonClockSkew {
				g.Expect(problem.Message).To(Equal(fmt.Sprintf(skewed, endpointOf(f))))
			}
		})
	}
}

func TestClassifyRealSignatures(t *testing.T) {
	wrong := sts.NewCredentials(stsfake.DefaultAccessKeyID, "not-the-secret", "")
	for sentence, c := range map[string]struct {
		key    sts.Credentials
		skew   time.Duration
		reason string
	}{
		"a wrong secret":                      {wrong, 0, v1alpha1.ReasonKeyRefused},
		"a clock that is behind":              {demoKey(), time.Hour, v1alpha1.ReasonClockSkew},
		"a clock that is ahead":               {demoKey(), -time.Hour, v1alpha1.ReasonClockSkew},
		"a wrong secret and a skewed clock":   {wrong, time.Hour, v1alpha1.ReasonClockSkew},
		"an unknown key":                      {sts.NewCredentials("AKIANOBODYKNOWSTHIS1", "secret", ""), 0, v1alpha1.ReasonKeyRefused},
		"an id and a secret that are swapped": {sts.NewCredentials(stsfake.DefaultSecretAccessKey, stsfake.DefaultAccessKeyID, ""), 0, v1alpha1.ReasonKeyRefused},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.use(configOf(f.config.Endpoint, c.key))
			if c.skew != 0 {
				f.fail(stsfake.Scenario{Kind: stsfake.ClockSkew, Duration: c.skew})
			}

			g.Expect(f.refused().Reason).To(Equal(c.reason))
		})
	}
}

// The SDK corrects the time it signs once it has seen the service's; then a wrong secret is the secret's fault again.
func TestClassifyAfterClockSkew(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(stsfake.Scenario{Kind: stsfake.ClockSkew, Duration: time.Hour})
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonClockSkew))
	f.advance(time.Minute)

	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	f.use(configOf(f.config.Endpoint, sts.NewCredentials(stsfake.DefaultAccessKeyID, "not-the-secret", "")))
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonClockSkew))
	f.advance(time.Minute)
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonKeyRefused))
}

// A request that was not sent says nothing of the endpoint and is no trouble of the issuer.
func TestClassifyRequestNotSent(t *testing.T) {
	for sentence, c := range map[string]struct {
		request sts.Request
		change  func(*broker.Config)
	}{
		"a seed that is none":   {guarded, func(c *broker.Config) { c.MFASeed = sts.NewSensitive("none!") }},
		"a proof that is empty": {requests()[webIdentity], func(*broker.Config) {}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithDevice(t)
			c.change(&f.config)
			f.use(f.config)

			_, problem := f.issue(c.request)

			g.Expect(problem.Reason).NotTo(Equal(v1alpha1.ReasonUnavailable))
			g.Expect(f.Trouble(theIssuer)).To(BeNil())
		})
	}
}
