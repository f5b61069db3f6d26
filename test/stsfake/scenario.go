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
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Kind is what a scenario does.
type Kind string

// The kinds of scenarios. Of those that settle a call, the first that matches wins; the others add up.
const (
	Latency        Kind = "latency"        // answers later by Duration
	Throttle       Kind = "throttle"       // refuses what goes beyond RequestsPerSecond with Throttling; settles
	Error          Kind = "error"          // answers with Code, Message and Status; settles
	HTML           Kind = "html"           // answers with a page of HTML and Status, 502 by default; settles
	Reset          Kind = "reset"          // resets the connection; settles
	Hang           Kind = "hang"           // answers never; settles
	Empty          Kind = "empty"          // performs the call and answers 200 without a body
	Truncated      Kind = "truncated"      // performs the call and sends half of the XML
	Lifetime       Kind = "lifetime"       // shortens sessions to Duration
	EncodedDenials Kind = "encodedDenials" // adds a message for DecodeAuthorizationMessage to denials
	ClockSkew      Kind = "clockSkew"      // shifts the server's clock by Duration, which may be negative
	KeyDelay       Kind = "keyDelay"       // refuses long-term keys until Duration after they were added, or the scenario was set
)

// Scenario is one way in which the server departs from what it should do. It applies to every call, unless Operation,
// AccessKeyID, Hits and OutOf, or Times say otherwise.
type Scenario struct {
	Kind Kind `json:"kind"`

	Operation   string `json:"operation,omitempty"`   // only calls of this operation
	AccessKeyID string `json:"accessKeyId,omitempty"` // only calls signed with this key
	Hits        int    `json:"hits,omitempty"`        // the first Hits …
	OutOf       int    `json:"outOf,omitempty"`       // … of every OutOf calls
	Times       int    `json:"times,omitempty"`       // ends after so many

	Duration          time.Duration `json:"-"` // "duration": "1m30s" in JSON
	RequestsPerSecond float64       `json:"requestsPerSecond,omitempty"`
	Burst             int           `json:"burst,omitempty"` // calls above the rate before the first is refused; 1 when 0
	Code              string        `json:"code,omitempty"`
	Message           string        `json:"message,omitempty"`
	Status            int           `json:"status,omitempty"` // HTTP; the code's usual one when 0
}

// plainScenario has the fields of a Scenario and none of its methods.
type plainScenario Scenario

type scenarioJSON struct {
	*plainScenario
	Duration string `json:"duration,omitempty"`
}

// MarshalJSON writes the duration as text.
func (s Scenario) MarshalJSON() ([]byte, error) {
	wire := scenarioJSON{plainScenario: (*plainScenario)(&s)}
	if s.Duration != 0 {
		wire.Duration = s.Duration.String()
	}
	return json.Marshal(wire)
}

// UnmarshalJSON refuses fields that do not exist.
func (s *Scenario) UnmarshalJSON(data []byte) error {
	wire := scenarioJSON{plainScenario: (*plainScenario)(s)}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil {
		return err
	}
	if wire.Duration == "" {
		return nil
	}
	duration, err := time.ParseDuration(wire.Duration)
	if err != nil {
		return fmt.Errorf("duration %q is not one like \"1m30s\"", wire.Duration)
	}
	s.Duration = duration
	return nil
}

// ParseScenarios reads one scenario or a list of them from JSON, and nothing after it.
func ParseScenarios(text []byte) ([]Scenario, error) {
	var scenarios []Scenario
	target := any(&scenarios)
	if text = bytes.TrimSpace(text); !bytes.HasPrefix(text, []byte("[")) {
		scenarios = make([]Scenario, 1)
		target = &scenarios[0]
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(target); err != nil {
		return nil, fmt.Errorf("reading scenarios: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading scenarios: there is more after the end of the JSON")
	}
	return scenarios, checkScenarios(scenarios)
}

// takes lists what each kind can be given besides the fields that select calls; the first so many are required.
type takes struct {
	fields   []string
	required int
	global   bool // concerns no single call, so nothing can be selected
}

func kinds() map[Kind]takes {
	return map[Kind]takes{
		Latency:        {fields: []string{"duration"}, required: 1},
		Throttle:       {fields: []string{"requestsPerSecond", "burst"}, required: 1},
		Error:          {fields: []string{"code", "message", "status"}, required: 1},
		HTML:           {fields: []string{"status"}},
		Reset:          {},
		Hang:           {},
		Empty:          {},
		Truncated:      {},
		Lifetime:       {fields: []string{"duration"}, required: 1},
		EncodedDenials: {},
		ClockSkew:      {fields: []string{"duration"}, required: 1, global: true},
		KeyDelay:       {fields: []string{"duration", "accessKeyId"}, required: 1, global: true},
	}
}

func checkScenarios(scenarios []Scenario) error {
	for i, scenario := range scenarios {
		if err := scenario.check(); err != nil {
			return fmt.Errorf("scenario %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Scenario) check() error {
	if err := s.checkFields(); err != nil {
		return err
	}
	return s.checkValues()
}

// checkFields holds the fields that are given against what the kind takes.
func (s Scenario) checkFields() error {
	takes, known := kinds()[s.Kind]
	if !known {
		return fmt.Errorf("there is no kind %q", s.Kind)
	}
	given := s.given()
	for _, field := range takes.fields[:takes.required] {
		if !slices.Contains(given, field) {
			return fmt.Errorf("kind %q needs %q", s.Kind, field)
		}
	}
	selecting := []string{"operation", "accessKeyId", "hits", "outOf", "times"}
	for _, field := range given {
		if !slices.Contains(takes.fields, field) && (takes.global || !slices.Contains(selecting, field)) {
			return fmt.Errorf("kind %q does not take %q", s.Kind, field)
		}
	}
	return nil
}

func (s Scenario) checkValues() error {
	switch {
	case s.Duration < 0 && s.Kind != ClockSkew:
		return errors.New("duration must not be negative")
	case s.Hits < 0 || s.OutOf < 0 || s.Times < 0 || s.Burst < 0 || s.RequestsPerSecond < 0:
		return errors.New("numbers must not be negative")
	case (s.Hits > 0) != (s.OutOf > 0) || s.Hits > s.OutOf:
		return errors.New("hits and outOf go together, and hits is at most outOf")
	case s.Status != 0 && (s.Status < 200 || s.Status > 599):
		return fmt.Errorf("status %d is not between 200 and 599", s.Status)
	}
	return nil
}

// given are the JSON names of the fields that are set, kind apart.
func (s Scenario) given() []string {
	var names []string
	for _, field := range []struct {
		name  string
		isSet bool
	}{
		{"operation", s.Operation != ""}, {"accessKeyId", s.AccessKeyID != ""},
		{"hits", s.Hits != 0}, {"outOf", s.OutOf != 0}, {"times", s.Times != 0},
		{"duration", s.Duration != 0}, {"requestsPerSecond", s.RequestsPerSecond != 0}, {"burst", s.Burst != 0},
		{"code", s.Code != ""}, {"message", s.Message != ""}, {"status", s.Status != 0},
	} {
		if field.isSet {
			names = append(names, field.name)
		}
	}
	return names
}
