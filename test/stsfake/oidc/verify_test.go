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

package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	. "github.com/onsi/gomega"
)

const (
	issuer   = "https://cluster.example/oidc"
	subject  = "system:serviceaccount:team-a:app"
	audience = "sts.amazonaws.com"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestVerifyTakesWhatTheIssuerSigned(t *testing.T) {
	g := NewWithT(t)
	signer := newSigner(t)
	token, err := signer.Sign(subject, []string{"other", audience}, noon, time.Hour)
	g.Expect(err).NotTo(HaveOccurred())

	claims, err := signer.Provider("another-client", audience).Verify(token, noon)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(claims.Issuer).To(Equal(issuer))
	g.Expect(claims.Subject).To(Equal(subject))
	g.Expect(claims.Audience).To(Equal([]string{"other", audience}))
	g.Expect(claims.IssuedAt).To(BeTemporally("==", noon))
	g.Expect(claims.Expiration).To(BeTemporally("==", noon.Add(time.Hour)))
	g.Expect(Issuer(token)).To(Equal(issuer))
	g.Expect(signer.Provider().Keys.Keys).To(HaveEach(HaveField("IsPublic()", BeTrue())))
}

func TestVerifyTakesEveryAlgorithmOfAWS(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for algorithm, private := range map[jose.SignatureAlgorithm]any{
		jose.RS256: rsaKey,
		jose.RS384: rsaKey,
		jose.RS512: rsaKey,
		jose.ES256: newKey(t, elliptic.P256()),
		jose.ES384: newKey(t, elliptic.P384()),
		jose.ES512: newKey(t, elliptic.P521()),
	} {
		t.Run(string(algorithm), func(t *testing.T) {
			g := NewWithT(t)
			key := jose.JSONWebKey{Key: private, KeyID: "k"}
			token := sign(t, jose.SigningKey{Algorithm: algorithm, Key: key}, goodClaims())
			_, err := Provider{issuer, []string{audience}, keys(key.Public())}.Verify(token, noon)
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
}

func TestVerifyRefusesClaims(t *testing.T) {
	signer := newSigner(t)
	for name, test := range map[string]struct {
		change  func(*jwt.Claims)
		at      time.Duration
		kind    error
		message string
	}{
		"a token at its last second is good":   {at: time.Hour - time.Second},
		"a token a minute ahead of us is good": {at: -time.Minute},
		"a token without nbf is good":          {change: func(c *jwt.Claims) { c.NotBefore = nil }},
		"a token is over when it expires": {
			at: time.Hour, kind: ErrExpired,
			message: "Token expired: current date/time 1795352400 must be before the expiration date/time 1795352400",
		},
		"a token issued in the future": {at: -time.Minute - time.Second, kind: ErrInvalid, message: "not valid yet"},
		"a token not valid before later": {
			change: func(c *jwt.Claims) { c.NotBefore = jwt.NewNumericDate(noon.Add(2 * time.Minute)) }, kind: ErrInvalid,
			message: "not valid yet",
		},
		"a token of another issuer": {change: func(c *jwt.Claims) { c.Issuer = issuer + "/" }, kind: ErrInvalid, message: "issuer is not " + issuer},
		"a token of no issuer":      {change: func(c *jwt.Claims) { c.Issuer = "" }, kind: ErrInvalid, message: "issuer is not"},
		"a token for another audience": {
			change: func(c *jwt.Claims) { c.Audience = jwt.Audience{"kubernetes"} }, kind: ErrAudienceRefused,
			message: "Incorrect token audience",
		},
		"a token for a part of the audience": {
			change: func(c *jwt.Claims) { c.Audience = jwt.Audience{"sts"} }, kind: ErrAudienceRefused, message: "Incorrect token audience",
		},
		"an expired token for another audience": {
			change: func(c *jwt.Claims) { c.Audience = jwt.Audience{"kubernetes"} }, at: time.Hour, kind: ErrExpired, message: "Token expired",
		},
		"a token for no audience": {change: func(c *jwt.Claims) { c.Audience = nil }, kind: ErrInvalid, message: "Missing a required claim: aud"},
		"a token about no one":    {change: func(c *jwt.Claims) { c.Subject = "" }, kind: ErrInvalid, message: "Missing a required claim: sub"},
		"a token for ever":        {change: func(c *jwt.Claims) { c.Expiry = nil }, kind: ErrInvalid, message: "Missing a required claim: exp"},
		"a token of no time":      {change: func(c *jwt.Claims) { c.IssuedAt = nil }, kind: ErrInvalid, message: "Missing a required claim: iat"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			claims := goodClaims()
			if test.change != nil {
				test.change(&claims)
			}
			token, err := signer.sign(claims)
			g.Expect(err).NotTo(HaveOccurred())
			_, err = signer.Provider(audience).Verify(token, noon.Add(test.at))
			if test.kind == nil {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			expectRefusal(g, err, test.kind, test.message)
		})
	}
}

func TestVerifyRefusesSignatures(t *testing.T) {
	signer, stranger := newSigner(t), newSigner(t)
	good, err := signer.sign(goodClaims())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	theirs, err := stranger.sign(goodClaims())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	part := strings.Split(good, ".")
	kid := signer.public.KeyID
	publicBytes, err := signer.public.Key.(*ecdsa.PublicKey).Bytes()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())

	for name, token := range map[string]string{
		"nothing":                          "",
		"no token":                         "eyJhbGciOiJub25lIn0",
		"a signature of nothing":           part[0] + "." + part[1] + ".",
		"no signature":                     encode(`{"alg":"none"}`) + "." + part[1] + ".",
		"alg none over a signature":        encode(`{"alg":"none","kid":"`+kid+`"}`) + "." + part[1] + "." + part[2],
		"the public key as an HMAC secret": sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: publicBytes, KeyID: kid}}, goodClaims()),
		"the key of another":               theirs,
		"the key of another under our name": sign(
			t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: newKey(t, elliptic.P256()), KeyID: kid}}, goodClaims(),
		),
		"a key it brings along":            withEmbeddedKey(t),
		"another algorithm than the key's": encode(`{"alg":"RS256","kid":"`+kid+`"}`) + "." + part[1] + "." + part[2],
		"no key name":                      encode(`{"alg":"ES256"}`) + "." + part[1] + "." + part[2],
		"changed claims":                   part[0] + "." + encode(changed(part[1])) + "." + part[2],
		"a changed signature":              part[0] + "." + part[1] + "." + flip(part[2]),
		"claims that are no object":        signText(t, signer, `"text"`),
		"a subject twice":                  signText(t, signer, `{"iss":"`+issuer+`","sub":"a","sub":"b"}`),
		"an expiration that is no number":  signText(t, signer, `{"iss":"`+issuer+`","exp":"tomorrow"}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signer.Provider(audience).Verify(token, noon)
			expectRefusal(NewWithT(t), err, ErrInvalid, "The ID Token")
		})
	}
}

func TestVerifyTakesAKeyForItsUseOnly(t *testing.T) {
	signer := newSigner(t)
	token, err := signer.sign(goodClaims())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for name, test := range map[string]struct {
		change func(*jose.JSONWebKey)
		good   bool
	}{
		"a key that says nothing of itself": {func(k *jose.JSONWebKey) { k.Use, k.Algorithm = "", "" }, true},
		"a key for encryption":              {func(k *jose.JSONWebKey) { k.Use = "enc" }, false},
		"a key for another algorithm":       {func(k *jose.JSONWebKey) { k.Algorithm = "ES384" }, false},
		"a key by another name":             {func(k *jose.JSONWebKey) { k.KeyID = "other" }, false},
		"a secret instead of a key":         {func(k *jose.JSONWebKey) { k.Key = []byte("secret") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			key := signer.public
			test.change(&key)
			_, err := Provider{issuer, []string{audience}, keys(key)}.Verify(token, noon)
			g.Expect(err == nil).To(Equal(test.good))
		})
	}
}

func TestIssuerNeedsOne(t *testing.T) {
	g := NewWithT(t)
	_, err := Issuer("no token")
	expectRefusal(g, err, ErrInvalid, "not a valid JWT")
	_, err = Issuer(signText(t, newSigner(t), `{"sub":"a"}`))
	expectRefusal(g, err, ErrInvalid, "Missing a required claim: iss")
}

func TestVerifyRefusesEveryTruncation(t *testing.T) {
	g := NewWithT(t)
	signer := newSigner(t)
	token, err := signer.sign(goodClaims())
	g.Expect(err).NotTo(HaveOccurred())
	for length := range len(token) {
		_, err := signer.Provider(audience).Verify(token[:length], noon)
		g.Expect(err).To(MatchError(ErrInvalid), "%d characters of %d", length, len(token))
	}
}

func newSigner(t *testing.T) *Signer {
	t.Helper()
	signer, err := NewSigner(issuer)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return signer
}

func newKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return key
}

func keys(keys ...jose.JSONWebKey) jose.JSONWebKeySet { return jose.JSONWebKeySet{Keys: keys} }

func goodClaims() jwt.Claims {
	return jwt.Claims{Issuer: issuer, Subject: subject, Audience: jwt.Audience{audience}, IssuedAt: jwt.NewNumericDate(noon),
		NotBefore: jwt.NewNumericDate(noon), Expiry: jwt.NewNumericDate(noon.Add(time.Hour))}
}

func sign(t *testing.T, key jose.SigningKey, claims jwt.Claims) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return token
}

// withEmbeddedKey is a token that carries, in its header, the very key it was signed with.
func withEmbeddedKey(t *testing.T) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: newKey(t, elliptic.P256())}, &jose.SignerOptions{EmbedJWK: true})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	token, err := jwt.Signed(signer).Claims(goodClaims()).Serialize()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return token
}

func signText(t *testing.T, signer *Signer, payload string) string {
	t.Helper()
	signed, err := signer.signer.Sign([]byte(payload))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	token, err := signed.CompactSerialize()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return token
}

func changed(payload string) string {
	var claims map[string]any
	decoded, _ := base64.RawURLEncoding.DecodeString(payload)
	_ = json.Unmarshal(decoded, &claims)
	claims["sub"] = "system:serviceaccount:kube-system:admin"
	encoded, _ := json.Marshal(claims)
	return string(encoded)
}

func flip(signature string) string {
	if signature[0] == 'A' {
		return "B" + signature[1:]
	}
	return "A" + signature[1:]
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func expectRefusal(g *WithT, err, kind error, message string) {
	g.Expect(err).To(MatchError(kind))
	g.Expect(err).To(MatchError(ContainSubstring(message)))
}
