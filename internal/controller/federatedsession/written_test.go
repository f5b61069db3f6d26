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

package federatedsession

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// A broken watch shows an old version for hours: the cache is not asked twenty times a second, nor waited for all the while.
func TestWrittenStatusesWait(t *testing.T) {
	g := NewWithT(t)
	fs := &v1alpha1.FederatedSession{}
	fs.Namespace, fs.Name, fs.ResourceVersion = "team-a", "reports", "7"
	w := &writtenStatuses{}
	g.Expect(w.wait(fs, noon)).To(BeZero())

	w.note(fs, noon)
	looks, now := 0, noon
	for wait := w.wait(fs, now); wait > 0; wait = w.wait(fs, now) {
		g.Expect(wait).To(BeNumerically(">=", 50*time.Millisecond))
		now = now.Add(wait)
		looks++
	}
	g.Expect(looks).To(BeNumerically("<", 15))
	g.Expect(now).To(BeTemporally("<=", noon.Add(time.Minute)), "it does not wait for good")

	w.note(fs, noon)
	g.Expect(w.wait(fs, noon.Add(-time.Hour))).To(BeZero(), "the clock was set back")
	w.note(fs, noon)
	fs.ResourceVersion = "8"
	g.Expect(w.wait(fs, noon)).To(BeZero())
	fs.ResourceVersion = "7"
	g.Expect(w.wait(fs, noon)).To(BeZero(), "it has been seen")
}
