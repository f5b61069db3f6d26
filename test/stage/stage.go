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

// Package stage is a cluster with the operator in it and an STS that it calls, for the end-to-end tests and the demo.
package stage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/program"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

// Stage is what tests and the demo need to know of a cluster. They know nothing else of it, so that another cluster can take
// the place of the one that Start starts.
type Stage struct {
	// Config and Client are the administrator's.
	Config *rest.Config
	Client client.WithWatch
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string
	// STSURL is where the STS fake is.
	STSURL string
	// MetricsURL is where the operator's metrics are.
	MetricsURL string

	folder  string // for temporary files
	company *saml.IdentityProvider

	controlPlane  *controlplane.ControlPlane
	fake, manager *program.Process
}

// Settings say how to start a stage.
type Settings struct {
	// Folder takes the files of all programs. It is the caller's to remove.
	Folder string
	// Manager and Fake are the paths of the programs manager and sts-fake.
	Manager, Fake string
	// FakeArguments are flags of sts-fake besides the address and the world.
	FakeArguments []string
	// Report is called before each step; nil for none.
	Report func(step string)
}

// Start starts a control plane, an STS fake and the operator on this machine alone. The operator runs as the ServiceAccount
// of config/default, with the permissions of config/rbac/role.yaml and no others, behind the policies of config/fence and config/admission.
// The caller must Stop the stage.
func Start(ctx context.Context, settings Settings) (*Stage, error) {
	s := &Stage{folder: settings.Folder}
	for _, step := range []struct {
		report string
		start  func(context.Context, Settings) error
	}{
		{"A Kubernetes control plane: etcd and kube-apiserver.", s.startControlPlane},
		{"An AWS STS: sts-fake, which answers as STS does.", s.startFake},
		{"The operator, as a ServiceAccount with the permissions of config/rbac.", s.startManager},
	} {
		if settings.Report != nil {
			settings.Report(step.report)
		}
		err := step.start(ctx, settings)
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	return s, nil
}

// startControlPlane starts an API server that calls itself what most clusters do: tokens name it as their issuer.
func (s *Stage) startControlPlane(context.Context, Settings) (err error) {
	const issuer = "https://kubernetes.default.svc.cluster.local"
	s.controlPlane, err = controlplane.Start(
		controlplane.WithFolder(s.folder), controlplane.WithAPIServerFlag("service-account-issuer", issuer))
	if err != nil {
		return err
	}
	s.Config, s.Client = s.controlPlane.Config, s.controlPlane.Client
	s.Kubeconfig, err = s.controlPlane.Kubeconfig()
	return err
}

// startManager runs the operator and waits until it is ready.
func (s *Stage) startManager(ctx context.Context, settings Settings) error {
	if err := s.installOperator(ctx); err != nil {
		return err
	}
	kubeconfig, err := s.controlPlane.KubeconfigOf(OperatorNamespace, OperatorAccount)
	if err != nil {
		return err
	}
	metrics, err := program.FreeAddress()
	if err != nil {
		return err
	}
	health, err := program.FreeAddress()
	if err != nil {
		return err
	}
	s.MetricsURL = "http://" + metrics + "/metrics"
	s.manager, err = program.Start(settings.Manager, []string{"--kubeconfig", kubeconfig, "--operator-namespace", OperatorNamespace,
		"--leader-elect=false", "--log-format=text", "--metrics-secure=false",
		"--metrics-bind-address", metrics, "--health-probe-bind-address", health}, "HOME="+s.folder)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("not ready within a minute"))
	defer cancel()
	return s.manager.WaitForHTTP(ctx, "http://"+health+"/readyz")
}

// Wait waits until the operator or the STS fake ends, and returns how.
func (s *Stage) Wait() error {
	ended := make(chan error, 2)
	for _, p := range []*program.Process{s.fake, s.manager} {
		go func() { ended <- errors.Join(errors.New("a program ended by itself"), p.Wait()) }()
	}
	return <-ended
}

// Log is what the operator and the STS fake have written so far.
func (s *Stage) Log() string {
	var log string
	if s.fake != nil {
		log += "sts-fake:\n" + s.fake.Output()
	}
	if s.manager != nil {
		log += "manager:\n" + s.manager.Output()
	}
	return log
}

// Stop ends everything, in the opposite order of its start.
func (s *Stage) Stop() error {
	var problems []error
	for _, p := range []*program.Process{s.manager, s.fake} {
		if p != nil {
			problems = append(problems, p.Stop(30*time.Second))
		}
	}
	if s.controlPlane != nil {
		problems = append(problems, s.controlPlane.Stop())
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("stopping what runs in %s: %w", filepath.Base(s.folder), err)
	}
	return nil
}
