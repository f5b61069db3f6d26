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
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

// The roles, providers and the MFA device of worldWithRoles.
const (
	reportsRole = "arn:aws:iam::123456789012:role/team-a/reports"
	otherRole   = "arn:aws:iam::123456789012:role/other"
	guardedRole = "arn:aws:iam::123456789012:role/guarded" // wants MFA
	samlARN     = "arn:aws:iam::123456789012:saml-provider/corp"
	oidcARN     = "arn:aws:iam::123456789012:oidc-provider/oidc.example.test/cluster"

	tokenIssuer    = "https://oidc.example.test/cluster"
	tokenSubject   = "system:serviceaccount:team-a:reports"
	tokenAudience  = "sts.amazonaws.com"
	assertedName   = "jean@corp.example.test"
	assertedIssuer = "https://idp.example.test/metadata"

	deviceSerial = "arn:aws:iam::123456789012:mfa/demo"
	deviceSeed   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of the test vectors of RFC 6238
)

// Keys take long to make, so all tests share them.
var (
	tokens     = sync.OnceValues(func() (*oidc.Signer, error) { return oidc.NewSigner(tokenIssuer) })
	assertions = sync.OnceValues(func() (*saml.IdentityProvider, error) {
		return saml.NewIdentityProvider(assertedIssuer, time.Now())
	})
)

// newStranger issues tokens that no account knows.
func newStranger() (*oidc.Signer, error) { return oidc.NewSigner("https://stranger.example.test") }

// must take a value that a test counts on.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// trusting is a trust policy of such statements.
func trusting(statements ...string) stsfake.Document {
	return stsfake.Document(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
}

const (
	trustsTheUser = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/demo"},"Action":["sts:AssumeRole",` +
		`"sts:TagSession","sts:SetSourceIdentity"]}`
	trustsTheToken = `{"Effect":"Allow","Principal":{"Federated":"` + oidcARN + `"},"Action":"sts:AssumeRoleWithWebIdentity",` +
		`"Condition":{"StringEquals":{"oidc.example.test/cluster:sub":"` + tokenSubject + `","oidc.example.test/cluster:aud":"` + tokenAudience + `"}}}`
	trustsTheAssertion = `{"Effect":"Allow","Principal":{"Federated":"` + samlARN + `"},"Action":["sts:AssumeRoleWithSAML","sts:SetSourceIdentity"],` +
		`"Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}`
	trustsWithMFA = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/demo"},"Action":"sts:AssumeRole",` +
		`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`
)

// worldWithRoles is the default world with roles, providers and an MFA device of the user.
func worldWithRoles() stsfake.World {
	world := stsfake.DefaultWorld()
	account := &world.Accounts[0]
	account.Users[0].MFADevices = []stsfake.MFADevice{{SerialNumber: deviceSerial, Seed: deviceSeed}}
	account.Roles = []stsfake.Role{
		{
			Name:               "reports",
			Path:               "/team-a/",
			ID:                 "AROAREPORTSREPORTS222",
			MaxSessionDuration: 43200,
			Trust:              trusting(trustsTheUser, trustsTheToken, trustsTheAssertion),
		},
		{Name: "other", Trust: trusting(trustsTheUser, trustsTheToken, trustsTheAssertion)},
		{Name: "guarded", Trust: trusting(trustsWithMFA)},
	}
	provider := must(tokens()).Provider(tokenAudience)
	account.OIDCProviders = []stsfake.OIDCProvider{
		{URL: provider.Issuer, ClientIDs: provider.ClientIDs, JWKS: stsfake.Document(must(json.Marshal(provider.Keys)))},
	}
	account.SAMLProviders = []stsfake.SAMLProvider{{Name: "corp", Metadata: string(must(assertions()).Metadata())}}
	return world
}

// aToken is a ServiceAccount's token of this moment: a fake holds tokens against the machine's clock.
func aToken() string {
	return must(must(tokens()).Sign(tokenSubject, []string{tokenAudience}, time.Now().Add(-time.Minute), time.Hour))
}

// anAssertion is a SAML response of this moment, another one each time.
func anAssertion() string {
	return must(must(assertions()).Respond(saml.Claims{
		Subject: assertedName, SessionName: "jean", SourceIdentity: "Jean",
		Roles: []saml.RolePair{{RoleARN: reportsRole, ProviderARN: samlARN}, {RoleARN: otherRole, ProviderARN: samlARN}},
	}, time.Now().Add(-time.Minute), time.Hour))
}

// aProof has both, as no real one does: what an operation does not present must not be sent.
func aProof() sts.Proof {
	return sts.Proof{WebIdentityToken: sts.NewSensitive(aToken()), SAMLAssertion: sts.NewSensitive(anAssertion())}
}

// requests are one of each operation that worldWithRoles grants, with no more than the operation needs.
func requests() map[string]sts.Request {
	return map[string]sts.Request{
		sts.OperationGetFederationToken: theRequest,
		sts.OperationAssumeRole:         {Operation: sts.OperationAssumeRole, Name: "reports", RoleARN: reportsRole},
		sts.OperationAssumeRoleWithWebIdentity: {
			Operation: sts.OperationAssumeRoleWithWebIdentity, Name: "reports", RoleARN: reportsRole, ServiceAccountName: "reports", Audience: tokenAudience,
		},
		sts.OperationAssumeRoleWithSAML: {Operation: sts.OperationAssumeRoleWithSAML, RoleARN: reportsRole, PrincipalARN: samlARN},
		sts.OperationGetSessionToken:    {Operation: sts.OperationGetSessionToken},
	}
}

// sent is a request as it was on the wire.
type sent struct {
	operation  string
	parameters map[string]string // all but the operation's name and version
	header     http.Header
}

// recorder keeps what is sent to an STS.
type recorder struct {
	next http.Handler

	mutex sync.Mutex
	sent  []sent
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	form := parametersOf(request)
	s := sent{form.Get("Action"), map[string]string{}, request.Header.Clone()}
	form.Del("Action")
	form.Del("Version")
	for name := range form {
		s.parameters[name] = form.Get(name)
	}
	r.mutex.Lock()
	r.sent = append(r.sent, s)
	r.mutex.Unlock()
	r.next.ServeHTTP(w, request)
}

// all are the calls, the earliest first.
func (r *recorder) all() []sent {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.sent)
}

