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
	"maps"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const assertionAnnotation = "sts-operator.dev/assertion-digest"

func TestPublishOrigin(t *testing.T) {
	for sentence, c := range map[string]struct {
		origin credsecret.Origin
		want   map[string]string
	}{
		"of a signed request": {
			theOrigin(),
			map[string]string{"sts-operator.dev/request-hash": requestHash, "sts-operator.dev/issuer-identity": identity},
		},
		"of a web identity, which is unsigned": {
			credsecret.Origin{RequestHash: requestHash, IssuerIdentity: sts.Unsigned},
			map[string]string{"sts-operator.dev/request-hash": requestHash, "sts-operator.dev/issuer-identity": "unsigned"},
		},
		"of an assertion": {
			ofAnAssertion(),
			map[string]string{
				"sts-operator.dev/request-hash": requestHash, "sts-operator.dev/issuer-identity": "unsigned", assertionAnnotation: assertionDigest,
			},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			secret := publishedFor(t, theSession(), c.origin)

			recorded := maps.Clone(secret.Annotations)
			maps.DeleteFunc(recorded, func(key, _ string) bool {
				return key != credsecret.RequestHashAnnotation && key != credsecret.IssuerIdentityAnnotation && key != assertionAnnotation
			})
			g.Expect(recorded).To(Equal(c.want))
			observed := credsecret.Observe(secret, theSession())
			g.Expect(observed).To(Equal(credsecret.Observe(stripped(t, secret), theSession())))
			g.Expect(credsecret.Origin{
				RequestHash: observed.RequestHash, IssuerIdentity: observed.IssuerIdentity, AssertionDigest: observed.AssertionDigest,
			}).To(Equal(c.origin))
			g.Expect(observed.Intact && observed.InSync).To(BeTrue())
		})
	}
}

func TestPublishReplacesAssertionDigest(t *testing.T) {
	other := ofAnAssertion()
	other.AssertionDigest = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
	for sentence, c := range map[string]struct {
		before, next credsecret.Origin
		want         string
	}{
		"is forgotten by a request without one":     {ofAnAssertion(), theOrigin(), ""},
		"gives way to the next one":                 {ofAnAssertion(), other, other.AssertionDigest},
		"stays where it is presented again":         {ofAnAssertion(), ofAnAssertion(), assertionDigest},
		"is not there before there is one":          {theOrigin(), theOrigin(), ""},
		"comes with the first request that has one": {theOrigin(), ofAnAssertion(), assertionDigest},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := publishedFor(t, theSession(), c.before)

			g.Expect(credsecret.Publish(secret, theSession(), theIssued(), c.next)).To(Succeed())

			g.Expect(secret).To(Equal(publishedFor(t, theSession(), c.next)), "nothing is left of what was before")
			digest, ok := secret.Annotations[assertionAnnotation]
			g.Expect(digest).To(Equal(c.want))
			g.Expect(ok).To(Equal(c.want != ""), "an empty one is none")
			observed := credsecret.Observe(secret, theSession())
			g.Expect(observed.AssertionDigest).To(Equal(c.want))
			g.Expect(observed.Intact).To(BeTrue())
		})
	}
}

// What the spec asks for is recorded only where the issuer's guardrails have added to it: other Secrets stay as they were.
func TestPublishSpecRequestHash(t *testing.T) {
	const specRequestHash, annotation = "sha256:asked", "sts-operator.dev/spec-request-hash"
	added := credsecret.Origin{RequestHash: requestHash, SpecRequestHash: specRequestHash, IssuerIdentity: identity}
	same := credsecret.Origin{RequestHash: requestHash, SpecRequestHash: requestHash, IssuerIdentity: identity}
	g := NewWithT(t)

	secret := publishedFor(t, theSession(), added)
	g.Expect(secret.Annotations).To(HaveKeyWithValue(annotation, specRequestHash))
	g.Expect(credsecret.Observe(stripped(t, secret), theSession()).SpecRequestHash).To(Equal(specRequestHash))

	tampered := secret.DeepCopy()
	tampered.Annotations[annotation] = requestHash
	g.Expect(credsecret.Observe(tampered, theSession()).Intact).To(BeFalse())

	g.Expect(credsecret.Publish(secret, theSession(), theIssued(), same)).To(Succeed())
	g.Expect(secret).To(Equal(publishedFor(t, theSession(), theOrigin())), "nothing is left of it")
	g.Expect(credsecret.Observe(secret, theSession()).SpecRequestHash).To(Equal(requestHash))
}

