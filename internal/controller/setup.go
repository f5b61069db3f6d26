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

package controller

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
)

// Dependencies of the reconcilers; all are required. Setup takes Client, Live and Recorder from the manager.
type Dependencies struct {
	Clock clock.PassiveClock
	// Client reads from a cache whose Secrets are those of SecretCache.
	Client client.Client
	// Live reads from the API server.
	Live     client.Reader
	Broker   *broker.Broker
	Recorder events.EventRecorder
	Metrics  *Metrics
	// Guardrails of the issuers; Setup makes them.
	Guardrails *Guardrails
	// OperatorNamespace holds the Secrets (keys, MFA seeds) of ClusterSessionIssuers.
	OperatorNamespace string
	// NamespacedOnly does without whatever is cluster-scoped: there are no ClusterSessionIssuers, and namespaces are read
	// one by one.
	NamespacedOnly bool
}

// Options of the controllers.
type Options struct {
	// Concurrency is how many sessions are reconciled at a time.
	Concurrency int
	// Timeout bounds one reconcile.
	Timeout time.Duration
	// Namespaces that the manager's cache is limited to; none for all.
	Namespaces []string
}

// Setup starts every controller with the manager, which provides client, live reader and recorder.
func Setup(ctx context.Context, mgr ctrl.Manager, d Dependencies, options Options) error {
	if err := indexFields(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	d.Client, d.Live, d.Recorder = mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder("sts-operator")
	d.Guardrails = NewGuardrails()
	kinds := []v1alpha1.IssuerKind{v1alpha1.SessionIssuerKind, v1alpha1.ClusterSessionIssuerKind}
	if d.NamespacedOnly {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		if err := NewIssuerReconciler(kind, d).SetupWithManager(mgr, options); err != nil {
			return fmt.Errorf("setting up the %s controller: %w", kind, err)
		}
	}
	if err := NewSessionReconciler(d).SetupWithManager(mgr, options); err != nil {
		return fmt.Errorf("setting up the FederatedSession controller: %w", err)
	}
	return nil
}
