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
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

func (h *harness) getIssuer(name string) *v1alpha1.SessionIssuer {
	h.t.Helper()
	issuer := &v1alpha1.SessionIssuer{}
	h.Expect(h.direct.Get(h.context(), h.request(name).NamespacedName, issuer)).To(Succeed())
	return issuer
}

func (h *harness) expectCondition(conditions []metav1.Condition, conditionType string, status metav1.ConditionStatus, reason string) string {
	h.t.Helper()
	c := meta.FindStatusCondition(conditions, conditionType)
	h.Expect(c).NotTo(BeNil(), conditionType)
	h.Expect([]string{string(c.Status), c.Reason}).To(Equal([]string{string(status), reason}), c.Message)
	return c.Message
}

func TestIssuerIdentity(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	status := h.getIssuer("aws").Status
	h.expectCondition(status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	h.expectCondition(status.Conditions, v1alpha1.CanFederateCondition, metav1.ConditionTrue, v1alpha1.ReasonIAMUser)
	h.Expect(status.Identity.AccountID).To(Equal("123456789012"))
	h.Expect(status.Identity.ARN).To(Equal("arn:aws:iam::123456789012:user/demo"))
	h.Expect(status.Identity.UserID).NotTo(BeEmpty())
	h.Expect(status.Verified.AccessKeyID).To(Equal(stsfake.DefaultAccessKeyID))
	h.Expect(status.LastVerifiedTime.UTC()).To(Equal(start))

	h.api.taken()
	for range 30 { // minutes
		h.advance(h.reconcileIssuer("aws").RequeueAfter)
	}
	h.Expect(h.sts.Count("GetCallerIdentity")).To(Equal(1))
	for range 150 {
		h.advance(h.reconcileIssuer("aws").RequeueAfter)
	}
	h.Expect(h.sts.Count("GetCallerIdentity")).To(BeNumerically("~", 3, 1), "it is asked again every hour or two")
	h.Expect(h.api.taken()).NotTo(HaveKey(ContainSubstring("patch")), "an idle issuer is never written")
}

func TestIssuerIdentityConditions(t *testing.T) {
	t.Run("the root user", func(t *testing.T) {
		h := newHarness(t)
		h.sts.SetRootKeys(stsfake.DefaultAccountID, stsfake.AccessKey{ID: "AKIAROOTROOTROOTROOT", Secret: "root"})
		h.issuer()
		edit(h, h.secret("aws-key"), func(s *corev1.Secret) {
			s.Data = map[string][]byte{v1alpha1.AccessKeyIDKey: []byte("AKIAROOTROOTROOTROOT\n"), v1alpha1.SecretAccessKeyKey: []byte("root\n")}
		})
		h.reconcileIssuer("aws")
		conditions := h.getIssuer("aws").Status.Conditions
		h.expectCondition(conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
		h.expectCondition(conditions, v1alpha1.RootIdentityCondition, metav1.ConditionTrue, v1alpha1.ReasonRootUser)
		h.session("reports")
		h.reconcile("reports")
		h.Expect(h.get("reports").Status.ExpirationTime.UTC()).To(Equal(start.Add(time.Hour)), "root is capped")
	})
	t.Run("a role", func(t *testing.T) {
		h := newHarness(t)
		role := h.sts.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "pod-1", time.Hour)
		h.ambient = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: role.AccessKeyID, SecretAccessKey: role.SecretAccessKey, SessionToken: role.SessionToken}, nil
		})
		h.restart()
		name := h.clusterIssuer(h.issuerSpec(""), &v1alpha1.AllowedNamespaces{})
		issuer := &v1alpha1.ClusterSessionIssuer{}
		h.Expect(h.direct.Get(t.Context(), client.ObjectKey{Name: name}, issuer)).To(Succeed())
		h.Expect(h.expectCondition(issuer.Status.Conditions, v1alpha1.CanFederateCondition, metav1.ConditionFalse, v1alpha1.ReasonTemporaryIdentity)).
			To(ContainSubstring("IAM user's long-term key"))
		h.session("reports", ofCluster(name))
		h.reconcile("reports")
		h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerCannotFederate)
		h.Expect(h.issued()).To(BeZero())
	})
}

