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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// copyOfConfig is a copy of the folder config, to edit as a user does.
func copyOfConfig(t *testing.T) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config")
	NewWithT(t).Expect(os.CopyFS(config, os.DirFS("../../config"))).To(Succeed())
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
	command := exec.Command("go", "-C", "../../hack/tools", "tool", "kustomize", "build", directory)
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

// rolesOf are the objects of config/rbac.
func rolesOf(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob("../../config/rbac/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, manifests(t, strings.ReplaceAll(string(text), "namespace: system", "namespace: "+systemNamespace))...)
	}
	return objects
}

func manifests(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for document := range strings.SplitSeq(text, "---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
	return objects
}

func create(t *testing.T, c client.Client, objects ...*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		if err := c.Create(t.Context(), object); err != nil {
			t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}
