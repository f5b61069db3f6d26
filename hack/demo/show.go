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

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// silence is how long the API server may fail to answer before the demo gives up.
const silence = 15 * time.Second

// show shows the sessions until it is told to end: on a terminal as a table that changes, else a line for each change.
func (s *stage) show() error {
	s.invite()
	go s.keepSigningIn()
	screen := newScreen(s.out)
	if screen == nil {
		s.say("What changes (there is no terminal for a table):")
	}
	seen := history{}
	answered := time.Now()
	for {
		t, err := s.readTable()
		switch {
		case err == nil:
			answered = time.Now()
			news := seen.compare(t)
			if screen != nil {
				screen.draw(t, news)
				break
			}
			for _, n := range news {
				s.say("%s", n)
			}
		case s.ctx.Err() == nil && time.Since(answered) > silence:
			return fmt.Errorf("the API server has not answered for %s: %w", silence, err)
		}
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-time.After(time.Second):
		}
	}
}

// invite says what one can try.
func (s *stage) invite() {
	kubectl := "kubectl"
	if _, err := exec.LookPath(kubectl); err != nil {
		kubectl = filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), kubectl)
	}
	s.say(`It runs until Ctrl-C, which ends and removes all of it. Try this in another terminal:

  export KUBECONFIG=%[1]s

  # What is there, what the operator says of it, and what a pod gets.
  %[2]s get fsess,sissuer,csissuer -A
  %[2]s describe fsess -n reporting forecast
  %[2]s get secret -n reporting reports -o jsonpath='{.data.credentials}' | base64 -d

  # Rotate now; allow the guest's namespace; break a Secret and see it mended.
  %[2]s annotate fsess -n reporting reports --overwrite sts-operator.dev/rotate-requested-at="$(date)"
  %[2]s label namespace guest example.com/aws-sessions=allowed
  %[2]s patch secret -n reporting reports --type merge -p '{"data":{"credentials.json":null}}'

  # Allow the team reporting an hour at most, which two of its sessions do not keep; take that back.
  %[2]s patch sissuer -n reporting broker --type merge -p '{"spec":{"rules":[{"expression":"session.durationSeconds <= 3600"}]}}'
  %[2]s patch sissuer -n reporting broker --type json -p '[{"op":"remove","path":"/spec/rules"}]'

  # Have STS throttle everybody, and stop it again; what STS was asked; the operator's metrics and log.
  curl -d '{"kind":"throttle","requestsPerSecond":0.01}' %[3]s/_admin/scenarios
  curl -X DELETE %[3]s/_admin/scenarios
  curl %[3]s/_admin/calls
  curl %[4]s
  tail -f %[5]s
`, s.kubeconfig, kubectl, s.stsURL, s.metricsURL, s.log("manager"))
}

// history is how the sessions stood when they were last looked at.
type history map[client.ObjectKey]v1alpha1.FederatedSession

// compare returns a line for each session that stands otherwise than before.
func (h history) compare(t *table) []string {
	var news []string
	for _, r := range t.rows {
		now, key := r.session, client.ObjectKeyFromObject(&r.session)
		before := h[key]
		h[key] = now
		if text := difference(&before, &now); text != "" {
			news = append(news, fmt.Sprintf("%s  %s: %s", time.Now().UTC().Format(time.TimeOnly), key, text))
		}
	}
	return news
}

func difference(before, now *v1alpha1.FederatedSession) string {
	was, is := before.Status.AccessKeyID, now.Status.AccessKeyID
	switch {
	case was != "" && is != "" && was != is:
		left := before.Status.ExpirationTime.Sub(now.Status.IssuedTime.Time)
		if left < 0 {
			return fmt.Sprintf("%s became %s, %.0f s after it had expired", was, is, -left.Seconds())
		}
		return fmt.Sprintf("%s became %s, %.0f s before it expires", was, is, left.Seconds())
	case ready(before).Status != ready(now).Status || ready(before).Reason != ready(now).Reason:
		return word(now)
	}
	return ""
}