func TestIssuerNotReady(t *testing.T) {
	for name, c := range map[string]struct {
		data   map[string]string // nil: no Secret
		reason string
		says   string
	}{
		"no Secret": {nil, v1alpha1.ReasonKeyNotFound, "does not exist"},
		"a key is missing": {
			map[string]string{v1alpha1.AccessKeyIDKey: "AKIAIOSFODNN7EXAMPLE"}, v1alpha1.ReasonKeyInvalid,
			"lacks the key AWS_SECRET_ACCESS_KEY",
		},
		"a value is empty": {
			map[string]string{v1alpha1.AccessKeyIDKey: " \n", v1alpha1.SecretAccessKeyKey: "x"}, v1alpha1.ReasonKeyInvalid,
			"empty AWS_ACCESS_KEY_ID",
		},
		"the values are swapped": {
			map[string]string{v1alpha1.SecretAccessKeyKey: stsfake.DefaultAccessKeyID, v1alpha1.AccessKeyIDKey: stsfake.DefaultSecretAccessKey},
			v1alpha1.ReasonKeyInvalid, "swapped",
		},
		"no access key id": {map[string]string{v1alpha1.AccessKeyIDKey: "hello", v1alpha1.SecretAccessKeyKey: "world"}, v1alpha1.ReasonKeyInvalid, "AKIA"},
		"a temporary key": {
			map[string]string{v1alpha1.AccessKeyIDKey: "ASIAIOSFODNN7EXAMPLE", v1alpha1.SecretAccessKeyKey: "x"}, v1alpha1.ReasonKeyInvalid,
			"temporary",
		},
		"white space inside": {
			map[string]string{v1alpha1.AccessKeyIDKey: "AKIAIOSFODNN7EXAMPLE", v1alpha1.SecretAccessKeyKey: "a b"}, v1alpha1.ReasonKeyInvalid,
			"white space",
		},
		"quotes around the secret": {
			map[string]string{v1alpha1.AccessKeyIDKey: stsfake.DefaultAccessKeyID, v1alpha1.SecretAccessKeyKey: `"` + stsfake.DefaultSecretAccessKey + `"`},
			v1alpha1.ReasonKeyInvalid, "has quotes around the value of AWS_SECRET_ACCESS_KEY: remove them",
		},
		"a byte-order mark": {
			map[string]string{v1alpha1.AccessKeyIDKey: stsfake.DefaultAccessKeyID, v1alpha1.SecretAccessKeyKey: "\ufeff" + stsfake.DefaultSecretAccessKey},
			v1alpha1.ReasonKeyInvalid, "has a byte-order mark in AWS_SECRET_ACCESS_KEY",
		},
		"an unknown key": {
			map[string]string{v1alpha1.AccessKeyIDKey: "AKIAUNKNOWNUNKNOWN", v1alpha1.SecretAccessKeyKey: "x"}, v1alpha1.ReasonKeyRefused,
			"does not know",
		},
		"a wrong secret": {
			map[string]string{v1alpha1.AccessKeyIDKey: stsfake.DefaultAccessKeyID, v1alpha1.SecretAccessKeyKey: "x"}, v1alpha1.ReasonKeyRefused,
			"does not belong",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			if c.data != nil {
				h.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws-key"}, StringData: c.data})
			}
			issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
			issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
			h.create(issuer)
			result := h.reconcileIssuer("aws")
			status := h.getIssuer("aws").Status
			h.Expect(h.expectCondition(status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, c.reason)).To(ContainSubstring(c.says))
			h.Expect(describe(status, h.log.String(), h.events())).NotTo(ContainSubstring(stsfake.DefaultSecretAccessKey))
			h.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", time.Minute+time.Second)))

			h.session("reports")
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotReady)

			// Mended, it heals by itself: the key is read every minute.
			key := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws-key"}}
			h.Expect(client.IgnoreNotFound(h.direct.Delete(t.Context(), key))).To(Succeed())
			h.key("aws-key", stsfake.DefaultAccessKeyID+"\n", "  "+stsfake.DefaultSecretAccessKey+"\n")
			h.advance(result.RequeueAfter)
			h.reconcileIssuer("aws")
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

func TestIssuerKeyReplaced(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	identity := h.secret("reports").Annotations[credsecret.IssuerIdentityAnnotation]
	first := h.accessKey("reports")

	t.Log("by another key of the same user: nothing is issued anew")
	second := stsfake.AccessKey{ID: "AKIASECONDSECONDSECO", Secret: "second"}
	h.sts.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: stsfake.DefaultUserName, ID: identity, Keys: []stsfake.AccessKey{second}})
	edit(h, h.secret("aws-key"), func(s *corev1.Secret) {
		s.Data[v1alpha1.AccessKeyIDKey], s.Data[v1alpha1.SecretAccessKeyKey] = []byte(second.ID), []byte(second.Secret)
	})
	h.reconcileIssuer("aws")
	h.Expect(h.getIssuer("aws").Status.Verified.AccessKeyID).To(Equal(second.ID))
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).To(Equal(first))

	t.Log("by another user's: the session is that user's now")
	other := stsfake.AccessKey{ID: "AKIAOTHEROTHEROTHERO", Secret: "other"}
	h.sts.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "other", Keys: []stsfake.AccessKey{other}})
	before := h.accessKey("reports")
	edit(h, h.secret("aws-key"), func(s *corev1.Secret) {
		s.Data[v1alpha1.AccessKeyIDKey], s.Data[v1alpha1.SecretAccessKeyKey] = []byte(other.ID), []byte(other.Secret)
	})
	h.scenario(stsfake.Scenario{Kind: stsfake.HTML, Operation: "GetCallerIdentity", Status: 503})
	h.reconcileIssuer("aws")
	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.secret("reports").Annotations).To(HaveKeyWithValue(credsecret.IssuerIdentityAnnotation, identity), "not before STS has said whose the key is")
	h.scenario()
	h.advance(5 * time.Minute)
	h.reconcileIssuer("aws")
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).NotTo(Equal(before))
	h.Expect(h.secret("reports").Annotations).NotTo(HaveKeyWithValue(credsecret.IssuerIdentityAnnotation, identity))
}

