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

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const getFederationToken = "GetFederationToken"

func TestReconcileFailingRotation(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	h.events()
	first := h.accessKey("reports")
	h.toRotation("reports")
	h.scenario(stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: "AccessDenied", Status: 403, Message: "no"})
	result := h.reconcile("reports")

	message := h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)
	h.Expect(message).To(And(ContainSubstring("sts:GetFederationToken"), ContainSubstring("work until 2026-11-23T00:00:00Z")))
	h.Expect(h.accessKey("reports")).To(Equal(first))
	h.Expect(h.get("reports").Status.LastFailure).To(And(
		HaveField("Reason", v1alpha1.ReasonAccessDenied), HaveField("Count", int32(1))))
	h.Expect(h.events()).To(ConsistOf(ContainSubstring("Warning RotationFailing")))
	h.Expect(result.RequeueAfter).To(BeNumerically("~", 4*time.Minute+30*time.Second, time.Minute), "IAM may be mended at any time")

	calls := h.issued()
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(calls), "nothing that wakes it makes it ask before its time")

	for h.get("reports").Status.ExpirationTime.After(h.clock.Now()) {
		h.advance(h.reconcile("reports").RequeueAfter)
	}
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonExpired)).To(ContainSubstring("AccessDenied"))
	h.Expect(h.events()).To(ContainElement(ContainSubstring("Warning Expired")))

	h.scenario()
	h.advance(10 * time.Minute)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.get("reports").Status.LastFailure).To(BeNil())
	h.Expect(h.events()).To(ConsistOf(ContainSubstring("Normal Recovered")))
}

func TestReconcileFailingFirstIssue(t *testing.T) {
	refused := func(code, message string) stsfake.Scenario {
		return stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: code, Message: message}
	}
	for name, c := range map[string]struct {
		scenario stsfake.Scenario
		reason   string
		stalled  bool
	}{
		"throttling is retried": {refused("Throttling", "Rate exceeded"), v1alpha1.ReasonThrottled, false},
		"a server error is retried": {
			stsfake.Scenario{Kind: stsfake.HTML, Operation: getFederationToken, Status: 502}, v1alpha1.ReasonUnavailable, false,
		},
		"a broken connection is retried":    {stsfake.Scenario{Kind: stsfake.Reset, Operation: getFederationToken}, v1alpha1.ReasonUnavailable, false},
		"an empty answer is never accepted": {stsfake.Scenario{Kind: stsfake.Empty, Operation: getFederationToken}, v1alpha1.ReasonIncompleteResponse, false},
		"half an answer is never accepted": {
			stsfake.Scenario{Kind: stsfake.Truncated, Operation: getFederationToken}, v1alpha1.ReasonIncompleteResponse, false,
		},
		"an unknown code is retried": {
			stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: "Novelty", Status: 400, Message: "new"},
			v1alpha1.ReasonUnknownError, false,
		},
		"a refused policy stalls": {refused("MalformedPolicyDocument", "Syntax errors in policy."), v1alpha1.ReasonInvalidPolicy, true},
		"policies and tags that are too large do": {
			refused("PackedPolicyTooLarge", "Packed policy consumes 120% of allotted space, please use smaller policy."),
			v1alpha1.ReasonPolicyTooLarge, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			fs := h.session("reports")
			h.scenario(c.scenario)
			result := h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionFalse, c.reason)
			h.Expect(h.hasSecret("reports")).To(BeFalse())
			conditions := h.get("reports").Status.Conditions
			h.Expect(meta.IsStatusConditionTrue(conditions, v1alpha1.StalledCondition)).To(Equal(c.stalled))
			h.Expect(meta.IsStatusConditionTrue(conditions, v1alpha1.ReconcilingCondition)).To(Equal(!c.stalled))

			if c.stalled {
				h.reconcileUntil("reports", 10*time.Minute)
				asked := h.issued()
				h.Expect(asked).To(BeNumerically("<=", 6), "what is new may not be known everywhere yet")
				h.advance(35 * time.Minute)
				h.restart()
				h.reconcileIssuer("aws")
				h.reconcile("reports")
				h.Expect(h.issued()).To(Equal(asked), "it is not asked again before the hour is over")
				h.scenario()
				edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "edited" })
			} else {
				h.scenario()
				h.advance(result.RequeueAfter)
			}
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

func TestReconcileInvalidPolicy(t *testing.T) {
	for name, policy := range map[string]string{
		"no JSON":                `{"Version":`,
		"no object":              `[]`,
		"a Version in no quotes": `{"Version":"2012-10-17T00:00:00Z"}`,
		"a key twice":            `{"Effect":"Deny","Effect":"Allow"}`,
		"2049 characters":        `{"S":"` + string(make2049()) + `"}`,
		"a control character":    "{\"Sid\":\"\u0001\"}",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			fs := h.session("reports", func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = policy })
			h.reconcile("reports")
			h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonInvalidPolicy)).To(ContainSubstring("spec.policy"))
			h.Expect(meta.IsStatusConditionTrue(h.get("reports").Status.Conditions, v1alpha1.StalledCondition)).To(BeTrue())
			h.Expect(h.issued()).To(BeZero())
			edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = "" })
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

func make2049() []byte {
	text := make([]byte, 2049-len(`{"S":""}`))
	for i := range text {
		text[i] = 'x'
	}
	return text
}

