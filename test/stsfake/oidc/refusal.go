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

import "errors"

// What a token is refused for. AWS answers the first with ExpiredTokenException and the others with InvalidIdentityToken.
var (
	ErrExpired         = errors.New("the token has expired")
	ErrAudienceRefused = errors.New("the token is for another audience")
	ErrInvalid         = errors.New("the token is invalid")
)

// Refusal is why a token proves nothing. It is, for errors.Is, its Kind: ErrExpired, ErrAudienceRefused or ErrInvalid.
type Refusal struct {
	Kind    error
	Message string // as AWS words it, where that is known
}

// Error is the message alone, fit for the wire.
func (r *Refusal) Error() string { return r.Message }

// Unwrap gives the kind.
func (r *Refusal) Unwrap() error { return r.Kind }

func invalid(message string) error { return &Refusal{ErrInvalid, message} }
