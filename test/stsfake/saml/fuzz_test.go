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
	"reflect"
	"slices"
	"testing"

	"github.com/beevik/etree"
	"github.com/onsi/gomega"
)

func TestVerifyRefusesEveryTruncation(t *testing.T) {
	g := gomega.NewWithT(t)
	provider := must(trusted()).Provider()
	document := serialize(signedResponse(t))
	for length := range document {
		_, err := provider.Verify(base64.StdEncoding.EncodeToString(document[:length]), aws, noon)
		g.Expect(err).To(gomega.MatchError(ErrInvalid), "%d bytes of %d", length, len(document))
	}
	encoded := base64.StdEncoding.EncodeToString(document)
	for length := range len(encoded) {
		_, err := provider.Verify(encoded[:length], aws, noon)
		g.Expect(err).To(gomega.MatchError(ErrInvalid), "%d characters of %d", length, len(encoded))
	}
}

// FuzzVerify splices anything into good responses: there is no panic, and whoever is let in is who was signed for. The
// response is not the input, since each process of the fuzzer has a key of its own.
func FuzzVerify(f *testing.F) {
	provider := must(trusted())
	response := unsignedResponse()
	documents := [][]byte{serialize(response), provider.Metadata()}
	for _, element := range []*etree.Element{assertionOf(response), response} {
		if err := provider.sign(element); err != nil {
			f.Fatal(err)
		}
		documents = append(documents, serialize(response))
	}
	genuine, err := provider.Provider().Verify(encode(response), aws, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), uint16(0), uint16(0), []byte(nil))
	f.Add(uint8(2), uint16(100), uint16(10), []byte(`<saml:Assertion ID="_x"><!-- --></saml:Assertion>`))
	f.Add(uint8(3), uint16(0), uint16(9), []byte(`<!DOCTYPE r [<!ENTITY e "v">]>`))
	f.Fuzz(func(t *testing.T, which uint8, position, cut uint16, insert []byte) {
		document := documents[int(which)%len(documents)]
		from := int(position) % len(document)
		to := min(from+int(cut), len(document))
		spliced := slices.Concat(document[:from], insert, document[to:])

		_, _ = ParseMetadata(spliced)
		assertion, err := provider.Provider().Verify(base64.StdEncoding.EncodeToString(spliced), aws, noon)
		if err == nil && !reflect.DeepEqual(assertion, genuine) {
			t.Errorf("let in %+v with %s", assertion, spliced)
		}
	})
}
