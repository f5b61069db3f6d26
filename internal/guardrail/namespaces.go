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

// Package guardrail decides whether a namespace may use an issuer. It is pure: an administrator's rules in, a verdict out.
package guardrail

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// Namespace is what the rules know of a namespace.
type Namespace struct {
	Name   string
	Labels map[string]string
}

// Refusal says why a namespace may not use a ClusterSessionIssuer, or is empty if it may. Nothing written down (nil) means
// nobody; an empty AllowedNamespaces means everybody; a selector that cannot be read admits nobody.
func Refusal(issuer *v1alpha1.ClusterSessionIssuer, ns Namespace) string {
	allowed := issuer.Spec.AllowedNamespaces
	switch {
	case allowed == nil:
		return fmt.Sprintf("ClusterSessionIssuer %s admits no namespace: an administrator must set its spec.allowedNamespaces", issuer.Name)
	case len(allowed.Names) == 0 && allowed.Selector == nil:
		return ""
	case slices.Contains(allowed.Names, ns.Name):
		return ""
	}
	if allowed.Selector != nil {
		selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
		if err != nil {
			return fmt.Sprintf("ClusterSessionIssuer %s has an unreadable spec.allowedNamespaces.selector and so admits no namespace: %s", issuer.Name, err)
		}
		if selector.Matches(labels.Set(ns.Labels)) {
			return ""
		}
	}
	return fmt.Sprintf("ClusterSessionIssuer %s does not admit namespace %s: an administrator must add it to spec.allowedNamespaces", issuer.Name, ns.Name)
}
