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

// The sts-fake command serves a faithful AWS STS on an address of this machine, for demonstrations and tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// drainTime is how long calls under way may take after a signal.
const drainTime = 3 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "sts-fake:", err)
		os.Exit(1)
	}
}

// run serves until the context ends. What a person should read goes to stdout, one log line per call to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	config, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	if config.version {
		_, err := fmt.Fprintln(stdout, "sts-fake", buildVersion())
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	world, err := config.world()
	if err != nil {
		return err
	}
	fake := stsfake.NewServer(time.Now, world, append(config.options(), stsfake.WithObserver(logCalls(log)))...)
	if err := fake.SetScenarios(config.scenarios...); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	greet(stdout, listener.Addr().String(), config.worldFile, world)
	return serve(ctx, fake, listener)
}

// serve lets calls under way finish when the context ends; calls that hang on purpose end with it.
func serve(ctx context.Context, handler http.Handler, listener net.Listener) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("ending: %w", err)
	}
	return nil
}

// greet says how to call the server. It prints the example's secret and no other.
func greet(stdout io.Writer, address, worldFile string, world stsfake.World) {
	knows := fmt.Sprintf("account %s and its IAM user %s; --world FILE gives it more", stsfake.DefaultAccountID, stsfake.DefaultUserName)
	key := stsfake.AccessKey{ID: stsfake.DefaultAccessKeyID, Secret: stsfake.DefaultSecretAccessKey}
	if worldFile != "" {
		knows = "the world of " + worldFile + ": " + inventory(world)
		key = exampleKey(world, key)
	}
	_, _ = fmt.Fprintf(stdout, `sts-fake listens on http://%[1]s

It knows %[2]s. To point an SDK or the AWS CLI at it:

  export AWS_ENDPOINT_URL_STS=http://%[1]s AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=%[3]s AWS_SECRET_ACCESS_KEY=%[4]s
  aws sts get-federation-token --name demo

Scenarios: curl http://%[1]s/_admin/scenarios    Calls: curl http://%[1]s/_admin/calls
`, address, knows, key.ID, key.Secret)
}

// inventory counts what a world has.
func inventory(world stsfake.World) string {
	var users, roles, providers int
	for _, account := range world.Accounts {
		users += len(account.Users)
		roles += len(account.Roles)
		providers += len(account.OIDCProviders) + len(account.SAMLProviders)
	}
	return fmt.Sprintf("%d accounts, %d users, %d roles, %d identity providers", len(world.Accounts), users, roles, providers)
}

// exampleKey is the example if the world has it, otherwise a placeholder: a key of one's own stays in its file.
func exampleKey(world stsfake.World, example stsfake.AccessKey) stsfake.AccessKey {
	for _, account := range world.Accounts {
		for _, user := range account.Users {
			if slices.Contains(user.Keys, example) {
				return example
			}
		}
	}
	return stsfake.AccessKey{ID: "…", Secret: "…"}
}

func logCalls(log *slog.Logger) func(stsfake.Call) {
	return func(call stsfake.Call) {
		log.Info("call", "operation", call.Operation, "caller", call.Caller, "status", call.Status, "code", call.Code)
	}
}
