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
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // Mozilla's roots, for an image without any
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/scheduler"
)

// publishTime is what is left of a shutdown, after the STS calls under way, to publish their credentials.
const publishTime = 12 * time.Second

// probeTime is less than the second that a kubelet waits for an answer.
const probeTime = 500 * time.Millisecond

// newManager wires everything. end makes the manager end.
func newManager(ctx context.Context, c config, end context.CancelFunc) (ctrl.Manager, error) {
	restConfig, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("no Kubernetes cluster to work with: %w", err)
	}
	restConfig.UserAgent = "sts-operator/" + version
	limitRequests(restConfig, c)

	scheme := newScheme()
	api, err := client.New(restConfig, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("creating a Kubernetes client: %w", err)
	}
	var unserved []string
	c.namespaces, unserved = servable(ctx, api, c.namespaces)
	mgr, err := ctrl.NewManager(restConfig, managerOptions(c, restConfig, scheme))
	if err != nil {
		return nil, fmt.Errorf("creating the manager: %w", err)
	}
	if len(unserved) > 0 {
		if err := mgr.Add(&latecomers{clock: clock.RealClock{}, api: api, namespaces: unserved, end: end}); err != nil {
			return nil, fmt.Errorf("adding the look at namespaces that could not be served: %w", err)
		}
	}
	realClock := clock.RealClock{}
	measures := metrics.New(ctrlmetrics.Registry)
	measures.Namespaces(c.namespaces, unserved)
	turns := scheduler.New(c.concurrency)
	stsBroker := broker.New(broker.Options{
		Clock:       realClock,
		Scheduler:   turns,
		HTTPClient:  broker.NewHTTPClient(http.ProxyFromEnvironment),
		Ambient:     loadAmbient,
		Log:         ctrl.Log.WithName("broker"),
		CallTimeout: c.stsTimeout,
		Observe:     measures.ObserveRequest,
	})
	dependencies := reconciler.Dependencies{
		Clock: realClock, Broker: stsBroker, Scheduler: turns, Metrics: measures,
		OperatorNamespace: c.operatorNamespace, ControllerName: c.controllerName, NamespacedOnly: !c.clusterIssuers,
	}
	options := reconciler.Options{Concurrency: c.concurrency, Timeout: c.stsTimeout + 20*time.Second, Namespaces: c.namespaces}
	if err := controller.Setup(ctx, mgr, dependencies, options); err != nil {
		return nil, err
	}
	return mgr, addProbes(mgr)
}

// limitRequests holds the operator to what the flags allow; without a limit the API server's priority and fairness decides.
func limitRequests(restConfig *rest.Config, c config) {
	restConfig.QPS = -1
	if c.kubeAPIQPS > 0 {
		// One limiter for all: QPS and Burst alone would count for each kind of object.
		restConfig.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(float32(c.kubeAPIQPS), c.kubeAPIBurst)
	}
}

// leaseConfig is for the Lease alone: were its requests to wait among those of the workers, a busy leader would lose it.
func leaseConfig(restConfig *rest.Config) *rest.Config {
	config := rest.CopyConfig(restConfig)
	config.RateLimiter, config.QPS = nil, -1
	return config
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

func managerOptions(c config, restConfig *rest.Config, scheme *runtime.Scheme) ctrl.Options {
	caches := cache.Options{ByObject: federatedsession.Caches(c.selector)}
	for _, namespace := range c.namespaces {
		if caches.DefaultNamespaces == nil {
			caches.DefaultNamespaces = map[string]cache.Config{}
		}
		caches.DefaultNamespaces[namespace] = cache.Config{}
	}
	metricsOptions := metricsserver.Options{
		BindAddress: c.metricsAddress, SecureServing: c.metricsSecure, CertDir: c.metricsCertDir,
		// HTTP/2 is off for its denial-of-service weaknesses; Prometheus does not need it.
		TLSOpts: []func(*tls.Config){func(t *tls.Config) { t.NextProtos = []string{"http/1.1"} }},
	}
	if c.metricsSecure {
		metricsOptions.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	timeout, warmup, renewDeadline := c.stsTimeout+publishTime, true, renewDeadline
	return ctrl.Options{
		Scheme:                        scheme,
		Cache:                         caches,
		Metrics:                       metricsOptions,
		HealthProbeBindAddress:        c.healthAddress,
		LeaderElection:                c.leaderElect,
		LeaderElectionID:              c.leaderElectionID,
		LeaderElectionNamespace:       c.operatorNamespace,
		LeaderElectionConfig:          leaseConfig(restConfig),
		LeaderElectionReleaseOnCancel: true,
		RenewDeadline:                 &renewDeadline,
		GracefulShutdownTimeout:       &timeout,
		Controller:                    ctrlcontroller.Controller{EnableWarmup: &warmup},
	}
}

// addProbes: alive means that the process answers (whether its queue moves, the FederatedSession controller checks), ready that
// it can serve, leader or not. It cannot before it has listed all that it watches; a rollout to an operator that lacks a
// permission in one namespace stops there.
func addProbes(mgr ctrl.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("adding the health probe: %w", err)
	}
	err := mgr.AddReadyzCheck("caches", func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), probeTime)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return errors.New("not everything could be listed yet")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding the readiness probe: %w", err)
	}
	return nil
}
