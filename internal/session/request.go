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

package session

import "github.com/sts-operator/sts-operator/internal/sts"

// Request is what a session asks of STS, once its spec was read and, where that was possible, held against the issuer's
// guardrails. The zero Request asks for nothing.
type Request struct {
	asked, admitted sts.Request
	isAdmitted      bool
	invalid         *sts.Problem
	refusal         *sts.Problem
}

// InvalidRequest is that of a spec that asks for nothing STS could be sent.
func InvalidRequest(problem *sts.Problem) Request { return Request{invalid: problem} }

// AskedRequest is what a spec asks for, of an issuer whose guardrails are not known.
func AskedRequest(asked sts.Request) Request { return Request{asked: asked} }

// RefusedRequest is what a spec asks for and the issuer's guardrails refuse.
func RefusedRequest(asked sts.Request, refusal *sts.Problem) Request {
	return Request{asked: asked, refusal: refusal}
}

// AdmittedRequest is what a spec asks for, and what the issuer's guardrails have made of it.
func AdmittedRequest(asked, admitted sts.Request) Request {
	return Request{asked: asked, admitted: admitted, isAdmitted: true}
}

// Asked is what the spec asks for, before guardrails add to it.
func (r Request) Asked() sts.Request { return r.asked }

// ToSend is what STS is to be sent: what the guardrails admitted or, until they have, what the spec asks for.
func (r Request) ToSend() sts.Request {
	if r.isAdmitted {
		return r.admitted
	}
	return r.asked
}
