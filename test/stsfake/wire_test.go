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
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	formType     = "application/x-www-form-urlencoded"
	whoAmI       = "Action=GetCallerIdentity&Version=2011-06-15"
	demoARN      = "arn:aws:iam::123456789012:user/demo"
	emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// replay sends a recorded request, signature and all, as it was.
func (f *fixture) replay(file string) reply {
	f.t.Helper()
	recorded, err := os.ReadFile("testdata/botocore/" + file)
	if err != nil {
		f.t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(recorded)))
	if err != nil {
		f.t.Fatal(err)
	}
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", strings.TrimPrefix(f.url, "http://")
	return f.do(r)
}

func TestRequestsRecordedFromBotocore(t *testing.T) {
	recordedAt := time.Date(2026, 11, 22, 2, 17, 16, 0, time.UTC)
	for name, test := range map[string]struct {
		file   string
		expect string
	}{
		"a form with charset, empty list and unsigned content length": {"get-federation-token.http", "arn:aws:sts::123456789012:federated-user/team-a"},
		"a form without parameters":                                   {"get-caller-identity.http", demoARN},
		"a presigned query string":                                    {"presigned-get-caller-identity.http", demoARN},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			f.clock.Advance(recordedAt.Sub(noon))
			got := f.replay(test.file)
			g.Expect(got.status).To(Equal(200), got.body)
			g.Expect(got.body).To(ContainSubstring("<Arn>" + test.expect + "</Arn>"))

			f.clock.Advance(14 * time.Minute) // X-Amz-Expires is 60, which STS does not look at
			g.Expect(f.replay(test.file).status).To(Equal(200))
			f.clock.Advance(2 * time.Minute)
			g.Expect(f.replay(test.file).Message).To(Equal(
				"Signature expired: 20261122T021716Z is now earlier than 20261122T021816Z (20261122T023316Z - 15 min.)"))
		})
	}
}

func TestAnswerOnTheWire(t *testing.T) {
	g, f := NewWithT(t), start(t)
	got := f.call("GetCallerIdentity")
	id := got.header.Get("x-amzn-RequestId")
	g.Expect(id).To(MatchRegexp(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`))
	g.Expect(got.header).To(HaveKeyWithValue("Content-Type", []string{"text/xml"}))
	g.Expect(got.header).To(HaveKeyWithValue("Date", []string{"Sun, 22 Nov 2026 12:00:00 GMT"}))
	g.Expect(got.body).To(Equal(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:iam::123456789012:user/demo</Arn>
    <UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>` + id + `</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`))

	got = f.call("GetFederationToken", "Name", "<&>")
	id = got.header.Get("x-amzn-RequestId")
	g.Expect(got.status).To(Equal(400))
	g.Expect(got.header).To(HaveKeyWithValue("Content-Type", []string{"text/xml"}))
	g.Expect(got.body).To(Equal(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type>
    <Code>ValidationError</Code>
    <Message>1 validation error detected: Value &#39;&lt;&amp;&gt;&#39; at &#39;name&#39; failed to satisfy constraint: ` +
		`Member must satisfy regular expression pattern: [\w+=,.@-]*</Message>
  </Error>
  <RequestId>` + id + `</RequestId>
</ErrorResponse>
`))
}

func TestFormsOfARequest(t *testing.T) {
	for name, test := range map[string]struct{ method, query, body, contentType string }{
		"a form":                           {"POST", "", whoAmI, formType},
		"a form with a charset":            {"POST", "", whoAmI, formType + "; charset=utf-8"},
		"a query string":                   {"GET", "?" + whoAmI, "", ""},
		"a query string and a form":        {"POST", "?Action=GetCallerIdentity", "Version=2011-06-15", formType},
		"the form wins":                    {"POST", "?Action=GetFederationToken", whoAmI, formType},
		"a query string on an empty POST":  {"POST", "?" + whoAmI, "", ""},
		"percent escapes nobody would use": {"GET", "?%41ction=GetCallerIdentity&Version=2011%2D06-15", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			var headers []string
			if test.contentType != "" {
				headers = []string{"Content-Type", test.contentType}
			}
			got := f.send(longTerm(demoKey), test.method, test.query, test.body, headers...)
			g.Expect(got.status).To(Equal(200), got.body)
			g.Expect(got.body).To(ContainSubstring("<Arn>" + demoARN + "</Arn>"))
		})
	}
}

