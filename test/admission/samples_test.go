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

package admission_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

const samples = "../../config/samples"

// documents are the objects in the files of the kustomization in the directory, in its order.
func documents(t *testing.T, directory string) []*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	all := []*unstructured.Unstructured{}
	for _, file := range kustomized(t, directory) {
		content, err := os.ReadFile(filepath.Join(directory, file))
		g.Expect(err).NotTo(HaveOccurred())
		for _, document := range bytes.Split(content, []byte("\n---\n")) {
			all = append(all, &unstructured.Unstructured{Object: merged(t, string(document))})
		}
	}
	return all
}

// kustomized are the files that the kustomization in the directory lists.
func kustomized(t *testing.T, directory string) []string {
	t.Helper()
	g := NewWithT(t)
	content, err := os.ReadFile(filepath.Join(directory, "kustomization.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	kustomization := struct{ Resources []string }{}
	g.Expect(yaml.Unmarshal(content, &kustomization)).To(Succeed())
	return kustomization.Resources
}

func TestKustomizationListsEverySample(t *testing.T) {
	g := NewWithT(t)
	files, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	listed := []string{filepath.Join(samples, "kustomization.yaml")}
	for _, file := range kustomized(t, samples) {
		listed = append(listed, filepath.Join(samples, file))
	}
	g.Expect(listed).To(ConsistOf(files))
}

// In the order of the kustomization, with strict field validation.
func TestSamplesAreAccepted(t *testing.T) {
	createSamples(t)
}

func createSamples(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	namespace(t, operatorNamespace) // as `make deploy` does
	all := documents(t, samples)
	for _, o := range all {
		if o.GetKind() == "Namespace" { // an API server on its own cannot delete one
			err := k8s.Create(t.Context(), o)
			NewWithT(t).Expect(client.IgnoreAlreadyExists(err)).To(Succeed(), "%s %s", o.GetKind(), o.GetName())
			continue
		}
		create(t, o)
	}
	return all
}

// The samples fit together: every session has its issuer, every issuer its key, and the pod a session.
func TestSamplesReferToEachOther(t *testing.T) {
	g := NewWithT(t)
	all := documents(t, samples)
	have := []string{"ServiceAccount " + operatorNamespace + "/" + operatorAccount}
	for _, o := range all {
		have = append(have, fmt.Sprintf("%s %s", o.GetKind(), client.ObjectKeyFromObject(o)))
		if o.GetKind() == "FederatedSession" { // and with it comes a Secret
			have = append(have, "Secret "+o.GetNamespace()+"/"+converted[v1alpha1.FederatedSession](t, o).TargetSecretName())
		}
	}
	for _, o := range all {
		for _, needed := range neededBy(t, o) {
			g.Expect(have).To(ContainElement(needed), "what %s %s needs", o.GetKind(), o.GetName())
		}
	}
}

// neededBy are the objects that the sample names, as kind, namespace and name.
func neededBy(t *testing.T, o *unstructured.Unstructured) (needed []string) {
	t.Helper()
	need := func(kind, namespace, name string) { needed = append(needed, kind+" "+namespace+"/"+name) }
	needKeys := func(spec *v1alpha1.IssuerSpec, namespace string) {
		if spec.AccessKey != nil {
			need("Secret", namespace, spec.AccessKey.SecretRef.Name)
		}
		if spec.MFA != nil {
			need("Secret", namespace, spec.MFA.TOTPSecretRef.Name)
		}
	}
	switch o.GetKind() {
	case "FederatedSession":
		spec := converted[v1alpha1.FederatedSession](t, o).Spec
		if spec.IssuerRef.Kind == v1alpha1.ClusterSessionIssuerKind {
			need("ClusterSessionIssuer", "", spec.IssuerRef.Name)
		} else {
			need("SessionIssuer", o.GetNamespace(), spec.IssuerRef.Name)
		}
		if spec.AssumeRoleWithWebIdentity != nil {
			need("ServiceAccount", o.GetNamespace(), spec.AssumeRoleWithWebIdentity.ServiceAccountName)
		}
		if spec.AssumeRoleWithSAML != nil {
			need("Secret", o.GetNamespace(), spec.AssumeRoleWithSAML.AssertionSecretRef.Name)
		}
	case "SessionIssuer":
		needKeys(&converted[v1alpha1.SessionIssuer](t, o).Spec.IssuerSpec, o.GetNamespace())
	case "ClusterSessionIssuer":
		needKeys(&converted[v1alpha1.ClusterSessionIssuer](t, o).Spec.IssuerSpec, operatorNamespace)
	case "RoleBinding":
		binding := converted[rbacv1.RoleBinding](t, o)
		need("Role", o.GetNamespace(), binding.RoleRef.Name)
		need("ServiceAccount", binding.Subjects[0].Namespace, binding.Subjects[0].Name)
	case "Deployment":
		need("Secret", o.GetNamespace(), converted[appsv1.Deployment](t, o).Spec.Template.Spec.Volumes[0].Secret.SecretName)
	}
	return needed
}

// The Secret's config names the documented path, so the pod must mount it there and point the SDK to it.
func TestSampleDeploymentReadsTheSessionAndIsRestricted(t *testing.T) {
	const directory = "/var/run/secrets/sts-operator.dev/session"
	g := NewWithT(t)
	for _, o := range createSamples(t) {
		if o.GetKind() != "Deployment" {
			continue
		}
		spec := converted[appsv1.Deployment](t, o).Spec.Template.Spec
		container := spec.Containers[0]
		g.Expect(container.Env).To(ContainElement(corev1.EnvVar{Name: "AWS_CONFIG_FILE", Value: directory + "/config"}))
		g.Expect(container.VolumeMounts).To(ContainElement(corev1.VolumeMount{Name: spec.Volumes[0].Name, MountPath: directory, ReadOnly: true}))

		// The namespace enforces the Pod Security Standard "restricted", on pods only.
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "reports", Namespace: o.GetNamespace()}, Spec: spec}
		g.Expect(k8s.Create(t.Context(), pod.DeepCopy(), client.DryRunAll)).To(Succeed())
		pod.Spec.SecurityContext = nil
		g.Expect(k8s.Create(t.Context(), pod, client.DryRunAll)).To(MatchError(ContainSubstring("violates PodSecurity")))
		return
	}
	t.Fatal("there is no Deployment among the samples")
}

// converted is the object as the type.
func converted[T any](t *testing.T, o *unstructured.Unstructured) *T {
	t.Helper()
	typed := new(T)
	NewWithT(t).Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, typed, true)).To(Succeed())
	return typed
}
