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
	notAnAccount    = `spec.accountID: Invalid value: "12345678901x": accountID must be the 12 digits of an AWS account`
	accountOfNobody = `spec: Invalid value: accountID needs an identity (accessKey or ambient): without one there is no account to check`
	tagsOfNobody    = `spec: Invalid value: guardrails.sessionTags and guardrails.sourceIdentityExpression need an identity ` +
		`(accessKey or ambient)`
	signedOperation = `spec: Invalid value: guardrails.operations of an unsigned issuer may list AssumeRoleWithWebIdentity and ` +
		`AssumeRoleWithSAML only`
	mfaWithoutKey    = `spec: Invalid value: mfa needs accessKey: the device belongs to the IAM user of the key`
	notASerialNumber = `mfa.serialNumber may hold only letters, digits and _+=/:,.@- (AWS STS: SerialNumber matches [\w+=/:,.@-]*, 9 ` +
		`to 256 characters)`
)

// The identities that an issuer may have, each with an end to the others.
const (
	accessKey = `ambient: null, unsigned: null, accessKey: {secretRef: {name: key}}`
	ambient   = `accessKey: null, unsigned: null, ambient: {}`
	unsigned  = `accessKey: null, ambient: null, unsigned: {}`
)

func TestIssuerAccountID(t *testing.T) {
	const account, tooShort, tooLong = `accountID: "123456789012"`, `accountID: "12345678901"`, `accountID: "1234567890123"`
	bothKinds(t, map[string]candidate{
		"an account has 12 digits":        {with(accessKey, account), ``},
		"an account may begin with zeros": {with(accessKey, `accountID: "000000000001"`), ``},
		"an account has more than 11":     {with(accessKey, tooShort), `spec.accountID in body should be at least 12 chars long`},
		"an account has less than 13":     {with(accessKey, tooLong), `spec.accountID: Too long: may not be more than 12`},
		"an account has no letters":       {with(accessKey, `accountID: 12345678901x`), notAnAccount},
		"an account has no dashes": {
			with(accessKey, `accountID: 1234-5678-90`),
			`accountID must be the 12 digits of an AWS account`,
		},
		"an account has no digits of other script": {
			with(accessKey, `accountID: "12345678901٣"`),
			`accountID must be the 12 digits of an AWS account`,
		},
		"an account must not be empty": {with(accessKey, `accountID: ""`), `spec.accountID in body should be at least 12 chars long`},
		"an account is in quotes: zeros count": {
			with(accessKey, `accountID: 123456789012`),
			`spec.accountID in body must be of type string: "integer"`,
		},
		"an account is nobody's without identity": {with(unsigned, account), accountOfNobody},
	})
	ask(t, "ClusterSessionIssuer", map[string]candidate{
		"an account may be that of the operator": {with(ambient, account), ``},
	})
}

// The names of keys, not their values: an access key belongs in the Secret.
func TestIssuerAccessKeyKeys(t *testing.T) {
	for _, field := range []string{"accessKeyIDKey", "secretAccessKeyKey"} {
		path := "spec.accessKey." + field
		keyed := func(key string) string {
			return with(`ambient: null`, `accessKey: {secretRef: {name: key}, `+field+`: `+key+`}`)
		}
		t.Run(field, func(t *testing.T) {
			bothKinds(t, map[string]candidate{
				"a key may hold every character": {keyed("aZ09-_."), ``},
				"a key may have 1 character":     {keyed("k"), ``},
				"a key may have 253 characters":  {keyed(text(253, "k")), ``},
				"a key may begin with a dot":     {keyed(".id"), ``},
				"a key must not be empty":        {keyed(`""`), path + ` in body should be at least 1 chars long`},
				"a key must have less than 254":  {keyed(text(254, "k")), path + `: Too long: may not be more than 253`},
				"a key must not be a path":       {keyed("aws/id"), path + `: Invalid value: "aws/id": ` + notASecretKey},
				"a key must not hold a space":    {keyed("access key"), notASecretKey},
				"a key must not end in a line":   {keyed(`"id\n"`), notASecretKey},
				"a key must be text":             {keyed("42"), path + ` in body must be of type string`},
			})
		})
	}
	bothKinds(t, map[string]candidate{
		"both keys may be named": {
			with(`ambient: null`, `accessKey: {secretRef: {name: key}, accessKeyIDKey: id, secretAccessKeyKey: secret}`),
			``,
		},
		"the Secret must be named as well": {
			with(`ambient: null`, `accessKey: {accessKeyIDKey: id, secretAccessKeyKey: secret}`),
			`spec.accessKey.secretRef: Required value`,
		},
		"the reference names no keys": {
			with(`ambient: null`, `accessKey: {secretRef: {name: key, accessKeyIDKey: id}}`),
			`strict decoding error: unknown field "spec.accessKey.secretRef.accessKeyIDKey"`,
		},
	})
}

