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
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stage"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// TestInvalidSpec has a name that AWS does not take, of which the API server itself says so.
func TestInvalidSpec(t *testing.T) {
	x := newTenant(t, demo)
	err := cluster.Apply(t.Context(), []byte(`
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: invalid-spec}
spec: {issuerRef: {kind: SessionIssuer, name: broker}, name: all reports!}
`), x.namespace)
	x.Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)
	x.Expect(err).To(MatchError(ContainSubstring("name may hold only letters, digits and _+=,.@-")))
}

// TestInvalidPolicy has a text that the API server takes and that is no policy.
func TestInvalidPolicy(t *testing.T) {
	x := newTenant(t, demo)
	x.session("invalid-policy", `name: invalid-policy, policy: '["s3:GetObject"]'`)
	fs := x.refusesUnasked("invalid-policy", v1alpha1.ReasonInvalidPolicy, "")
	x.Expect(fs.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.StalledCondition),
		HaveField("Status", metav1.ConditionTrue), HaveField("Message", Not(BeEmpty())))))
}

// TestForeignSecret shows that a Secret of somebody else is left untouched.
func TestForeignSecret(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(`{apiVersion: v1, kind: Secret, metadata: {name: payroll}, stringData: {password: of somebody else}}`)
	x.session("payroll", `name: payroll`)
	fs := x.awaits("payroll", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)
	secret := x.secretOf(fs)
	x.Expect(secret.Data).To(HaveLen(1))
	x.Expect(secret.ManagedFields).To(ConsistOf(HaveField("Manager", stage.FieldOwner)), "who has written it")
	x.Expect(x.requestsFor("payroll")).To(BeEmpty())
}

// TestNamespaceNotAllowed shows that a namespace is served once the issuer's administrator allows it.
func TestNamespaceNotAllowed(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(sharedIssuer("labelled", "selector: {matchLabels: {example.com/aws-sessions: allowed}}"))
	x.session("visitor", `name: visitor, issuerRef: {kind: ClusterSessionIssuer, name: labelled}`)
	x.refusesUnasked("visitor", v1alpha1.ReasonNamespaceNotAllowed, x.namespace)

	namespace := &corev1.Namespace{}
	x.Expect(cluster.Client.Get(t.Context(), client.ObjectKey{Name: x.namespace}, namespace)).To(Succeed())
	allowed := namespace.DeepCopy()
	metav1.SetMetaDataLabel(&allowed.ObjectMeta, "example.com/aws-sessions", "allowed")
	x.Expect(cluster.Client.Patch(t.Context(), allowed, client.MergeFrom(namespace))).To(Succeed())
	x.serves("visitor")
}

func TestRule(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(issuer("strict", `guardrails: {rules: [
  {expression: session.durationSeconds <= 3600, message: at most an hour},
  {expression: session.name.startsWith('reporting.'), messageExpression: "'names begin with reporting., not so ' + session.name"}]}`))
	const strict = `issuerRef: {kind: SessionIssuer, name: strict}, durationSeconds: 3600, name: `
	x.session("nightly", strict+"nightly")
	x.refusesUnasked("nightly", v1alpha1.ReasonRuleViolated, "names begin with reporting., not so nightly")
	x.session("nightly", strict+"reporting.nightly")
	x.serves("nightly")
}

// TestBrokenRule has a rule that the API server takes, since it cannot read it. It refuses every session.
func TestBrokenRule(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(issuer("broken", `guardrails: {rules: [
  {expression: "session.durationSeconds <= 3600 &&\nsession.nom.startsWith('reporting-')"}]}`))
	x.session("broken", `name: reporting-broken, durationSeconds: 3600, issuerRef: {kind: SessionIssuer, name: broken}`)
	x.Expect(x.issuerRefuses("broken", v1alpha1.ReasonRuleInvalid)).To(And(
		ContainSubstring("spec.guardrails.rules[0].expression"), ContainSubstring("line 2"), ContainSubstring("column 8")))
	x.refusesUnasked("broken", v1alpha1.ReasonIssuerNotReady, "SessionIssuer broken is not ready")
}

// TestForcedTag shows that an issuer's tag is on every session, and that none can have another value.
func TestForcedTag(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(issuer("tagging", `guardrails: {sessionTags: [{key: kubernetes-namespace, valueExpression: namespace.name}]}`))
	const tagging = `issuerRef: {kind: SessionIssuer, name: tagging}, name: `
	x.session("tagged", tagging+"tagged")
	x.serves("tagged")
	x.Expect(tagsOf(x.latestRequestFor("tagged"))).To(Equal(map[string]string{"kubernetes-namespace": x.namespace}))

	x.session("mistagged", tagging+"mistagged, tags: [{key: Kubernetes-Namespace, value: billing}]") // to AWS the same key
	x.refusesUnasked("mistagged", v1alpha1.ReasonForcedTagConflict, "ubernetes-")
}

