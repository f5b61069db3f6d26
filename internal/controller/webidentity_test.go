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
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

const tokenRequest = "create token *v1.ServiceAccount"

var tokens = schema.GroupResource{Resource: "serviceaccounts/token"}

func TestObtainToken(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	h.cluster("worker")
	h.session("reports", withWebIdentity)

	h.reconcile("reports")

	h.Expect(h.presented()).To(Equal(map[string]string{
		"subject": "system:serviceaccount:" + h.namespace + ":worker", "audience": "sts.amazonaws.com", "seconds": "600",
	}))
	h.Expect(h.api.taken()).To(HaveKeyWithValue(tokenRequest, 2), "one to learn the API's audiences, one to present")

	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.api.taken()).To(HaveKeyWithValue(tokenRequest, 1))
	h.Expect(h.sts.Count("AssumeRoleWithWebIdentity")).To(Equal(2))
	h.Expect(h.log.String()).NotTo(ContainSubstring("eyJ"), "no token is logged")
}

func TestObtainTokenProblems(t *testing.T) {
	for sentence, c := range map[string]struct {
		setUp   func(*harness)
		change  func(*harness, *v1alpha1.AssumeRoleWithWebIdentity)
		reason  string
		message string
		asked   int  // requests to STS
		cluster bool // by a ClusterSessionIssuer, whose endpoint is an administrator's
	}{
		"the ServiceAccount does not exist": {
			change: func(_ *harness, r *v1alpha1.AssumeRoleWithWebIdentity) { r.ServiceAccountName = "nobody" },
			reason: v1alpha1.ReasonServiceAccountNotFound, message: "ServiceAccount nobody does not exist in namespace",
		},
		"the operator may not create tokens": {
			setUp: func(h *harness) {
				h.api.failing[tokenRequest] = apierrors.NewForbidden(tokens, "worker", errors.New("RBAC"))
			},
			reason: v1alpha1.ReasonTokenRequestForbidden, message: "an administrator must allow create on serviceaccounts/token there",
		},
		"the API does not make the token": {
			setUp: func(h *harness) {
				h.api.failing[tokenRequest] = apierrors.NewInternalError(errors.New("10.0.0.1:4711 broke"))
			},
			reason: v1alpha1.ReasonTokenRequestFailed, message: "did not make a token of ServiceAccount worker (InternalError)",
		},
		"the audience is one of the Kubernetes API's": {
			change: func(h *harness, r *v1alpha1.AssumeRoleWithWebIdentity) { r.Audience = h.oidcIssuer },
			reason: v1alpha1.ReasonAudienceNotAllowed, message: "the Kubernetes API itself accepts tokens for", cluster: true,
		},
		"IAM does not know the audience": {
			change: func(_ *harness, r *v1alpha1.AssumeRoleWithWebIdentity) { r.Audience = "vault" },
			reason: v1alpha1.ReasonIdentityRejected, message: "Incorrect token audience", asked: 1, cluster: true,
		},
		"the namespace has chosen both the audience and who gets the token": {
			change: func(_ *harness, r *v1alpha1.AssumeRoleWithWebIdentity) { r.Audience = "vault" },
			reason: v1alpha1.ReasonAudienceNotAllowed, message: "SessionIssuer aws calls an endpoint of its own (spec.endpoint), which is " +
				"given tokens for sts.amazonaws.com only",
		},
		"IAM does not know the cluster": {
			change: func(_ *harness, r *v1alpha1.AssumeRoleWithWebIdentity) {
				r.RoleARN = "arn:aws:iam::210987654321:role/reports"
			},
			reason: v1alpha1.ReasonIdentityRejected, message: "No OpenIDConnect provider found", asked: 1,
		},
		"the role does not trust the ServiceAccount": {
			setUp:  func(h *harness) { h.role(trustOfAccount) },
			reason: v1alpha1.ReasonAccessDenied, message: "AWS denies sts:AssumeRoleWithWebIdentity on " + roleARN +
				": check that the role exists, and that its trust policy admits ServiceAccount worker", asked: 1,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuerWithoutIdentity()
			h.cluster("worker")
			if c.setUp != nil {
				c.setUp(h)
			}
			shared := h.clusterIssuer(h.unsignedSpec(), &v1alpha1.AllowedNamespaces{})
			h.session("reports", withWebIdentity, func(fs *v1alpha1.FederatedSession) {
				if c.cluster {
					ofCluster(shared)(fs)
				}
				if c.change != nil {
					c.change(h, fs.Spec.AssumeRoleWithWebIdentity)
				}
			})

			result := h.reconcile("reports")

			h.Expect(h.expectReady("reports", metav1.ConditionFalse, c.reason)).To(ContainSubstring(c.message))
			h.Expect(h.sts.Count("AssumeRoleWithWebIdentity")).To(Equal(c.asked))
			h.Expect(result.RequeueAfter).To(BeNumerically(">=", 4*time.Second), "no loop spins")
			h.Expect(h.hasSecret("reports")).To(BeFalse())
			h.api.taken()
			h.reconcile("reports")
			h.Expect(h.api.taken()).NotTo(HaveKey(tokenRequest), "nothing is tried before its time")
		})
	}
}

// Credentials of an unsigned call are nobody's but the ServiceAccount's, so the issuer's own key may change as it likes.
func TestReconcileUnsignedSessionOfAChangedIssuer(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.cluster("worker")
	h.session("reports", withWebIdentity)
	h.reconcile("reports")

	h.changeIssuer(func(spec *v1alpha1.IssuerSpec) { *spec = h.unsignedSpec() })
	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.sts.Count("AssumeRoleWithWebIdentity")).To(Equal(1))
}
