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

package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

//go:embed objects/*.yaml checks/*.yaml
var files embed.FS

// applyObjects applies what the demo is about.
func (s *stage) applyObjects() error {
	s.say("Namespaces, issuers and sessions. Read them in hack/demo/objects:")
	for _, file := range []struct {
		name, tells string
		first       func() error // what the file needs
	}{
		{"objects/namespaces.yaml", "the teams reporting, billing and shipping, and a guest", nil},
		{"objects/issuers.yaml", "who calls STS: an issuer for one team, one for labelled namespaces, one without a key", nil},
		{"objects/sessions.yaml", "the FederatedSessions, each of which becomes a Secret that is always replaced before it expires", nil},
		{"objects/operations.yaml", "the same by the other operations of STS, one session for each", s.prove},
	} {
		s.say("   %s: %s.", strings.TrimPrefix(file.name, "objects/"), file.tells)
		if file.first != nil {
			if err := file.first(); err != nil {
				return err
			}
		}
		if err := s.apply(file.name); err != nil {
			return err
		}
	}
	s.say("")
	return nil
}

// prove sees to what the sessions without a key bring: tokens of ServiceAccounts, and an assertion.
func (s *stage) prove() error {
	if err := s.allowTokens("shipping"); err != nil {
		return err
	}
	return s.signIn()
}

// apply does as `kubectl apply --server-side` does with a file of the demo.
func (s *stage) apply(file string) error {
	objects, err := s.objects(file)
	if err != nil {
		return err
	}
	return s.applyAll(file, objects)
}

// objects are those of a file of the demo. Issuers get the address that sts-fake took.
func (s *stage) objects(file string) ([]*unstructured.Unstructured, error) {
	text, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	objects, err := decode(file, text)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if _, isIssuer, _ := unstructured.NestedString(object.Object, "spec", "endpoint"); isIssuer {
			if err := unstructured.SetNestedField(object.Object, s.stsURL, "spec", "endpoint"); err != nil {
				return nil, err
			}
		}
	}
	return objects, nil
}

// install applies a file of the checkout, as an administrator does; in a namespace, if one is given.
func (s *stage) install(file, namespace string) error {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the checkout
	if err != nil {
		return err
	}
	objects, err := decode(file, text)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if namespace != "" {
			object.SetNamespace(namespace)
		}
	}
	return s.applyAll(file, objects)
}

func (s *stage) applyAll(file string, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		err := s.kube.Apply(s.ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("demo"), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s: %w", file, err)
		}
	}
	return nil
}

func decode(file string, text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		objects = append(objects, object)
	}
}
