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

package stsfake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
)

// sample is the documented world file.
func sample(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../cmd/sts-fake/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheSampleWorld(t *testing.T) {
	g := NewWithT(t)
	world, err := stsfake.ParseWorld([]byte(sample(t)))
	g.Expect(err).NotTo(HaveOccurred())
	f := startWorld(t, world)
	demo := f.sdk(longTerm(demoKey))

	_, err = demo.AssumeRole(t.Context(), assuming(readerARN))
	g.Expect(err).NotTo(HaveOccurred())
	admin := "arn:aws:iam::123456789012:role/admin"
	_, err = demo.AssumeRole(t.Context(), assuming(admin))
	expectCode(g, err, 403, "AccessDenied", "User: "+demoARN+" is not authorized to perform: sts:AssumeRole on resource: "+admin)
	shown := serial
	_, err = demo.AssumeRole(t.Context(), assuming(admin, withCode(&shown, f.code(0))))
	g.Expect(err).NotTo(HaveOccurred())
	partner, external := "arn:aws:iam::210987654321:role/external/partner", "unique-to-example"
	input := assuming(partner)
	input.ExternalId = &external
	_, err = demo.AssumeRole(t.Context(), input)
	g.Expect(err).NotTo(HaveOccurred())

	intern := stsfake.AccessKey{ID: "AKIAI44QH8DHBEXAMPLE", Secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"}
	_, err = f.sdk(longTerm(intern)).AssumeRole(t.Context(), assuming(readerARN))
	expectCode(
		g,
		err,
		403,
		"AccessDenied",
		"User: arn:aws:iam::123456789012:user/staff/intern is not authorized to perform: sts:AssumeRole on resource: "+readerARN,
	)
}

// The sample's providers have keys that nobody holds; with others in their place its roles open.
func TestTheSampleWorldWithProvidersOfOnesOwn(t *testing.T) {
	g := NewWithT(t)
	world, err := stsfake.ParseWorld([]byte(sample(t)))
	g.Expect(err).NotTo(HaveOccurred())
	signer, err := oidc.NewSigner(clusterURL)
	g.Expect(err).NotTo(HaveOccurred())
	company := newCompany(t)
	world.Accounts[0].OIDCProviders[0] = stsfake.OIDCProviderFor(signer.Provider("sts.amazonaws.com"))
	world.Accounts[0].SAMLProviders[0].Metadata = string(company.Metadata())
	f := startWorld(t, world)

	role := "arn:aws:iam::123456789012:role/workload"
	web := withToken(f.token(signer, workload, "sts.amazonaws.com"))
	web.RoleArn = &role
	_, err = f.nobody().AssumeRoleWithWebIdentity(t.Context(), web)
	g.Expect(err).NotTo(HaveOccurred())

	engineer := "arn:aws:iam::123456789012:role/engineer"
	claims := jean()
	claims.Roles[0].RoleARN = engineer
	saml := withAssertion(f.assertion(company, claims))
	saml.RoleArn = &engineer
	_, err = f.nobody().AssumeRoleWithSAML(t.Context(), saml)
	g.Expect(err).NotTo(HaveOccurred())
}

// The page on the program shows a small world.
func TestTheWorldOfTheDocumentation(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile("../../docs/sts-fake.md")
	g.Expect(err).NotTo(HaveOccurred())
	_, shown, found := strings.Cut(string(page), "\n    accounts:\n")
	g.Expect(found).To(BeTrue())
	shown, _, _ = strings.Cut("    accounts:\n"+shown, "\n\n")
	world, err := stsfake.ParseWorld([]byte(shown))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(world.Accounts[0].Roles).To(HaveLen(1))
}

func TestParseWorldNamesThePlace(t *testing.T) {
	const longKey = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ}"
	for name, test := range map[string]struct{ old, changed, message string }{
		"no YAML":                   {"accounts:", "\taccounts:", "yaml: "},
		"a field twice":             {`  - id: "123456789012"`, "  - id: \"123456789012\"\n    id: x", `key "id" already set in map`},
		"an unknown field":          {"maxSessionDuration: 43200", "maxSessionSeconds: 43200", `unknown field "accounts[0].roles[0].maxSessionSeconds"`},
		"a field in other capitals": {"mfaDevices:", "MFADevices:", `unknown field "accounts[0].users[0].MFADevices"`},
		"an account that is none":   {`id: "123456789012"`, `id: "12345678901"`, `accounts[0].id: "12345678901" is not 12 digits`},
		"an account that is number": {
			`id: "210987654321"`, `id: 210987654321`, "json: cannot unmarshal number into Go struct field Account.accounts.id of type string",
		},
		"an account twice": {`id: "210987654321"`, `id: "123456789012"`, `accounts[1].id: "123456789012" is there twice`},
		"a user twice":     {"name: intern", "name: Demo", `accounts[0].users[1].name: "demo" is there twice`},
		"a user's name":    {"name: intern", "name: in tern", `accounts[0].users[1].name: "in tern" is not the name of a user`},
		"a user's path":    {"path: /staff/", "path: staff", `accounts[0].users[1].path: "staff" does not begin and end with "/"`},
		"a key twice": {
			"id: AKIAI44QH8DHBEXAMPLE", "id: AKIAIOSFODNN7EXAMPLE", `accounts[0].users[1].keys[0].id: "AKIAIOSFODNN7EXAMPLE" is there twice`,
		},
		"a key without a secret":    {", secret: je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY", "", "accounts[0].users[1].keys[0]: a key needs an id and a secret"},
		"a permission nobody needs": {"- sts:GetSessionToken", "- sts:GetSesionToken", `accounts[0].users[1].denied[4]: "sts:GetSesionToken" is none of `},
		"a device's serial number": {
			"arn:aws:iam::123456789012:mfa/demo", "GAHT12345678",
			`accounts[0].users[0].mfaDevices[0].serialNumber: "GAHT12345678" is not the ARN of an MFA device`,
		},
		"a device's seed": {"seed: " + longKey, "seed: s3cret!}", "accounts[0].users[0].mfaDevices[0].seed: must be base32"},
		"a role twice":    {"name: engineer", "name: reader", `accounts[0].roles[3].name: "reader" is there twice`},
		"a role's name":   {"name: engineer", "name: a/b", `accounts[0].roles[3].name: "a/b" is not the name of a role`},
		"a role's duration": {
			"maxSessionDuration: 43200", "maxSessionDuration: 43201",
			"accounts[0].roles[0].maxSessionDuration: 43201 is not between 3600 and 43200",
		},
		"a role's trust": {
			"sts:ExternalId", "aws:SourceIp",
			"accounts[1].roles[0].trust: Statement[0].Condition.StringEquals.aws:SourceIp: this server does not evaluate the key here",
		},
		"a role without trust": {"path: /external/\n        trust:", "path: /external/\n        x:", `unknown field "accounts[1].roles[0].x"`},
		"a role's path":        {"path: /external/", "path: /external", `accounts[1].roles[0].path: "/external" does not begin and end with "/"`},
		"a provider's URL": {
			"url: https://oidc", "url: http://oidc",
			`accounts[0].oidcProviders[0].url: "http://oidc.example.com/cluster" is not of the form https://host/path`,
		},
		"a provider without clients": {"clientIDs: [sts.amazonaws.com]", "clientIDs: []", "accounts[0].oidcProviders[0].clientIDs: there is none"},
		"a provider's key":           {"kty: EC", "kty: XX", "accounts[0].oidcProviders[0].jwks: go-jose/go-jose: "},
		"a provider's private key": {"{kty: EC, crv: P-256, alg: ES256, use: sig, kid: example,", `{kty: EC, crv: P-256, d: ` +
			`AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE,`,
			"accounts[0].oidcProviders[0].jwks.keys[0]: this is not a public key"},
		"a SAML provider's name": {"name: company", "name: a b", `accounts[0].samlProviders[0].name: "a b" is not the name of a SAML provider`},
		"a SAML provider's data": {
			"IDPSSODescriptor", "SPSSODescriptor",
			"accounts[0].samlProviders[0].metadata: Could not parse metadata: it does not have exactly one IDPSSODescriptor",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, text := NewWithT(t), sample(t)
			g.Expect(text).To(ContainSubstring(test.old))
			_, err := stsfake.ParseWorld([]byte(strings.ReplaceAll(text, test.old, test.changed)))
			g.Expect(err).To(MatchError(And(HavePrefix("reading the world: "), ContainSubstring(test.message))))
			g.Expect(err.Error()).NotTo(ContainSubstring("s3cret"))
		})
	}
}

