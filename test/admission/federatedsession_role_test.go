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

import "testing"

const (
	notARole = `roleARN must look like arn:aws:iam::123456789012:role/NAME (other partitions: arn:aws-cn, arn:aws-us-gov, ` +
		`arn:aws-eusc, arn:aws-iso...; other services: arn:aws:iam:::role/NAME, arn:minio:iam:::role/NAME)`
	notAnExternalID = `spec.assumeRole.externalID: Invalid value: "a b": assumeRole.externalID may hold only letters, digits and ` +
		`_+=,.@:/- (AWS STS: ExternalId matches [\w+=,.@:\/-]*, 2 to 1224 characters)`
	notASourceIdentity = `assumeRole.sourceIdentity may hold only letters, digits and _+=,.@- (AWS STS: SourceIdentity matches ` +
		`[\w+=,.@-]*, 2 to 64 characters)`
	notATransitive = `spec: Invalid value: assumeRole.transitiveTagKeys must be among the keys of tags (to pass on a tag that the ` +
		`issuer adds, give it in tags too, with the issuer's value)`
	notAContextProvider = `providedContexts.providerARN must be an ARN such as arn:aws:iam::aws:contextProvider/IdentityCenter`
)

// Each operation of roles has a roleARN of its own.
func TestFederatedSessionRoleARN(t *testing.T) {
	for operation, others := range map[string]string{
		"assumeRole":                `name: reports, assumeRole: {`,
		"assumeRoleWithWebIdentity": `name: reports, assumeRoleWithWebIdentity: {serviceAccountName: reports, `,
		"assumeRoleWithSAML": `name: null, assumeRoleWithSAML: {principalARN: "arn:aws:iam::123456789012:saml-provider/corporate", ` +
			`assertionSecretRef: {name: a, key: b}, `,
	} {
		field := `spec.` + operation + `.roleARN`
		role := func(arn string) string { return `{` + others + `roleARN: "` + arn + `"}}` }
		// 31 characters before the name, and the limit is 2048.
		longARN := func(length int) string { return "arn:aws:iam::123456789012:role/" + text(length-31, "n") }
		t.Run(operation, func(t *testing.T) {
			ask(t, "FederatedSession", map[string]candidate{
				"a role may be commercial":                 {role("arn:aws:iam::123456789012:role/reports"), ``},
				"a role may have a path":                   {role("arn:aws:iam::123456789012:role/teams/a/Reports+=,.@_-"), ``},
				"a role may be of an account with a zero":  {role("arn:aws:iam::000000000001:role/reports"), ``},
				"a role may be of China":                   {role("arn:aws-cn:iam::123456789012:role/reports"), ``},
				"a role may be of GovCloud":                {role("arn:aws-us-gov:iam::123456789012:role/reports"), ``},
				"a role may be of the European cloud":      {role("arn:aws-eusc:iam::123456789012:role/reports"), ``},
				"a role may be of the partition aws-iso":   {role("arn:aws-iso:iam::123456789012:role/reports"), ``},
				"a role may be of the partition aws-iso-b": {role("arn:aws-iso-b:iam::123456789012:role/reports"), ``},
				"a role may be of the partition aws-iso-e": {role("arn:aws-iso-e:iam::123456789012:role/reports"), ``},
				"a role may be of the partition aws-iso-f": {role("arn:aws-iso-f:iam::123456789012:role/reports"), ``},
				"an ARN may have 2048 characters":          {role(longARN(2048)), ``},
				"an ARN must have less than 2049":          {role(longARN(2049)), field + `: Too long: may not be more than 2048`},
				"an ARN must have more than 19 characters": {role("arn:aws:iam::1:role"), field + ` in body should be at least 20 chars long`},
				"a role must be given":                     {`{` + others + `}}`, field + `: Required value`},
				"a role's name is not its ARN": {
					role("the-role-of-the-reports"),
					field + `: Invalid value: "the-role-of-the-reports": ` + notARole,
				},
				"a policy is not a role":             {role("arn:aws:iam::123456789012:policy/reports"), notARole},
				"a user is not a role":               {role("arn:aws:iam::123456789012:user/reports"), notARole},
				"a session is not the role it is of": {role("arn:aws:sts::123456789012:assumed-role/reports/one"), notARole},
				// The operator refuses these for AWS; the schema of a session does not see which service its issuer calls.
				"a role may be of Ceph, without an account": {role("arn:aws:iam:::role/reports"), ``},
				"a role may be of Ceph, of a tenant":        {role("arn:aws:iam::tenant_1:role/reports"), ``},
				"a role may be of MinIO":                    {role("arn:minio:iam:::role/reports"), ``},
				"a role may be of a service like AWS":       {role("arn:awscn:iam::123456789012:role/reports"), ``},
				"a partition begins with a letter":          {role("arn:1aws:iam::123456789012:role/reports"), notARole},
				"a partition has lower case":                {role("arn:AWS:iam::123456789012:role/reports"), notARole},
				"a partition is not empty":                  {role("arn::iam::123456789012:role/reports"), notARole},
				"a tenant has no dash":                      {role("arn:aws:iam::my-tenant:role/reports"), notARole},
				"an account has 12 digits, not 13":          {role("arn:aws:iam::1234567890123:role/reports"), notARole},
				"a role has no region":                      {role("arn:aws:iam:us-east-1:123456789012:role/reports"), notARole},
				"a role has a name":                         {role("arn:aws:iam::123456789012:role/"), notARole},
				"an ARN must not have a space":              {role("arn:aws:iam::123456789012:role/the reports"), notARole},
				"an ARN must not end in a line feed":        {role(`arn:aws:iam::123456789012:role/reports\n`), notARole},
				"a field must be known, and spelt as it is": {
					`{` + others + `roleArn: "arn:aws:iam::123456789012:role/reports"}}`,
					`strict decoding error: unknown field "spec.` + operation + `.roleArn"`,
				},
			})
		})
	}
}

