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
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// admin is one unsigned call of the admin interface.
func (f *fixture) admin(method, path, body string) reply {
	f.t.Helper()
	r := f.request(method, "_admin/"+path, "")
	if body != "" {
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	return f.do(r)
}

func TestScenariosByAdmin(t *testing.T) {
	g, f := NewWithT(t), start(t)
	g.Expect(f.admin("GET", "scenarios", "").body).To(MatchJSON(`{"scenarios":[]}`))

	got := f.admin("POST", "scenarios", `{"kind":"error","code":"Throttling","hits":1,"outOf":2}`)
	g.Expect(got.status).To(Equal(200))
	g.Expect(got.body).To(MatchJSON(`{"scenarios":[{"kind":"error","code":"Throttling","hits":1,"outOf":2}]}`))
	g.Expect(f.codes(2)).To(Equal([]string{"Throttling", ""}))

	many := `[{"kind":"latency","duration":"1.5s","operation":"GetCallerIdentity"},{"kind":"clockSkew","duration":"-1m0s"},` +
		`{"kind":"throttle","requestsPerSecond":0.5,"burst":4}]`
	g.Expect(f.admin("POST", "scenarios", many).status).To(Equal(200))
	g.Expect(f.admin("GET", "scenarios", "").body).To(MatchJSON(`{"scenarios":` + many + `}`))
	g.Expect(f.Scenarios()).To(HaveExactElements(
		stsfake.Scenario{Kind: stsfake.Latency, Duration: 1500 * time.Millisecond, Operation: "GetCallerIdentity"},
		stsfake.Scenario{Kind: stsfake.ClockSkew, Duration: -time.Minute},
		stsfake.Scenario{Kind: stsfake.Throttle, RequestsPerSecond: 0.5, Burst: 4},
	))
	g.Expect(f.admin("DELETE", "scenarios", "").body).To(MatchJSON(`{"scenarios":[]}`))
	g.Expect(f.Scenarios()).To(BeEmpty())
}

func TestScenariosThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ body, message string }{
		"nothing":                     {"", "reading scenarios: EOF"},
		"not JSON":                    {"latency", "reading scenarios: invalid character 'l' looking for beginning of value"},
		"something after the end":     {`{"kind":"hang"} {"kind":"hang"}`, "reading scenarios: there is more after the end of the JSON"},
		"a field that does not exist": {`{"kind":"hang","colour":"red"}`, `reading scenarios: json: unknown field "colour"`},
		"likewise, in a list":         {`[{"kind":"hang"},{"kind":"hang","colour":"red"}]`, `reading scenarios: json: unknown field "colour"`},
		"a duration without unit":     {`{"kind":"latency","duration":"5"}`, `reading scenarios: duration "5" is not one like "1m30s"`},
		"a duration that is a number": {
			`{"kind":"latency","duration":5}`,
			"reading scenarios: json: cannot unmarshal number into Go struct field scenarioJSON.duration of type string",
		},
		"no kind":                       {`{}`, `scenario 1: there is no kind ""`},
		"an unknown kind":               {`{"kind":"nap"}`, `scenario 1: there is no kind "nap"`},
		"a kind without what it needs":  {`{"kind":"error"}`, `scenario 1: kind "error" needs "code"`},
		"a kind with what it ignores":   {`{"kind":"reset","code":"Throttling"}`, `scenario 1: kind "reset" does not take "code"`},
		"a selection of what is global": {`{"kind":"clockSkew","duration":"1h","times":1}`, `scenario 1: kind "clockSkew" does not take "times"`},
		"time going backwards":          {`{"kind":"latency","duration":"-1s"}`, "scenario 1: duration must not be negative"},
		"a negative number":             {`{"kind":"hang","times":-1}`, "scenario 1: numbers must not be negative"},
		"hits without out of":           {`{"kind":"hang","hits":1}`, "scenario 1: hits and outOf go together, and hits is at most outOf"},
		"more hits than calls":          {`{"kind":"hang","hits":2,"outOf":1}`, "scenario 1: hits and outOf go together, and hits is at most outOf"},
		"a status that is none":         {`{"kind":"html","status":99}`, "scenario 1: status 99 is not between 200 and 599"},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			got := f.admin("POST", "scenarios", test.body)
			g.Expect(got.status).To(Equal(400))
			var answer struct{ Error string }
			g.Expect(json.Unmarshal([]byte(got.body), &answer)).To(Succeed())
			g.Expect(answer.Error).To(Equal(test.message))
			g.Expect(f.Scenarios()).To(BeEmpty())
		})
	}
}

func TestCallsByAdmin(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.call("GetFederationToken", "Name", "demo")
	f.call("GetCallerIdentity")
	f.do(f.request("GET", "?Action=Unknown&Version=2011-06-15&X-Amz-Signature=s3cret", ""))
	g.Expect(f.admin("GET", "calls", "").body).To(MatchJSON(`{
		"counts": {"GetFederationToken": 1, "GetCallerIdentity": 1, "": 1},
		"calls": [
			{"time":"2026-11-22T12:00:00.4Z","operation":"GetFederationToken","caller":"` + demoARN + `","accessKeyId":"AKIAIOSFODNN7EXAMPLE",
			 "region":"eu-central-1","parameters":{"Name":"demo"},"finished":true,"status":200},
			{"time":"2026-11-22T12:00:00.4Z","operation":"GetCallerIdentity","caller":"` + demoARN + `","accessKeyId":"AKIAIOSFODNN7EXAMPLE",
			 "region":"eu-central-1","finished":true,"status":200},
			{"time":"2026-11-22T12:00:00.4Z","operation":"","finished":true,"status":400,"code":"InvalidAction"}
		]}`))
	g.Expect(f.admin("DELETE", "calls", "").body).To(MatchJSON(`{"counts":{},"calls":[]}`))
	g.Expect(f.Count("GetFederationToken")).To(BeZero())
}

func TestAdminTellsWhatThereIs(t *testing.T) {
	g, f := NewWithT(t), start(t)
	for _, path := range []string{"", "keys", "scenarios/1"} {
		got := f.admin("GET", path, "")
		g.Expect(got.status).To(Equal(404))
		g.Expect(got.body).To(ContainSubstring("DELETE /_admin/scenarios, GET"))
	}
	g.Expect(f.admin("PUT", "scenarios", "").status).To(Equal(404))
}