func TestSettersRefuseWhatAWorldFileMayNotHold(t *testing.T) {
	g, f := NewWithT(t), start(t)
	g.Expect(f.SetRole("123456789012", stsfake.Role{Name: "reader", Trust: "{}"})).To(MatchError(`trust: Version: must be "2012-10-17"`))
	g.Expect(f.SetRole("123456789012", stsfake.Role{Name: "reader", Trust: allowAll(), Denied: []string{"s3:*"}})).To(
		MatchError(ContainSubstring(`denied[0]: "s3:*" is none of`)),
	)
	g.Expect(f.SetOIDCProvider("123456789012", stsfake.OIDCProvider{URL: clusterURL, ClientIDs: []string{"a"}, JWKS: `{"keys":[]}`})).To(
		MatchError("jwks: there is no key"),
	)
	g.Expect(f.SetOIDCProvider("123456789012", stsfake.OIDCProvider{URL: "https://", ClientIDs: []string{"a"}})).To(
		MatchError(`url: "https://" is not of the form https://host/path`),
	)
	g.Expect(f.SetSAMLProvider("123456789012", stsfake.SAMLProvider{Name: "company"})).To(MatchError(ContainSubstring("metadata: ")))
	g.Expect(func() {
		stsfake.NewServer(time.Now, stsfake.World{Accounts: []stsfake.Account{{ID: "1"}}})
	}).To(PanicWith(`stsfake: a wrong world: accounts[0].id: "1" is not 12 digits`))
}

func TestASeedIsNotPrinted(t *testing.T) {
	g, device := NewWithT(t), stsfake.MFADevice{SerialNumber: serial, Seed: seed}
	text, err := json.Marshal(device)
	g.Expect(err).NotTo(HaveOccurred())
	printed := fmt.Sprintf("%v %+v %#v %s %q %s", device, device, []stsfake.MFADevice{device}, device, device, text)
	g.Expect(printed).NotTo(ContainSubstring(seed))
	g.Expect(printed).To(ContainSubstring(serial + " REDACTED"))
}
