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
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/program"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// operator is the manager, running as a ServiceAccount with the permissions that its install grants and no others.
type operator struct {
	*program.Process
	cluster *controlplane.ControlPlane
	admin   client.Client
	account string // the ServiceAccount
	metrics string // its address
	probes  string // its address
	sts     string // its URL
}

// account is the ServiceAccount of an overlay.
const account = "sts-operator-controller-manager"

// startCluster starts a control plane that logs what ServiceAccounts request, and an STS that trusts their tokens.
func startCluster(t *testing.T) (cluster *controlplane.ControlPlane, stsURL string) {
	t.Helper()
	cluster = controlplane.StartFor(t, controlplane.WithAuditLog(), controlplane.WithAPIServerFlag("service-account-issuer", oidcIssuer))
	namespace := &corev1.Namespace{}
	namespace.Name = systemNamespace
	NewWithT(t).Expect(cluster.Client.Create(t.Context(), namespace)).To(Succeed())
	server := httptest.NewServer(stsfake.NewServer(time.Now, worldWith(t, cluster)))
	t.Cleanup(server.Close)
	return cluster, server.URL
}

// startOperator runs the manager as a ServiceAccount of the operator's namespace.
func startOperator(t *testing.T, cluster *controlplane.ControlPlane, account string, arguments ...string) *operator {
	t.Helper()
	g := NewWithT(t)
	kubeconfig, err := cluster.KubeconfigOf(systemNamespace, account)
	g.Expect(err).NotTo(HaveOccurred())
	o := &operator{cluster: cluster, admin: cluster.Client, account: account}
	for _, address := range []*string{&o.metrics, &o.probes} {
		*address, err = program.FreeAddress()
		g.Expect(err).NotTo(HaveOccurred())
	}
	o.Process = program.StartFor(t, manager, append(slices.Clone(arguments), "--kubeconfig", kubeconfig,
		"--operator-namespace", systemNamespace, "--metrics-bind-address", o.metrics, "--health-probe-bind-address", o.probes))
	return o
}

// install applies the namespaced overlay of a folder and runs its Deployment, with a tenant in each of three namespaces.
func install(t *testing.T, config string) *operator {
	t.Helper()
	cluster, stsURL := startCluster(t)
	for _, namespace := range []string{"team-a", "team-b", "team-c"} {
		create(t, cluster.Client, manifests(t, fmt.Sprintf(tenant, namespace, stsURL))...)
	}
	apply(t, cluster.Client, kustomized(t, filepath.Join(config, "namespaced/cluster"))...)
	objects := kustomized(t, filepath.Join(config, "namespaced"))
	apply(t, cluster.Client, objects...)
	o := startOperator(t, cluster, account, argumentsOf(t, objects)...)
	o.sts = stsURL
	return o
}

// stop ends the operator and returns what it has requested of the API server.
func (o *operator) stop(t *testing.T) []controlplane.Request {
	t.Helper()
	g := NewWithT(t)
	g.Expect(o.Stop(40 * time.Second)).To(Succeed())
	requests, err := o.cluster.RequestsOf(systemNamespace, o.account)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(requests).NotTo(BeEmpty(), "the requests of %s are in the audit log", o.account)
	return requests
}

// refused are the requests that the ServiceAccount may not make.
func refused(all []controlplane.Request) []controlplane.Request {
	return slices.DeleteFunc(slices.Clone(all), func(r controlplane.Request) bool { return !r.Refused })
}

// outside are the requests that are not for one of these namespaces.
func outside(all []controlplane.Request, namespaces ...string) []string {
	var out []string
	for _, r := range all {
		if !slices.Contains(namespaces, r.Namespace) {
			out = append(out, r.String())
		}
	}
	return out
}

// expectSession waits for a session that is Ready for this reason, or is not.
func (o *operator) expectSession(t *testing.T, namespace, name, reason string) *metav1.Condition {
	t.Helper()
	fs := &v1alpha1.FederatedSession{}
	NewWithT(t).Eventually(func(g Gomega) {
		g.Expect(o.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, fs)).To(Succeed())
		g.Expect(fs.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ReadyCondition), HaveField("Reason", reason))))
	}, patience, interval).Should(Succeed(), "%s/%s", namespace, name)
	return meta.FindStatusCondition(fs.Status.Conditions, v1alpha1.ReadyCondition)
}

// expectSecret waits for the Secret of a session, other than one that there was.
func (o *operator) expectSecret(t *testing.T, namespace, name string, other *corev1.Secret) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{}
	NewWithT(t).Eventually(func(g Gomega) {
		g.Expect(o.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, secret)).To(Succeed())
		g.Expect(secret.Data).To(HaveKey(v1alpha1.AccessKeyIDKey))
		g.Expect(secret.UID).NotTo(Equal(other.GetUID()))
	}, patience, interval).Should(Succeed(), "%s/%s", namespace, name)
	return secret
}

// expectUntouched looks at a namespace that is not served.
func (o *operator) expectUntouched(t *testing.T, namespace string) {
	t.Helper()
	g := NewWithT(t)
	sessions, issuers, secrets := &v1alpha1.FederatedSessionList{}, &v1alpha1.SessionIssuerList{}, &corev1.SecretList{}
	for _, list := range []client.ObjectList{sessions, issuers, secrets} {
		g.Expect(o.admin.List(t.Context(), list, client.InNamespace(namespace))).To(Succeed())
	}
	g.Expect(sessions.Items).To(HaveLen(3))
	pending := ConsistOf(And(HaveField("Type", v1alpha1.ReadyCondition), HaveField("Reason", v1alpha1.ReasonPending)))
	g.Expect(sessions.Items).To(HaveEach(HaveField("Status.Conditions", pending)))
	g.Expect(issuers.Items).To(HaveEach(HaveField("Status.Conditions", pending)))
	g.Expect(secrets.Items).To(HaveLen(1), "the issuer's key")
}

// retry has a session tried again at once.
func (o *operator) retry(t *testing.T, namespace, name string) {
	t.Helper()
	fs := &v1alpha1.FederatedSession{}
	fs.Namespace, fs.Name = namespace, name
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"sts-operator.dev/rotate-requested-at":"%d"}}}`, time.Now().UnixNano())
	NewWithT(t).Expect(o.admin.Patch(t.Context(), fs, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
}

// retryUntil tries until the API server has taken the new permission up.
func (o *operator) retryUntil(t *testing.T, namespace, name, reason string) {
	t.Helper()
	NewWithT(t).Eventually(func(g Gomega) {
		o.retry(t, namespace, name)
		fs := &v1alpha1.FederatedSession{}
		g.Eventually(func(g Gomega) {
			g.Expect(o.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, fs)).To(Succeed())
			g.Expect(fs.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ReadyCondition), HaveField("Reason", reason))))
		}, 2*time.Second, interval).Should(Succeed())
	}, patience, interval).Should(Succeed(), "%s/%s", namespace, name)
}

// expectMetrics waits for the status of a scrape by a ServiceAccount of the operator's namespace.
func (o *operator) expectMetrics(t *testing.T, account string, status int) {
	t.Helper()
	token, err := o.cluster.TokenOf(t.Context(), systemNamespace, account)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	expectStatus(t, "https://"+o.metrics+"/metrics", token, status)
}

// expectStatus waits for the status of an answer: the operator's servers start one after the other, and the API server takes
// up a new permission when it finds the time.
func expectStatus(t *testing.T, url, token string, status int) {
	t.Helper()
	NewWithT(t).Eventually(func() (int, error) { return statusOf(t, url, token) }, patience, interval).Should(Equal(status), url)
}

func statusOf(t *testing.T, url, token string) (int, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
