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
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// installed is the operator of an overlay, running as its ServiceAccount with the permissions that the overlay grants and
// no others.
type installed struct {
	*process
	admin    client.Client
	requests auditLog
	metrics  string // its address
	probes   string
	sts      string // its URL
}

const account = "sts-operator-controller-manager"

// install applies an overlay and runs its Deployment.
func install(t *testing.T, config string) installed {
	t.Helper()
	environment, admin, requests := startAPIServer(t)
	server := httptest.NewServer(stsfake.New(time.Now, worldWith(t, environment)))
	t.Cleanup(server.Close)
	for _, namespace := range []string{"team-a", "team-b", "team-c"} {
		create(t, admin, manifests(t, fmt.Sprintf(tenant, namespace, server.URL))...)
	}
	apply(t, admin, kustomized(t, filepath.Join(config, "namespaced/cluster"))...)
	objects := kustomized(t, filepath.Join(config, "namespaced"))
	apply(t, admin, objects...)
	i := installed{admin: admin, requests: requests, metrics: freeAddress(t), probes: freeAddress(t), sts: server.URL}
	i.process = startManager(t, append(argumentsOf(t, objects), "--kubeconfig", kubeconfigOf(t, environment, account),
		"--operator-namespace", systemNamespace, "--metrics-bind-address", i.metrics, "--health-probe-bind-address", i.probes)...)
	return i
}

// worldWith trusts the tokens of the API server's ServiceAccounts.
func worldWith(t *testing.T, environment *envtest.Environment) stsfake.World {
	t.Helper()
	g := NewWithT(t)
	clients, err := kubernetes.NewForConfig(environment.Config)
	g.Expect(err).NotTo(HaveOccurred())
	keys, err := clients.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	world, err := stsfake.ParseWorld(fmt.Appendf(nil, world, oidcIssuer, keys))
	g.Expect(err).NotTo(HaveOccurred())
	return world
}

const world = `
accounts:
  - id: "123456789012"
    users:
      - name: demo
        keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]
    roles:
      - name: workload
        trust:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/cluster"}
              Action: server:AssumeRoleWithWebIdentity
    oidcProviders:
      - {url: "%s", clientIDs: [sts.amazonaws.com], jwks: %s}
`

const tenant = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: Secret
metadata: {name: broker, namespace: %[1]s}
stringData: {AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE, AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
---
apiVersion: sts-operator.dev/v1alpha1
kind: SessionIssuer
metadata: {name: broker, namespace: %[1]s}
spec: {region: us-east-1, endpoint: "%[2]s", accessKey: {secretRef: {name: broker}}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: reports, namespace: %[1]s}
spec: {name: reports, issuerRef: {kind: SessionIssuer, name: broker}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: shared, namespace: %[1]s}
spec: {name: shared, issuerRef: {kind: ClusterSessionIssuer, name: broker}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: workload, namespace: %[1]s}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: workload, namespace: %[1]s}
spec:
  name: workload
  issuerRef: {kind: SessionIssuer, name: broker}
  assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/workload", serviceAccountName: workload}
`

// expectSession waits for a session that is Ready for this reason, or is not.
func (i installed) expectSession(t *testing.T, namespace, name, reason string) *metav1.Condition {
	t.Helper()
	fs := &v1alpha1.FederatedSession{}
	NewWithT(t).Eventually(func(g Gomega) {
		g.Expect(i.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, fs)).To(Succeed())
		g.Expect(fs.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ReadyCondition), HaveField("Reason", reason))))
	}, patience, interval).Should(Succeed(), "%s/%s", namespace, name)
	return meta.FindStatusCondition(fs.Status.Conditions, v1alpha1.ReadyCondition)
}

// expectSecret waits for the Secret of a session, other than one that there was.
func (i installed) expectSecret(t *testing.T, namespace, name string, other *corev1.Secret) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{}
	NewWithT(t).Eventually(func(g Gomega) {
		g.Expect(i.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, secret)).To(Succeed())
		g.Expect(secret.Data).To(HaveKey(v1alpha1.AccessKeyIDKey))
		g.Expect(secret.UID).NotTo(Equal(other.GetUID()))
	}, patience, interval).Should(Succeed(), "%s/%s", namespace, name)
	return secret
}

// expectUntouched looks at a namespace that is not served.
func (i installed) expectUntouched(t *testing.T, namespace string) {
	t.Helper()
	g := NewWithT(t)
	sessions, issuers, secrets := &v1alpha1.FederatedSessionList{}, &v1alpha1.SessionIssuerList{}, &corev1.SecretList{}
	for _, list := range []client.ObjectList{sessions, issuers, secrets} {
		g.Expect(i.admin.List(t.Context(), list, client.InNamespace(namespace))).To(Succeed())
	}
	g.Expect(sessions.Items).To(HaveLen(3))
	g.Expect(sessions.Items).To(HaveEach(HaveField("Status.Conditions", BeEmpty())))
	g.Expect(issuers.Items).To(HaveEach(HaveField("Status.Conditions", BeEmpty())))
	g.Expect(secrets.Items).To(HaveLen(1), "the issuer's key")
}

// retry has a session tried again at once.
func (i installed) retry(t *testing.T, namespace, name string) {
	t.Helper()
	fs := &v1alpha1.FederatedSession{}
	fs.Namespace, fs.Name = namespace, name
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"sts-operator.dev/rotate-requested-at":"%d"}}}`, time.Now().UnixNano())
	NewWithT(t).Expect(i.admin.Patch(t.Context(), fs, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
}

// retryUntil tries until the API server has taken the new permission up.
func (i installed) retryUntil(t *testing.T, namespace, name, reason string) {
	t.Helper()
	NewWithT(t).Eventually(func(g Gomega) {
		i.retry(t, namespace, name)
		fs := &v1alpha1.FederatedSession{}
		g.Eventually(func(g Gomega) {
			g.Expect(i.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, fs)).To(Succeed())
			g.Expect(fs.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ReadyCondition), HaveField("Reason", reason))))
		}, 2*time.Second, interval).Should(Succeed())
	}, patience, interval).Should(Succeed(), "%s/%s", namespace, name)
}

const clusterIssuer = `
apiVersion: v1
kind: Secret
metadata: {name: broker, namespace: sts-operator-system}
stringData: {AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE, AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
---
apiVersion: sts-operator.dev/v1alpha1
kind: ClusterSessionIssuer
metadata: {name: broker}
spec: {region: us-east-1, endpoint: "%s", accessKey: {secretRef: {name: broker}}, allowedNamespaces: {}}
`
