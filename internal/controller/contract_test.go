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

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// GetSessionToken lends all that the issuer's user may, so it is served only where an administrator has asked for it.
func TestGuardrailOperations(t *testing.T) {
	for sentence, c := range map[string]struct {
		operations []v1alpha1.Operation
		session    func(*v1alpha1.FederatedSession)
		reason     string
	}{
		"by default federated users":       {nil, func(*v1alpha1.FederatedSession) {}, v1alpha1.ReasonIssued},
		"by default roles":                 {nil, assumingRole, v1alpha1.ReasonIssued},
		"by default no session tokens":     {nil, withSessionToken, v1alpha1.ReasonOperationNotAllowed},
		"session tokens that are listed":   {[]v1alpha1.Operation{"GetSessionToken"}, withSessionToken, v1alpha1.ReasonIssued},
		"nothing that is not listed":       {[]v1alpha1.Operation{"GetSessionToken"}, assumingRole, v1alpha1.ReasonOperationNotAllowed},
		"federated users that are not so":  {[]v1alpha1.Operation{"AssumeRole"}, func(*v1alpha1.FederatedSession) {}, v1alpha1.ReasonOperationNotAllowed},
		"federated users that are, by all": {everyOperation, func(*v1alpha1.FederatedSession) {}, v1alpha1.ReasonIssued},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.role(trustOfAccount)
			h.changeIssuer(func(i *v1alpha1.IssuerSpec) { i.Guardrails.Operations = c.operations })
			h.session("reports", c.session)
			h.sts.ForgetCalls()

			h.reconcile("reports")

			isIssued := c.reason == v1alpha1.ReasonIssued
			status := metav1.ConditionFalse
			if isIssued {
				status = metav1.ConditionTrue
			}
			message := h.expectReady("reports", status, c.reason)
			h.Expect(h.hasSecret("reports")).To(Equal(isIssued))
			if !isIssued {
				h.Expect(message).To(ContainSubstring("spec.guardrails.operations"))
				h.Expect(h.sts.Calls()).To(BeEmpty())
				h.Expect(meta.IsStatusConditionTrue(h.get("reports").Status.Conditions, v1alpha1.StalledCondition)).To(BeTrue())
			}
		})
	}
}

func TestIssuerAccessKeyNames(t *testing.T) {
	for sentence, c := range map[string]struct {
		idKey, secretKey string
		reason           string
		message          string
	}{
		"both by other names":          {"access-key", "secret-key", v1alpha1.ReasonVerified, ""},
		"one by its usual name":        {"", "secret-key", v1alpha1.ReasonVerified, ""},
		"a name the Secret has not":    {"access-key", "secret", v1alpha1.ReasonKeyInvalid, "lacks the key secret"},
		"another that it has not":      {"id", "secret-key", v1alpha1.ReasonKeyInvalid, "lacks the key id"},
		"the two names the wrong way":  {"secret-key", "access-key", v1alpha1.ReasonKeyInvalid, "swapped: secret-key must hold the access key id"},
		"one name for both":            {"access-key", "access-key", v1alpha1.ReasonKeyRefused, ""},
		"the key of something else":    {"note", "secret-key", v1alpha1.ReasonKeyInvalid, "white space in note"},
		"an empty one":                 {"empty", "secret-key", v1alpha1.ReasonKeyInvalid, "has an empty empty"},
		"both as they are when absent": {"", "", v1alpha1.ReasonKeyInvalid, "lacks the key AWS_SECRET_ACCESS_KEY"},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.create(&corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "custom"},
				StringData: map[string]string{
					"access-key": stsfake.DefaultAccessKeyID, "secret-key": stsfake.DefaultSecretAccessKey,
					v1alpha1.AccessKeyIDKey: stsfake.DefaultAccessKeyID, "note": "written by hand", "empty": "",
				},
			})
			issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
			issuer.Spec.IssuerSpec = h.issuerSpec("custom")
			issuer.Spec.AccessKey.AccessKeyIDKey, issuer.Spec.AccessKey.SecretAccessKeyKey = c.idKey, c.secretKey
			h.create(issuer)

			h.reconcileIssuer("aws")

			status := metav1.ConditionFalse
			if c.reason == v1alpha1.ReasonVerified {
				status = metav1.ConditionTrue
			}
			message := h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, status, c.reason)
			h.Expect(message).To(ContainSubstring(c.message))
			h.Expect(message).NotTo(ContainSubstring(stsfake.DefaultSecretAccessKey))
		})
	}
}

