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
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestApplyTags(t *testing.T) {
	const (
		aws     = "ClusterSessionIssuer aws "
		none    = "puts tags on every session, which "
		use     = " cannot carry: use GetFederationToken or assumeRole, or an issuer without sessionTags"
		compute = "cannot compute the value of the tag team for this session (spec.guardrails.sessionTags[0]): "
		charset = " holds what AWS does not take in a tag: only letters, digits, spaces and _.:/=+-@"
	)
	team := v1alpha1.ForcedTag{Key: "team", Value: new("a")}
	computed := func(expression string) v1alpha1.ForcedTag {
		return v1alpha1.ForcedTag{Key: "team", ValueExpression: expression}
	}
	for sentence, c := range map[string]struct {
		forced    []v1alpha1.ForcedTag
		operation string
		asked     []sts.Tag
		want      []sts.Tag
		problem   string
	}{
		"none":           {nil, "", tagged("x", "y"), tagged("x", "y"), ""},
		"a value":        {[]v1alpha1.ForcedTag{team}, "", nil, tagged("team", "a"), ""},
		"an empty value": {[]v1alpha1.ForcedTag{{Key: "team", Value: new("")}}, "", nil, tagged("team", ""), ""},
		"an expression": {
			[]v1alpha1.ForcedTag{computed("namespace.name + '/' + object.name + '=' + session.name")},
			"",
			nil,
			tagged("team", "team-a/reports=team-a-reports"),
			"",
		},
		"an expression on what was asked": {
			[]v1alpha1.ForcedTag{team, {Key: "n", ValueExpression: "string(session.tags.size())"}}, "", nil, tagged("n", "0", "team", "a"),
			"",
		},
		"beside the session's, sorted": {
			[]v1alpha1.ForcedTag{team}, "", tagged("app", "x", "zone", "y"), tagged("app", "x", "team", "a", "zone", "y"),
			"",
		},
		"the same key and value":   {[]v1alpha1.ForcedTag{team}, "", tagged("team", "a"), tagged("team", "a"), ""},
		"the same in another case": {[]v1alpha1.ForcedTag{team}, "", tagged("TEAM", "a"), tagged("team", "a"), ""},
		"for a role":               {[]v1alpha1.ForcedTag{team}, sts.OperationAssumeRole, nil, tagged("team", "a"), ""},
		"another value": {
			[]v1alpha1.ForcedTag{team}, "", tagged("team", "b"), tagged("team", "b"),
			aws + `gives the tag team the value "a" on this session, but spec.tags asks for team with "b": remove it from spec.tags`,
		},
		"another value in another case": {
			[]v1alpha1.ForcedTag{team}, "", tagged("Team", "b"), tagged("Team", "b"),
			aws + `gives the tag team the value "a" on this session, but spec.tags asks for Team with "b": remove it from spec.tags`,
		},
		"the case of a value counts": {
			[]v1alpha1.ForcedTag{team}, "", tagged("team", "A"), tagged("team", "A"),
			aws + `gives the tag team the value "a" on this session, but spec.tags asks for team with "A": remove it from spec.tags`,
		},
		"another value in the case of another script": {
			[]v1alpha1.ForcedTag{{Key: "größe", Value: new("1")}}, "", tagged("GRÖßE", "2"), tagged("GRÖßE", "2"),
			aws + `gives the tag größe the value "1" on this session, but spec.tags asks for GRÖßE with "2": remove it from spec.tags`,
		},
		"another value with the Kelvin sign for a k": {
			[]v1alpha1.ForcedTag{{Key: "kind", Value: new("1")}}, "", tagged("\u212Aind", "2"), tagged("\u212Aind", "2"),
			aws + `gives the tag kind the value "1" on this session, but spec.tags asks for ` + "\u212A" + `ind with "2": remove it from spec.tags`,
		},
		"of two conflicts the first": {
			[]v1alpha1.ForcedTag{team, {Key: "b", Value: new("1")}, {Key: "c", Value: new("1")}}, "", tagged("b", "2", "team", "b"),
			tagged("b", "2", "team", "b"),
			aws + `gives the tag team the value "a" on this session, but spec.tags asks for team with "b": remove it from spec.tags`,
		},
		"an operation that takes none": {
			[]v1alpha1.ForcedTag{team}, sts.OperationGetSessionToken, nil, nil,
			aws + none + "GetSessionToken" + use,
		},
		"a web identity": {
			[]v1alpha1.ForcedTag{team}, sts.OperationAssumeRoleWithWebIdentity, nil, nil,
			aws + none + "AssumeRoleWithWebIdentity" + use,
		},
		"a missing key": {
			[]v1alpha1.ForcedTag{computed("namespace.labels['owner']"), {Key: "b", Value: new("1")}}, "", nil, nil,
			aws + compute + "no such key: owner",
		},
		"a value that AWS reserves": {
			[]v1alpha1.ForcedTag{computed("'AWS:' + session.name")}, "", nil, nil,
			aws + compute + `"AWS:team-a-reports" begins with aws:, which AWS reserves`,
		},
		"too costly": {
			[]v1alpha1.ForcedTag{computed("string(" + costly + ")")}, "", nil, nil,
			aws + compute + "it costs more than the 100000 units that an expression may",
		},
		"what AWS does not take": {
			[]v1alpha1.ForcedTag{computed("namespace.name + '*'")}, "", nil, nil,
			aws + compute + `"team-a*"` + charset,
		},
		"a line break": {
			[]v1alpha1.ForcedTag{computed("'a\\n'")}, "", nil, nil, aws + compute + `"a\n"` + charset,
		},
		"letters and spaces of any script": {[]v1alpha1.ForcedTag{computed("'größe 東京\u00a0٣'")}, "", nil, tagged("team", "größe 東京\u00a0٣"), ""},
		"256 characters": {
			[]v1alpha1.ForcedTag{computed("'" + strings.Repeat("東", 256) + "'")}, "", nil, tagged("team", strings.Repeat("東", 256)),
			"",
		},
		"257 characters": {
			[]v1alpha1.ForcedTag{computed("'" + strings.Repeat("東", 257) + "'")}, "", nil, nil,
			aws + compute + "it has 257 characters, AWS takes at most 256",
		},
		"50 in all": {[]v1alpha1.ForcedTag{team}, "", fill(49), append(fill(49), sts.Tag{Key: "team", Value: "a"}), ""},
		"51 in all": {
			[]v1alpha1.ForcedTag{team}, "", fill(50), fill(50),
			aws + "adds its tags to every session, which makes 51 here, and AWS takes at most 50: remove some from spec.tags",
		},
		"50 of which one is the same": {
			[]v1alpha1.ForcedTag{{Key: "KEY-00", Value: new("value")}}, "", fill(50), append(tagged("KEY-00", "value"), fill(50)[1:]...),
			"",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			request := with(federation, func(r *sts.Request) {
				r.Tags = slices.Clone(c.asked)
				if c.operation != "" {
					r.Operation = c.operation
				}
			})
			got, problem := apply(t, withTags(c.forced...), request)
			g.Expect(got.Tags).To(Equal(c.want))
			g.Expect(request.Tags).To(Equal(c.asked), "the request that was given stays as it is")
			g.Expect(message(problem)).To(Equal(c.problem))
			if problem != nil {
				g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonForcedTagConflict))
			}
			g.Expect(with(got, func(r *sts.Request) { r.Tags = c.asked })).To(Equal(request), "nothing else changes")
		})
	}
}

