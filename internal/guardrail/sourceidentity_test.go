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

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestApplySourceIdentity(t *testing.T) {
	const (
		aws     = "ClusterSessionIssuer aws "
		sets    = aws + "sets the source identity of every role session, "
		charset = ", which AWS does not take: it must be 2 to 64 letters, digits and _+=,.@-"
	)
	asking := func(identity string) sts.Request {
		return with(role, func(r *sts.Request) { r.SourceIdentity = identity })
	}
	for sentence, c := range map[string]struct {
		expression     string
		request        sts.Request
		want, expected string
	}{
		"none":                      {"", role, "", ""},
		"none leaves the session's": {"", asking("me"), "me", ""},
		"of a role":                 {"namespace.name", role, "team-a", ""},
		"the same as the session's": {"namespace.name", asking("team-a"), "team-a", ""},
		"of what the session asks":  {"namespace.name + '.' + session.name", role, "team-a.reports", ""},
		"a federated user has none": {"namespace.name", federation, "", ""},
		"a session token could assume one": {
			"namespace.name", token, "",
			sets + "but the credentials of GetSessionToken can assume roles with any other: " +
				"use assumeRole or GetFederationToken, or an issuer without sourceIdentityExpression",
		},
		"a session token of no such issuer": {"", token, "", ""},
		"all that AWS takes":                {"'aZ09_+=,.@-'", role, "aZ09_+=,.@-", ""},
		"64 characters":                     {"'" + strings.Repeat("x", 64) + "'", role, strings.Repeat("x", 64), ""},
		"another than the session's": {
			"namespace.name", asking("me"), "me",
			aws + `gives this session the source identity "team-a", but spec.assumeRole.sourceIdentity asks for "me": remove it`,
		},
		"another case than the session's": {
			"namespace.name", asking("Team-a"), "Team-a",
			aws + `gives this session the source identity "team-a", but spec.assumeRole.sourceIdentity asks for "Team-a": remove it`,
		},
		"with a web identity": {
			"namespace.name", web, "",
			sets + "which AssumeRoleWithWebIdentity cannot carry: use assumeRole, or an issuer without sourceIdentityExpression",
		},
		"with SAML": {
			"namespace.name", saml, "",
			sets + "which AssumeRoleWithSAML cannot carry: use assumeRole, or an issuer without sourceIdentityExpression",
		},
		"a missing key": {
			"namespace.labels['owner']", role, "",
			aws + "cannot compute the source identity of this session (spec.guardrails.sourceIdentityExpression): no such key: owner",
		},
		"empty": {
			"''", role, "",
			aws + `gives this session the source identity ""` + charset,
		},
		"one character": {
			"'x'", role, "",
			aws + `gives this session the source identity "x"` + charset,
		},
		"65 characters": {
			"'" + strings.Repeat("x", 65) + "'", role, "",
			aws + `gives this session the source identity "` + strings.Repeat("x", 65) + `"` + charset,
		},
		"a slash": {
			"'a/b'", role, "",
			aws + `gives this session the source identity "a/b"` + charset,
		},
		"letters outside ASCII": {
			"'größe'", role, "",
			aws + `gives this session the source identity "größe"` + charset,
		},
		"a line break at the end": {
			"'team\\n'", role, "",
			aws + `gives this session the source identity "team\n"` + charset,
		},
		"a message that must stay readable": {
			"'" + strings.Repeat("東", 1000) + "'", role, "",
			aws + `gives this session the source identity "` + strings.Repeat("東", 1023-65) + "…",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			got, problem := apply(t, withSourceIdentity(c.expression), c.request)
			g.Expect(message(problem)).To(Equal(c.expected))
			if problem != nil {
				g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonSourceIdentityConflict))
			}
			g.Expect(got).To(Equal(with(c.request, func(r *sts.Request) { r.SourceIdentity = c.want })))
		})
	}
}
