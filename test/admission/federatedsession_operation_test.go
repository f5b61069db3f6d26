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
	assumeRole   = `assumeRole: {roleARN: "arn:aws:iam::123456789012:role/reports"}`
	webIdentity  = `assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/reports", serviceAccountName: reports}`
	saml         = `assumeRoleWithSAML: {roleARN: "arn:aws:iam::123456789012:role/reports", principalARN: "arn:aws:iam::123456789012:saml-provider/corporate", assertionSecretRef: {name: assertion, key: response}}`
	sessionToken = `sessionToken: {}`
	noName       = `name: null`
)

const (
	atMostOneOperation = `spec: Invalid value: give at most one of assumeRole, assumeRoleWithWebIdentity, assumeRoleWithSAML and sessionToken (none: GetFederationToken)`
	nameMissing        = `spec: Invalid value: name is required: the federated user name, or with assumeRole and assumeRoleWithWebIdentity the role session name (only assumeRoleWithSAML and sessionToken: {} have none)`
	nameExcluded       = `spec: Invalid value: name must not be given with assumeRoleWithSAML (the assertion holds it) or sessionToken (the session keeps the issuer's name)`
	nameTooLong        = `spec: Invalid value: name may have at most 32 characters (AWS STS: the Name of GetFederationToken; 64 only with assumeRole and assumeRoleWithWebIdentity)`
	policyExcluded     = `spec: Invalid value: policy and policyARNs must not be given with sessionToken: GetSessionToken takes none, the session may do what the issuer may`
	tagsExcluded       = `spec: Invalid value: tags must not be given with assumeRoleWithWebIdentity or assumeRoleWithSAML (AWS takes them from the token or assertion) or sessionToken (it takes none)`
	roleTooLong        = `spec: Invalid value: durationSeconds of a role may be at most 43200 (12 hours), and no longer than the role's own maximum session duration`
	notEarlier         = `spec: Invalid value: rotation.renewBeforeSeconds must be smaller than durationSeconds (where that is not given, than the default of STS: 3600 for roles, else 43200)`
)

// with is a spec of these fields.
func with(fields ...string) string { return "{" + strings.Join(fields, ", ") + "}" }

func TestFederatedSessionOperation(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"without any it is GetFederationToken": {`{}`, ``},
		"it may be AssumeRole":                 {with(assumeRole), ``},
		"it may be AssumeRoleWithWebIdentity":  {with(webIdentity), ``},
		"it may be AssumeRoleWithSAML":         {with(noName, saml), ``},
		"it may be GetSessionToken":            {with(noName, sessionToken), ``},
		"it must not be all of them":           {with(assumeRole, webIdentity, saml, sessionToken), atMostOneOperation},
		"it must be one that is known":         {`assumeRoot: {}`, `strict decoding error: unknown field "spec.assumeRoot"`},
		"GetSessionToken has no settings":      {with(noName, `sessionToken: {tokenCode: "123456"}`), `strict decoding error: unknown field "spec.sessionToken.tokenCode"`},
	})
}

// Whether there is a name, which some of them must and some must not have, is another matter.
func TestFederatedSessionOperationsExcludeEachOther(t *testing.T) {
	operations := []string{assumeRole, webIdentity, saml, sessionToken}
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
		"a session's operation, where the name tells":    {"FederatedSession", with(noName), "sessionToken", nameMissing},
		"a session's operation, where nothing tells":     {"FederatedSession", `{}`, "assumeRole", ``},
		"a session's tags, of an operation without tags": {"FederatedSession", with(webIdentity), "tags", ``},
		"an issuer's identity":                           {"ClusterSessionIssuer", with(noIdentity), "ambient", ``},
		"an issuer's identity, where something needs it": {"ClusterSessionIssuer", with(noIdentity, `accountID: "123456789012"`), "ambient", accountOfNobody},
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
		"the name of GetSessionToken's is the user's":       {with(sessionToken), nameExcluded},
	})
}

