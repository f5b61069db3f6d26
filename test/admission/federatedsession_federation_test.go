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

package admission_test

import (
	"strings"
	"testing"
)

const (
	notAnAudience     = `assumeRoleWithWebIdentity.audience may hold only printable ASCII characters without spaces`
	notAProviderID    = `assumeRoleWithWebIdentity.providerID may hold only printable ASCII characters without spaces`
	notASAMLProvider  = `assumeRoleWithSAML.principalARN must look like arn:aws:iam::123456789012:saml-provider/NAME`
	notASecretKey     = `a key of a Secret may hold only letters, digits, '-', '_' and '.'`
	notASecretKeyName = `the name of a Secret ` + notASubdomain
)

// presentingToken is AssumeRoleWithWebIdentity with another field.
func presentingToken(field string) string {
	return `{assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/reports", ` + field + `}}`
}

func TestFederatedSessionServiceAccount(t *testing.T) {
	const field = `spec.assumeRoleWithWebIdentity.serviceAccountName`
	ask(t, "FederatedSession", map[string]candidate{
		"a ServiceAccount may have 253 characters": {presentingToken(`serviceAccountName: ` + name253), ``},
		"a ServiceAccount must be given":           {presentingToken(`audience: sts.amazonaws.com`), field + `: Required value`},
		"a ServiceAccount must have a name": {
			presentingToken(`serviceAccountName: ""`),
			field + ` in body should be at least 1 chars long`,
		},
		"a ServiceAccount must have less than 254": {
			presentingToken(`serviceAccountName: ` + name253 + `n`),
			field + `: Too long: may not be more than 253`,
		},
		"a ServiceAccount must be one that can be": {
			presentingToken(`serviceAccountName: Reports`),
			field + `: Invalid value: "Reports": assumeRoleWithWebIdentity.serviceAccountName ` + notASubdomain,
		},
		"a ServiceAccount is not named by a path": {presentingToken(`serviceAccountName: kube-system/default`), notASubdomain},
		"a ServiceAccount is not named as its user": {
			presentingToken(`serviceAccountName: "system:serviceaccount:kube-system:default"`),
			notASubdomain,
		},
		"a ServiceAccount is of the session's namespace": {
			presentingToken(`serviceAccountName: a, serviceAccountNamespace: kube-system`),
			`strict decoding error: unknown field "spec.assumeRoleWithWebIdentity.serviceAccountNamespace"`,
		},
		"a token is made and not given": {
			presentingToken(`serviceAccountName: a, webIdentityToken: eyJ`),
			`strict decoding error: unknown field "spec.assumeRoleWithWebIdentity.webIdentityToken"`,
		},
		"an external id is AssumeRole's": {
			presentingToken(`serviceAccountName: a, externalID: ab`),
			`strict decoding error: unknown field "spec.assumeRoleWithWebIdentity.externalID"`,
		},
		"transitive tags are AssumeRole's": {
			presentingToken(`serviceAccountName: a, transitiveTagKeys: [a]`),
			`strict decoding error: unknown field "spec.assumeRoleWithWebIdentity.transitiveTagKeys"`,
		},
		"an assertion is AssumeRoleWithSAML's": {
			presentingToken(`serviceAccountName: a, assertionSecretRef: {name: a, key: b}`),
			`strict decoding error: unknown field "spec.assumeRoleWithWebIdentity.assertionSecretRef"`,
		},
		"nothing is not enough": {`assumeRoleWithWebIdentity: {}`, field + `: Required value`},
		"everything of the operation may be there at once": {
			presentingToken(`serviceAccountName: a, audience: b, providerID: www.amazon.com`),
			``,
		},
	})
}

func TestFederatedSessionAudience(t *testing.T) {
	const field = `spec.assumeRoleWithWebIdentity.audience`
	audience := func(a string) string { return presentingToken(`serviceAccountName: a, audience: "` + a + `"`) }
	ask(t, "FederatedSession", map[string]candidate{
		"an audience may have 1 character":      {audience("a"), ``},
		"an audience may have 255 characters":   {audience(text(255, "a")), ``},
		"an audience may be a URL":              {audience("https://sts.example.com/a?b=c#d"), ``},
		"an audience must not be empty":         {audience(""), field + ` in body should be at least 1 chars long`},
		"an audience must have less than 256":   {audience(text(256, "a")), field + `: Too long: may not be more than 255`},
		"an audience must not hold a space":     {audience("a b"), field + `: Invalid value: "a b": ` + notAnAudience},
		"an audience must not hold a line feed": {audience(`a\n`), notAnAudience},
		"an audience must be ASCII":             {audience("ä"), notAnAudience},
		"there is one audience, not a list": {
			presentingToken(`serviceAccountName: a, audience: [a, b]`),
			field + ` in body must be of type string`,
		},
	})
}

func TestFederatedSessionProviderID(t *testing.T) {
	const field = `spec.assumeRoleWithWebIdentity.providerID`
	provider := func(p string) string { return presentingToken(`serviceAccountName: a, providerID: "` + p + `"`) }
	ask(t, "FederatedSession", map[string]candidate{
		"a provider may have 4 characters":      {provider("a.de"), ``},
		"a provider may have 2048 characters":   {provider(text(2048, "a")), ``},
		"a provider must have more than 3":      {provider("a.b"), field + ` in body should be at least 4 chars long`},
		"a provider must have less than 2049":   {provider(text(2049, "a")), field + `: Too long: may not be more than 2048`},
		"a provider must not hold a space":      {provider("www amazon com"), field + `: Invalid value: "www amazon com": ` + notAProviderID},
		"a provider must not hold a line feed":  {provider(`www.amazon.com\n`), notAProviderID},
		"a provider must be in ASCII, as hosts": {provider("bücher.example"), notAProviderID},
	})
}

