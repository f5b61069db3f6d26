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

package trust

import (
	"regexp"
	"slices"
	"strings"
)

// The actions a trust policy can allow.
const (
	AssumeRole                = "sts:AssumeRole"
	AssumeRoleWithSAML        = "sts:AssumeRoleWithSAML"
	AssumeRoleWithWebIdentity = "sts:AssumeRoleWithWebIdentity"
	SetSourceIdentity         = "sts:SetSourceIdentity"
	TagSession                = "sts:TagSession"
)

var (
	accountPattern   = regexp.MustCompile(`\A[0-9]{12}\z`)
	awsPattern       = regexp.MustCompile(`\Aarn:[a-z0-9-]+:(iam::[0-9]{12}:(root|user/.+|role/.+)|sts::[0-9]{12}:assumed-role/[^/]+/[^/]+)\z`)
	federatedPattern = regexp.MustCompile(`\Aarn:[a-z0-9-]+:iam::[0-9]{12}:(oidc|saml)-provider/.+\z`)
)

func parseStatement(value any) (statement, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return statement{}, flawed("", "must be an object")
	}
	if err := onlyKnown(object, "Sid", "Effect", "Principal", "Action", "Condition"); err != nil {
		return statement{}, err
	}
	var parsed statement
	var isText bool
	if parsed.id, isText = object["Sid"].(string); object["Sid"] != nil && !isText {
		return statement{}, flawed("Sid", "must be a text")
	}
	effect := object["Effect"]
	if effect != "Allow" && effect != "Deny" {
		return statement{}, flawed("Effect", `must be "Allow" or "Deny"`)
	}
	parsed.isDeny = effect == "Deny"
	var err error
	if parsed.principals, err = parsePrincipals(object["Principal"]); err != nil {
		return statement{}, within("Principal", err)
	}
	if parsed.actions, err = parseActions(object["Action"]); err != nil {
		return statement{}, within("Action", err)
	}
	if parsed.conditions, err = parseConditions(object["Condition"], parsed.providers()); err != nil {
		return statement{}, within("Condition", err)
	}
	return parsed, nil
}

// parsePrincipals reads "*" or lists of principals by type.
func parsePrincipals(value any) ([]Principal, error) {
	if value == "*" {
		return []Principal{{AWS, "*"}}, nil
	}
	byType, isObject := value.(map[string]any)
	if !isObject || len(byType) == 0 {
		return nil, flawed("", `must be "*" or an object with AWS or Federated`)
	}
	if err := onlyKnown(byType, AWS, Federated); err != nil {
		return nil, err
	}
	var principals []Principal
	for _, kind := range []string{AWS, Federated} {
		if byType[kind] == nil {
			continue
		}
		names, err := texts(byType[kind])
		if err != nil {
			return nil, within(kind, err)
		}
		for _, name := range names {
			if !isPrincipal(kind, name) {
				return nil, flawed(kind, "%q is not the ARN of one", name)
			}
			principals = append(principals, Principal{kind, name})
		}
	}
	return principals, nil
}

// isPrincipal refuses wildcards within an ARN, as IAM does.
func isPrincipal(kind, name string) bool {
	if kind == Federated {
		return federatedPattern.MatchString(name) && !strings.Contains(name, "*")
	}
	return name == "*" || accountPattern.MatchString(name) || awsPattern.MatchString(name) && !strings.Contains(name, "*")
}

// parseActions reads names and patterns; one that fits no action of a trust policy is a mistake.
func parseActions(value any) ([]pattern, error) {
	if value == nil {
		return nil, flawed("", "must be given")
	}
	names, err := texts(value)
	if err != nil {
		return nil, err
	}
	actions := make([]pattern, len(names))
	for i, name := range names {
		actions[i] = newPattern(strings.ToLower(name))
		actions[i].text = name
		known := []string{AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, SetSourceIdentity, TagSession}
		if !strings.HasPrefix(strings.ToLower(name), "sts:") || !slices.ContainsFunc(known, actions[i].matchesIgnoringCase) {
			return nil, flawed("", "%q fits none of %q", name, known)
		}
	}
	return actions, nil
}

// providers are the OpenID Connect providers of the statement, by the names its condition keys begin with.
func (s statement) providers() []string {
	var names []string
	for _, principal := range s.principals {
		if _, name, isOIDC := strings.Cut(principal.Name, ":oidc-provider/"); isOIDC {
			names = append(names, name)
		}
	}
	return names
}
