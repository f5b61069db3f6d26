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

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An object that was stored before a rule became stricter must not be stuck: what is as it was is not asked again.
func TestWhatIsStoredStaysWritable(t *testing.T) {
	for sentence, c := range map[string]struct{ kind, stored, change, worse, refused string }{
		"a session with a name that is now refused": {
			kind: "FederatedSession", stored: `name: "a:b"`,
			change: `suspend: true`, worse: `name: "a:c"`, refused: notAName,
		},
		"a session with a duration that is now refused": {
			kind: "FederatedSession", stored: `durationSeconds: 60`,
			change: `policyDocument: {}`, worse: `durationSeconds: 61`, refused: `greater than or equal to 900`,
		},
		"a session with tags that are now refused": {
			kind: "FederatedSession", stored: `tags: [{key: a*, value: v}, {key: team, value: v}, {key: Team, value: v}]`,
			change: `durationSeconds: 900`, worse: `tags: [{key: b*, value: v}]`, refused: notATagKey,
		},
		"a session with policies that are now refused": {
			kind: "FederatedSession", stored: `policyARNs: [` + many(11, `P%d`) + `]`,
			change: `name: accounts`, worse: `policyARNs: [` + many(12, `P%d`) + `]`, refused: `Too many: 12`,
		},
		"a session with a secret that is now refused": {
			kind: "FederatedSession", stored: `secret: {name: A_B, template: {metadata: {labels: {-a: -b}, annotations: {sts-operator.dev/a: b}}}}`,
			change: `rotation: {beforeExpirationSeconds: 300}`, worse: `secret: {name: A_C}`, refused: notASubdomain,
		},
		"a session of a role that is now refused": {
			kind: "FederatedSession", stored: `assumeRole: {roleARN: reports, externalID: a, sourceIdentity: "aws:jo", ` +
				`providedContexts: [{providerARN: center, contextAssertion: a}]}`,
			change: `tags: [{key: a, value: v}]`, worse: `assumeRole: {roleARN: the-role-of-the-reports}`, refused: notARole,
		},
		"a session of a ServiceAccount that is now refused": {
			kind: "FederatedSession", stored: `assumeRoleWithWebIdentity: {roleARN: reports, serviceAccountName: A_B, audience: a b}`,
			change: `verify: true`, worse: with(webIdentity, `durationSeconds: 43201`), refused: roleTooLong,
		},
		"a session of an assertion that is now refused": {
			kind: "FederatedSession", stored: with(noName, `assumeRoleWithSAML: {roleARN: reports, assertionSecretRef: {name: A_B}}`),
			change: `minimumSessionTokenSize: 1`, worse: with(noName, strings.Replace(saml, ":role/", ":user/", 1)), refused: notARole,
		},
		"an issuer with guardrails that are now refused": {
			kind: "SessionIssuer", stored: `{accountID: main, guardrails: {operations: [All], ` +
				`rules: [{message: a, messageExpression: b}], sessionTags: [{key: "*"}], sourceIdentityExpression: ""}}`,
			change: `requestsPerSecond: 5`, worse: `guardrails: {sessionTags: [{key: "**", value: v}]}`, refused: notATagKey,
		},
		"an issuer with a device that is now refused": {
			kind: "SessionIssuer", stored: `mfa: {serialNumber: a, totpSecretRef: {key: /}}`,
			change: `region: eu-north-1`, worse: `mfa: {serialNumber: "the telephone", totpSecretRef: {name: a, key: b}}`, refused: notASerialNumber,
		},
		"an issuer with keys of a Secret that are now refused": {
			kind: "SessionIssuer", stored: `accessKey: {secretRef: {name: key}, accessKeyIDKey: a/b, secretAccessKeyKey: ""}`,
			change: `requestsPerSecond: 5`, worse: `accessKey: {secretRef: {name: key}, accessKeyIDKey: b/c}`, refused: notASecretKey,
		},
		"a session with a policy document that is now refused": {
			kind: "FederatedSession", stored: `policyDocument: "{}"`,
			change: `suspend: true`, worse: `policyDocument: []`, refused: `must be of type object`,
		},
		"an issuer with a region that is now refused": {
			kind: "SessionIssuer", stored: compatible(`region: "a b"`),
			change: `requestsPerSecond: 5`, worse: compatible(`region: "a c"`), refused: notAWord,
		},
		"an issuer with an endpoint that is now refused": {
			kind: "SessionIssuer", stored: `endpoint: "ftp://sts.example.com"`,
			change: `requestsPerSecond: 5`, worse: `endpoint: "ftp://sts.example.org"`, refused: notAnEndpoint,
		},
		"a session with a tag that is now refused": {
			kind: "FederatedSession", stored: `tags: [{key: "aws:x", value: "aws:y"}]`,
			change: `suspend: true`, worse: `tags: [{key: "aws:z", value: v}]`, refused: reservedKey,
		},
		"an issuer with namespaces that are now refused": {
			kind: "ClusterSessionIssuer", stored: `allowedNamespaces: {names: ["*"], selector: {matchExpressions: [{key: a, operator: Like}]}}`,
			change: `requestsPerSecond: 5`, worse: `allowedNamespaces: {names: ["**"]}`, refused: notANamespace,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := storeUnchecked(t, object(t, c.kind, c.stored))

			expectWritableAroundSpec(t, o)
			o.Object["spec"] = specOf(t, c.kind, c.stored, c.change)
			g.Expect(k8s.Update(t.Context(), o)).To(Succeed(), "another field of spec")
			o.Object["spec"] = specOf(t, c.kind, c.worse)
			g.Expect(k8s.Update(t.Context(), o)).To(MatchError(ContainSubstring(c.refused)), "the field itself")
		})
	}
}

