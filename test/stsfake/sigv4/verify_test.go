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
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

const suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// request builds what a server sees.
func request(method, target, body string, headers ...string) *http.Request {
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// The signatures are those of AWS's own examples: the user guide's ListUsers and the published test suite.
func TestPublishedSignatures(t *testing.T) {
	const (
		prefix = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
		date   = "20150830T123600Z"
		form   = "application/x-www-form-urlencoded"
	)
	for name, test := range map[string]struct {
		request *http.Request
		body    string
		service string
		auth    string
	}{
		"the user guide's ListUsers": {
			request: request("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", "",
				"Content-Type", form+"; charset=utf-8", "X-Amz-Date", date),
			service: "iam",
			auth:    "content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
		},
		"get-vanilla": {
			request: request("GET", "https://example.amazonaws.com/", "", "X-Amz-Date", date),
			service: "service",
			auth:    "host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		},
		"get-vanilla-query-order-key-case": {
			request: request("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "", "X-Amz-Date", date),
			service: "service",
			auth:    "host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
		},
		"get-header-value-trim": {
			request: request("GET", "https://example.amazonaws.com/", "", "My-Header1", " value1", "My-Header2", ` "a   b   c"`, "X-Amz-Date", date),
			service: "service",
			auth:    "host;my-header1;my-header2;x-amz-date, Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
		},
		"post-x-www-form-urlencoded": {
			request: request("POST", "https://example.amazonaws.com/", "", "Content-Type", form, "X-Amz-Date", date),
			body:    "Param1=value1",
			service: "service",
			auth:    "content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			test.request.Header.Set("Authorization", prefix+test.service+"/aws4_request, SignedHeaders="+test.auth)
			claim, err := Read(test.request)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(claim.CheckScope("us-east-1", test.service)).To(Succeed())
			g.Expect(claim.Verify(test.request, []byte(test.body), suiteSecret)).To(Succeed())
			g.Expect(claim.Verify(test.request, []byte(test.body), suiteSecret+"x")).NotTo(Succeed())
		})
	}
}

// signed is a POST signed by the SDK; change edits it afterwards.
func signed(t *testing.T, body string, change func(*http.Request)) *http.Request {
	t.Helper()
	r := request("POST", "http://127.0.0.1:4599/", body, "Content-Type", "application/x-www-form-urlencoded")
	credentials := aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: suiteSecret, SessionToken: "token"}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hexSHA256([]byte(body)), "sts", "eu-central-1", noon); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	return r
}

func TestVerifyHoldsExactlyWhatWasSigned(t *testing.T) {
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	replaceIn := func(old, with string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
		}
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		body   string
		ok     bool
	}{
		"untouched":                                 {ok: true},
		"an unsigned header may come on the way":    {change: func(r *http.Request) { r.Header.Set("Via", "proxy") }, ok: true},
		"the user agent is not signed":              {change: func(r *http.Request) { r.Header.Set("User-Agent", "other") }, ok: true},
		"spaces around a signed value do not count": {change: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "  token ") }, ok: true},
		"another body":                              {body: body + "&Name=x"},
		"another host":                              {change: func(r *http.Request) { r.Host = "sts.amazonaws.com" }},
		"another method":                            {change: func(r *http.Request) { r.Method = "PUT" }},
		"another query":                             {change: func(r *http.Request) { r.URL.RawQuery = "Name=x" }},
		"another content type":                      {change: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }},
		"another token":                             {change: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") }},
		"another date":                              {change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20261122T120001Z") }},
		"a signed header removed":                   {change: func(r *http.Request) { r.Header.Del("Content-Type") }},
		"another region in the scope":               {change: replaceIn("eu-central-1", "eu-west-1")},
		"another day in the scope":                  {change: replaceIn("20261122", "20261121")},
		"fewer signed headers than true":            {change: replaceIn("content-type;", "")},
		"the host not signed":                       {change: replaceIn("host;", "")},
		"the session token not signed":              {change: replaceIn(";x-amz-security-token", "")},
		"the signature cut short": {
			change: func(r *http.Request) { a := r.Header.Get("Authorization"); r.Header.Set("Authorization", a[:len(a)-1]) },
		},
		"the signature in capital letters": {change: func(r *http.Request) {
			head, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", head+"Signature="+strings.ToUpper(signature))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := signed(t, body, test.change)
			claim, err := Read(r)
			g.Expect(err).NotTo(HaveOccurred())
			sent := body
			if test.body != "" {
				sent = test.body
			}
			if err := claim.Verify(r, []byte(sent), suiteSecret); test.ok {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				var refusal *fault.Fault
				g.Expect(errors.As(err, &refusal)).To(BeTrue(), "%v", err)
				g.Expect(refusal.Code).To(Equal("SignatureDoesNotMatch"))
				g.Expect(refusal.Status).To(Equal(http.StatusForbidden))
			}
		})
	}
}

// A header may be signed although the SDK's signer would leave it out: older SDKs sign the user agent.
func TestVerifySignedUserAgent(t *testing.T) {
	g := NewWithT(t)
	r := request("POST", "http://sts/", "", "User-Agent", "aws-sdk-java/1.12   Linux", "X-Amz-Date", "20261122T120000Z")
	claim := &Claim{AccessKeyID: "AKIA", Region: "us-east-1", SignedAt: noon, day: "20261122", service: "sts", terminator: terminator,
		signedHeaders: []string{"host", "user-agent", "x-amz-date"}}
	claim.signature = claim.sign("POST\n/\n\nhost:sts\nuser-agent:aws-sdk-java/1.12 Linux\nx-amz-date:20261122T120000Z\n\n"+
		"host;user-agent;x-amz-date\n"+hexSHA256(nil), suiteSecret)
	g.Expect(claim.Verify(r, nil, suiteSecret)).To(Succeed())
}

