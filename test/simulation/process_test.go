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
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/controller/issuer"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/metrics"
)

// The defaults of cmd/flags.go and cmd/manager.go.
const (
	concurrency      = 16
	stsTimeout       = 10 * time.Second
	reconcileTimeout = stsTimeout + 20*time.Second
)

// operatorNamespace holds the keys of ClusterSessionIssuers.
const operatorNamespace = "sts-operator-system"

// process is one life of the operator: all that a restart loses.
type process struct {
	sim         *simulation
	cache       *cache
	broker      *broker.Broker
	controllers [kinds]*controller // of sessions and both kinds of issuers
	tasks       []*task            // under way, in the order of their start

	died, paused bool
	resumedAt    time.Time // after its latest pause
	deferred     []func()  // what happened while it was paused
	stepsLeft    int       // until it dies; 0 for not at all
}

// controller is a queue and its workers.
type controller struct {
	process   *process
	kind      kind
	queue     *queue
	idle      int
	reconcile func(context.Context, reconcile.Request) (reconcile.Result, error)
}

// newProcess starts an operator: its caches list everything, and everything is looked at.
func newProcess(s *simulation) *process {
	p := &process{sim: s}
	p.cache = newCache(p)
	measures := metrics.New(prometheus.NewRegistry())
	p.broker = broker.New(broker.Options{
		Clock: s.clock, HTTPClient: &http.Client{Transport: transport{p}}, CallTimeout: stsTimeout, Observe: measures.ObserveRequest,
	})
	d := reconciler.Dependencies{
		Clock: s.clock, Client: cached{process: p}, Live: live{process: p}, Broker: p.broker, Recorder: recorder{}, Metrics: measures,
		Guardrails: guardrail.NewCache(), OperatorNamespace: operatorNamespace,
	}
	p.control(sessions, federatedsession.New(d).Reconcile)
	p.control(sessionIssuers, issuer.New(v1alpha1.SessionIssuerKind, d).Reconcile)
	p.control(clusterIssuers, issuer.New(v1alpha1.ClusterSessionIssuerKind, d).Reconcile)
	for k := range kinds {
		p.cache.relist(k)
	}
	s.store.watchers = append(s.store.watchers, p.cache)
	return p
}

func (p *process) control(k kind, reconcile func(context.Context, reconcile.Request) (reconcile.Result, error)) {
	c := &controller{process: p, kind: k, idle: concurrency, reconcile: reconcile}
	c.queue = newQueue(p, func() { p.sim.awake = append(p.sim.awake, c) })
	p.controllers[k] = c
}

// dispatch what is ready to idle workers.
func (c *controller) dispatch() {
	for c.idle > 0 && !c.process.died && !c.process.paused {
		next := c.queue.get()
		if next == nil {
			return
		}
		c.idle--
		t := &task{process: c.process, kind: c.kind, name: next.request.NamespacedName}
		c.process.tasks = append(c.process.tasks, t)
		c.process.sim.loop.start(t, func() { c.work(t, next) })
	}
}

// work is what a worker of controller-runtime does about one item.
func (c *controller) work(t *task, next *item) {
	ctx, cancel := context.WithTimeout(context.WithValue(logf.IntoContext(context.Background(), logr.Discard()), taskKey{}, t), reconcileTimeout)
	result, err := c.reconcile(ctx, next.request)
	cancel()
	p := c.process
	p.tasks = slices.DeleteFunc(p.tasks, func(other *task) bool { return other == t })
	p.sim.reconciled(t, err)
	if p.died {
		return
	}
	priority := next.priority
	if result.Priority != nil {
		priority = *result.Priority
	}
	c.idle++
	switch {
	case err != nil:
		c.queue.add(next.request, priority, c.queue.limiter.When(next.request))
	case result.RequeueAfter > 0:
		if result.RequeueAfter == 50*time.Millisecond { // cacheLag of the product
			p.sim.stats.stale++
		}
		c.queue.limiter.Forget(next.request)
		c.queue.add(next.request, priority, result.RequeueAfter)
	default:
		c.queue.limiter.Forget(next.request)
	}
	c.queue.done(next.request)
	c.queue.wake()
}

// turns enqueues at once the sessions whose turn to call STS has come, as the broker says. It runs after each event, and is
// the one place where the scheduler is to be asked; loop.at brings the next event where it names a time. Until there is a
// scheduler, sessions that wait look again by themselves.
func (p *process) turns() {}

// step counts down to the death of the process.
func (p *process) step() error {
	if p.stepsLeft > 0 && !p.died {
		if p.stepsLeft--; p.stepsLeft == 0 {
			p.die()
		}
	}
	if p.died {
		return errDied
	}
	return nil
}

// die at once. Nothing that is under way has any further effect.
func (p *process) die() {
	if p.died {
		return
	}
	p.died, p.paused, p.deferred = true, false, nil
	p.sim.store.watchers = slices.DeleteFunc(p.sim.store.watchers, func(c *cache) bool { return c == p.cache })
	p.sim.record(sessions, types.NamespacedName{}, "process dies", "")
	for _, t := range p.tasks {
		t.interrupt()
	}
	p.sim.hasDied(p)
}

// whenAwake runs something that happens to the process now or, if it is paused, when it goes on.
func (p *process) whenAwake(run func()) {
	switch {
	case p.died:
	case p.paused:
		p.deferred = append(p.deferred, run)
	default:
		run()
	}
}

// pause everything that the process does.
func (p *process) pause() { p.paused = true }

// goOn after a pause.
func (p *process) goOn() {
	if p.died || !p.paused {
		return
	}
	p.paused, p.resumedAt = false, time.Now()
	deferred := p.deferred
	p.deferred = nil
	for _, run := range deferred {
		p.sim.loop.in(0, func() { p.whenAwake(run) })
	}
	for _, c := range p.controllers {
		if c != nil {
			c.queue.wake()
		}
	}
}

// recorder drops events: nothing in the simulation reads them.
type recorder struct{}

// Eventf implements events.EventRecorder.
func (recorder) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}

var _ events.EventRecorder = recorder{}
