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
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	secretAccessKey = "wJalrXUtnFEMIexampleKEY"   // #nosec G101 -- an example
	sessionToken    = "FwoGZXIvYXdzEJrexampleTKN" // #nosec G101 -- an example
)

func credentials() sts.Credentials {
	return sts.NewCredentials("ASIAEXAMPLE", secretAccessKey, sessionToken)
}

func TestCredentials(t *testing.T) {
	g := NewWithT(t)
	c := credentials()
	g.Expect(c.AccessKeyID()).To(Equal("ASIAEXAMPLE"))
	g.Expect(c.SecretAccessKey()).To(Equal(secretAccessKey))
	g.Expect(c.SessionToken()).To(Equal(sessionToken))
}

func TestCredentialsZeroValue(t *testing.T) {
	g := NewWithT(t)
	var none sts.Credentials
	g.Expect(none.AccessKeyID()).To(BeEmpty())
	g.Expect(none.SecretAccessKey()).To(BeEmpty())
	g.Expect(none.SessionToken()).To(BeEmpty())
	g.Expect(fmt.Sprint(none)).To(Equal(sts.Redacted))
	g.Expect(fmt.Sprint((*sts.Credentials)(nil))).To(Equal("<nil>"))
}

func TestCredentialsEquals(t *testing.T) {
	for sentence, c := range map[string]struct {
		other sts.Credentials
		want  bool
	}{
		"the same":              {credentials(), true},
		"another key id":        {sts.NewCredentials("ASIAOTHER", secretAccessKey, sessionToken), false},
		"another secret":        {sts.NewCredentials("ASIAEXAMPLE", "other", sessionToken), false},
		"another token":         {sts.NewCredentials("ASIAEXAMPLE", secretAccessKey, "other"), false},
		"no credentials":        {sts.Credentials{}, false},
		"a long-term key of it": {sts.NewCredentials("ASIAEXAMPLE", secretAccessKey, ""), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(credentials().Equals(c.other)).To(Equal(c.want))
		})
	}
	NewWithT(t).Expect(sts.Credentials{}.Equals(sts.NewCredentials("", "", ""))).To(BeTrue(), "nothing equals nothing")
}

func TestSensitiveText(t *testing.T) {
	g := NewWithT(t)
	g.Expect(sts.NewSensitive(sessionToken).Text()).To(Equal(sessionToken))
	g.Expect(sts.NewSensitive("").Text()).To(BeEmpty())
	g.Expect(sts.Sensitive{}.Text()).To(BeEmpty())
	g.Expect(fmt.Sprint((*sts.Sensitive)(nil))).To(Equal("<nil>"))
}
