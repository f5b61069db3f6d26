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

package stsfake

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

// estate is the roles and identity providers of all accounts, safe for concurrent use.
type estate struct {
	mu            sync.Mutex
	roles         map[string]knownRole // by account and name, of which IAM ignores the case
	issuers       map[string]oidc.Provider
	samlProviders map[string]knownSAMLProvider
	assertions    map[string]time.Time // used ones, until they are too old to be used again
}

// knownRole is a role whose trust policy has been read.
type knownRole struct {
	Role
	policy trust.Policy
}

// knownSAMLProvider is a provider whose metadata has been read.
type knownSAMLProvider struct {
	SAMLProvider
	verifier saml.Provider
}

func newEstate() *estate {
	return &estate{
		roles:         map[string]knownRole{},
		issuers:       map[string]oidc.Provider{},
		samlProviders: map[string]knownSAMLProvider{},
		assertions:    map[string]time.Time{},
	}
}

func (r knownRole) maxSessionDuration() time.Duration {
	return time.Duration(max(r.MaxSessionDuration, 3600)) * time.Second
}

func (p knownSAMLProvider) expectation() saml.Expectation {
	expected := saml.Expectation{Recipient: p.Recipient, Audience: p.Audience, MaxAge: saml.AWSMaxAge}
	if expected.Recipient == "" {
		expected.Recipient = saml.AWSRecipient
	}
	if expected.Audience == "" {
		expected.Audience = saml.AWSAudience
	}
	return expected
}

func roleKey(accountID, name string) string { return accountID + "/" + strings.ToLower(name) }

func (e *estate) setRole(accountID string, role knownRole) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.roles[roleKey(accountID, role.Name)] = role
}

func (e *estate) removeRole(accountID, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.roles, roleKey(accountID, name))
}

func (e *estate) findRole(accountID, name string) (knownRole, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	role, exists := e.roles[roleKey(accountID, name)]
	return role, exists
}

func (e *estate) setIssuer(accountID string, provider oidc.Provider) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.issuers[accountID+"/"+provider.Issuer] = provider
}

func (e *estate) findIssuer(accountID, url string) (oidc.Provider, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	provider, exists := e.issuers[accountID+"/"+url]
	return provider, exists
}

func (e *estate) setSAMLProvider(accountID string, provider knownSAMLProvider) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.samlProviders[accountID+"/"+provider.Name] = provider
}

func (e *estate) findSAMLProvider(accountID, name string) (knownSAMLProvider, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	provider, exists := e.samlProviders[accountID+"/"+name]
	return provider, exists
}

// useAssertion tells whether an assertion is used for the first time; it need not be remembered after it has expired.
func (e *estate) useAssertion(id string, notOnOrAfter, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.assertions, func(_ string, until time.Time) bool { return until.Add(time.Hour).Before(now) })
	if _, used := e.assertions[id]; used {
		return false
	}
	e.assertions[id] = notOnOrAfter
	return true
}
