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

	"github.com/onsi/gomega"
)

func TestVerifyRefusesDocuments(t *testing.T) {
	provider := must(trusted())
	response := signedResponse(t)
	good, id := string(serialize(response)), attribute(assertionOf(response), "ID")
	deep := strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1)
	for name, test := range map[string]struct{ document, message string }{
		"nothing":                    {"", "well-formed"},
		"text":                       {"hello", "well-formed"},
		"two roots":                  {good + good, "well-formed"},
		"an element left open":       {"<a>", "well-formed"},
		"an undeclared entity":       {strings.Replace(good, ">ada<", ">&ada;<", 1), "well-formed"},
		"another encoding":           {`<?xml version="1.0" encoding="ISO-8859-1"?>` + good, "well-formed"},
		"more depth than there is":   {strings.Replace(good, "<saml:Issuer", deep+"<saml:Issuer", 1), "well-formed"},
		"a DTD":                      {`<!DOCTYPE r>` + good, "document type"},
		"a DTD with an entity":       {`<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + good, "document type"},
		"a DTD inside":               {strings.Replace(good, "<saml:Issuer", "<!DOCTYPE r><saml:Issuer", 1), "document type"},
		"a stylesheet":               {`<?xml-stylesheet href="x"?>` + good, "processing instruction"},
		"an instruction inside":      {strings.Replace(good, "<saml:Issuer", "<?xml version='1.0'?><saml:Issuer", 1), ""},
		"an attribute twice":         {strings.Replace(good, ` Version="2.0"`, ` Version="2.0" Version="2.0"`, 1), "Version twice"},
		"an ID under a prefix":       {strings.Replace(good, "<saml:Assertion ", `<saml:Assertion saml:ID="_x" `, 1), "ID that is not unique"},
		"an ID twice":                {strings.Replace(good, "<samlp:Status>", `<samlp:Status ID="`+id+`">`, 1), "ID that is not unique"},
		"an empty ID":                {strings.Replace(good, "<saml:Issuer", `<saml:Issuer ID=""`, 1), "ID that is not unique"},
		"an assertion as the root":   {string(serialize(signedResponse(t).FindElement("./saml:Assertion").Copy())), "not a Response"},
		"a Response of SAML 1":       {strings.ReplaceAll(good, protocolNamespace, "urn:oasis:names:tc:SAML:1.0:protocol"), "not a Response"},
		"a Response without any":     {`<samlp:Response xmlns:samlp="` + protocolNamespace + `"/>`, "exactly one Assertion"},
		"an Assertion of no SAML":    {strings.ReplaceAll(good, assertionNamespace, "urn:other"), "out of place"},
		"an encrypted assertion":     {strings.ReplaceAll(good, "saml:Assertion", "saml:EncryptedAssertion"), "encrypted"},
		"a failure":                  {strings.Replace(good, "status:Success", "status:Responder", 1), "does not report success"},
		"no status":                  {strings.ReplaceAll(good, "samlp:Status", "samlp:Statum"), "does not report success"},
		"an undeclared prefix":       {strings.ReplaceAll(good, "ds:", "dz:"), ""},
		"an assertion before itself": {strings.Replace(good, "<saml:Assertion", "<saml:Assertion/><saml:Assertion", 1), "exactly one Assertion"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provider.Provider().Verify(base64.StdEncoding.EncodeToString([]byte(test.document)), aws, noon)
			expectRefusal(gomega.NewWithT(t), err, ErrInvalid, test.message)
		})
	}
	t.Run("what is not base64", func(t *testing.T) {
		_, err := provider.Provider().Verify(good, aws, noon)
		expectRefusal(gomega.NewWithT(t), err, ErrInvalid, "Invalid base64 SAMLResponse")
	})
	for name, document := range map[string]string{
		"an XML declaration is good":          `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + good,
		"the end of a line is good":           good + "\r\n",
		"a comment is good":                   strings.Replace(good, "<saml:Issuer", "<!-- by hand --><saml:Issuer", 1),
		"characters by their number are good": strings.Replace(good, ">ada<", ">&#97;da<", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provider.Provider().Verify(base64.StdEncoding.EncodeToString([]byte(document)), aws, noon)
			gomega.NewWithT(t).Expect(err).NotTo(gomega.HaveOccurred())
		})
	}
}
