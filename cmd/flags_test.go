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
	"bytes"
	"errors"
	"flag"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestHelpExplainsEveryFlag(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	_, err := parseFlags([]string{"--help"}, &out)
	g.Expect(errors.Is(err, flag.ErrHelp)).To(BeTrue())
	g.Expect(out.String()).To(ContainSubstring("Usage: manager [flags]"))
	for _, entry := range regexp.MustCompile(`(?m)^  -`).Split(out.String(), -1)[1:] {
		_, explanation, _ := strings.Cut(entry, "\n")
		g.Expect(strings.TrimSpace(explanation)).NotTo(BeEmpty(), entry)
	}
	g.Expect(command(t.Context(), []string{"--help"}, &out, &out)).To(Succeed())
}

func TestVersion(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(command(t.Context(), []string{"--version"}, &out, &out)).To(Succeed())
	g.Expect(out.String()).To(Equal("sts-operator " + version + "\n"))
}

func TestDefaultsAreSafe(t *testing.T) {
	g := NewWithT(t)
	c, err := parseFlags(nil, &bytes.Buffer{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.leaderElect).To(BeTrue())
	g.Expect(c.metricsSecure).To(BeTrue())
	g.Expect(c.namespaces).To(BeEmpty())
	g.Expect(c.clusterIssuers).To(BeTrue())
	g.Expect(c.selector.Empty()).To(BeTrue())
	g.Expect(c.operatorNamespace).NotTo(BeEmpty())
	g.Expect(c.controllerName).To(Equal("sts-operator.dev/" + c.operatorNamespace))
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for args, says := range map[string]string{
		"--nonsense":              "--help lists the flags",
		"start":                   `unexpected argument "start"`,
		"--namespaces=a,B":        `"B" is no namespace`,
		"--cluster-issuers=false": "needs --namespaces",
		"--cluster-issuers=no":    "invalid boolean value",
		"--selector=a in":         "--selector",
		"--controller-name=a b":   "--controller-name",
		"--log-format=xml":        "json or text",
		"--concurrency=0":         "from 1 to 1000",
		"--kube-api-qps=-1":       "must not be below 0",
		"--kube-api-burst=-1":     "above 0",
		"--sts-timeout=100ms":     "from 1s to 15s",
		"--log-level=6":           "credentials included",
		"--log-level=-1":          "from 0 to 5",
		"--concurrency=twenty":    "invalid value",
	} {
		t.Run(args, func(t *testing.T) {
			_, err := parseFlags([]string{args}, &bytes.Buffer{})
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(says)))
		})
	}
}

func TestListsAreParsed(t *testing.T) {
	g := NewWithT(t)
	c, err := parseFlags([]string{"--namespaces", "a, b,", "--selector", "shard=1", "--cluster-issuers=false"}, &bytes.Buffer{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.namespaces).To(Equal([]string{"a", "b"}))
	g.Expect(c.clusterIssuers).To(BeFalse())
	g.Expect(c.selector.String()).To(Equal("shard=1"))
}
