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
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// cache is what a process knows of the store: what its watches have delivered, through the transforms of the product and
// under its indexes.
type cache struct {
	process    *process
	objects    map[objectKey]client.Object
	transforms [kinds]toolscache.TransformFunc
	extract    map[string]client.IndexerFunc
	fields     [kinds][]string
	indexed    map[indexKey]map[objectKey]client.Object
	watches    [kinds]watch
}

// indexKey is a value of an index, in a namespace or, with an empty one, anywhere.
type indexKey struct{ field, namespace, value string }

// watch delivers the changes of a kind, in order.
type watch struct {
	latest  time.Time // when the latest change arrives
	attempt int       // changes under way on an earlier connection do not arrive
}

// indexes of the product, recorded as it declares them.
type indexes struct{ *cache }

// IndexField implements client.FieldIndexer.
func (i indexes) IndexField(_ context.Context, object client.Object, field string, extract client.IndexerFunc) error {
	k := kindOf(object)
	i.extract[field], i.fields[k] = extract, append(i.fields[k], field)
	return nil
}

func newCache(p *process) *cache {
	c := &cache{
		process: p, objects: map[objectKey]client.Object{},
		extract: map[string]client.IndexerFunc{}, indexed: map[indexKey]map[objectKey]client.Object{},
	}
	for object, options := range federatedsession.Caches(nil) {
		c.transforms[kindOf(object)] = options.Transform
	}
	if err := federatedsession.IndexFields(context.Background(), indexes{c}); err != nil {
		panic(err)
	}
	return c
}

// changed is told of each write as it happens, and has the process see it when it arrives.
func (c *cache) changed(key objectKey, old, object client.Object) {
	w, sim := &c.watches[key.kind], c.process.sim
	// What happens while a watch is broken is lost until the kind is listed again.
	if sim.brokenWatches[key.kind] > 0 || key.kind == secrets && !isSession(old) && !isSession(object) {
		return
	}
	arrives := time.Now().Add(sim.watchLag())
	if arrives.Before(w.latest) {
		arrives = w.latest
	}
	w.latest = arrives
	attempt := w.attempt
	arrive := func() {
		if c.watches[key.kind].attempt == attempt {
			c.deliver(key, object)
		}
	}
	sim.loop.at(arrives, func() { c.process.whenAwake(arrive) })
	if sim.isDuplicated() {
		sim.loop.at(arrives, func() { c.process.whenAwake(arrive) })
	}
}

// isSession says whether an object is a Secret of the type that the cache selects.
func isSession(object client.Object) bool {
	secret, ok := object.(*corev1.Secret)
	return ok && secret.Type == credsecret.Type
}

// deliver a change: an object, or nil for one that is gone.
func (c *cache) deliver(key objectKey, object client.Object) {
	old := c.objects[key]
	if key.kind == secrets && !isSession(object) {
		object = nil
	}
	if object == nil && old == nil {
		return
	}
	if old != nil {
		c.index(key, old, false)
		delete(c.objects, key)
	}
	if object != nil {
		object = c.transform(key.kind, object)
		c.objects[key] = object
		c.index(key, object, true)
	}
	c.process.handle(key.kind, old, object)
}

func (c *cache) transform(k kind, object client.Object) client.Object {
	if c.transforms[k] == nil {
		return object
	}
	transformed, err := c.transforms[k](object.DeepCopyObject())
	if err != nil {
		panic(err)
	}
	return transformed.(client.Object)
}

func (c *cache) index(key objectKey, object client.Object, add bool) {
	for _, field := range c.fields[key.kind] {
		for _, value := range c.extract[field](object) {
			for _, namespace := range []string{"", key.Namespace} {
				at := indexKey{field, namespace, value}
				switch {
				case !add:
					if delete(c.indexed[at], key); len(c.indexed[at]) == 0 {
						delete(c.indexed, at)
					}
					continue
				case c.indexed[at] == nil:
					c.indexed[at] = map[objectKey]client.Object{}
				}
				c.indexed[at][key] = object
			}
		}
	}
}

// relist a kind: what the watch has missed arrives at once, if only as it is by now.
func (c *cache) relist(k kind) {
	w := &c.watches[k]
	w.attempt++
	for _, object := range c.process.sim.store.all(k) {
		known := c.objects[keyOf(object)]
		if known == nil || known.GetResourceVersion() != object.GetResourceVersion() {
			c.deliver(keyOf(object), object)
		}
	}
	var gone []objectKey
	for key := range c.objects {
		if _, exists := c.process.sim.store.objects[key]; key.kind == k && !exists {
			gone = append(gone, key)
		}
	}
	slices.SortFunc(gone, objectKey.compare)
	for _, key := range gone {
		c.deliver(key, nil)
	}
}

// get an object into one that the caller has brought.
func (c *cache) get(key client.ObjectKey, into client.Object) error {
	k := kindOf(into)
	object, exists := c.objects[objectKey{k, key}]
	if !exists {
		return apierrors.NewNotFound(k.resource(), key.Name)
	}
	copyInto(object, into)
	return nil
}

// list by namespace and at most one index, in order.
func (c *cache) list(list client.ObjectList, options ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(options)
	k := sessions
	if _, ok := list.(*corev1.SecretList); ok {
		k = secrets
	}
	found := c.choose(k, o)
	switch list := list.(type) {
	case *v1alpha1.FederatedSessionList:
		list.Items = make([]v1alpha1.FederatedSession, len(found))
		for i, object := range found {
			object.(*v1alpha1.FederatedSession).DeepCopyInto(&list.Items[i])
		}
	case *corev1.SecretList:
		list.Items = make([]corev1.Secret, len(found))
		for i, object := range found {
			object.(*corev1.Secret).DeepCopyInto(&list.Items[i])
		}
	default:
		return fmt.Errorf("the simulation lists no %T", list)
	}
	return nil
}

func (c *cache) choose(k kind, o client.ListOptions) []client.Object {
	selected := c.objects
	if o.FieldSelector != nil {
		requirements := o.FieldSelector.Requirements()
		if len(requirements) != 1 || c.extract[requirements[0].Field] == nil {
			panic(fmt.Sprintf("the product has no index for %v", requirements))
		}
		selected = c.indexed[indexKey{requirements[0].Field, o.Namespace, requirements[0].Value}]
	}
	keys := slices.Collect(maps.Keys(selected))
	keys = slices.DeleteFunc(keys, func(key objectKey) bool { return key.kind != k || o.Namespace != "" && key.Namespace != o.Namespace })
	slices.SortFunc(keys, objectKey.compare)
	found := make([]client.Object, len(keys))
	for i, key := range keys {
		found[i] = selected[key]
	}
	return found
}