func TestIssuerKeyGoneForAMoment(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	key := h.secret("aws-key")
	h.Expect(h.direct.Delete(t.Context(), key)).To(Succeed())
	const statusWrite = "patch status *v1alpha1.SessionIssuer"
	h.api.failing[statusWrite] = errors.New("the API server is away")
	_, err := h.issuers.Reconcile(h.context(), h.request("aws"))
	h.Expect(err).To(HaveOccurred())

	delete(h.api.failing, statusWrite)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	h.reconcileIssuer("aws")
	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(2), "the status never said otherwise, so nothing else would have told")
}

func TestIssuerKeyForbidden(t *testing.T) {
	h := newHarness(t)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	h.create(issuer)
	h.api.failing["live get *v1.Secret"] = apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "aws-key", errors.New("no"))
	h.reconcileIssuer("aws")
	h.Expect(h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonKeyInvalid)).
		To(ContainSubstring("may not read Secret"))
}

func TestIssuerKeyDeleted(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	h.sts.RemoveUser(stsfake.DefaultAccountID, stsfake.DefaultUserName)
	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(ContainSubstring("deleted or deactivated"))
	h.reconcileIssuer("aws")
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonKeyRefused)
}

func TestIssuerStaysVerifiedDuringAnOutage(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.scenario(stsfake.Scenario{Kind: stsfake.HTML, Status: 503})
	h.advance(3 * time.Hour)
	h.api.taken()
	h.reconcileIssuer("aws")
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	h.Expect(h.api.taken()).NotTo(HaveKey(ContainSubstring("patch")))
}

func TestGuardrailAllowedNamespaces(t *testing.T) {
	h := newHarness(t)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	name := h.clusterIssuer(h.issuerSpec("aws-key"), nil)
	h.session("reports", ofCluster(name))
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonNamespaceNotAllowed)).To(ContainSubstring("spec.allowedNamespaces"))

	issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: name}}
	allow := func(allowed *v1alpha1.AllowedNamespaces) {
		edit(h, issuer, func(i *v1alpha1.ClusterSessionIssuer) { i.Spec.AllowedNamespaces = allowed })
		h.reconcileClusterIssuer(name)
		h.reconcile("reports")
	}
	allow(&v1alpha1.AllowedNamespaces{Names: []string{"another"}, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"aws": "yes"}}})
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonNamespaceNotAllowed)
	edit(h, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: h.namespace}}, func(n *corev1.Namespace) { n.Labels["aws"] = "yes" })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)

	allow(nil)
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(ContainSubstring("admits no namespace"), "withdrawn at once")
	h.Expect(h.get("reports").Status.RotationTime).To(BeNil(), "nothing is promised")
	h.advance(8 * time.Hour)
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(1))
}

func TestReconcileIssuerCreatedLater(t *testing.T) {
	h := newHarness(t)
	h.session("reports")
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotFound)).To(ContainSubstring("SessionIssuer aws does not exist"))
	h.issuer()
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

// clusterIssuer creates a ClusterSessionIssuer with a name of its own and reconciles it.
func (h *harness) clusterIssuer(spec v1alpha1.IssuerSpec, allowed *v1alpha1.AllowedNamespaces) string {
	h.t.Helper()
	issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: "aws-" + h.namespace}}
	issuer.Spec.IssuerSpec, issuer.Spec.AllowedNamespaces = spec, allowed
	h.create(issuer)
	h.reconcileClusterIssuer(issuer.Name)
	return issuer.Name
}

func ofCluster(issuer string) func(*v1alpha1.FederatedSession) {
	return func(fs *v1alpha1.FederatedSession) {
		fs.Spec.IssuerRef = v1alpha1.IssuerReference{Kind: v1alpha1.ClusterSessionIssuerKind, Name: issuer}
	}
}