// Objects that keep every rule are stored while there is none, and changed once there are.
func TestValidObjectsStayWritable(t *testing.T) {
	for sentence, c := range map[string]struct{ kind, stored, change string }{
		"a session with little": {"FederatedSession", `{}`, `name: accounts`},
		"a session with everything": {
			"FederatedSession", `
name: ` + text(32, "n") + `
policy: "{}"
policyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
tags: [{key: Team, value: ""}]
durationSeconds: 129600
rotation: {beforeExpirationSeconds: 129599}
secret: {name: keys, template: {metadata: {labels: {a: b}, annotations: {a: b}}}}
suspend: true`, `{durationSeconds: null, rotation: {beforeExpirationSeconds: 43199}}`,
		},
		"a session with a document": {
			"FederatedSession",
			`policyDocument: {Version: "2012-10-17", Statement: []}`,
			`{policyDocument: null, policy: "{}"}`,
		},
		"an issuer with a key":              {"SessionIssuer", `requestsPerSecond: 600`, `region: eu-north-1`},
		"an issuer with the operator's own": {"ClusterSessionIssuer", `allowedNamespaces: {}`, with(accessKey)},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := storeUnchecked(t, object(t, c.kind, c.stored))

			expectWritableAroundSpec(t, o)
			o.Object["spec"] = specOf(t, c.kind, c.stored, c.change)
			NewWithT(t).Expect(k8s.Update(t.Context(), o)).To(Succeed(), "a change")
		})
	}
}