func TestPermitDuringAnOutage(t *testing.T) {
	const sessions = 100
	h := newHarness(t)
	h.issuer()
	h.scenario(stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: "ServiceUnavailable", Status: 503})
	for i := range sessions {
		h.session(nameOf(i))
	}
	h.api.taken()
	for i := range sessions {
		h.reconcile(nameOf(i))
		h.expectReady(nameOf(i), metav1.ConditionFalse, v1alpha1.ReasonUnavailable)
	}
	h.Expect(h.issued()).To(Equal(1))
	h.Expect(h.api.taken()).To(HaveKeyWithValue("live get *v1.Secret", 1), "those who wait read nothing")

	h.scenario()
	h.advance(time.Minute)
	h.reconcile(nameOf(0))
	h.Expect(h.serveTurns()).To(HaveLen(sessions), "each is woken when its turn comes")
	for i := range sessions {
		h.expectReady(nameOf(i), metav1.ConditionTrue, v1alpha1.ReasonIssued)
	}
	h.Expect(h.issued()).To(Equal(1 + sessions))
}

func TestPermitBudget(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { i.Spec.RequestsPerSecond = new(int32(2)) })
	h.reconcileIssuer("aws")
	for i := range 4 {
		h.session(nameOf(i))
	}
	for i := range 4 {
		h.reconcile(nameOf(i))
		h.advance(map[bool]time.Duration{true: time.Minute}[i < 3])
	}
	// All four are due; two of them are served now, two wait for their turn without a word.
	h.advance(8 * time.Hour)
	h.api.taken()
	before := h.issued()
	var waits []time.Duration
	for i := range 4 {
		waits = append(waits, h.reconcile(nameOf(i)).RequeueAfter)
		h.expectReady(nameOf(i), metav1.ConditionTrue, v1alpha1.ReasonIssued)
	}
	h.Expect(h.issued() - before).To(Equal(2))
	h.Expect(waits[2:]).To(HaveEach(BeNumerically("<", 5*time.Second)))
	h.session("urgent")
	h.reconcile("urgent")
	h.Expect(h.serveTurns()).To(Equal([]string{"urgent", nameOf(2), nameOf(3)}), "who has nothing to work with goes first")
	h.expectReady("urgent", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestPublishRefusedByTheAPIServer(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.api.failing["create *v1.Secret"] = apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "reports", errors.New("exceeded quota"))
	result := h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretWriteFailed)).To(ContainSubstring("exceeded quota"))
	h.Expect(h.issued()).To(Equal(1))
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(1), "an STS call is not spent again before its time")

	delete(h.api.failing, "create *v1.Secret")
	h.advance(result.RequeueAfter)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestReconcileAfterARefusalIsLifted(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	h.session("reports")
	h.scenario(stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: "ValidationError", Message: "no"})
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonRequestRefused)
	h.scenario()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { i.Spec.Region = "eu-central-1" })
	h.reconcileIssuer("aws")
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestReconcileRefusedRotation(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.reconcile("reports")
	h.toRotation("reports")
	h.scenario(stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: "PackedPolicyTooLarge", Message: "too large"})
	result := h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)
	h.Expect(meta.IsStatusConditionTrue(h.get("reports").Status.Conditions, v1alpha1.StalledCondition)).To(BeTrue(), "GitOps tools tell before it expires")
	h.scenario()
	for range 8 { // ten minutes at a time
		h.advance(result.RequeueAfter)
		result = h.reconcile("reports")
	}
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.issued()).To(Equal(3), "what STS refused is asked again after an hour")
}

func TestPublishThroughAMutatingWebhook(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.api.mutate = func(s *corev1.Secret) { s.Data["injected"] = []byte("x") }
	result := h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretWriteFailed)).To(ContainSubstring("mutating webhook"))
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(1), "no loop")

	h.api.mutate = nil
	h.advance(result.RequeueAfter)
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

func TestReconcileWithALaggingCache(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	h.scenario(stsfake.Scenario{Kind: stsfake.Error, Operation: getFederationToken, Code: "AccessDenied", Status: 403})
	h.api.lagging = h.get("reports")
	h.reconcile("reports")
	h.events()
	h.api.taken()
	result := h.reconcile("reports")
	h.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<", time.Second)))
	h.Expect(h.issued()).To(Equal(1), "the failure is not forgotten")
	h.Expect(h.api.taken()).To(BeEmpty())
	h.Expect(h.events()).To(BeEmpty())

	h.api.lagging = nil
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(1))
	h.Expect(h.api.taken()).To(BeEmpty(), "nothing is written twice")
}

func TestPublishDuringAShutdown(t *testing.T) {
	ctx, shutdown := context.WithCancel(t.Context())
	h := newHarness(t, stsfake.WithWait(func(context.Context, time.Duration) error {
		shutdown()
		return nil
	}))
	h.issuer()
	h.session("reports")
	h.scenario(stsfake.Scenario{Kind: stsfake.Latency, Operation: getFederationToken, Duration: time.Second})
	_, err := h.sessions.Reconcile(ctx, h.request("reports"))
	h.Expect(err).To(MatchError(context.Canceled), "the status is left to the next")
	h.Expect(h.hasSecret("reports")).To(BeTrue())

	h.restart()
	h.reconcileIssuer("aws")
	h.reconcile("reports")
	h.Expect(h.issued()).To(Equal(1))
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}
