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

package simulation

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// errLost is what a writer sees of a request that was carried out, and whose answer never arrived.
var errLost = errors.New("unexpected EOF")

// request takes a request to the API server, has it carried out there and brings the answer back. It meets the faults in
// force, and the process may die before it is sent and after it was carried out.
func (p *process) request(ctx context.Context, v verb, key objectKey, carryOut func() error) error {
	t := taskOf(ctx)
	if err := p.step(); err != nil {
		return err
	}
	way := p.sim.apiLatency()
	if err := t.sleep(ctx, way); err != nil {
		return t.disturb("request to the API server", err)
	}
	isLost, err := p.sim.apiFault(v, key)
	if err != nil {
		return t.disturb("API server", err)
	}
	if err = carryOut(); err != nil {
		return t.disturb("API server", err)
	}
	if died := p.step(); died != nil {
		return died
	}
	if late := t.sleep(ctx, way); late != nil {
		return t.disturb("answer of the API server", late)
	}
	if isLost {
		return t.disturb("answer of the API server", errLost)
	}
	return nil
}

// disturb notes that a task met an error, which explains what it left undone.
func (t *task) disturb(what string, err error) error {
	t.disturbed = what + ": " + err.Error()
	t.process.sim.record(t.kind, t.name, what, err.Error())
	return err
}

// live reads from the API server.
type live struct {
	client.Reader // nil: what the product does not use panics
	process       *process
}

// Get implements client.Reader.
func (l live) Get(ctx context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	at := objectKey{kindOf(into), key}
	return l.process.request(ctx, read, at, func() error { return l.process.sim.store.get(at, into) })
}

// cached is the client of a process: it reads from the cache and writes to the API server.
type cached struct {
	client.Client // nil: what the product does not use panics
	process       *process
}

// Get implements client.Reader.
func (c cached) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	return c.process.cache.get(key, into)
}

// List implements client.Reader.
func (c cached) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	return c.process.cache.list(list, options...)
}

// Create implements client.Writer.
func (c cached) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	var o client.CreateOptions
	o.ApplyOptions(options)
	return c.process.request(ctx, verbOf(o.DryRun), keyOf(object), func() error {
		if len(o.DryRun) > 0 {
			return c.process.sim.store.mayCreate(keyOf(object))
		}
		if err := c.process.sim.store.create(object); err != nil {
			return err
		}
		c.process.sim.secretWritten(taskOf(ctx), nil, object.(*corev1.Secret))
		return nil
	})
}

// Patch implements client.Writer. What is patched was read whole and is locked to what was read, so that the result of the
// merge is the object as the writer has changed it.
func (c cached) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	var o client.PatchOptions
	o.ApplyOptions(options)
	return c.process.request(ctx, verbOf(o.DryRun), keyOf(object), func() error {
		stored, err := c.process.sim.store.current(object)
		if err != nil || len(o.DryRun) > 0 {
			return err
		}
		mustBeLocked(patch)
		c.process.sim.store.put(keyOf(object), stored, copyOf(object), object)
		c.process.sim.secretWritten(taskOf(ctx), stored.(*corev1.Secret), object.(*corev1.Secret))
		return nil
	})
}

// mustBeLocked: the simulation knows no patch that is not.
func mustBeLocked(patch client.Patch) {
	if patch.Type() != types.MergePatchType || !reflect.ValueOf(patch).Elem().FieldByName("opts").FieldByName("OptimisticLock").Bool() {
		panic("the simulation knows merge patches with an optimistic lock only")
	}
}

// Delete implements client.Writer.
func (c cached) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	var o client.DeleteOptions
	o.ApplyOptions(options)
	return c.process.request(ctx, write, keyOf(object), func() error {
		stored := copyOf(object)
		stored.SetResourceVersion("")
		if o.Preconditions != nil && o.Preconditions.ResourceVersion != nil {
			stored.SetResourceVersion(*o.Preconditions.ResourceVersion)
		}
		current, err := c.process.sim.store.current(stored)
		if err != nil {
			return err
		}
		if o.Preconditions != nil && o.Preconditions.UID != nil && *o.Preconditions.UID != current.GetUID() {
			return conflict(keyOf(object))
		}
		c.process.sim.store.remove(keyOf(object))
		c.process.sim.secretWritten(taskOf(ctx), current.(*corev1.Secret), nil)
		return nil
	})
}

// Status implements client.StatusClient.
func (c cached) Status() client.SubResourceWriter { return statusWriter{process: c.process} }

type statusWriter struct {
	client.SubResourceWriter // nil: what the product does not use panics
	process                  *process
}

// Patch implements client.SubResourceWriter.
func (w statusWriter) Patch(ctx context.Context, object client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
	return w.process.request(ctx, write, keyOf(object), func() error {
		stored, err := w.process.sim.store.current(object)
		if err != nil {
			return err
		}
		mustBeLocked(patch)
		next := copyOf(stored)
		switch next := next.(type) {
		case *v1alpha1.FederatedSession:
			object.(*v1alpha1.FederatedSession).Status.DeepCopyInto(&next.Status)
			w.process.sim.statusWritten(taskOf(ctx), stored.(*v1alpha1.FederatedSession), next)
		case v1alpha1.Issuer:
			object.(v1alpha1.Issuer).IssuerStatus().DeepCopyInto(next.IssuerStatus())
		default:
			return fmt.Errorf("the simulation knows no status of %T", next)
		}
		w.process.sim.store.put(keyOf(object), stored, next, object)
		copyInto(next, object)
		return nil
	})
}
