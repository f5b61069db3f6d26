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
	"maps"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The least that chooses each operation but GetFederationToken, and a session without a name.
const (
	assumeRole  = `assumeRole: {roleARN: "arn:aws:iam::123456789012:role/reports"}`
	webIdentity = `assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/reports", serviceAccountName: reports}`
	saml        = `assumeRoleWithSAML: {roleARN: "arn:aws:iam::123456789012:role/reports", ` +
		`principalARN: ` +
		`"arn:aws:iam::123456789012:saml-provider/corporate", assertionSecretRef: {name: assertion, key: response}}`
	getSessionToken = `getSessionToken: {}`
	noName          = `name: null`
)

const (
	atMostOneOperation = `spec: Invalid value: give at most one of assumeRole, assumeRoleWithWebIdentity, assumeRoleWithSAML and ` +
		`getSessionToken (none: GetFederationToken)`
	nameMissing = `spec: Invalid value: name is required: the federated user name, or with assumeRole and ` +
		`assumeRoleWithWebIdentity the role session name (only assumeRoleWithSAML and getSessionToken: {} have none)`
	nameExcluded = `spec: Invalid value: name must not be given with assumeRoleWithSAML (the assertion holds it) or ` +
		`getSessionToken (the session keeps the issuer's name)`
	nameTooLong = `spec: Invalid value: name may have at most 32 characters (AWS STS: the Name of GetFederationToken; 64 only ` +
		`with assumeRole and assumeRoleWithWebIdentity)`
	policyExcluded = `spec: Invalid value: policy, policyDocument and policyARNs must not be given with getSessionToken: ` +
		`GetSessionToken takes none, the session may do what the issuer may`
	tagsExcluded = `spec: Invalid value: tags must not be given with assumeRoleWithWebIdentity or assumeRoleWithSAML (AWS takes ` +
		`them from the token or assertion) or getSessionToken (it takes none)`
	roleTooLong = `spec: Invalid value: durationSeconds of a role may be at most 43200 (12 hours), and no longer than the ` +
		`role's own maximum session duration`
	notEarlier = `spec: Invalid value: rotation.beforeExpirationSeconds must be smaller than durationSeconds (where that is ` +
		`not given, than the default of STS: 3600 for roles, else 43200)`
)

// with is a spec of these fields.
func with(fields ...string) string { return "{" + strings.Join(fields, ", ") + "}" }

func TestFederatedSessionOperation(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"without any it is GetFederationToken": {`{}`, ``},
		"it may be AssumeRole":                 {with(assumeRole), ``},
		"it may be AssumeRoleWithWebIdentity":  {with(webIdentity), ``},
		"it may be AssumeRoleWithSAML":         {with(noName, saml), ``},
		"it may be GetSessionToken":            {with(noName, getSessionToken), ``},
		"it must not be all of them":           {with(assumeRole, webIdentity, saml, getSessionToken), atMostOneOperation},
		"it must be one that is known":         {`assumeRoot: {}`, `strict decoding error: unknown field "spec.assumeRoot"`},
		"GetSessionToken has no settings": {
			with(noName, `getSessionToken: {tokenCode: "123456"}`),
			`strict decoding error: unknown field "spec.getSessionToken.tokenCode"`,
		},
	})
}

// Whether there is a name, which some of them must and some must not have, is another matter.
func TestFederatedSessionOperationsExcludeEachOther(t *testing.T) {
	operations := []string{assumeRole, webIdentity, saml, getSessionToken}
	candidates := map[string]candidate{}
	for i, one := range operations {
		for _, other := range operations[i+1:] {
			oneName, _, _ := strings.Cut(one, ":")
			otherName, _, _ := strings.Cut(other, ":")
			maps.Copy(candidates, map[string]candidate{
				oneName + " and " + otherName:                     {with(one, other), atMostOneOperation},
				oneName + " and " + otherName + " without a name": {with(noName, one, other), atMostOneOperation},
			})
		}
	}
	ask(t, "FederatedSession", candidates)
}

