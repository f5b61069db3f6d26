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

// The bench command measures the operator against a floor that it measures in the same run: what a bare client can write
// to the same API server. It is run by `make bench`. No figure makes it fail, only an error does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// workers is how many objects the floor writes and the operator reconciles at a time.
	workers = 16
	// Of others: Secrets that are none of the operator's business.
	otherSecrets    = 2000
	otherSecretSize = 10 << 10
	// shift of the clock makes every session due and none expire: STS grants 12 hours, and rotations come at 50 to 60 %.
	shift = 8 * time.Hour
)

const usage = `Measures the operator against a bare client on a real API server. Run it by: make bench [ARGS='-sessions 5000']

  -sessions N  how many FederatedSessions, 1 to 100000; by default 1000
`

func main() {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	sessions := flags.Int("sessions", 1000, "")
	_ = flags.Parse(os.Args[1:]) // ExitOnError
	if flags.NArg() > 0 || *sessions < 1 || *sessions > 100_000 {
		flags.Usage()
		os.Exit(2)
	}
	discardLogs()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	err := run(ctx, *sessions)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// discardLogs has the log written as in production, but nowhere.
func discardLogs() {
	logger := logr.FromSlogHandler(slog.NewJSONHandler(io.Discard, nil))
	logf.SetLogger(logger)
	klog.SetLogger(logger)
}

// run makes all measurements and prints what came out.
func run(ctx context.Context, sessions int) (err error) {
	s, err := newStage(ctx, sessions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	r := results{sessions: sessions, version: s.version}
	if err := s.createIssuers(ctx); err != nil {
		return err
	}
	if r.idle, err = s.restart(ctx, "operator, no session", 0); err != nil {
		return err
	}
	// The floor is measured before and after: if the two differ, so did the machine.
	if r.before, err = s.floor(ctx, "floor-before"); err != nil {
		return err
	}
	if err := s.measureOperator(ctx, &r); err != nil {
		return err
	}
	if r.after, err = s.floor(ctx, "floor-after"); err != nil {
		return err
	}
	return r.print(os.Stdout)
}

// measureOperator takes the operator through its life: first issue, rotation, restart, restart among Secrets of others.
func (s *stage) measureOperator(ctx context.Context, r *results) (err error) {
	if err := s.createSessions(ctx); err != nil {
		return err
	}
	if r.operator, err = s.issueAll(ctx); err != nil {
		return err
	}
	if r.restarted, err = s.restart(ctx, "operator, restart", s.sessions); err != nil {
		return err
	}
	if err := s.createOtherSecrets(ctx); err != nil {
		return err
	}
	r.among, err = s.restart(ctx, "operator, restart among Secrets of others", s.sessions)
	return err
}
