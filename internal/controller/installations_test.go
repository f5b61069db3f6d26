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
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// another is a second installation in the same cluster, in a namespace of its own, which it also serves.
func (h *harness) another() *harness {
	h.t.Helper()
	other := *h
	other.namespace = shared.NewNamespace(h.t, nil)
	other.operator = h.newOperator(other.namespace)
	return &other
}

func (h *harness) clusterIssuerStatus(name string) v1alpha1.IssuerStatus {
	h.t.Helper()
	issuer := &v1alpha1.ClusterSessionIssuer{}
	h.Expect(h.direct.Get(h.context(), client.ObjectKey{Name: name}, issuer)).To(Succeed())
	return issuer.Status
}

// takeTurns reconciles an issuer by both, again and again, and says who wrote how often in the end.
func takeTurns(h, other *harness, issuer string) (writes int) {
	for range 5 {
		h.advance(time.Minute)
		other.reconcileClusterIssuer(issuer)
		h.reconcileClusterIssuer(issuer)
	}
	h.api.taken()
	for range 70 {
		h.advance(time.Minute)
		other.reconcileClusterIssuer(issuer)
		h.reconcileClusterIssuer(issuer)
	}
	return h.api.taken()["patch status *v1alpha1.ClusterSessionIssuer"]
}

// Of two installations only one has the key. They do not write in turns, and each serves its sessions by what it found out.
func TestInstallationsShareAnIssuer(t *testing.T) {
	h := newHarness(t)
	other := h.another()
	name := other.clusterIssuer(other.issuerSpec("aws-key"), &v1alpha1.AllowedNamespaces{})
	other.expectCondition(h.clusterIssuerStatus(name).Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonKeyNotFound)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)

	h.Expect(takeTurns(h, other, name)).To(BeZero())

	status := h.clusterIssuerStatus(name)
	h.expectCondition(status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
	h.Expect(status.ControllerName).To(Equal("sts-operator.dev/" + h.namespace))
	h.session("reports", ofCluster(name))
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	other.session("reports", ofCluster(name))
	result := other.reconcile("reports")
	other.Expect(other.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotReady)).To(ContainSubstring(other.namespace + "/aws-key"))
	other.Expect(result.RequeueAfter).To(BeNumerically("<=", 31*time.Second), "no watch reports what this one finds out")

	t.Log("the other gets the key of somebody else: its sessions are that user's")
	h.sts.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "other", Keys: []stsfake.AccessKey{{ID: "AKIAOTHEROTHEROTHERO", Secret: "other"}}})
	other.key("aws-key", "AKIAOTHEROTHEROTHERO", "other")
	h.Expect(takeTurns(h, other, name)).To(BeZero())
	other.reconcile("reports")
	other.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.reconcile("reports")
	identity := func(h *harness) string { return h.secret("reports").Annotations[credsecret.IssuerIdentityAnnotation] }
	h.Expect(identity(other)).NotTo(Equal(identity(h)))
	h.Expect(h.clusterIssuerStatus(name).Verified.AccessKeyID).To(Equal(stsfake.DefaultAccessKeyID))

	t.Log("the one that reports loses its key, and the one that still has one takes over")
	h.Expect(h.direct.Delete(t.Context(), h.secret("aws-key"))).To(Succeed())
	h.Expect(takeTurns(h, other, name)).To(BeZero())
	h.Expect(h.clusterIssuerStatus(name).ControllerName).To(Equal("sts-operator.dev/" + other.namespace))
	h.expectCondition(h.clusterIssuerStatus(name).Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)

	t.Log("after an edit whoever looks first writes, and then nobody contradicts")
	edit(h, &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: name}}, func(i *v1alpha1.ClusterSessionIssuer) {
		i.Spec.RequestsPerSecond = new(int32(7))
	})
	h.reconcileClusterIssuer(name)
	h.expectCondition(h.clusterIssuerStatus(name).Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonKeyNotFound)
	h.Expect(takeTurns(h, other, name)).To(BeZero())
	h.expectCondition(h.clusterIssuerStatus(name).Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)

	t.Log("both restart: neither believes what the other has reported")
	other.operator, h.operator = h.newOperator(other.namespace), h.newOperator(h.namespace)
	h.Expect(takeTurns(h, other, name)).To(BeZero())
	h.reconcile("reports")
	h.Expect(h.get("reports").Status.AccessKeyID).NotTo(BeEmpty(), "what was published stays")
	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(ContainSubstring(h.namespace + "/aws-key"))
}

