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

package broker_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const podRole = "arn:aws:iam::123456789012:role/operator"

// ownWebIdentity takes the pod's role by a token file, at an STS.
func ownWebIdentity(endpoint, file string) aws.CredentialsProvider {
	client := awssts.New(awssts.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(endpoint), Retryer: aws.NopRetryer{}, HTTPClient: broker.NewHTTPClient(nil),
	})
	return stscreds.NewWebIdentityRoleProvider(client, podRole, stscreds.IdentityTokenFile(file))
}

func tokenFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	writeFile(t, file, aToken())
	return file
}

// ofContainer asks a container credentials endpoint.
func ofContainer(endpoint string) aws.CredentialsProvider {
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.Retryer, o.HTTPClient = aws.NopRetryer{}, broker.NewHTTPClient(nil)
	})
}

// ofInstance asks a metadata service.
func ofInstance(endpoint string, sources ...aws.CredentialSource) aws.CredentialsProvider {
	client := imds.New(imds.Options{Endpoint: endpoint, Retryer: aws.NopRetryer{}, ClientEnableState: imds.ClientEnabled})
	return ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client, o.CredentialSources = client, sources })
}

func TestAmbientFailures(t *testing.T) {
	denies := func(code, message string) func(*testing.T) aws.CredentialsProvider {
		return func(t *testing.T) aws.CredentialsProvider {
			return ownWebIdentity(quietly(t, answers(403, "text/xml", errorXML(code, message)), (*httptest.Server).Start), tokenFile(t))
		}
	}
	serving := func(status int, kind, body string) func(*testing.T) string {
		return func(t *testing.T) string { return quietly(t, answers(status, kind, body), (*httptest.Server).Start) }
	}
	const needs = "the operator's pod needs AssumeRoleWithWebIdentity on " + podRole + " for its credentials, and STS in eu-central-1 "
	for sentence, c := range map[string]struct {
		provider func(*testing.T) aws.CredentialsProvider
		message  string // none: nothing was found
	}{
		"a web identity that STS denies": {
			denies("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
			"STS in eu-central-1 denies the operator's pod its own role, AssumeRoleWithWebIdentity on " + podRole + ": check that the role exists, " +
				"and that its trust policy admits the operator's ServiceAccount and its audience (AccessDenied)",
		},
		"a web identity of a stranger": {
			denies("InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://oidc.example.test"),
			"STS in eu-central-1 does not let the operator's pod take its own role, AssumeRoleWithWebIdentity on " + podRole +
				" (InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.example.test)",
		},
		"a web identity whose token file is missing": {
			func(*testing.T) aws.CredentialsProvider { return ownWebIdentity("http://"+nameless, "/no/such/token") },
			"the operator's pod cannot read its web identity token /no/such/token: check the mount, and AWS_WEB_IDENTITY_TOKEN_FILE",
		},
		"a web identity, and STS is down": {
			func(t *testing.T) aws.CredentialsProvider { return ownWebIdentity(closedPort(t), tokenFile(t)) },
			needs + "refuses connections: check the operator's network and AWS_ENDPOINT_URL",
		},
		"a web identity, and something else than STS": {
			func(t *testing.T) aws.CredentialsProvider {
				return ownWebIdentity(serving(403, "text/html", "<html>no</html>")(t), tokenFile(t))
			},
			needs + "answered HTTP 403, but not as STS does: check what is in between",
		},
		"a container endpoint that is down": {
			func(t *testing.T) aws.CredentialsProvider { return ofContainer(closedPort(t)) },
			"the container credentials endpoint refuses connections: check AWS_CONTAINER_CREDENTIALS_FULL_URI of the operator's pod",
		},
		"a container endpoint that refuses": {
			func(t *testing.T) aws.CredentialsProvider {
				return ofContainer(serving(400, "text/plain", "secret hunter2")(t))
			},
			"the container credentials endpoint answers the operator's pod with HTTP 400: check its role, which for EKS is a pod identity association",
		},
		"a container endpoint that fails": {
			func(t *testing.T) aws.CredentialsProvider {
				return ofContainer(serving(500, "application/json", `{"code":"Oops","message":"hunter2"}`)(t))
			},
			"the container credentials endpoint answers the operator's pod with HTTP 500: check its role, which for EKS is a pod identity association",
		},
		"a container endpoint that is something else": {
			func(t *testing.T) aws.CredentialsProvider {
				return ofContainer(serving(200, "text/html", "<html>hunter2</html>")(t))
			},
			"the container credentials endpoint answers the operator's pod, but not with credentials: check AWS_CONTAINER_CREDENTIALS_FULL_URI " +
				"of the operator's pod",
		},
		"a process that is not there": {
			func(*testing.T) aws.CredentialsProvider {
				return processcreds.NewProvider("/no/such/program --secret hunter2")
			},
			"the credential_process of the AWS profile of the operator's pod fails: the operator's image has no shell and no other programs, " +
				"so mount it, or use web identity",
		},
		"no metadata service": {func(t *testing.T) aws.CredentialsProvider { return ofInstance(closedPort(t)) }, ""},
		"a metadata service of another cloud": {
			func(t *testing.T) aws.CredentialsProvider {
				return ofInstance(serving(403, "text/html", "Missing Metadata-Flavor")(t))
			}, "",
		},
		"no metadata service, though a profile names it": {
			func(t *testing.T) aws.CredentialsProvider {
				return ofInstance(closedPort(t), aws.CredentialSourceProfileNamedProvider, aws.CredentialSourceIMDS)
			},
			"the AWS profile of the operator's pod wants the instance role of its node, and the metadata service gives none: " +
				"give the node a role, and let pods reach the service (hop limit 2)",
		},
		"an instance role that cannot be assumed": {
			func(t *testing.T) aws.CredentialsProvider {
				return ofInstance(serving(200, "application/json", `{"Code":"AssumeRoleUnauthorizedAccess","Message":"hunter2"}`)(t))
			},
			"the instance role of the operator's node gives no credentials: check the role (AssumeRoleUnauthorizedAccess)",
		},
		"nothing at all": {func(*testing.T) aws.CredentialsProvider { return aws.AnonymousCredentials{} }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			var log bytes.Buffer
			provider := aws.NewCredentialsCache(c.provider(t))
			f := start(t, func(o *broker.Options) {
				o.Log = logr.FromSlogHandler(slog.NewJSONHandler(&log, nil))
				o.Ambient = func(context.Context, string) (broker.AmbientChain, error) {
					return broker.AmbientChain{Credentials: provider, RoleARN: podRole, TokenFile: "/no/such/token"}, nil
				}
			})
			f.config = broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 1, Ambient: true}
			want := sts.Problem{Reason: v1alpha1.ReasonAmbientCredentialsFailed, Message: c.message}
			if c.message == "" {
				want = sts.Problem{Reason: v1alpha1.ReasonNoAmbientCredentials, Message: noAmbient}
			}

			for range 3 {
				_, problem := f.identify(t.Context())
				g.Expect(problem).NotTo(BeNil())
				g.Expect(*problem).To(Equal(want), "the same state reads the same")
				f.advance(time.Minute)
			}

			g.Expect(strings.Count(log.String(), want.Reason)).To(Equal(1), "the cause is logged once")
			g.Expect(log.String()).NotTo(ContainSubstring("hunter2"))
			g.Expect(f.fake.Calls()).To(BeEmpty())
		})
	}
}

