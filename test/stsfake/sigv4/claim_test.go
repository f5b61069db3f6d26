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

package sigv4

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
)

func TestReadRefusesWhatItCannotUnderstand(t *testing.T) {
	const (
		credential = "Credential=AKIA/20261122/us-east-1/sts/aws4_request"
		rest       = ", SignedHeaders=host;x-amz-date, Signature=abc"
		query      = "http://sts/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261122%2Fus-east-1%2Fsts%2Faws4_request" +
			"&X-Amz-Signature=abc&X-Amz-SignedHeaders=host"
	)
	header := func(authorization string) *http.Request {
		return request("POST", "http://sts/", "", "Authorization", authorization, "X-Amz-Date", "20261122T120000Z")
	}
	for name, test := range map[string]struct {
		request       *http.Request
		code, message string
	}{
		"no signature at all": {request("POST", "http://sts/", ""), "MissingAuthenticationToken", "Request is missing Authentication Token"},
		"another scheme":      {header("Basic YTpi"), "MissingAuthenticationToken", "Request is missing Authentication Token"},
		"another algorithm": {
			header("AWS4-ECDSA-P256-SHA256 " + credential + rest), "IncompleteSignature",
			"Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
		},
		"no equal sign": {header("AWS4-HMAC-SHA256 AKIA/20261122/us-east-1/sts/aws4_request" + rest), "IncompleteSignature",
			"'AKIA/20261122/us-east-1/sts/aws4_request' not a valid key=value pair (missing equal-sign) in Authorization header: " +
				"'AWS4-HMAC-SHA256 AKIA/20261122/us-east-1/sts/aws4_request" + rest + "'."},
		"nothing but the algorithm": {request("POST", "http://sts/", "", "Authorization", "AWS4-HMAC-SHA256"), "IncompleteSignature",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. " +
				"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		"a credential of four elements": {header("AWS4-HMAC-SHA256 Credential=AKIA/us-east-1/sts/aws4_request" + rest), "IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIA/us-east-1/sts/aws4_request'"},
		"a date that is none": {request("POST", "http://sts/", "", "Authorization", "AWS4-HMAC-SHA256 "+credential+rest, "X-Amz-Date", "today"),
			"IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got 'today'. See http://en.wikipedia.org/wiki/ISO_8601"},
		"a presigned request without a date": {request("GET", query, ""), "IncompleteSignature",
			"AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		"a presigned request with a signature only": {request("GET", "http://sts/?X-Amz-Signature=abc", ""), "IncompleteSignature",
			"AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. " +
				"AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. " +
				"Re-examine the query-string parameters."},
		"a presigned request with another algorithm": {request("GET", query[:len("http://sts/?X-Amz-Algorithm=")]+"x"+
			query[len("http://sts/?X-Amz-Algorithm=AWS4-HMAC-SHA256"):]+"&X-Amz-Date=20261122T120000Z", ""),
			"IncompleteSignature", "Unsupported AWS 'algorithm': 'x'."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(test.request)
			expectMessage(NewWithT(t), err, test.code, test.message)
		})
	}
}

func TestReadTakesTheDateHeaderWhereThereIsNoOther(t *testing.T) {
	g := NewWithT(t)
	claim, err := Read(request("POST", "http://sts/", "", "Date", "Sun, 22 Nov 2026 12:00:00 GMT", "Authorization",
		"AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-east-1/sts/aws4_request,SignedHeaders=date;host,Signature=abc"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(claim.SignedAt).To(Equal(noon))
	g.Expect(claim.AccessKeyID).To(Equal("AKIA"))
	g.Expect(claim.Region).To(Equal("us-east-1"))
}
