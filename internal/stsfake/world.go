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
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// World is what the fake knows from the start.
type World struct {
	Accounts []Account
}

// Account is an AWS account with the identities that have long-term keys.
type Account struct {
	ID       string // 12 digits
	RootKeys []AccessKey
	Users    []User
}

// User is an IAM user.
type User struct {
	Name string
	Path string // "/" when empty
	ID   string // AIDA…; derived from account and name when empty
	Keys []AccessKey

	// Denied are the actions the user's permissions lack, for example "sts:GetFederationToken" or "sts:TagSession".
	Denied []string
}

// AccessKey is a long-term key pair. It prints without its secret.
type AccessKey struct {
	ID     string
	Secret string
}

// Credentials are temporary credentials. They print without their secrets.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

// The account, user and key pair of DefaultWorld; the pair is the one of AWS's documentation.
const (
	DefaultAccountID       = "123456789012"
	DefaultUserName        = "demo"
	DefaultAccessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	DefaultSecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// DefaultWorld has one account with one IAM user.
func DefaultWorld() World {
	return World{Accounts: []Account{{
		ID: DefaultAccountID,
		Users: []User{{
			Name: DefaultUserName,
			ID:   "AIDACKCEVSQ6C2EXAMPLE",
			Keys: []AccessKey{{ID: DefaultAccessKeyID, Secret: DefaultSecretAccessKey}},
		}},
	}}}
}

// Format prints the identifier under every verb.
func (k AccessKey) Format(state fmt.State, _ rune) { printRedacted(state, k.ID) }

// MarshalJSON writes the identifier only.
func (k AccessKey) MarshalJSON() ([]byte, error) { return json.Marshal(redacted(k.ID)) }

// Format prints the identifier under every verb.
func (c Credentials) Format(state fmt.State, _ rune) { printRedacted(state, c.AccessKeyID) }

// MarshalJSON writes the identifier only.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(redacted(c.AccessKeyID)) }

func printRedacted(state fmt.State, id string) { _, _ = io.WriteString(state, redacted(id)) }

func redacted(id string) string { return id + " REDACTED" }

// derivedID makes a stable unique id of the form AIDAxxxxxxxxxxxxxxxxx for something that was given none.
func derivedID(prefix, accountID, name string) string {
	sum := sha256.Sum256([]byte(accountID + "/" + name))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
