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

// Package oidc verifies OpenID Connect ID tokens as AssumeRoleWithWebIdentity gets them, a Kubernetes ServiceAccount
// token being one, and signs tokens for tests and demos.
package oidc

import (
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// skew is how far ahead of ours the clock of the issuer may be. Expiration knows none.
const skew = time.Minute

// algorithms are those that AWS takes (IAM user guide, "Create an OpenID Connect identity provider"): no secret that the
// verifier would have to share, and never "none".
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}
}

// Provider is an identity provider as IAM knows it: who issues, for whom, and the public keys.
type Provider struct {
	Issuer    string
	ClientIDs []string
	Keys      jose.JSONWebKeySet
}

// Claims is what a verified token says. Times are in whole seconds.
type Claims struct {
	Issuer     string
	Subject    string
	Audience   []string
	IssuedAt   time.Time
	Expiration time.Time
}

// Verify proves a token: one of the provider's keys signed it, it is in force at now, and it is for one of the
// provider's clients. Its errors are ErrExpired, ErrAudienceRefused or ErrInvalid, with the message for the caller.
func (p Provider) Verify(token string, now time.Time) (Claims, error) {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return Claims{}, invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	var claims jwt.Claims
	if !p.proves(parsed, &claims) {
		return Claims{}, invalid("The ID Token's signature was made with no key of the identity provider")
	}
	if claims.Issuer == "" || claims.Issuer != p.Issuer {
		return Claims{}, invalid("The ID Token's issuer is not " + p.Issuer)
	}
	if missing := missing(claims); missing != "" {
		return Claims{}, invalid("Missing a required claim: " + missing)
	}
	if err := checkTime(claims, now); err != nil {
		return Claims{}, err
	}
	if !slices.ContainsFunc(claims.Audience, func(audience string) bool { return slices.Contains(p.ClientIDs, audience) }) {
		return Claims{}, &Refusal{ErrAudienceRefused, "Incorrect token audience"}
	}
	return Claims{
		Issuer:     claims.Issuer,
		Subject:    claims.Subject,
		Audience:   claims.Audience,
		IssuedAt:   claims.IssuedAt.Time(),
		Expiration: claims.Expiry.Time(),
	}, nil
}

// Issuer is who a token says has issued it. Nothing in it is proven: it serves to find the provider.
func Issuer(token string) (string, error) {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return "", invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	var claims jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil || claims.Issuer == "" {
		return "", invalid("Missing a required claim: iss")
	}
	return claims.Issuer, nil
}

// proves reads the claims with the key that the token names. Keys for another algorithm or use do not count.
func (p Provider) proves(token *jwt.JSONWebToken, claims *jwt.Claims) bool {
	header := token.Headers[0]
	for _, key := range p.Keys.Key(header.KeyID) {
		if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if token.Claims(key.Key, claims) == nil {
			return true
		}
	}
	return false
}

// missing names the first claim that OpenID Connect Core 1.0, section 2, requires and the token lacks.
func missing(claims jwt.Claims) string {
	switch {
	case claims.Subject == "":
		return "sub"
	case len(claims.Audience) == 0:
		return "aud"
	case claims.Expiry == nil:
		return "exp"
	case claims.IssuedAt == nil:
		return "iat"
	}
	return ""
}

func checkTime(claims jwt.Claims, now time.Time) error {
	if !now.Before(claims.Expiry.Time()) {
		return &Refusal{ErrExpired, "Token expired: current date/time " + strconv.FormatInt(now.Unix(), 10) +
			" must be before the expiration date/time " + strconv.FormatInt(int64(*claims.Expiry), 10)}
	}
	if newest := now.Add(skew); claims.IssuedAt.Time().After(newest) || claims.NotBefore != nil && claims.NotBefore.Time().After(newest) {
		return invalid("The ID Token is not valid yet")
	}
	return nil
}
