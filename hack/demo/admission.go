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
	"fmt"
	"strings"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// admissionPolicies are those of config/admission, as its kustomization lists them.
var admissionPolicies = []string{"config/admission/issuer_use.yaml", "config/admission/fence.yaml", "config/admission/hints.yaml"}

// tries creates what a file of the demo holds, as somebody else, and tells how the API server answers. Nothing is kept.
func (s *stage) tries(as rest.ImpersonationConfig, file string) (warnings string, refusal error, err error) {
	heard := &listener{}
	config := rest.CopyConfig(s.config)
	config.Impersonate = as
	config.WarningHandlerWithContext = heard
	kube, err := client.New(config, client.Options{Scheme: s.kube.Scheme()})
	if err != nil {
		return "", nil, err
	}
	objects, err := s.objects(file)
	if err != nil {
		return "", nil, err
	}
	for _, object := range objects {
		if refusal = kube.Create(s.ctx, object, client.DryRunAll); refusal != nil {
			break
		}
	}
	return strings.Join(heard.warnings, "; "), refusal, nil
}

// listener keeps the warnings that the API server gives.
type listener struct{ warnings []string }

func (l *listener) HandleWarningHeaderWithContext(_ context.Context, _ int, _ string, text string) {
	l.warnings = append(l.warnings, text)
}

// refusesTry waits until the API server refuses what a file holds, with a message that says this much. It takes a new
// policy or role up within seconds.
func (s *stage) refusesTry(as rest.ImpersonationConfig, file, message string) error {
	return s.until(s.ctx, fmt.Sprintf("the API server refuses %s to %s with %q", file, as.UserName, message), patience, func() (string, bool) {
		_, refusal, err := s.tries(as, file)
		if err != nil {
			return err.Error(), false
		}
		return orNone(refusal).Error(), strings.Contains(orNone(refusal).Error(), message)
	})
}

var jane = rest.ImpersonationConfig{UserName: "jane", Groups: []string{"system:authenticated"}}

func asksWhoMayUse(s *stage) (string, error) {
	const message = `jane may not use ClusterSessionIssuer "shared"`
	if err := s.apply("checks/tenant.yaml"); err != nil {
		return "", err
	}
	if err := s.refusesTry(jane, "checks/tenant-session.yaml", message); err != nil {
		return "", err
	}
	if err := s.apply("checks/tenant-use.yaml"); err != nil {
		return "", err
	}
	err := s.until(s.ctx, "jane may write the session once she has the verb use", patience, func() (string, bool) {
		_, refusal, err := s.tries(jane, "checks/tenant-session.yaml")
		if err != nil {
			return err.Error(), false
		}
		return orNone(refusal).Error(), refusal == nil
	})
	return message + "; with the verb use she may", err
}

func fencesTheOperator(s *stage) (string, error) {
	const message = "the operator may write only Secrets of type sts-operator.dev/session"
	operator := rest.ImpersonationConfig{UserName: operatorUser, Groups: operatorGroups}
	return message, s.refusesTry(operator, "checks/plain-secret.yaml", message)
}

func hints(s *stage) (string, error) {
	const message = "without policy and policyARNs a federated user has no permissions of its own"
	err := s.until(s.ctx, "the API server warns of a session without a policy", patience, func() (string, bool) {
		warnings, refusal, err := s.tries(rest.ImpersonationConfig{}, "checks/tenant-session.yaml")
		if err != nil {
			return err.Error(), false
		}
		return fmt.Sprintf("warnings %q, %v", warnings, orNone(refusal)), refusal == nil && strings.Contains(warnings, message)
	})
	return message + "…", err
}
