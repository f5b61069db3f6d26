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

import "errors"

// What a response is refused for: its time, a claim that is not for the reader (recipient, audience, roles), the rest.
var (
	ErrExpired  = errors.New("the assertion has expired")
	ErrRejected = errors.New("a claim of the assertion is refused")
	ErrInvalid  = errors.New("the response is invalid")
)

// Refusal is why a response proves nothing. It is, for errors.Is, its Kind: ErrExpired, ErrRejected or ErrInvalid.
type Refusal struct {
	Kind    error
	Message string // as AWS words it, where that is known
}

// Error is the message alone, fit for the wire.
func (r *Refusal) Error() string { return r.Message }

// Unwrap gives the kind.
func (r *Refusal) Unwrap() error { return r.Kind }

func invalid(message string) error  { return &Refusal{ErrInvalid, message} }
func rejected(message string) error { return &Refusal{ErrRejected, message} }
func expired(message string) error  { return &Refusal{ErrExpired, message} }
