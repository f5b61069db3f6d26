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

package celpolicy_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

// Expressions cannot compare or convert objects, but a later version of CEL may try to.
func TestObjectIsOpaque(t *testing.T) {
	g := NewWithT(t)
	value := aNamespace
	g.Expect(value.Type()).To(Equal(cel.ObjectType("Metadata")))
	g.Expect(value.ConvertToType(types.TypeType)).To(Equal(cel.ObjectType("Metadata")))
	g.Expect(types.IsError(value.ConvertToType(types.StringType))).To(BeTrue())
	g.Expect(value.Equal(value)).To(Equal(types.False))
	g.Expect(value.Value()).To(HaveLen(2))
	_, err := value.ConvertToNative(reflect.TypeFor[string]())
	g.Expect(err).To(MatchError("Metadata is not a native value"))
}

func TestObject(t *testing.T) {
	unreadable := session.New(map[string]celpolicy.Value{"policy": celpolicy.Unreadable(errors.New("it is broken"))})
	for sentence, c := range map[string]struct {
		session    celpolicy.Object
		expression string
		holds      bool
		err        string
	}{
		"a field":                        {aSession, "session.name == 'reports' && has(session.name)", true, ""},
		"an absent field with a default": {aSession, "session.durationSeconds == 0 && !has(session.durationSeconds)", true, ""},
		"an absent field without":        {aSession, "session.policy.Statement.size() == 0", false, "no such key: policy"},
		"whether it is there":            {aSession, "has(session.policy)", false, ""},
		"an unreadable field":            {unreadable, "session.policy.Statement.size() == 0", false, "it is broken"},
		"whether that is there":          {unreadable, "has(session.policy)", false, "it is broken"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			holds, err := evaluate(t, c.expression, c.session, aNamespace)
			g.Expect(message(err)).To(Equal(c.err))
			g.Expect(holds).To(Equal(c.holds))
		})
	}
}
