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

package session_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/session"
)

const (
	secretAccessKey = "wJalrXUtnFEMIexampleKEY"   // #nosec G101 -- an example
	sessionToken    = "FwoGZXIvYXdzEJrexampleTKN" // #nosec G101 -- an example
)

func credentials() session.Credentials {
	return session.NewCredentials("ASIAEXAMPLE", secretAccessKey, sessionToken)
}

// leaks says whether a text holds a secret, as it is or in hexadecimal.
func leaks(text string) bool {
	text = strings.NewReplacer(" ", "", "0x", "").Replace(strings.ToLower(text))
	for _, secret := range []string{secretAccessKey, sessionToken} {
		if strings.Contains(text, strings.ToLower(secret)) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
			return true
		}
	}
	return false
}

type exported struct {
	Credentials session.Credentials
	Pointer     *session.Credentials
}

type unexported struct {
	credentials session.Credentials
	pointer     *session.Credentials
	issued      session.Issued
	list        []session.Credentials
	byName      map[string]session.Credentials
	anything    any
}

// mixed has fields that some verbs do not fit, before and after the credentials.
type mixed struct {
	number      int
	credentials session.Credentials
	Number      *int
	Credentials session.Credentials
	Channel     chan int
}

// places are where credentials may lie when somebody prints them.
func places() map[string]any {
	c := credentials()
	p := &c
	issued := session.Issued{Credentials: c, AccountID: "123456789012"}
	hidden := unexported{c, p, issued, []session.Credentials{c}, map[string]session.Credentials{"a": c}, p}
	return map[string]any{
		"credentials":                      c,
		"a pointer":                        p,
		"a pointer to a pointer":           &p,
		"a slice":                          []session.Credentials{c},
		"a slice of pointers":              []*session.Credentials{p},
		"an array":                         [1]session.Credentials{c},
		"a map":                            map[string]session.Credentials{"a": c},
		"a map of pointers":                map[string]*session.Credentials{"a": p},
		"keys of a map":                    map[session.Credentials]string{c: "a"},
		"exported fields":                  exported{c, p},
		"a pointer to such":                &exported{c, p},
		"unexported fields":                hidden,
		"a pointer to those":               &hidden,
		"a slice of those":                 []unexported{hidden},
		"fields of every kind":             mixed{1, c, new(int), c, nil},
		"a pointer to those of every kind": &mixed{1, c, new(int), c, nil},
		"what was issued":                  issued,
		"a pointer to what was":            &issued,
		"a list of anything":               []any{c, p, exported{c, p}, hidden},
		"an error that prints them":        fmt.Errorf("publishing %v: %w", c, errors.New("refused")),
	}
}

func TestCredentialsHoldTheirThreeParts(t *testing.T) {
	g := NewWithT(t)
	c := credentials()
	g.Expect(c.AccessKeyID()).To(Equal("ASIAEXAMPLE"))
	g.Expect(c.SecretAccessKey()).To(Equal(secretAccessKey))
	g.Expect(c.SessionToken()).To(Equal(sessionToken))
}

func TestNoCredentialsHaveNoParts(t *testing.T) {
	g := NewWithT(t)
	var none session.Credentials
	g.Expect(none.AccessKeyID()).To(BeEmpty())
	g.Expect(none.SecretAccessKey()).To(BeEmpty())
	g.Expect(none.SessionToken()).To(BeEmpty())
	g.Expect(fmt.Sprint(none)).To(Equal(session.Redacted))
	g.Expect(fmt.Sprint((*session.Credentials)(nil))).To(Equal("<nil>"))
}

func TestCredentialsEqualThoseOfTheSameThreeParts(t *testing.T) {
	for sentence, c := range map[string]struct {
		other session.Credentials
		want  bool
	}{
		"the same":              {credentials(), true},
		"another key id":        {session.NewCredentials("ASIAOTHER", secretAccessKey, sessionToken), false},
		"another secret":        {session.NewCredentials("ASIAEXAMPLE", "other", sessionToken), false},
		"another token":         {session.NewCredentials("ASIAEXAMPLE", secretAccessKey, "other"), false},
		"no credentials":        {session.Credentials{}, false},
		"a long-term key of it": {session.NewCredentials("ASIAEXAMPLE", secretAccessKey, ""), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(credentials().Equals(c.other)).To(Equal(c.want))
		})
	}
	NewWithT(t).Expect(session.Credentials{}.Equals(session.NewCredentials("", "", ""))).To(BeTrue(), "nothing equals nothing")
}

func TestCredentialsAreRedactedByEveryVerb(t *testing.T) {
	verbs := []string{
		"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%#x", "%t", "%b", "%o", "%c", "%U", "%e", "%g", "%T", "%p", "%20.5v", "%!",
	}
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

func TestCredentialsPrintAsRedacted(t *testing.T) {
	g := NewWithT(t)
	c := credentials()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		g.Expect(fmt.Sprintf(verb, c)).To(Equal(session.Redacted), "verb %q", verb)
		g.Expect(fmt.Sprintf(verb, &c)).To(Equal(session.Redacted), "verb %q", verb)
	}
	g.Expect(c.String()).To(Equal(session.Redacted))
	g.Expect(c.GoString()).To(Equal(session.Redacted))
	g.Expect(fmt.Sprintf("%+v", exported{c, &c})).To(Equal("{Credentials:REDACTED Pointer:REDACTED}"))
}

func TestCredentialsAreRedactedInJSON(t *testing.T) {
	for place, value := range places() {
		t.Run(place, func(t *testing.T) {
			text, err := json.Marshal(value)
			if err != nil { // a map with such keys has no JSON; the error must not tell them either
				text = []byte(err.Error())
			}
			NewWithT(t).Expect(leaks(string(text))).To(BeFalse())
		})
	}
	g := NewWithT(t)
	c := credentials()
	g.Expect(json.Marshal(exported{c, &c})).To(MatchJSON(`{"Credentials":"REDACTED","Pointer":"REDACTED"}`))
}

func TestCredentialsAreRedactedByLoggers(t *testing.T) {
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

				logger.WithValues("before", value).Info("issued", "credentials", value)

				g.Expect(out.String()).To(ContainSubstring("issued"))
				g.Expect(leaks(out.String())).To(BeFalse())
			})
		}
	}
}

func TestCredentialsAreRedactedForEachKindOfLogger(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer

	slog.New(slog.NewTextHandler(&out, nil)).Info("issued", "credentials", credentials(), slog.Group("group", "credentials", credentials()))

	g.Expect(out.String()).To(HaveSuffix("credentials=REDACTED group.credentials=REDACTED\n"))
	g.Expect(credentials().LogValue().String()).To(Equal(session.Redacted))
	g.Expect(logr.Marshaler(credentials()).MarshalLog()).To(Equal(session.Redacted))
}

func TestALeakWouldBeSeen(t *testing.T) {
	g := NewWithT(t)
	bare := struct{ id, token string }{"ASIAEXAMPLE", sessionToken}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%#x", "%# X"} {
		g.Expect(leaks(fmt.Sprintf(verb, bare))).To(BeTrue(), "verb %q", verb)
	}
}