// An issuer that names an installation is left alone by the others, with all of its sessions.
func TestInstallationNamed(t *testing.T) {
	h := newHarness(t)
	other := h.another()
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	other.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	name := h.clusterIssuer(h.issuerSpec("aws-key"), &v1alpha1.AllowedNamespaces{})
	issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: name}}
	edit(h, issuer, func(i *v1alpha1.ClusterSessionIssuer) { i.Spec.ControllerName = "sts-operator.dev/" + other.namespace })
	h.session("reports", ofCluster(name))
	calls := len(h.sts.Calls())

	h.reconcileClusterIssuer(name)
	_, err := h.sessions.Reconcile(h.context(), h.request("reports"))

	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(h.sts.Calls()).To(HaveLen(calls))
	h.expectReady("reports", metav1.ConditionUnknown, v1alpha1.ReasonPending)

	other.reconcileClusterIssuer(name)
	h.Expect(h.clusterIssuerStatus(name).ControllerName).To(Equal("sts-operator.dev/" + other.namespace))
	_, err = other.sessions.Reconcile(h.context(), h.request("reports"))
	h.Expect(err).NotTo(HaveOccurred())
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)

	t.Log("handed back, it is taken up again")
	edit(h, issuer, func(i *v1alpha1.ClusterSessionIssuer) { i.Spec.ControllerName = "sts-operator.dev/" + h.namespace })
	h.reconcileClusterIssuer(name)
	h.Expect(h.clusterIssuerStatus(name).ControllerName).To(Equal("sts-operator.dev/" + h.namespace))
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.issued()).To(Equal(1), "the same identity has issued it")
}

// A namespace that is not admitted learns nothing of an issuer, whatever is wrong with that.
func TestNamespaceNotAllowedLearnsNothing(t *testing.T) {
	for sentence, change := range map[string]func(*v1alpha1.ClusterSessionIssuer){
		"rules that do not compile": func(i *v1alpha1.ClusterSessionIssuer) {
			i.Spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.nmae == 'secret-project'"}}
		},
		"a key that does not exist": func(i *v1alpha1.ClusterSessionIssuer) { i.Spec.AccessKey.SecretRef.Name = "secret-project" },
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
			name := h.clusterIssuer(h.issuerSpec("aws-key"), &v1alpha1.AllowedNamespaces{Names: []string{"another"}})
			issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: name}}
			edit(h, issuer, change)
			h.reconcileClusterIssuer(name)
			h.session("reports", ofCluster(name))
			h.events() // the issuer's own are for whoever may read events of the namespace default

			h.reconcile("reports")

			h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonNamespaceNotAllowed)
			h.Expect(describe(h.get("reports").Status, h.events())).NotTo(ContainSubstring("secret-project"))
		})
	}
}

