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
	"fmt"
	"testing"
)

const (
	metadata  = `secret.template.metadata`
	notALabel = `spec.` + metadata + `.labels: Invalid value: ` + metadata +
		`.labels must have Kubernetes label keys such as app or example.com/app`
	notALabelValue = `a label value may hold at most 63 letters, digits, '-', '_' and '.', and begins and ends with a letter or digit`
	ourLabel       = `spec.` + metadata + `.labels: Invalid value: ` + metadata +
		`.labels must not set sts-operator.dev/... or app.kubernetes.io/managed-by: the operator sets these`
	notAnnotation = `spec.` + metadata + `.annotations: Invalid value: ` + metadata +
		`.annotations must have Kubernetes annotation keys such as example.com/team`
	ourAnnotation = `spec.` + metadata + `.annotations: Invalid value: ` + metadata +
		`.annotations must not set sts-operator.dev/...: the operator sets these`
	notASubdomain = `must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253 characters`
)

// name253 is as long as the name of an object can be.
var name253 = "n" + text(126, ".n")

func TestFederatedSessionIssuerRef(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"the issuer may be of the namespace":        {`issuerRef: {kind: SessionIssuer, name: main}`, ``},
		"the issuer may be of the cluster":          {`issuerRef: {kind: ClusterSessionIssuer, name: main}`, ``},
		"the issuer's name may have 253 characters": {`issuerRef: {kind: SessionIssuer, name: ` + name253 + `}`, ``},
		"the issuer must be given":                  {`issuerRef: null`, `spec.issuerRef: Required value`},
		"the issuer must have a kind":               {`issuerRef: {name: main}`, `spec.issuerRef.kind: Required value`},
		"the issuer must have a name":               {`issuerRef: {kind: SessionIssuer}`, `spec.issuerRef.name: Required value`},
		"the issuer's name must not be empty": {
			`issuerRef: {kind: SessionIssuer, name: ""}`,
			`spec.issuerRef.name in body should be at least 1 chars long`,
		},
		"the issuer's name must have less than 254": {
			`issuerRef: {kind: SessionIssuer, name: ` + name253 + `n}`,
			`spec.issuerRef.name: Too long: may not be more than 253`,
		},
		"the issuer's name must be one that can be": {
			`issuerRef: {kind: SessionIssuer, name: Main}`,
			`spec.issuerRef.name: Invalid value: "Main": issuerRef.name ` + notASubdomain,
		},
		"the issuer must be of a kind that is known": {
			`issuerRef: {kind: Issuer, name: main}`,
			`spec.issuerRef.kind: Unsupported value: "Issuer": supported values: "SessionIssuer", "ClusterSessionIssuer"`,
		},
	})
}

func TestFederatedSessionSecret(t *testing.T) {
	template := func(field, entries string) string {
		return `secret: {template: {metadata: {` + field + `: {` + entries + `}}}}`
	}
	label := func(key, value string) string { return template("labels", fmt.Sprintf(`%q: %q`, key, value)) }
	annotation := func(key, value string) string { return template("annotations", fmt.Sprintf(`%q: %q`, key, value)) }
	ask(t, "FederatedSession", map[string]candidate{
		"the secret may say nothing":              {`secret: {}`, ``},
		"the template may say nothing":            {`secret: {template: {}}`, ``},
		"the template's metadata may say nothing": {`secret: {template: {metadata: {}}}`, ``},
		"the template gives the secret no name": {
			`secret: {template: {metadata: {name: keys}}}`,
			`strict decoding error: unknown field "spec.` + metadata + `.name"`,
		},
		"the template's labels may be empty":        {template("labels", ``), ``},
		"the template's annotations may be empty":   {template("annotations", ``), ``},
		"the secret's name may be a DNS subdomain":  {`secret: {name: a.b-c.d9}`, ``},
		"the secret's name may have 253 characters": {`secret: {name: ` + name253 + `}`, ``},
		"the secret's name must not be empty":       {`secret: {name: ""}`, `spec.secret.name in body should be at least 1 chars long`},
		"the secret's name must have less than 254": {
			`secret: {name: ` + name253 + `n}`,
			`spec.secret.name: Too long: may not be more than 253`,
		},
		"the secret's name must not have upper-case": {
			`secret: {name: Reports}`,
			`spec.secret.name: Invalid value: "Reports": secret.name ` + notASubdomain,
		},
		"the secret's name must not have an underscore": {`secret: {name: a_b}`, notASubdomain},
		"the secret's name must not be a path":          {`secret: {name: ../kube-system/key}`, notASubdomain},
		"the secret's name must not end in a dash":      {`secret: {name: reports-}`, notASubdomain},
		"a label may have no prefix":                    {label("app", "reports"), ``},
		"a label may have a prefix":                     {label("example.com/App_1.x", "Reports_1.x"), ``},
		"a label may be empty":                          {label("app", ""), ``},
		"a label may have 63 characters":                {label("app", text(63, "v")), ``},
		"there may be 32 labels":                        {template("labels", many(32, `k%d: v`)), ``},
		"there must be less than 33 labels": {
			template("labels", many(33, `k%d: v`)),
			`spec.` + metadata + `.labels: Too many: 33: must have at most 32 items`,
		},
		"a label must have less than 64": {
			label("app", text(64, "v")),
			`spec.` + metadata + `.labels.app: Too long: may not be more than 63`,
		},
		"a label must not end in a dash": {
			label("app", "reports-"),
			`spec.` + metadata + `.labels[app]: Invalid value: "reports-": ` + notALabelValue,
		},
		"a label must not have a space":                  {label("app", "the reports"), notALabelValue},
		"a label's key must not begin with a dash":       {label("-app", "reports"), notALabel},
		"a label's key must not be empty":                {label("", "reports"), notALabel},
		"a label's key must have less than 64":           {label(text(64, "k"), "reports"), notALabel},
		"a label's prefix must not have upper-case":      {label("Example.com/app", "reports"), notALabel},
		"a label must not be one of the operator's":      {label("sts-operator.dev/session", "reports"), ourLabel},
		"a label must not say who manages the secret":    {label("app.kubernetes.io/managed-by", "Helm"), ourLabel},
		"a label may be another of the recommended ones": {label("app.kubernetes.io/part-of", "reports"), ``},
		"an annotation may have no prefix":               {annotation("team", "reports"), ``},
		"an annotation's prefix may have upper-case":     {annotation("Example.com/Team", "reports"), ``},
		"an annotation may hold anything":                {annotation("example.com/team", "{🚀}\n"), ``},
		"an annotation may have 1024 characters":         {annotation("team", text(1024, "v")), ``},
		"there may be 32 annotations":                    {template("annotations", many(32, `k%d: v`)), ``},
		"there must be less than 33 annotations": {
			template("annotations", many(33, `k%d: v`)),
			`spec.` + metadata + `.annotations: Too many: 33: must have at most 32 items`,
		},
		"an annotation must have less than 1025": {
			annotation("team", text(1025, "v")),
			`spec.` + metadata + `.annotations.team: Too long: may not be more than 1024`,
		},
		"an annotation's key must not have a space":          {annotation("the team", "reports"), notAnnotation},
		"an annotation must not be one of the operator's":    {annotation("sts-operator.dev/expiration", "never"), ourAnnotation},
		"an annotation's prefix may end like the operator's": {annotation("my-sts-operator.dev/expiration", "never"), ``},
	})
}

