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
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	operatorNamespace = "sts-operator-system"
	sessionsNamespace = "sessions"
	// admitted is the label of a namespace that the issuers serve.
	admitted = "example.com/admitted"
	// issuers share the sessions, so that no issuer's budget is what is measured.
	issuers           = 4
	requestsPerSecond = 600
	policy            = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"}]}`
)

// stage is an API server and an STS, both of the benchmark's own.
type stage struct {
	sessions int
	version  string // of Kubernetes
	clock    *shiftedClock
	scheme   *runtime.Scheme
	config   *rest.Config // not throttled
	kube     client.Client
	written  requests // by kube
	sts      *stsfake.Server
	stsCalls atomic.Int64
	endpoint string // of the STS

	controlPlane *controlplane.ControlPlane
	server       *http.Server
}

// shiftedClock is the machine's, plus what it was advanced by.
type shiftedClock struct{ ahead atomic.Int64 }

func (c *shiftedClock) Now() time.Time                  { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *shiftedClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c *shiftedClock) advance(d time.Duration)         { c.ahead.Add(int64(d)) }

func newStage(ctx context.Context, sessions int) (*stage, error) {
	s := &stage{sessions: sessions, clock: &shiftedClock{}}
	if err := s.startSTS(); err != nil {
		return nil, err
	}
	if err := s.startAPIServer(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stage) startSTS() error {
	s.sts = stsfake.NewServer(s.clock.Now, stsfake.DefaultWorld(),
		stsfake.WithWireClock(time.Now), // SDKs sign with the machine's time
		stsfake.WithObserver(func(stsfake.Call) { s.stsCalls.Add(1) }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting the STS: %w", err)
	}
	s.endpoint = "http://" + listener.Addr().String()
	s.server = &http.Server{Handler: s.sts, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(listener) }()
	return nil
}

func (s *stage) startAPIServer(ctx context.Context) error {
	err := during("starting etcd and kube-apiserver", 0, func(*atomic.Int64) (err error) {
		s.controlPlane, err = controlplane.Start()
		return err
	})
	if err != nil {
		return err
	}
	s.config, s.scheme = s.controlPlane.Config, s.controlPlane.Client.Scheme()
	information, err := discovery.NewDiscoveryClientForConfig(s.config)
	if err != nil {
		return err
	}
	version, err := information.ServerVersion()
	if err != nil {
		return fmt.Errorf("asking the API server for its version: %w", err)
	}
	s.version = version.GitVersion
	if s.kube, err = client.New(s.written.count(s.config), client.Options{Scheme: s.scheme}); err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	return ctx.Err()
}

func (s *stage) close() error {
	err := s.server.Close()
	if s.controlPlane != nil {
		err = errors.Join(err, s.controlPlane.Stop())
	}
	return err
}

// createIssuers creates the issuers and lets an operator verify them.
func (s *stage) createIssuers(ctx context.Context) error {
	for _, namespace := range []string{operatorNamespace, sessionsNamespace} {
		if err := s.createNamespace(ctx, namespace); err != nil {
			return err
		}
	}
	key := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: "key"}, StringData: map[string]string{
		v1alpha1.AccessKeyIDKey: stsfake.DefaultAccessKeyID, v1alpha1.SecretAccessKeyKey: stsfake.DefaultSecretAccessKey,
	}}
	if err := s.kube.Create(ctx, key); err != nil {
		return err
	}
	for i := range issuers {
		issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: issuerOf(i)}}
		budget := int32(requestsPerSecond)
		issuer.Spec.IssuerSpec = v1alpha1.IssuerSpec{
			Region: "us-east-1", Endpoint: s.endpoint, RequestsPerSecond: &budget,
			AccessKey: &v1alpha1.AccessKeyIdentity{SecretRef: v1alpha1.SecretReference{Name: key.Name}},
		}
		issuer.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: admitted, Operator: metav1.LabelSelectorOpExists}},
		}}
		if err := s.kube.Create(ctx, issuer); err != nil {
			return err
		}
	}
	o, err := s.startOperator(ctx)
	if err != nil {
		return err
	}
	_, err = o.until(ctx, "verifying the issuers", issuers, s.readyIssuers(ctx))
	return errors.Join(err, o.stop())
}

func (s *stage) readyIssuers(ctx context.Context) func() int {
	return func() (ready int) {
		list := &v1alpha1.ClusterSessionIssuerList{}
		if s.kube.List(ctx, list) != nil {
			return 0
		}
		for i := range list.Items {
			if meta.IsStatusConditionTrue(list.Items[i].Status.Conditions, v1alpha1.ReadyCondition) {
				ready++
			}
		}
		return ready
	}
}

func issuerOf(session int) string { return fmt.Sprintf("issuer-%d", session%issuers) }

func (s *stage) session(namespace string, i int) *v1alpha1.FederatedSession {
	fs := &v1alpha1.FederatedSession{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("session-%05d", i)}}
	fs.Spec.IssuerRef = v1alpha1.IssuerReference{Kind: v1alpha1.ClusterSessionIssuerKind, Name: issuerOf(i)}
	fs.Spec.Name, fs.Spec.Policy = fs.Name, policy
	return fs
}

func (s *stage) createNamespace(ctx context.Context, name string) error {
	return s.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

func (s *stage) createSessions(ctx context.Context) error {
	return each(ctx, "operator, creating FederatedSessions", s.sessions, func(i int) error {
		return s.kube.Create(ctx, s.session(sessionsNamespace, i))
	})
}

func (s *stage) createOtherSecrets(ctx context.Context) error {
	return each(ctx, "creating Secrets of others", otherSecrets, func(i int) error {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: sessionsNamespace, Name: fmt.Sprintf("other-%05d", i)}}
		secret.Data = map[string][]byte{"data": bytes.Repeat([]byte("x"), otherSecretSize)}
		return s.kube.Create(ctx, secret)
	})
}