// What only an edit cures is Stalled, so that kstatus says Failed and nobody waits; what may come right by itself is not.
func TestIssuerStalled(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*harness, *v1alpha1.SessionIssuer)
		reason string
		want   bool
	}{
		"a rule that cannot be read": {
			func(_ *harness, i *v1alpha1.SessionIssuer) {
				i.Spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "1"}}
			},
			v1alpha1.ReasonRuleInvalid, true,
		},
		"a key of another account": {
			func(_ *harness, i *v1alpha1.SessionIssuer) { i.Spec.AccountID = "210987654321" }, v1alpha1.ReasonAccountMismatch, true,
		},
		"a Secret without the key": {
			func(_ *harness, i *v1alpha1.SessionIssuer) { i.Spec.AccessKey.AccessKeyIDKey = "id" }, v1alpha1.ReasonKeyInvalid, true,
		},
		"no Secret": {
			func(_ *harness, i *v1alpha1.SessionIssuer) { i.Spec.AccessKey.SecretRef.Name = "none" }, v1alpha1.ReasonKeyNotFound, false,
		},
		"a key that was deleted": {
			func(h *harness, _ *v1alpha1.SessionIssuer) {
				h.sts.RemoveUser(stsfake.DefaultAccountID, stsfake.DefaultUserName)
			},
			v1alpha1.ReasonKeyRefused, false,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			issuer := h.issuer()
			edit(h, issuer, func(i *v1alpha1.SessionIssuer) {
				c.change(h, i)
				i.Spec.RequestsPerSecond = new(int32(7)) // another generation, so that it is verified again
			})
			h.advance(time.Hour * 3)
			h.reconcileIssuer("aws")

			h.api.taken()
			for range 10 {
				h.advance(5 * time.Minute)
				h.reconcileIssuer("aws")
			}
			h.Expect(h.api.taken()).NotTo(HaveKey(ContainSubstring("patch")), "the same problem writes the same status")
			conditions := h.getIssuer("aws").Status.Conditions
			h.expectCondition(conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, c.reason)
			h.Expect(meta.IsStatusConditionTrue(conditions, v1alpha1.StalledCondition)).To(Equal(c.want))

			h.session("reports")
			h.reconcile("reports")
			message := h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotReady)
			h.Expect(message).To(ContainSubstring(c.reason))
			if c.want {
				h.Expect(message).To(ContainSubstring("waits for an edit"))
			}
		})
	}
}

// A key that is created after its issuer is seen within seconds.
func TestIssuerKeyCreatedLater(t *testing.T) {
	h := newHarness(t)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	h.create(issuer)
	for range 100 { // minutes later, too
		result := h.reconcileIssuer("aws")
		h.Expect(result.RequeueAfter).To(BeNumerically("<=", 10*time.Second+time.Millisecond))
		h.advance(result.RequeueAfter)
	}
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	h.reconcileIssuer("aws")
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
}

// An IAM user that is deleted while nothing is due is noticed as soon as the issuer says.
func TestIssuerVerificationInterval(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { i.Spec.VerificationIntervalSeconds = new(int32(300)) })
	h.reconcileIssuer("aws")
	h.sts.RemoveUser(stsfake.DefaultAccountID, stsfake.DefaultUserName)
	deleted := h.clock.Now()

	for range 100 {
		h.advance(h.reconcileIssuer("aws").RequeueAfter)
		if !meta.IsStatusConditionTrue(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition) {
			break
		}
	}

	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonKeyRefused)
	h.Expect(h.clock.Since(deleted)).To(BeNumerically("<=", 11*time.Minute), "five minutes, spread up to twice that, and a look a minute")
}

// Two that write for the first time meet: the one that comes second looks again, and nothing is an error.
func TestIssuerStatusWrittenBySomebodyElse(t *testing.T) {
	h := newHarness(t)
	h.key("aws-key", stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey)
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.issuerSpec("aws-key")
	h.create(issuer)
	const statusWrite = "patch status *v1alpha1.SessionIssuer"
	h.api.failing[statusWrite] = apierrors.NewConflict(schema.GroupResource{Resource: "sessionissuers"}, "aws", errors.New("written meanwhile"))

	result := h.reconcileIssuer("aws")

	h.Expect(result.RequeueAfter).To(Equal(time.Second))
	delete(h.api.failing, statusWrite)
	h.reconcileIssuer("aws")
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
}
