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

// The demo command shows the operator at work, on this machine alone: a Kubernetes API server, an STS that grants short
// sessions, and the operator. It is run by `make demo`.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sts-operator/sts-operator/test/stage"
)

const usage = `Shows the operator at work on this machine alone, until Ctrl-C. Run it by: make demo [ARGS=--once]

  --once  check once what the demo shows, print a line for each check and end; the exit code is 1 if one fails
`

// lifetime is the longest session that the STS grants here: short enough to watch a rotation, long enough for a second try
// after one that failed.
const lifetime = 30 * time.Second

//go:embed objects/*.yaml
var files embed.FS

func main() {
	flags := flag.NewFlagSet("demo", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	once := flags.Bool("once", false, "")
	_ = flags.Parse(os.Args[1:]) // ExitOnError
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo: unexpected argument %q; --help lists the flags\n", flags.Arg(0))
		os.Exit(2)
	}
	logf.SetLogger(logr.Discard())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the demo at once, and the kernel its children
	err := run(ctx, *once)
	interrupted := ctx.Err() != nil
	switch {
	case interrupted && *once:
		os.Exit(130)
	case err != nil && !interrupted:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run starts everything, shows or checks, and ends and removes everything.
func run(ctx context.Context, once bool) (err error) {
	begun := time.Now()
	folder, err := os.MkdirTemp("", "sts-operator-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	say("sts-operator, shown on this machine alone: no AWS account is used.\nAll of it is in %s.\n", folder)
	number := 0
	report := func(step string) {
		number++
		say("%d. %s", number, step)
	}
	s, err := stage.Start(ctx, stage.Settings{
		Folder: folder, Manager: "bin/manager", Fake: "bin/sts-fake", Report: report,
		FakeArguments: []string{"--max-lifetime", lifetime.String()},
	})
	if err != nil {
		return err
	}
	defer func() {
		say("\nEnding the operator, the STS and the control plane.")
		err = errors.Join(err, s.Stop())
	}()
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { cancel(s.Wait()) }()

	report("Namespaces, issuers and sessions. Read them in hack/demo/objects.\n")
	if err = apply(ctx, s); err == nil {
		if once {
			err = checkAll(ctx, s, begun)
		} else {
			err = show(ctx, s)
		}
	}
	if err != nil && !errors.Is(context.Cause(ctx), context.Canceled) {
		lines := strings.Split(s.Log(), "\n")
		say("\nThe last lines of the log:\n  %s", strings.Join(lines[max(0, len(lines)-25):], "\n  "))
	}
	return err
}

// apply applies what the demo is about, after what the sessions without a key need: tokens of ServiceAccounts, an assertion.
func apply(ctx context.Context, s *stage.Stage) error {
	for _, name := range []string{"namespaces", "issuers", "sessions", "operations"} {
		text, err := files.ReadFile("objects/" + name + ".yaml")
		if err == nil {
			err = s.Apply(ctx, text, "")
		}
		if name == "namespaces" {
			err = errors.Join(err, s.AllowTokens(ctx, "shipping"), s.SignIn(ctx, "shipping"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stdout, format+"\n", args...)
}
