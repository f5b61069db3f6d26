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

package controller_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// The key is in order: nobody is told to replace it.
func TestIssuerOfAnotherRegionsEndpoint(t *testing.T) {
	h := newHarness(t)
	server := httptest.NewServer(stsfake.NewServer(time.Now, stsfake.DefaultWorld(), stsfake.WithRegion("eu-central-1")))
	t.Cleanup(server.Close)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	issuer.Spec.Endpoint = server.URL
	h.create(issuer)

	h.reconcileIssuer("aws")

	message := h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonRegionMismatch)
	h.Expect(message).To(And(ContainSubstring(server.Listener.Addr().String()), ContainSubstring(issuer.Spec.Region), ContainSubstring("spec.endpoint")))
}

func TestSessionDeniedByServiceControlPolicy(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	const clause = "with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/o-example/service_control_policy/p-example"
	h.scenario(stsfake.Scenario{
		Kind: stsfake.Error, Operation: getFederationToken, Code: "AccessDenied", Status: 403,
		Message: "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:GetFederationToken " + clause,
	})
	h.session("reports")

	h.reconcile("reports")

	message := h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonAccessDenied)
	h.Expect(message).To(ContainSubstring("(AccessDenied: " + clause + ")"))
	h.Expect(message).NotTo(ContainSubstring("allow the issuer's IAM user"), "that would not help")
}

// ownToken is the operator's own web identity.
type ownToken string

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (o ownToken) GetIdentityToken() ([]byte, error) { return []byte(o), nil }

// The pod has a web identity, which STS denies: that is not the same as having none.
func TestAmbientIssuerWhoseRoleIsDenied(t *testing.T) {
	h := newHarness(t)
	h.ambient = stscreds.NewWebIdentityRoleProvider(
		awssts.New(awssts.Options{
			Region: "us-east-1", BaseEndpoint: aws.String(h.endpoint), Retryer: aws.NopRetryer{}, HTTPClient: broker.NewHTTPClient(nil),
		}),
		"arn:aws:iam::123456789012:role/nobody-trusts", ownToken("not.a.token"),
	)
	name := h.clusterIssuer(h.issuerSpec(""), &v1alpha1.AllowedNamespaces{})
	issuer := &v1alpha1.ClusterSessionIssuer{}
	h.Expect(h.direct.Get(t.Context(), client.ObjectKey{Name: name}, issuer)).To(Succeed())

	message := h.expectCondition(issuer.Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonAmbientCredentialsFailed)

	h.Expect(message).To(ContainSubstring("AssumeRoleWithWebIdentity"))
}
