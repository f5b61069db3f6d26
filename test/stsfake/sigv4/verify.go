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
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

// window is how far the client's clock may be from the server's, either way.
const window = 15 * time.Minute

// plausibleRegion matches every region of every partition known in 2026, and tomorrow's: us-east-1, eusc-de-east-1, us-gov-west-1.
var plausibleRegion = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$`)

// CheckTime refuses a signature made more than 15 minutes before or after now.
func (c *Claim) CheckTime(now time.Time) error {
	now = now.UTC().Truncate(time.Second) // what is compared is what the messages print
	signed, server := c.SignedAt.Format(basicFormat), now.Format(basicFormat)
	if oldest := now.Add(-window); c.SignedAt.Before(oldest) {
		return mismatch("Signature expired: " + signed + " is now earlier than " + oldest.Format(basicFormat) +
			" (" + server + " - 15 min.)")
	}
	if newest := now.Add(window); c.SignedAt.After(newest) {
		return mismatch("Signature not yet current: " + signed + " is still later than " + newest.Format(basicFormat) +
			" (" + server + " + 15 min.)")
	}
	return nil
}

// CheckScope refuses a signature made for another day, region or service. An empty region admits any plausible one.
func (c *Claim) CheckScope(region, service string) error {
	var wrong []string
	if region == "" && !plausibleRegion.MatchString(c.Region) || region != "" && region != c.Region {
		wrong = append(wrong, "Credential should be scoped to a valid Region, not '"+c.Region+"'.")
	}
	if c.service != service {
		wrong = append(wrong, "Credential should be scoped to correct service: '"+service+"'.")
	}
	if c.terminator != terminator {
		wrong = append(wrong, "Credential should be scoped with a valid terminator: 'aws4_request', not '"+c.terminator+"'.")
	}
	if date := c.SignedAt.Format(basicFormat); c.day != date[:8] {
		wrong = append(wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			c.day+"' != '"+date[:8]+"', from '"+date+"'.")
	}
	if len(wrong) > 0 {
		return mismatch(strings.Join(wrong, " "))
	}
	return nil
}

// Verify proves the claim: the request, its body and the secret give the signature that came with it.
func (c *Claim) Verify(r *http.Request, body []byte, secret string) error {
	if !slices.Contains(c.signedHeaders, "host") {
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	tokenIsSigned := c.presigned || c.SessionToken == "" || slices.Contains(c.signedHeaders, strings.ToLower(tokenHeader))
	expected := c.sign(c.canonicalRequest(r, body), secret)
	if !tokenIsSigned || subtle.ConstantTimeCompare([]byte(expected), []byte(c.signature)) != 1 {
		return mismatch("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
			"and signing method. Consult the service documentation for details.")
	}
	return nil
}

func (c *Claim) sign(canonicalRequest, secret string) string {
	scope := strings.Join([]string{c.day, c.Region, c.service, c.terminator}, "/")
	stringToSign := strings.Join([]string{algorithm, c.SignedAt.Format(basicFormat), scope, hexSHA256([]byte(canonicalRequest))}, "\n")

	key := []byte("AWS4" + secret)
	for _, element := range []string{c.day, c.Region, c.service, c.terminator, stringToSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(element))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func mismatch(message string) error {
	return fault.Forbidden("SignatureDoesNotMatch", "%s", message)
}
