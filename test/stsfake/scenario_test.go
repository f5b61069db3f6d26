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
	"errors"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// set puts scenarios in force.
func (f *fixture) set(scenarios ...stsfake.Scenario) {
	f.t.Helper()
	if err := f.SetScenarios(scenarios...); err != nil {
		f.t.Fatal(err)
	}
}

// codes are the error codes of so many equal calls, "" for a success.
func (f *fixture) codes(count int) []string {
	var codes []string
	for range count {
		codes = append(codes, f.call("GetFederationToken", "Name", "demo").Code)
	}
	return codes
}

func TestErrorScenario(t *testing.T) {
	const no = ""
	throttling := "Throttling"
	for name, test := range map[string]struct {
		scenarios []stsfake.Scenario
		codes     []string
	}{
		"every call": {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling}}, []string{throttling, throttling}},
		"the first 2 of every 3": {
			[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, Hits: 2, OutOf: 3}},
			[]string{throttling, throttling, no, throttling, throttling, no},
		},
		"only once": {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, Times: 1}}, []string{throttling, no, no}},
		"every other call, two times": {
			[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, Hits: 1, OutOf: 2, Times: 2}},
			[]string{throttling, no, throttling, no, no, no},
		},
		"of this operation":    {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, Operation: "GetFederationToken"}}, []string{throttling}},
		"of another operation": {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, Operation: "GetCallerIdentity"}}, []string{no}},
		"of this key":          {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, AccessKeyID: demoKey.ID}}, []string{throttling}},
		"of another key":       {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, AccessKeyID: "AKIAOTHER"}}, []string{no}},
		"one after the other": {[]stsfake.Scenario{{Kind: stsfake.Error, Code: throttling, Times: 1}, {Kind: stsfake.Error, Code: "InternalFailure", Times: 1}},
			[]string{throttling, "InternalFailure", no}},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			f.set(test.scenarios...)
			g.Expect(f.codes(len(test.codes))).To(Equal(test.codes))
			g.Expect(f.Count("GetFederationToken")).To(Equal(len(test.codes)), "failed calls count")
			g.Expect(f.Calls()[0].Code).To(Equal(test.codes[0]))
			g.Expect(f.Calls()[0].Caller).To(Equal(demoARN), "the caller was known before the scenario")
		})
	}
}

func TestErrorScenarioTellsTheUsualStatus(t *testing.T) {
	for code, status := range map[string]int{
		"Throttling": 400, "MalformedPolicyDocument": 400, "AccessDenied": 403, "RegionDisabledException": 403,
		"InvalidClientTokenId": 403, "InternalFailure": 500, "ServiceUnavailable": 503,
	} {
		t.Run(code, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			f.set(stsfake.Scenario{Kind: stsfake.Error, Code: code})
			_, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
			expectCode(g, err, status, code, "Asked for by a scenario.")

			f.set(stsfake.Scenario{Kind: stsfake.Error, Code: code, Message: "Because.", Status: 418})
			_, err = f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
			expectCode(g, err, 418, code, "Because.")
		})
	}
}

func TestServerErrorsAreTheReceivers(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.Error, Code: "ServiceUnavailable"})
	g.Expect(f.call("GetCallerIdentity").Type).To(Equal("Receiver"))
}

func TestThrottleScenario(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.Throttle, RequestsPerSecond: 2, Burst: 3})
	g.Expect(f.codes(5)).To(Equal([]string{"", "", "", "Throttling", "Throttling"}), "the burst")
	f.clock.Advance(500 * time.Millisecond)
	g.Expect(f.codes(2)).To(Equal([]string{"", "Throttling"}), "two a second")
	f.clock.Advance(time.Hour)
	g.Expect(f.codes(4)).To(Equal([]string{"", "", "", "Throttling"}), "no more than the burst is saved up")
	_, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
	expectCode(g, err, 400, "Throttling", "Rate exceeded")
}

func TestLatencyScenario(t *testing.T) {
	var mu sync.Mutex
	var waits []time.Duration
	g, f := NewWithT(t), start(t, stsfake.WithWait(func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		waits = append(waits, d)
		return nil
	}))
	f.set(stsfake.Scenario{Kind: stsfake.Latency, Duration: time.Second, Times: 1}, stsfake.Scenario{Kind: stsfake.Latency, Duration: time.Minute},
		stsfake.Scenario{Kind: stsfake.Error, Code: "Throttling", Times: 1})
	g.Expect(f.codes(2)).To(Equal([]string{"Throttling", ""}), "a late answer is otherwise as usual")
	g.Expect(waits).To(Equal([]time.Duration{time.Second + time.Minute, time.Minute}))
}