// In YAML a field without a value is null, and the API server drops what is null before any rule is asked.
func TestFieldWithoutAValueIsNotThere(t *testing.T) {
	for sentence, c := range map[string]struct{ kind, spec, field, refused string }{
		"a session's operation, where the name tells":    {"FederatedSession", with(noName), "getSessionToken", nameMissing},
		"a session's operation, where nothing tells":     {"FederatedSession", `{}`, "assumeRole", ``},
		"a session's document, beside a policy":          {"FederatedSession", `policy: "{}"`, "policyDocument", ``},
		"a session's tags, of an operation without tags": {"FederatedSession", with(webIdentity), "tags", ``},
		"an issuer's identity":                           {"ClusterSessionIssuer", `ambient: null`, "ambient", notOneIdentity},
		"an issuer's identity, beside another":           {"ClusterSessionIssuer", with(unsigned), "ambient", ``},
		"an issuer's lack of one, which is an identity":  {"SessionIssuer", `accessKey: null`, "unsigned", notOneIdentity},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, c.kind, c.spec)
			o.Object["spec"].(map[string]any)[c.field] = nil
			err := k8s.Create(t.Context(), o, client.DryRunAll)
			if c.refused != "" {
				g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(o.Object["spec"]).To(Equal(specOf(t, c.kind, c.spec)))
		})
	}
}

func TestFederatedSessionNameOfEachOperation(t *testing.T) {
	name := func(length int) string { return `name: ` + text(length, "n") }
	ask(t, "FederatedSession", map[string]candidate{
		"a federated user has a name":                       {with(noName), nameMissing},
		"a federated user's may have 32 characters":         {with(name(32)), ``},
		"a federated user's must have less than 33":         {with(name(33)), nameTooLong},
		"no role session's may be so short":                 {with(assumeRole, `name: a`), `spec.name in body should be at least 2 chars long`},
		"a role session has a name":                         {with(noName, assumeRole), nameMissing},
		"a role session's may have 2 characters":            {with(assumeRole, name(2)), ``},
		"a role session's may have 64 characters":           {with(assumeRole, name(64)), ``},
		"a role session's must have less than 65":           {with(assumeRole, name(65)), `spec.name: Too long: may not be more than 64`},
		"a role session's must not hold a colon":            {with(assumeRole, `name: "a:b"`), notAName},
		"a ServiceAccount's session has a name":             {with(noName, webIdentity), nameMissing},
		"a ServiceAccount's session may have 64 characters": {with(webIdentity, name(64)), ``},
		"a ServiceAccount's session must have less than 65": {with(webIdentity, name(65)), `spec.name: Too long: may not be more than 64`},
		"the name of SAML's is in the assertion":            {with(saml), nameExcluded},
		"the name of GetSessionToken's is the user's":       {with(getSessionToken), nameExcluded},
	})
}

func TestFederatedSessionPoliciesOfEachOperation(t *testing.T) {
	const policy, policyARNs = `policy: "{}"`, `policyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]`
	const document = `policyDocument: {Version: "2012-10-17"}`
	ask(t, "FederatedSession", map[string]candidate{
		"a federated user may have both":            {with(policy, policyARNs), ``},
		"AssumeRole may have both":                  {with(assumeRole, policy, policyARNs), ``},
		"AssumeRoleWithWebIdentity may have both":   {with(webIdentity, policy, policyARNs), ``},
		"AssumeRoleWithSAML may have both":          {with(noName, saml, policy, policyARNs), ``},
		"GetSessionToken has no policy":             {with(noName, getSessionToken, policy), policyExcluded},
		"a federated user may have a document":      {with(document, policyARNs), ``},
		"AssumeRole may have a document":            {with(assumeRole, document, policyARNs), ``},
		"AssumeRoleWithWebIdentity may have one":    {with(webIdentity, document, policyARNs), ``},
		"AssumeRoleWithSAML may have a document":    {with(noName, saml, document, policyARNs), ``},
		"GetSessionToken has no document":           {with(noName, getSessionToken, document), policyExcluded},
		"GetSessionToken has no empty document":     {with(noName, getSessionToken, `policyDocument: {}`), policyExcluded},
		"GetSessionToken has no policyARNs":         {with(noName, getSessionToken, policyARNs), policyExcluded},
		"GetSessionToken has none of the three":     {with(noName, getSessionToken, document, policy, policyARNs), policyExcluded},
		"GetSessionToken has none of both":          {with(noName, getSessionToken, policy, policyARNs), policyExcluded},
		"GetSessionToken has no empty list of them": {with(noName, getSessionToken, `policyARNs: []`), policyExcluded},
		"what GetSessionToken takes is the duration": {
			with(noName, getSessionToken, `durationSeconds: 900`, `minimumSessionTokenSize: 4096`),
			``,
		},
	})
}

