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

package e2e_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	account = "arn:aws:iam::123456789012:"
	user    = account + "user/demo"
)

func TestGetFederationToken(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(sharedIssuer("federation", "names: ["+x.namespace+"]"))
	x.session("federated", `name: federated`)
	x.session("invoices", `name: invoices@example.com, durationSeconds: 3600,
  issuerRef: {kind: ClusterSessionIssuer, name: federation},
  policyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject",
    Resource: "arn:aws:s3:::example-invoices/${aws:PrincipalTag/team}/*"}]},
  policyARNs: ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"],
  tags: [{key: team, value: accounting}]`)
	x.session("archive", `name: archive,
  issuerRef: {kind: ClusterSessionIssuer, name: federation},
  secret: {name: archive-aws, template: {metadata: {labels: {app.kubernetes.io/part-of: archive}}}}`)

	x.Expect(x.serves("federated").Status.Identity.ARN).To(Equal("arn:aws:sts::123456789012:federated-user/federated"))
	x.Expect(x.serves("invoices").Status.Identity.ARN).To(Equal("arn:aws:sts::123456789012:federated-user/invoices@example.com"))
	request := x.latestRequestFor("invoices@example.com")
	x.Expect(request.Operation).To(Equal("GetFederationToken"))
	x.Expect(request.Parameters).To(HaveKeyWithValue("Policy",
		ContainSubstring(`"Resource":"arn:aws:s3:::example-invoices/${aws:PrincipalTag/team}/*"`)))
	x.Expect(tagsOf(request)).To(Equal(map[string]string{"team": "accounting"}))
	x.Expect(x.works(x.issued("archive"))).To(And(
		HaveField("Name", "archive-aws"), HaveField("Labels", HaveKeyWithValue("app.kubernetes.io/part-of", "archive"))))
}

// sharedIssuer is a ClusterSessionIssuer, whose key is in the operator's namespace.
func sharedIssuer(name, allowedNamespaces string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: %[1]s, namespace: sts-operator-system}
stringData: {AWS_ACCESS_KEY_ID: %[2]s, AWS_SECRET_ACCESS_KEY: %[3]s}
---
apiVersion: sts-operator.dev/v1alpha1
kind: ClusterSessionIssuer
metadata: {name: %[1]s}
spec:
  region: eu-central-1
  accessKey: {secretRef: {name: %[1]s}}
  allowedNamespaces: {%[4]s}
`, name, demo.id, demo.secret, allowedNamespaces)
}

// TestAssumeRole asks for the role of a partner's account, which demands the external id of the contract and a source identity.
func TestAssumeRole(t *testing.T) {
	x := newTenant(t, demo)
	x.session("forecast", `name: forecast,
  assumeRole: {roleARN: "arn:aws:iam::210987654321:role/partners/forecaster", externalID: contract-4711,
    sourceIdentity: jane@example.com, transitiveTagKeys: [team]},
  tags: [{key: team, value: reporting}, {key: project, value: forecast}]`)

	status := x.serves("forecast").Status
	x.Expect(status.Identity.ARN).To(Equal("arn:aws:sts::210987654321:assumed-role/forecaster/forecast"))
	x.Expect(status.SourceIdentity).To(Equal("jane@example.com"))
	x.Expect(status.SessionTokenUtilizationPercent).NotTo(BeNil())
	request := x.latestRequestFor("forecast")
	x.Expect(request.Operation).To(Equal("AssumeRole"))
	x.Expect(request.Parameters).To(And(HaveKeyWithValue("ExternalId", "contract-4711"),
		HaveKeyWithValue("SourceIdentity", "jane@example.com"), HaveKeyWithValue("TransitiveTagKeys.member.1", "team")))
	x.Expect(tagsOf(request)).To(Equal(map[string]string{"team": "reporting", "project": "forecast"}))
}

const unsignedIssuer = `
apiVersion: sts-operator.dev/v1alpha1
kind: SessionIssuer
metadata: {name: unsigned}
spec: {region: eu-central-1, unsigned: {}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: labels}
`

// TestAssumeRoleWithWebIdentity shows that a ServiceAccount is enough: nobody holds a key.
func TestAssumeRoleWithWebIdentity(t *testing.T) {
	x := newTenant(t, demo)
	x.Expect(cluster.AllowTokens(t.Context(), x.namespace)).To(Succeed())
	x.apply(unsignedIssuer)
	x.session("labels", labelPrinter("web-identity"))

	fs := x.serves("labels")
	x.Expect(fs.Status.Identity.ARN).To(Equal("arn:aws:sts::123456789012:assumed-role/label-printer/web-identity"))
	x.Expect(fs.Status.WebIdentity).To(HaveValue(And(HaveField("Subject", "system:serviceaccount:"+x.namespace+":labels"),
		HaveField("Audience", "sts.amazonaws.com"), HaveField("Provider", Not(BeEmpty())))))
	request := x.latestRequestFor("web-identity")
	x.Expect(request.Operation).To(Equal("AssumeRoleWithWebIdentity"))
	x.Expect(request.AccessKeyID).To(BeEmpty(), "the call is not signed")
}

// labelPrinter is the spec of a session that presents a token of the ServiceAccount labels.
func labelPrinter(name string) string {
	return fmt.Sprintf(`name: %s, issuerRef: {kind: SessionIssuer, name: unsigned},
  assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/label-printer", serviceAccountName: labels}`, name)
}

