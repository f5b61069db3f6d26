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

// Package controlplane starts etcd and kube-apiserver with the custom resources of this project, for tests and programs.
package controlplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// ControlPlane is a running etcd and kube-apiserver, on free ports of the loopback interface. On Linux with setpriv of util-linux
// they are killed when their caller ends, however that ends.
type ControlPlane struct {
	// Config is the administrator's, without a client-side limit on requests.
	Config *rest.Config
	// Client is the administrator's. Its scheme has the types of Kubernetes and of this project.
	Client client.WithWatch

	environment *envtest.Environment
	folder      string
	temporary   bool // the folder is removed by Stop
	audited     bool
}

// Option changes how a control plane is started.
type Option func(*ControlPlane)

// WithFolder keeps the data, the certificates and the logs (etcd.log, kube-apiserver.log) in this folder, and leaves them
// there. Without it they are in a temporary folder that Stop removes.
func WithFolder(folder string) Option {
	return func(c *ControlPlane) { c.folder = folder }
}

// WithAPIServerFlag sets a flag of kube-apiserver; the name is without dashes.
func WithAPIServerFlag(name string, values ...string) Option {
	return func(c *ControlPlane) { c.environment.ControlPlane.GetAPIServer().Configure().Set(name, values...) }
}

// Start starts a control plane; the caller must Stop it. The binaries are those in KUBEBUILDER_ASSETS. The CRDs are those of
// the module that contains the working directory.
//
// It also removes every AWS_* variable from the environment of this process, so that neither the process nor its children
// use the AWS account or the settings of whoever runs them.
func Start(options ...Option) (*ControlPlane, error) {
	if err := checkBinaries(); err != nil {
		return nil, err
	}
	if err := unsetAWSVariables(); err != nil {
		return nil, err
	}
	root, err := ModuleRoot()
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{environment: &envtest.Environment{
		UseExistingCluster:       new(false),
		CRDDirectoryPaths:        []string{filepath.Join(root, "config", "crd", "bases")},
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: time.Minute,
	}}
	for _, option := range options {
		option(c)
	}
	if err := c.prepareFolder(); err != nil {
		return nil, errors.Join(err, c.removeFolder())
	}
	if err := c.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the control plane: %w%s", err, c.lastLines()), c.Stop())
	}
	return c, nil
}

// StartFor starts a control plane for one test and stops it when the test ends.
func StartFor(t testing.TB, options ...Option) *ControlPlane {
	t.Helper()
	c, err := Start(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Run starts a control plane, calls use and stops it again. It returns the exit code for a TestMain: the one that use
// returns, or 1 after an error, which it prints.
func Run(use func(*ControlPlane) (code int, err error), options ...Option) int {
	var code int
	c, err := Start(options...)
	if err == nil {
		code, err = use(c)
		err = errors.Join(err, c.Stop())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Stop stops kube-apiserver and etcd.
func (c *ControlPlane) Stop() error {
	err := c.environment.Stop()
	if err != nil {
		err = fmt.Errorf("stopping the control plane: %w", err)
	}
	return errors.Join(err, c.removeFolder())
}

func (c *ControlPlane) start() (err error) {
	closeLogs, err := c.openLogs()
	if err != nil {
		return err
	}
	defer closeLogs() // the processes have their own copies
	if c.Config, err = c.environment.Start(); err != nil {
		return err
	}
	c.Config.QPS = -1
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	c.Client, err = client.NewWithWatch(c.Config, client.Options{Scheme: scheme})
	return err
}

func checkBinaries() error {
	for _, name := range []string{"etcd", "kube-apiserver"} {
		path := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), name)
		if _, err := os.Stat(path); err != nil || !filepath.IsAbs(path) { //nolint:gosec // whoever runs this may name any folder
			return fmt.Errorf("no %s in the folder KUBEBUILDER_ASSETS (%q): run this by its make target, "+
				"or prefix the command with hack/hermetic.sh", name, os.Getenv("KUBEBUILDER_ASSETS"))
		}
	}
	return nil
}

func unsetAWSVariables() error {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("removing %s from the environment: %w", name, err)
			}
		}
	}
	return nil
}

// modulePath is the name of this module in its go.mod.
const modulePath = "github.com/sts-operator/sts-operator"

// ModuleRoot is the folder of this module's go.mod: the working directory or one above it.
func ModuleRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod")) //nolint:gosec // of the working directory
		if err == nil && strings.HasPrefix(string(text), "module "+modulePath+"\n") {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("%s is not in a checkout of %s", start, modulePath)
		}
	}
}