// SyncMetadata keeps what is recorded of the credentials.
func TestSyncMetadataKeepsAssertionDigest(t *testing.T) {
	g := NewWithT(t)
	secret := publishedFor(t, theSession(), ofAnAssertion())
	fs := wishing(labels{"team": "data"}, annotations{"example.com/note": "hello"})

	credsecret.SyncMetadata(secret, fs)

	observed := credsecret.Observe(secret, fs)
	g.Expect(observed.AssertionDigest).To(Equal(assertionDigest))
	g.Expect(observed.Intact && observed.InSync).To(BeTrue())
}

func TestObserveTamperingWithAssertionDigest(t *testing.T) {
	for sentence, c := range map[string]struct {
		origin credsecret.Origin
		tamper func(map[string]string)
	}{
		"removed":          {ofAnAssertion(), func(a map[string]string) { delete(a, assertionAnnotation) }},
		"emptied":          {ofAnAssertion(), func(a map[string]string) { a[assertionAnnotation] = "" }},
		"changed":          {ofAnAssertion(), func(a map[string]string) { a[assertionAnnotation] = requestHash }},
		"cut":              {ofAnAssertion(), func(a map[string]string) { a[assertionAnnotation] = assertionDigest[1:] }},
		"added":            {theOrigin(), func(a map[string]string) { a[assertionAnnotation] = assertionDigest }},
		"added, and empty": {theOrigin(), func(a map[string]string) { a[assertionAnnotation] = "" }},
		"added like a key": {theOrigin(), func(a map[string]string) { a[assertionAnnotation] = "AWS_ACCESS_KEY_ID" }},
		"moved to the other": {ofAnAssertion(), func(a map[string]string) {
			a["sts-operator.dev/identity-user-id"] += a[assertionAnnotation]
			a[assertionAnnotation] = ""
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := publishedFor(t, theSession(), c.origin)
			c.tamper(secret.Annotations)

			observed := credsecret.Observe(secret, theSession())

			g.Expect(observed.Intact).To(BeFalse())
			g.Expect(credsecret.Observe(stripped(t, secret), theSession())).To(Equal(observed))
		})
	}
}

// Everything that is seen of a Secret of another operation is seen of one with an assertion, too.
func TestObserveTamperingBesideAssertionDigest(t *testing.T) {
	for sentence, tamper := range tampering() {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := publishedFor(t, theSession(), ofAnAssertion())
			tamper(secret)

			g.Expect(credsecret.Observe(secret, theSession()).Intact).To(BeFalse())
			g.Expect(credsecret.Observe(stripped(t, secret), theSession()).Intact).To(BeFalse())
		})
	}
}

// A Secret of an earlier version does not say for which generation it was published: it stays as it is.
func TestObserveNoGeneration(t *testing.T) {
	g := NewWithT(t)
	secret := secretOfFirstVersion()
	before := secret.DeepCopy()

	g.Expect(credsecret.Observe(secret, theSession()).Generation).To(BeZero())

	credsecret.SyncMetadata(secret, theSession())
	g.Expect(secret).To(Equal(before), "syncing metadata adds none")
}

func TestPublishReplacesGeneration(t *testing.T) {
	g := NewWithT(t)
	secret, fs := published(t, theSession()), theSession()
	fs.Generation = 12

	credsecret.SyncMetadata(secret, fs)
	g.Expect(credsecret.Observe(stripped(t, secret), fs).Generation).To(Equal(int64(3)), "the credentials are those of before")

	g.Expect(credsecret.Publish(secret, fs, theIssued(), theOrigin())).To(Succeed())
	g.Expect(secret.Annotations).To(HaveKeyWithValue("sts-operator.dev/generation", "12"))
	g.Expect(credsecret.Observe(stripped(t, secret), fs).Generation).To(Equal(int64(12)))
}

// Whoever can make a digest can write anything; what is no number is none.
func TestObserveUnreadableGeneration(t *testing.T) {
	for _, text := range []string{"", "soon", "1e3", "3.0"} {
		secret := published(t, theSession())
		secret.Annotations[credsecret.GenerationAnnotation] = text
		NewWithT(t).Expect(credsecret.Observe(secret, theSession()).Generation).To(BeZero(), text)
	}
}

