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
	"net/url"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
)

// operation is one entry of the API: what it takes, what it does, whether it must be signed. A result is a struct that
// encoding/xml writes into <…Result>.
type operation struct {
	name     string
	members  []query.Member
	perform  func(*Server, *exchange) (any, error)
	unsigned bool
}

// operations is the API. An operation of STS is an entry here and a function.
func operations() map[string]operation {
	table := map[string]operation{}
	for _, entry := range []operation{
		{name: "AssumeRole", perform: (*Server).assumeRole, members: assumeRoleMembers()},
		{name: "AssumeRoleWithSAML", perform: (*Server).assumeRoleWithSAML, members: samlMembers(), unsigned: true},
		{name: "AssumeRoleWithWebIdentity", perform: (*Server).assumeRoleWithWebIdentity, members: webIdentityMembers(), unsigned: true},
		{name: "DecodeAuthorizationMessage", perform: (*Server).decodeAuthorizationMessage, members: decodeMembers()},
		{name: "GetAccessKeyInfo", perform: (*Server).getAccessKeyInfo, members: accessKeyMembers()},
		{name: "GetCallerIdentity", perform: (*Server).getCallerIdentity},
		{name: "GetFederationToken", perform: (*Server).getFederationToken, members: federationMembers()},
		{name: "GetSessionToken", perform: (*Server).getSessionToken, members: sessionTokenMembers()},
	} {
		table[entry.name] = entry
	}
	return table
}

// find looks up the operation a request names; it keeps the name of one that does not exist.
func (s *Server) find(parameters url.Values) (operation, error) {
	name := parameters.Get("Action")
	if name == "" {
		return operation{}, fault.BadRequest("MissingAction", "The request must contain the parameter Action.")
	}
	asked := parameters.Get("Version")
	known, exists := s.operations[name]
	if !exists && s.service == ServiceCompatible {
		return operation{name: name}, unsupportedAction(name)
	}
	if !exists || asked != version {
		if asked == "" {
			asked = "NO_VERSION_SPECIFIED"
		}
		return known, fault.BadRequest("InvalidAction", "Could not find operation %s for version %s", name, asked)
	}
	return known, nil
}

// perform executes an operation unless reading, authentication or a scenario already settled its answer.
func (s *Server) perform(x *exchange, op operation, err error, interference interference) answer {
	if interference.fault != nil {
		return answer{operation: op.name, err: interference.fault}
	}
	if err != nil {
		return answer{operation: op.name, err: err}
	}
	if x.input, err = query.Decode(op.members, x.parameters); err == nil {
		err = query.Validate(op.members, x.input)
	}
	if err != nil {
		return answer{operation: op.name, err: err}
	}
	if x.caller != nil && !isOpenTo(op.name, x.caller) {
		return answer{operation: op.name, err: fault.AccessDenied("Cannot call %s with session credentials", op.name)}
	}
	x.encodesDenials = interference.encodesDenials
	result, err := op.perform(s, x)
	return answer{operation: op.name, result: result, err: err}
}

// callerResult is GetCallerIdentityResult.
type callerResult struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

// getCallerIdentity answers whoever has signed; no permission is needed and none can be denied.
func (s *Server) getCallerIdentity(x *exchange) (any, error) {
	return callerResult{Arn: x.caller.arn(x.partition()), UserID: x.caller.userID, Account: x.caller.accountID}, nil
}

func accessKeyMembers() []query.Member {
	pattern := query.NewPattern(`[\w]*`, `[\w]*`)
	return []query.Member{{Name: "AccessKeyId", Required: true, Shape: query.Shape{Min: 16, Max: 128, Pattern: pattern}}}
}

// accessKeyResult is GetAccessKeyInfoResult.
type accessKeyResult struct{ Account string }

// getAccessKeyInfo knows the keys of this server, expired ones included. AWS derives the account from the text of any key;
// what it answers for one that it cannot read is not known.
func (s *Server) getAccessKeyInfo(x *exchange) (any, error) {
	if err := s.authorize(x, "sts:GetAccessKeyInfo", "*"); err != nil {
		return nil, err
	}
	key := s.directory.find(x.input.Text("AccessKeyId"))
	if key == nil {
		return nil, fault.Validation("The access key %s is not known to this server", x.input.Text("AccessKeyId"))
	}
	return accessKeyResult{Account: key.accountID}, nil
}

// permissions are the actions that a user or a role can lack.
func permissions() []string {
	return []string{
		"sts:AssumeRole", "sts:DecodeAuthorizationMessage", "sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetFederationToken",
		"sts:GetSessionToken", "sts:SetSourceIdentity", "sts:TagSession",
	}
}
