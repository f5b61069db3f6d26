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

package controller_test

import (
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/program"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// An operator whose workers all hang is not alive, though it answers; one whose workers are free is, however little there is to do.
func TestLivenessFollowsTheQueue(t *testing.T) {
	h := newRealTimeHarness(t)
	address, err := program.FreeAddress()
	h.Expect(err).NotTo(HaveOccurred())
	h.issuerWithBudget(50)
	h.session("first")
	m := startManager(t, h, func(o *managerOptions) {
		o.Concurrency, o.Timeout, o.callTimeout, o.probes = 1, time.Second, 20*time.Second, address
	})
	defer m.stop()
	alive := func() int {
		response, err := http.Get("http://" + address + "/healthz")
		if err != nil {
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	h.Eventually(func() int { return m.ready(h) }, eventually, 20*time.Millisecond).Should(Equal(1))
	h.Eventually(alive, eventually).Should(Equal(http.StatusOK))
	h.Consistently(alive, 7*time.Second, 200*time.Millisecond).Should(Equal(http.StatusOK))

	h.scenario(stsfake.Scenario{Kind: stsfake.Hang, Operation: "GetFederationToken"})
	h.session("second")
	h.Eventually(alive, eventually, 200*time.Millisecond).Should(Equal(http.StatusInternalServerError))

	h.scenario()
	h.Eventually(alive, eventually, 200*time.Millisecond).Should(Equal(http.StatusOK))
}
