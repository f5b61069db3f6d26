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

// Package sigv4 verifies AWS Signature Version 4 on the receiving side: the Authorization header and the presigned
// query string, canonicalised over exactly the headers the client says it signed.
package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	terminator  = "aws4_request"
	basicFormat = "20060102T150405Z"

	tokenHeader = "X-Amz-Security-Token"
)

// Claim is what a request says about its signature. Nothing in it is proven before Verify.
type Claim struct {
	AccessKeyID  string
	SessionToken string
	Region       string
	SignedAt     time.Time

	day           string
	service       string
	terminator    string
	signedHeaders []string
	signature     string
	presigned     bool
}

// Read finds the claim of a request. It fails with MissingAuthenticationToken when there is none and with
// IncompleteSignature when it cannot be understood.
func Read(r *http.Request) (*Claim, error) {
	if authorization := r.Header.Get("Authorization"); strings.HasPrefix(authorization, "AWS4-") {
		return readHeader(r, authorization)
	}
	if query := r.URL.Query(); query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature") {
		return readQuery(query)
	}
	return nil, fault.Forbidden("MissingAuthenticationToken", "Request is missing Authentication Token")
}

func readHeader(r *http.Request, authorization string) (*Claim, error) {
	name, rest, _ := strings.Cut(authorization, " ")
	if name != algorithm {
		return nil, unsupportedAlgorithm(name)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		if !found {
			return nil, fault.BadRequest("IncompleteSignature",
				"'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", part, authorization)
		}
		parts[key] = value
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	if missing := missingFromHeader(parts, date); missing != "" {
		return nil, fault.BadRequest("IncompleteSignature", "%sAuthorization=%s", missing, authorization)
	}
	return newClaim(Claim{
		SessionToken:  r.Header.Get(tokenHeader),
		signedHeaders: splitHeaders(parts["SignedHeaders"]),
		signature:     parts["Signature"],
	}, parts["Credential"], date)
}

func missingFromHeader(parts map[string]string, date string) string {
	var missing strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			missing.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	if date == "" {
		missing.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	return missing.String()
}

// readQuery does not look at X-Amz-Expires: a presigned STS request is good for 15 minutes whatever it says there
// (aws-iam-authenticator relies on that).
func readQuery(query map[string][]string) (*Claim, error) {
	value := func(name string) string {
		if values := query[name]; len(values) > 0 {
			return values[0]
		}
		return ""
	}
	var missing strings.Builder
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if value(name) == "" {
			missing.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return nil, fault.BadRequest("IncompleteSignature", "%sRe-examine the query-string parameters.", missing.String())
	}
	if name := value("X-Amz-Algorithm"); name != algorithm {
		return nil, unsupportedAlgorithm(name)
	}
	return newClaim(Claim{
		SessionToken:  value(tokenHeader),
		signedHeaders: splitHeaders(value("X-Amz-SignedHeaders")),
		signature:     value("X-Amz-Signature"),
		presigned:     true,
	}, value("X-Amz-Credential"), value("X-Amz-Date"))
}

func newClaim(claim Claim, credential, date string) (*Claim, error) {
	elements := strings.Split(credential, "/")
	if len(elements) != 5 {
		return nil, fault.BadRequest("IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	claim.AccessKeyID, claim.day, claim.Region, claim.service, claim.terminator =
		elements[0], elements[1], elements[2], elements[3], elements[4]

	signedAt, err := parseDate(date)
	if err != nil {
		return nil, fault.BadRequest("IncompleteSignature",
			"Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
	}
	claim.SignedAt = signedAt
	return &claim, nil
}

// parseDate reads X-Amz-Date, and the Date header for clients that sign that instead.
func parseDate(date string) (time.Time, error) {
	if signedAt, err := time.Parse(basicFormat, date); err == nil {
		return signedAt, nil
	}
	return http.ParseTime(date)
}

// splitHeaders sorts as the specification does, so that a client which signed in another order does not match.
func splitHeaders(list string) []string {
	names := strings.Split(strings.ToLower(list), ";")
	slices.Sort(names)
	return names
}

func unsupportedAlgorithm(name string) error {
	return fault.BadRequest("IncompleteSignature", "Unsupported AWS 'algorithm': '%s'.", name)
}
