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
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/sts-operator/sts-operator/test/controlplane"
)

func TestTheNamespacedInstallIsNamespaced(t *testing.T) {
	g := NewWithT(t)
	installed := kustomized(t, "../../config/namespaced")
	g.Expect(namesOf(installed)).To(ConsistOf(
		"sts-operator-system Deployment sts-operator-controller-manager",
		"sts-operator-system NetworkPolicy sts-operator-allow-metrics",
		"sts-operator-system PodDisruptionBudget sts-operator-controller-manager",
		"sts-operator-system Role sts-operator-leader-election",
		"sts-operator-system RoleBinding sts-operator-leader-election",
		"sts-operator-system ServiceAccount sts-operator-controller-manager",
		"team-a Role sts-operator-manager",
		"team-a RoleBinding sts-operator-manager",
	))
	g.Expect(argumentsOf(t, installed)).To(ConsistOf(
		"--leader-elect", "--health-probe-bind-address=:8081",
		"--namespaces=team-a", "--cluster-issuers=false",
		"--metrics-bind-address=127.0.0.1:8080", "--metrics-secure=false",
	))
	g.Expect(namesOf(kustomized(t, "../../config/namespaced/cluster"))).To(ConsistOf(
		"Namespace sts-operator-system",
		"CustomResourceDefinition clustersessionissuers.sts-operator.dev",
		"CustomResourceDefinition federatedsessions.sts-operator.dev",
		"CustomResourceDefinition sessionissuers.sts-operator.dev",
		"ClusterRole sts-operator-viewer", "ClusterRole sts-operator-editor",
		"ClusterRole sts-operator-clustersessionissuer-viewer", "ClusterRole sts-operator-clustersessionissuer-editor",
		"ClusterRole sts-operator-metrics-reader",
		"ValidatingAdmissionPolicy sts-operator-fence", "ValidatingAdmissionPolicyBinding sts-operator-fence",
	))
}

// What the operator may do in a namespace follows the generated role: all of it but for what is cluster-scoped.
func TestTheNamespacedRoleIsTheGeneratedOne(t *testing.T) {
	g := NewWithT(t)
	generated := permissions(named[rbacv1.ClusterRole](t, rolesOf(t), "ClusterRole", "manager").Rules)
	expected := slices.DeleteFunc(generated, func(p string) bool {
		return strings.Contains(p, "clustersessionissuers") || p == "list namespaces" || p == "watch namespaces"
	})
	g.Expect(len(expected)).To(BeNumerically(">", 12), "the generated role was read")
	role := named[rbacv1.Role](t, kustomized(t, "../../config/namespaced"), "Role", "sts-operator-manager")
	g.Expect(permissions(role.Rules)).To(ConsistOf(expected))
}

func TestTheRightToCreateTokensIsNothingElseAndBoundInANamespaceOnly(t *testing.T) {
	g := NewWithT(t)
	optional := kustomized(t, "../../config/web-identity")
	g.Expect(namesOf(optional)).To(ConsistOf("ClusterRole sts-operator-web-identity"))
	role := named[rbacv1.ClusterRole](t, optional, "ClusterRole", "sts-operator-web-identity")
	g.Expect(permissions(role.Rules)).To(ConsistOf("create serviceaccounts/token"))
	g.Expect(role.AggregationRule).To(BeNil())
	g.Expect(namesOf(kustomized(t, "../../config/web-identity/team-a"))).To(ConsistOf("team-a RoleBinding sts-operator-web-identity"))
	for _, directory := range []string{"../../config/default", "../../config/namespaced", "../../config/namespaced/cluster"} {
		for _, o := range kustomized(t, directory) {
			g.Expect(o.GetName()).NotTo(ContainSubstring("web-identity"), directory)
		}
	}
}

// permissions are the single permissions of rules.
func permissions(rules []rbacv1.PolicyRule) []string {
	var all []string
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, controlplane.Request{Verb: verb, Group: group, Resource: resource}.String())
				}
			}
		}
	}
	return all
}
