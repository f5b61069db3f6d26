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
	"net/http"
	"strings"
	"sync/atomic"

	"k8s.io/client-go/rest"
)

// requests counts what a client asks of the API server.
type requests struct{ secretReads, writes, events atomic.Int64 }

// cost is what a phase has cost; writes are those of events not included.
type cost struct{ stsCalls, secretReads, writes, events int64 }

func (c cost) minus(other cost) cost {
	return cost{c.stsCalls - other.stsCalls, c.secretReads - other.secretReads, c.writes - other.writes, c.events - other.events}
}

func (r *requests) cost() cost {
	return cost{secretReads: r.secretReads.Load(), writes: r.writes.Load(), events: r.events.Load()}
}

// count is a configuration whose clients are counted.
func (r *requests) count(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			switch path := request.URL.Path; {
			case request.Method != http.MethodGet && strings.Contains(path, "/events"):
				r.events.Add(1)
			case request.Method != http.MethodGet:
				r.writes.Add(1)
			case strings.Contains(path, "/secrets/"):
				r.secretReads.Add(1)
			}
			return next.RoundTrip(request)
		})
	})
	return config
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
