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
	"slices"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

// kind is what sort of identity somebody is; it decides which operations are open to it.
type kind int

const (
	rootUser kind = iota
	iamUser
	federatedUser
	assumedRole
)

// identity is somebody who can sign a request. The partition of its ARN is the caller's region's.
type identity struct {
	kind      kind
	owner     string // tells who has long-term keys from anybody else who has; without the path, which may change
	accountID string
	service   string // iam or sts
	resource  string // user/demo, root, assumed-role/name/session, federated-user/name
	role      string // role/path/name of an assumed role
	userID    string
	denied    []string
	session   session
}

// session is what temporary credentials say of how they were obtained.
type session struct {
	withMFA        bool
	sourceIdentity string
	transitiveTags map[string]string // values by key; keys in lower case
}

func (i identity) isRoot() bool { return i.kind == rootUser }

func (i identity) may(action string) bool { return !slices.Contains(i.denied, action) }

func (i identity) arn(partition string) string {
	return "arn:" + partition + ":" + i.service + "::" + i.accountID + ":" + i.resource
}

// principals are the names under which a trust policy can admit the identity.
func (i identity) principals(partition string) []trust.Principal {
	prefix := "arn:" + partition + ":iam::" + i.accountID + ":"
	names := []string{i.accountID, prefix + "root", i.arn(partition)}
	if i.role != "" {
		names = append(names, prefix+i.role)
	}
	principals := make([]trust.Principal, len(names))
	for n, name := range names {
		principals[n] = trust.Principal{Type: trust.AWS, Name: name}
	}
	return principals
}

// principalARN is the value of aws:PrincipalArn: of an assumed role it is the role.
func (i identity) principalARN(partition string) string {
	if i.role != "" {
		return "arn:" + partition + ":iam::" + i.accountID + ":" + i.role
	}
	return i.arn(partition)
}

func newUserIdentity(accountID string, user User) identity {
	id := user.ID
	if id == "" {
		id = derivedID("AIDA", accountID, user.Name)
	}
	return identity{
		kind:      iamUser,
		owner:     userOwner(accountID, user.Name),
		accountID: accountID,
		service:   "iam",
		resource:  "user" + pathOrRoot(user.Path) + user.Name,
		userID:    id,
		denied:    slices.Clone(user.Denied),
	}
}

func userOwner(accountID, name string) string { return accountID + ":user/" + name }

func newRootIdentity(accountID string) identity {
	return identity{kind: rootUser, owner: accountID + ":root", accountID: accountID, service: "iam", resource: "root", userID: accountID}
}

func newFederatedUser(accountID, name string) identity {
	return identity{kind: federatedUser, accountID: accountID, service: "sts", resource: "federated-user/" + name, userID: accountID + ":" + name}
}

func newAssumedRole(accountID string, role Role, sessionName string, with session) identity {
	id := role.ID
	if id == "" {
		id = derivedID("AROA", accountID, role.Name)
	}
	return identity{
		kind:      assumedRole,
		accountID: accountID,
		service:   "sts",
		resource:  "assumed-role/" + role.Name + "/" + sessionName,
		role:      role.resource(),
		userID:    id + ":" + sessionName,
		denied:    slices.Clone(role.Denied),
		session:   with,
	}
}

// resource is the last part of the role's ARN.
func (r Role) resource() string { return "role" + pathOrRoot(r.Path) + r.Name }

func pathOrRoot(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// credential is a key that can sign, and whose it is.
type credential struct {
	identity
	accessKeyID string
	secret      string
	addedAt     time.Time

	// Of temporary credentials only.
	tokenDigest [32]byte
	expiresAt   time.Time
}

func (c *credential) isTemporary() bool { return !c.expiresAt.IsZero() }

// partitionOf is the partition of a region: the prefixes are those of botocore's partitions.json.
func partitionOf(region string) string {
	for _, known := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"eusc-", "aws-eusc"},
		{"us-iso-", "aws-iso"},
		{"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-isof-", "aws-iso-f"},
		{"eu-isof-", "aws-iso-f"},
	} {
		if strings.HasPrefix(region, known.prefix) {
			return known.partition
		}
	}
	return "aws"
}
