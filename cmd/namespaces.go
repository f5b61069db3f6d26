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
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// namespacePoll is how often a namespace is looked at that could not be served.
const namespacePoll = 30 * time.Second

// servable splits namespaces into those that can be listed and those that cannot, because they do not exist or the operator has no
// permission there: a cache that is to hold all of them waits for each. If none can be listed, all are waited for.
func servable(ctx context.Context, api client.Reader, namespaces []string) (served, unserved []string) {
	for _, namespace := range namespaces {
		if err := list(ctx, api, namespace); err != nil {
			logf.Log.Error(err, "cannot serve a namespace, which is looked at again every half minute; the others are served", "namespace", namespace)
			unserved = append(unserved, namespace)
			continue
		}
		served = append(served, namespace)
	}
	if len(served) == 0 {
		return namespaces, nil
	}
	return served, unserved
}

// list asks for one object of each kind that is watched. Only a refusal is an error: an API server that is in trouble answers later.
func list(ctx context.Context, api client.Reader, namespace string) error {
	secrets := &metav1.PartialObjectMetadataList{}
	secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	for _, objects := range []client.ObjectList{&v1alpha1.FederatedSessionList{}, &v1alpha1.SessionIssuerList{}, secrets} {
		err := api.List(ctx, objects, client.InNamespace(namespace), client.Limit(1))
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			return fmt.Errorf("create namespace %s, and grant the operator its Role there (see docs/namespaced.md): %w", namespace, err)
		}
	}
	return nil
}

// latecomers waits for namespaces that could not be served. The caches take no new ones while they run, so it ends the manager as soon
// as one can be; to start again costs nothing.
type latecomers struct {
	clock      clock.WithTicker
	api        client.Reader
	namespaces []string
	end        context.CancelFunc
}

// Start implements manager.Runnable.
func (l *latecomers) Start(ctx context.Context) error {
	ticker := l.clock.NewTicker(namespacePoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
		for _, namespace := range l.namespaces {
			if list(ctx, l.api, namespace) == nil && ctx.Err() == nil {
				logf.Log.Info("ending, to start again with a namespace that can be served now", "namespace", namespace)
				l.end()
				return nil
			}
		}
	}
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: each replica has caches of its own.
func (*latecomers) NeedLeaderElection() bool { return false }
