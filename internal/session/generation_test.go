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

// publishedFor makes the Secret that of one generation of the session, where another was read; live is the one that the API
// server shows, or 0 if it was not asked.
func publishedFor(secret, read, live int64) func(*session.Observed) {
	return func(o *session.Observed) {
		o.Secret.Generation, o.Session.Generation, o.LiveGeneration = secret, read, live
	}
}

func TestDecideGeneration(t *testing.T) {
	lookAgain := verdict{Action: session.LookAgain, RetryAt: noon.Add(time.Second)}
	tampered := issue(session.CauseTampered)
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  verdict
	}{
		"a Secret of the session's generation is kept":                         {publishedFor(3, 3, 0), keep(due)},
		"a Secret of an older generation is kept: only the rotation changed":   {publishedFor(2, 3, 0), keep(due)},
		"a Secret of an older generation whose request is another is replaced": {all(publishedFor(2, 3, 0), edited), issue(session.CauseSpecChanged)},
		"a Secret that says no generation is kept":                             {publishedFor(0, 3, 0), keep(due)},
		"a Secret that says no generation and lacks labels gets them":          {all(publishedFor(0, 3, 0), outOfSync), syncMetadata(due)},

		"a session that is older than its Secret is not issued":            {all(publishedFor(4, 3, 4), edited), lookAgain},
		"nor before the API server was asked":                              {all(publishedFor(4, 3, 0), edited), lookAgain},
		"nor if the API server has a still newer one":                      {all(publishedFor(4, 3, 9), edited), lookAgain},
		"a session that is older than its Secret gives it no labels":       {all(publishedFor(4, 3, 4), outOfSync), lookAgain},
		"an old spec that is wrong says nothing":                           {all(publishedFor(4, 3, 4), invalid), lookAgain},
		"an old spec that is suspended says nothing":                       {all(publishedFor(4, 3, 4), suspended), lookAgain},
		"a Secret of a generation that there is not yet was tampered with": {publishedFor(4, 3, 3), tampered},
		"also if the API server has a newer one than was read":             {publishedFor(9, 3, 4), tampered},
		"a cache that is ahead of the API server is believed":              {publishedFor(3, 3, 2), keep(due)},

		"a Secret that was not published says nothing of generations": {all(publishedFor(4, 3, 0), emptied), tampered},
		"nor does one that does not exist":                            {all(publishedFor(4, 3, 0), missing), issue(session.CauseMissing)},
		"nor another's":                                               {all(publishedFor(4, 3, 0), foreign), hold("SecretConflict", noon.Add(5*time.Minute))},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(c.given), noon))).To(Equal(c.want))
		})
	}
}

func TestIsUsableOfAGenerationThatIsNotThere(t *testing.T) {
	g := NewWithT(t)
	g.Expect(session.IsUsable(healthy(publishedFor(4, 3, 3)), noon)).To(BeFalse())
	g.Expect(session.IsIntact(healthy(publishedFor(4, 3, 3)), noon)).To(BeFalse())
	g.Expect(session.IsIntact(healthy(publishedFor(4, 4, 0)), noon)).To(BeTrue())
}
