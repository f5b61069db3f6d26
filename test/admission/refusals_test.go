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

package admission_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// refusals are what the API server said to all candidates. When every test has run, each limit of each CRD is among them:
// a rule that is added without a case that it refuses fails the run.
var refusals = recorded{}

// namedByType are the refusals whose message does not say the limit.
var namedByType = []metav1.CauseType{
	metav1.CauseTypeFieldValueRequired, metav1.CauseTypeFieldValueDuplicate, metav1.CauseTypeFieldValueNotSupported,
}

// recorded are fields, as schemas name them, with what was said of them.
type recorded map[string][]string

// indexOfItem is what the path of a field in an error has, and the path of a field in a schema has not.
var indexOfItem = regexp.MustCompile(`\[[^\]]*\]`)

func (r recorded) remember(kind string, err error) {
	var status *apierrors.StatusError
	if !errors.As(err, &status) || status.ErrStatus.Details == nil {
		return
	}
	for _, cause := range status.ErrStatus.Details.Causes {
		field := kindOfLimits(kind) + " " + indexOfItem.ReplaceAllString(cause.Field, "")
		said := cause.Message
		if slices.Contains(namedByType, cause.Type) {
			said = string(cause.Type)
		}
		r[field] = append(r[field], said)
	}
}

// kindOfLimits is the kind, or the one for both kinds of issuer, which share a type.
func kindOfLimits(kind string) string { return strings.TrimPrefix(kind, "Cluster") }

// everyTestRan says whether no flag has left out tests.
func everyTestRan() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}

// expectEveryLimit tells which limits of the CRDs have refused no candidate.
func (r recorded) expectEveryLimit() error {
	files, err := filepath.Glob(filepath.Join(crdDirectory, "*.yaml"))
	if err != nil {
		return err
	}
	var missing []error
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		crd := apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(content, &crd); err != nil {
			return err
		}
		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
		missing = append(missing, r.missing(kindOfLimits(crd.Spec.Names.Kind)+" spec", &spec)...)
	}
	return errors.Join(missing...)
}

func (r recorded) missing(field string, schema *apiextensionsv1.JSONSchemaProps) (missing []error) {
	for _, limit := range limitsOf(schema) {
		if !r.has(field, limit) {
			missing = append(missing, fmt.Errorf("%s: no test of this package has a spec that is refused for %q", field, limit))
		}
	}
	for _, name := range schema.Required {
		if !r.has(field+"."+name, string(metav1.CauseTypeFieldValueRequired)) {
			missing = append(missing, fmt.Errorf("%s: no test of this package has a spec without %q", field, name))
		}
	}
	for name, below := range schema.Properties {
		if name != "selector" { // Kubernetes' own
			missing = append(missing, r.missing(field+"."+name, &below)...)
		}
	}
	if schema.Items != nil {
		missing = append(missing, r.missing(field, schema.Items.Schema)...)
	}
	if schema.AdditionalProperties != nil {
		missing = append(missing, r.missing(field, schema.AdditionalProperties.Schema)...)
	}
	return missing
}

// has says whether something was said of the field, or, where it is a map, of one of its values.
func (r recorded) has(field, text string) bool {
	for refused, said := range r {
		if refused != field && !strings.HasPrefix(refused, field+".") {
			continue
		}
		if slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, text) }) {
			return true
		}
	}
	return false
}

// limitsOf is what the API server says where a value breaks one of the schema's own limits.
func limitsOf(schema *apiextensionsv1.JSONSchemaProps) (limits []string) {
	for _, rule := range schema.XValidations {
		limits = append(limits, rule.Message)
	}
	for format, limit := range map[string]*int64{
		"should be at least %d chars long":  schema.MinLength,
		"Too long: may not be more than %d": schema.MaxLength,
		"should have at least %d items":     schema.MinItems,
		"must have at most %d items":        cmp.Or(schema.MaxItems, schema.MaxProperties),
	} {
		if limit != nil && *limit > 0 {
			limits = append(limits, fmt.Sprintf(format, *limit))
		}
	}
	if schema.Minimum != nil {
		limits = append(limits, fmt.Sprintf("should be greater than or equal to %.0f", *schema.Minimum))
	}
	if schema.Maximum != nil {
		limits = append(limits, fmt.Sprintf("should be less than or equal to %.0f", *schema.Maximum))
	}
	if schema.XListType != nil && *schema.XListType != "atomic" {
		limits = append(limits, string(metav1.CauseTypeFieldValueDuplicate))
	}
	if len(schema.Enum) > 0 {
		limits = append(limits, string(metav1.CauseTypeFieldValueNotSupported))
	}
	return limits
}