// assumingWith is AssumeRole with another field.
func assumingWith(field string) string {
	return `{assumeRole: {roleARN: "arn:aws:iam::123456789012:role/reports", ` + field + `}}`
}

func TestFederatedSessionExternalID(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"an external id may have 2 characters":    {assumingWith(`externalID: ab`), ``},
		"an external id may have 1224 characters": {assumingWith(`externalID: ` + text(1224, "x")), ``},
		"an external id may hold every character": {assumingWith(`externalID: "aZ09_+=,.@:/-"`), ``},
		"an external id must have more than 1": {
			assumingWith(`externalID: a`),
			`spec.assumeRole.externalID in body should be at least 2 chars long`,
		},
		"an external id must have less than 1225": {
			assumingWith(`externalID: ` + text(1225, "x")),
			`spec.assumeRole.externalID: Too long: may not be more than 1224`,
		},
		"an external id must not hold a space": {assumingWith(`externalID: "a b"`), notAnExternalID},
		"an external id must be a string, not a number": {
			assumingWith(`externalID: 4711`),
			`spec.assumeRole.externalID in body must be of type string`,
		},
	})
}

func TestFederatedSessionSourceIdentity(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"a source identity may have 2 characters":    {assumingWith(`sourceIdentity: ab`), ``},
		"a source identity may have 64 characters":   {assumingWith(`sourceIdentity: ` + text(64, "x")), ``},
		"a source identity may hold every character": {assumingWith(`sourceIdentity: "aZ09_+=,.@-"`), ``},
		"a source identity must have more than 1": {
			assumingWith(`sourceIdentity: a`),
			`spec.assumeRole.sourceIdentity in body should be at least 2 chars long`,
		},
		"a source identity must have less than 65": {
			assumingWith(`sourceIdentity: ` + text(65, "x")),
			`spec.assumeRole.sourceIdentity: Too long: may not be more than 64`,
		},
		"a source identity must not begin with aws:": {
			assumingWith(`sourceIdentity: "aws:jo"`),
			`spec.assumeRole.sourceIdentity: Invalid value: "aws:jo": ` + notASourceIdentity,
		},
		"a source identity must not be a path":     {assumingWith(`sourceIdentity: team/jo`), notASourceIdentity},
		"a source identity must not end in a line": {assumingWith(`sourceIdentity: "jo\n"`), notASourceIdentity},
		"a source identity is of AssumeRole only": {
			`{assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/reports", serviceAccountName: a, sourceIdentity: jo}}`,
			`strict decoding error: unknown field "spec.assumeRoleWithWebIdentity.sourceIdentity"`,
		},
		"a source identity is not a federated user's": {`sourceIdentity: jo`, `strict decoding error: unknown field "spec.sourceIdentity"`},
		"a code of a device is the issuer's to give": {
			assumingWith(`tokenCode: "123456"`),
			`strict decoding error: unknown field "spec.assumeRole.tokenCode"`,
		},
		"a serial number of one is the issuer's, too": {
			assumingWith(`serialNumber: GAHT12345678`),
			`strict decoding error: unknown field "spec.assumeRole.serialNumber"`,
		},
		"everything of AssumeRole may be there at one": {
			with(`tags: [{key: a, value: b}]`, `assumeRole: {roleARN: "arn:aws:iam::123456789012:role/reports", externalID: ab, `+
				`sourceIdentity: jo, transitiveTagKeys: [a], `+
				`providedContexts: [{providerARN: "arn:aws:iam::aws:contextProvider/IdentityCenter", contextAssertion: abcd}]}`),
			``,
		},
	})
}

