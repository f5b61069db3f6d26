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
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/pquerna/otp/totp"

	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// everyVerb is a value under every verb of fmt, and as programs log it.
func everyVerb(values ...any) string {
	text := everyPrint(values...)
	for _, value := range values {
		for _, verb := range "tbcdoOqxXUeEfFgGspvw" {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3"} {
				text += fmt.Sprintf("%"+flags+string(verb)+"\n", value)
			}
		}
	}
	return text
}

// shows finds the secrets that a text holds, as they are or as numbers.
func shows(text string, secrets map[string]string) []string {
	var found []string
	for name, secret := range secrets {
		numbers := strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret), numbers} {
			if strings.Contains(text, form) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

// handed are secrets that are handed to the broker, by name.
type handed struct {
	config broker.Config
	proof  sts.Proof
	all    map[string]string
}

func handSecrets(c broker.Config) handed {
	proof := aProof()
	c.Key = sts.NewCredentials("AKIAOWNOWNOWNOWNOWNO", ownSecret, ownToken)
	c = withDevice(c)
	return handed{c, proof, map[string]string{
		"secret key": ownSecret, "session token": ownToken, "seed": deviceSeed,
		"token": proof.WebIdentityToken.Text(), "assertion": proof.SAMLAssertion.Text(),
		"end of the token": proof.WebIdentityToken.Text()[len(proof.WebIdentityToken.Text())-40:], "start of the assertion": proof.SAMLAssertion.Text()[:40],
	}}
}

func TestShowsFindsSecrets(t *testing.T) {
	secrets := handSecrets(broker.Config{}).all
	for name, secret := range secrets {
		for _, text := range []string{
			secret, fmt.Sprintf("%d", []byte(secret)), fmt.Sprintf("%x", []byte(secret)), fmt.Sprintf("%+v", struct{ Text string }{secret}),
		} {
			NewWithT(t).Expect(shows(text, secrets)).To(ContainElement(name))
		}
	}
	NewWithT(t).Expect(shows(everyVerb(struct{ text string }{deviceSeed}), secrets)).To(ConsistOf("seed"))
}

func TestRedactionOfInputs(t *testing.T) {
	f, _ := startWithRoles(t)
	h := handSecrets(f.config)
	f.use(h.config)
	f.advance(time.Minute)
	request := broker.IssueRequest{Issuer: theIssuer, Session: sessionOf("session"), Request: guarded, Verify: true}
	permit := f.permitFor(request)
	values := map[string]any{
		"a configuration": h.config, "its address": &h.config, "inside another struct": struct{ c broker.Config }{h.config},
		"a list of them": []broker.Config{h.config}, "a proof": h.proof, "its address ": &h.proof, "inside another": struct{ p sts.Proof }{h.proof},
		"an issue request": request, "a permit": permit, "a broker": f.Broker, "an identity": theIdentity,
		"a broker inside": struct{ b *broker.Broker }{f.Broker}, "a permit inside": struct{ p *broker.Permit }{permit},
	}
	for sentence, value := range values {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			text := everyVerb(value)
			g.Expect(shows(text, h.all)).To(BeEmpty())
			g.Expect(shows(strings.ToLower(text), lower(h.all))).To(BeEmpty())
		})
	}
	permit.Cancel()
}

func lower(secrets map[string]string) map[string]string {
	small := map[string]string{}
	for name, secret := range secrets {
		small[name] = strings.ToLower(secret)
	}
	return small
}

// failures are what STS may answer to a call, without repeating what it was sent.
func failures(operation string) map[string]http.Handler {
	code := func(status int, code string) http.HandlerFunc {
		return answers(status, "text/xml", errorXML(code, encodedDenial+"abc"))
	}
	elements := anAnswer(operation)
	expired := maps.Clone(elements)
	expired["Credentials.Expiration"] = "2020-01-01T00:00:00Z"
	without := maps.Clone(elements)
	delete(without, "Credentials.SessionToken")
	all := map[string]http.Handler{
		"nothing":          says(""),
		"half an answer":   says(answerXML(operation, elements)[:60]),
		"no session token": says(answerXML(operation, without)),
		"expired already":  says(answerXML(operation, expired)),
		"a page":           says("<html><hr></html>"),
		"a bad gateway":    answers(502, "text/html", "<html></html>"),
		"a broken line":    http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"of another principal": byAction{
			operation:           says(answerXML(operation, elements)),
			"GetCallerIdentity": whose("123456789012", "arn:aws:iam::123456789012:user/x", "AIDAX"),
		},
		"unverified":         byAction{operation: says(answerXML(operation, elements)), "GetCallerIdentity": code(403, "InvalidClientTokenId")},
		"verifying fails":    byAction{operation: says(answerXML(operation, elements)), "GetCallerIdentity": answers(503, "", "")},
		"decoded to a page":  byAction{operation: code(403, "AccessDenied"), "DecodeAuthorizationMessage": says("<html><hr></html>")},
		"decoded to nothing": byAction{operation: code(403, "AccessDenied"), "DecodeAuthorizationMessage": says(decodedXML(""))},
	}
	for _, known := range broker.Codes() {
		all[known] = code(400, known)
	}
	all["an unknown code"] = code(400, "Novelty")
	return all
}

