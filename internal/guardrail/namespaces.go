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

package guardrail

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// namespaces are those that a ClusterSessionIssuer admits.
type namespaces struct {
	nobody, everybody bool
	names             []string
	selector          labels.Selector // nil for none
	unreadable        error
}

// newNamespaces reads spec.allowedNamespaces. Nothing written down (nil) means nobody; an empty AllowedNamespaces means
// everybody; a selector that cannot be read admits nobody.
func newNamespaces(allowed *v1alpha1.AllowedNamespaces) *namespaces {
	if allowed == nil {
		return &namespaces{nobody: true}
	}
	n := &namespaces{
		everybody: len(allowed.Names) == 0 && allowed.Selector == nil,
		names:     slices.Clone(allowed.Names),
	}
	if allowed.Selector != nil {
		n.selector, n.unreadable = metav1.LabelSelectorAsSelector(allowed.Selector)
	}
	return n
}

// refuseNamespace says why a namespace may not use the issuer; nil if it may.
func (g *Guardrails) refuseNamespace(namespace Metadata) *sts.Problem {
	n := g.namespaces
	switch {
	case n == nil:
		return nil
	case n.nobody:
		return sts.Problemf(v1alpha1.ReasonNamespaceNotAllowed, "%s admits no namespace: an administrator must set its spec.allowedNamespaces", g.issuer)
	case n.everybody || slices.Contains(n.names, namespace.Name):
		return nil
	case n.unreadable != nil:
		return sts.Problemf(v1alpha1.ReasonNamespaceNotAllowed, "%s has an unreadable spec.allowedNamespaces.selector and so admits no namespace: %s", g.issuer, n.unreadable)
	case n.selector != nil && n.selector.Matches(labels.Set(namespace.Labels)):
		return nil
	}
	return sts.Problemf(v1alpha1.ReasonNamespaceNotAllowed, "%s does not admit namespace %s: an administrator must add it to spec.allowedNamespaces", g.issuer, namespace.Name)
}