func TestFederatedSessionTransitiveTagKeys(t *testing.T) {
	transitive := func(keys, tags string) string {
		return with(`tags: [`+tags+`]`, `assumeRole: {roleARN: "arn:aws:iam::123456789012:role/reports", transitiveTagKeys: [`+keys+`]}`)
	}
	const team = `{key: Team, value: a}`
	ask(t, "FederatedSession", map[string]candidate{
		"a key may be among the tags":             {transitive(`Team`, team), ``},
		"a key may differ from the tag's by case": {transitive(`tEAM`, team), ``},
		"a key may be the last of the tags":       {transitive(`k049`, many(50, `{key: k%d, value: v}`)), ``},
		"there may be 50 keys":                    {transitive(many(50, `k%d`), many(50, `{key: k%d, value: v}`)), ``},
		"there must be less than 51": {
			transitive(many(51, `k%d`), many(50, `{key: k%d, value: v}`)),
			`spec.assumeRole.transitiveTagKeys: Too many: 51: must have at most 50 items`,
		},
		"there may be no keys":                              {transitive(``, team), ``},
		"there may be no keys where there are no tags":      {assumingWith(`transitiveTagKeys: []`), ``},
		"a key must be among the tags":                      {transitive(`Owner`, team), notATransitive},
		"each key must be among the tags":                   {transitive(`Team, Owner`, team), notATransitive},
		"a tag's value is not its key":                      {transitive(`a`, team), notATransitive},
		"a key must be among the tags, and there are none":  {assumingWith(`transitiveTagKeys: [Team]`), notATransitive},
		"a key must be among the tags, and these are empty": {transitive(`Team`, ``), notATransitive},
		"no key may be there in two cases": {
			transitive(`Team, TEAM`, team),
			`spec.assumeRole.transitiveTagKeys: Invalid value: assumeRole.transitiveTagKeys must be unique ignoring case`,
		},
		"no key may be there twice": {
			transitive(`Team, Team`, team),
			`spec.assumeRole.transitiveTagKeys[1]: Duplicate value: "Team"`,
		},
		"a key must not be empty": {
			transitive(`""`, team),
			`spec.assumeRole.transitiveTagKeys[0] in body should be at least 1 chars long`,
		},
		"a key may have 128 characters": {transitive(text(128, "k"), `{key: `+text(128, "k")+`, value: v}`), ``},
		"a key must have less than 129": {
			transitive(text(129, "k"), team),
			`spec.assumeRole.transitiveTagKeys[0]: Too long: may not be more than 128`,
		},
		"a key must not hold an asterisk": {
			transitive(`"T*"`, team),
			`spec.assumeRole.transitiveTagKeys[0]: Invalid value: "T*": ` + notATagKey,
		},
		"a key must not begin with what AWS reserves": {
			transitive(`"AWS:team"`, team),
			`spec.assumeRole.transitiveTagKeys[0]: Invalid value: "AWS:team": ` + reservedKey,
		},
		"the tags of a federated user stay with it": {
			`transitiveTagKeys: [Team]`,
			`strict decoding error: unknown field "spec.transitiveTagKeys"`,
		},
	})
}

