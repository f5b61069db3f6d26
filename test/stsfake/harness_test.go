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

package stsfake_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// noon is where every test's clock starts; the fraction shows what is cut off.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 400_000_000, time.UTC)

var demoKey = stsfake.AccessKey{ID: stsfake.DefaultAccessKeyID, Secret: stsfake.DefaultSecretAccessKey}

// clock is a clock that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a fake that listens, and its clock.
type fixture struct {
	*stsfake.Server
	t      *testing.T
	clock  *clock
	url    string
	client *http.Client
}

func start(t *testing.T, options ...stsfake.Option) *fixture {
	t.Helper()
	return startWorld(t, stsfake.DefaultWorld(), options...)
}

func startWorld(t *testing.T, world stsfake.World, options ...stsfake.Option) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{now: noon}}
	f.Server = stsfake.NewServer(f.clock.Now, world, options...)
	listener := httptest.NewServer(f.Server)
	t.Cleanup(listener.Close)
	t.Cleanup(f.ClearScenarios) // lets hanging calls go, or Close would wait for them
	// A transport of its own: no proxy, no certificates, nothing of the surroundings.
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	f.url, f.client = listener.URL, &http.Client{Transport: plainBodies{transport}}
	return f
}

// plainBodies takes WriteTo from the bodies that are sent. The SDK closes a body as soon as there is an answer, its WriteTo
// then returns io.EOF, and net/http takes that for a broken connection: a race that only a server this near can win.
type plainBodies struct{ transport http.RoundTripper }

func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.transport.RoundTrip(r)
}

func longTerm(key stsfake.AccessKey) aws.Credentials {
	return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
}

func temporary(issued stsfake.Credentials) aws.Credentials {
	return aws.Credentials{AccessKeyID: issued.AccessKeyID, SecretAccessKey: issued.SecretAccessKey, SessionToken: issued.SessionToken}
}

// clockSigner makes the SDK sign with the test's time.
type clockSigner struct{ clock *clock }

func (s clockSigner) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string,
	_ time.Time, options ...func(*v4.SignerOptions),
) error {
	return v4.NewSigner().SignHTTP(ctx, credentials, r, payloadHash, service, region, s.clock.Now(), options...)
}

// sdk is a real client of the SDK that takes nothing from the environment.
func (f *fixture) sdk(credentials aws.Credentials, changes ...func(*awssts.Options)) *awssts.Client {
	options := awssts.Options{
		Region:       "eu-central-1",
		BaseEndpoint: &f.url,
		HTTPClient:   f.client,
		HTTPSignerV4: clockSigner{f.clock},
		Retryer:      aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
	}
	for _, change := range changes {
		change(&options)
	}
	return awssts.New(options)
}

// reply is an answer as it came over the wire.
type reply struct {
	status int
	header http.Header
	body   string

	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	Type      string `xml:"Error>Type"`
	RequestID string `xml:"RequestId"`
}

// send signs a request by hand, with the SDK's signer, and performs it.
func (f *fixture) send(credentials aws.Credentials, method, query, body string, headers ...string) reply {
	f.t.Helper()
	r := f.request(method, query, body, headers...)
	digest := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(f.t.Context(), credentials, r, hex.EncodeToString(digest[:]), "sts", "eu-central-1", f.clock.Now()); err != nil {
		f.t.Fatal(err)
	}
	return f.do(r)
}

// call is what most tests need: a signed form of one operation, by the demo user.
func (f *fixture) call(operation string, parameters ...string) reply {
	f.t.Helper()
	form := url.Values{"Action": {operation}, "Version": {"2011-06-15"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return f.send(longTerm(demoKey), "POST", "", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// request makes a request without Content-Length among what gets signed: botocore does not sign it.
func (f *fixture) request(method, query, body string, headers ...string) *http.Request {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+"/"+query, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if body != "" {
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (f *fixture) do(r *http.Request) reply {
	f.t.Helper()
	if r.Body != nil && r.ContentLength == 0 {
		content, _ := io.ReadAll(r.Body)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(content))), int64(len(content))
	}
	response, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		f.t.Fatal(err)
	}
	answer := reply{status: response.StatusCode, header: response.Header, body: string(body)}
	_ = xml.Unmarshal(body, &answer) // what is not XML has no code
	return answer
}

// presigner makes the SDK presign with the test's time.
type presigner struct{ clock *clock }

func (p presigner) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string,
	_ time.Time, options ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return v4.NewSigner().PresignHTTP(ctx, credentials, r, payloadHash, service, region, p.clock.Now(), options...)
}
