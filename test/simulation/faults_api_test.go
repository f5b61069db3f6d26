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
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verb is what a request to the API server does.
type verb int

const (
	read verb = iota
	write
	dryRun
)

func verbOf(dry []string) verb {
	if len(dry) > 0 {
		return dryRun
	}
	return write
}

// apiFaults are what goes wrong with the Kubernetes API.
func apiFaults() []*fault {
	someShare := func(s *simulation, e *episode) { e.share = float64(1+s.random.IntN(8)) / 10 }
	allButShare := func(e *episode, _ *subject) float64 { return 1 - e.share }
	return []*fault{
		{name: "api-down", perDay: 0.3, shortest: 5 * time.Second, longest: time.Hour, serves: never, begin: breakWatches, end: mendWatches,
			draw: func(_ *simulation, e *episode) { e.variant = allWatches }, request: refuse},
		{name: "api-refuses-writes", perDay: 0.5, shortest: 10 * time.Second, longest: 2 * time.Hour,
			draw: drawRefusal, request: refuseWrites, serves: servesOthers},
		{name: "api-conflicts", perDay: 0.3, shortest: time.Minute, longest: 2 * time.Hour, draw: someShare, serves: allButShare,
			request: func(s *simulation, e *episode, v verb, key objectKey) (bool, error) {
				if v == write && s.hits(e.share) {
					return false, conflict(key)
				}
				return false, nil
			}},
		{name: "api-slow", perDay: 0.3, shortest: time.Minute, longest: 2 * time.Hour,
			draw: func(s *simulation, e *episode) { e.latency = s.between(50*time.Millisecond, 1500*time.Millisecond) }},
		{name: "api-loses-answers", perDay: 0.3, shortest: time.Minute, longest: time.Hour, draw: someShare, serves: allButShare,
			request: func(s *simulation, e *episode, v verb, _ objectKey) (bool, error) {
				return v != read && s.hits(e.share), nil
			}},
		{name: "watch-late", perDay: 0.4, shortest: time.Minute, longest: 2 * time.Hour,
			draw: func(s *simulation, e *episode) { e.latency = s.between(time.Second, 20*time.Second) }},
		{name: "watch-broken", perDay: 0.3, shortest: 5 * time.Second, longest: 5 * time.Minute, begin: breakWatches, end: mendWatches,
			draw: func(s *simulation, e *episode) { e.variant = 1 + s.random.IntN(allWatches) }},
		{name: "watch-repeats", perDay: 0.3, shortest: time.Minute, longest: 2 * time.Hour},
	}
}

func refuse(*simulation, *episode, verb, objectKey) (bool, error) {
	return false, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// The ways in which writes are refused.
const (
	byWebhook = iota
	byEtcd
	byPolicy // in one namespace
	refusals // how many there are
)

func drawRefusal(s *simulation, e *episode) {
	if e.variant = s.random.IntN(refusals); e.variant == byPolicy {
		e.team = s.order[s.random.IntN(len(s.order))].key.Namespace
	}
}

func refuseWrites(_ *simulation, e *episode, v verb, key objectKey) (bool, error) {
	switch {
	case e.variant == byWebhook && v != read && key.kind == secrets:
		return false, apierrors.NewInternalError(errors.New(`failed calling webhook "secrets.example.com": connection refused`))
	case e.variant == byEtcd && v == write:
		return false, &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: "etcdserver: mvcc: database space exceeded",
		}}
	case e.variant == byPolicy && v != read && key.kind == secrets && key.Namespace == e.team:
		return false, apierrors.NewForbidden(corev1.Resource("secrets"), key.Name, errors.New("a policy of the simulation"))
	}
	return false, nil
}

func servesOthers(e *episode, sub *subject) float64 {
	if e.variant == byPolicy && e.team != sub.key.Namespace {
		return 1
	}
	return 0
}

// allWatches as the bits of a variant, one for each kind.
const allWatches = 1<<int(kinds) - 1

func breakWatches(s *simulation, e *episode) {
	for k := range kinds {
		if e.variant&(1<<int(k)) != 0 {
			s.brokenWatches[k]++
			for _, p := range s.living() {
				p.cache.watches[k].attempt++ // what is on its way is lost
			}
		}
	}
}

func mendWatches(s *simulation, e *episode) {
	s.mendedAt = time.Now()
	for k := range kinds {
		if e.variant&(1<<int(k)) == 0 {
			continue
		}
		if s.brokenWatches[k]--; s.brokenWatches[k] > 0 {
			continue
		}
		for _, p := range s.living() {
			s.loop.in(s.between(0, 2*time.Second), func() {
				p.whenAwake(func() {
					if s.brokenWatches[k] == 0 {
						p.cache.relist(k)
					}
				})
			})
		}
	}
}

// apiFault is what becomes of a request to the API server: an error instead of being carried out, or an answer that is lost.
func (s *simulation) apiFault(v verb, key objectKey) (isLost bool, err error) {
	for _, e := range s.active {
		if e.request == nil {
			continue
		}
		lost, err := e.request(s, e, v, key)
		if err != nil {
			return false, err
		}
		isLost = isLost || lost
	}
	return isLost, nil
}

// apiLatency is how long a request takes one way.
func (s *simulation) apiLatency() time.Duration {
	latency := s.between(500*time.Microsecond, 5*time.Millisecond)
	for _, e := range s.active {
		if e.name == "api-slow" {
			latency += s.between(e.latency/2, e.latency)
		}
	}
	return latency
}

// watchLag is how long a change takes to arrive in a cache.
func (s *simulation) watchLag() time.Duration {
	lag := s.between(time.Millisecond, 30*time.Millisecond)
	for _, e := range s.active {
		if e.name == "watch-late" {
			lag += s.between(e.latency/2, e.latency)
		}
	}
	return lag
}

// isDuplicated says whether a change arrives twice.
func (s *simulation) isDuplicated() bool { return s.isActive("watch-repeats") && s.hits(0.5) }
