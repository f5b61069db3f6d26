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

package issuer

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// A service that fails a share of its calls must still confirm an issuer within minutes: only other failures count on.
func TestVerificationsNote(t *testing.T) {
	unavailable := sts.Problemf(v1alpha1.ReasonUnavailable, "STS answered HTTP 503")
	refused := sts.Problemf(v1alpha1.ReasonKeyRefused, "AWS does not know the key")
	for sentence, c := range map[string]struct {
		problems []*sts.Problem
		want     []int32
	}{
		"STS does not answer":                 {[]*sts.Problem{unavailable, unavailable, unavailable, unavailable}, []int32{1, 2, 2, 2}},
		"STS refuses the key":                 {[]*sts.Problem{refused, refused, refused, refused}, []int32{1, 2, 3, 4}},
		"STS refuses the key, then is away":   {[]*sts.Problem{refused, refused, refused, unavailable}, []int32{1, 2, 3, 2}},
		"STS confirms it":                     {[]*sts.Problem{unavailable, nil, unavailable}, []int32{1, 0, 1}},
		"STS confirms it, and then no longer": {[]*sts.Problem{nil, refused, refused}, []int32{0, 1, 2}},
	} {
		t.Run(sentence, func(t *testing.T) {
			v := newVerifications()
			var got []int32
			for _, problem := range c.problems {
				got = append(got, v.note(broker.ID{Name: "aws"}, broker.Config{}, time.Unix(0, 0), problem).failures)
			}

			NewWithT(t).Expect(got).To(Equal(c.want))
		})
	}
}