func TestRedactionOfOperationFailures(t *testing.T) {
	for operation, request := range requests() {
		for sentence, server := range failures(operation) {
			t.Run(operation+", "+sentence, func(t *testing.T) {
				g := NewWithT(t)
				logs := logged(t)
				f, record := startRecording(t, server)
				h := handSecrets(f.config)
				f.use(h.config)
				f.advance(time.Minute)
				code := codeOf(t, f.clock.Now())

				issued, problem := f.present(broker.IssueRequest{Request: request, Verify: true}, h.proof)
				identity, unidentified := f.identify(t.Context())

				g.Expect(problem).NotTo(BeNil())
				g.Expect(shows(everyPrint(issued, problem, *problem, identity, unidentified, f.observed), h.all)).To(BeEmpty())
				g.Expect(logs.String()).To(BeEmpty())
				g.Expect(problem.Message).NotTo(ContainSubstring(code)) // in everything else there are addresses, which have digits, too
				if request.TakesMFA() {
					g.Expect(record.all()[0].parameters).To(HaveKeyWithValue("TokenCode", code))
				}
			})
		}
	}
}

// codeOf the device at a time.
func codeOf(t *testing.T, at time.Time) string {
	t.Helper()
	digits, err := totp.GenerateCode(deviceSeed, at)
	if err != nil {
		t.Fatal(err)
	}
	return digits
}

func TestRedactionOfOperationFailuresBeforeCall(t *testing.T) {
	for sentence, change := range map[string]func(*broker.Config){
		"a seed that is none":                 func(c *broker.Config) { c.MFASeed = sts.NewSensitive(ownSecret) },
		"a region that is none":               func(c *broker.Config) { c.Region, c.Endpoint = "no region/at all", "" },
		"an endpoint that is none":            func(c *broker.Config) { c.Endpoint = "http://[::1" },
		"an endpoint that excludes the other": func(c *broker.Config) { c.FIPS = true },
		"credentials that are missing":        func(c *broker.Config) { c.Ambient = true },
	} {
		for operation, request := range requests() {
			t.Run(sentence+", "+operation, func(t *testing.T) {
				g := NewWithT(t)
				logs := logged(t)
				f := atNameless(t, withTransport(roundTrip(brokenConnection)))
				h := handSecrets(f.config)
				change(&h.config)
				f.use(h.config)
				f.advance(time.Minute)

				issued, problem := f.present(broker.IssueRequest{Request: request}, h.proof)

				g.Expect(problem).NotTo(BeNil())
				g.Expect(shows(everyPrint(issued, problem)+logs.String(), h.all)).To(BeEmpty())
			})
		}
	}
}

// Nor does success: what was issued prints no more than what was handed in.
func TestRedactionOfOperationSuccess(t *testing.T) {
	for operation, request := range requests() {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			logs := logged(t)
			f, _ := startWithRoles(t)
			f.use(withDevice(f.config))
			f.advance(time.Minute)
			h := handSecrets(f.config)
			h.all["key of the user"] = stsfake.DefaultSecretAccessKey

			issued, problem := f.present(broker.IssueRequest{Request: request, Verify: true}, h.proof)

			g.Expect(problem).To(BeNil())
			h.all["new secret key"], h.all["new session token"] = issued.Credentials.SecretAccessKey(), issued.Credentials.SessionToken()
			g.Expect(shows(everyPrint(issued, &issued, f.observed)+logs.String(), h.all)).To(BeEmpty())
		})
	}
}

// Readers of a status may not be allowed to make tokens, so a message must not quote one.
func TestClassifyHidesProof(t *testing.T) {
	for _, code := range []string{"ValidationError", "InvalidIdentityToken", "IDPRejectedClaim", "Novelty"} {
		for operation, parameter := range map[string]string{webIdentity: "WebIdentityToken", samlRole: "SAMLAssertion", role: "TokenCode"} {
			t.Run(code+", "+parameter, func(t *testing.T) {
				g := NewWithT(t)
				var presented string
				f, _ := startRecording(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					presented = parametersOf(r).Get(parameter)
					answers(400, "text/xml", errorXML(code, "Value '"+presented+"' is wrong"))(w, r)
				}))
				f.use(withDevice(f.config))
				f.advance(time.Minute)

				problem := f.turnedDown(broker.IssueRequest{Request: requests()[operation]})

				g.Expect(presented).NotTo(BeEmpty())
				g.Expect(problem.Message).NotTo(ContainSubstring(presented[:min(40, len(presented))]))
			})
		}
	}
}
