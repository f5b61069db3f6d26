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
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
)

const adminPrefix = "/_admin/"

// serveAdmin lets a person at a command line do what tests do in Go. Nothing it returns is secret.
func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET " + adminPrefix + "scenarios":
		s.writeScenarios(w)
	case "POST " + adminPrefix + "scenarios":
		scenarios, err := readScenarios(w, r)
		if err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		s.faults.set(scenarios, s.clock())
		s.writeScenarios(w)
	case "DELETE " + adminPrefix + "scenarios":
		s.ClearScenarios()
		s.writeScenarios(w)
	case "GET " + adminPrefix + "calls":
		s.writeCalls(w)
	case "DELETE " + adminPrefix + "calls":
		s.ForgetCalls()
		s.writeCalls(w)
	default:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "there are GET, POST and DELETE " + adminPrefix +
			"scenarios, GET and DELETE " + adminPrefix + "calls"})
	}
}

func readScenarios(w http.ResponseWriter, r *http.Request) ([]Scenario, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	return ParseScenarios(body)
}

func (s *Server) writeScenarios(w http.ResponseWriter) {
	writeJSON(w, http.StatusOK, map[string]any{"scenarios": s.Scenarios()})
}

func (s *Server) writeCalls(w http.ResponseWriter) {
	s.journal.mu.Lock()
	counts := maps.Clone(s.journal.counts)
	s.journal.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"counts": counts, "calls": s.Calls()})
}

func writeJSON(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(content)
}
