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

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/session"
)

func TestDecideCauseOfAChange(t *testing.T) {
	honored := func(value string) func(*session.Observed) {
		return func(o *session.Observed) {
			rotateAt(value)(o)
			o.Secret.RequestHash, o.Secret.RotateRequestedAt = o.Request.ToSend().Hash(), value
		}
	}
	ofAnEarlierVersion := func(o *session.Observed) { o.Secret.RotateRequestedAt = "" }
	unknownGuardrails := func(o *session.Observed) {
		o.Secret.SpecRequestHash = o.Secret.RequestHash
		o.Request = session.AskedRequest(o.Request.Asked())
	}
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  verdict
	}{
		"a first request to rotate":                        {rotateAt("now"), issue(session.CauseRequested)},
		"another one":                                      {all(honored("then"), rotateAt("now")), issue(session.CauseRequested)},
		"one that is taken back":                           {all(honored("then"), rotateAt("")), issue(session.CauseRequested)},
		"one that was honored":                             {honored("then"), keep(due)},
		"an edited spec":                                   {edited, issue(session.CauseSpecChanged)},
		"an edited spec after a request to rotate":         {all(honored("then"), edited), issue(session.CauseSpecChanged)},
		"an edited spec together with a request to rotate": {all(edited, rotateAt("now")), issue(session.CauseSpecChanged)},
		"a first request after an upgrade":                 {all(ofAnEarlierVersion, rotateAt("now")), issue(session.CauseRequested)},
		"one that an earlier version honored":              {all(honored("then"), ofAnEarlierVersion), keep(due)},
		"another after that: nobody knows the value":       {all(honored("then"), ofAnEarlierVersion, rotateAt("now")), issue(session.CauseSpecChanged)},
		"one while guardrails are not known":               {all(rotateAt("now"), unknownGuardrails), issue(session.CauseRequested)},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(c.given), noon))).To(Equal(c.want))
		})
	}
}
