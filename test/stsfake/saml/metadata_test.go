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

package saml

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

func TestParseMetadataReadsWhatTheProviderPublishes(t *testing.T) {
	g := gomega.NewWithT(t)
	provider := must(trusted())
	parsed, err := ParseMetadata(provider.Metadata())
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(parsed).To(gomega.Equal(provider.Provider()))

	response, err := provider.Respond(goodClaims(), noon, time.Minute)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	_, err = parsed.Verify(response, aws, noon)
	g.Expect(err).NotTo(gomega.HaveOccurred())
}

func TestParseMetadata(t *testing.T) {
	provider := must(trusted())
	good := string(provider.Metadata())
	certificate := base64.StdEncoding.EncodeToString(provider.certificate.Raw)
	other := `<md:KeyDescriptor use="encryption"><ds:KeyInfo xmlns:ds="` + signatureNamespace + `"><ds:X509Data><ds:X509Certificate>` +
		base64.StdEncoding.EncodeToString(must(stranger()).certificate.Raw) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
	for name, test := range map[string]struct{ metadata, message string }{
		"a key for every use is good":      {strings.Replace(good, ` use="signing"`, "", 1), ""},
		"lines in a certificate are good":  {strings.Replace(good, certificate, "\n  "+certificate[:64]+"\n  "+certificate[64:]+"\n", 1), ""},
		"a key for encryption is left out": {strings.Replace(good, "<md:KeyDescriptor", other+"<md:KeyDescriptor", 1), ""},
		"the end of a line is good":        {good + "\n", ""},
		"nothing":                          {"", "well-formed"},
		"a truncated document":             {good[:len(good)/2], "well-formed"},
		"a DTD":                            {"<!DOCTYPE r>" + good, "document type"},
		"another document":                 {`<a entityID="x"/>`, "no EntityDescriptor"},
		"no entityID":                      {strings.Replace(good, "entityID", "entity", 1), "no EntityDescriptor"},
		"a service provider":               {strings.ReplaceAll(good, "IDPSSODescriptor", "SPSSODescriptor"), "IDPSSODescriptor"},
		"no key":                           {strings.ReplaceAll(good, "KeyDescriptor", "OtherDescriptor"), "no certificate"},
		"no key for signing":               {strings.Replace(good, `"signing"`, `"encryption"`, 1), "no certificate"},
		"a certificate that is not base64": {strings.Replace(good, certificate, "!", 1), "not base64"},
		"a certificate that is none":       {strings.Replace(good, certificate, "AAAA", 1), "not of X.509"},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			parsed, err := ParseMetadata([]byte(test.metadata))
			if test.message == "" {
				g.Expect(err).NotTo(gomega.HaveOccurred())
				g.Expect(parsed).To(gomega.Equal(provider.Provider()))
				return
			}
			expectRefusal(g, err, ErrInvalid, test.message)
		})
	}
}
