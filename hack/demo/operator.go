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
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

// The operator is to the API server the ServiceAccount that config/default makes for it.
const (
	operatorNamespace = "sts-operator-system"
	operatorAccount   = "sts-operator-controller-manager"
	operatorUser      = "system:serviceaccount:" + operatorNamespace + ":" + operatorAccount
)

var operatorGroups = []string{"system:serviceaccounts", "system:serviceaccounts:" + operatorNamespace, "system:authenticated"}

// startManager runs the operator. The ports are free when they are looked for; should one be taken a moment later, others are tried.
func (s *stage) startManager() error {
	s.say("The operator: bin/manager, as a ServiceAccount that has the rights of config/rbac/role.yaml and no others,\n" +
		"   behind the policies of config/admission.")
	if err := s.grantRole(); err != nil {
		return err
	}
	for _, policy := range admissionPolicies {
		if err := s.install(policy, ""); err != nil {
			return err
		}
	}
	kubeconfig, err := s.operatorKubeconfig()
	if err != nil {
		return fmt.Errorf("making the operator's kubeconfig: %w", err)
	}
	path, err := guarded(s.folder, "bin/manager")
	if err != nil {
		return err
	}
	for range 3 {
		if err = s.tryManager(path, kubeconfig); !s.manager.hasEnded() {
			break
		}
	}
	if err != nil {
		return err
	}
	s.watch(s.manager)
	s.say("   It is ready; its metrics are on %s.", s.metricsURL)
	return nil
}

func (s *stage) tryManager(path, kubeconfig string) error {
	metrics, err := freeAddress()
	if err != nil {
		return err
	}
	health, err := freeAddress()
	if err != nil {
		return err
	}
	s.metricsURL = "http://" + metrics + "/metrics"
	s.manager, err = s.start(path, "--kubeconfig", kubeconfig, "--operator-namespace", operatorNamespace, "--leader-elect=false",
		"--log-format", "text", "--metrics-secure=false", "--metrics-bind-address", metrics, "--health-probe-bind-address", health)
	if err != nil {
		return err
	}
	err = s.until(s.ctx, "the operator is ready", 30*time.Second, func() (string, bool) {
		if s.manager.hasEnded() {
			return "", true
		}
		if answer, err := s.get("http://" + health + "/readyz"); err != nil || answer != "ok" {
			return fmt.Sprintf("readyz answers %q, %v", answer, err), false
		}
		// Whoever else has taken the port of the metrics has others.
		metrics, err := s.get(s.metricsURL)
		return fmt.Sprintf("the metrics answer %d bytes, %v", len(metrics), err), strings.Contains(metrics, "controller_runtime_")
	})
	if s.manager.hasEnded() {
		return fmt.Errorf("the operator did not start: %s", strings.Join(s.lastLines("manager", 1), ""))
	}
	return err
}

// grantRole gives the operator the rights of the generated role.
func (s *stage) grantRole() error {
	const file = "config/rbac/role.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(text, role); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	if err := s.kube.Create(s.ctx, role); err != nil {
		return err
	}
	return s.kube.Create(s.ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: operatorNamespace, Name: operatorAccount}},
	})
}

// operatorKubeconfig returns the file that makes the operator its ServiceAccount.
func (s *stage) operatorKubeconfig() (string, error) {
	user, err := s.controlPlane.AddUser(envtest.User{Name: operatorUser, Groups: operatorGroups}, &rest.Config{})
	if err != nil {
		return "", err
	}
	kubeconfig, err := user.KubeConfig()
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.folder, "operator.kubeconfig")
	return path, os.WriteFile(path, kubeconfig, 0o600)
}

// allowTokens lets the operator create tokens of the ServiceAccounts of a namespace, and waits until it may.
func (s *stage) allowTokens(namespace string) error {
	if err := s.install("config/web-identity/role.yaml", ""); err != nil {
		return err
	}
	if err := s.install("config/web-identity/team-a/role_binding.yaml", namespace); err != nil {
		return err
	}
	return s.until(s.ctx, "the operator may create tokens in namespace "+namespace, patience, func() (string, bool) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: operatorUser, Groups: operatorGroups,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "create", Version: "v1", Resource: "serviceaccounts", Subresource: "token",
			},
		}}
		if err := s.kube.Create(s.ctx, review); err != nil {
			return err.Error(), false
		}
		return "it may not", review.Status.Allowed
	})
}
