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
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/controlplane"
)

// TestTheNamespacedInstallNeedsItsRolesAndNothingElse takes an install for two namespaces through everything that needs a
// permission.
func TestTheNamespacedInstallNeedsItsRolesAndNothingElse(t *testing.T) {
	g := NewWithT(t)
	config := copyOfConfig(t)
	t.Log("a namespace is added as docs/namespaced.md says")
	g.Expect(os.CopyFS(filepath.Join(config, "namespaced/team-b"), os.DirFS(filepath.Join(config, "namespaced/team-a")))).To(Succeed())
	edit(t, filepath.Join(config, "namespaced/team-b/kustomization.yaml"), "namespace: team-a", "namespace: team-b")
	edit(t, filepath.Join(config, "namespaced/kustomization.yaml"), "  - team-a\n", "  - team-a\n  - team-b\n")
	edit(t, filepath.Join(config, "namespaced/kustomization.yaml"), "--namespaces=team-a", "--namespaces=team-a,team-b")
	operator := install(t, config)

	t.Log("sessions of served namespaces get their Secrets, and lost ones again")
	for _, namespace := range []string{"team-a", "team-b"} {
		operator.expectSession(t, namespace, "reports", v1alpha1.ReasonIssued)
		secret := operator.expectSecret(t, namespace, "reports", &corev1.Secret{})
		g.Expect(operator.admin.Delete(t.Context(), secret)).To(Succeed())
		operator.expectSecret(t, namespace, "reports", secret)
	}

	t.Log("a rename creates and deletes Secrets, a label patches one")
	fs := &v1alpha1.FederatedSession{}
	g.Expect(operator.admin.Get(t.Context(), client.ObjectKey{Namespace: "team-a", Name: "reports"}, fs)).To(Succeed())
	fs.Spec.Secret = v1alpha1.SecretTarget{Name: "renamed"}
	g.Expect(operator.admin.Update(t.Context(), fs)).To(Succeed())
	renamed := operator.expectSecret(t, "team-a", "renamed", &corev1.Secret{})
	former := &corev1.Secret{}
	g.Eventually(func() bool {
		return apierrors.IsNotFound(operator.admin.Get(t.Context(), client.ObjectKey{Namespace: "team-a", Name: "reports"}, former))
	}, patience, interval).Should(BeTrue())
	g.Expect(operator.admin.Get(t.Context(), client.ObjectKeyFromObject(fs), fs)).To(Succeed())
	fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"a": "b"}
	g.Expect(operator.admin.Update(t.Context(), fs)).To(Succeed())
	g.Eventually(func() map[string]string {
		g.Expect(operator.admin.Get(t.Context(), client.ObjectKeyFromObject(renamed), renamed)).To(Succeed())
		return renamed.Labels
	}, patience, interval).Should(HaveKeyWithValue("a", "b"))

	t.Log("ClusterSessionIssuers are not served, and the session says so")
	create(t, operator.admin, manifests(t, fmt.Sprintf(clusterIssuer, operator.sts))...)
	refusal := operator.expectSession(t, "team-a", "shared", v1alpha1.ReasonIssuerNotFound)
	g.Expect(refusal.Status).To(Equal(metav1.ConditionFalse))
	g.Expect(refusal.Message).To(ContainSubstring("use a SessionIssuer of namespace team-a"))

	t.Log("it is ready, and metrics are read on localhost")
	expectStatus(t, "http://"+operator.probes+"/readyz", "", http.StatusOK)
	expectStatus(t, "http://"+operator.metrics+"/metrics", "", http.StatusOK)

	operator.expectUntouched(t, "team-c")
	expectTokensWhereBound(t, operator, config)

	all := operator.stop(t)
	g.Expect(refused(all)).To(HaveEach(HaveField("String()", "create serviceaccounts/token")), "while it was not bound; nothing else")
	g.Expect(outside(all, "team-a", "team-b", systemNamespace)).To(BeEmpty())
	g.Expect(outside(all, "team-a", "team-b")).To(HaveEach(MatchRegexp(`^(create|get|update|patch) (coordination.k8s.io/leases|events)$`)))
	g.Expect(all).To(ContainElement(controlplane.Request{Verb: "get", Resource: "namespaces", Namespace: "team-a"}))
	g.Expect(all).To(ContainElement(controlplane.Request{Verb: "delete", Resource: "secrets", Namespace: "team-a"}))
}

// expectTokensWhereBound: config/web-identity gives nothing until it is bound, then in that namespace alone, and in a Role
// of one's own for the named ServiceAccounts alone.
func expectTokensWhereBound(t *testing.T, operator *operator, config string) {
	t.Helper()
	t.Log("the right to create tokens is off until it is bound")
	for _, namespace := range []string{"team-a", "team-b"} {
		operator.expectSession(t, namespace, "workload", v1alpha1.ReasonTokenRequestForbidden)
	}
	apply(t, operator.admin, kustomized(t, filepath.Join(config, "web-identity"))...)
	operator.retry(t, "team-a", "workload")
	operator.expectSession(t, "team-a", "workload", v1alpha1.ReasonTokenRequestForbidden)

	t.Log("bound in one namespace, it holds there")
	apply(t, operator.admin, kustomized(t, filepath.Join(config, "web-identity/team-a"))...)
	operator.retryUntil(t, "team-a", "workload", v1alpha1.ReasonIssued)
	operator.retry(t, "team-b", "workload")
	operator.expectSession(t, "team-b", "workload", v1alpha1.ReasonTokenRequestForbidden)

	t.Log("a Role can name the ServiceAccounts")
	create(t, operator.admin, manifests(t, namedAccounts)...)
	operator.retryUntil(t, "team-b", "workload", v1alpha1.ReasonIssued)
	operator.expectSession(t, "team-b", "other", v1alpha1.ReasonTokenRequestForbidden)
}