func TestFederatedSessionTagsOfEachOperation(t *testing.T) {
	const tags, noTags = `tags: [{key: team, value: a}]`, `tags: []`
	ask(t, "FederatedSession", map[string]candidate{
		"a federated user may have tags":                    {with(tags), ``},
		"AssumeRole may have tags":                          {with(assumeRole, tags), ``},
		"AssumeRole may have an empty list of them":         {with(assumeRole, noTags), ``},
		"AssumeRoleWithWebIdentity has none":                {with(webIdentity, tags), tagsExcluded},
		"AssumeRoleWithSAML has none":                       {with(noName, saml, tags), tagsExcluded},
		"GetSessionToken has none":                          {with(noName, getSessionToken, tags), tagsExcluded},
		"AssumeRoleWithWebIdentity has no empty list":       {with(webIdentity, noTags), tagsExcluded},
		"AssumeRoleWithSAML has no empty list of them":      {with(noName, saml, noTags), tagsExcluded},
		"GetSessionToken has no empty list of them, either": {with(noName, getSessionToken, noTags), tagsExcluded},
	})
}

// The bounds 900 and 129600 of all of them are TestFederatedSessionDuration's.
func TestFederatedSessionDurationOfEachOperation(t *testing.T) {
	const half, more, most = `durationSeconds: 43200`, `durationSeconds: 43201`, `durationSeconds: 129600`
	ask(t, "FederatedSession", map[string]candidate{
		"a federated user may have 36 hours": {with(most), ``},
		"AssumeRole may have 15 minutes":     {with(assumeRole, `durationSeconds: 900`), ``},
		"AssumeRole has no less than 15 minutes": {
			with(assumeRole, `durationSeconds: 899`),
			`spec.durationSeconds in body should be greater than or equal to 900`,
		},
		"AssumeRole may have 12 hours":                 {with(assumeRole, half), ``},
		"AssumeRole has no more than 12 hours":         {with(assumeRole, more), roleTooLong},
		"AssumeRoleWithWebIdentity may have 12 hours":  {with(webIdentity, half), ``},
		"AssumeRoleWithWebIdentity has no more":        {with(webIdentity, more), roleTooLong},
		"AssumeRoleWithSAML may have 12 hours":         {with(noName, saml, half), ``},
		"AssumeRoleWithSAML has no more than 12 hours": {with(noName, saml, most), roleTooLong},
		"GetSessionToken may have 36 hours":            {with(noName, getSessionToken, most), ``},
		"GetSessionToken has no more than 36 hours": {
			with(noName, getSessionToken, `durationSeconds: 129601`),
			`spec.durationSeconds in body should be less than or equal to 129600`,
		},
	})
}

func TestFederatedSessionRotationOfEachOperation(t *testing.T) {
	before := func(seconds string) string { return `rotation: {beforeExpirationSeconds: ` + seconds + `}` }
	const half, quarter = `durationSeconds: 43200`, `durationSeconds: 900`
	ask(t, "FederatedSession", map[string]candidate{
		"AssumeRole's default is an hour":                 {with(assumeRole, before("3599")), ``},
		"AssumeRole's default is no longer":               {with(assumeRole, before("3600")), notEarlier},
		"AssumeRole's duration counts where it is given":  {with(assumeRole, half, before("43199")), ``},
		"AssumeRole's duration counts where it is short":  {with(assumeRole, quarter, before("900")), notEarlier},
		"AssumeRoleWithWebIdentity's is an hour":          {with(webIdentity, before("3599")), ``},
		"AssumeRoleWithWebIdentity's is no longer":        {with(webIdentity, before("3600")), notEarlier},
		"AssumeRoleWithWebIdentity's counts where given":  {with(webIdentity, half, before("3600")), ``},
		"AssumeRoleWithSAML's default is an hour":         {with(noName, saml, before("3599")), ``},
		"AssumeRoleWithSAML's default is no longer":       {with(noName, saml, before("3600")), notEarlier},
		"AssumeRoleWithSAML's counts where it is given":   {with(noName, saml, half, before("3600")), ``},
		"GetSessionToken's default is 12 hours":           {with(noName, getSessionToken, before("43199")), ``},
		"GetSessionToken's default is no longer":          {with(noName, getSessionToken, before("43200")), notEarlier},
		"GetSessionToken's duration counts where given":   {with(noName, getSessionToken, quarter, before("899")), ``},
		"GetSessionToken's duration counts, and is short": {with(noName, getSessionToken, quarter, before("900")), notEarlier},
	})
}