// A rule over two fields of spec is asked again whenever spec changes; the operator and annotations must still get through.
func TestWhatIsStoredStaysWritableAroundSpec(t *testing.T) {
	for sentence, c := range map[string]struct{ kind, stored, cure string }{
		"a session rotated before it is issued": {
			"FederatedSession",
			`rotation: {beforeExpirationSeconds: 86400}`,
			`durationSeconds: 129600`,
		},
		"a session without a name":                  {"FederatedSession", noName, `name: reports`},
		"a session with too long a name":            {"FederatedSession", `name: ` + text(33, "n"), assumeRole},
		"a session with two policies":               {"FederatedSession", `{policy: "{}", policyDocument: {}}`, `policy: null`},
		"a session of two operations":               {"FederatedSession", with(assumeRole, getSessionToken), `getSessionToken: null`},
		"a session with tags that it does not take": {"FederatedSession", with(webIdentity, `tags: [{key: a, value: b}]`), `tags: null`},
		"a session with more than it takes":         {"FederatedSession", with(getSessionToken, `policy: "{}"`), with(noName, `policy: null`)},
		"a session that passes on tags it lacks":    {"FederatedSession", assumingWith(`transitiveTagKeys: [a]`), `tags: [{key: a, value: b}]`},
		"an issuer with two identities":             {"ClusterSessionIssuer", `accessKey: {secretRef: {name: key}}`, `ambient: null`},
		"an issuer without an identity":             {"SessionIssuer", `accessKey: null`, with(unsigned)},
		"an unsigned issuer of signed operations": {
			"SessionIssuer",
			with(unsigned, `guardrails: {operations: [AssumeRole]}`),
			with(accessKey),
		},
		"an issuer of an account without a key": {"SessionIssuer", with(unsigned, `accountID: "123456789012"`), with(accessKey)},
		"an issuer with a device and without a user": {
			"ClusterSessionIssuer",
			`mfa: {serialNumber: GAHT12345678, totpSecretRef: {name: a, key: b}}`,
			`mfa: null`,
		},
		"an issuer of a region that AWS has not": {"SessionIssuer", `region: local`, `region: eu-north-1`},
		"an issuer of AWS with a path":           {"SessionIssuer", `endpoint: "https://sts.example.com/v1"`, compatible()},
		"an issuer of another service, nowhere":  {"SessionIssuer", `service: Compatible`, `service: AWS`},
		"an issuer that lends the operator's":    {"SessionIssuer", with(ambient), with(accessKey)},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := storeUnchecked(t, object(t, c.kind, c.stored))

			expectWritableAroundSpec(t, o)
			o.Object["spec"] = specOf(t, c.kind, c.stored, c.cure)
			NewWithT(t).Expect(k8s.Update(t.Context(), o)).To(Succeed(), "the cure")
		})
	}
}

func expectWritableAroundSpec(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	g := NewWithT(t)
	o.SetAnnotations(map[string]string{"example.com/team": "a"})
	g.Expect(k8s.Update(t.Context(), o)).To(Succeed(), "metadata")
	o.Object["status"] = map[string]any{"observedGeneration": o.GetGeneration()}
	g.Expect(k8s.Status().Update(t.Context(), o)).To(Succeed(), "status")
}

// storeUnchecked stores the object while the API server knows a CRD without rules, and then brings the rules back.
func storeUnchecked(t *testing.T, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	nothing := o.DeepCopy()
	nothing.Object["spec"] = map[string]any{}
	crd := customResourceDefinition(t, o.GetKind())
	withRules := crd.DeepCopy()

	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	g.Expect(err).NotTo(HaveOccurred())
	version := versions[0].(map[string]any)
	delete(version, "selectableFields") // they must be in the schema
	anything := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	g.Expect(unstructured.SetNestedMap(version, anything, "schema", "openAPIV3Schema", "properties", "spec")).To(Succeed())
	g.Expect(unstructured.SetNestedSlice(crd.Object, versions, "spec", "versions")).To(Succeed())
	g.Expect(k8s.Update(t.Context(), crd)).To(Succeed())
	g.Eventually(func() error { return k8s.Create(t.Context(), o) }).Should(Succeed(), "stored without rules")
	deleteAtTheEnd(t, o)

	crd.Object["spec"] = withRules.Object["spec"]
	g.Expect(k8s.Update(t.Context(), crd)).To(Succeed())
	createNothing := func() error { return k8s.Create(t.Context(), nothing.DeepCopy(), client.DryRunAll) }
	g.Eventually(createNothing).ShouldNot(Succeed(), "the rules are back")
	return o
}

// customResourceDefinition is what the API server has for the kind.
func customResourceDefinition(t *testing.T, kind string) *unstructured.Unstructured {
	t.Helper()
	crds := &unstructured.UnstructuredList{}
	crds.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinitionList"})
	NewWithT(t).Expect(k8s.List(t.Context(), crds)).To(Succeed())
	for _, crd := range crds.Items {
		if got, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind"); got == kind {
			return &crd
		}
	}
	t.Fatalf("no CRD for %s", kind)
	return nil
}
