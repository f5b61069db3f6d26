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

package stsfake

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

// interference is what the scenarios do to one call.
type interference struct {
	latency  time.Duration
	lifetime time.Duration // 0 is as asked
	fault    *fault.Fault  // instead of performing the call
	html     int           // status of the page of HTML
	kind     Kind          // of the scenario that settles the call or spoils its answer

	encodesDenials bool

	released <-chan struct{}
}

func (i *interference) add(active *activeScenario, now time.Time) {
	switch active.Kind {
	case Latency:
		i.latency += active.Duration
	case Lifetime:
		if i.lifetime == 0 || active.Duration < i.lifetime {
			i.lifetime = active.Duration
		}
	case Throttle:
		if active.overRate(now) {
			i.kind, i.fault = Throttle, fault.BadRequest("Throttling", "Rate exceeded")
		}
	case Error:
		i.kind, i.fault = Error, active.fault()
	case HTML:
		i.kind, i.html = HTML, active.Status
		if i.html == 0 {
			i.html = http.StatusBadGateway
		}
		i.fault = &fault.Fault{Status: i.html, Code: string(HTML)}
	case Reset, Hang, Empty, Truncated:
		i.kind = active.Kind
	case EncodedDenials:
		i.encodesDenials = true
	case ClockSkew, KeyDelay: // concern no single call
	}
}

// isSettled tells whether later scenarios no longer matter.
func (i *interference) isSettled() bool { return i.fault != nil || i.breaks() }

// breaks tells whether the call gets no answer at all.
func (i *interference) breaks() bool { return i.kind == Reset || i.kind == Hang }

// abandon ends the connection without an answer, at once or when the client or the scenario has gone.
func (i *interference) abandon(w http.ResponseWriter, r *http.Request) {
	if i.kind == Hang {
		select {
		case <-r.Context().Done():
		case <-i.released:
		}
		panic(http.ErrAbortHandler)
	}
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no connection of its own to reset
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset instead of an orderly end
	}
	_ = connection.Close()
}

// distort spoils a finished answer.
func (i *interference) distort(a *answer) {
	switch i.kind {
	case HTML:
		title := fmt.Sprintf("%d %s", i.html, http.StatusText(i.html))
		a.contentType = "text/html"
		a.body = []byte("<html><head><title>" + title + "</title></head><body><center><h1>" + title + "</h1></center><hr></body></html>\n") // <hr>: not XML
	case Empty:
		a.status, a.body = http.StatusOK, nil
	case Truncated:
		a.body = a.body[:len(a.body)/2]
	default:
	}
}
