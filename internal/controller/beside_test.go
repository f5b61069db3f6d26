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
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// reconcileUntil reconciles a session whenever it asks for it, until it is ready or the time is over, and says how long that took.
func (h *harness) reconcileUntil(name string, over time.Duration) time.Duration {
	h.t.Helper()
	began := h.clock.Now()
	for h.clock.Since(began) < over {
		wait := h.reconcile(name).RequeueAfter
		if meta.IsStatusConditionTrue(h.get(name).Status.Conditions, v1alpha1.ReadyCondition) {
			break
		}
		h.advance(wait)
	}
	return h.clock.Since(began)
}

// denial is an error that STS gives a role or a policy which was created seconds ago, so many times; 0 for ever.
func denial(code string, times int) stsfake.Scenario {
	return stsfake.Scenario{Kind: stsfake.Error, Operation: "AssumeRole", Code: code, Message: "no", Times: times}
}

// The documentation waits for a minute.
func TestReconcileRoleThatIsNew(t *testing.T) {
	for _, code := range []string{"AccessDenied", "ValidationError", "MalformedPolicyDocument"} {
		t.Run(code, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.role(trustOfAccount)
			h.session("reports", assumingRole)
			h.scenario(denial(code, 1))
			h.Expect(h.reconcileUntil("reports", 5*time.Minute)).To(BeNumerically("<=", 5*time.Second), "after one denial")

			edit(h, h.get("reports"), func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags = []v1alpha1.Tag{{Key: "team", Value: new("a")}} })
			h.scenario(denial(code, 3))
			h.Expect(h.reconcileUntil("reports", 5*time.Minute)).To(BeNumerically("<=", 35*time.Second), "after three, of an edited spec")
		})
	}
}

// A session that is denied for ever costs five calls more than it did.
func TestReconcileRoleThatIsDenied(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.role(trustOfAccount)
	h.session("reports", assumingRole)
	h.scenario(denial("AccessDenied", 0))
	h.reconcileUntil("reports", 160*time.Second)
	h.Expect(h.sts.Count("AssumeRole")).To(BeNumerically("<=", 6))

	h.reconcileUntil("reports", time.Hour)
	h.Expect(h.sts.Count("AssumeRole")).To(BeNumerically("<=", 6+15), "then every four to five minutes")
}

// A foreign Secret that is removed, as the message advises, is noticed within seconds, at one read a look.
func TestReconcileForeignSecretIsRemoved(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "reports"}}
	h.create(foreign)
	h.session("reports")
	wait := h.reconcile("reports").RequeueAfter
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)
	h.Expect(wait).To(BeNumerically("<=", 5*time.Second+time.Millisecond))
	for range 10 {
		h.advance(wait)
		h.api.taken()
		before := len(h.sts.Calls())

		result := h.reconcile("reports")

		wait = result.RequeueAfter
		h.Expect(wait).To(BeNumerically("<=", 30*time.Second+time.Millisecond))
		h.Expect(h.api.taken()).To(Equal(map[string]int{"live get *v1.Secret": 1}), "a look is one read, and no write")
		h.Expect(h.sts.Calls()).To(HaveLen(before))
		h.Expect(*result.Priority).To(BeNumerically("<", session.UrgentPriority), "it goes after those who need credentials")
	}

	h.Expect(h.direct.Delete(t.Context(), foreign)).To(Succeed())
	h.advance(wait)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.api.taken()
	h.reconcile("reports")
	h.Expect(h.api.taken()).To(BeEmpty(), "it is looked at in the cache again")
}

// A look at a Secret that is in the way asks the scheduler for nothing, whatever is waiting there.
func TestReconcileForeignSecretTakesNoTurn(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { i.Spec.RequestsPerSecond = new(int32(1)) })
	h.reconcileIssuer("aws")
	h.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "taken"}})
	h.session("taken")
	h.reconcile("taken")
	for i := range 3 { // more than there are turns
		h.session(nameOf(i))
		h.reconcile(nameOf(i))
	}
	h.expectReady(nameOf(2), metav1.ConditionFalse, v1alpha1.ReasonBudgetExhausted)

	h.reconcile("taken")

	h.expectReady("taken", metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)
}

