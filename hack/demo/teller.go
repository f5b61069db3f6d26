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
	"io"
	"time"
)

const (
	glance     = 200 * time.Millisecond // between two looks at something awaited
	firstWord  = 2 * time.Second        // of waiting, before the reader is told
	wordsApart = 4 * time.Second
)

// teller tells the reader what happens, and what is waited for when that takes its time.
type teller struct {
	out   io.Writer
	begun time.Time
}

func newTeller(out io.Writer) *teller { return &teller{out: out, begun: time.Now()} }

func (t *teller) say(format string, args ...any) {
	fmt.Fprintf(t.out, format+"\n", args...)
}

// unmet is an expectation that was not met in time.
type unmet struct {
	expected, seen string
	limit          time.Duration
}

func (u *unmet) Error() string {
	return fmt.Sprintf("expected within %s: %s; seen: %s", u.limit, u.expected, u.seen)
}

// until looks until what is expected is seen, but not longer than the limit. look words what it sees.
func (t *teller) until(ctx context.Context, expected string, limit time.Duration, look func() (seen string, ok bool)) error {
	begun := time.Now()
	speak := begun.Add(firstWord)
	for {
		seen, ok := look()
		if ok {
			return nil
		}
		switch now := time.Now(); {
		case now.Sub(begun) > limit:
			return &unmet{expected, seen, limit}
		case now.After(speak):
			t.waiting(expected, now.Sub(begun), seen)
			speak = now.Add(wordsApart)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(glance):
		}
	}
}

// during runs what cannot be looked into, and tells that it goes on.
func (t *teller) during(what string, do func() error) error {
	begun := time.Now()
	result := make(chan error, 1)
	go func() { result <- do() }()
	word := time.NewTimer(firstWord)
	defer word.Stop()
	for {
		select {
		case err := <-result:
			return err
		case now := <-word.C:
			t.waiting(what, now.Sub(begun), "")
			word.Reset(wordsApart)
		}
	}
}

func (t *teller) waiting(what string, waited time.Duration, seen string) {
	if seen != "" {
		seen = "; now: " + seen
	}
	t.say("     … %d s: waiting until %s%s", int(waited.Seconds()), what, seen)
}
