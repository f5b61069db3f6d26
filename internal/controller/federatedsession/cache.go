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

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
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

// SecretCache keeps only the operator's own Secrets in memory, and of those no credential.
func SecretCache() cache.ByObject {
	return cache.ByObject{Field: fields.OneTermEqualSelector("type", string(credsecret.Type)), Transform: credsecret.Strip}
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
