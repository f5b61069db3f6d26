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
)

// identity is somebody who can sign a request. The partition of its ARN is the caller's region's.
type identity struct {
	owner     string // tells who has long-term keys from anybody else who has; without the path, which may change
	accountID string
	service   string // iam or sts
	resource  string // user/demo, root, assumed-role/name/session, federated-user/name
	userID    string
	denied    []string
}

func (i identity) isRoot() bool { return i.resource == "root" }

func (i identity) may(action string) bool { return !slices.Contains(i.denied, action) }

func (i identity) arn(partition string) string {
	return "arn:" + partition + ":" + i.service + "::" + i.accountID + ":" + i.resource
}

func userIdentity(accountID string, user User) identity {
	path, id := user.Path, user.ID
	if path == "" {
		path = "/"
	}
	if id == "" {
		id = derivedID("AIDA", accountID, user.Name)
	}
	return identity{
		owner:     accountID + ":user/" + user.Name,
		accountID: accountID,
		service:   "iam",
		resource:  "user" + path + user.Name,
		userID:    id,
		denied:    user.Denied,
	}
}

func rootIdentity(accountID string) identity {
	return identity{owner: accountID + ":root", accountID: accountID, service: "iam", resource: "root", userID: accountID}
}

func federatedUser(accountID, name string) identity {
	return identity{accountID: accountID, service: "sts", resource: "federated-user/" + name, userID: accountID + ":" + name}
}

func assumedRole(accountID, role, session string) identity {
	return identity{
		accountID: accountID,
		service:   "sts",
		resource:  "assumed-role/" + role + "/" + session,
		userID:    derivedID("AROA", accountID, role) + ":" + session,
	}
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
