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

package simulation

import (
	"container/heap"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
)

// item of a queue.
type item struct {
	request  reconcile.Request
	priority int
	added    uint64
	readyAt  time.Time // zero once it is ready
	removed  bool      // it was handed out, or another has taken its place
}

// readyItems are ordered by priority, then by when they became ready.
type readyItems []*item

func (r readyItems) Len() int { return len(r) }
func (r readyItems) Less(i, j int) bool {
	if r[i].priority != r[j].priority {
		return r[i].priority > r[j].priority
	}
	return r[i].added < r[j].added
}
func (r readyItems) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r *readyItems) Push(x any)   { *r = append(*r, x.(*item)) }
func (r *readyItems) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

// queue is what controller-runtime's priority queue is to its users: an item is in it once, with the highest of the
// priorities and the earliest of the times that it was added with, and is handed out to one worker at a time.
type queue struct {
	process *process
	limiter workqueue.TypedRateLimiter[reconcile.Request]
	items   map[reconcile.Request]*item
	ready   readyItems
	locked  map[reconcile.Request]bool
	aside   map[reconcile.Request]*item // ready, but its predecessor is still being worked at
	added   uint64
	// wake the workers: something is ready.
	wake func()
}

func newQueue(p *process, wake func()) *queue {
	return &queue{
		process: p, limiter: reconciler.RetryLimiter(), wake: wake,
		items: map[reconcile.Request]*item{}, locked: map[reconcile.Request]bool{}, aside: map[reconcile.Request]*item{},
	}
}

// add a request, to be handed out after a while.
func (q *queue) add(request reconcile.Request, priority int, after time.Duration) {
	next := &item{request: request, priority: priority, added: q.added}
	q.added++
	if after > 0 {
		next.readyAt = time.Now().Add(after)
	}
	if known := q.items[request]; known != nil {
		if known.readyAt.IsZero() || !next.readyAt.IsZero() && known.readyAt.Before(next.readyAt) {
			next.readyAt = known.readyAt
		}
		if known.priority >= priority {
			next.priority, next.added = known.priority, known.added
		}
		known.removed = true
		delete(q.aside, request)
	}
	q.items[request] = next
	if next.readyAt.IsZero() {
		q.makeReady(next)
		return
	}
	q.process.sim.loop.at(next.readyAt, func() {
		q.process.whenAwake(func() {
			if next.removed {
				return
			}
			next.readyAt, next.added = time.Time{}, q.added
			q.added++
			q.makeReady(next)
		})
	})
}

func (q *queue) makeReady(ready *item) {
	heap.Push(&q.ready, ready)
	q.wake()
}

// get the next item that is ready; nil for none.
func (q *queue) get() *item {
	for len(q.ready) > 0 {
		next := heap.Pop(&q.ready).(*item)
		switch {
		case next.removed:
		case q.locked[next.request]:
			q.aside[next.request] = next
		default:
			next.removed = true
			delete(q.items, next.request)
			q.locked[next.request] = true
			return next
		}
	}
	return nil
}

// done with a request, which may be handed out again.
func (q *queue) done(request reconcile.Request) {
	delete(q.locked, request)
	if waiting := q.aside[request]; waiting != nil {
		delete(q.aside, request)
		q.makeReady(waiting)
	}
}
