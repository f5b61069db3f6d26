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

package federatedsession

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestHeartbeatsCheck(t *testing.T) {
	const timeout = 30 * time.Second
	for sentence, c := range map[string]struct {
		notedAt []time.Duration // after noon
		now     time.Duration
		alive   bool
	}{
		"a replica that waits for its Lease is alive":      {nil, 24 * time.Hour, true},
		"a replica that begins to work is alive":           {[]time.Duration{time.Hour}, time.Hour, true},
		"five timeouts of silence are tolerated":           {[]time.Duration{0}, 5 * timeout, true},
		"a moment longer is not":                           {[]time.Duration{0}, 5*timeout + time.Millisecond, false},
		"a heartbeat ends the silence":                     {[]time.Duration{0, time.Hour}, time.Hour + time.Minute, true},
		"after the last heartbeat the silence begins anew": {[]time.Duration{0, time.Hour}, 2 * time.Hour, false},
		"a clock that was set back says nothing":           {[]time.Duration{time.Hour}, 0, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(noon)
			h := &heartbeats{clock: clock, timeout: timeout}
			for _, at := range c.notedAt {
				clock.SetTime(noon.Add(at))
				h.note()
			}
			clock.SetTime(noon.Add(c.now))

			err := h.check(nil)

			NewWithT(t).Expect(err == nil).To(Equal(c.alive), "%v", err)
		})
	}
}

func TestHeartbeatsAreNotedAndGoNoFurther(t *testing.T) {
	g := NewWithT(t)
	h := &heartbeats{clock: clocktesting.NewFakePassiveClock(noon), timeout: time.Second}
	var reconciled []reconcile.Request
	receiver := h.receive(reconcile.Func(func(_ context.Context, request reconcile.Request) (reconcile.Result, error) {
		reconciled = append(reconciled, request)
		return reconcile.Result{RequeueAfter: time.Minute}, nil
	}))
	reports := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "team-a", Name: "reports"}}

	g.Expect(receiver.Reconcile(t.Context(), reports)).To(Equal(reconcile.Result{RequeueAfter: time.Minute}))
	g.Expect(h.latest).To(BeZero(), "a session is no heartbeat")
	g.Expect(receiver.Reconcile(t.Context(), heartbeat)).To(Equal(reconcile.Result{}))
	g.Expect(h.latest).To(Equal(noon))
	g.Expect(reconciled).To(Equal([]reconcile.Request{reports}))
}

// A heartbeat goes before the most urgent session, and only on the replica that works.
func TestHeartbeatsSource(t *testing.T) {
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	queue := priorityqueue.New[reconcile.Request]("test")
	defer queue.ShutDown()
	h := &heartbeats{clock: clocktesting.NewFakePassiveClock(noon), timeout: 30 * time.Millisecond}
	elected := make(chan struct{})
	urgent := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "team-a", Name: "reports"}}

	g.Expect(h.source(elected).Start(ctx, queue)).To(Succeed())
	reconciler.Add(queue, urgent, session.UrgentPriority)
	g.Consistently(queue.Len, 5*h.timeout).Should(Equal(1), "it waits for its Lease")
	g.Expect(h.check(nil)).To(Succeed())

	close(elected)
	for range 3 {
		g.Eventually(queue.Len).Should(Equal(2))
		first, priority, _ := queue.GetWithPriority()
		g.Expect(first).To(Equal(heartbeat))
		g.Expect(priority).To(Equal(session.UrgentPriority + 1))
		queue.Done(first)
	}
}
