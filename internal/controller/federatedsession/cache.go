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

package federatedsession

import (
	"context"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Indexes of the cache.
const (
	// issuerIndex: FederatedSessions by kind/name of their issuer.
	issuerIndex = "spec.issuerRef"
	// targetIndex: FederatedSessions by the name of their target Secret.
	targetIndex = "targetSecretName"
	// ownerIndex: Secrets by the UID of their controller.
	ownerIndex = "controllerUID"
)

// Caches is what the manager's cache keeps of each kind, so that its memory does not depend on what others hang on objects: of
// Secrets the operator's own without any credential, of sessions those that the selector matches (nil for all).
func Caches(selector labels.Selector) map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&corev1.Secret{}:                 {Field: fields.OneTermEqualSelector("type", string(credsecret.Type)), Transform: credsecret.Strip},
		&v1alpha1.FederatedSession{}:     {Label: selector, Transform: trimSession},
		&v1alpha1.SessionIssuer{}:        {Transform: trimIssuer},
		&v1alpha1.ClusterSessionIssuer{}: {Transform: trimIssuer},
	}
}

// trimSession drops what nobody reads. Rules read labels and annotations: a session that has too many of them keeps none but the
// one that says so, and is refused for it.
func trimSession(object any) (any, error) {
	fs, ok := object.(*v1alpha1.FederatedSession)
	if !ok {
		return object, nil // the tombstone of one that was deleted
	}
	fs.ManagedFields = nil
	delete(fs.Annotations, corev1.LastAppliedConfigAnnotation)
	if size := sizeOf(fs.Labels) + sizeOf(fs.Annotations); size > sts.MaxMetadataSize {
		fs.Labels, fs.Annotations = nil, map[string]string{sts.OversizeAnnotation: strconv.Itoa(size)}
	}
	return fs, nil
}

// trimIssuer drops what nobody reads.
func trimIssuer(object any) (any, error) {
	if issuer, ok := object.(v1alpha1.Issuer); ok {
		issuer.SetManagedFields(nil)
		issuer.SetLabels(nil)
		issuer.SetAnnotations(nil)
	}
	return object, nil
}

func sizeOf(metadata map[string]string) (size int) {
	for key, value := range metadata {
		size += len(key) + len(value)
	}
	return size
}

// IndexFields declares the indexes that the reconcilers list by.
func IndexFields(ctx context.Context, indexer client.FieldIndexer) error {
	for _, index := range []struct {
		object  client.Object
		field   string
		extract client.IndexerFunc
	}{
		{&v1alpha1.FederatedSession{}, issuerIndex, func(o client.Object) []string {
			ref := o.(*v1alpha1.FederatedSession).Spec.IssuerRef //nolint:forcetypeassert // the index is of this type
			return []string{issuerKey(ref.Kind, ref.Name)}
		}},
		{&v1alpha1.FederatedSession{}, targetIndex, func(o client.Object) []string {
			return []string{o.(*v1alpha1.FederatedSession).TargetSecretName()} //nolint:forcetypeassert // the index is of this type
		}},
		{&corev1.Secret{}, ownerIndex, func(o client.Object) []string {
			if owner := metav1.GetControllerOf(o); owner != nil {
				return []string{string(owner.UID)}
			}
			return nil
		}},
	} {
		if err := indexer.IndexField(ctx, index.object, index.field, index.extract); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", index.object, index.field, err)
		}
	}
	return nil
}
