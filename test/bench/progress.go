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
	"sync"
	"sync/atomic"
	"time"
)

// during does work and says, every two seconds, how much of it is done; a total of 0 is unknown.
func during(label string, total int, work func(done *atomic.Int64) error) error {
	var done atomic.Int64
	finished := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for seconds := 2; ; seconds += 2 {
			select {
			case <-finished:
				return
			case <-tick.C:
			}
			line := fmt.Sprintf("  %s: %d s", label, seconds)
			if total > 0 {
				line += fmt.Sprintf(", %d of %d", done.Load(), total)
			}
			fmt.Fprintln(os.Stderr, line)
		}
	})
	defer telling.Wait()
	defer close(finished)
	return work(&done)
}

// each calls do for 0 to n-1, by as many workers as the operator has, until an error.
func each(ctx context.Context, label string, n int, do func(i int) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	return during(label, n, func(done *atomic.Int64) error {
		var next atomic.Int64
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for ctx.Err() == nil {
					i := int(next.Add(1)) - 1
					if i >= n {
						return
					}
					if err := do(i); err != nil {
						fail(fmt.Errorf("%s: %w", label, err))
						return
					}
					done.Add(1)
				}
			})
		}
		all.Wait()
		return context.Cause(ctx)
	})
}