func TestPublishDigestIsStable(t *testing.T) {
	for sentence, c := range map[string]struct {
		given         *corev1.Secret
		want, earlier string // earlier is the digest of before there was a generation
	}{
		"of a Secret that knows of no assertion": {
			published(t, theSession()), "sha256:2755f1e6ffed9900c6e8134dd412e4ddad755812e840689b1f15d2fdd766596e",
			"sha256:5dab759816b2b434c88896e490784aa8fb4eabe72f1a2b61bf9575c332313fe8",
		},
		"of one with labels and annotations, which do not count": {
			published(t, wishing(labels{"team": "data"}, annotations{"example.com/note": "hello"})),
			"sha256:2755f1e6ffed9900c6e8134dd412e4ddad755812e840689b1f15d2fdd766596e",
			"sha256:5dab759816b2b434c88896e490784aa8fb4eabe72f1a2b61bf9575c332313fe8",
		},
		"of one with an assertion": {
			publishedFor(t, theSession(), ofAnAssertion()), "sha256:b132bf6f380fbd1ac5b801ef53181ca97479e9befd2fa5d15ec451b1c2e33435",
			"sha256:7924f5728d939400096791f8844dc222ae9e2906d751aa6c71eb77e7a0d839cd",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			const why = "what the digest covers has changed: every session would be issued anew by an upgrade"
			g := NewWithT(t)
			g.Expect(c.given.Annotations).To(HaveKeyWithValue("sts-operator.dev/data-digest", c.want), why)

			delete(c.given.Annotations, "sts-operator.dev/generation")
			c.given.Annotations["sts-operator.dev/data-digest"] = c.earlier
			g.Expect(credsecret.Observe(c.given, theSession()).Intact).To(BeTrue(), why)
		})
	}
}

// secretOfFirstVersion is as the first version wrote it, letter by letter: no code of today had a hand in it.
func secretOfFirstVersion() *corev1.Secret {
	secret := credsecret.New(theSession())
	secret.Labels = map[string]string{"app.kubernetes.io/managed-by": "sts-operator"}
	secret.Annotations = map[string]string{
		"sts-operator.dev/request-hash":     requestHash,
		"sts-operator.dev/issuer-identity":  identity,
		"sts-operator.dev/issued-at":        "2026-11-22T12:00:00Z",
		"sts-operator.dev/expiration":       "2026-11-23T00:00:00Z",
		"sts-operator.dev/access-key-id":    keyID,
		"sts-operator.dev/identity-arn":     "arn:aws:sts::123456789012:federated-user/reports",
		"sts-operator.dev/identity-user-id": "123456789012:reports",
		"sts-operator.dev/data-digest":      "sha256:5dab759816b2b434c88896e490784aa8fb4eabe72f1a2b61bf9575c332313fe8",
	}
	secret.Data = map[string][]byte{
		"AWS_ACCESS_KEY_ID":     []byte(keyID),
		"AWS_SECRET_ACCESS_KEY": []byte(secretKey),
		"AWS_SESSION_TOKEN":     []byte(token),
		"credentials": []byte("[default]\naws_access_key_id = " + keyID + "\naws_secret_access_key = " + secretKey +
			"\naws_session_token = " + token + "\n"),
		"credentials.json": []byte(`{"Version":1,"AccessKeyId":"` + keyID + `","SecretAccessKey":"` + secretKey + `","SessionToken":"` + token +
			`","Expiration":"2026-11-22T23:55:00Z","AccountId":"123456789012"}`),
		"config": []byte("[default]\ncredential_process = cat /var/run/secrets/sts-operator.dev/session/credentials.json\n"),
	}
	return secret
}

func TestObserveSecretOfFirstVersion(t *testing.T) {
	g := NewWithT(t)
	secret := secretOfFirstVersion()

	want := session.Secret{
		Exists: true, Intact: true, InSync: true, RequestHash: requestHash, SpecRequestHash: requestHash, IssuerIdentity: identity,
		IssuedAt: noon, Expiration: noon.Add(12 * time.Hour), AccessKeyID: keyID,
		Identity: theIdentity,
	}
	g.Expect(credsecret.Observe(secret, theSession())).To(Equal(want))
	g.Expect(credsecret.Observe(stripped(t, secret), theSession())).To(Equal(want))
}