// chains counts how often the surroundings are read, and what came of it.
type chains struct {
	loaded []string // regions
	err    error
	asked  int
}

func (c *chains) load(_ context.Context, region string) (broker.AmbientChain, error) {
	c.loaded = append(c.loaded, region)
	if c.err != nil {
		return broker.AmbientChain{}, c.err
	}
	return broker.AmbientChain{Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		c.asked++
		return credentials.NewStaticCredentialsProvider(stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey, "").Value, nil
	}))}, nil
}

func startAmbient(t *testing.T, c *chains) *fixture {
	t.Helper()
	f := start(t, func(o *broker.Options) { o.Ambient = c.load })
	f.config = broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 50, Ambient: true}
	return f
}

func TestAmbientIsLoadedWhenNeeded(t *testing.T) {
	g := NewWithT(t)
	var c chains
	f := startAmbient(t, &c)
	g.Expect(c.loaded).To(BeEmpty(), "no ambient issuer has called yet")

	for range 3 {
		_, problem := f.identify(t.Context())
		g.Expect(problem).To(BeNil())
	}
	f.config.Region = "us-east-1"
	_, problem := f.identify(t.Context())

	g.Expect(problem).To(BeNil())
	g.Expect(c.loaded).To(Equal([]string{"eu-central-1", "us-east-1"}), "once for each region, which is the issuer's")
	g.Expect(c.asked).To(Equal(2), "what is found is kept while it is fresh")
}

func TestAmbientIsLoadedAgainAfterFailure(t *testing.T) {
	g := NewWithT(t)
	missing := sts.Problemf(v1alpha1.ReasonAmbientCredentialsFailed, "the operator's pod cannot read /ca.pem")
	c := chains{err: missing}
	f := startAmbient(t, &c)

	for range 5 { // many issuers at a time
		_, problem := f.identify(t.Context())
		g.Expect(problem).To(Equal(missing))
	}
	g.Expect(c.loaded).To(HaveLen(1), "a failure stands for a moment")

	c.err = nil
	f.advance(5 * time.Second)
	_, problem := f.identify(t.Context())

	g.Expect(problem).To(BeNil(), "no restart is needed")
}

func TestAmbientChangeOfCauseIsLogged(t *testing.T) {
	g := NewWithT(t)
	var log bytes.Buffer
	var c chains
	f := start(t, func(o *broker.Options) {
		o.Ambient, o.Log = c.load, logr.FromSlogHandler(slog.NewJSONHandler(&log, nil))
	})
	f.config = broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 50, Ambient: true}
	try := func(err error) {
		c.err = err
		_, _ = f.identify(t.Context())
		f.advance(time.Minute)
	}

	for _, cause := range []string{"one", "one", "two", "one"} {
		try(sts.Problemf(v1alpha1.ReasonAmbientCredentialsFailed, "%s", "cause "+cause))
	}
	try(&fs.PathError{Op: "open", Path: "/hunter2", Err: syscall.ENOENT})
	try(errors.New("hunter2"))
	try(nil)

	g.Expect(strings.Count(log.String(), "\n")).To(Equal(5), "%s", log.String())
	g.Expect(log.String()).To(ContainSubstring("found AWS credentials of the operator's own"))
	g.Expect(log.String()).NotTo(ContainSubstring("hunter2"))
}
