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
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
)

// hanging is an endpoint that never answers.
type hanging struct {
	*httptest.Server
	calls, underWay, most atomic.Int64
}

func newHanging(t *testing.T) *hanging {
	t.Helper()
	s := &hanging{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		now := s.underWay.Add(1)
		for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
		}
		_, _ = io.Copy(io.Discard, r.Body) // or nothing would show that the client has gone
		<-r.Context().Done()
		s.underWay.Add(-1)
	}))
	t.Cleanup(s.Close)
	return s
}

// crowd a namespace with issuers whose endpoint hangs, each with a session that presents an assertion.
func (h *harness) crowd(namespace, endpoint string, issuers int) {
	h.t.Helper()
	h.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "saml"},
		StringData: map[string]string{"response": h.assertion(h.corporate())},
	})
	for i := range issuers {
		issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: nameOf(i)}}
		issuer.Spec.IssuerSpec = h.unsignedSpec()
		issuer.Spec.Endpoint = endpoint
		h.create(issuer)
		h.session(nameOf(i), withSAML, func(fs *v1alpha1.FederatedSession) {
			fs.Namespace, fs.Spec.IssuerRef.Name = namespace, nameOf(i)
		})
	}
}

// Four tenants with hanging endpoints, and one whose sessions always fail for another reason, must not keep a bystander
// waiting, nor read from the API server all the time.
func TestManagerBesideHangingEndpoints(t *testing.T) {
	const tenants, issuers = 4, 20
	h := newRealTimeHarness(t)
	hangs := newHanging(t)
	var hostile []string
	for range tenants {
		hostile = append(hostile, shared.NewNamespace(t, nil))
		h.crowd(hostile[len(hostile)-1], hangs.URL, issuers)
	}
	h.issuerWithBudget(50) // at an endpoint of its own, too
	cluster := h.clusterIssuer(h.issuerSpec("aws-key"), &v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}})
	m := startManager(t, h, func(o *managerOptions) { o.namespaces = hostile })
	defer m.stop()
	h.Eventually(hangs.calls.Load, eventually, 50*time.Millisecond).Should(BeNumerically(">=", 8), "the first have hung until their timeout")
	ready := func(name string) {
		t.Helper()
		h.Eventually(func() []metav1.Condition { return h.get(name).Status.Conditions }, eventually, 20*time.Millisecond).
			Should(ContainElement(And(HaveField("Type", v1alpha1.ReadyCondition), HaveField("Status", metav1.ConditionTrue))))
	}

	before := hangs.calls.Load()
	h.session("bystander", ofCluster(cluster))
	ready("bystander")
	first := h.accessKey("bystander")
	edit(h, h.get("bystander"), func(fs *v1alpha1.FederatedSession) {
		fs.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: "now"}
	})
	h.Eventually(func() string { return h.accessKeyIfAny("bystander") }, eventually, 20*time.Millisecond).ShouldNot(Or(BeEmpty(), Equal(first)))
	h.Expect(hangs.calls.Load()-before).To(BeNumerically("<=", 8), "both came within two timeouts of those who hang")
	h.session("neighbour")
	ready("neighbour")

	h.Expect(hangs.most.Load()).To(BeNumerically("<=", 4), "they hold a quarter of the workers")
	h.Expect(m.reads.Load()).To(BeNumerically("<=", 5*tenants*issuers), "assertions are read once a minute, and for a call")
}

// Whatever wakes a session, its assertion is read once a minute, and for a call.
func TestObserveReadsTheAssertionOnceAMinute(t *testing.T) {
	h := newHarness(t)
	h.issuerWithoutIdentity()
	h.corporate()
	h.session("reports", withSAML)
	reads := func() int {
		for range 20 {
			h.reconcile("reports")
			h.advance(time.Second)
		}
		return h.api.taken()["live get *v1.Secret"]
	}

	h.Expect(reads()).To(Equal(1), "there is no assertion")
	h.advance(time.Minute)
	h.putAssertion(h.assertion(h.corporate()))
	h.Expect(reads()).To(Equal(3), "to see that there is one, and with the permit: target and assertion")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

// Permits of sessions that then find somebody else's Secret spend nothing of what they share.
func TestPermitOfAConflictSpendsNothing(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { i.Spec.RequestsPerSecond = new(int32(1)) })
	h.reconcileIssuer("aws")
	for i := range 10 {
		h.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: nameOf(i)}})
		h.session(nameOf(i))
		h.reconcile(nameOf(i))
		h.expectReady(nameOf(i), metav1.ConditionFalse, v1alpha1.ReasonSecretConflict)
	}

	h.session("reports")
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.issued()).To(Equal(1))
}

// An issuer whose verification has to wait is verified as soon as its turn comes, not after a back-off.
func TestReconcileIssuerWaitsForItsTurn(t *testing.T) {
	h := newHarness(t)
	var turns []*scheduler.Turn
	for i := range 2 {
		turn, _ := h.scheduler.Ask(h.clock.Now(), scheduler.Claim{
			Waiter: scheduler.Waiter{Namespace: h.namespace, Name: nameOf(i)}, Call: scheduler.Verification,
			Issuer: scheduler.IssuerID{Namespace: h.namespace, Name: nameOf(i)}, Limits: scheduler.Limits{RequestsPerSecond: 1, OwnEndpoint: true},
		})
		turns = append(turns, turn)
	}
	issuer := h.issuer()
	h.Expect(h.sts.Calls()).To(BeEmpty(), "it waits")
	h.reconcileIssuer("aws")
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionUnknown, v1alpha1.ReasonPending)

	h.scheduler.Done(h.clock.Now(), turns[0], time.Second, nil)

	woken, _ := h.scheduler.Next(h.clock.Now())
	h.Expect(woken).To(ConsistOf(scheduler.Waiter{Kind: string(issuer.IssuerKind()), Namespace: h.namespace, Name: "aws"}))
	h.reconcileIssuer("aws")
	h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonVerified)
}
