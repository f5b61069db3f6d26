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

// The manager command is the sts-operator: it issues and rotates the temporary AWS credentials that FederatedSessions declare.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// version is set by the linker.
var version = "development"

func main() {
	err := command(ctrl.SetupSignalHandler(), os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sts-operator:", err)
		os.Exit(1)
	}
}

// command does what the command line asks for: it answers or runs the operator until the context ends.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	config, err := parseFlags(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case config.version:
		_, err := fmt.Fprintln(stdout, "sts-operator", version)
		return err
	}
	setLoggers(config.logger(stderr))
	return run(ctx, config)
}

// setLoggers makes controller-runtime and client-go log the same way. It must come before either is used.
func setLoggers(logger logr.Logger) {
	logf.SetLogger(logger)
	klog.SetLogger(logger)
}

func run(ctx context.Context, config config) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	mgr, err := newManager(ctx, config, end)
	if err != nil {
		return err
	}
	logf.Log.Info("starting", "version", version)
	ended := make(chan error, 2)
	go func() { ended <- mgr.Start(ctx) }()
	if config.leaderElect {
		go func() {
			// Nobody waits for the manager then: its workers would go on with what they have begun.
			if err := watchForPause(ctx, clock.RealClock{}); err != nil {
				ended <- err
			}
		}()
	}
	return <-ended
}