func TestIssuerUnrestricted(t *testing.T) {
	h := newHarness(t)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	name := h.clusterIssuer(h.issuerSpec("aws-key"), &v1alpha1.AllowedNamespaces{})
	issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: name}}
	conditions := func() []metav1.Condition {
		h.Expect(h.direct.Get(t.Context(), client.ObjectKeyFromObject(issuer), issuer)).To(Succeed())
		return issuer.Status.Conditions
	}
	h.expectCondition(conditions(), v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	h.Expect(h.expectCondition(conditions(), v1alpha1.UnrestrictedCondition, metav1.ConditionTrue, v1alpha1.ReasonNoRules)).
		To(ContainSubstring("spec.guardrails.rules"))

	edit(h, issuer, func(i *v1alpha1.ClusterSessionIssuer) {
		i.Spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "true"}}
	})
	h.reconcileClusterIssuer(name)
	h.Expect(meta.FindStatusCondition(conditions(), v1alpha1.UnrestrictedCondition)).To(BeNil(), "it has a rule")

	edit(h, issuer, func(i *v1alpha1.ClusterSessionIssuer) {
		i.Spec.Guardrails.Rules, i.Spec.AllowedNamespaces = nil, &v1alpha1.AllowedNamespaces{Names: []string{h.namespace}}
	})
	h.reconcileClusterIssuer(name)
	h.Expect(meta.FindStatusCondition(conditions(), v1alpha1.UnrestrictedCondition)).To(BeNil(), "it names whom it admits")

	edit(h, issuer, func(i *v1alpha1.ClusterSessionIssuer) { i.Spec.AllowedNamespaces = nil })
	h.reconcileClusterIssuer(name)
	h.Expect(meta.FindStatusCondition(conditions(), v1alpha1.UnrestrictedCondition)).To(BeNil(), "it admits nobody")
}

// The same policy asks for the same session, so whoever rewrites it as an object costs no STS call.
func TestReconcilePolicyDocument(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports", func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::Größe-🔑/*"}]}`
	})
	h.reconcile("reports")
	first := h.accessKey("reports")
	sent := `{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"arn:aws:s3:::Größe-\ud83d\udd11/*"}],"Version":"2012-10-17"}`
	h.Expect(h.sts.Calls()[len(h.sts.Calls())-1].Parameters).To(HaveKeyWithValue("Policy", sent))

	edit(h, fs, func(fs *v1alpha1.FederatedSession) {
		fs.Spec.PolicyDocument, fs.Spec.Policy = &runtime.RawExtension{Raw: []byte(fs.Spec.Policy)}, ""
	})
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.accessKey("reports")).To(Equal(first))

	edit(h, fs, func(fs *v1alpha1.FederatedSession) {
		fs.Spec.PolicyDocument = &runtime.RawExtension{Raw: []byte(`{"Version":"2012-10-17T00:00:00Z","Statement":[]}`)}
	})
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonInvalidPolicy)).To(And(
		HavePrefix("spec.policyDocument has a value at \"Version\""), ContainSubstring(`put it in quotes, Version: "2012-10-17"`)))
	h.Expect(h.accessKey("reports")).To(Equal(first), "nothing is lost")
}

func TestGuardrailTransitiveTags(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.role(trustOfAccount)
	h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
		i.Guardrails.SessionTags = []v1alpha1.ForcedTag{
			{Key: "kubernetes-namespace", ValueExpression: "namespace.name", Transitive: new(true)}, {Key: "stage", Value: new("test")},
		}
	})
	h.session("role", assumingRole)
	h.session("user")
	h.sts.ForgetCalls()

	h.reconcile("role")
	h.reconcile("user")

	h.expectReady("role", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.expectReady("user", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	calls := h.sts.Calls()
	h.Expect(calls).To(HaveLen(2))
	h.Expect(calls[0].Parameters).To(HaveKeyWithValue("TransitiveTagKeys.member.1", "kubernetes-namespace"))
	h.Expect(calls[0].Parameters).NotTo(HaveKey("TransitiveTagKeys.member.2"))
	h.Expect(calls[1].Parameters).NotTo(HaveKey(HavePrefix("TransitiveTagKeys")), "a federated user's tags are never passed on")
}
