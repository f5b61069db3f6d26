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

package controlplane_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/controlplane"
)

func TestStart(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("AWS_CA_BUNDLE", "surroundings.pem")
	t.Chdir("../../docs") // the CRDs are found from any folder of the module
	folder := t.TempDir()
	c := controlplane.StartFor(t, controlplane.WithFolder(folder), controlplane.WithAuditLog(),
		controlplane.WithAPIServerFlag("service-account-issuer", "https://issuer.example.com"))
	g.Expect(os.Environ()).NotTo(ContainElement(HavePrefix("AWS_")))
	for _, file := range []string{"etcd.log", "kube-apiserver.log"} {
		g.Expect(filepath.Join(folder, file)).To(BeARegularFile())
	}

	namespace := c.NewNamespace(t, map[string]string{"team": "data"})
	g.Expect(c.Client.List(t.Context(), &v1alpha1.FederatedSessionList{}, client.InNamespace(namespace))).To(Succeed())
	kubeconfig, err := c.Kubeconfig()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(connect(t, kubeconfig).Get(t.Context(), client.ObjectKey{Name: namespace}, &corev1.Namespace{})).To(Succeed())

	t.Log("a ServiceAccount has its own rights alone, and its requests are in the audit log")
	kubeconfig, err = c.KubeconfigOf(namespace, "default")
	g.Expect(err).NotTo(HaveOccurred())
	err = connect(t, kubeconfig).Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "none"}, &corev1.Secret{})
	g.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	requests, err := c.RequestsOf(namespace, "default")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(requests).To(ConsistOf(controlplane.Request{Verb: "get", Resource: "secrets", Namespace: namespace, Refused: true}))
	g.Expect(c.RequestsOf(namespace, "other")).To(BeEmpty())

	t.Log("the API server makes tokens as the flag says")
	account := &corev1.ServiceAccount{}
	account.Namespace, account.Name = namespace, "workload"
	g.Expect(c.Client.Create(t.Context(), account)).To(Succeed())
	token, err := c.TokenOf(t.Context(), namespace, "workload")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(issuerOf(t, token)).To(Equal("https://issuer.example.com"))
}

func TestStartWithoutBinaries(t *testing.T) {
	for name, folder := range map[string]string{"the variable is not set": "", "the folder is empty": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBEBUILDER_ASSETS", folder)
			_, err := controlplane.Start()
			NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("no etcd"), ContainSubstring("hack/hermetic.sh"))))
		})
	}
}

func TestStartWithAnUnknownFlag(t *testing.T) {
	g := NewWithT(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	_, err := controlplane.Start(controlplane.WithAPIServerFlag("no-such-flag", "yes"))
	g.Expect(err).To(MatchError(ContainSubstring("unknown flag: --no-such-flag")))
	g.Expect(os.ReadDir(temporary)).To(BeEmpty(), "what was started is stopped and removed")
}

func TestModuleRoot(t *testing.T) {
	g := NewWithT(t)
	root, err := controlplane.ModuleRoot()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(filepath.Join(root, "test", "controlplane", "controlplane_test.go")).To(BeARegularFile())
	t.Chdir(t.TempDir())
	_, err = controlplane.ModuleRoot()
	g.Expect(err).To(MatchError(ContainSubstring("not in a checkout")))
}

func TestRun(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("KUBEBUILDER_ASSETS", "")
	code := controlplane.Run(func(*controlplane.ControlPlane) (int, error) { return 0, nil })
	g.Expect(code).To(Equal(1), "a suite without control plane fails")
}

// connect makes a client of a kubeconfig.
func connect(t *testing.T, kubeconfig string) client.Client {
	t.Helper()
	g := NewWithT(t)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	g.Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	return c
}

// issuerOf is who issued a JWT, as it says itself.
func issuerOf(t *testing.T, token string) string {
	t.Helper()
	g := NewWithT(t)
	parts := strings.Split(token, ".")
	g.Expect(parts).To(HaveLen(3))
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	g.Expect(err).NotTo(HaveOccurred())
	var claims struct{ Iss string }
	g.Expect(json.Unmarshal(text, &claims)).To(Succeed())
	return claims.Iss
}
