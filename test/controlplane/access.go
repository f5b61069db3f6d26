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

package controlplane

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Kubeconfig writes the administrator's kubeconfig into the folder of the control plane and returns its path.
func (c *ControlPlane) Kubeconfig() (string, error) {
	return c.writeKubeconfig("admin", c.environment.KubeConfig)
}

// KubeconfigOf writes a kubeconfig that authenticates as a ServiceAccount, with that account's rights alone, and returns its
// path. The ServiceAccount need not exist.
func (c *ControlPlane) KubeconfigOf(namespace, account string) (string, error) {
	user, err := c.environment.AddUser(envtest.User{
		Name:   userName(namespace, account),
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}, nil)
	if err != nil {
		return "", fmt.Errorf("adding the user of ServiceAccount %s/%s: %w", namespace, account, err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		return "", fmt.Errorf("making the kubeconfig of ServiceAccount %s/%s: %w", namespace, account, err)
	}
	return c.writeKubeconfig(namespace+"-"+account, text)
}

// TokenOf is a token of a ServiceAccount, made by the API server.
func (c *ControlPlane) TokenOf(ctx context.Context, namespace, account string) (string, error) {
	serviceAccount, request := &corev1.ServiceAccount{}, &authenticationv1.TokenRequest{}
	serviceAccount.Namespace, serviceAccount.Name = namespace, account
	if err := c.Client.SubResource("token").Create(ctx, serviceAccount, request); err != nil {
		return "", fmt.Errorf("requesting a token of ServiceAccount %s/%s: %w", namespace, account, err)
	}
	return request.Status.Token, nil
}

// NewNamespace creates a namespace of the test's own and returns its name.
func (c *ControlPlane) NewNamespace(t testing.TB, labels map[string]string) string {
	t.Helper()
	namespace := &corev1.Namespace{}
	namespace.GenerateName, namespace.Labels = "test-", labels
	if err := c.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

func (c *ControlPlane) writeKubeconfig(name string, text []byte) (string, error) {
	path := filepath.Join(c.folder, name+".kubeconfig")
	return path, os.WriteFile(path, text, 0o600)
}

func userName(namespace, account string) string {
	return "system:serviceaccount:" + namespace + ":" + account
}
