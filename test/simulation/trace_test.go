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

package simulation

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// keptEntries of each object are kept for the report of a failure.
const keptEntries = 40

// entry of a trace.
type entry struct {
	at           time.Time
	what, detail string
}

// trace remembers what happened lately to each object, and has a hash of all that ever happened.
type trace struct {
	entries map[objectKey][]entry
	hash    interface {
		io.Writer
		Sum64() uint64
	}
	length int
}

func newTrace() *trace { return &trace{entries: map[objectKey][]entry{}, hash: fnv.New64a()} }

// record what happened to an object.
func (s *simulation) record(k kind, name types.NamespacedName, what, detail string) {
	t, key, now := s.trace, objectKey{k, name}, time.Now()
	entries := t.entries[key]
	if len(entries) >= 2*keptEntries {
		entries = append(entries[:0], entries[keptEntries:]...)
	}
	t.entries[key] = append(entries, entry{now, what, detail})
	t.length++
	if s.config.progress != nil {
		s.config.progress.Store(int64(now.Sub(s.begins)))
	}
	nanos := now.UnixNano()
	var stamp [8]byte
	for i := range stamp {
		stamp[i] = byte(nanos >> (8 * i))
	}
	_, _ = t.hash.Write(stamp[:])
	for _, text := range []string{name.Namespace, name.Name, what, detail} {
		_, _ = io.WriteString(t.hash, text)
		_, _ = t.hash.Write([]byte{0})
	}
}

// recent is what happened lately to an object.
func (s *simulation) recent(k kind, name types.NamespacedName) string {
	entries := s.trace.entries[objectKey{k, name}]
	if len(entries) > keptEntries {
		entries = entries[len(entries)-keptEntries:]
	}
	var text strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&text, "    %s  %-22s %s\n", s.elapsed(e.at), e.what, e.detail)
	}
	return text.String()
}

// elapsed words a time as days and time since the beginning.
func (s *simulation) elapsed(at time.Time) string {
	since := at.Sub(s.begins)
	days := int(since / (24 * time.Hour))
	return fmt.Sprintf("day %2d %s", days, at.UTC().Format("15:04:05.000"))
}
