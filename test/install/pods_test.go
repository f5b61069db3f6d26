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
	"context"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/controlplane"
)

// TestThePodsOfTheInstall creates, without keeping it, the pod of the Deployment: the namespace enforces restricted Pod Security, and
// whatever the policies are stands in for what a platform adds.
func TestThePodsOfTheInstall(t *testing.T) {
	cluster := controlplane.StartFor(t)
	for _, object := range kustomized(t, "../../config/default") {
		if object.GetKind() == "Namespace" { // with its labels, which enforce
			create(t, cluster.Client, object)
		}
	}
	for sentence, c := range map[string]struct{ directory, policies string }{
		"they run under restricted Pod Security":                 {"../../config/default", ""},
		"they run under OpenShift's SCC restricted-v2":           {"../../config/default", likeRestrictedV2},
		"those of the namespaced install do, too":                {"../../config/namespaced", likeRestrictedV2},
		"they run in user namespaces, where these are asked for": {inUserNamespaces(t), likeUserNamespaces},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			create(t, cluster.Client, manifests(t, c.policies)...)
			t.Cleanup(func() {
				for _, policy := range manifests(t, c.policies) {
					g.Expect(cluster.Client.Delete(context.Background(), policy)).To(Succeed())
				}
			})
			if c.policies != "" { // a policy takes effect after a moment
				g.Eventually(func() error { return cluster.Client.Create(t.Context(), podOfRoot(), client.DryRunAll) }, patience, interval).
					Should(MatchError(ContainSubstring("refused by the platform")))
			}
			deployment := named[appsv1.Deployment](t, kustomized(t, c.directory), "Deployment", "sts-operator-controller-manager")
			pod := &corev1.Pod{ObjectMeta: deployment.Spec.Template.ObjectMeta, Spec: deployment.Spec.Template.Spec}
			pod.Namespace, pod.Name = systemNamespace, "controller-manager"

			g.Expect(cluster.Client.Create(t.Context(), pod, client.DryRunAll)).To(Succeed())
		})
	}
}

func podOfRoot() *corev1.Pod {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}}}
	pod.Namespace, pod.Name = "default", "root"
	pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(0))}
	return pod
}

// inUserNamespaces is a kustomization of a user's that adds the component.
func inUserNamespaces(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(filepath.Dir(copyOfConfig(t)), "own")
	NewWithT(t).Expect(os.Mkdir(folder, 0o700)).To(Succeed())
	text := "resources: [../config/default]\ncomponents: [../config/user-namespaces]\n"
	NewWithT(t).Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600)).To(Succeed())
	return folder
}

// likeRestrictedV2 is what that SCC demands of a pod's user.
const likeRestrictedV2 = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: users}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  variables:
    - name: contexts
      expression: >-
        [has(object.spec.securityContext) && has(object.spec.securityContext.runAsUser) ? object.spec.securityContext.runAsUser : 1000670000] +
        object.spec.containers.map(c, has(c.securityContext) && has(c.securityContext.runAsUser) ? c.securityContext.runAsUser : 1000670000)
  validations:
    - {expression: "variables.contexts.all(user, user >= 1000670000 && user <= 1000679999)", message: refused by the platform}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: users}
spec: {policyName: users, validationActions: [Deny]}
`

const likeUserNamespaces = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: hostusers}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  validations:
    - {expression: "has(object.spec.hostUsers) && !object.spec.hostUsers", message: refused by the platform}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: hostusers}
spec: {policyName: hostusers, validationActions: [Deny]}
`

func TestTheDisruptionBudgetIsOfTheDeployment(t *testing.T) {
	g := NewWithT(t)
	installed := kustomized(t, "../../config/default")
	budget := named[policyv1.PodDisruptionBudget](t, installed, "PodDisruptionBudget", "sts-operator-controller-manager")
	deployment := named[appsv1.Deployment](t, installed, "Deployment", "sts-operator-controller-manager")
	g.Expect(budget.Spec.Selector).To(Equal(deployment.Spec.Selector))
	g.Expect(budget.Spec.MaxUnavailable.IntValue()).To(Equal(1))
	g.Expect(*deployment.Spec.Replicas).To(BeNumerically(">", 1))
}