// TestSourceIdentity shows that an issuer's source identity is on every role session, and that none can have another.
func TestSourceIdentity(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(issuer("tracing", `guardrails: {sourceIdentityExpression: namespace.name + '.' + object.name}`))
	const tracing = `issuerRef: {kind: SessionIssuer, name: tracing}, name: %s,
  assumeRole: {roleARN: "arn:aws:iam::123456789012:role/reader"%s}`
	x.session("traced", fmt.Sprintf(tracing, "traced", ""))
	x.Expect(x.serves("traced").Status.SourceIdentity).To(Equal(x.namespace + ".traced"))
	x.Expect(x.latestRequestFor("traced").Parameters).To(HaveKeyWithValue("SourceIdentity", x.namespace+".traced"))

	x.session("masked", fmt.Sprintf(tracing, "masked", ", sourceIdentity: jane@example.com"))
	x.refusesUnasked("masked", v1alpha1.ReasonSourceIdentityConflict, "jane@example.com")
}

// TestAccountMismatch has the key of another account than the issuer is meant for.
func TestAccountMismatch(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(issuer("misplaced", `accountID: "999999999999"`))
	x.session("misplaced", `name: misplaced, issuerRef: {kind: SessionIssuer, name: misplaced}`)
	x.Expect(x.issuerRefuses("misplaced", v1alpha1.ReasonAccountMismatch)).To(ContainSubstring("999999999999"))
	x.refusesUnasked("misplaced", v1alpha1.ReasonIssuerNotReady, "999999999999")
}

// TestVerify shows that new credentials are tried before they are published, where that is asked for.
func TestVerify(t *testing.T) {
	x := newTenant(t, demo)
	x.session("verified", `name: verified, verify: true`)
	fs := x.issued("verified")
	// The test has not used them yet.
	x.Expect(x.calls(func(c stsfake.Call) bool {
		return c.Operation == "GetCallerIdentity" && c.AccessKeyID == fs.Status.AccessKeyID
	})).To(
		ConsistOf(HaveField("Caller", fs.Status.Identity.ARN)))
	x.works(fs)
}

// TestEncodedDenial has STS give the reason of a denial only to who may decode it.
func TestEncodedDenial(t *testing.T) {
	x := newTenant(t, demo)
	x.session("denied", `name: denied, assumeRole: {roleARN: "arn:aws:iam::123456789012:role/vault"}`)
	x.refuses("denied", v1alpha1.ReasonAccessDenied, "AWS denies arn:aws:iam::123456789012:user/demo the action sts:AssumeRole on "+
		"arn:aws:iam::123456789012:role/vault: the statement KeepTheBrokerOut of a policy denies it explicitly (AccessDenied)")
}

// TestTokenPermission shows that tokens of ServiceAccounts need a permission in their namespace.
func TestTokenPermission(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(unsignedIssuer)
	x.session("guest", labelPrinter("guest-labels"))
	x.refusesUnasked("guest", v1alpha1.ReasonTokenRequestForbidden, "an administrator must allow create on serviceaccounts/token there")

	x.Expect(cluster.AllowTokens(t.Context(), x.namespace)).To(Succeed())
	x.requestRotation("guest") // it would be tried again within minutes
	x.serves("guest")
}

// TestTokenAudience shows that no token leaves that is good for anything but AWS.
func TestTokenAudience(t *testing.T) {
	x := newTenant(t, demo)
	x.Expect(cluster.AllowTokens(t.Context(), x.namespace)).To(Succeed())
	x.apply(unsignedIssuer + fmt.Sprintf(`
---
apiVersion: sts-operator.dev/v1alpha1
kind: ClusterSessionIssuer
metadata: {name: unsigned}
spec: {region: eu-central-1, unsigned: {}, allowedNamespaces: {names: [%s]}}
`, x.namespace))
	const session = `name: %[1]s, issuerRef: {kind: %[2]s, name: unsigned}, assumeRoleWithWebIdentity: {audience: "%[3]s",
  roleARN: "arn:aws:iam::123456789012:role/label-printer", serviceAccountName: labels}`

	t.Log("an API server takes tokens for its own issuer")
	x.session("kubernetes-audience",
		fmt.Sprintf(session, "kubernetes-audience", "ClusterSessionIssuer", "https://kubernetes.default.svc.cluster.local"))
	x.refusesUnasked("kubernetes-audience", v1alpha1.ReasonAudienceNotAllowed, "the Kubernetes API itself accepts tokens for")

	t.Log("the endpoint of a SessionIssuer is its namespace's own choice")
	x.session("other-audience", fmt.Sprintf(session, "other-audience", "SessionIssuer", "vault.example.com"))
	x.refusesUnasked("other-audience", v1alpha1.ReasonAudienceNotAllowed, "is given tokens for sts.amazonaws.com only")
}