// kstatus takes Stalled for settled, and Ready=False alone for something to wait for.
func TestReconcileSuspendedIsSettled(t *testing.T) {
	stalled := func(h *harness) *metav1.Condition {
		return meta.FindStatusCondition(h.get("reports").Status.Conditions, v1alpha1.StalledCondition)
	}
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports", func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(true) })
	h.reconcile("reports")
	message := h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSuspended)
	h.Expect(stalled(h)).To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", v1alpha1.ReasonSuspended), HaveField("Message", message)))
	h.Expect(h.events()).NotTo(ContainElement(ContainSubstring("Warning")), "it is as it was asked to be")

	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = nil })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(stalled(h)).To(BeNil())

	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(true) })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	h.Expect(stalled(h)).To(BeNil(), "while the credentials work, Ready settles it")

	h.advance(13 * time.Hour)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonExpired)
	h.Expect(stalled(h)).To(And(HaveField("Reason", v1alpha1.ReasonSuspended), HaveField("Message", message)))
}

// The API server takes no event in a namespace that is being deleted.
func TestNoEventInATerminatingNamespace(t *testing.T) {
	terminate := func(h *harness) {
		h.t.Helper()
		h.Expect(h.direct.Delete(h.context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: h.namespace}})).To(Succeed())
	}
	t.Run("that is seen to be deleted", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		for i := range 5 {
			fs := h.session(nameOf(i))
			h.reconcile(nameOf(i))
			if i == 4 {
				edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(true) })
			}
		}
		h.events()
		terminate(h)
		for i := range 5 {
			h.Expect(h.direct.Delete(t.Context(), h.secret(nameOf(i)))).To(Succeed()) // as the namespace controller does
			h.reconcile(nameOf(i))
		}
		h.Expect(h.direct.Delete(t.Context(), h.secret("aws-key"))).To(Succeed())
		h.advance(time.Hour)
		h.reconcileIssuer("aws")
		h.expectReady(nameOf(0), metav1.ConditionFalse, v1alpha1.ReasonNamespaceTerminating)
		h.Expect(h.events()).To(BeEmpty())
	})
	t.Run("whose API refuses the Secret", func(t *testing.T) {
		h := newHarness(t)
		h.issuer()
		h.session("reports")
		h.events()
		h.api.before["create *v1.Secret"] = func() { terminate(h) }
		h.reconcile("reports")
		h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonNamespaceTerminating)
		h.Expect(h.events()).To(BeEmpty())
	})
}

func TestReissueThatWasRequested(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	fs := h.session("reports")
	h.reconcile("reports")
	h.events()
	for _, value := range []string{"one", "two", ""} {
		edit(h, fs, func(fs *v1alpha1.FederatedSession) {
			fs.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: value}
			if value == "" {
				fs.Annotations = nil
			}
		})
		h.reconcile("reports")
		h.Expect(h.events()).To(ConsistOf(ContainSubstring("because of RotationRequested")), "value %q", value)
	}
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = new(int32(3600)) })
	h.advance(time.Minute) // it has changed often
	h.reconcile("reports")
	h.Expect(h.events()).To(ConsistOf(ContainSubstring("because of SpecChanged")))
}

// A session has a condition before anybody has looked, and the first report replaces it in the one write that it makes anyway.
func TestReadyIsUnknownFromTheFirstSecond(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.events()
	h.session("reports")
	h.expectReady("reports", metav1.ConditionUnknown, v1alpha1.ReasonPending)
	h.Expect(h.get("reports").Status.ObservedGeneration).To(BeEquivalentTo(-1))
	h.api.taken()

	h.reconcile("reports")

	h.Expect(h.api.taken()).To(HaveKeyWithValue("patch status *v1alpha1.FederatedSession", 1))
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.get("reports").Status.Conditions).To(HaveLen(1))
	h.Expect(h.get("reports").Status.Conditions[0].LastTransitionTime.UTC()).To(Equal(start))
	h.Expect(h.events()).To(ConsistOf(ContainSubstring("Normal Issued")))

	// What is found in order, though nothing was known of it, has not recovered.
	fs := h.get("reports")
	fs.Status = v1alpha1.FederatedSessionStatus{ObservedGeneration: -1, Conditions: []metav1.Condition{{
		Type: v1alpha1.ReadyCondition, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending, LastTransitionTime: metav1.NewTime(start),
	}}}
	h.Expect(h.direct.Status().Update(t.Context(), fs)).To(Succeed())
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.events()).To(BeEmpty())
}
