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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	bearer       = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	formatPrefix = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
)

// readAssertion reads a signed assertion and checks it in this order: what it must have, whom it is for, when, and the
// attributes.
func readAssertion(signed *etree.Element, expected Expectation, now time.Time) (Assertion, error) {
	subject := only(signed, assertionNamespace, "Subject")
	nameID := only(subject, assertionNamespace, "NameID")
	assertion := Assertion{
		ID:            attribute(signed, "ID"),
		Issuer:        text(only(signed, assertionNamespace, "Issuer")),
		Subject:       text(nameID),
		SubjectFormat: strings.TrimPrefix(attribute(nameID, "Format"), formatPrefix),
	}
	if attribute(signed, "Version") != "2.0" {
		return Assertion{}, invalid("The Assertion is not of SAML 2.0")
	}
	if assertion.Subject == "" {
		return Assertion{}, invalid("The Assertion has no NameID")
	}
	confirmation := confirmationData(subject)
	if confirmation == nil {
		return Assertion{}, invalid("The Assertion does not have exactly one bearer SubjectConfirmation with SubjectConfirmationData")
	}
	if assertion.Recipient = attribute(confirmation, "Recipient"); assertion.Recipient != expected.Recipient {
		return Assertion{}, rejected("Response is for the recipient " + assertion.Recipient)
	}
	conditions := only(signed, assertionNamespace, "Conditions")
	if assertion.Audience = matchAudience(conditions, expected); assertion.Audience == "" {
		return Assertion{}, rejected("Response does not contain the required audience")
	}
	if err := assertion.readTimes(signed, now, expected.MaxAge); err != nil {
		return Assertion{}, err
	}
	if err := assertion.readAttributes(signed); err != nil {
		return Assertion{}, err
	}
	return assertion, nil
}

// confirmationData is that of the one bearer confirmation, which AWS requires to be the only one.
func confirmationData(subject *etree.Element) *etree.Element {
	confirmation := only(subject, assertionNamespace, "SubjectConfirmation")
	if attribute(confirmation, "Method") != bearer {
		return nil
	}
	return only(confirmation, assertionNamespace, "SubjectConfirmationData")
}

// matchAudience is the expected audience that every restriction admits (SAML core, section 2.5.1.4), or nothing. No
// restriction admits all, which AWS does not accept.
func matchAudience(conditions *etree.Element, expected Expectation) string {
	restrictions := children(conditions, assertionNamespace, "AudienceRestriction")
	for _, audience := range []string{expected.Audience, expected.Recipient} {
		refuses := func(restriction *etree.Element) bool {
			return !slices.ContainsFunc(children(restriction, assertionNamespace, "Audience"),
				func(element *etree.Element) bool { return text(element) == audience })
		}
		if len(restrictions) > 0 && !slices.ContainsFunc(restrictions, refuses) {
			return audience
		}
	}
	return ""
}

// readTimes checks every bound that the assertion has. One second before NotOnOrAfter is in time, NotOnOrAfter is not.
func (a *Assertion) readTimes(signed *etree.Element, now time.Time, maxAge time.Duration) error {
	issuedAt, err := instant(signed, "IssueInstant")
	if err != nil || issuedAt.IsZero() {
		return invalid("The Assertion has no IssueInstant")
	}
	confirmation := confirmationData(only(signed, assertionNamespace, "Subject"))
	if attribute(confirmation, "NotOnOrAfter") == "" {
		return invalid("The SubjectConfirmationData has no NotOnOrAfter")
	}
	for _, element := range []*etree.Element{confirmation, only(signed, assertionNamespace, "Conditions")} {
		notBefore, err := instant(element, "NotBefore")
		if err != nil {
			return err
		}
		notOnOrAfter, err := instant(element, "NotOnOrAfter")
		if err != nil {
			return err
		}
		if now.Before(notBefore) {
			return invalid("Response is not valid before " + notBefore.Format(time.RFC3339))
		}
		a.NotOnOrAfter = earliest(a.NotOnOrAfter, notOnOrAfter)
	}
	for _, statement := range children(signed, assertionNamespace, "AuthnStatement") {
		notOnOrAfter, err := instant(statement, "SessionNotOnOrAfter")
		if err != nil {
			return err
		}
		a.SessionNotOnOrAfter = earliest(a.SessionNotOnOrAfter, notOnOrAfter)
	}
	if over := earliest(a.NotOnOrAfter, a.SessionNotOnOrAfter); !now.Before(over) {
		return expired("Response has expired")
	}
	if maxAge > 0 && now.Sub(issuedAt) > maxAge {
		return expired("Token must be redeemed within " + strconv.Itoa(int(maxAge.Minutes())) + " minutes of issuance")
	}
	return nil
}

// instant is zero when there is none. SAML times are in UTC (SAML core, section 1.3.3).
func instant(element *etree.Element, name string) (time.Time, error) {
	value := attribute(element, name)
	if value == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil || !strings.HasSuffix(value, "Z") {
		return time.Time{}, invalid("The Assertion has a " + name + " that is not a time in UTC")
	}
	return at, nil
}

// earliest takes a zero time for no bound.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