const namedAccounts = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: sts-operator-web-identity, namespace: team-b}
rules:
  - {apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [workload], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sts-operator-web-identity, namespace: team-b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sts-operator-web-identity}
subjects: [{kind: ServiceAccount, name: sts-operator-controller-manager, namespace: sts-operator-system}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: other, namespace: team-b}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: other, namespace: team-b}
spec:
  name: other
  issuerRef: {kind: SessionIssuer, name: broker}
  assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/workload", serviceAccountName: other}
`

// TestWhatRemainsClusterWideWithClusterIssuers runs the component cluster-issuers, with authenticated metrics, and lists what
// the operator then asks for outside its namespaces: the rules that docs/namespaced.md names, and no others.
func TestWhatRemainsClusterWideWithClusterIssuers(t *testing.T) {
	g := NewWithT(t)
	config := copyOfConfig(t)
	edit(t, filepath.Join(config, "namespaced/kustomization.yaml"), "  - local-metrics\n", "  - cluster-issuers\n")
	operator := install(t, config)
	create(t, operator.admin, manifests(t, delegator)...)
	create(t, operator.admin, manifests(t, fmt.Sprintf(clusterIssuer, operator.sts))...)

	operator.expectSession(t, "team-a", "shared", v1alpha1.ReasonIssued)
	operator.expectSession(t, "team-a", "reports", v1alpha1.ReasonIssued)
	operator.expectMetrics(t, "prometheus", http.StatusOK)
	operator.expectUntouched(t, "team-b")

	all := operator.stop(t)
	g.Expect(refused(all)).To(HaveEach(HaveField("String()", "create serviceaccounts/token")))
	clusterWide := slices.DeleteFunc(outside(all, "team-a", systemNamespace), func(one string) bool {
		// An API server that can lists within the watch. An event that comes again is patched.
		return strings.HasPrefix(one, "list ") || one == "patch events.k8s.io/events"
	})
	g.Expect(clusterWide).To(ConsistOf(
		"watch namespaces", "watch sts-operator.dev/clustersessionissuers", "patch sts-operator.dev/clustersessionissuers/status",
		"create events.k8s.io/events", // in namespace default
		"create authentication.k8s.io/tokenreviews", "create authorization.k8s.io/subjectaccessreviews",
	))
	g.Expect(all).To(ContainElement(controlplane.Request{Verb: "get", Resource: "secrets", Namespace: systemNamespace}))
	g.Expect(all).To(ContainElement(controlplane.Request{Verb: "create", Group: "events.k8s.io", Resource: "events", Namespace: "default"}))
}

// delegator is what kubectl create clusterrolebinding makes, and a scraper.
const delegator = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sts-operator-metrics-auth}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:auth-delegator"}
subjects: [{kind: ServiceAccount, name: sts-operator-controller-manager, namespace: sts-operator-system}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: sts-operator-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: prometheus}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sts-operator-metrics-reader}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: sts-operator-system}]
`

// TestANamespaceThatCannotBeServedStopsNoOther, be it that it does not exist or that the Role is missing there.
func TestANamespaceThatCannotBeServedStopsNoOther(t *testing.T) {
	g := NewWithT(t)
	config := copyOfConfig(t)
	edit(t, filepath.Join(config, "namespaced/kustomization.yaml"), "--namespaces=team-a", "--namespaces=gone,team-a,team-b")
	operator := install(t, config)

	operator.expectSession(t, "team-a", "reports", v1alpha1.ReasonIssued)
	expectStatus(t, "http://"+operator.probes+"/readyz", "", http.StatusOK)
	g.Expect(operator.Output()).To(And(
		MatchRegexp(`cannot serve a namespace.*"namespace":"gone"`), MatchRegexp(`cannot serve a namespace.*"namespace":"team-b"`),
	))
	operator.expectUntouched(t, "team-b")

	t.Log("with the Role there, it ends so that it is started again with all that it can serve")
	g.Expect(os.CopyFS(filepath.Join(config, "namespaced/team-b"), os.DirFS(filepath.Join(config, "namespaced/team-a")))).To(Succeed())
	edit(t, filepath.Join(config, "namespaced/team-b/kustomization.yaml"), "namespace: team-a", "namespace: team-b")
	apply(t, operator.admin, kustomized(t, filepath.Join(config, "namespaced/team-b"))...)
	g.Eventually(operator.Output, patience, interval).Should(MatchRegexp(`ending, to start again.*"namespace":"team-b"`))
}

// TestNoNamespaceThatCanBeServed: the operator does not become ready, so that a rollout to one that lacks a permission stops.
func TestNoNamespaceThatCanBeServed(t *testing.T) {
	g := NewWithT(t)
	config := copyOfConfig(t)
	edit(t, filepath.Join(config, "namespaced/kustomization.yaml"), "--namespaces=team-a", "--namespaces=team-b,gone")
	operator := install(t, config)
	g.Eventually(operator.Output, patience, interval).Should(MatchRegexp(`secrets is forbidden.*team-b`))
	expectStatus(t, "http://"+operator.probes+"/healthz", "", http.StatusOK)
	g.Expect(statusOf(t, "http://"+operator.probes+"/readyz", "")).To(Equal(http.StatusInternalServerError))
	operator.expectUntouched(t, "team-a")
}
