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
	"time"

	"k8s.io/utils/clock"
)

// renewDeadline is how long a leader tries to renew its Lease before it gives up. Whoever did nothing for longer may have
// been replaced, and does not know.
const renewDeadline = 10 * time.Second

// watchdogPeriod is how often a pause is looked for.
const watchdogPeriod = time.Second

// watchForPause returns an error as soon as the process continues after it was stopped for longer than the renew deadline (a
// frozen container, a suspended machine), and nil when the context ends. Were it to go on, it would work from old caches until
// it finds out that it lost the Lease.
func watchForPause(ctx context.Context, clock clock.WithTicker) error {
	ticker := clock.NewTicker(watchdogPeriod)
	defer ticker.Stop()
	last := clock.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
			now := clock.Now()
			if gap := gapBetween(last, now); gap > renewDeadline {
				return fmt.Errorf("this process did nothing for %s, or its clock was set: longer than it may without renewing its Lease, "+
					"so that another replica may work now", gap.Round(time.Second))
			}
			last = now
		}
	}
}

// gapBetween is the time between two ticks by the clock that has seen more of it: the monotonic one stands still while a machine
// is suspended, and the wall clock may be set back.
func gapBetween(last, now time.Time) time.Duration {
	return max(now.Sub(last), now.Round(0).Sub(last.Round(0)))
}
