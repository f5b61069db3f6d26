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

package stsfake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

// denial is an action that a signed caller may not take, and why.
type denial struct {
	action, resource string
	context          map[string]string // condition keys of the request
	statements       []trust.Statement // that forbid it; none if it is only not allowed
}

// authorize refuses an action the caller's permissions lack.
func (s *Server) authorize(x *exchange, action, resource string) error {
	if x.caller.may(action) {
		return nil
	}
	return s.deny(x, denial{action: action, resource: resource})
}

// deny is AccessDenied, with an encoded message if a scenario asks for it.
func (s *Server) deny(x *exchange, d denial) error {
	message := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", x.caller.arn(x.partition()), d.action, d.resource)
	if x.encodesDenials {
		message += ". Encoded authorization failure message: " + s.sealer.seal(x.caller.accountID, d.explain(x))
	}
	return fault.AccessDenied("%s", message)
}

func decodeMembers() []query.Member {
	return []query.Member{{Name: "EncodedMessage", Required: true, Shape: query.Shape{Min: 1, Max: 10240}}}
}

// decodeResult is DecodeAuthorizationMessageResult.
type decodeResult struct{ DecodedMessage string }

// decodeAuthorizationMessage opens only what this server sealed for the caller's account. The text of the error is from memory.
func (s *Server) decodeAuthorizationMessage(x *exchange) (any, error) {
	if err := s.authorize(x, "sts:DecodeAuthorizationMessage", "*"); err != nil {
		return nil, err
	}
	document, err := s.sealer.open(x.caller.accountID, x.input.Text("EncodedMessage"))
	if err != nil {
		return nil, fault.BadRequest("InvalidAuthorizationMessageException", "Message is not valid")
	}
	return decodeResult{DecodedMessage: string(document)}, nil
}

// items is how the document writes lists.
type items[T any] struct {
	Items []T `json:"items"`
}

type value struct {
	Value string `json:"value"`
}

type statementDocument struct {
	StatementID string       `json:"statementId"`
	Effect      string       `json:"effect"`
	Actions     items[value] `json:"actions"`
}

type conditionDocument struct {
	Key    string       `json:"key"`
	Values items[value] `json:"values"`
}

type principalDocument struct {
	ID  string `json:"id"`
	ARN string `json:"arn"`
}

// decisionDocument is what DecodeAuthorizationMessage answers, as the API's documentation shows it.
type decisionDocument struct {
	Allowed           bool                     `json:"allowed"`
	ExplicitDeny      bool                     `json:"explicitDeny"`
	MatchedStatements items[statementDocument] `json:"matchedStatements"`
	Failures          items[string]            `json:"failures"`
	Context           struct {
		Principal  principalDocument        `json:"principal"`
		Action     string                   `json:"action"`
		Resource   string                   `json:"resource"`
		Conditions items[conditionDocument] `json:"conditions"`
	} `json:"context"`
}

func (d denial) explain(x *exchange) []byte {
	document := decisionDocument{
		ExplicitDeny:      len(d.statements) > 0,
		MatchedStatements: items[statementDocument]{[]statementDocument{}},
		Failures:          items[string]{[]string{}},
	}
	for _, statement := range d.statements {
		matched := statementDocument{StatementID: statement.ID, Effect: "DENY"}
		for _, action := range statement.Actions {
			matched.Actions.Items = append(matched.Actions.Items, value{action})
		}
		document.MatchedStatements.Items = append(document.MatchedStatements.Items, matched)
	}
	context := &document.Context
	context.Principal = principalDocument{ID: x.caller.userID, ARN: x.caller.arn(x.partition())}
	context.Action, context.Resource = d.action, d.resource
	context.Conditions.Items = []conditionDocument{}
	for _, key := range slices.Sorted(maps.Keys(d.context)) {
		context.Conditions.Items = append(context.Conditions.Items, conditionDocument{key, items[value]{[]value{{d.context[key]}}}})
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(fmt.Sprintf("writing a denial: %v", err)) // texts and booleans always marshal
	}
	return text
}

// sealer makes messages that only the server which holds its key can read, each different.
type sealer struct{ aead cipher.AEAD }

func newSealer() sealer {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("making a cipher: %v", err)) // only for a key of another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(fmt.Sprintf("making a cipher: %v", err)) // only for a block of another size
	}
	return sealer{aead}
}

func (s sealer) seal(accountID string, document []byte) string {
	sealed := s.aead.Seal(nil, nil, document, []byte(accountID)) //nolint:gosec // NewGCMWithRandomNonce takes no nonce, it makes one
	return base64.RawURLEncoding.EncodeToString(sealed)
}

func (s sealer) open(accountID, message string) ([]byte, error) {
	if strings.ContainsAny(message, "\r\n") { // which Go's decoder skips
		return nil, errors.New("the message has a line break")
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(message)
	if err != nil {
		return nil, err
	}
	return s.aead.Open(nil, nil, sealed, []byte(accountID))
}