func TestRequestsThatNameNoOperation(t *testing.T) {
	for name, test := range map[string]struct {
		method, query, body string
		status              int
		code, message       string
	}{
		"no action":         {"POST", "", "Version=2011-06-15", 400, "MissingAction", "The request must contain the parameter Action."},
		"nothing at all":    {"GET", "", "", 400, "MissingAction", "The request must contain the parameter Action."},
		"an unknown action": {"POST", "", "Action=GetToken&Version=2011-06-15", 400, "InvalidAction", "Could not find operation GetToken for version 2011-06-15"},
		"another capital": {
			"POST", "", "Action=getCallerIdentity&Version=2011-06-15", 400, "InvalidAction",
			"Could not find operation getCallerIdentity for version 2011-06-15",
		},
		"no version": {
			"POST", "", "Action=GetCallerIdentity", 400, "InvalidAction",
			"Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
		},
		"another version": {
			"POST", "", "Action=GetCallerIdentity&Version=2010-05-08", 400, "InvalidAction",
			"Could not find operation GetCallerIdentity for version 2010-05-08",
		},
		"a broken escape":       {"POST", "", "Action=%zz", 404, "MalformedQueryString", "The query string contains a syntax error."},
		"a broken query string": {"GET", "?a=%zz", "", 404, "MalformedQueryString", "The query string contains a syntax error."},
		"another method":        {"PUT", "", whoAmI, 405, "UnsupportedHttpVerb", "The requested HTTP verb is not supported: PUT"},
		"another path":          {"POST", "sts", whoAmI, 404, "UnknownOperationException", "There is nothing at this path."},
		"more than a megabyte":  {"POST", "", whoAmI + strings.Repeat(" ", 1<<20), 413, "RequestEntityTooLarge", "The request is larger than this server accepts."},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			got := f.do(f.request(test.method, test.query, test.body, "Content-Type", formType))
			g.Expect(got.status).To(Equal(test.status))
			g.Expect(got.Code).To(Equal(test.code))
			g.Expect(got.Message).To(Equal(test.message))
		})
	}
}

func TestPresignedByTheSDK(t *testing.T) {
	g, f := NewWithT(t), start(t)
	issued := f.IssueAssumedRole(stsfake.DefaultAccountID, "reader", "s-1", time.Hour)
	client := awssts.NewPresignClient(f.sdk(temporary(issued)), func(options *awssts.PresignOptions) {
		options.Presigner = presigner{f.clock}
	})
	presigned, err := client.PresignGetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())

	target, err := url.Parse(presigned.URL)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(target.Query()).To(HaveKey("X-Amz-Security-Token"))
	r := f.request("GET", "?"+target.RawQuery, "")
	r.Header = presigned.SignedHeader
	r.Header.Del("Host")
	got := f.do(r)
	g.Expect(got.status).To(Equal(200), got.body)
	g.Expect(got.body).To(ContainSubstring("<Arn>arn:aws:sts::123456789012:assumed-role/reader/s-1</Arn>"))
	g.Expect(f.Calls()[0].Parameters).To(BeEmpty(), "neither token nor signature is recorded")
	g.Expect(f.do(f.request("GET", "?"+target.RawQuery+"&Name=x", "")).Code).To(Equal("SignatureDoesNotMatch"))
}

// Kubernetes authenticators sign a header of their own into the presigned request and do not set X-Amz-Expires.
func TestPresignedWithAnotherHeader(t *testing.T) {
	g, f := NewWithT(t), start(t)
	r := f.request("GET", "?"+whoAmI, "", "X-K8s-Aws-Id", "cluster")
	target, headers, err := v4.NewSigner().PresignHTTP(t.Context(), longTerm(demoKey), r, emptyPayload, "sts", "us-east-1", f.clock.Now())
	g.Expect(err).NotTo(HaveOccurred())
	query := "?" + strings.SplitN(target, "?", 2)[1]
	g.Expect(f.do(f.request("GET", query, "", "X-K8s-Aws-Id", "cluster")).status).To(Equal(200), "%v", headers)
	g.Expect(f.do(f.request("GET", query, "", "X-K8s-Aws-Id", "another")).Code).To(Equal("SignatureDoesNotMatch"))
	g.Expect(f.do(f.request("GET", query, "")).Code).To(Equal("SignatureDoesNotMatch"))
}
