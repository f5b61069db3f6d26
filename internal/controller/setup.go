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

// Package controller starts the operator's controllers.
package controller

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/controller/issuer"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/guardrail"
)

// Setup starts every controller with the manager, which provides client, live reader and recorder.
func Setup(ctx context.Context, mgr ctrl.Manager, d reconciler.Dependencies, options reconciler.Options) error {
	if err := federatedsession.IndexFields(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	d.Client, d.Live, d.Recorder = mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder("sts-operator")
	d.Guardrails = guardrail.NewCache()
	options.Turns = reconciler.NewTurns(d.Clock, d.Scheduler)
	if err := mgr.Add(options.Turns); err != nil {
		return fmt.Errorf("adding the scheduler's turns: %w", err)
	}
	kinds := []v1alpha1.IssuerKind{v1alpha1.SessionIssuerKind, v1alpha1.ClusterSessionIssuerKind}
	if d.NamespacedOnly {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		if err := issuer.New(kind, d).SetupWithManager(mgr, options); err != nil {
			return fmt.Errorf("setting up the %s controller: %w", kind, err)
		}
	}
	if err := federatedsession.New(d).SetupWithManager(mgr, options); err != nil {
		return fmt.Errorf("setting up the FederatedSession controller: %w", err)
	}
	return nil
}
