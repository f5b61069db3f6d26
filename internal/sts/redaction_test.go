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
package sts_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// response is a SAML response as it is presented.
var response = encoded(responseOf(anAssertion))

// leaks says whether a text holds a secret, as it is, in hexadecimal or as numbers.
func leaks(text string) bool {
	text = strings.NewReplacer(" ", "", "0x", "").Replace(strings.ToLower(text))
	for _, secret := range []string{secretAccessKey, sessionToken, response} {
		numbers := strings.NewReplacer(" ", "", "[", "", "]", "").Replace(fmt.Sprintf("%d", []byte(secret)))
		for _, form := range []string{strings.ToLower(secret), hex.EncodeToString([]byte(secret)), numbers} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

type exported[T comparable] struct {
	Secret  T
	Pointer *T
}

type unexported[T comparable] struct {
	secret   T
	pointer  *T
	list     []T
	byName   map[string]T
	anything any
}

// mixed has fields that some verbs do not fit, before and after the secret.
type mixed[T comparable] struct {
	number  int
	secret  T
	Number  *int
	Secret  T
	Channel chan int
}

// placesOf are where a secret may lie when somebody prints it.
func placesOf[T comparable](kind string, secret T) map[string]any {
	p := &secret
	hidden := unexported[T]{secret, p, []T{secret}, map[string]T{"a": secret}, p}
	places := map[string]any{
		"itself":                           secret,
		"a pointer":                        p,
		"a pointer to a pointer":           &p,
		"a slice":                          []T{secret},
		"a slice of pointers":              []*T{p},
		"an array":                         [1]T{secret},
		"a map":                            map[string]T{"a": secret},
		"a map of pointers":                map[string]*T{"a": p},
		"keys of a map":                    map[T]string{secret: "a"},
		"exported fields":                  exported[T]{secret, p},
		"a pointer to such":                &exported[T]{secret, p},
		"unexported fields":                hidden,
		"a pointer to those":               &hidden,
		"a slice of those":                 []unexported[T]{hidden},
		"fields of every kind":             mixed[T]{1, secret, new(int), secret, nil},
		"a pointer to those of every kind": &mixed[T]{1, secret, new(int), secret, nil},
		"a list of anything":               []any{secret, p, exported[T]{secret, p}, hidden},
		"an error that prints it":          fmt.Errorf("publishing %v: %w", secret, errors.New("refused")),
	}
	out := map[string]any{}
	for place, value := range places {
		out[kind+", "+place] = value
	}
	return out
}

// places are where each kind of secret may lie.
func places() map[string]any {
	text, presented := sts.NewSensitive(sessionToken), sts.NewSensitive(response)
	assertion := sts.Assertion{Response: presented, Digest: "d", NotOnOrAfter: noon, Problem: sts.Problemf("Reason", "why")}
	out := map[string]any{
		"what was issued":           sts.Issued{Credentials: credentials(), Identity: sts.Identity{AccountID: "123456789012"}},
		"a pointer to what was":     &sts.Issued{Credentials: credentials()},
		"an assertion that is read": sts.ParseAssertion([]byte(response), where),
	}
	maps.Copy(out, placesOf("credentials", credentials()))
	maps.Copy(out, placesOf("a text", text))
	maps.Copy(out, placesOf("a proof", sts.Proof{WebIdentityToken: text, SAMLAssertion: presented}))
	maps.Copy(out, placesOf("an assertion", assertion))
	return out
}

var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%#x", "%t", "%b", "%o", "%c", "%U", "%e", "%g", "%T", "%p", "%20.5v", "%!",
}

func TestRedactionByVerbs(t *testing.T) {
	for place, value := range places() {
		t.Run(place, func(t *testing.T) {
			g := NewWithT(t)
			for _, verb := range verbs {
				g.Expect(leaks(fmt.Sprintf(verb, value))).To(BeFalse(), "verb %q", verb)
			}
			g.Expect(leaks(fmt.Sprint(value))).To(BeFalse())
			g.Expect(leaks(fmt.Errorf("reading: %v", value).Error())).To(BeFalse())
		})
	}
}

func TestRedactionByEncoders(t *testing.T) {
	for name, encode := range map[string]func(any) ([]byte, error){
		"JSON": json.Marshal,
		"XML":  xml.Marshal,
		"gob": func(value any) ([]byte, error) {
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(value)
			return out.Bytes(), err
		},
		"a template": func(value any) ([]byte, error) {
			var out bytes.Buffer
			err := template.Must(template.New("").Parse(`{{.}} {{printf "%+v" .}}`)).Execute(&out, value)
			return out.Bytes(), err
		},
	} {
		for place, value := range places() {
			t.Run(name+" of "+place, func(t *testing.T) {
				text, err := encode(value)
				if err != nil { // a map with such keys has no JSON; the error must not quote them either
					text = append(text, err.Error()...)
				}
				NewWithT(t).Expect(leaks(string(text))).To(BeFalse())
			})
		}
	}
}

func TestRedactionByLoggers(t *testing.T) {
	var out bytes.Buffer
	write := func(prefix, args string) { out.WriteString(prefix + args) }
	loggers := map[string]logr.Logger{
		"slog as text": logr.FromSlogHandler(slog.NewTextHandler(&out, nil)),
		"slog as JSON": logr.FromSlogHandler(slog.NewJSONHandler(&out, nil)),
		"logr as text": funcr.New(write, funcr.Options{}),
		"logr as JSON": funcr.NewJSON(func(line string) { out.WriteString(line) }, funcr.Options{}),
	}
	for name, logger := range loggers {
		for place, value := range places() {
			t.Run(name+" of "+place, func(t *testing.T) {
				g := NewWithT(t)
				out.Reset()

				logger.WithValues("before", value).Info("issued", "secret", value)

				g.Expect(out.String()).To(ContainSubstring("issued"))
				g.Expect(leaks(out.String())).To(BeFalse())
			})
		}
	}
}

func TestLeaksFindsSecrets(t *testing.T) {
	g := NewWithT(t)
	bare := struct{ id, token string }{"ASIAEXAMPLE", sessionToken}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%#x", "%# X"} {
		g.Expect(leaks(fmt.Sprintf(verb, bare))).To(BeTrue(), "verb %q", verb)
	}
	g.Expect(leaks(fmt.Sprintf("%d", []byte(secretAccessKey)))).To(BeTrue(), "bytes as numbers")
	g.Expect(leaks(sts.ParseAssertion([]byte(response), where).Response.Text())).To(BeTrue(), "a response")
}

