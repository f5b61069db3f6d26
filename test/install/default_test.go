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
	"testing"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// TestTheManagerRunsWithExactlyItsPermissions runs the manager as its ServiceAccount, with the roles of config/rbac and no
// others, through everything that needs a permission.
func TestTheManagerRunsWithExactlyItsPermissions(t *testing.T) {
	g := NewWithT(t)
	cluster, stsURL := startCluster(t)
	create(t, cluster.Client, rolesOf(t)...)
	operator := startOperator(t, cluster, "controller-manager", "--log-level=5")
	create(t, cluster.Client, manifests(t, fmt.Sprintf(demo, stsURL))...)
	expectSecretsToFollow(t, operator)

	t.Log("events and the lease are written")
	events := &eventsv1.EventList{}
	g.Eventually(func(g Gomega) {
		g.Expect(operator.admin.List(t.Context(), events)).To(Succeed())
		g.Expect(events.Items).To(ContainElements(HaveField("Reason", "Issued"), HaveField("Reason", "Verified")))
	}, patience, interval).Should(Succeed())
	lease := &coordinationv1.Lease{}
	g.Expect(operator.admin.Get(t.Context(), client.ObjectKey{Namespace: systemNamespace, Name: "sts-operator.dev"}, lease)).To(Succeed())
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Not(BeEmpty())))

	t.Log("probes answer everybody, metrics only who may read them")
	expectStatus(t, "http://"+operator.probes+"/readyz", "", http.StatusOK)
	expectStatus(t, "http://"+operator.probes+"/healthz", "", http.StatusOK)
	expectStatus(t, "https://"+operator.metrics+"/metrics", "", http.StatusUnauthorized)
	operator.expectMetrics(t, "default", http.StatusForbidden)
	operator.expectMetrics(t, "prometheus", http.StatusOK)

	t.Log("it ends at SIGTERM, gives up its lease, and was refused nothing")
	g.Expect(refused(operator.stop(t))).To(BeEmpty())
	g.Expect(operator.admin.Get(t.Context(), client.ObjectKeyFromObject(lease), lease)).To(Succeed())
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(BeEmpty()))
	g.Expect(operator.Output()).NotTo(ContainSubstring("forbidden"))
	g.Expect(operator.Output()).NotTo(ContainSubstring(stsfake.DefaultSecretAccessKey))
}

// expectSecretsToFollow has a session issued, renamed and labelled: a rename creates and deletes Secrets, a label patches one.
func expectSecretsToFollow(t *testing.T, operator *operator) {
	t.Helper()
	g := NewWithT(t)
	fs := &v1alpha1.FederatedSession{}
	fs.Namespace, fs.Name = "team-a", "reports"
	secretOf := func() string {
		g.Expect(operator.admin.Get(t.Context(), client.ObjectKeyFromObject(fs), fs)).To(Succeed())
		return fs.Status.SecretName
	}
	g.Eventually(secretOf, patience, interval).Should(Equal("reports"))
	fs.Spec.Secret.Name = "renamed"
	g.Expect(operator.admin.Update(t.Context(), fs)).To(Succeed())
	g.Eventually(secretOf, patience, interval).Should(Equal("renamed"))
	fs.Spec.Secret.Template.Metadata.Labels = map[string]v1alpha1.LabelValue{"a": "b"}
	g.Expect(operator.admin.Update(t.Context(), fs)).To(Succeed())
	secrets := &corev1.SecretList{}
	g.Eventually(func(g Gomega) {
		g.Expect(operator.admin.List(t.Context(), secrets, client.InNamespace("team-a"), client.MatchingLabels{"a": "b"})).To(Succeed())
		g.Expect(secrets.Items).To(HaveLen(1))
	}, patience, interval).Should(Succeed())
}

const demo = `
apiVersion: v1
kind: Namespace
metadata: {name: team-a}
---
apiVersion: v1
kind: Secret
metadata: {name: broker, namespace: sts-operator-system}
stringData: {AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE, AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
---
apiVersion: sts-operator.dev/v1alpha1
kind: ClusterSessionIssuer
metadata: {name: broker}
spec: {region: us-east-1, endpoint: "%s", accessKey: {secretRef: {name: broker}}, allowedNamespaces: {}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: reports, namespace: team-a}
spec: {name: reports, issuerRef: {kind: ClusterSessionIssuer, name: broker}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: sts-operator-system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: sts-operator-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: prometheus}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-reader}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: sts-operator-system}]
`
