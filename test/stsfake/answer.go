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
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// answer is what goes back: a result or an error, then its rendering.
type answer struct {
	operation string
	result    any
	err       error
	requestID string
	date      time.Time

	status      int
	contentType string
	body        []byte
}

// credentialsResult is the Credentials of every operation that issues some.
type credentialsResult struct {
	SessionToken    string
	SecretAccessKey string
	Expiration      string
	AccessKeyID     string `xml:"AccessKeyId"`
}

// tokenSizeResult are the members that came with the token size limit in 2026-09.
type tokenSizeResult struct {
	SessionTokenSize        int
	SessionTokenUtilization int
}

func (s *Server) credentialsResult(issued Credentials) credentialsResult {
	layout := "2006-01-02T15:04:05Z"
	if s.resolution < time.Second {
		layout = "2006-01-02T15:04:05.000Z"
	}
	return credentialsResult{
		SessionToken:    issued.SessionToken,
		SecretAccessKey: issued.SecretAccessKey,
		Expiration:      issued.Expiration.UTC().Format(layout),
		AccessKeyID:     issued.AccessKeyID,
	}
}

// tokenSizeResult is nil, and so absent, where the regime does not know it.
func (s *Server) tokenSizeResult(size sessionSize) *tokenSizeResult {
	if s.regime == PackedPolicy {
		return nil
	}
	return &tokenSizeResult{SessionTokenSize: size.token, SessionTokenUtilization: size.utilizationPercent()}
}

// fault is the error as STS has it; anything that is not a fault is the server's own failure.
func (a *answer) fault() *fault.Fault {
	if a.err == nil {
		return nil
	}
	if known := (*fault.Fault)(nil); errors.As(a.err, &known) {
		return known
	}
	return &fault.Fault{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: a.err.Error()}
}

// code is the error code, "" for a success.
func (a *answer) code() string {
	if known := a.fault(); known != nil {
		return known.Code
	}
	return ""
}

// render writes the body of the answer.
func (a *answer) render() {
	a.contentType = "text/xml"
	var body bytes.Buffer
	encoder := xml.NewEncoder(&body)
	encoder.Indent("", "  ")
	var document any
	if known := a.fault(); known != nil {
		a.status, document = known.Status, newErrorResponse(known, a.requestID)
	} else {
		a.status, document = http.StatusOK, newResponse(a.operation, a.result, a.requestID)
	}
	if err := encoder.Encode(document); err != nil {
		panic(fmt.Sprintf("writing the answer of %s: %v", a.operation, err)) // a result that XML cannot hold is a mistake in this package
	}
	body.WriteByte('\n')
	a.body = body.Bytes()
}

type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	XMLNS   string   `xml:"xmlns,attr"`
	Error   struct {
		Type    string
		Code    string
		Message string
	}
	RequestID string `xml:"RequestId"`
}

func newErrorResponse(known *fault.Fault, requestID string) errorResponse {
	response := errorResponse{XMLNS: namespace, RequestID: requestID}
	response.Error.Type, response.Error.Code, response.Error.Message = "Sender", known.Code, known.Message
	if known.IsReceiver() {
		response.Error.Type = "Receiver"
	}
	return response
}

// response wraps a result: <{operation}Response><{operation}Result>….
type response struct {
	operation string
	result    any
	requestID string
}

func newResponse(operation string, result any, requestID string) response {
	return response{operation: operation, result: result, requestID: requestID}
}

// MarshalXML names the elements after the operation.
func (r response) MarshalXML(encoder *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{
		Name: xml.Name{Local: r.operation + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}},
	}
	if err := encoder.EncodeToken(start); err != nil {
		return err
	}
	if err := encoder.EncodeElement(r.result, xml.StartElement{Name: xml.Name{Local: r.operation + "Result"}}); err != nil {
		return err
	}
	metadata := struct {
		RequestID string `xml:"RequestId"`
	}{r.requestID}
	if err := encoder.EncodeElement(metadata, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return encoder.EncodeToken(start.End())
}

func (a *answer) write(w http.ResponseWriter) {
	header := w.Header()
	header["x-amzn-RequestId"] = []string{a.requestID} // the service's own capitals
	header.Set("Content-Type", a.contentType)
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	header.Set("Date", a.date.UTC().Format(http.TimeFormat))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// newRequestID is a random UUID.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
