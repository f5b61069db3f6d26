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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// copyOfConfig is a copy of the folder config, to edit as a user does.
func copyOfConfig(t *testing.T) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config")
	NewWithT(t).Expect(os.CopyFS(config, os.DirFS("../config"))).To(Succeed())
	return config
}

// edit replaces what occurs once in a file.
func edit(t *testing.T, file, old, replacement string) {
	t.Helper()
	g := NewWithT(t)
	text, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Count(string(text), old)).To(Equal(1), "%q in %s", old, file)
	g.Expect(os.WriteFile(file, []byte(strings.Replace(string(text), old, replacement, 1)), 0o600)).To(Succeed())
}

// kustomized is what kustomize, of the version in hack/tools, makes of a folder.
func kustomized(t *testing.T, directory string) []*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	directory, err := filepath.Abs(directory)
	g.Expect(err).NotTo(HaveOccurred())
	command := exec.Command("go", "-C", "../hack/tools", "tool", "kustomize", "build", directory)
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOOS=", "GOARCH=")
	var problem strings.Builder
	command.Stderr = &problem
	text, err := command.Output()
	g.Expect(err).NotTo(HaveOccurred(), problem.String())
	return manifests(t, string(text))
}

// apply is kubectl apply --server-side. The CRDs are there from the start.
func apply(t *testing.T, c client.Client, objects ...*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == "CustomResourceDefinition" {
			continue
		}
		err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubectl"), client.ForceOwnership)
		if err != nil {
			t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}

// named is the object of a kind and name.
func named[T any](t *testing.T, objects []*unstructured.Unstructured, kind, name string) T {
	t.Helper()
	var out T
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind && o.GetName() == name })
	NewWithT(t).Expect(i).To(BeNumerically(">=", 0), "%s %s", kind, name)
	NewWithT(t).Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(objects[i].Object, &out)).To(Succeed())
	return out
}

func namesOf(objects []*unstructured.Unstructured) []string {
	var names []string
	for _, o := range objects {
		names = append(names, strings.TrimPrefix(o.GetNamespace()+" ", " ")+o.GetKind()+" "+o.GetName())
	}
	return names
}

func argumentsOf(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()
	deployment := named[appsv1.Deployment](t, objects, "Deployment", "sts-operator-controller-manager")
	return deployment.Spec.Template.Spec.Containers[0].Args
}

func TestTheNamespacedInstallIsNamespaced(t *testing.T) {
	g := NewWithT(t)
	installed := kustomized(t, "../config/namespaced")
	g.Expect(namesOf(installed)).To(ConsistOf(
		"sts-operator-system Deployment sts-operator-controller-manager",
		"sts-operator-system NetworkPolicy sts-operator-allow-metrics",
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
	g.Expect(namesOf(kustomized(t, "../config/namespaced/cluster"))).To(ConsistOf(
		"Namespace sts-operator-system",
		"CustomResourceDefinition clustersessionissuers.sts-operator.dev",
		"CustomResourceDefinition federatedsessions.sts-operator.dev",
		"CustomResourceDefinition sessionissuers.sts-operator.dev",
		"ClusterRole sts-operator-viewer", "ClusterRole sts-operator-editor",
		"ClusterRole sts-operator-clustersessionissuer-viewer", "ClusterRole sts-operator-clustersessionissuer-editor",
		"ClusterRole sts-operator-metrics-reader",
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
	role := named[rbacv1.Role](t, kustomized(t, "../config/namespaced"), "Role", "sts-operator-manager")
	g.Expect(permissions(role.Rules)).To(ConsistOf(expected))
}

func TestTheRightToCreateTokensIsNothingElseAndBoundInANamespaceOnly(t *testing.T) {
	g := NewWithT(t)
	optional := kustomized(t, "../config/web-identity")
	g.Expect(namesOf(optional)).To(ConsistOf("ClusterRole sts-operator-web-identity"))
	role := named[rbacv1.ClusterRole](t, optional, "ClusterRole", "sts-operator-web-identity")
	g.Expect(permissions(role.Rules)).To(ConsistOf("create serviceaccounts/token"))
	g.Expect(role.AggregationRule).To(BeNil())
	g.Expect(namesOf(kustomized(t, "../config/web-identity/team-a"))).To(ConsistOf("team-a RoleBinding sts-operator-web-identity"))
	for _, directory := range []string{"../config/default", "../config/namespaced", "../config/namespaced/cluster"} {
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
					all = append(all, access{Verb: verb, Group: group, Resource: resource}.String())
				}
			}
		}
	}
	return all
}
