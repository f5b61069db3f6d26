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
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	systemNamespace = "sts-operator-system"
	oidcIssuer      = "https://oidc.example.com/cluster"
	patience        = 60 * time.Second
	interval        = 50 * time.Millisecond
)

// TestTheManagerRunsWithExactlyItsPermissions runs the whole manager as its ServiceAccount, with the roles of config/rbac
// and no others, through everything that needs a permission.
func TestTheManagerRunsWithExactlyItsPermissions(t *testing.T) {
	g := NewWithT(t)
	log := &lockedBuffer{}
	setLoggers((&config{logFormat: "json", logLevel: 5}).logger(log))
	environment, admin, requests := startAPIServer(t)
	server := httptest.NewServer(stsfake.New(time.Now, stsfake.DefaultWorld()))
	t.Cleanup(server.Close)
	create(t, admin, rolesOf(t)...)
	kubeconfig := kubeconfigOf(t, environment, "controller-manager")

	metrics, probes := freeAddress(t), freeAddress(t)
	config, err := parseFlags([]string{
		"--kubeconfig", kubeconfig, "--operator-namespace", systemNamespace,
		"--metrics-bind-address", metrics, "--health-probe-bind-address", probes,
	}, io.Discard)
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, config) }()
	defer func() {
		if t.Failed() {
			t.Log(log.String())
		}
	}()

	create(t, admin, manifests(t, fmt.Sprintf(demo, server.URL))...)
	fs := &v1alpha1.FederatedSession{}
	fs.Namespace, fs.Name = "team-a", "reports"
	secretOf := func() string {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(fs), fs)).To(Succeed())
		return fs.Status.SecretName
	}
	g.Eventually(secretOf, patience, interval).Should(Equal("reports"))

	t.Log("a rename creates and deletes Secrets; a label patches one")
	fs.Spec.Secret.Name = "renamed"
	g.Expect(admin.Update(ctx, fs)).To(Succeed())
	g.Eventually(secretOf, patience, interval).Should(Equal("renamed"))
	fs.Spec.Secret.Labels = map[string]v1alpha1.LabelValue{"a": "b"}
	g.Expect(admin.Update(ctx, fs)).To(Succeed())
	secrets := &corev1.SecretList{}
	g.Eventually(func(g Gomega) {
		g.Expect(admin.List(ctx, secrets, client.InNamespace("team-a"), client.MatchingLabels{"a": "b"})).To(Succeed())
		g.Expect(secrets.Items).To(HaveLen(1))
	}, patience, interval).Should(Succeed())

	t.Log("events and the lease are written")
	events := &eventsv1.EventList{}
	g.Eventually(func(g Gomega) {
		g.Expect(admin.List(ctx, events)).To(Succeed())
		g.Expect(events.Items).To(ContainElements(HaveField("Reason", "Issued"), HaveField("Reason", "Verified")))
	}, patience, interval).Should(Succeed())
	lease := &coordinationv1.Lease{}
	g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: systemNamespace, Name: "sts-operator.dev"}, lease)).To(Succeed())

	t.Log("probes answer everybody, metrics only who may read them")
	g.Expect(statusOf(t, "http://"+probes+"/readyz", "")).To(Equal(http.StatusOK))
	g.Expect(statusOf(t, "http://"+probes+"/healthz", "")).To(Equal(http.StatusOK))
	g.Expect(statusOf(t, "https://"+metrics+"/metrics", "")).To(Equal(http.StatusUnauthorized))
	g.Expect(statusOf(t, "https://"+metrics+"/metrics", tokenOf(t, admin, "default"))).To(Equal(http.StatusForbidden))
	g.Expect(statusOf(t, "https://"+metrics+"/metrics", tokenOf(t, admin, "prometheus"))).To(Equal(http.StatusOK))

	t.Log("it ends when told to, gives up its lease, and was refused nothing")
	cancel()
	g.Eventually(ended, patience).Should(Receive(BeNil()))
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(lease), lease)).To(Succeed())
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(BeEmpty()))
	g.Expect(refused(requests.of(t, "controller-manager"))).To(BeEmpty())
	g.Expect(log.String()).NotTo(ContainSubstring("forbidden"))
	g.Expect(log.String()).NotTo(ContainSubstring(stsfake.DefaultSecretAccessKey))
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

func startAPIServer(t *testing.T) (*envtest.Environment, client.Client, auditLog) {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Fatal("this test needs etcd and kube-apiserver in KUBEBUILDER_ASSETS: run it with make test, or set it to $(hack/controlplane.sh)")
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	environment := &envtest.Environment{CRDDirectoryPaths: []string{"../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	environment.ControlPlane.GetAPIServer().Configure().Set("service-account-issuer", oidcIssuer)
	requests := audit(t, environment)
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{}
	namespace.Name = systemNamespace
	if err := admin.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return environment, admin, requests
}

// rolesOf are the objects of config/rbac.
func rolesOf(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob("../config/rbac/*.yaml")
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

// kubeconfigOf authenticates as a ServiceAccount of the operator's namespace, with that account's rights alone.
func kubeconfigOf(t *testing.T, environment *envtest.Environment, account string) string {
	t.Helper()
	user, err := environment.AddUser(envtest.User{
		Name:   "system:serviceaccount:" + systemNamespace + ":" + account,
		Groups: []string{"system:serviceaccounts", "system:authenticated"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func tokenOf(t *testing.T, c client.Client, account string) string {
	t.Helper()
	sa := &corev1.ServiceAccount{}
	sa.Namespace, sa.Name = systemNamespace, account
	request := &authenticationv1.TokenRequest{}
	if err := c.SubResource("token").Create(t.Context(), sa, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

func statusOf(t *testing.T, url, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only
	return response.StatusCode
}

// freeAddress is one that nobody listens on, with a port that no outgoing connection is given.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no free port")
	return ""
}

// lockedBuffer takes the log of a manager that runs beside the test.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
