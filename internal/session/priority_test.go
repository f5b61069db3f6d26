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

package session_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/session"
)

func TestPriority(t *testing.T) {
	for sentence, c := range map[string]struct {
		expiration time.Time
		want       int
	}{
		"a session without credentials goes first":            {time.Time{}, 100},
		"credentials that expired a year ago go first":        {noon.AddDate(-1, 0, 0), 100},
		"credentials that expire now go first":                {noon, 100},
		"credentials that expire in an instant come next":     {noon.Add(1), 99},
		"credentials with nine minutes left come with them":   {noon.Add(9 * time.Minute), 99},
		"credentials with ten minutes left come after":        {noon.Add(10 * time.Minute), 98},
		"credentials with an hour left come before":           {noon.Add(time.Hour), 93},
		"credentials with six hours left":                     {noon.Add(6 * time.Hour), 63},
		"credentials with almost 16½ hours left are the last": {noon.Add(990*time.Minute - 1), 1},
		"credentials with 16½ hours left have no hurry":       {noon.Add(990 * time.Minute), 0},
		"credentials with 36 hours left have no less":         {noon.Add(36 * time.Hour), 0},
		"credentials for ever have no less":                   {noon.AddDate(1000, 0, 0), 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.Priority(c.expiration, false, noon)).To(Equal(c.want))
		})
	}
}

// Whoever may create sessions that never succeed must not keep everybody's rotations waiting.
func TestPriorityAfterFailure(t *testing.T) {
	g := NewWithT(t)
	g.Expect(session.Priority(time.Time{}, true, noon)).To(Equal(session.Priority(noon.Add(time.Hour), false, noon)))
	g.Expect(session.Priority(noon.Add(-1), true, noon)).To(Equal(session.UrgentPriority), "one that had credentials")
	g.Expect(session.Priority(noon.Add(time.Minute), true, noon)).To(Equal(99))
}

func TestPriorityOfRotations(t *testing.T) {
	g := NewWithT(t)
	for left := time.Duration(1); left < 37*time.Hour; left += 7 * time.Minute {
		g.Expect(session.Priority(noon.Add(left), false, noon)).To(And(BeNumerically("<", session.UrgentPriority), BeNumerically(">=", 0)))
	}
}
