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

package install_test

import (
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/controlplane"
)

// Whoever has stolen the operator's token must not become somebody else with it: Kubernetes puts a token of the named
// ServiceAccount into a Secret of this type.
func TestAStolenTokenDoesNotMakeOthers(t *testing.T) {
	for install, folders := range map[string][]string{
		"config/default": {"default"}, "config/namespaced": {"namespaced/cluster", "namespaced"},
	} {
		t.Run(install, func(t *testing.T) {
			g := NewWithT(t)
			cluster := controlplane.StartFor(t)
			create(t, cluster.Client, manifests(t, "{apiVersion: v1, kind: Namespace, metadata: {name: team-a}}")...)
			for _, folder := range folders {
				objects := kustomized(t, filepath.Join("../../config", folder))
				// The namespace first, as kustomize sorts it.
				apply(t, cluster.Client, objects...)
			}
			kubeconfig, err := cluster.KubeconfigOf(systemNamespace, account)
			g.Expect(err).NotTo(HaveOccurred())
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			g.Expect(err).NotTo(HaveOccurred())
			stolen, err := client.New(config, client.Options{Scheme: cluster.Client.Scheme()})
			g.Expect(err).NotTo(HaveOccurred())

			g.Eventually(func() error { // the API server takes a policy up when it finds the time
				return stolen.Create(t.Context(), &corev1.Secret{
					ObjectMeta: metav1.ObjectMeta{
						Namespace: "team-a", GenerateName: "token-", Annotations: map[string]string{corev1.ServiceAccountNameKey: "default"},
					},
					Type: corev1.SecretTypeServiceAccountToken,
				})
			}, patience, interval).Should(MatchError(ContainSubstring("sts-operator-fence")))
		})
	}
}
