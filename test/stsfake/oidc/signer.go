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
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Signer is an issuer of tokens with a key of its own, for tests and demos.
type Signer struct {
	issuer string
	public jose.JSONWebKey
	signer jose.Signer
}

// NewSigner makes an issuer, with a fresh P-256 key.
func NewSigner(issuer string) (*Signer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating the key of %s: %w", issuer, err)
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("naming the key of %s: %w", issuer, err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)

	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("making the signer of %s: %w", issuer, err)
	}
	return &Signer{issuer, public, signer}, nil
}

// Provider is the issuer as IAM would know it, for these clients. It holds no private key.
func (s *Signer) Provider(clientIDs ...string) Provider {
	return Provider{s.issuer, clientIDs, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.public}}}
}

// Sign makes a token for subject that is good from issuedAt until lifetime later, in whole seconds.
func (s *Signer) Sign(subject string, audience []string, issuedAt time.Time, lifetime time.Duration) (string, error) {
	return s.sign(jwt.Claims{
		Issuer:    s.issuer,
		Subject:   subject,
		Audience:  audience,
		IssuedAt:  jwt.NewNumericDate(issuedAt),
		NotBefore: jwt.NewNumericDate(issuedAt),
		Expiry:    jwt.NewNumericDate(issuedAt.Add(lifetime)),
	})
}

func (s *Signer) sign(claims jwt.Claims) (string, error) {
	token, err := jwt.Signed(s.signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing a token of %s: %w", s.issuer, err)
	}
	return token, nil
}
