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
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// kind of an object.
type kind int

const (
	sessions kind = iota
	secrets
	sessionIssuers
	clusterIssuers
	namespaces
	kinds // how many there are
)

var kindNames = [kinds]string{"FederatedSession", "Secret", "SessionIssuer", "ClusterSessionIssuer", "Namespace"}

func (k kind) String() string { return kindNames[k] }

func (k kind) resource() schema.GroupResource {
	if k == secrets || k == namespaces {
		return corev1.Resource(k.String())
	}
	return schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: k.String()}
}

// kindOf an object.
func kindOf(object client.Object) kind {
	switch object.(type) {
	case *v1alpha1.FederatedSession:
		return sessions
	case *corev1.Secret:
		return secrets
	case *v1alpha1.SessionIssuer:
		return sessionIssuers
	case *v1alpha1.ClusterSessionIssuer:
		return clusterIssuers
	case *corev1.Namespace, *metav1.PartialObjectMetadata:
		return namespaces
	}
	panic(fmt.Sprintf("the simulation has no %T", object))
}

// objectKey identifies an object.
type objectKey struct {
	kind kind
	types.NamespacedName
}

func keyOf(object client.Object) objectKey {
	return objectKey{kindOf(object), client.ObjectKeyFromObject(object)}
}

func (k objectKey) compare(other objectKey) int {
	return cmp.Or(cmp.Compare(k.kind, other.kind), cmp.Compare(k.Namespace, other.Namespace), cmp.Compare(k.Name, other.Name))
}

// copyInto copies an object into one that a caller has brought.
func copyInto(from, into client.Object) {
	switch into := into.(type) {
	case *v1alpha1.FederatedSession:
		from.(*v1alpha1.FederatedSession).DeepCopyInto(into)
	case *corev1.Secret:
		from.(*corev1.Secret).DeepCopyInto(into)
	case *v1alpha1.SessionIssuer:
		from.(*v1alpha1.SessionIssuer).DeepCopyInto(into)
	case *v1alpha1.ClusterSessionIssuer:
		from.(*v1alpha1.ClusterSessionIssuer).DeepCopyInto(into)
	case *metav1.PartialObjectMetadata:
		from.(*corev1.Namespace).ObjectMeta.DeepCopyInto(&into.ObjectMeta)
	default:
		panic(fmt.Sprintf("the simulation has no %T", into))
	}
}

func copyOf[T client.Object](object T) T { return object.DeepCopyObject().(T) }

// store is what the API server keeps. An object in it never changes: a write puts another in its place.
type store struct {
	objects  map[objectKey]client.Object
	version  int64
	lastUID  int64
	watchers []*cache
}

// create an object; it gets a UID, a resource version and a generation.
func (s *store) create(object client.Object) error {
	key := keyOf(object)
	if _, exists := s.objects[key]; exists {
		return apierrors.NewAlreadyExists(key.kind.resource(), key.Name)
	}
	s.lastUID++
	object.SetUID(types.UID(fmt.Sprintf("%08x-5a3e-4d3c-8a4f-%012x", s.lastUID*2654435761&0xffffffff, s.lastUID)))
	object.SetGeneration(1)
	object.SetCreationTimestamp(metav1.NewTime(time.Now().UTC().Truncate(time.Second)))
	s.put(key, nil, copyOf(object), object)
	return nil
}

// get an object into one that the caller has brought.
func (s *store) get(key objectKey, into client.Object) error {
	object, exists := s.objects[key]
	if !exists {
		return apierrors.NewNotFound(key.kind.resource(), key.Name)
	}
	copyInto(object, into)
	return nil
}

// mayCreate says whether an object could be created.
func (s *store) mayCreate(key objectKey) error {
	if _, exists := s.objects[key]; exists {
		return apierrors.NewAlreadyExists(key.kind.resource(), key.Name)
	}
	return nil
}

// current is the stored object that a write wants to replace, if it is still of the resource version that the writer read.
func (s *store) current(written client.Object) (client.Object, error) {
	key := keyOf(written)
	stored, exists := s.objects[key]
	switch {
	case !exists:
		return nil, apierrors.NewNotFound(key.kind.resource(), key.Name)
	case written.GetResourceVersion() != "" && written.GetResourceVersion() != stored.GetResourceVersion():
		return nil, conflict(key)
	}
	return stored, nil
}

func conflict(key objectKey) error {
	return apierrors.NewConflict(key.kind.resource(), key.Name, fmt.Errorf("the object has been modified"))
}

// put an object in the place of another, which is nil where there was none. The version is noted on the answer, too.
func (s *store) put(key objectKey, old, object, answer client.Object) {
	s.version++
	version := strconv.FormatInt(s.version, 10)
	object.SetResourceVersion(version)
	answer.SetResourceVersion(version)
	s.objects[key] = object
	s.notify(key, old, object)
}

// edit changes an object as a user does.
func edit[T client.Object](s *store, key objectKey, change func(T)) bool {
	old, exists := s.objects[key]
	if !exists {
		return false
	}
	object := copyOf(old.(T))
	change(object)
	if key.kind != secrets {
		object.SetGeneration(object.GetGeneration() + 1)
	}
	s.put(key, old, object, object)
	return true
}

// remove an object, as one that no finalizer holds.
func (s *store) remove(key objectKey) {
	if old, exists := s.objects[key]; exists {
		s.version++
		delete(s.objects, key)
		s.notify(key, old, nil)
	}
}

func (s *store) notify(key objectKey, old, object client.Object) {
	for _, w := range s.watchers {
		w.changed(key, old, object)
	}
}

// all objects of a kind, in order.
func (s *store) all(k kind) []client.Object {
	var keys []objectKey
	for key := range s.objects {
		if key.kind == k {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, objectKey.compare)
	objects := make([]client.Object, len(keys))
	for i, key := range keys {
		objects[i] = s.objects[key]
	}
	return objects
}
