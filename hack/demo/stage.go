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
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

// lifetime is the longest session that the STS fake grants here: short enough to watch a rotation, long enough for a
// second try after a failed one.
const lifetime = 24 * time.Second

// stage is everything that runs for the demo.
type stage struct {
	*teller
	ctx    context.Context // ends with a signal, or when a process ends before its time
	cancel context.CancelCauseFunc
	folder string // of its own, removed in the end
	guard  *guard

	controlPlane *envtest.Environment
	config       *rest.Config
	kube         client.Client
	kubeconfig   string // of the administrator

	fake, manager *process
	company       *saml.IdentityProvider // that the AWS of sts-fake trusts
	stsURL        string
	metricsURL    string
}

// newStage makes the folder and checks what is needed.
func newStage(ctx context.Context, t *teller) (*stage, error) {
	if err := checkNeeds(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "sts-operator-demo-")
	if err != nil {
		return nil, err
	}
	g, err := startGuard(folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	s := &stage{teller: t, folder: folder, guard: g}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s, nil
}

func checkNeeds() error {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return errors.New("KUBEBUILDER_ASSETS does not say where etcd and kube-apiserver are: run `make demo`, which sees to that")
	}
	for _, path := range []string{
		filepath.Join(assets, "etcd"), filepath.Join(assets, "kube-apiserver"),
		"bin/manager", "bin/sts-fake", "config/crd/bases", "config/rbac/role.yaml", "config/web-identity", "config/admission",
	} {
		if _, err := os.Stat(path); err != nil { //nolint:gosec // whoever runs the demo may say where
			return fmt.Errorf("%s is not there: run `make demo` in the root of the checkout, which sees to that", path)
		}
	}
	return nil
}

// open starts everything, step by step.
func (s *stage) open() error {
	s.say("sts-operator, shown on this machine alone: no AWS account is used. All of it is in %s.\n", s.folder)
	for number, step := range []func() error{s.startControlPlane, s.startFake, s.startManager, s.applyObjects} {
		fmt.Fprintf(s.out, "%d. ", number+1)
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// get is the text at a URL.
func (s *stage) get(url string) (string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

func freeAddress() (string, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// close ends everything in the opposite order of its start and removes the folder.
func (s *stage) close() {
	s.cancel(nil)
	s.say("\nEnding the operator, the STS and the control plane.")
	_ = s.during("all have ended", func() error {
		for _, p := range []*process{s.manager, s.fake} {
			if p != nil {
				p.end(5 * time.Second)
			}
		}
		if s.controlPlane != nil {
			_ = s.controlPlane.Stop() // it kills what does not end in time
		}
		err := os.RemoveAll(s.folder)
		s.guard.dismiss()
		return err
	})
}
