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
	"net/http"
	"strings"
	"time"
)

// stsFaults are what goes wrong with STS, in a region or in all of them.
func stsFaults() []*fault {
	inARegion := func(s *simulation, e *episode) { e.region = append(regions, "", "")[s.random.IntN(len(regions)+2)] }
	shareInARegion := func(s *simulation, e *episode) {
		inARegion(s, e)
		e.share = float64(1+s.random.IntN(9)) / 10
	}
	neverThere := func(e *episode, sub *subject) float64 {
		if e.concerns(sub) {
			return 0
		}
		return 1
	}
	return []*fault{
		{name: "sts-down", perDay: 0.4, shortest: time.Minute, longest: 6 * time.Hour, draw: inARegion, serves: neverThere,
			call: func(_ *simulation, _ *episode, call *stsCall) { call.refused = true }},
		{name: "sts-hangs", perDay: 0.3, shortest: time.Minute, longest: 2 * time.Hour, draw: inARegion, serves: neverThere, call: hang},
		{name: "sts-slow", perDay: 0.3, shortest: 5 * time.Minute, longest: 6 * time.Hour,
			draw: func(s *simulation, e *episode) {
				inARegion(s, e)
				e.latency = s.between(500*time.Millisecond, 9*time.Second)
			},
			call: func(s *simulation, e *episode, call *stsCall) { call.latency += s.between(e.latency/2, e.latency) }},
		{name: "sts-throttles", perDay: 0.3, shortest: 5 * time.Minute, longest: 6 * time.Hour, draw: shareInARegion,
			call: throttle},
		{name: "sts-fails-a-share", perDay: 0.5, shortest: 10 * time.Minute, longest: 12 * time.Hour, draw: shareInARegion,
			call: func(s *simulation, e *episode, call *stsCall) {
				if s.hits(e.share) {
					s.failSomehow(call)
				}
			},
			serves: func(e *episode, sub *subject) float64 {
				if e.concerns(sub) {
					return 1 - e.share
				}
				return 1
			}},
		{name: "sts-answers-nonsense", perDay: 0.3, shortest: time.Minute, longest: 2 * time.Hour, serves: neverThere,
			draw: func(s *simulation, e *episode) {
				inARegion(s, e)
				e.variant = 1 + s.random.IntN(int(spoilts)-1)
			},
			call: func(_ *simulation, e *episode, call *stsCall) { call.spoilt = spoilt(e.variant) }},
	}
}

// forEver is longer than anybody waits.
const forEver = time.Hour

func hang(_ *simulation, _ *episode, call *stsCall) { call.latency = forEver }

// failSomehow lets a call fail in one of the ways of a service in trouble.
func (s *simulation) failSomehow(call *stsCall) {
	switch s.random.IntN(4) {
	case 0:
		call.refused = true
	case 1:
		call.code, call.status = "ServiceUnavailable", http.StatusServiceUnavailable
	case 2:
		call.code, call.status = "InternalFailure", http.StatusInternalServerError
	default:
		call.code, call.status = "Throttling", http.StatusBadRequest
	}
}

// throttle lets 2 to 18 calls a second pass.
func throttle(s *simulation, e *episode, call *stsCall) {
	second := time.Now().Truncate(time.Second)
	if !s.throttled.second.Equal(second) {
		s.throttled.second, s.throttled.calls = second, 0
	}
	if s.throttled.calls++; float64(s.throttled.calls) > 20*e.share {
		call.code, call.status = "Throttling", http.StatusBadRequest
	}
}

// Endpoints of hostile tenants: one never answers, one answers only who asks who it is.
const hangingHost, lyingHost = "hanging.", "lying."

// stsCall draws what becomes of a call.
func (s *simulation) stsCall(t *task, host string) stsCall {
	call := stsCall{endpoint: host, began: time.Now(), latency: s.between(20*time.Millisecond, 120*time.Millisecond)}
	if strings.HasPrefix(host, hangingHost) || strings.HasPrefix(host, lyingHost) && t.kind == sessions {
		call.latency, call.cause = forEver, "hostile endpoint"
		return call
	}
	for _, e := range s.active {
		if e.call != nil && (e.region == "" || hostOf(e.region) == host) {
			before := call
			if e.call(s, e, &call); call != before {
				call.cause = e.name
			}
		}
	}
	return call
}
