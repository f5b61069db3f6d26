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
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// TestMain takes the surroundings away: no test may depend on the AWS settings or the proxy of a machine.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// noon is where every test's clock starts; the fraction shows what is cut off.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 400_000_000, time.UTC)

// theIssuer is the one that most tests use.
var theIssuer = broker.ID{Kind: v1alpha1.SessionIssuerKind, Namespace: "team-a", Name: "aws"}

// theIdentity is who theIssuer calls STS as.
var theIdentity = sts.Identity{AccountID: stsfake.DefaultAccountID, ARN: "arn:aws:iam::123456789012:user/demo", UserID: "AIDACKCEVSQ6C2EXAMPLE"}

// anotherIdentity is of the same account.
var anotherIdentity = sts.Identity{AccountID: stsfake.DefaultAccountID, ARN: "arn:aws:iam::123456789012:user/another", UserID: "AIDAANOTHER"}

// theRequest is one that STS grants; it is signed, so there is noProof to present.
var theRequest = sts.Request{Operation: sts.OperationGetFederationToken, Name: "reports"}

var noProof sts.Proof

// parsed is an inline policy that STS could be sent.
func parsed(policy string) sts.Policy {
	p, problem := sts.ParsePolicy("spec.policy", []byte(policy))
	if problem != nil {
		panic(problem)
	}
	return p
}

// observation is one call of Options.Observe.
type observation struct {
	operation, code string
	took            time.Duration
}

// fixture is a broker with its clock and, unless the test brings its own STS, the fake that it calls.
type fixture struct {
	*broker.Broker
	t         *testing.T
	clock     *testingclock.FakePassiveClock
	scheduler *scheduler.Scheduler
	fake      *stsfake.Server
	config    broker.Config

	mutex    sync.Mutex
	observed []observation
}

// start registers theIssuer as the demo user of a fake. The fake's sessions follow the test's clock; signatures follow the
// machine's, as the SDK offers no other.
func start(t *testing.T, changes ...func(*broker.Options)) *fixture {
	t.Helper()
	clock := testingclock.NewFakePassiveClock(noon)
	fake := stsfake.NewServer(clock.Now, stsfake.DefaultWorld(), stsfake.WithWireClock(time.Now))
	f := startWith(t, clock, fake, changes...)
	f.fake = fake
	t.Cleanup(fake.ClearScenarios) // lets hanging calls go, or Close would wait for them
	return f
}

// startAnswering registers theIssuer at an STS that the test writes by hand.
func startAnswering(t *testing.T, server http.HandlerFunc, changes ...func(*broker.Options)) *fixture {
	t.Helper()
	return startWith(t, testingclock.NewFakePassiveClock(noon), server, changes...)
}

func startWith(t *testing.T, clock *testingclock.FakePassiveClock, server http.Handler, changes ...func(*broker.Options)) *fixture {
	t.Helper()
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return startAt(t, clock, listener.URL, changes...)
}

func startAt(t *testing.T, clock *testingclock.FakePassiveClock, endpoint string, changes ...func(*broker.Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clock, scheduler: scheduler.New(64), config: configOf(endpoint, demoKey())}
	options := broker.Options{Clock: clock, Scheduler: f.scheduler, HTTPClient: broker.NewHTTPClient(nil), CallTimeout: time.Minute, Observe: f.observe}
	for _, change := range changes {
		change(&options)
	}
	t.Cleanup(options.HTTPClient.CloseIdleConnections)
	f.Broker = broker.New(options)
	f.use(f.config)
	return f
}

func configOf(endpoint string, key sts.Credentials) broker.Config {
	return broker.Config{Region: "eu-central-1", Endpoint: endpoint, RequestsPerSecond: 50, Key: key}
}

func demoKey() sts.Credentials {
	return sts.NewCredentials(stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey, "")
}

func (f *fixture) observe(operation, code string, took time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.observed = append(f.observed, observation{operation, code, took})
}

// use registers theIssuer with a configuration.
func (f *fixture) use(config broker.Config) {
	f.config = config
	f.Register(theIssuer, config, theIdentity)
}

// fail makes the fake depart from what it should do.
func (f *fixture) fail(scenarios ...stsfake.Scenario) {
	f.t.Helper()
	if err := f.fake.SetScenarios(scenarios...); err != nil {
		f.t.Fatal(err)
	}
}

// sessionOf a name.
func sessionOf(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: theIssuer.Namespace, Name: name}
}

// ask for leave to make theRequest, for a session of a name.
func (f *fixture) ask(id broker.ID, name string, urgent bool) (*broker.Permit, *sts.Problem) {
	request := broker.IssueRequest{Issuer: id, Session: sessionOf(name), Request: theRequest}
	if !urgent {
		request.Expiration = f.clock.Now().Add(time.Hour)
	}
	return f.Permit(request)
}

// permit asks for leave that the test counts on.
func (f *fixture) permit() *broker.Permit {
	f.t.Helper()
	return f.permitFor(broker.IssueRequest{Request: theRequest})
}

// permitFor is a permit for a request of theIssuer, which the test counts on.
func (f *fixture) permitFor(request broker.IssueRequest) *broker.Permit {
	f.t.Helper()
	request.Issuer, request.Session = theIssuer, sessionOf("session")
	permit, problem := f.Permit(request)
	if problem != nil {
		f.t.Fatalf("no permit: %v", problem)
	}
	return permit
}

// issue makes one permitted call.
func (f *fixture) issue(request sts.Request) (sts.Issued, *sts.Problem) {
	f.t.Helper()
	return f.permitFor(broker.IssueRequest{Request: request}).Issue(f.t.Context(), noProof)
}

// refused is the problem of a call that must not succeed. A failure that hands out anything is a defect.
func (f *fixture) refused() *sts.Problem {
	f.t.Helper()
	issued, problem := f.issue(theRequest)
	if problem == nil {
		f.t.Fatal("the call succeeded")
	}
	if issued != (sts.Issued{}) {
		f.t.Fatalf("a failed call handed out %v", issued)
	}
	return problem
}

// advance moves the clock.
func (f *fixture) advance(d time.Duration) { f.clock.SetTime(f.clock.Now().Add(d)) }

// answers is an STS that always answers the same.
func answers(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// bodyOf reads a request's body and puts it back.
func bodyOf(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}

// withTimeout bounds a call by the machine's clock; only for calls that must run into it.
func withTimeout(timeout time.Duration) func(*broker.Options) {
	return func(o *broker.Options) { o.CallTimeout = timeout }
}

// withTransport replaces the production transport.
func withTransport(transport http.RoundTripper) func(*broker.Options) {
	return func(o *broker.Options) { o.HTTPClient = &http.Client{Transport: transport} }
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ambientOf has the operator's own credentials come from a provider.
func ambientOf(provider aws.CredentialsProvider) broker.LoadAmbient {
	return func(context.Context, string) (broker.AmbientChain, error) {
		return broker.AmbientChain{Credentials: provider}, nil
	}
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// identify asks who theIssuer is.
func (f *fixture) identify(ctx context.Context) (sts.Identity, *sts.Problem) {
	return f.Identify(ctx, theIssuer, f.config)
}
