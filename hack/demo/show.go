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
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stage"
)

// silence is how long the API server may fail to answer before the demo gives up.
const silence = 15 * time.Second

// show shows the sessions until it is told to end: on a terminal as a table that changes, else a line for each change.
func show(ctx context.Context, s *stage.Stage) error {
	invite(s)
	go keepSigningIn(ctx, s)
	screen := newScreen(os.Stdout)
	if screen == nil {
		say("What changes (there is no terminal for a table):")
	}
	seen := history{}
	answered := time.Now()
	for {
		sessions, err := list(ctx, s)
		now := time.Now()
		switch {
		case err == nil:
			answered = now
			news := seen.update(sessions, now)
			if screen != nil {
				screen.draw(sessions, news, now)
				break
			}
			for _, line := range news {
				say("%s", line)
			}
		case ctx.Err() == nil && now.Sub(answered) > silence:
			return fmt.Errorf("the API server has not answered for %s: %w", silence, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

func list(ctx context.Context, s *stage.Stage) ([]v1alpha1.FederatedSession, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	sessions := &v1alpha1.FederatedSessionList{}
	err := s.Client.List(ctx, sessions)
	return sessions.Items, err
}

// keepSigningIn puts a new assertion there for each rotation, which comes after half of a lifetime at the earliest.
func keepSigningIn(ctx context.Context, s *stage.Stage) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lifetime / 3):
			_ = s.SignIn(ctx, "shipping") // it is tried again; show reports an API server that does not answer
		}
	}
}

// invite says what to try.
func invite(s *stage.Stage) {
	kubectl := "kubectl"
	if _, err := exec.LookPath(kubectl); err != nil {
		kubectl = filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), kubectl)
	}
	say(`Sessions last %[5]s here, where AWS grants 15 minutes at least. Try this in another terminal:

  export KUBECONFIG=%[1]s
  alias k=%[2]s

  # What is there, what the operator says of it, and what a pod gets.
  k get fsess,sissuer,csissuer -A
  k describe fsess -n reporting forecast
  k get secret -n reporting reports -o jsonpath='{.data.credentials}' | base64 -d

  # Rotate now; allow the guest's namespace; break a Secret and see it mended.
  k annotate fsess -n reporting reports --overwrite \
    sts-operator.dev/rotate-requested-at="$(date)"
  k label namespace guest example.com/aws-sessions=allowed
  k patch secret -n reporting reports --type merge \
    -p '{"data":{"credentials.json":null}}'

  # Allow the team reporting an hour at most: two sessions keep what they have and
  # get no more. Undo it.
  k patch sissuer -n reporting broker --type merge -p '{"spec":{"guardrails":
    {"rules":[{"expression":"session.durationSeconds <= 3600"}]}}}'
  k patch sissuer -n reporting broker --type merge \
    -p '{"spec":{"guardrails":{"rules":null}}}'

  # Have STS throttle everybody, and stop it; what STS was asked; the metrics.
  curl %[3]s/_admin/scenarios \
    -d '{"kind":"throttle","requestsPerSecond":0.01}'
  curl -X DELETE %[3]s/_admin/scenarios
  curl %[3]s/_admin/calls
  curl %[4]s
`, s.Kubeconfig, kubectl, s.STSURL, s.MetricsURL, lifetime)
}
