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

package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// FieldOwner is who Apply acts as.
const FieldOwner = "administrator"

// Apply does as `kubectl apply --server-side` does.
func (s *Stage) Apply(ctx context.Context, text []byte, namespace string) error {
	objects, err := s.Decode(text, namespace)
	if err != nil {
		return err
	}
	for _, object := range objects {
		err := s.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(FieldOwner), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// Decode reads objects from YAML. Objects that name no namespace get the one that is given, if they can have one. Issuers get
// the endpoint of the STS fake.
func (s *Stage) Decode(text []byte, namespace string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading YAML: %w", err)
		}
		if err := s.complete(object, namespace); err != nil {
			return nil, fmt.Errorf("completing %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		objects = append(objects, object)
	}
}

func (s *Stage) complete(object *unstructured.Unstructured, namespace string) error {
	isNamespaced, err := s.Client.IsObjectNamespaced(object)
	if err != nil {
		return err
	}
	if isNamespaced && object.GetNamespace() == "" {
		object.SetNamespace(namespace)
	}
	if strings.HasSuffix(object.GetKind(), "SessionIssuer") {
		return unstructured.SetNestedField(object.Object, s.STSURL, "spec", "endpoint")
	}
	return nil
}

// Ready is the Ready condition of a session, or Unknown while it does not speak of the current spec.
func Ready(fs *v1alpha1.FederatedSession) metav1.Condition {
	c := meta.FindStatusCondition(fs.Status.Conditions, v1alpha1.ReadyCondition)
	if c == nil || fs.Status.ObservedGeneration != fs.Generation {
		return metav1.Condition{Type: v1alpha1.ReadyCondition, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending, Message: "not reconciled yet"}
	}
	return *c
}
