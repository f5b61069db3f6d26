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
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
)

const (
	// heartbeatsPerTimeout are sent in the time that a reconcile may take.
	heartbeatsPerTimeout = 3
	// timeoutsUntilStuck is how many times that long no heartbeat may come through. Each goes before all other work, so that
	// within one some worker should have been free.
	timeoutsUntilStuck = 5
)

// heartbeat is a request that no object makes: none has an empty name.
var heartbeat = reconcile.Request{}

// heartbeats go through the work queue like every session. A process that answers its probes but whose workers are all stuck
// does not let them through, and its liveness probe has it restarted.
type heartbeats struct {
	clock   clock.PassiveClock
	timeout time.Duration // of a reconcile

	mutex  sync.Mutex
	latest time.Time // zero while this replica waits for its Lease
}

// note that one came through, or that this replica begins to work.
func (h *heartbeats) note() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.latest = h.clock.Now()
}

// source sends a heartbeat every third of a timeout, from when this replica works.
func (h *heartbeats) source(elected <-chan struct{}) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		go h.send(ctx, elected, queue)
		return nil
	})
}

func (h *heartbeats) send(ctx context.Context, elected <-chan struct{}, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	select {
	case <-elected:
	case <-ctx.Done():
		return
	}
	h.note()
	ticker := time.NewTicker(h.timeout / heartbeatsPerTimeout)
	defer ticker.Stop()
	for {
		reconciler.Add(queue, heartbeat, session.UrgentPriority+1)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// receive is the reconciler that notes heartbeats and leaves the rest to another.
func (h *heartbeats) receive(next reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
		if request == heartbeat {
			h.note()
			return reconcile.Result{}, nil
		}
		return next.Reconcile(ctx, request)
	})
}

// check is the liveness check. A replica that waits for its Lease passes.
func (h *heartbeats) check(*http.Request) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.latest.IsZero() {
		return nil
	}
	if silence := h.clock.Since(h.latest); silence > timeoutsUntilStuck*h.timeout {
		return fmt.Errorf("nothing has come through the queue of sessions for %s: its workers are stuck", silence.Round(time.Second))
	}
	return nil
}