// fill are so many tags.
func fill(n int) []sts.Tag {
	var tags []sts.Tag
	for i := range n {
		tags = append(tags, sts.Tag{Key: fmt.Sprintf("key-%02d", i), Value: "value"})
	}
	return tags
}

// STS wants each transitive key among the keys of the tags, so they are spelt alike.
func TestApplyTransitiveTags(t *testing.T) {
	team := v1alpha1.ForcedTag{Key: "team", Value: new("a")}
	transitive := v1alpha1.ForcedTag{Key: "team", Value: new("a"), Transitive: new(true)}
	no := v1alpha1.ForcedTag{Key: "team", Value: new("a"), Transitive: new(false)}
	for sentence, c := range map[string]struct {
		forced    []v1alpha1.ForcedTag
		operation string
		tags      []sts.Tag
		keys      []string
		wantTags  []sts.Tag
		wantKeys  []string
	}{
		"transitive": {
			[]v1alpha1.ForcedTag{transitive}, sts.OperationAssumeRole, nil, nil, tagged("team", "a"), []string{"team"},
		},
		"not transitive": {[]v1alpha1.ForcedTag{no}, sts.OperationAssumeRole, nil, nil, tagged("team", "a"), nil},
		"for a federated user": {
			[]v1alpha1.ForcedTag{transitive}, sts.OperationGetFederationToken, nil, nil, tagged("team", "a"), nil,
		},
		"beside the session's, sorted": {
			[]v1alpha1.ForcedTag{transitive, {Key: "B", Value: new("b"), Transitive: new(true)}}, sts.OperationAssumeRole,
			tagged("app", "x", "zone", "y"), []string{"app", "zone"},
			tagged("B", "b", "app", "x", "team", "a", "zone", "y"), []string{"B", "app", "team", "zone"},
		},
		"the session has it too": {
			[]v1alpha1.ForcedTag{transitive}, sts.OperationAssumeRole, tagged("team", "a"), []string{"team"},
			tagged("team", "a"), []string{"team"},
		},
		"the session has it too, in another case": {
			[]v1alpha1.ForcedTag{transitive}, sts.OperationAssumeRole, tagged("TEAM", "a"), []string{"TEAM"},
			tagged("team", "a"), []string{"team"},
		},
		"the session's tag is not transitive": {
			[]v1alpha1.ForcedTag{transitive}, sts.OperationAssumeRole, tagged("TEAM", "a"), nil, tagged("team", "a"), []string{"team"},
		},
		"only the session's is transitive, in another case": {
			[]v1alpha1.ForcedTag{team}, sts.OperationAssumeRole, tagged("Apple", "x", "TEAM", "a", "alpha", "y"),
			[]string{"Apple", "TEAM", "alpha"},
			tagged("Apple", "x", "alpha", "y", "team", "a"), []string{"Apple", "alpha", "team"},
		},
		"a key of the session that only the issuer's tag has": {
			[]v1alpha1.ForcedTag{team}, sts.OperationAssumeRole, nil, []string{"Team"}, tagged("team", "a"), []string{"team"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			tags, keys := slices.Clone(c.tags), slices.Clone(c.keys)
			request := with(role, func(r *sts.Request) { r.Operation, r.Tags, r.TransitiveTagKeys = c.operation, tags, keys })
			got, problem := apply(t, withTags(c.forced...), request)
			g.Expect(message(problem)).To(BeEmpty())
			g.Expect(got.Tags).To(Equal(c.wantTags))
			g.Expect(got.TransitiveTagKeys).To(Equal(c.wantKeys))
			g.Expect(tags).To(Equal(c.tags), "the request that was given stays as it is")
			g.Expect(keys).To(Equal(c.keys))
		})
	}
}

func TestApplyRulesSeeTransitiveTags(t *testing.T) {
	guardrails := issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.Guardrails.SessionTags = []v1alpha1.ForcedTag{{Key: "team", Value: new("a"), Transitive: new(true)}}
		spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.transitiveTagKeys == ['team']"}}
	})
	_, problem := apply(t, guardrails, role)
	NewWithT(t).Expect(message(problem)).To(BeEmpty())
}
