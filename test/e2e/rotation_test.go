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
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// TestRotation shows that new credentials come before the old ones expire, so that both work for a while.
func TestRotation(t *testing.T) {
	x := newTenant(t, brief)
	x.session("rotated", `name: rotated`)
	before := x.issued("rotated")
	old := x.works(before)
	after := x.issuedAnew(before)
	x.Expect(after.Status.IssuedTime.Before(before.Status.ExpirationTime)).To(BeTrue(),
		"issued %s, %s before", after.Status.IssuedTime, before.Status.ExpirationTime)
	x.works(after)
	_, err := cluster.CallerOf(t.Context(), old)
	x.Expect(err).NotTo(HaveOccurred(), "the old credentials, which expire at %s", before.Status.ExpirationTime)
}

func TestEditedSpec(t *testing.T) {
	x := newTenant(t, demo)
	x.session("edited", `name: edited, tags: [{key: team, value: accounting}, {key: cost-center, value: "4711"}]`)
	before := x.serves("edited")
	x.session("edited", `name: edited, tags: [{key: team, value: accounting}, {key: cost-center, value: "4712"}]`)
	x.works(x.issuedAnew(before))
	x.Expect(tagsOf(x.latestRequestFor("edited"))).To(HaveKeyWithValue("cost-center", "4712"))
}

// TestRotateRequest shows that a request to rotate now is honoured exactly once.
func TestRotateRequest(t *testing.T) {
	x := newTenant(t, demo)
	x.session("requested", `name: requested`)
	before := x.serves("requested")
	x.requestRotation("requested")
	after := x.issuedAnew(before)
	x.Expect(x.requestsFor("requested")).To(HaveLen(2))

	t.Log("the operator looks at the session again, with the request still there")
	x.patch("requested", func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"looked": "again"}
	})
	x.Eventually(func() map[string]string { return x.secretOf(after).Labels }, patience, interval).Should(HaveKeyWithValue("looked", "again"))
	x.Expect(x.issued("requested").Status.AccessKeyID).To(Equal(after.Status.AccessKeyID))
	x.Expect(x.requestsFor("requested")).To(HaveLen(2))
}

func TestTamperedSecret(t *testing.T) {
	x := newTenant(t, demo)
	x.session("tampered", `name: tampered`)
	before := x.issued("tampered")
	secret := x.works(before)
	tampered := secret.DeepCopy()
	tampered.Data["credentials.json"] = []byte("{}")
	x.Expect(cluster.Client.Patch(t.Context(), tampered, client.MergeFrom(secret))).To(Succeed())
	x.works(x.issuedAnew(before))
}

// TestOutage has STS answer as a broken load balancer does, from before a rotation until after its time.
func TestOutage(t *testing.T) {
	x := newTenant(t, outage)
	x.session("outage", `name: outage`)
	x.serves("outage")
	down := stsfake.Scenario{Kind: stsfake.HTML, Status: 503, Operation: "GetFederationToken", AccessKeyID: outage.id}
	x.Expect(cluster.SetScenarios(t.Context(), append(scenarios(), down))).To(Succeed())

	failing := x.awaits("outage", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)
	x.works(failing)

	x.Expect(cluster.SetScenarios(t.Context(), scenarios())).To(Succeed())
	after := x.issuedAnew(failing)
	x.works(after)
	x.Expect(after.Status.IssuedTime.Before(failing.Status.ExpirationTime)).To(BeTrue(),
		"issued %s, %s before", after.Status.IssuedTime, failing.Status.ExpirationTime)
}

// TestMFA shows that sessions whose issuer has an MFA device take turns: AWS takes each code once, and there is one every 30
// seconds.
func TestMFA(t *testing.T) {
	x := newTenant(t, demo)
	x.apply(issuer("mfa", `mfa: {serialNumber: "arn:aws:iam::123456789012:mfa/demo", totpSecretRef: {name: mfa, key: seed}},
  guardrails: {operations: [AssumeRole, GetSessionToken]}`) + `
---
apiVersion: v1
kind: Secret
metadata: {name: mfa}
stringData: {seed: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ}
`)
	const mfa = `issuerRef: {kind: SessionIssuer, name: mfa}, `
	const admin = `, assumeRole: {roleARN: "arn:aws:iam::123456789012:role/admin"}`
	x.session("admin", mfa+`name: admin`+admin)
	x.session("on-call", mfa+`getSessionToken: {}`)
	x.Expect(x.serves("on-call").Status.Identity.ARN).To(Equal(user))
	x.Expect(x.serves("admin").Status.Identity.ARN).To(Equal("arn:aws:sts::123456789012:assumed-role/admin/admin"))

	t.Log("the second of them has used a code that had just begun, so a third session waits for the next")
	x.session("auditor", mfa+`name: auditor`+admin)
	x.awaits("auditor", metav1.ConditionFalse, v1alpha1.ReasonWaitingForMFACode)
	taken := x.calls(func(c stsfake.Call) bool { return c.Parameters["SerialNumber"] != "" && c.Status == 200 })
	codes := map[string]bool{}
	for _, call := range taken {
		codes[call.Parameters["TokenCode"]] = true
	}
	x.Expect(len(taken)).To(BeNumerically(">=", 2))
	x.Expect(codes).To(HaveLen(len(taken)), "each session had a code of its own")
}
