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
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	broker   = `{accountID: "123456789012", arn: "arn:aws:iam::123456789012:user/broker", userID: AIDAEXAMPLE}`
	verified = `verified: {generation: 1, accessKeyID: AKIAEXAMPLE, identity: ` + broker + `}`
	failure  = `time: "2026-01-01T00:00:00Z", reason: Throttled, count: 1`
)

// What the operator reports, and what the API server has no place for.
func TestStatus(t *testing.T) {
	for kind, candidates := range map[string]map[string]candidate{
		"FederatedSession": {
			"it has the times of the credentials": {`{issuedTime: "2026-01-01T00:00:00Z", expirationTime: "2026-01-01T12:00:00Z", ` +
				`rotationTime: "2026-01-01T06:00:00Z"}`, ``},
			"it has the identity of the session": {`{secretName: keys, accessKeyID: ASIAEXAMPLE, ` +
				`identity: {accountID: "123456789012", arn: "arn:aws:sts::123456789012:federated-user/a", userID: "123456789012:a"}}`, ``},
			"it has the last failure": {`lastFailure: {` + failure + `, message: later, attemptHash: ab12}`, ``},
			"a failure has a reason": {
				`lastFailure: {time: "2026-01-01T00:00:00Z", count: 1}`,
				`status.lastFailure.reason: Required value`,
			},
			"a failure has one hash": {
				`lastFailure: {` + failure + `, requestHash: ab12}`,
				`unknown field "status.lastFailure.requestHash"`,
			},
			"who it is has one shape":      {`principal: {arn: a}`, `unknown field "status.principal"`},
			"an account is of an identity": {`accountID: "123456789012"`, `unknown field "status.accountID"`},
			"an account has 12 digits": {
				`identity: {accountID: "1234567890123"}`,
				`status.identity.accountID: Too long: may not be more than 12`,
			},
			"the time of rotation is its own": {`renewalTime: "2026-01-01T06:00:00Z"`, `unknown field "status.renewalTime"`},
		},
		"SessionIssuer":        issuerStatus,
		"ClusterSessionIssuer": issuerStatus,
	} {
		for sentence, c := range candidates {
			t.Run(kind+"/"+sentence, func(t *testing.T) {
				g := NewWithT(t)
				o := object(t, kind)
				create(t, o)
				status := merged(t, `observedGeneration: 1`, c.spec)
				o.Object["status"] = status
				err := k8s.Status().Update(t.Context(), o)
				if c.refused != "" {
					g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
					return
				}
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(k8s.Get(t.Context(), client.ObjectKeyFromObject(o), o)).To(Succeed())
				g.Expect(o.Object["status"]).To(Equal(status))
			})
		}
	}
}

// An object has a condition before an operator has seen it, so that READY is never blank and no tool takes it for settled.
func TestStatusOfANewObject(t *testing.T) {
	for _, kind := range []string{"FederatedSession", "SessionIssuer", "ClusterSessionIssuer"} {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, kind)

			create(t, o)

			g.Expect(o.Object["status"]).To(Equal(map[string]any{
				"observedGeneration": int64(-1),
				"conditions": []any{map[string]any{
					"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "waiting for the operator",
					"lastTransitionTime": "1970-01-01T00:00:00Z",
				}},
			}))
		})
	}
}

// issuerStatus is of both kinds of issuer.
var issuerStatus = map[string]candidate{
	"it has the identity and what is verified":   {with(`identity: `+broker, verified, `lastVerifiedTime: "2026-01-01T00:00:00Z"`), ``},
	"an unsigned issuer is verified, as nobody":  {`verified: {generation: 1}`, ``},
	"another service is verified, as its key":    {`verified: {generation: 1, accessKeyID: minioadmin}`, ``},
	"it has the installation that wrote it":      {`controllerName: sts-operator.dev/east`, ``},
	"an installation has a name of DNS's length": {`controllerName: ` + text(254, "n"), `status.controllerName: Too long: may not be more than 253`},
	"a generation begins at 1":                   {`verified: {generation: 0}`, `generation in body should be greater than or equal to 1`},
	"what is verified has a generation":          {`verified: {accessKeyID: AKIAEXAMPLE}`, `status.verified.generation: Required value`},
	"an account is of an identity":               {`account: "123456789012"`, `unknown field "status.account"`},
	"an ARN is of an identity":                   {`arn: "arn:aws:iam::123456789012:user/broker"`, `unknown field "status.arn"`},
	"an id is of an identity":                    {`userID: AIDAEXAMPLE`, `unknown field "status.userID"`},
}
