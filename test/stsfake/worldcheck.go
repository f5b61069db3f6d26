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
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

var (
	accountIDPattern = regexp.MustCompile(`\A[0-9]{12}\z`)
	userNamePattern  = regexp.MustCompile(`\A[\w+=,.@-]{1,64}\z`)
	providerPattern  = regexp.MustCompile(`\A[\w.-]{1,128}\z`)
	pathPattern      = regexp.MustCompile(`\A/([\x21-\x7E]{1,510}/)?\z`)
	serialPattern    = regexp.MustCompile(`\Aarn:[a-z0-9-]+:iam::[0-9]{12}:(mfa|u2f)/[\w+=/,.@-]+\z`)
)

// Check tells what is wrong with a world and where.
func (w World) Check() error {
	accounts, keys := unique{}, unique{}
	for i, account := range w.Accounts {
		place := fmt.Sprintf("accounts[%d]", i)
		if !accountIDPattern.MatchString(account.ID) {
			return fmt.Errorf("%s.id: %q is not 12 digits", place, account.ID)
		}
		if err := accounts.add(place+".id", account.ID); err != nil {
			return err
		}
		if err := account.check(place, keys); err != nil {
			return err
		}
	}
	return nil
}

// check holds an account's parts against their rules; names must differ as they must in IAM, keys in the whole world.
func (a Account) check(place string, keys unique) error {
	if err := checkKeys(place+".rootKeys", a.RootKeys, keys); err != nil {
		return err
	}
	users, roles, issuers, providers := unique{}, unique{}, unique{}, unique{}
	for i, user := range a.Users {
		at := fmt.Sprintf("%s.users[%d]", place, i)
		err := errors.Join(users.add(at+".name", strings.ToLower(user.Name)), within(at, user.check()), checkKeys(at+".keys", user.Keys, keys))
		if err != nil {
			return err
		}
	}
	for i, role := range a.Roles {
		at := fmt.Sprintf("%s.roles[%d]", place, i)
		if err := errors.Join(roles.add(at+".name", strings.ToLower(role.Name)), within(at, role.check())); err != nil {
			return err
		}
	}
	for i, provider := range a.OIDCProviders {
		at := fmt.Sprintf("%s.oidcProviders[%d]", place, i)
		if err := errors.Join(issuers.add(at+".url", provider.URL), within(at, provider.check())); err != nil {
			return err
		}
	}
	for i, provider := range a.SAMLProviders {
		at := fmt.Sprintf("%s.samlProviders[%d]", place, i)
		if err := errors.Join(providers.add(at+".name", provider.Name), within(at, provider.check())); err != nil {
			return err
		}
	}
	return nil
}

func (u User) check() error {
	if !userNamePattern.MatchString(u.Name) {
		return fmt.Errorf("name: %q is not the name of a user", u.Name)
	}
	for i, device := range u.MFADevices {
		if err := within(fmt.Sprintf("mfaDevices[%d]", i), device.check()); err != nil {
			return err
		}
	}
	return errors.Join(checkPath(u.Path), checkDenied(u.Denied))
}

func (d MFADevice) check() error {
	if !serialPattern.MatchString(d.SerialNumber) {
		return fmt.Errorf("serialNumber: %q is not the ARN of an MFA device", d.SerialNumber)
	}
	seed := strings.TrimRight(strings.ToUpper(d.Seed), "=")
	if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed); err != nil || seed == "" {
		return errors.New("seed: must be base32") // without the seed, which is a secret
	}
	return nil
}

func (r Role) check() error { _, err := r.read(); return err }

// read checks the role and reads its trust policy.
func (r Role) read() (knownRole, error) {
	if !userNamePattern.MatchString(r.Name) {
		return knownRole{}, fmt.Errorf("name: %q is not the name of a role", r.Name)
	}
	if longest := r.MaxSessionDuration; longest != 0 && (longest < 3600 || longest > 43200) {
		return knownRole{}, fmt.Errorf("maxSessionDuration: %d is not between 3600 and 43200", longest)
	}
	if err := errors.Join(checkPath(r.Path), checkDenied(r.Denied)); err != nil {
		return knownRole{}, err
	}
	policy, err := trust.Parse([]byte(r.Trust))
	if err != nil {
		return knownRole{}, fmt.Errorf("trust: %w", err)
	}
	return knownRole{Role: r, policy: policy}, nil
}

func (p OIDCProvider) check() error { _, err := p.read(); return err }

// read checks the provider and reads its keys; one that is not public is a mistake, and a secret.
func (p OIDCProvider) read() (oidc.Provider, error) {
	address, err := url.Parse(p.URL)
	if err != nil || address.Scheme != "https" || address.Host == "" || address.RawQuery != "" || address.Fragment != "" {
		return oidc.Provider{}, fmt.Errorf("url: %q is not of the form https://host/path", p.URL)
	}
	if len(p.ClientIDs) == 0 {
		return oidc.Provider{}, errors.New("clientIDs: there is none")
	}
	known := oidc.Provider{Issuer: p.URL, ClientIDs: slices.Clone(p.ClientIDs)}
	if err := json.Unmarshal([]byte(p.JWKS), &known.Keys); err != nil {
		return oidc.Provider{}, fmt.Errorf("jwks: %w", err)
	}
	if len(known.Keys.Keys) == 0 {
		return oidc.Provider{}, errors.New("jwks: there is no key")
	}
	for i, key := range known.Keys.Keys {
		if !key.Valid() || !key.IsPublic() {
			return oidc.Provider{}, fmt.Errorf("jwks.keys[%d]: this is not a public key", i)
		}
	}
	return known, nil
}

func (p SAMLProvider) check() error { _, err := p.read(); return err }

// read checks the provider and reads its metadata; files end with a line end, which is none of the document.
func (p SAMLProvider) read() (knownSAMLProvider, error) {
	if !providerPattern.MatchString(p.Name) {
		return knownSAMLProvider{}, fmt.Errorf("name: %q is not the name of a SAML provider", p.Name)
	}
	verifier, err := saml.ParseMetadata([]byte(strings.TrimSpace(p.Metadata)))
	if err != nil {
		return knownSAMLProvider{}, fmt.Errorf("metadata: %w", err)
	}
	return knownSAMLProvider{SAMLProvider: p, verifier: verifier}, nil
}

func checkKeys(place string, added []AccessKey, known unique) error {
	for i, key := range added {
		if key.ID == "" || key.Secret == "" {
			return fmt.Errorf("%s[%d]: a key needs an id and a secret", place, i)
		}
		if err := known.add(fmt.Sprintf("%s[%d].id", place, i), key.ID); err != nil {
			return err
		}
	}
	return nil
}

func checkPath(path string) error {
	if path != "" && !pathPattern.MatchString(path) {
		return fmt.Errorf(`path: %q does not begin and end with "/"`, path)
	}
	return nil
}

// checkDenied refuses what no operation asks for, so that a misspelled action does not pass for a permission.
func checkDenied(actions []string) error {
	for i, action := range actions {
		if !slices.Contains(permissions(), action) {
			return fmt.Errorf("denied[%d]: %q is none of %q", i, action, permissions())
		}
	}
	return nil
}

// within puts a place before an error.
func within(place string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s.%w", place, err)
}

// unique are names that have been seen.
type unique map[string]bool

func (u unique) add(place, name string) error {
	if u[name] {
		return fmt.Errorf("%s: %q is there twice", place, name)
	}
	u[name] = true
	return nil
}
