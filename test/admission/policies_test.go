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
	"context"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// The folders of the policies: config/fence is part of config/default, config/admission is not.
var policies = []string{"../../config/fence", "../../config/admission"}

// ours is the API group.
var ours = v1alpha1.GroupVersion.Group

// install puts a policy of config/admission and its binding into the API server until the end of the test. The API server
// takes both up, and drops them, when it finds the time: isActive, which must change nothing, asks whether it has.
func install(t *testing.T, policy string, isActive func(context.Context) bool) {
	t.Helper()
	g := NewWithT(t)
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() { // after the deletions: else the next test would take these for its own
		g.Eventually(isActive).WithArguments(ctx).Should(BeFalse(), "%s is gone", policy)
	})
	kinds := []string{}
	for _, o := range allPolicies(t) {
		if o.GetName() == policy {
			create(t, o)
			kinds = append(kinds, o.GetKind())
		}
	}
	g.Expect(kinds).To(ConsistOf("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"))
	g.Eventually(isActive).WithArguments(ctx).Should(BeTrue(), "%s is active", policy)
}

// allPolicies are the policies and bindings of all folders.
func allPolicies(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for _, folder := range policies {
		all = append(all, documents(t, folder)...)
	}
	return all
}

// as is a client of another user. The API server asks its authorizer as for the user itself.
func as(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	config := rest.CopyConfig(connection)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: append(groups, "system:authenticated")}
	return clientOf(t, config)
}

func clientOf(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	c, err := client.New(config, client.Options{Mapper: k8s.RESTMapper(), Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	return client.WithFieldValidation(c, "Strict")
}

// right is a rule, and the namespace that it is for; none is the whole cluster.
type right struct {
	namespace, verb, group, resource, name string
}

func (r right) rule() rbacv1.PolicyRule {
	rule := rbacv1.PolicyRule{Verbs: []string{r.verb}, APIGroups: []string{r.group}, Resources: []string{r.resource}}
	if r.name != "" {
		rule.ResourceNames = []string{r.name}
	}
	return rule
}

// grant gives the user the rights until the end of the test, and returns when the API server knows of them.
func grant(t *testing.T, user string, rights ...right) {
	t.Helper()
	g := NewWithT(t)
	for _, r := range rights {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: "granted-"}, Rules: []rbacv1.PolicyRule{r.rule()}}
		create(t, role)
		bind(t, user, role.Name, r.namespace)
		resource, subresource, _ := strings.Cut(r.resource, "/")
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: r.namespace, Verb: r.verb, Group: r.group, Resource: resource, Subresource: subresource, Name: r.name,
			},
		}}
		g.Eventually(func() bool {
			answered := review.DeepCopy()
			g.Expect(k8s.Create(t.Context(), answered)).To(Succeed())
			return answered.Status.Allowed
		}).Should(BeTrue(), "%s has %v", user, r)
	}
}

// bind gives the user the cluster role in the namespace, or, where that is empty, in the whole cluster.
func bind(t *testing.T, user, role, namespace string) {
	t.Helper()
	name := metav1.ObjectMeta{GenerateName: "granted-", Namespace: namespace}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
	if namespace == "" {
		create(t, &rbacv1.ClusterRoleBinding{ObjectMeta: name, Subjects: subjects, RoleRef: ref})
		return
	}
	create(t, &rbacv1.RoleBinding{ObjectMeta: name, Subjects: subjects, RoleRef: ref})
}

// namespace makes sure of a namespace. An API server on its own cannot delete one, so it stays.
func namespace(t *testing.T, name string) {
	t.Helper()
	err := k8s.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	NewWithT(t).Expect(client.IgnoreAlreadyExists(err)).To(Succeed())
}

// session is one with the name, and the changes to the least spec.
func session(t *testing.T, name string, changes ...string) *unstructured.Unstructured {
	t.Helper()
	o := object(t, "FederatedSession", changes...)
	o.SetGenerateName("")
	o.SetName(name)
	return o
}

// stored is the object as the API server has it.
func stored(t *testing.T, o client.Object) *unstructured.Unstructured {
	t.Helper()
	read := &unstructured.Unstructured{}
	gvk, err := k8s.GroupVersionKindFor(o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	read.SetGroupVersionKind(gvk)
	NewWithT(t).Expect(k8s.Get(t.Context(), client.ObjectKeyFromObject(o), read)).To(Succeed())
	return read
}

// beRefusedBy is about an error that says that the policy forbids the request, and why.
func beRefusedBy(policy, because string) OmegaMatcher {
	return SatisfyAll(
		WithTransform(apierrors.IsForbidden, BeTrue()),
		MatchError(ContainSubstring("ValidatingAdmissionPolicy '"+policy+"' with binding '"+policy+"' denied request: ")),
		MatchError(ContainSubstring(because)))
}

func TestKustomizationListsEveryPolicy(t *testing.T) {
	g := NewWithT(t)
	folder := "../../config/admission"
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	listed := []string{filepath.Join(folder, "kustomization.yaml")}
	for _, file := range kustomized(t, folder) {
		listed = append(listed, filepath.Join(folder, file))
	}
	g.Expect(listed).To(ConsistOf(files))
}

// Only warnings may be missing: a policy that refuses must refuse what it cannot judge.
func TestPoliciesThatRefuseFailClosed(t *testing.T) {
	g := NewWithT(t)
	failure, actions := map[string]string{}, map[string][]string{}
	for _, o := range allPolicies(t) {
		if o.GetKind() == "ValidatingAdmissionPolicy" {
			failure[o.GetName()], _, _ = unstructured.NestedString(o.Object, "spec", "failurePolicy")
			continue
		}
		actions[o.GetName()], _, _ = unstructured.NestedStringSlice(o.Object, "spec", "validationActions")
	}
	g.Expect(failure).To(Equal(map[string]string{issuerUse: "Fail", fence: "Fail", hints: "Ignore"}))
	g.Expect(actions).To(Equal(map[string][]string{issuerUse: {"Deny"}, fence: {"Deny", "Audit"}, hints: {"Warn"}}))
}

// The largest session, and the same with the last of its fields changed: what comparing both costs most.
func largest(t *testing.T) (before, after *unstructured.Unstructured) {
	t.Helper()
	before = session(t, "largest", largestSession)
	after = before.DeepCopy()
	NewWithT(t).Expect(unstructured.SetNestedField(after.Object, false, "spec", "suspend")).To(Succeed())
	return before, after
}