func TestFederatedSessionPoliciesOfEachOperation(t *testing.T) {
	const policy, policyARNs = `policy: "{}"`, `policyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]`
	ask(t, "FederatedSession", map[string]candidate{
		"a federated user may have both":             {with(policy, policyARNs), ``},
		"AssumeRole may have both":                   {with(assumeRole, policy, policyARNs), ``},
		"AssumeRoleWithWebIdentity may have both":    {with(webIdentity, policy, policyARNs), ``},
		"AssumeRoleWithSAML may have both":           {with(noName, saml, policy, policyARNs), ``},
		"GetSessionToken has no policy":              {with(noName, sessionToken, policy), policyExcluded},
		"GetSessionToken has no policyARNs":          {with(noName, sessionToken, policyARNs), policyExcluded},
		"GetSessionToken has none of both":           {with(noName, sessionToken, policy, policyARNs), policyExcluded},
		"GetSessionToken has no empty list of them":  {with(noName, sessionToken, `policyARNs: []`), policyExcluded},
		"what GetSessionToken takes is the duration": {with(noName, sessionToken, `durationSeconds: 900`, `minimumSessionTokenSize: 4096`), ``},
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
		"GetSessionToken has none":                          {with(noName, sessionToken, tags), tagsExcluded},
		"AssumeRoleWithWebIdentity has no empty list":       {with(webIdentity, noTags), tagsExcluded},
		"AssumeRoleWithSAML has no empty list of them":      {with(noName, saml, noTags), tagsExcluded},
		"GetSessionToken has no empty list of them, either": {with(noName, sessionToken, noTags), tagsExcluded},
	})
}

// The bounds 900 and 129600 of all of them are TestFederatedSessionDuration's.
func TestFederatedSessionDurationOfEachOperation(t *testing.T) {
	const half, more, most = `durationSeconds: 43200`, `durationSeconds: 43201`, `durationSeconds: 129600`
	ask(t, "FederatedSession", map[string]candidate{
		"a federated user may have 36 hours":           {with(most), ``},
		"AssumeRole may have 15 minutes":               {with(assumeRole, `durationSeconds: 900`), ``},
		"AssumeRole has no less than 15 minutes":       {with(assumeRole, `durationSeconds: 899`), `spec.durationSeconds in body should be greater than or equal to 900`},
		"AssumeRole may have 12 hours":                 {with(assumeRole, half), ``},
		"AssumeRole has no more than 12 hours":         {with(assumeRole, more), roleTooLong},
		"AssumeRoleWithWebIdentity may have 12 hours":  {with(webIdentity, half), ``},
		"AssumeRoleWithWebIdentity has no more":        {with(webIdentity, more), roleTooLong},
		"AssumeRoleWithSAML may have 12 hours":         {with(noName, saml, half), ``},
		"AssumeRoleWithSAML has no more than 12 hours": {with(noName, saml, most), roleTooLong},
		"GetSessionToken may have 36 hours":            {with(noName, sessionToken, most), ``},
		"GetSessionToken has no more than 36 hours":    {with(noName, sessionToken, `durationSeconds: 129601`), `spec.durationSeconds in body should be less than or equal to 129600`},
	})
}

func TestFederatedSessionRotationOfEachOperation(t *testing.T) {
	renew := func(before string) string { return `rotation: {renewBeforeSeconds: ` + before + `}` }
	const half, quarter = `durationSeconds: 43200`, `durationSeconds: 900`
	ask(t, "FederatedSession", map[string]candidate{
		"AssumeRole's default is an hour":                 {with(assumeRole, renew("3599")), ``},
		"AssumeRole's default is no longer":               {with(assumeRole, renew("3600")), notEarlier},
		"AssumeRole's duration counts where it is given":  {with(assumeRole, half, renew("43199")), ``},
		"AssumeRole's duration counts where it is short":  {with(assumeRole, quarter, renew("900")), notEarlier},
		"AssumeRoleWithWebIdentity's is an hour":          {with(webIdentity, renew("3599")), ``},
		"AssumeRoleWithWebIdentity's is no longer":        {with(webIdentity, renew("3600")), notEarlier},
		"AssumeRoleWithWebIdentity's counts where given":  {with(webIdentity, half, renew("3600")), ``},
		"AssumeRoleWithSAML's default is an hour":         {with(noName, saml, renew("3599")), ``},
		"AssumeRoleWithSAML's default is no longer":       {with(noName, saml, renew("3600")), notEarlier},
		"AssumeRoleWithSAML's counts where it is given":   {with(noName, saml, half, renew("3600")), ``},
		"GetSessionToken's default is 12 hours":           {with(noName, sessionToken, renew("43199")), ``},
		"GetSessionToken's default is no longer":          {with(noName, sessionToken, renew("43200")), notEarlier},
		"GetSessionToken's duration counts where given":   {with(noName, sessionToken, quarter, renew("899")), ``},
		"GetSessionToken's duration counts, and is short": {with(noName, sessionToken, quarter, renew("900")), notEarlier},
	})
}
