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
	"path/filepath"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"

	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/program"
)

// scriptedClock ticks when the test says so, and is what the test says whenever it is read.
type scriptedClock struct {
	clock.RealClock
	ticks chan time.Time
	times chan time.Time
}

func (c *scriptedClock) Now() time.Time                       { return <-c.times }
func (c *scriptedClock) NewTicker(time.Duration) clock.Ticker { return c }
func (c *scriptedClock) C() <-chan time.Time                  { return c.ticks }
func (c *scriptedClock) Stop()                                {}

func TestWatchForPause(t *testing.T) {
	for sentence, c := range map[string]struct {
		ticks  []time.Duration
		paused string // what the error says of it; none for no error
	}{
		"a process that runs goes on":                    {[]time.Duration{time.Second, time.Second, 2 * time.Second}, ""},
		"a pause as long as the renew deadline is none":  {[]time.Duration{time.Second, renewDeadline - time.Second}, ""},
		"short pauses do not add up":                     {[]time.Duration{4 * time.Second, 4 * time.Second, 4 * time.Second}, ""},
		"a pause longer than the renew deadline ends it": {[]time.Duration{time.Second, renewDeadline + time.Second}, "did nothing for 11s"},
		"a night ends it, too":                           {[]time.Duration{8 * time.Hour}, "did nothing for 8h0m0s"},
		"a clock that is set back is no pause":           {[]time.Duration{time.Second, -time.Hour, time.Second}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			ctx, cancel := context.WithCancel(t.Context())
			scripted := &scriptedClock{ticks: make(chan time.Time), times: make(chan time.Time)}
			ended := make(chan error, 1)
			go func() { ended <- watchForPause(ctx, scripted) }()
			now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
			scripted.times <- now
			for _, after := range c.ticks {
				now = now.Add(after)
				scripted.ticks <- now
				scripted.times <- now
			}

			if c.paused != "" {
				g.Eventually(ended, patience).Should(Receive(MatchError(ContainSubstring(c.paused))))
			}
			cancel()
			if c.paused == "" {
				g.Eventually(ended, patience).Should(Receive(BeNil()))
			}
		})
	}
}

// A machine that is suspended stops its monotonic clock, and a wall clock may be set back while a process is stopped.
func TestGapBetween(t *testing.T) {
	g := NewWithT(t)
	now := time.Now()
	g.Expect(gapBetween(now, now.Add(time.Minute))).To(Equal(time.Minute))
	wallOnly := now.Round(0)
	g.Expect(gapBetween(now, wallOnly.Add(time.Hour))).To(Equal(time.Hour))
	g.Expect(gapBetween(wallOnly, wallOnly.Add(-time.Hour))).To(BeNumerically("<", 0))
}

// A process that was stopped for longer than the renew deadline ends as soon as it continues. Its Lease has not run out yet,
// so that nothing else would end it.
func TestPausedProcessEnds(t *testing.T) {
	g := NewWithT(t)
	cluster := controlplane.StartFor(t)
	kubeconfig, err := cluster.Kubeconfig()
	g.Expect(err).NotTo(HaveOccurred())
	probes, err := program.FreeAddress()
	g.Expect(err).NotTo(HaveOccurred())
	manager := filepath.Join(t.TempDir(), "manager")
	g.Expect(program.Build("cmd", manager)).To(Succeed())
	process := program.StartFor(t, manager, []string{
		"--kubeconfig", kubeconfig, "--operator-namespace=default", "--namespaces=default",
		"--metrics-bind-address=0", "--health-probe-bind-address", probes,
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	g.Expect(process.WaitForHTTP(ctx, "http://"+probes+"/readyz")).To(Succeed())

	g.Expect(process.Signal(syscall.SIGSTOP)).To(Succeed())
	time.Sleep(renewDeadline + 2*time.Second)
	g.Expect(process.Signal(syscall.SIGCONT)).To(Succeed())

	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	g.Eventually(ended, patience).Should(Receive(HaveOccurred()))
	g.Expect(process.Output()).To(ContainSubstring("longer than it may without renewing its Lease"))
}
