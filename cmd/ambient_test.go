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

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// surroundings are the environment of the operator's pod, without anything of the machine's.
func surroundings(t *testing.T, environment map[string]string) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for name, value := range environment {
		t.Setenv(name, value)
	}
}

func written(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// identify asks a fake who an ambient issuer is, as the operator would.
func identify(t *testing.T) *sts.Problem {
	t.Helper()
	fake := httptest.NewServer(stsfake.NewServer(time.Now, stsfake.DefaultWorld()))
	t.Cleanup(fake.Close)
	ambient := broker.New(broker.Options{
		Clock: testingclock.NewFakePassiveClock(time.Now()), Scheduler: scheduler.New(1), HTTPClient: broker.NewHTTPClient(nil),
		Ambient: loadAmbient, CallTimeout: time.Minute,
	})
	_, problem := ambient.Identify(t.Context(), broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: "pod"},
		broker.Config{Region: "eu-central-1", Endpoint: fake.URL, RequestsPerSecond: 1, Ambient: true})
	return problem
}

func TestLoadAmbient(t *testing.T) {
	key := "aws_access_key_id = " + stsfake.DefaultAccessKeyID + "\naws_secret_access_key = " + stsfake.DefaultSecretAccessKey + "\n"
	for sentence, c := range map[string]struct {
		environment map[string]string
		reason      string
		says        string
	}{
		"nothing": {nil, v1alpha1.ReasonNoAmbientCredentials, "has no AWS credentials of its own"},
		"a key in the environment": {
			map[string]string{"AWS_ACCESS_KEY_ID": stsfake.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY": stsfake.DefaultSecretAccessKey}, "", "",
		},
		"a profile": {map[string]string{"AWS_PROFILE": "corp", "AWS_CONFIG_FILE": written(t, "[profile corp]\n"+key)}, "", ""},
		"a profile that does not exist": {
			map[string]string{"AWS_PROFILE": "corp"}, v1alpha1.ReasonAmbientCredentialsFailed, "has no profile corp: correct AWS_PROFILE",
		},
		"a source profile that does not exist": {
			map[string]string{"AWS_CONFIG_FILE": written(t, "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n")},
			v1alpha1.ReasonAmbientCredentialsFailed, "takes arn:aws:iam::123456789012:role/x by the profile base, which has no credentials",
		},
		"a bundle that is missing": {
			map[string]string{"AWS_CA_BUNDLE": "/no/such/bundle.pem"}, v1alpha1.ReasonAmbientCredentialsFailed,
			"cannot read /no/such/bundle.pem (no such file or directory): correct AWS_CA_BUNDLE",
		},
		"a bundle that is none": {
			map[string]string{"AWS_CA_BUNDLE": written(t, "no certificate")}, v1alpha1.ReasonAmbientCredentialsFailed, "failed to load custom CA bundle PEM file",
		},
		"a value that is none": {map[string]string{"AWS_RETRY_MODE": "bogus"}, v1alpha1.ReasonAmbientCredentialsFailed, "bogus"},
		"a web identity without a role": {
			map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/token"}, v1alpha1.ReasonAmbientCredentialsFailed, "role ARN is not set",
		},
		"a web identity without its token": {
			map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x"},
			v1alpha1.ReasonAmbientCredentialsFailed, "cannot read its web identity token /no/such/token",
		},
		"a container endpoint that is not allowed": {
			map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/"}, v1alpha1.ReasonAmbientCredentialsFailed, "only loopback/ecs/eks hosts",
		},
		"a container token that cannot be read": {
			map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such/token"},
			v1alpha1.ReasonAmbientCredentialsFailed, "check AWS_CONTAINER_CREDENTIALS_FULL_URI of the operator's pod, and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		},
		"a process that is not there": {
			map[string]string{"AWS_CONFIG_FILE": written(t, "[default]\ncredential_process = /no/such/program\n")},
			v1alpha1.ReasonAmbientCredentialsFailed, "the credential_process of the AWS profile",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			surroundings(t, c.environment)

			problem := identify(t)

			if c.reason == "" {
				g.Expect(problem).To(BeNil())
				return
			}
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(ContainSubstring(c.says))
			g.Expect(problem.Message).NotTo(ContainSubstring("DNS"))
		})
	}
}

// The region of the issuer is enough to find STS for a web identity.
func TestLoadAmbientTakesTheIssuersRegion(t *testing.T) {
	g := NewWithT(t)
	var scope string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		scope = string(body)
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>")
	}))
	t.Cleanup(server.Close)
	surroundings(t, map[string]string{
		"AWS_WEB_IDENTITY_TOKEN_FILE": written(t, "a.web.token"), "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_ENDPOINT_URL_STS": server.URL,
	})

	problem := identify(t)

	g.Expect(scope).To(ContainSubstring("Action=AssumeRoleWithWebIdentity"))
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonAmbientCredentialsFailed))
	g.Expect(problem.Message).To(HavePrefix(
		"STS in eu-central-1 denies the operator's pod its own role, AssumeRoleWithWebIdentity on arn:aws:iam::123456789012:role/x: check that"))
}
