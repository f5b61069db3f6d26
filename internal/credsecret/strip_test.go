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

package credsecret_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/cache"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// holdsASecret says whether a text holds the secret key or the session token, as it is or as JSON shows bytes.
func holdsASecret(text string) bool {
	return slices.ContainsFunc([]string{secretKey, token}, func(secret string) bool {
		return strings.Contains(text, secret) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret)))
	})
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPublishSecretsInDataOnly(t *testing.T) {
	g := NewWithT(t)
	fs := wishing(map[string]v1alpha1.LabelValue{"team": "data"}, map[string]v1alpha1.AnnotationValue{"example.com/note": "hello"})
	secret := published(t, fs)
	g.Expect(holdsASecret(asJSON(t, secret))).To(BeTrue(), "or this test could not fail")

	g.Expect(holdsASecret(asJSON(t, secret.ObjectMeta))).To(BeFalse())
	g.Expect(holdsASecret(asJSON(t, credsecret.Observe(secret, fs)))).To(BeFalse())
	for key := range secret.Data {
		g.Expect(holdsASecret(key)).To(BeFalse())
	}
	secret.Data = nil
	g.Expect(holdsASecret(asJSON(t, secret))).To(BeFalse())
}

func TestStrip(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, theSession())
	secret.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "sts-operator"}}
	secret.ResourceVersion = "7"

	out := stripped(t, secret)

	g.Expect(out.Data).To(HaveLen(1))
	g.Expect(slices.Collect(maps.Values(out.Data))).To(Equal([][]byte{[]byte(secret.Annotations[credsecret.DigestAnnotation])}))
	g.Expect(holdsASecret(asJSON(t, out))).To(BeFalse())
	g.Expect(out.ManagedFields).To(BeNil())
	secret.Data, secret.ManagedFields, out.Data = nil, nil, nil
	g.Expect(out).To(Equal(secret), "everything else is kept")
}

func TestStripTwice(t *testing.T) {
	for sentence, secret := range map[string]*corev1.Secret{
		"a published Secret":     published(t, theSession()),
		"a Secret without data":  {},
		"a Secret of other type": {Type: corev1.SecretTypeOpaque, Data: map[string][]byte{"password": []byte("x")}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			once := stripped(t, secret)

			g.Expect(once.Data).To(HaveLen(1))
			g.Expect(stripped(t, once)).To(Equal(once))
		})
	}
}

// A transform of a cache changes what it is given; to make a copy of each Secret would cost what it saves.
func TestStripInPlace(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, theSession())

	out, err := credsecret.Strip(secret)

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out).To(BeIdenticalTo(secret))
	g.Expect(secret.Data).To(HaveLen(1))
}

func TestStripOtherObjects(t *testing.T) {
	tombstone := cache.DeletedFinalStateUnknown{Key: "team-a/reports", Obj: published(t, theSession())}
	for sentence, object := range map[string]any{
		"a tombstone":       tombstone,
		"another kind":      &corev1.ConfigMap{Data: map[string]string{"key": "value"}},
		"metadata":          &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{}}}},
		"nothing":           nil,
		"a Secret by value": corev1.Secret{Data: map[string][]byte{"key": []byte("value")}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			before := asJSON(t, object)

			out, err := credsecret.Strip(object)

			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(asJSON(t, out)).To(Equal(before))
		})
	}
}

// Or somebody could pass a Secret of their own making off as a stripped one that is intact.
func TestStripKeyIsInvalidForAPIServer(t *testing.T) {
	g := NewWithT(t)
	for key := range stripped(t, published(t, theSession())).Data {
		g.Expect(validation.IsConfigMapKey(key)).NotTo(BeEmpty(), "the API server takes Secrets with these keys only")
	}
}
