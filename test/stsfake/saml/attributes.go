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

package saml

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// The attributes that AWS reads (IAM user guide, "Configure SAML assertions for the authentication response").
const (
	attributePrefix            = "https://aws.amazon.com/SAML/Attributes/"
	roleAttribute              = attributePrefix + "Role"
	sessionNameAttribute       = attributePrefix + "RoleSessionName"
	sessionDurationAttribute   = attributePrefix + "SessionDuration"
	sourceIdentityAttribute    = attributePrefix + "SourceIdentity"
	tagAttributePrefix         = attributePrefix + "PrincipalTag:"
	transitiveTagKeysAttribute = attributePrefix + "TransitiveTagKeys"

	minSessionDuration = 15 * time.Minute
	maxSessionDuration = 12 * time.Hour
)

var (
	namePattern = regexp.MustCompile(`^[a-zA-Z_0-9+=,.@-]{2,64}$`)
	rolePattern = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/\S+$`)
	idpPattern  = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:saml-provider/\S+$`)
)

func (a *Assertion) readAttributes(signed *etree.Element) error {
	a.Tags = map[string]string{}
	seen := map[string]bool{}
	for _, statement := range children(signed, assertionNamespace, "AttributeStatement") {
		for _, element := range children(statement, assertionNamespace, "Attribute") {
			name := attribute(element, "Name")
			if !strings.HasPrefix(name, attributePrefix) {
				continue
			}
			if seen[name] {
				return invalid("The Assertion has the attribute " + name + " twice")
			}
			seen[name] = true
			if err := a.readAttribute(name, values(element)); err != nil {
				return err
			}
		}
	}
	if a.SessionName == "" {
		return invalid("RoleSessionName is required in AuthnResponse")
	}
	if len(a.Roles) == 0 {
		return rejected("The Assertion permits no role")
	}
	return nil
}

// readAttribute takes the attribute's values as AWS does: a list for roles and transitive keys, else one.
func (a *Assertion) readAttribute(name string, values []string) error {
	switch name {
	case roleAttribute:
		return a.readRoles(values)
	case transitiveTagKeysAttribute:
		a.TransitiveTagKeys = values
		return nil
	}
	if len(values) != 1 {
		return invalid("The attribute " + name + " does not have exactly one value")
	}
	value := values[0]
	switch {
	case name == sessionNameAttribute:
		if a.SessionName = value; !namePattern.MatchString(value) {
			return invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
		}
	case name == sourceIdentityAttribute:
		if a.SourceIdentity = value; !namePattern.MatchString(value) || strings.HasPrefix(value, "aws:") {
			return invalid(`Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`)
		}
	case name == sessionDurationAttribute:
		return a.readSessionDuration(value)
	case strings.HasPrefix(name, tagAttributePrefix):
		a.Tags[strings.TrimPrefix(name, tagAttributePrefix)] = value
	}
	return nil
}

// readRoles takes "role,provider" in either order.
func (a *Assertion) readRoles(values []string) error {
	for _, value := range values {
		role, provider, _ := strings.Cut(value, ",")
		role, provider = strings.TrimSpace(role), strings.TrimSpace(provider)
		if idpPattern.MatchString(role) {
			role, provider = provider, role
		}
		if !rolePattern.MatchString(role) || !idpPattern.MatchString(provider) {
			return rejected("The Assertion has a Role that is no pair of a role and a SAML provider: " + value)
		}
		a.Roles = append(a.Roles, RolePair{role, provider})
	}
	return nil
}

func (a *Assertion) readSessionDuration(value string) error {
	seconds, err := strconv.ParseInt(value, 10, 32)
	a.SessionDuration = time.Duration(seconds) * time.Second
	if err != nil || a.SessionDuration < minSessionDuration || a.SessionDuration > maxSessionDuration {
		return invalid("The SessionDuration must be a number of seconds from 900 to 43200")
	}
	return nil
}

func values(element *etree.Element) []string {
	var values []string
	for _, value := range children(element, assertionNamespace, "AttributeValue") {
		values = append(values, text(value))
	}
	return values
}
