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

func TestForcedTags(t *testing.T) {
	const (
		aws     = "ClusterSessionIssuer aws "
		charset = " holds what AWS does not take in a tag: only letters, digits, spaces and _.:/=+-@"
	)
	team := v1alpha1.ForcedTag{Key: "team", Value: ptr("a")}
	told := func(expression string) v1alpha1.ForcedTag {
		return v1alpha1.ForcedTag{Key: "team", ValueExpression: expression}
	}
	for sentence, c := range map[string]struct {
		forced    []v1alpha1.ForcedTag
		operation string
		asked     []sts.Tag
		want      []sts.Tag
		problem   string
	}{
		"none":                            {nil, "", tagged("x", "y"), tagged("x", "y"), ""},
		"a value":                         {[]v1alpha1.ForcedTag{team}, "", nil, tagged("team", "a"), ""},
		"an empty value":                  {[]v1alpha1.ForcedTag{{Key: "team", Value: ptr("")}}, "", nil, tagged("team", ""), ""},
		"an expression":                   {[]v1alpha1.ForcedTag{told("namespace.name + '/' + object.name + '=' + session.name")}, "", nil, tagged("team", "team-a/reports=team-a-reports"), ""},
		"an expression on what was asked": {[]v1alpha1.ForcedTag{team, {Key: "n", ValueExpression: "string(session.tags.size())"}}, "", nil, tagged("n", "0", "team", "a"), ""},
		"beside the session's, sorted":    {[]v1alpha1.ForcedTag{team}, "", tagged("app", "x", "zone", "y"), tagged("app", "x", "team", "a", "zone", "y"), ""},
		"the same key and value":          {[]v1alpha1.ForcedTag{team}, "", tagged("team", "a"), tagged("team", "a"), ""},
		"the same in another case":        {[]v1alpha1.ForcedTag{team}, "", tagged("TEAM", "a"), tagged("team", "a"), ""},
		"for a role":                      {[]v1alpha1.ForcedTag{team}, sts.OperationAssumeRole, nil, tagged("team", "a"), ""},
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
			[]v1alpha1.ForcedTag{{Key: "größe", Value: ptr("1")}}, "", tagged("GRÖßE", "2"), tagged("GRÖßE", "2"),
			aws + `gives the tag größe the value "1" on this session, but spec.tags asks for GRÖßE with "2": remove it from spec.tags`,
		},
		"another value with the Kelvin sign for a k": {
			[]v1alpha1.ForcedTag{{Key: "kind", Value: ptr("1")}}, "", tagged("\u212Aind", "2"), tagged("\u212Aind", "2"),
			aws + `gives the tag kind the value "1" on this session, but spec.tags asks for ` + "\u212A" + `ind with "2": remove it from spec.tags`,
		},
		"of two conflicts the first": {
			[]v1alpha1.ForcedTag{team, {Key: "b", Value: ptr("1")}, {Key: "c", Value: ptr("1")}}, "", tagged("b", "2", "team", "b"),
			tagged("b", "2", "team", "b"),
			aws + `gives the tag team the value "a" on this session, but spec.tags asks for team with "b": remove it from spec.tags`,
		},
		"an operation that takes none": {
			[]v1alpha1.ForcedTag{team}, sts.OperationGetSessionToken, nil, nil,
			aws + "puts tags on every session, which GetSessionToken cannot carry: use GetFederationToken or assumeRole, or an issuer without tags",
		},
		"a web identity": {
			[]v1alpha1.ForcedTag{team}, sts.OperationAssumeRoleWithWebIdentity, nil, nil,
			aws + "puts tags on every session, which AssumeRoleWithWebIdentity cannot carry: use GetFederationToken or assumeRole, or an issuer without tags",
		},
		"a missing key": {
			[]v1alpha1.ForcedTag{told("namespace.labels['owner']"), {Key: "b", Value: ptr("1")}}, "", nil, nil,
			aws + "cannot tell the value of the tag team for this session (spec.tags[0]): no such key: owner",
		},
		"too costly": {
			[]v1alpha1.ForcedTag{told("string(" + costly + ")")}, "", nil, nil,
			aws + "cannot tell the value of the tag team for this session (spec.tags[0]): it costs more than the 100000 units that an expression may",
		},
		"what AWS does not take": {
			[]v1alpha1.ForcedTag{told("namespace.name + '*'")}, "", nil, nil,
			aws + `cannot tell the value of the tag team for this session (spec.tags[0]): "team-a*"` + charset,
		},
		"a line break": {
			[]v1alpha1.ForcedTag{told("'a\\n'")}, "", nil, nil, aws + `cannot tell the value of the tag team for this session (spec.tags[0]): "a\n"` + charset,
		},
		"letters and spaces of any script": {[]v1alpha1.ForcedTag{told("'größe 東京\u00a0٣'")}, "", nil, tagged("team", "größe 東京\u00a0٣"), ""},
		"256 characters":                   {[]v1alpha1.ForcedTag{told("'" + strings.Repeat("東", 256) + "'")}, "", nil, tagged("team", strings.Repeat("東", 256)), ""},
		"257 characters": {
			[]v1alpha1.ForcedTag{told("'" + strings.Repeat("東", 257) + "'")}, "", nil, nil,
			aws + "cannot tell the value of the tag team for this session (spec.tags[0]): it has 257 characters, AWS takes at most 256",
		},
		"50 in all": {[]v1alpha1.ForcedTag{team}, "", fill(49), append(fill(49), sts.Tag{Key: "team", Value: "a"}), ""},
		"51 in all": {
			[]v1alpha1.ForcedTag{team}, "", fill(50), fill(50),
			aws + "adds its tags to every session, which makes 51 here, and AWS takes at most 50: remove some from spec.tags",
		},
		"50 of which one is the same": {[]v1alpha1.ForcedTag{{Key: "KEY-00", Value: ptr("value")}}, "", fill(50), append(tagged("KEY-00", "value"), fill(50)[1:]...), ""},
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
func TestTransitiveKeysFollowTheIssuersSpelling(t *testing.T) {
	g := NewWithT(t)
	keys := []string{"Apple", "TEAM", "alpha"}
	request := with(role, func(r *sts.Request) {
		r.Tags, r.TransitiveTagKeys = tagged("Apple", "x", "TEAM", "a", "alpha", "y"), keys
	})
	got, problem := apply(t, withTags(v1alpha1.ForcedTag{Key: "team", Value: ptr("a")}), request)
	g.Expect(problem).To(BeNil())
	g.Expect(got.Tags).To(Equal(tagged("Apple", "x", "alpha", "y", "team", "a")))
	g.Expect(got.TransitiveTagKeys).To(Equal([]string{"Apple", "alpha", "team"}))
	g.Expect(keys).To(Equal([]string{"Apple", "TEAM", "alpha"}))
}
