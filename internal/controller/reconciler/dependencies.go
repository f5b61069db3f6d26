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

// Package reconciler is what the reconcilers of every kind share: what they are made of, how they read, set conditions and
// wait.
package reconciler

import (
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/metrics"
	"github.com/sts-operator/sts-operator/internal/scheduler"
)

// Dependencies of the reconcilers; all are required.
type Dependencies struct {
	Clock clock.PassiveClock
	// Client reads from a cache whose Secrets are stripped (credsecret.Strip).
	Client client.Client
	// Live reads from the API server.
	Live   client.Reader
	Broker *broker.Broker
	// Scheduler is the broker's.
	Scheduler *scheduler.Scheduler
	Recorder  events.EventRecorder
	Metrics   *metrics.Metrics
	// Guardrails of the issuers, compiled.
	Guardrails *guardrail.Cache
	// OperatorNamespace holds the Secrets (keys, MFA seeds) of ClusterSessionIssuers.
	OperatorNamespace string
	// ControllerName is the installation, as a ClusterSessionIssuer names it.
	ControllerName string
	// NamespacedOnly does without whatever is cluster-scoped: there are no ClusterSessionIssuers, and namespaces are read
	// one by one.
	NamespacedOnly bool
}

// Options of the controllers.
type Options struct {
	// Concurrency is how many objects of a kind are reconciled at a time.
	Concurrency int
	// Timeout bounds one reconcile.
	Timeout time.Duration
	// Turns of the scheduler.
	Turns *Turns
	// Namespaces that the manager's cache is limited to; none for all.
	Namespaces []string
}
