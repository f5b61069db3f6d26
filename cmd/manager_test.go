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
	"context"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/program"
)

const patience = time.Minute

// TestCommandRunsTheManager starts and ends the manager in this process. What it does in between is in test/install.
func TestCommandRunsTheManager(t *testing.T) {
	g := NewWithT(t)
	cluster := controlplane.StartFor(t)
	kubeconfig, err := cluster.Kubeconfig()
	g.Expect(err).NotTo(HaveOccurred())
	probes, err := program.FreeAddress()
	g.Expect(err).NotTo(HaveOccurred())
	surroundings(t, map[string]string{"AWS_PROFILE": "corp", "AWS_CA_BUNDLE": "/no/such/bundle.pem", "AWS_RETRY_MODE": "bogus"}) // for ambient issuers alone

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- command(ctx, []string{
			"--kubeconfig", kubeconfig, "--operator-namespace=default", "--namespaces=default",
			"--metrics-bind-address=127.0.0.1:0", "--health-probe-bind-address", probes,
		}, io.Discard, io.Discard)
	}()
	g.Eventually(func(g Gomega) {
		g.Expect(ended).NotTo(Receive())
		response, err := http.Get("http://" + probes + "/readyz")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.Body.Close()).To(Succeed())
		g.Expect(response.StatusCode).To(Equal(http.StatusOK))
	}, patience).Should(Succeed())
	cancel()
	g.Eventually(ended, patience).Should(Receive(BeNil()))
}

// A leader whose workers use up the limit must not lose its Lease for it.
func TestTheLeaseDoesNotWaitAmongTheWorkersRequests(t *testing.T) {
	g := NewWithT(t)
	restConfig := &rest.Config{Host: "https://127.0.0.1"}
	c := config{kubeAPIQPS: 20, kubeAPIBurst: 1}
	limitRequests(restConfig, c)
	g.Expect(restConfig.RateLimiter.TryAccept()).To(BeTrue())
	g.Expect(restConfig.RateLimiter.TryAccept()).To(BeFalse(), "the workers are limited")

	lease := managerOptions(c, restConfig, newScheme()).LeaderElectionConfig

	g.Expect(lease.RateLimiter).To(BeNil())
	g.Expect(lease.QPS).To(BeNumerically("<", 0))
}

func TestWithoutALimitTheAPIServerDecides(t *testing.T) {
	g := NewWithT(t)
	restConfig := &rest.Config{Host: "https://127.0.0.1"}
	c, err := parseFlags(nil, io.Discard)
	g.Expect(err).NotTo(HaveOccurred())

	limitRequests(restConfig, c)

	g.Expect(restConfig.RateLimiter).To(BeNil())
	g.Expect(restConfig.QPS).To(BeNumerically("<", 0))
}

func TestRunNeedsACluster(t *testing.T) {
	g := NewWithT(t)
	config, err := parseFlags([]string{"--kubeconfig", filepath.Join(t.TempDir(), "none")}, io.Discard)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run(t.Context(), config)).To(MatchError(ContainSubstring("no Kubernetes cluster to work with")))
}
