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

package broker_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// Secrets that go in and come out of the broker in these tests.
const (
	ownSecret     = "0wnS3cretAccessKey/OfTheIssuers+Example40"
	ownToken      = "0wnS3ssionToken/OfTheIssuers+Example=="
	issuedSecret  = "1ssuedS3cretAccessKey/Example+OfFortyChars"
	issuedToken   = "1ssuedS3ssionToken/Example+OfSomeLength=="
	secretsInside = "<SecretAccessKey>" + issuedSecret + "</SecretAccessKey><SessionToken>" + issuedToken + "</SessionToken>"
)

// leaks finds the secrets that a text holds, as they are or encoded.
func leaks(text string) []string {
	var found []string
	for _, secret := range []string{ownSecret, ownToken, issuedSecret, issuedToken} {
		numbers := strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret), numbers} {
			if strings.Contains(text, form) {
				found = append(found, secret)
			}
		}
	}
	return found
}

func TestLeaksFindsSecrets(t *testing.T) {
	for _, secret := range []string{ownSecret, ownToken, issuedSecret, issuedToken} {
		NewWithT(t).Expect(leaks(fmt.Sprintf("%+v", struct{ Token []byte }{[]byte(secret)}))).To(Equal([]string{secret}))
		NewWithT(t).Expect(leaks("x" + secret + "y")).To(Equal([]string{secret}))
	}
}

// everyPrint is a value in every form that a program is likely to write it in.
func everyPrint(values ...any) string {
	var text bytes.Buffer
	for _, value := range values {
		_, _ = fmt.Fprintf(&text, "%v %+v %#v %s %q %d %x\n", value, value, value, value, value, value, value)
		_ = json.NewEncoder(&text).Encode(value)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("json", "value", value)
		slog.New(slog.NewTextHandler(&text, nil)).Info("text", "value", value)
	}
	return text.String()
}

// logged is everything that goes to the standard loggers while a test runs.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var text bytes.Buffer
	before, output, flags := slog.Default(), log.Writer(), log.Flags()
	log.SetOutput(&text)
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(output)
		log.SetFlags(flags)
	})
	return &text
}

func TestRedactionOfFailures(t *testing.T) {
	result := aResult()
	result["SecretAccessKey"], result["SessionToken"] = issuedSecret, issuedToken
	complete := responseXML(result)
	without := func(field string) string {
		lacking := map[string]string{}
		for name, value := range result {
			if name != field {
				lacking[name] = value
			}
		}
		return responseXML(lacking)
	}
	expired := strings.Replace(complete, result["Expiration"], "2020-01-01T00:00:00Z", 1)

	for sentence, server := range map[string]http.HandlerFunc{
		"nothing":                      answers(200, "text/xml", ""),
		"half the credentials":         answers(200, "text/xml", complete[:len(complete)*2/3]),
		"no key id":                    answers(200, "text/xml", without("AccessKeyId")),
		"a key of two lines":           answers(200, "text/xml", strings.Replace(complete, issuedSecret, issuedSecret+"&#10;x", 1)),
		"a token that is too long":     answers(200, "text/xml", strings.Replace(complete, issuedToken, strings.Repeat(issuedToken, 500), 1)),
		"no expiration":                answers(200, "text/xml", without("Expiration")),
		"no principal":                 answers(200, "text/xml", without("Arn")),
		"an expiration that is none":   answers(200, "text/xml", strings.Replace(complete, result["Expiration"], issuedSecret, 1)),
		"credentials that expired":     answers(200, "text/xml", expired),
		"credentials with status 500":  answers(500, "text/xml", complete),
		"credentials with status 400":  answers(400, "text/xml", complete),
		"credentials with status 302":  answers(302, "text/xml", complete),
		"credentials inside an error":  answers(400, "text/xml", strings.Replace(errorXML("Throttling", "Rate exceeded"), "<Type>", secretsInside+"<Type>", 1)),
		"a message around credentials": answers(403, "text/xml", errorXML("AccessDenied", secretsInside)),
		"credentials as JSON":          answers(200, "application/json", `{"SecretAccessKey":"`+issuedSecret+`"}`),
		"a refused signature":          answers(403, "text/xml", errorXML("SignatureDoesNotMatch", "The signature is wrong.")),
		"a reset":                      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			logs := logged(t)
			f := startAnswering(t, server)
			f.config.Key = sts.NewCredentials("ASIAEXAMPLE", ownSecret, ownToken)
			f.use(f.config)

			issued, problem := f.permit().Issue(t.Context(), noProof)
			_, unidentified := f.identify(t.Context())

			g.Expect(problem).NotTo(BeNil())
			g.Expect(unidentified).NotTo(BeNil())
			g.Expect(leaks(everyPrint(issued, problem, unidentified, *problem, f.observed))).To(BeEmpty())
			g.Expect(leaks(logs.String())).To(BeEmpty())
		})
	}
}

func TestRedactionOfFailuresBeforeCall(t *testing.T) {
	for sentence, c := range map[string]struct {
		ambient aws.CredentialsProvider
		change  func(*broker.Config)
	}{
		"a provider that talks too much": {
			aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{SecretAccessKey: ownSecret}, errors.New("cannot use " + ownSecret + " and " + ownToken)
			}),
			func(c *broker.Config) { c.Ambient = true },
		},
		"a region that is none":               {nil, func(c *broker.Config) { c.Region, c.Endpoint = "no region/at all", "" }},
		"an endpoint that is none":            {nil, func(c *broker.Config) { c.Endpoint = "http://[::1" }},
		"an endpoint that excludes the other": {nil, func(c *broker.Config) { c.FIPS = true }},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			logs := logged(t)
			f := atNameless(t, func(o *broker.Options) { o.Ambient = ambientOf(c.ambient) },
				withTransport(roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("called") })))
			f.config.Key = sts.NewCredentials("ASIAEXAMPLE", ownSecret, ownToken)
			c.change(&f.config)
			f.use(f.config)

			issued, problem := f.permit().Issue(t.Context(), noProof)

			g.Expect(problem).NotTo(BeNil())
			g.Expect(leaks(everyPrint(issued, problem))).To(BeEmpty())
			g.Expect(leaks(logs.String())).To(BeEmpty())
		})
	}
}

func TestRedactionOfResults(t *testing.T) {
	g := NewWithT(t)
	logs := logged(t)
	f := start(t)
	f.fake.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "own", Keys: []stsfake.AccessKey{{ID: "AKIAOWNOWNOWNOWNOWNO", Secret: ownSecret}}})
	f.config.Key = sts.NewCredentials("AKIAOWNOWNOWNOWNOWNO", ownSecret, "")
	f.use(f.config)

	permit := f.permit()
	issued, problem := permit.Issue(t.Context(), noProof)

	g.Expect(problem).To(BeNil())
	text := everyPrint(issued, &issued, f.config, &f.config) + fmt.Sprintf("%v %+v %v %+v", permit, permit, f.Broker, f.Broker) + logs.String()
	g.Expect(leaks(text)).To(BeEmpty())
	g.Expect(text).NotTo(ContainSubstring(issued.Credentials.SecretAccessKey()))
	g.Expect(text).NotTo(ContainSubstring(issued.Credentials.SessionToken()))
	g.Expect(issued.Expiration.After(noon.Add(time.Hour))).To(BeTrue())
}
