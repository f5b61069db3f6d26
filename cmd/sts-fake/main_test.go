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

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// started is a sts-fake that runs until stop is called.
type started struct {
	url    string
	greet  string
	log    *bytes.Buffer
	stop   context.CancelFunc
	result chan error
}

func start(t *testing.T, args ...string) started {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stdout, output := io.Pipe()
	s := started{log: new(bytes.Buffer), stop: stop, result: make(chan error, 1)}
	go func() { s.result <- run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), output, s.log) }()
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		s.greet += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Scenarios:") {
			break
		}
	}
	_, rest, _ := strings.Cut(s.greet, "listens on ")
	s.url, _, _ = strings.Cut(rest, "\n")
	return s
}

func TestServesUntilTold(t *testing.T) {
	g := NewWithT(t)
	s := start(t, "--max-lifetime", "2m", "--size-regime", "packed-policy", "--region", "eu-west-1",
		"--scenario", `{"kind":"html"}`, "--scenario", `[{"kind":"latency","duration":"1ms"},{"kind":"empty"}]`)
	g.Expect(s.greet).To(And(ContainSubstring("AWS_ENDPOINT_URL_STS="+s.url), ContainSubstring(stsfake.DefaultAccessKeyID)))

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(s.url + "/_admin/scenarios")
	g.Expect(err).NotTo(HaveOccurred())
	scenarios, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(scenarios).To(MatchJSON(`{"scenarios":[{"kind":"html"},{"kind":"latency","duration":"1ms"},{"kind":"empty"}]}`))

	response, err = client.Get(s.url + "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=s3cret")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(response.StatusCode).To(Equal(502))

	s.stop()
	g.Expect(<-s.result).To(Succeed())
	g.Expect(s.log.String()).To(And(ContainSubstring("operation=GetCallerIdentity"), ContainSubstring("status=502")))
	g.Expect(s.log.String()).NotTo(ContainSubstring("s3cret"))
}

func TestCallsThatHangEndWithTheServer(t *testing.T) {
	g := NewWithT(t)
	s := start(t, "--scenario", `{"kind":"hang"}`)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	failed := make(chan error, 1)
	go func() {
		response, err := client.Get(s.url + "/?Action=GetCallerIdentity&Version=2011-06-15")
		if err == nil {
			_ = response.Body.Close()
		}
		failed <- err
	}()
	g.Eventually(func(g Gomega) {
		response, err := client.Get(s.url + "/_admin/calls")
		g.Expect(err).NotTo(HaveOccurred())
		body, err := io.ReadAll(response.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.Body.Close()).To(Succeed())
		g.Expect(string(body)).To(ContainSubstring("GetCallerIdentity"))
	}, 10*time.Second).Should(Succeed())
	s.stop()
	g.Expect(<-failed).To(HaveOccurred())
	g.Expect(<-s.result).To(Succeed())
}

func TestServesAWorld(t *testing.T) {
	g := NewWithT(t)
	s := start(t, "--world", "world.yaml")
	g.Expect(s.greet).To(And(
		ContainSubstring("It knows the world of world.yaml: 2 accounts, 2 users, 5 roles, 2 identity providers."),
		ContainSubstring("AWS_SECRET_ACCESS_KEY="+stsfake.DefaultSecretAccessKey)))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(s.url + "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/workload" +
		"&RoleSessionName=s-1&WebIdentityToken=s3cret")
	g.Expect(err).NotTo(HaveOccurred())
	body, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(string(body)).To(ContainSubstring("<Code>InvalidIdentityToken</Code>"))
	s.stop()
	g.Expect(<-s.result).To(Succeed())
	g.Expect(s.log.String()).To(ContainSubstring("operation=AssumeRoleWithWebIdentity"))
	g.Expect(s.log.String() + s.greet).NotTo(ContainSubstring("s3cret"))
}

func TestAWorldThatIsNone(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "world.yaml")
	g.Expect(os.WriteFile(file, []byte("users: []"), 0o600)).To(Succeed())
	g.Expect(run(t.Context(), []string{"--world", file}, io.Discard, io.Discard)).To(MatchError("--world " + file + `: reading the world: unknown field "users"`))
}

// Whose world it is, knows the key.
func TestAKeyOfOnesOwnIsNotPrinted(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile("world.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(t.TempDir(), "world.yaml")
	own := strings.ReplaceAll(string(text), stsfake.DefaultSecretAccessKey, "s3cret")
	g.Expect(os.WriteFile(file, []byte(own), 0o600)).To(Succeed())
	s := start(t, "--world", file)
	g.Expect(s.greet).To(ContainSubstring("AWS_SECRET_ACCESS_KEY=…"))
	g.Expect(s.greet).NotTo(ContainSubstring("s3cret"))
	s.stop()
	g.Expect(<-s.result).To(Succeed())
}

func TestHelpAndVersion(t *testing.T) {
	g := NewWithT(t)
	var stdout bytes.Buffer
	g.Expect(run(t.Context(), []string{"--help"}, &stdout, io.Discard)).To(MatchError(flag.ErrHelp))
	for _, name := range []string{"--listen", "--max-lifetime", "--region", "--scenario", "--service", "--size-regime", "--version", "--world",
		"keyDelay", "encodedDenials"} {
		g.Expect(stdout.String()).To(ContainSubstring(name))
	}
	g.Expect(stdout.String()).To(ContainSubstring("(default 127.0.0.1:4599)"))

	stdout.Reset()
	g.Expect(run(t.Context(), []string{"--version"}, &stdout, io.Discard)).To(Succeed())
	g.Expect(stdout.String()).To(MatchRegexp(`^sts-fake \S+\n$`))
}

func TestWrongFlags(t *testing.T) {
	for name, test := range map[string]struct {
		args    []string
		message string
	}{
		"an unknown flag":     {[]string{"--colour"}, "flag provided but not defined: -colour"},
		"an argument":         {[]string{"serve"}, `unexpected argument "serve"`},
		"an unknown service":  {[]string{"--service", "gcp"}, `--service is aws or compatible, not "gcp"`},
		"an unknown regime":   {[]string{"--size-regime", "none"}, `--size-regime is token-size or packed-policy, not "none"`},
		"a negative lifetime": {[]string{"--max-lifetime", "-1s"}, "--max-lifetime must not be negative"},
		"a scenario that is no JSON": {[]string{"--scenario", "hang"},
			`invalid value "hang" for flag -scenario: reading scenarios: invalid character 'h' looking for beginning of value`},
		"an unknown kind of scenario": {[]string{"--scenario", `{"kind":"nap"}`},
			`invalid value "{\"kind\":\"nap\"}" for flag -scenario: scenario 1: there is no kind "nap"`},
		"a world that is not there": {[]string{"--world", "nowhere.yaml"}, "--world: open nowhere.yaml: no such file or directory"},
		"an address that is none":   {[]string{"--listen", "nowhere"}, "listening: listen tcp: address nowhere: missing port in address"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			err := run(t.Context(), test.args, io.Discard, io.Discard)
			g.Expect(err).To(MatchError(test.message))
			g.Expect(errors.Is(err, flag.ErrHelp)).To(BeFalse())
		})
	}
}