func TestLatencyEndsWithTheClient(t *testing.T) {
	finished := make(chan stsfake.Call, 1)
	g, f := NewWithT(t), start(t, stsfake.WithObserver(func(call stsfake.Call) { finished <- call }))
	f.set(stsfake.Scenario{Kind: stsfake.Latency, Duration: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := f.sdk(longTerm(demoKey)).GetFederationToken(ctx, federate("demo"))
	g.Expect(err).To(HaveOccurred())
	f.ClearScenarios()
	g.Expect(len(f.Calls())).To(BeNumerically("<=", 1))
	if f.Count("GetFederationToken") == 1 { // the request may have been given up before it was sent
		g.Expect((<-finished).Status).To(BeZero())
	}
}

func TestHTMLScenario(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.HTML, Times: 1}, stsfake.Scenario{Kind: stsfake.HTML, Status: 200})
	_, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
	var response *awshttp.ResponseError
	g.Expect(errors.As(err, &response)).To(BeTrue())
	g.Expect(response.HTTPStatusCode()).To(Equal(502))
	var refusal smithy.APIError
	g.Expect(errors.As(err, &refusal)).To(BeFalse(), "there is no code in a page of HTML")

	got := f.call("GetCallerIdentity")
	g.Expect(got.status).To(Equal(200))
	g.Expect(got.header.Get("Content-Type")).To(Equal("text/html"))
	g.Expect(got.body).To(ContainSubstring("<title>200 OK</title>"))
}

func TestEmptyScenario(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.Empty})
	output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
	g.Expect(err).NotTo(HaveOccurred(), "this is the trap: the SDK sees nothing wrong")
	g.Expect(output.Credentials).To(BeNil())
}

func TestTruncatedScenario(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.Truncated})
	_, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
	var broken *smithy.DeserializationError
	g.Expect(errors.As(err, &broken)).To(BeTrue(), "%v", err)
	g.Expect(f.call("GetFederationToken", "Name", "demo").status).To(Equal(200))
}

func TestResetScenario(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.Reset, Times: 1})
	_, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
	g.Expect(errors.Is(err, syscall.ECONNRESET)).To(BeTrue(), "%v", err)
	g.Expect(f.codes(1)).To(Equal([]string{""}))
	g.Expect(f.Calls()[0]).To(And(HaveField("Finished", true), HaveField("Status", 0), HaveField("Code", "reset")))
}

func TestHangScenario(t *testing.T) {
	for name, end := range map[string]func(*fixture, context.CancelFunc){
		"until the client gives up":     func(_ *fixture, giveUp context.CancelFunc) { giveUp() },
		"until the scenario is gone":    func(f *fixture, _ context.CancelFunc) { f.ClearScenarios() },
		"until another takes its place": func(f *fixture, _ context.CancelFunc) { f.set(stsfake.Scenario{Kind: stsfake.Reset}) },
	} {
		t.Run(name, func(t *testing.T) {
			hanging := make(chan stsfake.Call, 1)
			g, f := NewWithT(t), start(t, stsfake.WithObserver(func(call stsfake.Call) { hanging <- call }))
			f.set(stsfake.Scenario{Kind: stsfake.Hang})
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			failed := make(chan error, 1)
			go func() {
				_, err := f.sdk(longTerm(demoKey)).GetFederationToken(ctx, federate("demo"))
				failed <- err
			}()
			g.Expect((<-hanging).Code).To(Equal("hang"))
			g.Consistently(failed, "20ms").ShouldNot(Receive())
			end(f, giveUp)
			g.Expect(<-failed).To(HaveOccurred())
		})
	}
}

func TestLifetimeScenario(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.set(stsfake.Scenario{Kind: stsfake.Lifetime, Duration: time.Hour, Times: 1}, stsfake.Scenario{Kind: stsfake.Lifetime, Duration: 2 * time.Hour, Times: 2})
	for _, given := range []time.Duration{time.Hour, 2 * time.Hour, 12 * time.Hour} {
		output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(given)))
	}
}

