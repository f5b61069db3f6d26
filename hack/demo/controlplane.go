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
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// clusterIssuer is who issues the tokens of ServiceAccounts: what most clusters call themselves.
const clusterIssuer = "https://kubernetes.default.svc.cluster.local"

// startControlPlane starts etcd and kube-apiserver, on free ports, with the custom resources.
func (s *stage) startControlPlane() error {
	s.say("A Kubernetes control plane: etcd and kube-apiserver, with the CRDs of config/crd.")
	begun := time.Now()
	environment, err := s.newEnvironment()
	if err != nil {
		return err
	}
	// It cannot be interrupted: it has to have started before it can be stopped. So a signal waits for it.
	s.controlPlane = environment
	err = s.during("the API server answers", func() error {
		s.config, err = environment.Start()
		return err
	})
	if err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	s.kubeconfig = filepath.Join(s.folder, "kubeconfig")
	if err := os.WriteFile(s.kubeconfig, environment.KubeConfig, 0o600); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	s.config.Host = strings.TrimSuffix(s.config.Host, "/")
	s.config.Timeout = 10 * time.Second // the demo watches nothing, so each request ends
	if s.kube, err = client.New(s.config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	s.say("   It answers on %s, after %.0f s.", s.config.Host, time.Since(begun).Seconds())
	return nil
}

// newEnvironment keeps all files in the demo's folder. It never uses a cluster that is there already.
func (s *stage) newEnvironment() (*envtest.Environment, error) {
	existing := false
	environment := &envtest.Environment{
		UseExistingCluster:       &existing,
		CRDDirectoryPaths:        []string{"config/crd/bases"},
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  5 * time.Second,
	}
	etcd := &envtest.Etcd{DataDir: filepath.Join(s.folder, "etcd")}
	apiServer := environment.ControlPlane.GetAPIServer()
	apiServer.CertDir = filepath.Join(s.folder, "kube-apiserver")
	apiServer.Configure().Set("service-account-issuer", clusterIssuer)
	environment.ControlPlane.Etcd = etcd
	for _, folder := range []string{etcd.DataDir, apiServer.CertDir} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, err
		}
	}
	for name, path := range map[string]*string{"etcd": &etcd.Path, "kube-apiserver": &apiServer.Path} {
		var err error
		if *path, err = guarded(s.folder, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), name)); err != nil {
			return nil, err
		}
	}
	etcdLog, err := os.Create(s.log("etcd"))
	if err != nil {
		return nil, err
	}
	apiServerLog, err := os.Create(s.log("kube-apiserver"))
	if err != nil {
		return nil, err
	}
	etcd.Out, etcd.Err, apiServer.Out, apiServer.Err = etcdLog, etcdLog, apiServerLog, apiServerLog
	return environment, nil
}
