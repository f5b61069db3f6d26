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
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// newCompatibleHarness is an operator and another service than AWS, which the issuer "aws" calls.
func newCompatibleHarness(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t, stsfake.WithService(stsfake.ServiceCompatible))
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	issuer.Spec.Service, issuer.Spec.Region, issuer.Spec.Endpoint = v1alpha1.ServiceCompatible, "default", h.endpoint+"/sts"
	h.create(issuer)
	h.reconcileIssuer("aws")
	return h
}

func assumingAny(arn v1alpha1.RoleARN) func(*v1alpha1.FederatedSession) {
	return func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: arn} }
}

func TestIssuerCompatible(t *testing.T) {
	h := newCompatibleHarness(t)
	status := h.getIssuer("aws").Status
	message := h.expectCondition(status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonUnverified)
	h.Expect(message).To(ContainSubstring("a wrong key shows on the sessions"))
	h.Expect(meta.FindStatusCondition(status.Conditions, v1alpha1.CanFederateCondition)).To(BeNil())
	h.Expect(meta.FindStatusCondition(status.Conditions, v1alpha1.RootIdentityCondition)).To(BeNil())
	h.Expect(status.Identity).To(BeNil())
	h.Expect(status.LastVerifiedTime).To(BeNil())
	h.Expect(*status.Verified).To(Equal(v1alpha1.VerifiedIdentity{Generation: 1, AccessKeyID: stsfake.DefaultAccessKeyID}))

	h.restart()
	h.api.taken()
	for range 200 { // minutes
		h.advance(h.reconcileIssuer("aws").RequeueAfter)
	}
	h.Expect(h.sts.Calls()).To(BeEmpty(), "the service is asked nothing")
	h.Expect(h.api.taken()).NotTo(HaveKey(ContainSubstring("patch")), "an idle issuer is never written")
}

// An issuer of AWS that becomes one of another service loses what AWS said of it, and the reverse.
func TestIssuerServiceChanges(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.changeIssuer(func(spec *v1alpha1.IssuerSpec) { spec.Service = v1alpha1.ServiceCompatible })
	status := h.getIssuer("aws").Status
	h.expectCondition(status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonUnverified)
	h.Expect(status.Conditions).To(HaveLen(1))
	h.Expect(status.Identity).To(BeNil())
	h.changeIssuer(func(spec *v1alpha1.IssuerSpec) { spec.Service = v1alpha1.ServiceAWS })
	status = h.getIssuer("aws").Status
	h.expectCondition(status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	h.Expect(h.sts.Count("GetCallerIdentity")).To(Equal(2))
}

func TestReconcileCompatible(t *testing.T) {
	for _, role := range []v1alpha1.RoleARN{"arn:minio:iam:::role/reader", "arn:aws:iam:::role/reader", "arn:aws-cn:iam::123456789012:role/reader"} {
		t.Run(string(role), func(t *testing.T) {
			h := newCompatibleHarness(t)
			h.session("reports", assumingAny(role))
			h.reconcile("reports")

			status := h.get("reports").Status
			message := h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
			h.Expect(message).To(Equal("Secret reports holds credentials of access key " + status.AccessKeyID))
			h.Expect(status.Identity).To(BeNil())
			h.Expect(status.AccessKeyID).NotTo(BeEmpty())
			secret := h.secret("reports")
			h.Expect(secret.Annotations).NotTo(ContainElement(""))
			h.Expect(secret.Data).To(HaveKey("AWS_SESSION_TOKEN"))

			h.advance(10 * time.Minute)
			h.restart()
			h.reconcileIssuer("aws")
			h.reconcile("reports")
			h.Expect(h.sts.Count("AssumeRole")).To(Equal(1), "what was published is believed")
			h.advance(28 * time.Minute)
			h.reconcile("reports")
			h.Expect(h.sts.Count("AssumeRole")).To(Equal(2), "and rotated")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
			h.Expect(h.sts.Count("GetCallerIdentity")).To(BeZero())

			h.Expect(h.direct.Delete(h.context(), h.getIssuer("aws"))).To(Succeed())
			h.reconcileIssuer("aws")
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)
		})
	}
}

