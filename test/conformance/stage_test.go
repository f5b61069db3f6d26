//go:build conformance

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

// Package conformance holds the STS fake against a client that nobody here wrote: the AWS CLI, with its own idea of every
// operation. It wants an aws command of version 1 or 2; make conformance runs it.
package conformance

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

const (
	account = stsfake.DefaultAccountID
	demoARN = "arn:aws:iam::" + account + ":user/demo"
)

// stage is a fake with the sample world, whose identity providers have keys of their own, and an AWS CLI.
type stage struct {
	fake    *stsfake.Server
	url     string
	cluster *oidc.Signer
	company *saml.IdentityProvider
	aws     string
	home    string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	command, err := exec.LookPath("aws")
	if err != nil {
		t.Fatal("these tests need the AWS CLI: no aws on PATH (Debian: apt-get install awscli)")
	}
	text, err := os.ReadFile("../../cmd/sts-fake/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	world, err := stsfake.ParseWorld(text)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{aws: command, home: t.TempDir()}
	if s.cluster, err = oidc.NewSigner("https://oidc.example.com/cluster"); err != nil {
		t.Fatal(err)
	}
	if s.company, err = saml.NewIdentityProvider("https://idp.example.com/", time.Now()); err != nil {
		t.Fatal(err)
	}
	world.Accounts[0].OIDCProviders[0] = stsfake.OIDCProviderFor(s.cluster.Provider("sts.amazonaws.com"))
	world.Accounts[0].SAMLProviders[0].Metadata = string(s.company.Metadata())
	s.fake = stsfake.NewServer(time.Now, world)
	server := httptest.NewServer(s.fake)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// credentials are what the CLI signs with.
type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }

func demo() credentials {
	return credentials{AccessKeyId: stsfake.DefaultAccessKeyID, SecretAccessKey: stsfake.DefaultSecretAccessKey}
}

// result is what the CLI prints, of every operation.
type result struct {
	Credentials                 credentials
	AssumedRoleUser             struct{ Arn, AssumedRoleId string }
	FederatedUser               struct{ Arn string }
	Arn, Account, UserID        string
	DecodedMessage              string
	SubjectFromWebIdentityToken string
	Provider, Audience          string
	Subject, SubjectType        string
	Issuer, NameQualifier       string
}

// call runs an operation and wants it to succeed.
func (s *stage) call(t *testing.T, as credentials, arguments ...string) result {
	t.Helper()
	stdout, stderr, err := s.run(t, as, arguments...)
	if err != nil {
		t.Fatalf("aws sts %s: %v: %s", arguments[0], err, stderr)
	}
	var got result
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("aws sts %s printed %s: %v", arguments[0], stdout, err)
	}
	return got
}

// refused runs an operation, wants it to fail, and gives what the CLI said.
func (s *stage) refused(t *testing.T, as credentials, arguments ...string) string {
	t.Helper()
	stdout, stderr, err := s.run(t, as, arguments...)
	if err == nil {
		t.Fatalf("aws sts %s was to fail and printed %s", arguments[0], stdout)
	}
	return stderr
}

// run keeps everything of the surroundings from the CLI that could change what it does.
func (s *stage) run(t *testing.T, as credentials, arguments ...string) (stdout, stderr string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), s.aws, append([]string{"sts", "--endpoint-url", s.url, "--output", "json"}, arguments...)...)
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(name, "_PROXY") && name != "HOME" {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "HOME="+s.home, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_DEFAULT_REGION=eu-central-1")
	if as.AccessKeyId != "" {
		command.Env = append(command.Env, "AWS_ACCESS_KEY_ID="+as.AccessKeyId, "AWS_SECRET_ACCESS_KEY="+as.SecretAccessKey)
	}
	if as.SessionToken != "" {
		command.Env = append(command.Env, "AWS_SESSION_TOKEN="+as.SessionToken)
	}
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	err = command.Run()
	return out.String(), problems.String(), err
}
