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

package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/test/controlplane"
)

// The operator's ServiceAccount, as config/default makes it.
const (
	OperatorNamespace = "sts-operator-system"
	OperatorAccount   = "sts-operator-controller-manager"
)

// Operator is who the operator is to the API server.
func Operator() rest.ImpersonationConfig {
	return rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + OperatorNamespace + ":" + OperatorAccount,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + OperatorNamespace, "system:authenticated"},
	}
}

// installOperator does what config/default and config/admission do, but for the Deployment.
func (s *Stage) installOperator(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: OperatorNamespace}}
	if err := s.Client.Create(ctx, namespace); err != nil {
		return fmt.Errorf("creating namespace %s: %w", namespace.Name, err)
	}
	if err := s.grantRole(ctx); err != nil {
		return fmt.Errorf("granting the operator its role: %w", err)
	}
	for _, policy := range []string{"fence/fence.yaml", "admission/issuer_use.yaml", "admission/hints.yaml"} {
		if err := s.applyFile(ctx, filepath.Join("config", policy), ""); err != nil {
			return err
		}
	}
	return nil
}

// grantRole gives the operator the permissions of the generated role.
func (s *Stage) grantRole(ctx context.Context) error {
	text, err := readFile("config/rbac/role.yaml")
	if err != nil {
		return err
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(text, role); err != nil {
		return err
	}
	if err := s.Client.Create(ctx, role); err != nil {
		return err
	}
	return s.Client.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: OperatorNamespace, Name: OperatorAccount}},
	})
}

// AllowTokens lets the operator create tokens of the ServiceAccounts of a namespace, as config/web-identity does, and waits
// until the API server has noticed.
func (s *Stage) AllowTokens(ctx context.Context, namespace string) error {
	if err := s.applyFile(ctx, "config/web-identity/role.yaml", ""); err != nil {
		return err
	}
	if err := s.applyFile(ctx, "config/web-identity/team-a/role_binding.yaml", namespace); err != nil {
		return err
	}
	operator := Operator()
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: operator.UserName, Groups: operator.Groups,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "create", Version: "v1", Resource: "serviceaccounts", Subresource: "token",
			},
		}}
		err := s.Client.Create(ctx, review)
		return review.Status.Allowed, err
	})
	if err != nil {
		return fmt.Errorf("waiting until the operator may create tokens in namespace %s: %w", namespace, err)
	}
	return nil
}

// readFile reads a file of the checkout.
func readFile(name string) ([]byte, error) {
	root, err := controlplane.ModuleRoot()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(root, name)) //nolint:gosec // a file of the checkout
}

func (s *Stage) applyFile(ctx context.Context, name, namespace string) error {
	text, err := readFile(name)
	if err != nil {
		return err
	}
	if err := s.Apply(ctx, text, namespace); err != nil {
		return fmt.Errorf("applying %s: %w", name, err)
	}
	return nil
}
