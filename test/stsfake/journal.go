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

package stsfake

import (
	"maps"
	"sync"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/query"
)

// keptCalls bounds the memory of the journal; counts go on.
const keptCalls = 10_000

// Call is the record of one request. It never holds a secret, a token or a signature.
type Call struct {
	Time        time.Time         `json:"time"`
	Operation   string            `json:"operation"`             // "" when the request names none that exists
	Caller      string            `json:"caller,omitempty"`      // ARN; "" unless the signature is proven
	AccessKeyID string            `json:"accessKeyId,omitempty"` // likewise
	Region      string            `json:"region,omitempty"`      // of the signature
	Parameters  map[string]string `json:"parameters,omitempty"`  // as sent: "Tags.member.1.Key"; of a secret one a digest
	Finished    bool              `json:"finished"`
	Status      int               `json:"status,omitempty"` // 0 when no answer was sent
	Code        string            `json:"code,omitempty"`   // error code, or the scenario that broke the connection
}

type journal struct {
	observe func(Call)

	mu      sync.Mutex
	entries []*entry
	counts  map[string]int
}

// entry is a call in the journal; its fields are guarded by the journal.
type entry struct{ call Call }

func newJournal() *journal {
	return &journal{counts: map[string]int{}, observe: func(Call) {}}
}

// begin records a call when it arrives, so that one which never gets an answer is there as well.
func (j *journal) begin(x *exchange, op operation) *entry {
	call := Call{Time: x.now, Operation: op.name, Region: x.region, Parameters: query.Recordable(op.members, x.parameters)}
	if x.caller != nil {
		call.Caller, call.AccessKeyID = x.caller.arn(x.partition()), x.caller.accessKeyID
	}
	added := &entry{call: call}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[op.name]++
	if len(j.entries) >= keptCalls {
		j.entries = append(j.entries[:0:0], j.entries[keptCalls/2:]...)
	}
	j.entries = append(j.entries, added)
	return added
}

func (j *journal) end(e *entry, code string, status int) {
	j.mu.Lock()
	e.call.Finished, e.call.Code, e.call.Status = true, code, status
	call := e.call
	j.mu.Unlock()
	j.observe(call)
}

// Calls are the latest calls (thousands of them) in the order they arrived, those still waiting for an answer included.
func (s *Server) Calls() []Call {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	calls := make([]Call, len(s.journal.entries))
	for i, e := range s.journal.entries {
		calls[i] = e.call
		calls[i].Parameters = maps.Clone(e.call.Parameters)
	}
	return calls
}

// Count is how many calls of an operation arrived, whatever became of them; "" counts requests that named no operation.
func (s *Server) Count(operation string) int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.counts[operation]
}

// ForgetCalls empties the record and the counts.
func (s *Server) ForgetCalls() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.entries, s.journal.counts = nil, map[string]int{}
}