// redacted is how a kind of secret shows itself to those that ask its methods.
type redacted interface {
	fmt.Formatter
	fmt.Stringer
	fmt.GoStringer
	slog.LogValuer
	json.Marshaler
	logr.Marshaler
}

func TestRedactedForms(t *testing.T) {
	for kind, secret := range map[string]redacted{
		"credentials": credentials(), "no credentials": sts.Credentials{},
		"a text": sts.NewSensitive(sessionToken), "an empty text": sts.NewSensitive(""), "no text": sts.Sensitive{},
	} {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				g.Expect(fmt.Sprintf(verb, secret)).To(Equal("REDACTED"), "verb %q", verb)
			}
			g.Expect(secret.String()).To(Equal("REDACTED"))
			g.Expect(secret.GoString()).To(Equal("REDACTED"))
			g.Expect(secret.LogValue().String()).To(Equal("REDACTED"))
			g.Expect(secret.MarshalLog()).To(Equal("REDACTED"))
			g.Expect(json.Marshal(secret)).To(MatchJSON(`"REDACTED"`))

			var out bytes.Buffer
			slog.New(slog.NewTextHandler(&out, nil)).Info("issued", "secret", secret, slog.Group("group", "secret", secret))
			g.Expect(out.String()).To(HaveSuffix("secret=REDACTED group.secret=REDACTED\n"))
		})
	}
}

func TestRedactionKeepsOtherFields(t *testing.T) {
	g := NewWithT(t)
	text, c := sts.NewSensitive(sessionToken), credentials()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		g.Expect(fmt.Sprintf(verb, &text)).To(Equal("REDACTED"), "verb %q of a pointer", verb)
		g.Expect(fmt.Sprintf(verb, &c)).To(Equal("REDACTED"), "verb %q of a pointer", verb)
	}
	proof := sts.Proof{WebIdentityToken: text}
	assertion := sts.Assertion{Response: text, Digest: "d", NotOnOrAfter: time.Time{}}

	g.Expect(fmt.Sprintf("%+v", proof)).To(Equal("{WebIdentityToken:REDACTED SAMLAssertion:REDACTED}"), "nor whether there is one")
	g.Expect(fmt.Sprintf("%+v", &proof)).To(Equal("&{WebIdentityToken:REDACTED SAMLAssertion:REDACTED}"))
	g.Expect(fmt.Sprintf("%v", proof)).To(Equal("{REDACTED REDACTED}"))
	g.Expect(fmt.Sprintf("%#v", proof)).To(Equal("sts.Proof{WebIdentityToken:REDACTED, SAMLAssertion:REDACTED}"))
	g.Expect(json.Marshal(proof)).To(MatchJSON(`{"WebIdentityToken":"REDACTED","SAMLAssertion":"REDACTED"}`))
	g.Expect(fmt.Sprintf("%+v", assertion)).To(HavePrefix("{Response:REDACTED Digest:d "))
	g.Expect(fmt.Sprintf("%#v", assertion)).To(HavePrefix(`sts.Assertion{Response:REDACTED, Digest:"d", `))
	g.Expect(fmt.Sprintf("%+v", exported[sts.Credentials]{c, &c})).To(Equal("{Secret:REDACTED Pointer:REDACTED}"))
}
