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

package controller_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// apiClient is the operator's view of the API server. It reads at once what the real cache would show in a moment: only
// Secrets of the operator's type, stripped, and lists by the operator's own indexes. It counts what reaches the server
// past a cache, and stops the operator dead where a test says so.
type apiClient struct {
	direct client.WithWatch // the test's own
	cached client.Client    // the operator's client
	live   client.Reader    // the operator's uncached reader

	mutex   sync.Mutex
	counts  map[string]int
	stopAt  string
	failing map[string]error
	lost    map[string]error // instead of the answer to a write that was made
	before  map[string]func()
	lagging *v1alpha1.FederatedSession // what the cache still shows
	mutate  func(*corev1.Secret)       // what a webhook does to a Secret that is created
}

// crash is the panic of a stopped operator.
type crash struct{ at string }

func newAPIClient(t *testing.T) *apiClient {
	t.Helper()
	direct, err := client.NewWithWatch(shared.Config, client.Options{Scheme: shared.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	a := &apiClient{direct: direct, counts: map[string]int{}, failing: map[string]error{}, lost: map[string]error{}, before: map[string]func(){}}
	indexes := indexRecorder{}
	if err := federatedsession.IndexFields(context.Background(), indexes); err != nil {
		t.Fatal(err)
	}
	a.cached = interceptor.NewClient(direct, a.cachedCalls(indexes))
	a.live = interceptor.NewClient(direct, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if err := a.meet("live get", object); err != nil {
				return err
			}
			return c.Get(ctx, key, object, options...)
		},
	})
	return a
}

func (a *apiClient) cachedCalls(indexes indexRecorder) interceptor.Funcs {
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if err := c.Get(ctx, key, object, options...); err != nil {
				return err
			}
			if fs, ok := object.(*v1alpha1.FederatedSession); ok && a.lagging != nil {
				a.lagging.DeepCopyInto(fs)
			}
			secret, ok := object.(*corev1.Secret)
			if !ok {
				return nil
			}
			if secret.Type != credsecret.Type {
				return apierrors.NewNotFound(corev1.Resource("secrets"), key.Name)
			}
			_, err := credsecret.Strip(secret)
			return err
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			return indexes.list(ctx, c, list, options...)
		},
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			if err := a.meet("create", object); err != nil {
				return err
			}
			if secret, ok := object.(*corev1.Secret); ok && a.mutate != nil {
				a.mutate(secret)
			}
			return cmp.Or(c.Create(ctx, object, options...), a.lost[fmt.Sprintf("create %T", object)])
		},
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			if err := a.meet("patch", object); err != nil {
				return err
			}
			return cmp.Or(c.Patch(ctx, object, patch, options...), a.lost[fmt.Sprintf("patch %T", object)])
		},
		Delete: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.DeleteOption) error {
			if err := a.meet("delete", object); err != nil {
				return err
			}
			return c.Delete(ctx, object, options...)
		},
		SubResourceCreate: func(
			ctx context.Context, c client.Client, subresource string, object, body client.Object, options ...client.SubResourceCreateOption,
		) error {
			if err := a.meet("create "+subresource, object); err != nil {
				return err
			}
			return c.SubResource(subresource).Create(ctx, object, body, options...)
		},
		SubResourcePatch: func(
			ctx context.Context, c client.Client, subresource string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption,
		) error {
			if err := a.meet("patch "+subresource, object); err != nil {
				return err
			}
			return c.SubResource(subresource).Patch(ctx, object, patch, options...)
		},
	}
}

// meet is called before each request: it counts, runs what the test wants to happen just then, fails or stops the operator.
func (a *apiClient) meet(verb string, object client.Object) error {
	call := fmt.Sprintf("%s %T", verb, object)
	a.mutex.Lock()
	a.counts[call]++
	err, before, stop := a.failing[call], a.before[call], a.stopAt == call
	delete(a.before, call)
	if stop {
		a.stopAt = ""
	}
	a.mutex.Unlock()
	if before != nil {
		before()
	}
	if stop {
		panic(crash{at: call})
	}
	return err
}

// taken are the requests since the last call.
func (a *apiClient) taken() map[string]int {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	out := a.counts
	a.counts = map[string]int{}
	return out
}

// indexRecorder holds the operator's index functions by field.
type indexRecorder map[string]client.IndexerFunc

// IndexField implements client.FieldIndexer.
func (i indexRecorder) IndexField(_ context.Context, _ client.Object, field string, extract client.IndexerFunc) error {
	i[field] = extract
	return nil
}

// list answers as the cache does: by namespace and index, and of Secrets only the operator's.
func (i indexRecorder) list(ctx context.Context, c client.Client, list client.ObjectList, options ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(options)
	if err := c.List(ctx, list, client.InNamespace(o.Namespace)); err != nil {
		return err
	}
	secrets, ok := list.(*corev1.SecretList)
	if !ok {
		return fmt.Errorf("the tests list Secrets only, not %T", list)
	}
	var requirements fields.Requirements
	if o.FieldSelector != nil {
		requirements = o.FieldSelector.Requirements()
	}
	secrets.Items = slices.DeleteFunc(secrets.Items, func(s corev1.Secret) bool {
		for _, r := range requirements {
			if !slices.Contains(i[r.Field](&s), r.Value) {
				return true
			}
		}
		return s.Type != credsecret.Type
	})
	return nil
}