// calls are those of an operation, the earliest first.
func (r *recorder) calls(operation string) []sent {
	var calls []sent
	for _, call := range r.all() {
		if call.operation == operation {
			calls = append(calls, call)
		}
	}
	return calls
}

// operations are the names of all calls, the earliest first.
func (r *recorder) operations() []string {
	names := []string{}
	for _, call := range r.all() {
		names = append(names, call.operation)
	}
	return names
}

// startWithRoles registers theIssuer as the user of worldWithRoles, with a recorder between the two.
func startWithRoles(t *testing.T, changes ...func(*broker.Options)) (*fixture, *recorder) {
	t.Helper()
	clock := testingclock.NewFakePassiveClock(noon)
	fake := stsfake.NewServer(clock.Now, worldWithRoles(), stsfake.WithWireClock(time.Now))
	record := &recorder{next: fake}
	f := startWith(t, clock, record, changes...)
	f.fake = fake
	t.Cleanup(fake.ClearScenarios)
	return f, record
}

// withoutIdentity is the configuration of an unsigned issuer.
func withoutIdentity(c broker.Config) broker.Config {
	c.Key, c.Ambient = sts.Credentials{}, false
	return c
}

// useUnsigned registers theIssuer without an identity.
func (f *fixture) useUnsigned() {
	f.config = withoutIdentity(f.config)
	f.Register(theIssuer, f.config, sts.Identity{})
}

// present makes one permitted call with a proof.
func (f *fixture) present(request broker.IssueRequest, proof sts.Proof) (sts.Issued, *sts.Problem) {
	f.t.Helper()
	return f.permitFor(request).Issue(f.t.Context(), proof)
}

// turnedDown is the problem of a request that must fail. A failure that returns credentials is a defect.
func (f *fixture) turnedDown(request broker.IssueRequest) *sts.Problem {
	f.t.Helper()
	issued, problem := f.present(request, aProof())
	if problem == nil {
		f.t.Fatal("the call succeeded")
	}
	if issued != (sts.Issued{}) {
		f.t.Fatalf("a failed call handed out %v", issued)
	}
	return problem
}

// byAction is an STS that is written by hand, one answer an operation.
type byAction map[string]http.HandlerFunc

func (b byAction) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := parametersOf(r).Get("Action")
	answer := b[operation]
	if answer == nil {
		answer = answers(http.StatusBadRequest, "text/xml", errorXML("InvalidAction", "Could not find operation "+operation))
	}
	answer(w, r)
}

// startRecording registers theIssuer at an STS that is written by hand.
func startRecording(t *testing.T, server http.Handler, changes ...func(*broker.Options)) (*fixture, *recorder) {
	t.Helper()
	record := &recorder{next: server}
	return startWith(t, testingclock.NewFakePassiveClock(noon), record, changes...), record
}

// parametersOf reads a request's form and leaves the body as it was.
func parametersOf(r *http.Request) url.Values {
	return must(url.ParseQuery(bodyOf(r)))
}