func TestFederatedSessionSAML(t *testing.T) {
	const (
		field     = `spec.assumeRoleWithSAML`
		role      = `roleARN: "arn:aws:iam::123456789012:role/reports"`
		provider  = `principalARN: "arn:aws:iam::123456789012:saml-provider/corporate"`
		assertion = `assertionSecretRef: {name: assertion, key: response}`
	)
	of := func(fields ...string) string { return with(noName, `assumeRoleWithSAML: `+with(fields...)) }
	principal := func(arn string) string { return of(role, assertion, `principalARN: "`+arn+`"`) }
	// 40 characters before the name, and the limit is 2048.
	longARN := func(length int) string { return "arn:aws:iam::123456789012:saml-provider/" + text(length-40, "n") }
	ask(t, "FederatedSession", map[string]candidate{
		"a provider may hold every character of a name": {principal("arn:aws:iam::123456789012:saml-provider/Corporate_1.x-y"), ``},
		"a provider may be of China":                    {principal("arn:aws-cn:iam::123456789012:saml-provider/corporate"), ``},
		"a provider may be of GovCloud":                 {principal("arn:aws-us-gov:iam::123456789012:saml-provider/corporate"), ``},
		"a provider may be of the partition aws-iso-b":  {principal("arn:aws-iso-b:iam::123456789012:saml-provider/corporate"), ``},
		"a provider may have 2048 characters":           {principal(longARN(2048)), ``},
		"a provider must have less than 2049": {
			principal(longARN(2049)),
			field + `.principalARN: Too long: may not be more than 2048`,
		},
		"a provider must have more than 19": {
			principal("arn:aws:iam::1:saml"),
			field + `.principalARN in body should be at least 20 chars long`,
		},
		"a provider must be given":   {of(role, assertion), field + `.principalARN: Required value`},
		"a role must be given":       {of(provider, assertion), field + `.roleARN: Required value`},
		"an assertion must be given": {of(role, provider), field + `.assertionSecretRef: Required value`},
		"a provider is not a role": {
			principal("arn:aws:iam::123456789012:role/reports"),
			field + `.principalARN: Invalid value: "arn:aws:iam::123456789012:role/reports": ` + notASAMLProvider,
		},
		"a provider is not one of OpenID Connect": {
			principal("arn:aws:iam::123456789012:oidc-provider/oidc.example.com"),
			notASAMLProvider,
		},
		"a provider must have a name": {principal("arn:aws:iam::123456789012:saml-provider/"), notASAMLProvider},
		"a provider has no path":      {principal("arn:aws:iam::123456789012:saml-provider/a/b"), notASAMLProvider},
		"the name of the session is in the assertion": {
			of(role, provider, assertion, `roleSessionName: jo`),
			`strict decoding error: unknown field "spec.assumeRoleWithSAML.roleSessionName"`,
		},
		"the source identity is in the assertion": {
			of(role, provider, assertion, `sourceIdentity: jo`),
			`strict decoding error: unknown field "spec.assumeRoleWithSAML.sourceIdentity"`,
		},
		"the assertion itself is in a Secret, not here": {
			of(role, provider, assertion, `samlAssertion: PHNhbWw+`),
			`strict decoding error: unknown field "spec.assumeRoleWithSAML.samlAssertion"`,
		},
		"a ServiceAccount is AssumeRoleWithWebIdentity's": {
			of(role, provider, assertion, `serviceAccountName: a`),
			`strict decoding error: unknown field "spec.assumeRoleWithSAML.serviceAccountName"`,
		},
	})
}

func TestFederatedSessionAssertionSecret(t *testing.T) {
	askAboutSecretKey(t, "FederatedSession", "spec.assumeRoleWithSAML.assertionSecretRef", func(ref string) string {
		return with(noName, strings.Replace(saml, `{name: assertion, key: response}`, ref, 1))
	})
}

// askAboutSecretKey asks about a reference to a key of a Secret, wherever one is.
func askAboutSecretKey(t *testing.T, kind, field string, spec func(ref string) string) {
	t.Helper()
	named := func(name string) string { return spec(`{name: "` + name + `", key: k}`) }
	keyed := func(key string) string { return spec(`{name: s, key: "` + key + `"}`) }
	ask(t, kind, map[string]candidate{
		"a Secret may have 253 characters":        {named(name253), ``},
		"a Secret must have a name":               {spec(`{key: k}`), field + `.name: Required value`},
		"a Secret's name must not be empty":       {named(""), field + `.name in body should be at least 1 chars long`},
		"a Secret's name must have less than 254": {named(name253 + "n"), field + `.name: Too long: may not be more than 253`},
		"a Secret must be one that can be":        {named("My_Secret"), field + `.name: Invalid value: "My_Secret": ` + notASecretKeyName},
		"a Secret is of no other namespace": {
			spec(`{name: s, key: k, namespace: kube-system}`),
			`strict decoding error: unknown field "` + field + `.namespace"`,
		},
		"a key may hold every character": {keyed("aZ09-_."), ``},
		"a key may begin with a dot":     {keyed(".response"), ``},
		"a key may have 253 characters":  {keyed(text(253, "k")), ``},
		"a key must be given":            {spec(`{name: s}`), field + `.key: Required value`},
		"a key must not be empty":        {keyed(""), field + `.key in body should be at least 1 chars long`},
		"a key must have less than 254":  {keyed(text(254, "k")), field + `.key: Too long: may not be more than 253`},
		"a key must not be a path":       {keyed("a/b"), field + `.key: Invalid value: "a/b": ` + notASecretKey},
		"a key must not hold a space":    {keyed("a b"), notASecretKey},
	})
}
