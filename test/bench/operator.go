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

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/scheduler"
)

// patience is how long nothing may happen before a phase is given up.
const patience = 2 * time.Minute

// operator is the whole operator in this process, with its real caches, watches and queues.
type operator struct {
	stage    *stage
	stsCalls int64 // before it began
	requests requests
	looked   lookedAt
	cancel   context.CancelFunc
	ended    chan error
	manager  ctrl.Manager
}

// startOperator wires the manager as cmd does, but for leader election, probes and the limit on requests to the API
// server, which the floor does not have either.
func (s *stage) startOperator(ctx context.Context) (*operator, error) {
	o := &operator{stage: s, stsCalls: s.stsCalls.Load(), ended: make(chan error, 1)}
	warmup := true
	var err error
	o.manager, err = ctrl.NewManager(o.requests.count(s.config), ctrl.Options{
		Scheme:     s.scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{ByObject: federatedsession.Caches(nil)},
		Controller: config.Controller{SkipNameValidation: &warmup, EnableWarmup: &warmup},
	})
	if err != nil {
		return nil, fmt.Errorf("creating the manager: %w", err)
	}
	metrics := metrics.New(&o.looked)
	turns := scheduler.New(workers)
	d := reconciler.Dependencies{
		Clock: s.clock, Scheduler: turns, Metrics: metrics, OperatorNamespace: operatorNamespace,
		Broker: broker.New(broker.Options{
			Clock: s.clock, Scheduler: turns, HTTPClient: broker.NewHTTPClient(http.ProxyFromEnvironment),
			CallTimeout: 10 * time.Second, Observe: metrics.ObserveRequest,
		}),
	}
	ctx, o.cancel = context.WithCancel(ctx)
	if err := controller.Setup(ctx, o.manager, d, reconciler.Options{Concurrency: workers, Timeout: 30 * time.Second}); err != nil {
		o.cancel()
		return nil, err
	}
	go func() { o.ended <- o.manager.Start(ctx) }()
	return o, nil
}

func (o *operator) stop() error {
	o.cancel()
	return <-o.ended
}

// until waits for a count to reach n and returns when that was.
func (o *operator) until(ctx context.Context, label string, n int, count func() int) (reached time.Time, err error) {
	err = during(label, n, func(done *atomic.Int64) error {
		changed := time.Now()
		for {
			begun := time.Now()
			counted := count()
			if counted >= n {
				reached = begun
				return nil
			}
			if int64(counted) != done.Swap(int64(counted)) {
				changed = begun
			}
			if time.Since(changed) > patience {
				return fmt.Errorf("%s: %d of %d, and nothing happens any more: %s", label, counted, n, o.complaint(ctx))
			}
			// Counting must not slow down what is counted.
			pause := max(5*time.Millisecond, 20*time.Since(begun))
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return ctx.Err()
			case err := <-o.ended:
				o.ended <- err
				return errors.Join(errors.New("the manager has ended"), err)
			}
		}
	})
	return reached, err
}

// complaint is what a session that is not ready says.
func (o *operator) complaint(ctx context.Context) string {
	list := &v1alpha1.FederatedSessionList{}
	if err := o.stage.kube.List(ctx, list); err != nil {
		return err.Error()
	}
	for i := range list.Items {
		ready := meta.FindStatusCondition(list.Items[i].Status.Conditions, v1alpha1.ReadyCondition)
		if ready != nil && ready.Reason != v1alpha1.ReasonIssued && ready.Reason != v1alpha1.ReasonPending {
			return fmt.Sprintf("%s: %s: %s", list.Items[i].Name, ready.Reason, ready.Message)
		}
	}
	return "no session complains"
}

// cost so far; it comes to rest when events are written and nothing follows.
func (o *operator) cost() cost {
	c := o.requests.cost()
	c.stsCalls = o.stage.stsCalls.Load() - o.stsCalls
	return c
}

// rest waits until the operator has asked nobody for anything for a second.
func (o *operator) rest(ctx context.Context) (cost, error) {
	last, since := o.cost(), time.Now()
	err := during("waiting for the operator to come to rest", 0, func(*atomic.Int64) error {
		for time.Since(since) < time.Second && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
			if now := o.cost(); now != last {
				last, since = now, time.Now()
			}
		}
		return ctx.Err()
	})
	return last, err
}

// issueAll measures the first issue and a rotation of all sessions by one operator, that has nothing else to do. For each,
// a label of the namespace wakes all sessions at once: first it admits them, then the clock has made them due.
func (s *stage) issueAll(ctx context.Context) (out speeds, err error) {
	o, err := s.startOperator(ctx)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	if _, err = o.until(ctx, "operator, start", s.sessions, o.looked.count); err != nil {
		return out, err
	}
	if out.issue, err = o.wakeAll(ctx, "operator, first issue", admitted); err != nil {
		return out, err
	}
	s.clock.advance(shift)
	out.rotation, err = o.wakeAll(ctx, "operator, rotation", "example.com/rotated")
	return out, err
}