func TestFederatedSessionProvidedContexts(t *testing.T) {
	contexts := func(items string) string { return assumingWith(`providedContexts: [` + items + `]`) }
	context := func(arn, assertion string) string {
		return contexts(`{providerARN: "` + arn + `", contextAssertion: "` + assertion + `"}`)
	}
	const (
		center = "arn:aws:iam::aws:contextProvider/IdentityCenter"
		each   = `{providerARN: "arn:aws:iam::aws:contextProvider/P%d", contextAssertion: abcd}`
	)
	ask(t, "FederatedSession", map[string]candidate{
		"there may be an empty list of contexts": {contexts(``), ``},
		"there may be 1 context":                 {context(center, "abcd"), ``},
		"there may be 5 contexts":                {contexts(many(5, each)), ``},
		"there must be less than 6": {
			contexts(many(6, each)),
			`spec.assumeRole.providedContexts: Too many: 6: must have at most 5 items`,
		},
		"a provider must be there once": {
			contexts(many(2, `{providerARN: "`+center+`", contextAssertion: "a%d"}`)),
			`spec.assumeRole.providedContexts[1]: Duplicate value: {"providerARN":"` + center + `"}`,
		},
		"a context must have a provider": {
			contexts(`{contextAssertion: abcd}`),
			`spec.assumeRole.providedContexts[0].providerARN: Required value`,
		},
		"a context must have an assertion": {
			contexts(`{providerARN: "` + center + `"}`),
			`spec.assumeRole.providedContexts[0].contextAssertion: Required value`,
		},
		"a provider may be of another partition": {context("arn:aws-us-gov:iam::aws:contextProvider/IdentityCenter", "abcd"), ``},
		"a provider may have 2048 characters":    {context("arn:aws:iam::aws:"+text(2048-17, "p"), "abcd"), ``},
		"a provider must have less than 2049": {
			context("arn:aws:iam::aws:"+text(2049-17, "p"), "abcd"),
			`spec.assumeRole.providedContexts[0].providerARN: Too long: may not be more than 2048`,
		},
		"a provider must have more than 19": {
			context("arn:aws:iam::aws:pp", "abcd"),
			`spec.assumeRole.providedContexts[0].providerARN in body should be at least 20 chars long`,
		},
		"a provider must be an ARN": {
			context("the Identity Center of ours", "abcd"),
			`spec.assumeRole.providedContexts[0].providerARN: Invalid value: "the Identity Center of ours": ` + notAContextProvider,
		},
		"an assertion may have 2048 characters": {context(center, text(2048, "a")), ``},
		"an assertion must have less than 2049": {
			context(center, text(2049, "a")),
			`spec.assumeRole.providedContexts[0].contextAssertion: Too long: may not be more than 2048`,
		},
		"an assertion must have more than 3 characters": {
			context(center, "abc"),
			`spec.assumeRole.providedContexts[0].contextAssertion in body should be at least 4 chars long`,
		},
	})
}
