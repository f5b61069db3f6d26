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
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

const (
	// newsKept is how many lines of news are below the table.
	newsKept = 8
	// highlighted is how long a new access key id is bold.
	highlighted = 3 * time.Second
)

// screen is the lower part of a terminal, drawn again and again.
type screen struct {
	terminal *os.File
	news     []string
	since    map[string]time.Time // when each access key id was first drawn
	height   int                  // lines drawn last time
}

// newScreen is nil if there is no terminal that could be drawn on.
func newScreen(out *os.File) *screen {
	if !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &screen{terminal: out, since: map[string]time.Time{}}
}

// draw replaces what was drawn before.
func (s *screen) draw(sessions []v1alpha1.FederatedSession, news []string, now time.Time) {
	width, height, err := term.GetSize(int(s.terminal.Fd()))
	if err != nil || width < 2 || height < 2 { // a terminal without a size
		width, height = 80, 24
	}
	s.news = append(s.news, news...)
	s.news = s.news[max(0, len(s.news)-newsKept):]
	lines := append([]string{now.UTC().Format(time.TimeOnly) + " UTC, Ctrl-C ends it", ""}, table(sessions, now)...)
	lines = append(append(lines, ""), s.news...)
	// More would scroll, and the next drawing would begin in the wrong place.
	lines = lines[:min(len(lines), height-1)]

	var frame strings.Builder
	if s.height > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", s.height)
	}
	frame.WriteString("\r\x1b[J")
	for _, line := range lines {
		runes := []rune(line)
		frame.WriteString(string(runes[:min(len(runes), width-1)]) + "\n")
	}
	s.height = len(lines)
	_, _ = io.WriteString(s.terminal, s.highlight(frame.String(), sessions, now))
}

// highlight makes new access key ids bold.
func (s *screen) highlight(frame string, sessions []v1alpha1.FederatedSession, now time.Time) string {
	for _, fs := range sessions {
		id := fs.Status.AccessKeyID
		if id == "" {
			continue
		}
		if _, known := s.since[id]; !known {
			s.since[id] = now
		}
		if now.Sub(s.since[id]) < highlighted {
			frame = strings.ReplaceAll(frame, id, "\x1b[1;32m"+id+"\x1b[0m")
		}
	}
	return frame
}