// wakeAll labels the namespace and measures until every session's status says that it was issued since.
func (o *operator) wakeAll(ctx context.Context, label, namespaceLabel string) (phase, error) {
	before, err := o.rest(ctx)
	if err != nil {
		return phase{}, err
	}
	issued := &issuedSince{since: o.stage.clock.Now().Truncate(time.Second)}
	informer, err := o.manager.GetCache().GetInformer(ctx, &v1alpha1.FederatedSession{})
	if err != nil {
		return phase{}, fmt.Errorf("watching FederatedSessions: %w", err)
	}
	if _, err := informer.AddEventHandler(issued); err != nil {
		return phase{}, fmt.Errorf("watching FederatedSessions: %w", err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: sessionsNamespace}}
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:""}}}`, namespaceLabel))
	begun := time.Now()
	if err := o.stage.kube.Patch(ctx, namespace, patch); err != nil {
		return phase{}, err
	}
	reached, err := o.until(ctx, label, o.stage.sessions, issued.count)
	if err != nil {
		return phase{}, err
	}
	after, err := o.rest(ctx)
	return phase{reached.Sub(begun), after.minus(before)}, err
}

// issuedSince counts the sessions that are ready with credentials issued since a time.
type issuedSince struct {
	since    time.Time
	sessions sync.Map
	n        atomic.Int64
}

func (c *issuedSince) count() int { return int(c.n.Load()) }

// OnAdd implements cache.ResourceEventHandler.
func (c *issuedSince) OnAdd(object any, _ bool) { c.see(object) }

// OnUpdate implements cache.ResourceEventHandler.
func (c *issuedSince) OnUpdate(_, object any) { c.see(object) }

// OnDelete implements cache.ResourceEventHandler.
func (*issuedSince) OnDelete(any) {}

var _ toolscache.ResourceEventHandler = &issuedSince{}

func (c *issuedSince) see(object any) {
	fs, ok := object.(*v1alpha1.FederatedSession)
	if !ok || fs.Status.IssuedTime == nil || fs.Status.IssuedTime.Time.Before(c.since) ||
		!meta.IsStatusConditionTrue(fs.Status.Conditions, v1alpha1.ReadyCondition) {
		return
	}
	if _, known := c.sessions.LoadOrStore(types.NamespacedName{Namespace: fs.Namespace, Name: fs.Name}, true); !known {
		c.n.Add(1)
	}
}

// restarted is an operator that had nothing to do.
type restarted struct {
	phase
	heap int64 // bytes more than before, after a garbage collection
}

// restart starts an operator that finds so many healthy sessions.
func (s *stage) restart(ctx context.Context, label string, sessions int) (restarted, error) {
	before, begun := liveHeap(), time.Now()
	o, err := s.startOperator(ctx)
	if err != nil {
		return restarted{}, err
	}
	var r restarted
	reached, err := o.until(ctx, label, sessions, o.looked.count)
	r.took = reached.Sub(begun)
	if err == nil {
		r.cost, err = o.rest(ctx)
	}
	r.heap = liveHeap() - before
	return r, errors.Join(err, o.stop())
}

// liveHeap is what the heap holds of objects that are in use.
func liveHeap() int64 {
	var m runtime.MemStats
	for range 3 { // pools are emptied in two cycles
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // no heap is so large
}

// lookedAt stands in for a registry. It counts the sessions that this operator has looked at: each has a series then.
type lookedAt struct{ ready prometheus.Collector }

// Register implements prometheus.Registerer.
func (l *lookedAt) Register(collector prometheus.Collector) error {
	descriptions := make(chan *prometheus.Desc, 1) // each of the operator's collectors has one
	collector.Describe(descriptions)
	if strings.Contains((<-descriptions).String(), `"sts_operator_session_ready"`) {
		l.ready = collector
	}
	return nil
}

// MustRegister implements prometheus.Registerer.
func (l *lookedAt) MustRegister(collectors ...prometheus.Collector) {
	for _, collector := range collectors {
		_ = l.Register(collector)
	}
}

// Unregister implements prometheus.Registerer.
func (*lookedAt) Unregister(prometheus.Collector) bool { return false }

func (l *lookedAt) count() (n int) {
	series := make(chan prometheus.Metric, 100)
	go func() {
		l.ready.Collect(series)
		close(series)
	}()
	for range series {
		n++
	}
	return n
}
