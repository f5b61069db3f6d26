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
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/types"
)

// newsKept is how many lines of news stand below the table.
const newsKept = 8

// screen is the lower part of a terminal, drawn again and again.
type screen struct {
	terminal *os.File
	news     []string
	keys     map[types.UID]key // of the sessions
	height   int               // lines drawn last time
}

// key is an access key id, and when it was first seen.
type key struct {
	id    string
	since time.Time
}

// newScreen is nil if there is no terminal that could be drawn on.
func newScreen(out io.Writer) *screen {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &screen{terminal: file, keys: map[types.UID]key{}}
}

// draw replaces what was drawn before.
func (s *screen) draw(t *table, news []string) {
	width, height, err := term.GetSize(int(s.terminal.Fd()))
	if err != nil || width < 2 || height < 2 { // a terminal of no size
		width, height = 80, 24
	}
	s.news = append(s.news, news...)
	s.news = s.news[max(0, len(s.news)-newsKept):]

	title := time.Now().UTC().Format(time.TimeOnly) + " UTC   kubectl get fsess -A, and the access key ids"
	columns := t.lines()
	if needed := len(slices.MaxFunc(columns, func(a, b string) int { return len(a) - len(b) })) + 1; needed > width {
		title += fmt.Sprintf(" (wants %d columns)", needed)
		t.keysFirst()
		columns = t.lines()
	}
	lines := append([]string{title, ""}, columns...)
	lines = append(lines, "")
	lines = append(lines, s.news...)
	// What does not fit would scroll, and the next drawing would begin in the wrong place.
	lines = lines[:min(len(lines), max(1, height-1))]

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
	_, _ = io.WriteString(s.terminal, s.highlight(frame.String(), t))
}

// highlight makes access key ids bold for a few seconds after they change.
func (s *screen) highlight(frame string, t *table) string {
	now := time.Now()
	for _, r := range t.rows {
		uid, id := r.session.UID, r.session.Status.AccessKeyID
		if s.keys[uid].id != id {
			s.keys[uid] = key{id, now}
		}
		if id != "" && now.Sub(s.keys[uid].since) < 3*time.Second {
			frame = strings.ReplaceAll(frame, id, "\x1b[1;32m"+id+"\x1b[0m")
		}
	}
	return frame
}