func TestClockSkewScenario(t *testing.T) {
	for name, test := range map[string]struct {
		skew    time.Duration
		code    string
		message string
	}{
		"14 minutes ahead":  {skew: 14 * time.Minute},
		"14 minutes behind": {skew: -14 * time.Minute},
		"an hour ahead": {skew: time.Hour, code: "SignatureDoesNotMatch",
			message: "Signature expired: 20261122T120000Z is now earlier than 20261122T124500Z (20261122T130000Z - 15 min.)"},
		"an hour behind": {skew: -time.Hour, code: "SignatureDoesNotMatch",
			message: "Signature not yet current: 20261122T120000Z is still later than 20261122T111500Z (20261122T110000Z + 15 min.)"},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			f.set(stsfake.Scenario{Kind: stsfake.ClockSkew, Duration: test.skew})
			got := f.call("GetFederationToken", "Name", "demo", "DurationSeconds", "900")
			g.Expect(got.header.Get("Date")).To(Equal(noon.Add(test.skew).Format(http.TimeFormat)), "a skewed server tells its own time")
			g.Expect(got.Code).To(Equal(test.code))
			g.Expect(got.Message).To(Equal(test.message))
			if test.code == "" {
				g.Expect(got.body).To(ContainSubstring("<Expiration>" + noon.Add(test.skew+15*time.Minute).Format("2006-01-02T15:04:05Z")))
			}
		})
	}
}

func TestKeyDelayScenario(t *testing.T) {
	fresh := stsfake.AccessKey{ID: "AKIAFRESHEXAMPLE0000", Secret: "fresh"}
	whoAmI := func(f *fixture, credentials aws.Credentials) error {
		_, err := f.sdk(credentials).GetCallerIdentity(f.t.Context(), nil)
		return err
	}
	const invalid = "The security token included in the request is invalid."
	t.Run("a key from before the scenario waits from then on", func(t *testing.T) {
		g, f := NewWithT(t), start(t)
		f.clock.Advance(time.Hour)
		f.set(stsfake.Scenario{Kind: stsfake.KeyDelay, Duration: 10 * time.Second})
		expectCode(g, whoAmI(f, longTerm(demoKey)), 403, "InvalidClientTokenId", invalid)
		f.clock.Advance(10 * time.Second)
		g.Expect(whoAmI(f, longTerm(demoKey))).To(Succeed())
	})
	t.Run("a key added later waits from when it was added", func(t *testing.T) {
		g, f := NewWithT(t), start(t)
		f.set(stsfake.Scenario{Kind: stsfake.KeyDelay, Duration: 10 * time.Second})
		f.clock.Advance(time.Hour)
		f.SetUser("123456789012", stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey, fresh}})
		g.Expect(whoAmI(f, longTerm(demoKey))).To(Succeed(), "a key that stays keeps its age")
		f.clock.Advance(10*time.Second - time.Nanosecond)
		expectCode(g, whoAmI(f, longTerm(fresh)), 403, "InvalidClientTokenId", invalid)
		f.clock.Advance(time.Nanosecond)
		g.Expect(whoAmI(f, longTerm(fresh))).To(Succeed())
	})
	t.Run("other keys and temporary ones do not wait", func(t *testing.T) {
		g, f := NewWithT(t), start(t)
		f.set(stsfake.Scenario{Kind: stsfake.KeyDelay, Duration: time.Hour, AccessKeyID: fresh.ID})
		g.Expect(whoAmI(f, longTerm(demoKey))).To(Succeed())
		f.set(stsfake.Scenario{Kind: stsfake.KeyDelay, Duration: time.Hour})
		g.Expect(whoAmI(f, temporary(f.IssueFederatedUser("123456789012", "demo", time.Hour)))).To(Succeed())
	})
}

func TestWrongScenarioChangesNothing(t *testing.T) {
	g, f := NewWithT(t), start(t)
	right := stsfake.Scenario{Kind: stsfake.Error, Code: "Throttling"}
	f.set(right)
	g.Expect(f.SetScenarios(right, stsfake.Scenario{Kind: "nap"})).To(MatchError(`scenario 2: there is no kind "nap"`))
	g.Expect(f.Scenarios()).To(Equal([]stsfake.Scenario{right}))
}