func TestCheckTime(t *testing.T) {
	claim := &Claim{SignedAt: noon}
	for name, test := range map[string]struct {
		now     time.Time
		message string
	}{
		"now":                  {now: noon},
		"15 minutes old":       {now: noon.Add(15 * time.Minute)},
		"15 minutes and a bit": {now: noon.Add(15*time.Minute + 900*time.Millisecond)},
		"15 minutes early":     {now: noon.Add(-15 * time.Minute)},
		"a second more than old": {
			now:     noon.Add(15*time.Minute + time.Second),
			message: "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T121501Z - 15 min.)",
		},
		"a second more than early": {
			now:     noon.Add(-15*time.Minute - time.Second),
			message: "Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z (20261122T114459Z + 15 min.)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			expectMessage(NewWithT(t), claim.CheckTime(test.now), "SignatureDoesNotMatch", test.message)
		})
	}
}

func TestCheckScope(t *testing.T) {
	good := Claim{SignedAt: noon, Region: "eu-central-1", day: "20261122", service: "sts", terminator: terminator}
	for name, test := range map[string]struct {
		change  func(*Claim)
		region  string
		message string
	}{
		"any region is right for a server without one": {},
		"the server's region":                          {region: "eu-central-1"},
		"a region of another partition":                {change: func(c *Claim) { c.Region = "eusc-de-east-1" }},
		"a region with three words":                    {change: func(c *Claim) { c.Region = "us-gov-west-1" }},
		"another region than the server's":             {region: "us-east-1", message: "Credential should be scoped to a valid Region, not 'eu-central-1'."},
		"no region at all": {
			change: func(c *Claim) { c.Region = "frankfurt" }, message: "Credential should be scoped to a valid Region, not 'frankfurt'.",
		},
		"another service": {
			change: func(c *Claim) { c.service = "s3" }, message: "Credential should be scoped to correct service: 'sts'.",
		},
		"another terminator": {change: func(c *Claim) { c.terminator = "aws3_request" },
			message: "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'."},
		"another day": {change: func(c *Claim) { c.day = "20261121" },
			message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261121' != '20261122', from '20261122T120000Z'."},
		"two things wrong": {change: func(c *Claim) { c.Region, c.service = "x", "s3" },
			message: "Credential should be scoped to a valid Region, not 'x'. Credential should be scoped to correct service: 'sts'."},
	} {
		t.Run(name, func(t *testing.T) {
			claim := good
			if test.change != nil {
				test.change(&claim)
			}
			expectMessage(NewWithT(t), claim.CheckScope(test.region, "sts"), "SignatureDoesNotMatch", test.message)
		})
	}
}

// expectMessage holds an error against a code and message; an empty message is no error.
func expectMessage(g Gomega, err error, code, message string) {
	if message == "" {
		g.Expect(err).NotTo(HaveOccurred())
		return
	}
	var refusal *fault.Fault
	g.Expect(errors.As(err, &refusal)).To(BeTrue(), "%v", err)
	g.Expect(refusal.Code).To(Equal(code))
	g.Expect(refusal.Message).To(Equal(message))
}

// FuzzVerify holds the canonicaliser against the SDK's signer, in both forms.
func FuzzVerify(f *testing.F) {
	f.Add("Action=GetCallerIdentity", "Name=a+b&x=%2f&y", "text/plain ; a  b", true)
	f.Add("", "a=1&A=2&a=0&b=%C3%BC&=", "", false)
	f.Add("Policy=%7B%7D", "~=*&(=)", "x\ty", true)
	f.Fuzz(func(t *testing.T, body, query, contentType string, presign bool) {
		r, err := http.NewRequest("POST", "http://sts.test/?"+query, io.NopCloser(bytes.NewReader([]byte(body))))
		if err != nil || strings.ContainsAny(contentType, "\r\n\x00") || strings.Contains(strings.ToLower(query), "x-amz-") {
			t.Skip("not a request that could be sent")
		}
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			t.Skip("the server refuses it before")
		}
		r.ContentLength = -1
		r.Header.Set("Content-Type", contentType)
		credentials := aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: suiteSecret}
		if presign {
			target, headers, err := v4.NewSigner().PresignHTTP(t.Context(), credentials, r, hexSHA256([]byte(body)), "sts", "us-east-1", noon)
			if err != nil {
				t.Skip(err)
			}
			r, _ = http.NewRequest("POST", target, nil)
			r.Header = headers
		} else if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hexSHA256([]byte(body)), "sts", "us-east-1", noon); err != nil {
			t.Skip(err)
		}
		claim, err := Read(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := claim.Verify(r, []byte(body), suiteSecret); err != nil {
			t.Errorf("%v\n%s", err, claim.canonicalRequest(r, []byte(body)))
		}
		if claim.Verify(r, []byte(body+"x"), suiteSecret) == nil {
			t.Error("another body was accepted")
		}
	})
}
