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

package reconciler

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// NewIssuer is an empty issuer of a kind.
func NewIssuer(kind v1alpha1.IssuerKind) v1alpha1.Issuer {
	if kind == v1alpha1.ClusterSessionIssuerKind {
		return &v1alpha1.ClusterSessionIssuer{}
	}
	return &v1alpha1.SessionIssuer{}
}

// GetIssuer reads an issuer; nil if there is none.
func GetIssuer(ctx context.Context, c client.Reader, id broker.ID) (v1alpha1.Issuer, error) {
	issuer := NewIssuer(id.Kind)
	if err := c.Get(ctx, client.ObjectKey{Namespace: id.Namespace, Name: id.Name}, issuer); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading %s %s: %w", id.Kind, id.Name, err)
	}
	return issuer, nil
}

// IssuerVersion differs whenever the spec of the issuer does.
func IssuerVersion(issuer v1alpha1.Issuer) string {
	return fmt.Sprintf("%s/%d", issuer.GetUID(), issuer.GetGeneration())
}

// IsAmbient says whether an issuer calls STS as the operator itself: cluster-scoped ones may, whatever a stored object says.
func IsAmbient(issuer v1alpha1.Issuer) bool {
	return issuer.IssuerSpec().Ambient != nil && issuer.IssuerKind() == v1alpha1.ClusterSessionIssuerKind
}

// ControllerNameOf is the installation that an issuer names; empty for none.
func ControllerNameOf(issuer v1alpha1.Issuer) string {
	if cluster, ok := issuer.(*v1alpha1.ClusterSessionIssuer); ok {
		return cluster.Spec.ControllerName
	}
	return ""
}

// IsOfAnother says whether an issuer belongs to another installation than the one of a name.
func IsOfAnother(issuer v1alpha1.Issuer, controllerName string) bool {
	named := ControllerNameOf(issuer)
	return named != "" && named != controllerName
}

// IsReportedByAnother says whether another installation has written the status of an issuer.
func IsReportedByAnother(issuer v1alpha1.Issuer, controllerName string) bool {
	wrote := issuer.IssuerStatus().ControllerName
	return wrote != "" && wrote != controllerName
}

// Namespaces reads the metadata of namespaces: from the cache, unless nothing cluster-scoped may be watched.
type Namespaces struct{ reader client.Reader }

// NewNamespaces reads as the dependencies say.
func NewNamespaces(d Dependencies) Namespaces {
	if d.NamespacedOnly {
		return Namespaces{d.Live}
	}
	return Namespaces{d.Client}
}

// Get the metadata of a namespace. It may not be found where an object was seen before its namespace, so that is an error, too.
func (n Namespaces) Get(ctx context.Context, name string) (*metav1.PartialObjectMetadata, error) {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := n.reader.Get(ctx, client.ObjectKey{Name: name}, namespace); err != nil {
		return nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	return namespace, nil
}

// GetSecret reads a Secret; nil if there is none.
func GetSecret(ctx context.Context, c client.Reader, key client.ObjectKey) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	if err := c.Get(ctx, key, secret); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading Secret %s: %w", key, err)
	}
	return secret, nil
}

// GetSecretKey reads one key of a Secret. If there is none, or it may not be read, the error is a *sts.Problem of the reason,
// which gives the advice.
func GetSecretKey(
	ctx context.Context, live client.Reader, name client.ObjectKey, key string, missing sts.Problem,
) ([]byte, error) {
	secret, err := GetSecret(ctx, live, name)
	switch {
	case apierrors.IsForbidden(err):
		return nil, sts.Problemf(missing.Reason, "the operator may not read Secret %s: grant its ServiceAccount the right to get it", name)
	case err != nil:
		return nil, err
	case secret == nil:
		return nil, sts.Problemf(missing.Reason, "Secret %s does not exist: %s", name, missing.Message)
	case len(secret.Data[key]) == 0:
		return nil, sts.Problemf(missing.Reason, "Secret %s has no key %s: %s", name, key, missing.Message)
	}
	return secret.Data[key], nil
}
