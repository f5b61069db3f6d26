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

package simulation

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// transport carries the requests of a process to STS without any socket.
type transport struct{ process *process }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	p, ctx := t.process, request.Context()
	sim, task := p.sim, taskOf(ctx)
	if err := p.step(); err != nil {
		return nil, err
	}
	call := sim.stsCall(task, request.URL.Hostname())
	if err := task.sleep(ctx, call.latency); err != nil {
		return nil, sim.callFailed(task, call, err)
	}
	if call.refused {
		refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		return nil, sim.callFailed(task, call, refused)
	}
	answer, err := sim.serve(task, call, request)
	if err != nil {
		return nil, err
	}
	if err := p.step(); err != nil {
		return nil, err
	}
	return answer, nil
}

// serve has the fake answer, and spoils the answer where a fault says so.
func (s *simulation) serve(t *task, call stsCall, request *http.Request) (*http.Response, error) {
	s.lastCall = stsfake.Call{}
	recorder := httptest.NewRecorder()
	if call.code != "" {
		recorder.Header().Set("Content-Type", "text/xml")
		recorder.WriteHeader(call.status)
		_, _ = recorder.WriteString(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>` +
			call.code + `</Code><Message>by the simulation</Message></Error><RequestId>0</RequestId></ErrorResponse>`)
	} else {
		served := request.Clone(request.Context())
		served.Host = request.URL.Host
		s.fake.ServeHTTP(recorder, served)
		call.spoil(recorder)
	}
	if request.Body != nil {
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return nil, err
		}
		_ = request.Body.Close()
	}
	s.called(t, call, recorder)
	answer := recorder.Result()
	answer.Request = request
	return answer, nil
}

// stsCall is what becomes of one call of STS.
type stsCall struct {
	endpoint string
	began    time.Time
	latency  time.Duration
	refused  bool
	code     string // of an error, and its HTTP status; empty to perform the call
	status   int
	spoilt   spoilt
	// cause is the fault that it meets; empty for none.
	cause string
}

// spoilt is a way in which an answer is wrong.
type spoilt int

const (
	intact spoilt = iota
	html
	empty
	truncated
	incomplete
	spoilts // how many there are
)

// spoil a finished answer.
func (c stsCall) spoil(recorder *httptest.ResponseRecorder) {
	body := recorder.Body.Bytes()
	switch c.spoilt {
	case html:
		body = []byte("<html><body><hr>502 Bad Gateway</body></html>")
	case empty:
		body = nil
	case truncated:
		body = body[:len(body)/2]
	case incomplete:
		body = bytes.ReplaceAll(body, []byte("SessionToken>"), []byte("Session>"))
		body = bytes.ReplaceAll(body, []byte("Arn>"), []byte("A>")) // GetCallerIdentity has no token
	default:
		return
	}
	recorder.Body = bytes.NewBuffer(bytes.Clone(body))
	recorder.Header().Del("Content-Length")
}

// mint is what STS issued: for which session, asked how, until when.
type mint struct {
	session     *subject
	operation   string
	parameters  map[string]string
	accessKeyID string
	at          time.Time
	expiration  time.Time
	publishedAt time.Time // zero until the Secret holds it
	dueAt       time.Time // by the operator's clock
	issuedAt    time.Time // likewise
}

// called is told of every answer of STS, before it is on its way.
func (s *simulation) called(t *task, call stsCall, recorder *httptest.ResponseRecorder) {
	last := s.lastCall
	s.stats.calls++
	failed := call.code != "" || call.spoilt != intact || recorder.Code != http.StatusOK
	s.record(t.kind, t.name, "STS call", last.Operation+" "+call.code+last.Code+" "+call.cause)
	if call.code == "" && recorder.Code == http.StatusOK && last.Operation != "GetCallerIdentity" {
		s.minted(t, call, last, recorder.Body.String())
	}
	if failed {
		s.failedCall(t, call, call.code+last.Code)
	}
}

// callFailed counts a call that got no answer.
func (s *simulation) callFailed(t *task, call stsCall, err error) error {
	s.stats.calls++
	s.record(t.kind, t.name, "STS call", "no answer "+call.cause)
	s.failedCall(t, call, "no answer")
	return err
}

// minted enters credentials in the ledger.
func (s *simulation) minted(t *task, call stsCall, last stsfake.Call, body string) {
	subject := s.subjects[t.name]
	m := &mint{session: subject, operation: last.Operation, parameters: last.Parameters, at: time.Now()}
	if call.spoilt == intact {
		m.accessKeyID = between(body, "<AccessKeyId>", "</AccessKeyId>")
		m.expiration, _ = time.Parse(time.RFC3339, between(body, "<Expiration>", "</Expiration>"))
		s.mints[m.accessKeyID] = m
	}
	t.minted, subject.issuer.servedAt = m, time.Now()
	s.stats.mints++
	s.checkMint(t, m)
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}