// TestAssumeRoleWithSAML shows that an assertion is used once, and that a new one brings new credentials.
func TestAssumeRoleWithSAML(t *testing.T) {
	const parcels = `issuerRef: {kind: SessionIssuer, name: unsigned},
  assumeRoleWithSAML: {roleARN: "arn:aws:iam::123456789012:role/parcel-clerk",
    principalARN: "arn:aws:iam::123456789012:saml-provider/company",
    assertionSecretRef: {name: parcels-sign-in, key: SAMLResponse}}`
	x := newTenant(t, demo)
	x.apply(unsignedIssuer)
	x.Expect(cluster.SignIn(t.Context(), x.namespace)).To(Succeed())
	x.session("parcels", parcels)

	before := x.serves("parcels")
	x.Expect(before.Status.SAML).To(HaveValue(And(HaveField("Subject", "jane"), HaveField("Issuer", "https://sign-in.example.com"))))
	x.Expect(before.Status.SourceIdentity).To(Equal("jane@example.com"))

	t.Log("a second session presents the same assertion")
	x.session("replayed", parcels)
	replayed := x.refuses("replayed", v1alpha1.ReasonIdentityRejected, "STS ")
	x.Expect(cluster.Client.Delete(t.Context(), replayed)).To(Succeed())

	t.Log("a new assertion, which would be seen within a minute without the request")
	x.Expect(cluster.SignIn(t.Context(), x.namespace)).To(Succeed())
	x.requestRotation("parcels")
	x.works(x.issuedAnew(before))
	taken := x.calls(func(c stsfake.Call) bool { return c.Operation == "AssumeRoleWithSAML" && c.Status == 200 })
	assertions := map[string]bool{}
	for _, call := range taken {
		assertions[call.Parameters["SAMLAssertion"]] = true
	}
	x.Expect(len(taken)).To(BeNumerically(">=", 2))
	x.Expect(assertions).To(HaveLen(len(taken)), "each was presented once")
}

// TestGetSessionToken asks for credentials of the issuer's own user, which its guardrails must list.
func TestGetSessionToken(t *testing.T) {
	x := newTenant(t, demo)
	x.session("console", `getSessionToken: {}`)
	x.refuses("console", v1alpha1.ReasonOperationNotAllowed, "GetSessionToken")

	x.apply(issuer("broker", `guardrails: {operations: [GetSessionToken]}`))
	x.Expect(x.serves("console").Status.Identity.ARN).To(Equal(user))
	x.Expect(x.calls(func(c stsfake.Call) bool { return c.Operation == "GetSessionToken" && c.Caller == user })).NotTo(BeEmpty())
}

// issuer is a SessionIssuer with the tenant's key and more.
func issuer(name, more string) string {
	return fmt.Sprintf(`
apiVersion: sts-operator.dev/v1alpha1
kind: SessionIssuer
metadata: {name: %s}
spec: {region: eu-central-1, accessKey: {secretRef: {name: access-key}}, %s}
`, name, more)
}
