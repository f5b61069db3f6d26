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
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

const usage = `Shows the operator at work on this machine alone, until Ctrl-C. Run it by: make demo [ARGS=--once]

  --once  check each promise, print a line for each check and end; the status is 1 if one fails
`

func main() {
	flags := flag.NewFlagSet("demo", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	once := flags.Bool("once", false, "")
	_ = flags.Parse(os.Args[1:]) // ExitOnError
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo: unexpected argument %q; --help lists the flags\n", flags.Arg(0))
		os.Exit(2)
	}
	forgetAWS()
	logf.SetLogger(logr.Discard()) // the demo tells what it does itself

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the demo at once; its guard does the rest
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

// run sets the stage, shows or checks, and clears the stage whatever happens.
func run(ctx context.Context, once bool) error {
	s, err := newStage(ctx, newTeller(os.Stdout))
	if err != nil {
		return err
	}
	defer s.close()
	if err = s.open(); err == nil {
		if once {
			err = s.checkAll()
		} else {
			err = s.show()
		}
	}
	if err != nil && ctx.Err() == nil {
		s.tellLogs()
	}
	return err
}

// forgetAWS keeps the AWS configuration of the surroundings away from the demo and all that it starts.
func forgetAWS() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			_ = os.Unsetenv(name)
		}
	}
}