func TestFederatedSessionRotation(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"the rotation may say nothing": {`rotation: {}`, ``},
		"300 seconds are enough":       {`rotation: {beforeExpirationSeconds: 300}`, ``},
		"299 seconds are not": {
			`rotation: {beforeExpirationSeconds: 299}`,
			`spec.rotation.beforeExpirationSeconds in body should be greater than or equal to 300`,
		},
		"no more than the longest session": {
			`rotation: {beforeExpirationSeconds: 129600}`,
			`spec.rotation.beforeExpirationSeconds in body should be less than or equal to 129599`,
		},
		"less than the duration that is given":           {`{durationSeconds: 3600, rotation: {beforeExpirationSeconds: 3599}}`, ``},
		"not as much as the duration that is given":      {`{durationSeconds: 3600, rotation: {beforeExpirationSeconds: 3600}}`, notEarlier},
		"less than the longest duration":                 {`{durationSeconds: 129600, rotation: {beforeExpirationSeconds: 129599}}`, ``},
		"less than the default of STS":                   {`rotation: {beforeExpirationSeconds: 43199}`, ``},
		"not as much as the default of STS":              {`rotation: {beforeExpirationSeconds: 43200}`, notEarlier},
		"the default counts only where nothing is given": {`{durationSeconds: 43201, rotation: {beforeExpirationSeconds: 43200}}`, ``},
	})
}

func TestFederatedSessionAsAWhole(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"an issuer and a name are enough": {`{}`, ``},
		"a session may be suspended":      {`suspend: true`, ``},
		"a session may be said not to be": {`suspend: false`, ``},
		"suspend is true or false":        {`suspend: "yes"`, `spec.suspend in body must be of type boolean`},
		"a field must be known":           {`policyArns: []`, `strict decoding error: unknown field "spec.policyArns"`},
		"a field of a field must be known": {
			`tags: [{key: a, value: b, transitive: true}]`,
			`strict decoding error: unknown field "spec.tags[0].transitive"`,
		},
	})
}

func TestFederatedSessionTokenSizeAndVerify(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"a token may have 1 byte at least":     {`minimumSessionTokenSize: 1`, ``},
		"a token may have 4096 bytes at least": {`minimumSessionTokenSize: 4096`, ``},
		"a token has more than 0 bytes anyway": {
			`minimumSessionTokenSize: 0`,
			`spec.minimumSessionTokenSize in body should be greater than or equal to 1`,
		},
		"a token has no more than 4096 bytes": {
			`minimumSessionTokenSize: 4097`,
			`spec.minimumSessionTokenSize in body should be less than or equal to 4096`,
		},
		"its size is a number, without a unit": {
			`minimumSessionTokenSize: 4Ki`,
			`spec.minimumSessionTokenSize in body must be of type integer`,
		},
		"the size may be of AssumeRole's":          {with(assumeRole, `minimumSessionTokenSize: 4096`), ``},
		"the size may be of a web identity's":      {with(webIdentity, `minimumSessionTokenSize: 4096`), ``},
		"the size may be of SAML's":                {with(noName, saml, `minimumSessionTokenSize: 4096`), ``},
		"the credentials may be verified":          {`verify: true`, ``},
		"the credentials may be said not to be":    {`verify: false`, ``},
		"whether they are verified is yes or no":   {`verify: always`, `spec.verify in body must be of type boolean`},
		"credentials of a role may be verified":    {with(assumeRole, `verify: true`), ``},
		"credentials of a user may be, whoever is": {with(noName, getSessionToken, `verify: true`), ``},
	})
}
