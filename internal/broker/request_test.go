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

package broker_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	federation  = sts.OperationGetFederationToken
	role        = sts.OperationAssumeRole
	webIdentity = sts.OperationAssumeRoleWithWebIdentity
	samlRole    = sts.OperationAssumeRoleWithSAML
	ownSession  = sts.OperationGetSessionToken
)

const aPolicy = `{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`

// onTheWire is a field of a request and the parameters that it makes of it in the operations that send it. In all others
// it must change nothing.
type onTheWire struct {
	field      string
	operations []string
	set        func(*sts.Request)
	parameters map[string]string
	// refusal is the reason that the fake has not to grant it; empty if it does.
	refusal string
}

var wireCases = map[string]onTheWire{
	"the name is the Name of a federated user": {
		field: "Name", operations: []string{federation}, set: func(r *sts.Request) { r.Name = "Re_p+o=r,t.s@-7" },
		parameters: map[string]string{"Name": "Re_p+o=r,t.s@-7"},
	},
	"the name is the RoleSessionName of a role": {
		field: "Name", operations: []string{role, webIdentity}, set: func(r *sts.Request) { r.Name = "Re_p+o=r,t.s@-7" },
		parameters: map[string]string{"RoleSessionName": "Re_p+o=r,t.s@-7"},
	},
	"the policy is the Policy, character by character": {
		field: "Policy", operations: []string{federation, role, webIdentity, samlRole}, set: func(r *sts.Request) { r.Policy = parsed(aPolicy) },
		parameters: map[string]string{"Policy": aPolicy},
	},
	"the policy ARNs are PolicyArns, in order": {
		field: "PolicyARNs", operations: []string{federation, role, webIdentity, samlRole},
		set: func(r *sts.Request) {
			r.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::123456789012:policy/a+b", "arn:aws:iam::aws:policy/job-function/Billing"}
		},
		parameters: map[string]string{
			"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
			"PolicyArns.member.2.arn": "arn:aws:iam::123456789012:policy/a+b",
			"PolicyArns.member.3.arn": "arn:aws:iam::aws:policy/job-function/Billing",
		},
	},
	"the tags are Tags, in order, an empty value included": {
		field: "Tags", operations: []string{federation, role},
		set: func(r *sts.Request) {
			r.Tags = []sts.Tag{{Key: "team", Value: "Data"}, {Key: "Straße", Value: "ü ö:/=+-@"}, {Key: "empty"}}
		},
		parameters: map[string]string{
			"Tags.member.1.Key": "team", "Tags.member.1.Value": "Data",
			"Tags.member.2.Key": "Straße", "Tags.member.2.Value": "ü ö:/=+-@",
			"Tags.member.3.Key": "empty", "Tags.member.3.Value": "",
		},
	},
	"the duration is DurationSeconds": {
		field: "DurationSeconds", operations: []string{federation, role, webIdentity, samlRole, ownSession},
		set:        func(r *sts.Request) { r.DurationSeconds = 43200 },
		parameters: map[string]string{"DurationSeconds": "43200"},
	},
	"the least size of a token is MinimumSessionTokenSize": {
		field: "MinimumSessionTokenSize", operations: []string{federation, role, webIdentity, samlRole, ownSession},
		set:        func(r *sts.Request) { r.MinimumSessionTokenSize = 4096 },
		parameters: map[string]string{"MinimumSessionTokenSize": "4096"},
	},
	"the role is the RoleArn": {
		field: "RoleARN", operations: []string{role, webIdentity, samlRole}, set: func(r *sts.Request) { r.RoleARN = otherRole },
		parameters: map[string]string{"RoleArn": otherRole},
	},
	"the external id is the ExternalId": {
		field: "ExternalID", operations: []string{role}, set: func(r *sts.Request) { r.ExternalID = "ext/er:nal@id" },
		parameters: map[string]string{"ExternalId": "ext/er:nal@id"},
	},
	"the source identity is the SourceIdentity": {
		field: "SourceIdentity", operations: []string{role}, set: func(r *sts.Request) { r.SourceIdentity = "Jean+1@x" },
		parameters: map[string]string{"SourceIdentity": "Jean+1@x"},
	},
	"the transitive keys are TransitiveTagKeys, in order": {
		field: "TransitiveTagKeys", operations: []string{role}, set: func(r *sts.Request) { r.TransitiveTagKeys = []string{"team", "Cost Center"} },
		parameters: map[string]string{"TransitiveTagKeys.member.1": "team", "TransitiveTagKeys.member.2": "Cost Center"},
		refusal:    v1alpha1.ReasonRequestRefused, // without the tags
	},
	"the contexts are ProvidedContexts, in order": {
		field: "ProvidedContexts", operations: []string{role},
		set: func(r *sts.Request) {
			r.ProvidedContexts = []sts.Context{
				{ProviderARN: "arn:aws:iam::aws:contextProvider/IdentityCenter", Assertion: "eyJ.one+/="},
				{ProviderARN: "arn:aws:iam::aws:contextProvider/Two", Assertion: "eyJ.two"},
			}
		},
		parameters: map[string]string{
			"ProvidedContexts.member.1.ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ProvidedContexts.member.1.ContextAssertion": "eyJ.one+/=",
			"ProvidedContexts.member.2.ProviderArn": "arn:aws:iam::aws:contextProvider/Two", "ProvidedContexts.member.2.ContextAssertion": "eyJ.two",
		},
	},
	"the provider of a web identity is the ProviderId": {
		field: "ProviderID", operations: []string{webIdentity}, set: func(r *sts.Request) { r.ProviderID = "www.example.com" },
		parameters: map[string]string{"ProviderId": "www.example.com"},
		refusal:    v1alpha1.ReasonIdentityRejected, // the fake knows OpenID Connect only
	},
	"the provider of an assertion is the PrincipalArn": {
		field: "PrincipalARN", operations: []string{samlRole}, set: func(r *sts.Request) { r.PrincipalARN = "arn:aws:iam::123456789012:saml-provider/nobody" },
		parameters: map[string]string{"PrincipalArn": "arn:aws:iam::123456789012:saml-provider/nobody"},
		refusal:    v1alpha1.ReasonIdentityRejected,
	},
}