// Another key may be somebody else's: nobody says.
func TestReconcileCompatibleKeyReplaced(t *testing.T) {
	h := newCompatibleHarness(t)
	h.session("reports", assumingAny("arn:minio:iam:::role/reader"))
	h.reconcile("reports")
	h.sts.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "other", Keys: []stsfake.AccessKey{{ID: "AKIAOTHEROTHEROTHER2", Secret: "another"}}})
	edit(h, h.secret("aws-key"), func(s *corev1.Secret) {
		s.Data = map[string][]byte{v1alpha1.AccessKeyIDKey: []byte("AKIAOTHEROTHEROTHER2"), v1alpha1.SecretAccessKeyKey: []byte("another")}
	})
	h.events()

	h.advance(time.Minute)
	h.reconcileIssuer("aws")
	h.reconcile("reports")

	h.Expect(h.sts.Count("AssumeRole")).To(Equal(2))
	h.Expect(h.events()).To(ContainElement(ContainSubstring("issued anew because of IssuerChanged")))
}

// What the service lacks is said where it was asked for.
func TestReconcileCompatibleRefusals(t *testing.T) {
	for sentence, c := range map[string]struct {
		edit            func(*v1alpha1.FederatedSession)
		reason, message string
	}{
		"an operation that it lacks": {
			func(*v1alpha1.FederatedSession) {}, v1alpha1.ReasonRequestRefused,
			" does not know GetFederationToken: use assumeRole, which such services usually have " +
				"(InvalidParameterValue: Unsupported action GetFederationToken)",
		},
		"verification": {
			func(fs *v1alpha1.FederatedSession) {
				assumingAny("arn:minio:iam:::role/reader")(fs)
				fs.Spec.Verify = new(true)
			},
			v1alpha1.ReasonInvalidSpec, "which may not know GetCallerIdentity: remove spec.verify",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newCompatibleHarness(t)
			h.session("reports", c.edit)
			h.reconcile("reports")
			h.Expect(h.expectReady("reports", metav1.ConditionFalse, c.reason)).To(HaveSuffix(c.message))
			h.expectCondition(h.get("reports").Status.Conditions, v1alpha1.StalledCondition, metav1.ConditionTrue, c.reason)
		})
	}
}

// AWS is not asked for what belongs to another partition, or to no account.
func TestReconcileRefusesForeignARNs(t *testing.T) {
	for sentence, c := range map[string]struct {
		edit   func(*v1alpha1.FederatedSession)
		reason string
	}{
		"a role of China":        {assumingAny("arn:aws-cn:iam::123456789012:role/reports"), v1alpha1.ReasonPartitionMismatch},
		"a role of MinIO":        {assumingAny("arn:minio:iam:::role/reports"), v1alpha1.ReasonPartitionMismatch},
		"a role without account": {assumingAny("arn:aws:iam:::role/reports"), v1alpha1.ReasonInvalidSpec},
		"a policy of GovCloud": {
			func(fs *v1alpha1.FederatedSession) {
				fs.Spec.PolicyARNs = []v1alpha1.PolicyARN{"arn:aws-us-gov:iam::aws:policy/x"}
			},
			v1alpha1.ReasonPartitionMismatch,
		},
		"a token's role of China": {
			func(fs *v1alpha1.FederatedSession) {
				withWebIdentity(fs)
				fs.Spec.AssumeRoleWithWebIdentity.RoleARN = "arn:aws-cn:iam::123456789012:role/x"
			},
			v1alpha1.ReasonPartitionMismatch,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.sts.ForgetCalls()
			h.session("reports", c.edit)
			h.reconcile("reports")
			message := h.expectReady("reports", metav1.ConditionFalse, c.reason)
			h.Expect(message).To(ContainSubstring("spec.service: Compatible"))
			h.expectCondition(h.get("reports").Status.Conditions, v1alpha1.StalledCondition, metav1.ConditionTrue, c.reason)
			h.Expect(h.sts.Calls()).To(BeEmpty())
		})
	}
}

func TestIssuerMFADeviceOfAnotherPartition(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.device(deviceSeed)
	h.changeIssuer(func(spec *v1alpha1.IssuerSpec) { spec.MFA.SerialNumber = "arn:aws-cn:iam::123456789012:mfa/broker" })
	message := h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonPartitionMismatch)
	h.Expect(message).To(Equal("spec.mfa.serialNumber arn:aws-cn:iam::123456789012:mfa/broker is of partition aws-cn, but spec.region us-east-1 " +
		"is not: correct one of them"))
	h.changeIssuer(func(spec *v1alpha1.IssuerSpec) { spec.MFA.SerialNumber = "GAHT12345678" })
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
}
