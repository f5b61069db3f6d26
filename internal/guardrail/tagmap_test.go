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
	"strings"
	"testing"
	"unicode"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestKeysOfTagsAreFoundInAnyCase(t *testing.T) {
	const refused, missing = "ClusterSessionIssuer aws refuses the session: ", "its spec.rules[0] cannot be evaluated for it: no such key: "
	for sentence, c := range map[string]struct{ expression, want string }{
		"in":                                    {"'admin' in session.tags && 'ADMIN' in session.tags && 'Admin' in session.tags", ""},
		"in, refusing":                          {"!('admin' in session.tags)", refused + "!('admin' in session.tags)"},
		"in, of a key that is not there":        {"!('admins' in session.tags) && !('' in session.tags)", ""},
		"in, of a key that is computed":         {"['aDMIN'].all(k, k in session.tags)", ""},
		"an index":                              {"session.tags['admin'] == 'Yes' && session.tags['ADMIN'] == 'Yes'", ""},
		"an index that is computed":             {"['aDMIN'].all(k, session.tags[k] == 'Yes')", ""},
		"a field":                               {"session.tags.aDMIN == 'Yes'", ""},
		"has":                                   {"has(session.tags.admin) && has(session.tags.Admin) && !has(session.tags.admins)", ""},
		"a missing key is told as it was asked": {"session.tags['Owner'] == ''", refused + missing + "Owner"},
		"the case of values counts":             {"session.tags['admin'] == 'yes'", refused + "session.tags['admin'] == 'yes'"},
		"another script":                        {"session.tags['GRÖSSE'] == '1' && 'grÖsse' in session.tags", ""},
		"the Kelvin sign":                       {"'\u212Aind' in session.tags && session.tags['KIND'] == '2'", ""},
		"the sharp s is not two":                {"!('größe' in session.tags)", ""},
		"a loop has them as they are written":   {"session.tags.map(k, k) == ['Admin', 'Grösse', 'kind'] && !session.tags.exists(k, k == 'admin')", ""},
		"a loop asks for each":                  {"session.tags.all(k, k in session.tags && session.tags[k] != '')", ""},
		"as many as are written":                {"session.tags.size() == 3", ""},
		"equal":                                 {"session.tags == {'ADMIN': 'Yes', 'GRÖSSE': '1', 'KIND': '2'} && {'ADMIN': 'Yes', 'GRÖSSE': '1', 'KIND': '2'} == session.tags", ""},
		"equal to itself":                       {"session.tags == session.tags && !(session.tags != session.tags)", ""},
		"not equal":                             {"session.tags != {'admin': 'Yes'} && session.tags != {'admin': 'no', 'grösse': '1', 'kind': '2'} && session.tags != {'x': 'Yes', 'grösse': '1', 'kind': '2'}", ""},
		"labels stay as they are":               {"'team' in namespace.labels && !('Team' in namespace.labels) && !has(namespace.labels.TEAM)", ""},
		"maps of the expression do, too":        {"!('A' in {'a': 1})", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails := compile(t, withRules(c.expression))
			request := with(federation, func(r *sts.Request) { r.Tags = tagged("Admin", "Yes", "Grösse", "1", "kind", "2") })
			for range 3 {
				_, problem := guardrails.Apply(request, namespace, object)
				g.Expect(message(problem)).To(Equal(c.want))
			}
		})
	}
}

func TestKeysAreAlikeWhenStringsEqualFoldSaysSo(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		one, other := string(r), string(unicode.SimpleFold(r))
		if guardrail.Folded(one) != guardrail.Folded(other) || !strings.EqualFold(one, guardrail.Folded(one)) {
			t.Errorf("%q and %q", one, other)
		}
	}
}
