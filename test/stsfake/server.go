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

// Package stsfake is a faithful AWS STS over HTTP: the query protocol, signatures really verified, the service's own
// errors and messages, and faults on demand. Any AWS SDK can be pointed at it.
package stsfake

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Server is the fake; it is an http.Handler and safe for concurrent use.
type Server struct {
	clock     func() time.Time // of sessions and scenarios
	wireClock func() time.Time // of signatures and the Date header
	wait      func(context.Context, time.Duration) error

	service     Service
	region      string
	regime      SizeRegime
	maxLifetime time.Duration
	resolution  time.Duration

	operations map[string]operation
	directory  *directory
	devices    *devices
	estate     *estate
	sealer     sealer
	faults     *faults
	journal    *journal
}

// Option adjusts a Server.
type Option func(*Server)

// WithRegion makes the server refuse signatures for any other region. By default any plausible region is right.
func WithRegion(region string) Option { return func(s *Server) { s.region = region } }

// WithSizeRegime sets how policies and tags are limited; the default is TokenSize.
func WithSizeRegime(regime SizeRegime) Option { return func(s *Server) { s.regime = regime } }

// WithMaxLifetime shortens every session to at most this long, even below the 900 seconds of AWS. 0 is no limit.
func WithMaxLifetime(limit time.Duration) Option { return func(s *Server) { s.maxLifetime = limit } }

// WithMilliseconds writes expirations with milliseconds, as the documentation shows them, instead of whole seconds.
func WithMilliseconds() Option { return func(s *Server) { s.resolution = time.Millisecond } }

// WithWireClock sets the time that signatures are held against and that the Date header shows, where it must differ from
// the clock of the sessions: an SDK signs with the machine's time even if the test's clock stands at another.
func WithWireClock(clock func() time.Time) Option { return func(s *Server) { s.wireClock = clock } }

// WithWait replaces how the server passes the time of a latency scenario; tests need not wait.
func WithWait(wait func(context.Context, time.Duration) error) Option {
	return func(s *Server) { s.wait = wait }
}

// WithObserver has every finished call reported, in the order they finish. The observer must be quick.
func WithObserver(observe func(Call)) Option { return func(s *Server) { s.journal.observe = observe } }

// NewServer is a server for a world, whose time is the clock's. A world that Check refuses makes it panic: one that comes from
// outside is checked by ParseWorld, one written in Go is the program's own mistake.
func NewServer(clock func() time.Time, world World, options ...Option) *Server {
	s := &Server{
		clock:      clock,
		wireClock:  clock,
		wait:       waitForTimer,
		service:    ServiceAWS,
		regime:     TokenSize,
		resolution: time.Second,
		directory:  newDirectory(),
		devices:    newDevices(),
		estate:     newEstate(),
		sealer:     newSealer(),
		faults:     newFaults(),
		journal:    newJournal(),
	}
	for _, option := range options {
		option(s)
	}
	s.operations = operations()
	if s.service == ServiceCompatible {
		s.operations = compatibleOperations()
	}
	if err := s.populate(world); err != nil {
		panic(fmt.Sprintf("stsfake: a wrong world: %v", err))
	}
	return s
}

// ServeHTTP answers STS at "/" and the admin interface below "/_admin/".
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.serveAdmin(w, r)
		return
	}
	s.serveSTS(w, r)
}

// now is the server's idea of the time: the clock's, unless a scenario skews it.
func (s *Server) now() time.Time { return s.clock().Add(s.faults.skew()) }

func waitForTimer(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
