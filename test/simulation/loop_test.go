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
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// timer has something happen at a time. Those of one time go off in the order in which they were planned.
type timer struct {
	at        time.Time
	sequence  uint64
	run       func()
	cancelled bool
}

// agenda holds the events to come, the next first.
type agenda []*timer

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].at.Equal(a[j].at) {
		return a[i].sequence < a[j].sequence
	}
	return a[i].at.Before(a[j].at)
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(*timer)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	(*a)[len(*a)-1] = nil
	*a = (*a)[:len(*a)-1]
	return last
}

// loop runs events one by one. Its time is that of the synctest bubble, so that contexts with deadlines and the AWS SDK live
// in it, too. Whatever takes time runs as a task, in a goroutine of its own, but never at the same time as anything else:
// the loop waits until the task parks or ends.
type loop struct {
	planned  agenda
	sequence uint64
	parked   chan struct{}
	idle     []*goroutine
	// after each event, before the next.
	after func()
}

func (l *loop) at(at time.Time, run func()) *timer {
	l.sequence++
	e := &timer{at: at, sequence: l.sequence, run: run}
	heap.Push(&l.planned, e)
	return e
}

func (l *loop) in(wait time.Duration, run func()) *timer { return l.at(time.Now().Add(wait), run) }

// run events until a time, or until none are left.
func (l *loop) run(until time.Time) {
	for len(l.planned) > 0 && !l.planned[0].at.After(until) {
		e := heap.Pop(&l.planned).(*timer)
		if e.cancelled {
			continue
		}
		if wait := time.Until(e.at); wait > 0 {
			time.Sleep(wait)
		}
		e.run()
		l.after()
	}
	if wait := time.Until(until); wait > 0 {
		time.Sleep(wait)
	}
}

// task is one reconcile under way.
type task struct {
	loop    *loop
	process *process
	kind    kind
	name    types.NamespacedName
	began   time.Time
	on      *goroutine
	wake    *timer // while it is parked
	// What it met, for the invariants.
	minted, published *mint
	disturbed         string
}

type taskKey struct{}

// taskOf a context: every request is made by one.
func taskOf(ctx context.Context) *task { return ctx.Value(taskKey{}).(*task) }

// start a task, which runs until it parks or ends.
func (l *loop) start(t *task, run func()) {
	t.loop, t.began = l, time.Now()
	if len(l.idle) == 0 {
		l.idle = append(l.idle, l.newGoroutine())
	}
	t.on = l.idle[len(l.idle)-1]
	l.idle = l.idle[:len(l.idle)-1]
	t.on.run = run
	l.resume(t)
}

// goroutine runs one task after another, so that its stack need not grow for each anew.
type goroutine struct {
	run    func()
	resume chan struct{}
}

func (l *loop) newGoroutine() *goroutine {
	g := &goroutine{resume: make(chan struct{})}
	go func() {
		for range g.resume {
			g.run()
			l.idle = append(l.idle, g)
			l.parked <- struct{}{}
		}
	}()
	return g
}

// end the goroutines, none of which runs a task any more.
func (l *loop) end() {
	for _, g := range l.idle {
		close(g.resume)
	}
}

// resume a parked task, until it parks again or ends.
func (l *loop) resume(t *task) {
	t.wake = nil
	t.on.resume <- struct{}{}
	<-l.parked
}

// errDied is what every request of a process that has died comes to.
var errDied = errors.New("the process has died")

// sleep until a request has come a step further, or its context or process has ended.
func (t *task) sleep(ctx context.Context, wait time.Duration) error {
	at := time.Now().Add(wait)
	deadline, hasDeadline := ctx.Deadline()
	isLate := hasDeadline && !at.Before(deadline)
	if isLate {
		at = deadline
	}
	t.wake = t.loop.at(at, func() { t.process.whenAwake(func() { t.loop.resume(t) }) })
	t.loop.parked <- struct{}{}
	<-t.on.resume
	switch {
	case t.process.died:
		return errDied
	case isLate:
		<-ctx.Done() // its timer goes off in this very moment
	}
	return ctx.Err()
}

// interrupt a parked task, whose process has died.
func (t *task) interrupt() {
	if t.wake == nil {
		return
	}
	t.wake.cancelled = true
	t.wake = t.loop.in(0, func() { t.loop.resume(t) })
}
