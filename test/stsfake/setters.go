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
	"errors"
	"time"
)

// SetUser adds a user to an account or replaces the one of that name, with exactly the keys and MFA devices given.
// It checks nothing: no code fits a seed that is not base32.
func (s *Server) SetUser(accountID string, user User) {
	owner := newUserIdentity(accountID, user)
	s.devices.replace(owner.owner, user.MFADevices)
	s.directory.replace(owner, user.Keys, s.clock())
}

// RemoveUser takes all long-term keys and MFA devices from a user. Credentials already issued live on until they expire.
func (s *Server) RemoveUser(accountID, name string) { s.SetUser(accountID, User{Name: name}) }

// SetRootKeys makes the given keys the only ones of an account's root user.
func (s *Server) SetRootKeys(accountID string, keys ...AccessKey) {
	s.directory.replace(newRootIdentity(accountID), keys, s.clock())
}

// SetRole adds a role to an account or replaces the one of that name. It fails if the role breaks a rule of world files.
func (s *Server) SetRole(accountID string, role Role) error {
	known, err := role.read()
	if err == nil {
		s.estate.setRole(accountID, known)
	}
	return err
}

// RemoveRole takes a role from an account. Its sessions live on until they expire.
func (s *Server) RemoveRole(accountID, name string) { s.estate.removeRole(accountID, name) }

// SetOIDCProvider adds an OpenID Connect provider to an account or replaces the one of that URL. It fails if the provider
// breaks a rule of world files.
func (s *Server) SetOIDCProvider(accountID string, provider OIDCProvider) error {
	known, err := provider.read()
	if err == nil {
		s.estate.setIssuer(accountID, known)
	}
	return err
}

// SetSAMLProvider adds a SAML provider to an account or replaces the one of that name. It fails if the provider breaks a
// rule of world files.
func (s *Server) SetSAMLProvider(accountID string, provider SAMLProvider) error {
	known, err := provider.read()
	if err == nil {
		s.estate.setSAMLProvider(accountID, known)
	}
	return err
}

// populate makes everything of a world known.
func (s *Server) populate(world World) error {
	problems := []error{world.Check()}
	for _, account := range world.Accounts {
		s.SetRootKeys(account.ID, account.RootKeys...)
		for _, user := range account.Users {
			s.SetUser(account.ID, user)
		}
		for _, role := range account.Roles {
			problems = append(problems, s.SetRole(account.ID, role))
		}
		for _, provider := range account.OIDCProviders {
			problems = append(problems, s.SetOIDCProvider(account.ID, provider))
		}
		for _, provider := range account.SAMLProviders {
			problems = append(problems, s.SetSAMLProvider(account.ID, provider))
		}
	}
	return errors.Join(problems...)
}

// IssueAssumedRole makes temporary credentials of an assumed role, as if somebody had called AssumeRole. The role need not exist.
func (s *Server) IssueAssumedRole(accountID, role, sessionName string, lifetime time.Duration) Credentials {
	known, exists := s.estate.findRole(accountID, role)
	if !exists {
		known.Role = Role{Name: role}
	}
	return s.issue(newAssumedRole(accountID, known.Role, sessionName, session{}), tokenMinimum, s.now(), lifetime)
}

// IssueFederatedUser makes temporary credentials of a federated user, as if somebody had called GetFederationToken.
func (s *Server) IssueFederatedUser(accountID, name string, lifetime time.Duration) Credentials {
	return s.issue(newFederatedUser(accountID, name), tokenMinimum, s.now(), lifetime)
}
