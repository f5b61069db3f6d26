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
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
	"github.com/sts-operator/sts-operator/test/stsfake/sigv4"
)

const (
	version = "2011-06-15"

	// maxBody bounds a request; the largest valid one, a SAML assertion with policies, is far below.
	maxBody = 1 << 20
)

// exchange is one request on its way to its answer.
type exchange struct {
	request    *http.Request
	now        time.Time // of sessions
	wireNow    time.Time // of signatures and the Date header
	body       []byte
	parameters url.Values
	region     string
	caller     *credential // nil while nobody is known to have signed

	input    query.Value   // decoded and validated
	lifetime time.Duration // what a scenario leaves of it; 0 is all

	encodesDenials bool
}

func (x *exchange) partition() string { return partitionOf(x.region) }

// serveSTS reads, authenticates, lets scenarios interfere, performs and answers; the journal sees every call.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request) {
	skew := s.faults.skew()
	x := &exchange{request: r, now: s.clock().Add(skew), wireNow: s.wireClock().Add(skew), region: s.region}
	requestID := newRequestID()

	operation, err := s.read(w, x)
	if err == nil && !operation.unsigned {
		err = s.authenticate(x)
	}
	entry := s.journal.begin(x, operation)

	interference := s.faults.plan(operation.name, entry.call.AccessKeyID, s.clock())
	if interference.latency > 0 && s.wait(r.Context(), interference.latency) != nil {
		s.journal.end(entry, "", 0)
		panic(http.ErrAbortHandler) // the client is gone
	}
	if interference.breaks() {
		s.journal.end(entry, string(interference.kind), 0)
		interference.abandon(w, r)
		return
	}
	x.lifetime = interference.lifetime
	answer := s.perform(x, operation, err, interference)
	answer.requestID, answer.date = requestID, x.wireNow
	answer.render()
	s.journal.end(entry, answer.code(), answer.status)
	interference.distort(&answer)
	answer.write(w)
}

// read takes the request apart as far as its operation. The operation's name is set whatever the error.
func (s *Server) read(w http.ResponseWriter, x *exchange) (operation, error) {
	r := x.request
	if r.URL.Path != "/" && s.service != ServiceCompatible {
		return operation{}, &fault.Fault{Status: http.StatusNotFound, Code: "UnknownOperationException", Message: "There is nothing at this path."}
	}
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return operation{}, &fault.Fault{Status: http.StatusMethodNotAllowed, Code: "UnsupportedHttpVerb",
			Message: "The requested HTTP verb is not supported: " + r.Method}
	}
	var err error
	if x.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return operation{}, &fault.Fault{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge",
				Message: "The request is larger than this server accepts."}
		}
		return operation{}, fault.BadRequest("IncompleteBody", "The request body did not arrive in full.")
	}
	if x.parameters, err = parseParameters(r, x.body); err != nil {
		return operation{}, err
	}
	return s.find(x.parameters)
}

// parseParameters merges the form and the query string; the form wins, the parameters of a presigned signature do not count.
func parseParameters(r *http.Request, body []byte) (url.Values, error) {
	parameters, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformedQuery()
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || mediaType != "application/x-www-form-urlencoded" {
		return parameters, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformedQuery()
	}
	for name, values := range form {
		parameters[name] = values
	}
	return parameters, nil
}

func malformedQuery() error {
	return &fault.Fault{Status: http.StatusNotFound, Code: "MalformedQueryString", Message: "The query string contains a syntax error."}
}

// authenticate finds out who signed. The caller is set only once the signature is proven.
func (s *Server) authenticate(x *exchange) error {
	claim, err := sigv4.Read(x.request)
	if err != nil {
		return err
	}
	if err := claim.CheckTime(x.wireNow); err != nil {
		return err
	}
	region := s.region
	if region == "" && s.service == ServiceCompatible { // which knows no regions but by name
		region = claim.Region
	}
	if err := claim.CheckScope(region, "sts"); err != nil {
		return err
	}
	signer := s.directory.find(claim.AccessKeyID)
	if signer == nil || !signer.acceptsToken(claim.SessionToken) || s.faults.isTooYoung(signer, s.clock()) {
		return fault.Forbidden("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if signer.isTemporary() && !x.now.Before(signer.expiresAt) {
		return fault.Forbidden("ExpiredToken", "The security token included in the request is expired")
	}
	if err := claim.Verify(x.request, x.body, signer.secret); err != nil {
		return err
	}
	x.caller, x.region = signer, claim.Region
	return nil
}

// acceptsToken holds a session token against the one issued with the key; a long-term key has none.
func (c *credential) acceptsToken(token string) bool {
	if !c.isTemporary() {
		return token == ""
	}
	digest := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(digest[:], c.tokenDigest[:]) == 1
}
