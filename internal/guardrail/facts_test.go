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

package guardrail_test

import (
	"reflect"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/guardrail"
)

// Expressions compare and convert no objects, but a later version of CEL may try.
func TestObjectsAreOpaque(t *testing.T) {
	g := NewWithT(t)
	value := guardrail.MetadataValue(namespace)
	g.Expect(value.Type()).To(Equal(cel.ObjectType("Metadata")))
	g.Expect(value.ConvertToType(types.TypeType)).To(Equal(cel.ObjectType("Metadata")))
	g.Expect(types.IsError(value.ConvertToType(types.StringType))).To(BeTrue())
	g.Expect(value.Equal(value)).To(Equal(types.False))
	g.Expect(value.Value()).To(HaveLen(3))
	_, err := value.ConvertToNative(reflect.TypeFor[string]())
	g.Expect(err).To(MatchError("Metadata is not a native value"))
}
