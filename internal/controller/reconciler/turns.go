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

package reconciler

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/session"
)

const (
	// turnsTogether is how long turns are collected before they are queued: under load many come at once.
	turnsTogether = 10 * time.Millisecond
	// longestTurnsSleep bounds the time between two looks at whose turn it is: timers do not see the clock jump.
	longestTurnsSleep = 30 * time.Second
)

// Turns queues the objects whose turn to call STS has come.
type Turns struct {
	clock     clock.PassiveClock
	scheduler *scheduler.Scheduler

	mutex  sync.Mutex
	queues map[string]workqueue.TypedRateLimitingInterface[reconcile.Request] // by kind
}

// NewTurns takes them from the scheduler once it is started.
func NewTurns(clock clock.PassiveClock, s *scheduler.Scheduler) *Turns {
	return &Turns{clock: clock, scheduler: s, queues: map[string]workqueue.TypedRateLimitingInterface[reconcile.Request]{}}
}

// Of a kind of object, for its controller.
func (t *Turns) Of(kind string) source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.queues[kind] = queue
		return nil
	})
}

// Start implements manager.Runnable.
func (t *Turns) Start(ctx context.Context) error {
	for {
		now := t.clock.Now()
		woken, at := t.scheduler.Next(now)
		for _, waiter := range woken {
			t.queue(waiter)
		}
		sleep := longestTurnsSleep
		if !at.IsZero() {
			sleep = min(at.Sub(now), longestTurnsSleep)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.scheduler.Changed():
		case <-time.After(sleep):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(turnsTogether):
		}
	}
}

// queue an object before all others: its turn lasts a moment.
func (t *Turns) queue(waiter scheduler.Waiter) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	request := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: waiter.Namespace, Name: waiter.Name}}
	if queue := t.queues[waiter.Kind]; queue != nil { // else its controller has not started
		Add(queue, request, session.UrgentPriority)
	}
}
