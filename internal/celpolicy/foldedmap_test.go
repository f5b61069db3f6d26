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
	"strings"
	"testing"
	"unicode"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

func TestFoldedStringMap(t *testing.T) {
	for sentence, c := range map[string]struct {
		expression string
		holds      bool
		err        string
	}{
		"in":                             {"'admin' in session.tags && 'ADMIN' in session.tags && 'Admin' in session.tags", true, ""},
		"in, refusing":                   {"!('admin' in session.tags)", false, ""},
		"in, of a key that is not there": {"!('admins' in session.tags) && !('' in session.tags)", true, ""},
		"in, of a key that is computed":  {"['aDMIN'].all(k, k in session.tags)", true, ""},
		"an index":                       {"session.tags['admin'] == 'Yes' && session.tags['ADMIN'] == 'Yes'", true, ""},
		"an index that is computed":      {"['aDMIN'].all(k, session.tags[k] == 'Yes')", true, ""},
		"a field":                        {"session.tags.aDMIN == 'Yes'", true, ""},
		"has":                            {"has(session.tags.admin) && has(session.tags.Admin) && !has(session.tags.admins)", true, ""},
		"a missing key in the message":   {"session.tags['Owner'] == ''", false, "no such key: Owner"},
		"the case of values counts":      {"session.tags['admin'] == 'yes'", false, ""},
		"another script":                 {"session.tags['GRÖSSE'] == '1' && 'grÖsse' in session.tags", true, ""},
		"the Kelvin sign":                {"'\u212Aind' in session.tags && session.tags['KIND'] == '2'", true, ""},
		"the sharp s is not two":         {"!('größe' in session.tags)", true, ""},
		"a loop has them as they are written": {
			"session.tags.map(k, k) == ['Admin', 'Grösse', 'kind'] && !session.tags.exists(k, k == 'admin')", true, "",
		},
		"a loop asks for each":   {"session.tags.all(k, k in session.tags && session.tags[k] != '')", true, ""},
		"as many as are written": {"session.tags.size() == 3", true, ""},
		"equal": {
			"session.tags == {'ADMIN': 'Yes', 'GRÖSSE': '1', 'KIND': '2'} && {'ADMIN': 'Yes', 'GRÖSSE': '1', 'KIND': '2'} == session.tags", true,
			"",
		},
		"equal to itself": {"session.tags == session.tags && !(session.tags != session.tags)", true, ""},
		"not equal": {
			"session.tags != {'admin': 'Yes'} && session.tags != {'admin': 'no', 'grösse': '1', 'kind': '2'} && " +
				"session.tags != {'x': 'Yes', 'grösse': '1', 'kind': '2'}",
			true,
			"",
		},
		"labels stay as they are": {
			"'team' in namespace.labels && !('Team' in namespace.labels) && !has(namespace.labels.TEAM)", true,
			"",
		},
		"maps of the expression do, too": {"!('A' in {'a': 1})", true, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			tagged := session.New(map[string]celpolicy.Value{
				"tags": celpolicy.FoldedStringMap(map[string]string{"Admin": "Yes", "Grösse": "1", "kind": "2"}),
			})
			for range 3 {
				holds, err := evaluate(t, c.expression, tagged, aNamespace)
				g.Expect(message(err)).To(Equal(c.err))
				g.Expect(holds).To(Equal(c.holds))
			}
		})
	}
}

// Keys are alike when strings.EqualFold says so.
func TestFold(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		one, other := string(r), string(unicode.SimpleFold(r))
		if celpolicy.Fold(one) != celpolicy.Fold(other) || !strings.EqualFold(one, celpolicy.Fold(one)) {
			t.Errorf("%q and %q", one, other)
		}
	}
}