// notSent are the fields of a request that no parameter carries, and why.
var notSent = map[string]struct {
	why string
	set func(*sts.Request)
}{
	"Operation":          {"is the Action, which TestIssueAction proves", nil},
	"RotateRequestedAt":  {"only makes the request another one", func(r *sts.Request) { r.RotateRequestedAt = "2026-11-22T11:00:00Z" }},
	"ServiceAccountName": {"makes the token", func(r *sts.Request) { r.ServiceAccountName = "other" }},
	"Audience":           {"makes the token", func(r *sts.Request) { r.Audience = "other" }},
}

// leastParameters are what each request of requests() has on the wire, apart from the proof.
var leastParameters = map[string]map[string]string{
	federation:  {"Name": "reports"},
	role:        {"RoleArn": reportsRole, "RoleSessionName": "reports"},
	webIdentity: {"RoleArn": reportsRole, "RoleSessionName": "reports"},
	samlRole:    {"RoleArn": reportsRole, "PrincipalArn": samlARN},
	ownSession:  {},
}

// least is what an operation has to send with a proof, and what it leaves out is not sent.
func least(operation string, proof sts.Proof) map[string]string {
	parameters := maps.Clone(leastParameters[operation])
	switch operation {
	case webIdentity:
		parameters["WebIdentityToken"] = proof.WebIdentityToken.Text()
	case samlRole:
		parameters["SAMLAssertion"] = proof.SAMLAssertion.Text()
	}
	return parameters
}