func TestIssuerMFA(t *testing.T) {
	const device = `mfa: {serialNumber: "arn:aws:iam::123456789012:mfa/broker", totpSecretRef: {name: mfa, key: seed}}`
	serial := func(number string) string {
		return with(accessKey, `mfa: {serialNumber: "`+number+`", totpSecretRef: {name: mfa, key: seed}}`)
	}
	bothKinds(t, map[string]candidate{
		"a user may have a device":                 {with(accessKey, device), ``},
		"a serial number may have 9 characters":    {serial(text(9, "n")), ``},
		"a serial number may have 256 characters":  {serial(text(256, "n")), ``},
		"a serial number may hold every character": {serial("aZ09_+=/:,.@-"), ``},
		"a serial number must have more than 8":    {serial(text(8, "n")), `spec.mfa.serialNumber in body should be at least 9 chars long`},
		"a serial number must have less than 257":  {serial(text(257, "n")), `spec.mfa.serialNumber: Too long: may not be more than 256`},
		"a serial number must not hold a space": {
			serial("GAHT 12345678"),
			`spec.mfa.serialNumber: Invalid value: "GAHT 12345678": ` + notASerialNumber,
		},
		"a serial number must not end in a line": {serial(`GAHT12345678\n`), notASerialNumber},
		"a device must have a serial number": {
			with(accessKey, `mfa: {totpSecretRef: {name: mfa, key: seed}}`),
			`spec.mfa.serialNumber: Required value`,
		},
		"a device must have a seed": {
			with(accessKey, `mfa: {serialNumber: GAHT12345678}`),
			`spec.mfa.totpSecretRef: Required value`,
		},
		"a seed is in a Secret, not here": {
			with(accessKey, `mfa: {serialNumber: GAHT12345678, totpSecretRef: {name: mfa, key: seed}, seed: JBSWY3DPEHPK3PXP}`),
			`strict decoding error: unknown field "spec.mfa.seed"`,
		},
		"a device without an identity is nobody's": {with(unsigned, device), mfaWithoutKey},
	})
	ask(t, "ClusterSessionIssuer", map[string]candidate{
		"a device is not the operator's own": {with(ambient, device), mfaWithoutKey},
	})
}

func TestIssuerMFASeed(t *testing.T) {
	for _, kind := range []string{"SessionIssuer", "ClusterSessionIssuer"} {
		t.Run(kind, func(t *testing.T) {
			askAboutSecretKey(t, kind, "spec.mfa.totpSecretRef", func(ref string) string {
				return with(accessKey, `mfa: {serialNumber: GAHT12345678, totpSecretRef: `+ref+`}`)
			})
		})
	}
}

func TestUnsignedIssuer(t *testing.T) {
	operations := func(list string) string { return with(unsigned, `guardrails: {operations: [`+list+`]}`) }
	bothKinds(t, map[string]candidate{
		"it may serve web identities":    {operations(`AssumeRoleWithWebIdentity`), ``},
		"it may serve SAML assertions":   {operations(`AssumeRoleWithSAML`), ``},
		"it may list both":               {operations(`AssumeRoleWithSAML, AssumeRoleWithWebIdentity`), ``},
		"it serves no federated users":   {operations(`GetFederationToken`), signedOperation},
		"it serves no AssumeRole":        {operations(`AssumeRole`), signedOperation},
		"it serves no GetSessionToken":   {operations(`GetSessionToken`), signedOperation},
		"one that it cannot is too many": {operations(`AssumeRoleWithWebIdentity, AssumeRole`), signedOperation},
		"it may have rules":              {with(unsigned, `guardrails: {rules: [{expression: "true"}]}`), ``},
		"it may have an endpoint":        {with(unsigned, `endpoint: "https://sts.example.com"`), ``},
		"it may use FIPS":                {with(unsigned, `fips: true`), ``},
		"it may have a budget":           {with(unsigned, `requestsPerSecond: 5`), ``},
		"it must have a region even so":  {with(unsigned, `region: null`), `spec.region: Required value`},
		"it may name no tags":            {with(unsigned, `guardrails: {sessionTags: []}`), ``},
		"it puts tags on nothing":        {with(unsigned, `guardrails: {sessionTags: [{key: a, value: b}]}`), tagsOfNobody},
		"it sets no source identity":     {with(unsigned, `guardrails: {sourceIdentityExpression: "'a'"}`), tagsOfNobody},
		"it has neither account nor mfa": {
			with(unsigned, `accountID: "123456789012"`, `mfa: {serialNumber: GAHT12345678, totpSecretRef: {name: a, key: b}}`),
			mfaWithoutKey,
		},
		"and both errors come at once": {
			with(unsigned, `accountID: "123456789012"`, `mfa: {serialNumber: GAHT12345678, totpSecretRef: {name: a, key: b}}`),
			accountOfNobody,
		},
	})
}
