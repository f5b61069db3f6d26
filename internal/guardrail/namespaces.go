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
}

// newNamespaces compiles spec.allowedNamespaces. Absent (nil), nobody is admitted; empty, everybody. An invalid selector admits
// nobody.
func newNamespaces(allowed *v1alpha1.AllowedNamespaces) *namespaces {
	if allowed == nil {
		return &namespaces{nobody: true}
	}
	n := &namespaces{
		everybody: len(allowed.Names) == 0 && allowed.Selector == nil,
		names:     slices.Clone(allowed.Names),
	}
	if allowed.Selector != nil {
		if selector, err := metav1.LabelSelectorAsSelector(allowed.Selector); err == nil {
			n.selector, n.everybody = selector, selector.Empty()
		}
	}
	return n
}

// CheckNamespace says why a namespace may not use the issuer; nil if it may.
func (g *Guardrails) CheckNamespace(namespace Metadata) *sts.Problem {
	n := g.namespaces
	refuse := func(format string, args ...any) *sts.Problem {
		return sts.Problemf(v1alpha1.ReasonNamespaceNotAllowed, "%s "+format, append([]any{g.issuer}, args...)...)
	}
	switch {
	case n == nil:
		return nil
	case n.nobody:
		return refuse("admits no namespace: an administrator must set its spec.allowedNamespaces")
	case n.everybody || slices.Contains(n.names, namespace.Name):
		return nil
	case n.selector != nil && n.selector.Matches(labels.Set(namespace.Labels)):
		return nil
	}
	return refuse("does not admit namespace %s: an administrator must add it to spec.allowedNamespaces", namespace.Name)
}