func TestRequestParameters(t *testing.T) {
	for sentence, c := range wireCases {
		for _, operation := range c.operations {
			t.Run(sentence+", "+operation, func(t *testing.T) {
				g := NewWithT(t)
				f, record := startWithRoles(t)
				request, proof := requests()[operation], aProof()
				c.set(&request)

				_, problem := f.present(broker.IssueRequest{Request: request}, proof)

				parameters := least(operation, proof)
				maps.Copy(parameters, c.parameters)
				g.Expect(record.calls(operation)).To(HaveLen(1))
				g.Expect(record.calls(operation)[0].parameters).To(Equal(parameters))
				g.Expect(parameters).NotTo(Equal(least(operation, proof)), "the field changes what is sent")
				if c.refusal != "" {
					g.Expect(problem).To(HaveField("Reason", c.refusal))
					return
				}
				g.Expect(problem).To(BeNil())
			})
		}
	}
}

// What an operation does not take is not sent, or STS would refuse the request; nor is what is empty.
func TestRequestParametersNotSent(t *testing.T) {
	type absent struct {
		set    func(*sts.Request)
		except []string
	}
	changes := map[string]absent{
		"nothing": {set: func(*sts.Request) {}},
		"empty lists": {set: func(r *sts.Request) {
			r.PolicyARNs, r.Tags, r.ProvidedContexts = []string{}, []sts.Tag{}, []sts.Context{}
		}},
	}
	for sentence, c := range wireCases {
		changes[sentence] = absent{c.set, operationsThatSend(c.field)}
	}
	for field, c := range notSent {
		if c.set != nil {
			changes[field] = absent{set: c.set}
		}
	}
	for sentence, change := range changes {
		for operation, request := range requests() {
			if slices.Contains(change.except, operation) {
				continue
			}
			t.Run(sentence+", "+operation, func(t *testing.T) {
				g := NewWithT(t)
				f, record := startWithRoles(t)
				proof := aProof()
				change.set(&request)

				_, problem := f.present(broker.IssueRequest{Request: request}, proof)

				g.Expect(problem).To(BeNil())
				g.Expect(record.operations()).To(Equal([]string{operation}))
				g.Expect(record.all()[0].parameters).To(Equal(least(operation, proof)))
			})
		}
	}
}

// operationsThatSend a field, whatever they make of it.
func operationsThatSend(field string) []string {
	var operations []string
	for _, c := range wireCases {
		if c.field == field {
			operations = append(operations, c.operations...)
		}
	}
	return operations
}

func TestRequestParametersCoverEveryField(t *testing.T) {
	g := NewWithT(t)
	fields := map[string]bool{}
	for field := range reflect.TypeFor[sts.Request]().Fields() {
		fields[field.Name] = true
		_, isNotSent := notSent[field.Name]
		isProven := len(operationsThatSend(field.Name)) > 0
		g.Expect(isProven).NotTo(Equal(isNotSent), "add a wire case that proves %s, or say why it is not sent, and not both", field.Name)
	}
	for field := range notSent {
		g.Expect(fields).To(HaveKey(field))
	}
	for sentence, c := range wireCases {
		g.Expect(fields).To(HaveKey(c.field))
		expectOnlyChange(g, sentence, c.field, c.set)
	}
	for field, c := range notSent {
		if c.set != nil {
			expectOnlyChange(g, field, field, c.set)
		}
	}
}

// expectOnlyChange of one field: a proof that changed another as well would prove nothing.
func expectOnlyChange(g *WithT, sentence, field string, set func(*sts.Request)) {
	for _, before := range requests() {
		after := before
		set(&after)
		g.Expect(after).NotTo(Equal(before), "%q sets the field that it proves", sentence)
		reflect.ValueOf(&after).Elem().FieldByName(field).Set(reflect.ValueOf(before).FieldByName(field))
		g.Expect(after).To(Equal(before), "%q sets no other", sentence)
	}
}
