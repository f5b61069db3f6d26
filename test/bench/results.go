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
	"fmt"
	"io"
	"runtime"
	"strings"
)

// results of all measurements.
type results struct {
	sessions                int
	version                 string // of Kubernetes
	before, after, operator speeds // before and after: the floor
	idle, restarted, among  restarted
}

func (r results) print(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	line(
		"%d sessions, %d at a time, on %d cores shared with the API server (Kubernetes %s, %s)",
		r.sessions,
		workers,
		runtime.NumCPU(),
		r.version,
		runtime.Version(),
	)
	line("")
	line("%-28s %9s %6s   %s", "", "sessions", "of the", "for each session")
	line("%-28s %9s %6s   %9s %12s %7s %7s", "", "a second", "floor", "STS calls", "Secret reads", "writes", "events")
	r.compare(line, "first issue", r.before.issue, r.after.issue, r.operator.issue)
	r.compare(line, "rotation", r.before.rotation, r.after.rotation, r.operator.rotation)
	line("The floor is a bare client that only writes each Secret and each status, before and after the operator ran.")
	line("")
	healthy := r.restarted
	line(
		"restart: all %d looked at after %.2f s, %d STS calls, %d writes",
		r.sessions,
		healthy.took.Seconds(),
		healthy.cost.stsCalls,
		healthy.cost.writes+healthy.cost.events,
	)
	line(
		"memory:  the operator adds %.1f MiB to the live heap, then %.1f KiB for each session,",
		mebi(r.idle.heap),
		float64(healthy.heap-r.idle.heap)/1024/float64(r.sessions),
	)
	line("         %+.2f MiB with %d Secrets of others of %d KiB", mebi(r.among.heap-healthy.heap), otherSecrets, otherSecretSize/1024)
	_, err := io.WriteString(w, b.String())
	return err
}

// compare prints the floor, before and after, and the operator with its share of their mean.
func (r results) compare(line func(string, ...any), name string, before, after, operator phase) {
	row := func(label string, p phase, share string) {
		each := func(n int64) float64 { return float64(n) / float64(r.sessions) }
		line("%-28s %9.0f %6s   %9.2f %12.2f %7.2f %7.2f", label, r.speed(p), share,
			each(p.cost.stsCalls), each(p.cost.secretReads), each(p.cost.writes), each(p.cost.events))
	}
	row(name+", floor before", before, "")
	row(name+", operator", operator, fmt.Sprintf("%.2f", 2*r.speed(operator)/(r.speed(before)+r.speed(after))))
	row(name+", floor after", after, "")
}

func (r results) speed(p phase) float64 { return float64(r.sessions) / p.took.Seconds() }

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }
