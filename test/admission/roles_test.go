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
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// Kubernetes adds every role with an aggregation label to its own role view, edit or admin. No controller does so here:
// a user who has the labelled roles, and no other, shows what they add.
func TestWhatTheAggregatedRolesAllow(t *testing.T) {
	read := []string{"get", "list", "watch"}
	write := []string{"create", "update", "patch", "delete", "deletecollection"}
	for role, allowed := range map[string][]string{
		"view":  read,
		"edit":  slices.Concat(read, write),
		"admin": slices.Concat(read, write),
	} {
		t.Run(role, func(t *testing.T) {
			g := NewWithT(t)
			bindAggregated(t, role)
			// What is allowed comes first: after it every role has reached the authorizer, and a no is a no.
			for _, resource := range []string{"federatedsessions", "sessionissuers"} {
				for _, verb := range slices.Concat(read, write) {
					expected := slices.Contains(allowed, verb)
					g.Eventually(func() bool { return may(t, role, verb, resource) }).Should(Equal(expected), "%s %s", verb, resource)
				}
			}
			for _, resource := range []string{"clustersessionissuers", "secrets", "federatedsessions/status", "sessionissuers/status"} {
				for _, verb := range slices.Concat(read, write) {
					g.Expect(may(t, role, verb, resource)).To(BeFalse(), "%s %s", verb, resource)
				}
			}
		})
	}
}

// bindAggregated gives the user with the name of the role all that config/rbac adds to it.
func bindAggregated(t *testing.T, role string) {
	t.Helper()
	user := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: role}}
	bound := 0
	for _, o := range documents(t, "../../config/rbac") {
		if o.GetLabels()["rbac.authorization.k8s.io/aggregate-to-"+role] != "true" {
			continue
		}
		rules := converted[rbacv1.ClusterRole](t, o).Rules
		name := metav1.ObjectMeta{Name: "test-" + role + "-" + o.GetName()}
		create(t, &rbacv1.ClusterRole{ObjectMeta: name, Rules: rules})
		create(t, &rbacv1.ClusterRoleBinding{
			ObjectMeta: name,
			Subjects:   user,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name.Name},
		})
		bound++
	}
	NewWithT(t).Expect(bound).To(BeNumerically(">", 0), "roles with the label")
}

// may is what the API server answers to kubectl auth can-i.
func may(t *testing.T, user, verb, resource string) bool {
	t.Helper()
	resource, subresource, _ := strings.Cut(resource, "/")
	group := v1alpha1.GroupVersion.Group
	if resource == "secrets" {
		group = ""
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: "default", Verb: verb, Group: group, Resource: resource, Subresource: subresource,
		},
	}}
	NewWithT(t).Expect(k8s.Create(t.Context(), review)).To(Succeed())
	return review.Status.Allowed
}
