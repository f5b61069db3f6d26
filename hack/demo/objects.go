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
	for _, file := range []struct{ name, tells string }{
		{"objects/namespaces.yaml", "the teams reporting and billing, and a guest"},
		{"objects/issuers.yaml", "who calls STS: a SessionIssuer for one team, a ClusterSessionIssuer for labelled namespaces"},
		{"objects/sessions.yaml", "the FederatedSessions, each of which becomes a Secret that is always replaced before it expires"},
	} {
		s.say("   %s: %s.", strings.TrimPrefix(file.name, "objects/"), file.tells)
		if err := s.apply(file.name); err != nil {
			return err
		}
	}
	s.say("")
	return nil
}

// apply does as `kubectl apply --server-side` does with a file of the demo.
func (s *stage) apply(file string) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if _, isIssuer, _ := unstructured.NestedString(object.Object, "spec", "endpoint"); isIssuer {
			if err := unstructured.SetNestedField(object.Object, s.stsURL, "spec", "endpoint"); err != nil {
				return err
			}
		}
		err := s.kube.Apply(s.ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("demo"), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s: %w", file, err)
		}
	}
}
