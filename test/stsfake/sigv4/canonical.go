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
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is the text both sides sign (IAM user guide, "Create a signed AWS API request"). AWS's path is
// "/"; those of other services are escaped twice, as for all services but S3.
func (c *Claim) canonicalRequest(r *http.Request, body []byte) string {
	var headers strings.Builder
	for _, name := range c.signedHeaders {
		headers.WriteString(name + ":" + canonicalHeader(r, name) + "\n")
	}
	query := r.URL.RawQuery
	return strings.Join([]string{
		r.Method,
		"/" + strings.TrimPrefix((&url.URL{Path: r.URL.EscapedPath()}).EscapedPath(), "/"),
		canonicalQuery(query, c.presigned),
		headers.String(),
		strings.Join(c.signedHeaders, ";"),
		hexSHA256(body),
	}, "\n")
}

// canonicalHeader is a header's value as it was signed. net/http takes Host, Content-Length and Transfer-Encoding out of
// the header map on some paths, so those come from their fields.
func canonicalHeader(r *http.Request, name string) string {
	if name == "host" {
		return collapse(r.Host)
	}
	values := r.Header.Values(name)
	if len(values) == 0 && name == "content-length" && r.ContentLength >= 0 {
		return strconv.FormatInt(r.ContentLength, 10)
	}
	trimmed := make([]string, len(values))
	for i, value := range values {
		trimmed[i] = collapse(value)
	}
	return strings.Join(trimmed, ",")
}

// collapse trims a header value and makes one space of each run of them.
func collapse(value string) string {
	return strings.Join(strings.FieldsFunc(strings.TrimSpace(value), func(r rune) bool { return r == ' ' }), " ")
}

// canonicalQuery decodes, encodes strictly and sorts the query string. The signature of a presigned request is the
// one parameter that cannot have been signed.
func canonicalQuery(raw string, presigned bool) string {
	type pair struct{ key, value string }
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		key, value = recode(key), recode(value)
		if presigned && key == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{key, value})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if order := strings.Compare(a.key, b.key); order != 0 {
			return order
		}
		return strings.Compare(a.value, b.value)
	})
	joined := make([]string, len(pairs))
	for i, p := range pairs {
		joined[i] = p.key + "=" + p.value
	}
	return strings.Join(joined, "&")
}

// recode brings any valid escaping into the one form that is signed. Text with a broken escape is taken literally: it
// cannot match what a client signed, and the parser refuses it anyway.
func recode(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		text = decoded
	}
	return escape(text)
}

// escape is RFC 3986 with upper-case hexadecimal; url.QueryEscape differs for the space.
func escape(text string) string {
	const hexadecimal = "0123456789ABCDEF"
	var escaped strings.Builder
	for _, b := range []byte(text) {
		switch {
		case 'A' <= b && b <= 'Z', 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '-', b == '_', b == '.', b == '~':
			escaped.WriteByte(b)
		default:
			escaped.WriteByte('%')
			escaped.WriteByte(hexadecimal[b>>4])
			escaped.WriteByte(hexadecimal[b&15])
		}
	}
	return escaped.String()
}
