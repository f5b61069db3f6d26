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
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/beevik/etree"
)

const instantFormat = "2006-01-02T15:04:05.000Z"

// Claims is what an identity provider says of a user. It leaves out what is zero, but for the audience and the recipient,
// which are then those of AWS: so it also makes the responses that AWS refuses.
type Claims struct {
	Subject             string
	SessionName         string
	Roles               []RolePair
	Audience            string
	Recipient           string
	SourceIdentity      string
	Tags                map[string]string
	TransitiveTagKeys   []string
	SessionDuration     time.Duration
	SessionNotOnOrAfter time.Time
}

func (i *IdentityProvider) response(assertion *etree.Element, issuedAt time.Time) *etree.Element {
	root := newElement("samlp:Response", "xmlns:samlp", protocolNamespace, "xmlns:saml", assertionNamespace,
		"ID", newID(), "Version", "2.0", "IssueInstant", format(issuedAt))
	add(root, "saml:Issuer").SetText(i.entityID)
	add(add(root, "samlp:Status"), "samlp:StatusCode", "Value", success)
	root.AddChild(assertion)
	return root
}

func (i *IdentityProvider) assertion(claims Claims, issuedAt time.Time, lifetime time.Duration) *etree.Element {
	recipient, audience := claims.Recipient, claims.Audience
	if recipient == "" {
		recipient = AWSRecipient
	}
	if audience == "" {
		audience = AWSAudience
	}
	notBefore, notOnOrAfter := format(issuedAt), format(issuedAt.Add(lifetime))

	root := newElement("saml:Assertion", "xmlns:saml", assertionNamespace, "ID", newID(), "Version", "2.0", "IssueInstant", notBefore)
	add(root, "saml:Issuer").SetText(i.entityID)
	subject := add(root, "saml:Subject")
	add(subject, "saml:NameID", "Format", formatPrefix+"persistent").SetText(claims.Subject)
	confirmation := add(subject, "saml:SubjectConfirmation", "Method", bearer)
	add(confirmation, "saml:SubjectConfirmationData", "NotOnOrAfter", notOnOrAfter, "Recipient", recipient)
	conditions := add(root, "saml:Conditions", "NotBefore", notBefore, "NotOnOrAfter", notOnOrAfter)
	add(add(conditions, "saml:AudienceRestriction"), "saml:Audience").SetText(audience)
	statement := add(root, "saml:AuthnStatement", "AuthnInstant", notBefore)
	if !claims.SessionNotOnOrAfter.IsZero() {
		statement.CreateAttr("SessionNotOnOrAfter", format(claims.SessionNotOnOrAfter))
	}
	add(add(statement, "saml:AuthnContext"), "saml:AuthnContextClassRef").SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")
	addAttributes(add(root, "saml:AttributeStatement"), claims)
	return root
}

// addAttributes leaves out an empty value, but for a tag's, which may be empty.
func addAttributes(statement *etree.Element, claims Claims) {
	addAttribute := func(name string, values ...string) {
		element := add(statement, "saml:Attribute", "Name", name)
		for _, value := range values {
			add(element, "saml:AttributeValue").SetText(value)
		}
	}
	if len(claims.Roles) > 0 {
		var pairs []string
		for _, pair := range claims.Roles {
			pairs = append(pairs, pair.RoleARN+","+pair.ProviderARN)
		}
		addAttribute(roleAttribute, pairs...)
	}
	if claims.SessionName != "" {
		addAttribute(sessionNameAttribute, claims.SessionName)
	}
	if claims.SourceIdentity != "" {
		addAttribute(sourceIdentityAttribute, claims.SourceIdentity)
	}
	if claims.SessionDuration != 0 {
		addAttribute(sessionDurationAttribute, strconv.FormatInt(int64(claims.SessionDuration/time.Second), 10))
	}
	for _, key := range slices.Sorted(maps.Keys(claims.Tags)) {
		addAttribute(tagAttributePrefix+key, claims.Tags[key])
	}
	if len(claims.TransitiveTagKeys) > 0 {
		addAttribute(transitiveTagKeysAttribute, claims.TransitiveTagKeys...)
	}
}

func newElement(tag string, attributes ...string) *etree.Element {
	element := etree.NewElement(tag)
	for pair := range slices.Chunk(attributes, 2) {
		element.CreateAttr(pair[0], pair[1])
	}
	return element
}

func add(parent *etree.Element, tag string, attributes ...string) *etree.Element {
	element := newElement(tag, attributes...)
	parent.AddChild(element)
	return element
}

func serialize(root *etree.Element) []byte {
	text, err := etree.NewDocumentWithRoot(root).WriteToBytes()
	if err != nil {
		panic(err) // a buffer takes every write
	}
	return text
}

func encode(root *etree.Element) string { return base64.StdEncoding.EncodeToString(serialize(root)) }

// newID is random, and a letter first makes it an xs:ID.
func newID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	return "_" + hex.EncodeToString(random)
}

func format(at time.Time) string { return at.UTC().Format(instantFormat) }
