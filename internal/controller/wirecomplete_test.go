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

package controller_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// notSent are the fields of the spec that say nothing to STS.
var notSent = []string{
	"issuerRef.kind", "issuerRef.name",
	"assumeRoleWithSAML.assertionSecretRef.name", "assumeRoleWithSAML.assertionSecretRef.key", // where the assertion is: itself is sent
	"secret.name", "secret.template.metadata.labels", "secret.template.metadata.annotations", "rotation.beforeExpirationSeconds", "suspend",
	"verify", // sends another request
}

// wireCase changes one field of a session whose operation takes it.
type wireCase struct {
	member    func(*v1alpha1.FederatedSession) // chooses the operation
	change    func(*v1alpha1.FederatedSessionSpec)
	parameter string // what must change in the request that STS gets
}

func wireCases() map[string]wireCase {
	const sonOfRole = roleARN + "-2"
	federated := func(*v1alpha1.FederatedSession) {}
	withAllTags := func(fs *v1alpha1.FederatedSession) {
		assumingRole(fs)
		fs.Spec.Tags = []v1alpha1.Tag{{Key: "a", Value: new("1")}, {Key: "b", Value: new("2")}}
		fs.Spec.AssumeRole.TransitiveTagKeys = []v1alpha1.TagKey{"a"}
		fs.Spec.AssumeRole.ProvidedContexts = []v1alpha1.ProvidedContext{
			{ProviderARN: "arn:aws:iam::aws:contextProvider/IdentityCenter", ContextAssertion: "first"},
		}
	}
	withSharedWebIdentity := func(fs *v1alpha1.FederatedSession) {
		withWebIdentity(fs)
		ofCluster("aws-" + fs.Namespace)(fs)
	}
	return map[string]wireCase{
		"name":   {federated, func(s *v1alpha1.FederatedSessionSpec) { s.Name = "other" }, "Name"},
		"policy": {federated, func(s *v1alpha1.FederatedSessionSpec) { s.Policy = allowOneThing }, "Policy"},
		"policyDocument": {federated, func(s *v1alpha1.FederatedSessionSpec) {
			s.PolicyDocument = &runtime.RawExtension{Raw: []byte(allowOneThing)}
		}, "Policy"},
		"policyARNs": {
			federated,
			func(s *v1alpha1.FederatedSessionSpec) { s.PolicyARNs = []v1alpha1.PolicyARN{readOnly} },
			"PolicyArns.member.1.arn",
		},
		"tags.key":        {withAllTags, func(s *v1alpha1.FederatedSessionSpec) { s.Tags[1].Key = "c" }, "Tags.member.2.Key"},
		"tags.value":      {withAllTags, func(s *v1alpha1.FederatedSessionSpec) { s.Tags[1].Value = new("3") }, "Tags.member.2.Value"},
		"durationSeconds": {federated, func(s *v1alpha1.FederatedSessionSpec) { s.DurationSeconds = new(int32(1000)) }, "DurationSeconds"},
		"minimumSessionTokenSize": {
			federated,
			func(s *v1alpha1.FederatedSessionSpec) { s.MinimumSessionTokenSize = new(int32(4000)) },
			"MinimumSessionTokenSize",
		},
		"getSessionToken": {withSessionToken, func(*v1alpha1.FederatedSessionSpec) {}, "Action"},

		"assumeRole.roleARN":        {assumingRole, func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRole.RoleARN = sonOfRole }, "RoleArn"},
		"assumeRole.externalID":     {assumingRole, func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRole.ExternalID = "customer-7" }, "ExternalId"},
		"assumeRole.sourceIdentity": {assumingRole, func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRole.SourceIdentity = "jane" }, "SourceIdentity"},
		"assumeRole.transitiveTagKeys": {
			withAllTags,
			func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRole.TransitiveTagKeys[0] = "b" },
			"TransitiveTagKeys.member.1",
		},
		"assumeRole.providedContexts.providerARN": {withAllTags, func(s *v1alpha1.FederatedSessionSpec) {
			s.AssumeRole.ProvidedContexts[0].ProviderARN = "arn:aws:iam::aws:contextProvider/Other"
		}, "ProvidedContexts.member.1.ProviderArn"},
		"assumeRole.providedContexts.contextAssertion": {withAllTags, func(s *v1alpha1.FederatedSessionSpec) {
			s.AssumeRole.ProvidedContexts[0].ContextAssertion = "second"
		}, "ProvidedContexts.member.1.ContextAssertion"},

		"assumeRoleWithWebIdentity.roleARN": {
			withWebIdentity,
			func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRoleWithWebIdentity.RoleARN = sonOfRole },
			"RoleArn",
		},
		"assumeRoleWithWebIdentity.serviceAccountName": {
			withWebIdentity,
			func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRoleWithWebIdentity.ServiceAccountName = "worker-2" },
			"subject",
		},
		"assumeRoleWithWebIdentity.audience": {
			withSharedWebIdentity,
			func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRoleWithWebIdentity.Audience = "sts.amazonaws.com.cn" },
			"audience",
		},
		"assumeRoleWithWebIdentity.providerID": {
			withWebIdentity,
			func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRoleWithWebIdentity.ProviderID = "www.example.com" },
			"ProviderId",
		},

		"assumeRoleWithSAML.roleARN": {withSAML, func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRoleWithSAML.RoleARN = sonOfRole }, "RoleArn"},
		"assumeRoleWithSAML.principalARN": {
			withSAML,
			func(s *v1alpha1.FederatedSessionSpec) { s.AssumeRoleWithSAML.PrincipalARN = samlARN + "-2" },
			"PrincipalArn",
		},
	}
}

const (
	allowOneThing = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	readOnly      = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

// Whoever adds a field to the spec must say here what it changes on the wire.
func TestSpecFieldsAreAccountedFor(t *testing.T) {
	g := NewWithT(t)
	known := append(slices.Collect(maps.Keys(wireCases())), notSent...)
	g.Expect(known).To(ConsistOf(leaves(reflect.TypeFor[v1alpha1.FederatedSessionSpec](), "")))
}

func TestSpecFieldsReachSTS(t *testing.T) {
	for field, c := range wireCases() {
		t.Run(field, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.cluster("worker")
			h.clusterIssuer(h.unsignedSpec(), &v1alpha1.AllowedNamespaces{})
			h.create(serviceAccount(h.namespace, "worker-2"))
			h.putAssertion(h.assertion(h.corporate()))
			h.session("before", func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "same"; c.member(fs) })
			h.session("after", func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "same"; c.member(fs); c.change(&fs.Spec) })
			h.session("plain", func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "same" })

			before, after := h.sent("before"), h.sent("after")
			if c.parameter == "Action" {
				before = h.sent("plain")
			}

			h.Expect(after[c.parameter]).NotTo(BeEmpty())
			h.Expect(after[c.parameter]).NotTo(Equal(before[c.parameter]))
			for name, value := range before {
				if name != c.parameter && c.parameter != "Action" && !isFresh(name) {
					h.Expect(after).To(HaveKeyWithValue(name, value), "nothing else changes")
				}
			}
		})
	}
}

// isFresh says whether a parameter differs from one request to the next whatever is asked for.
func isFresh(parameter string) bool { return parameter == "WebIdentityToken" }

// sent are the parameters of the request that reconciling a session sends, with what STS can read in its token.
func (h *harness) sent(name string) map[string]string {
	h.t.Helper()
	h.sts.ForgetCalls()
	h.reconcile(name)
	calls := h.sts.Calls()
	h.Expect(calls).To(HaveLen(1), "one request a session")
	parameters := calls[0].Parameters
	parameters["Action"] = calls[0].Operation
	maps.Copy(parameters, h.presented())
	return parameters
}

// leaves are the paths of the fields of a type that hold a value, below structs, pointers and lists of structs.
func leaves(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.NumField() == 0 || t == reflect.TypeFor[runtime.RawExtension]() {
		return []string{path}
	}
	var out []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out = append(out, leaves(t.Field(i).Type, strings.TrimPrefix(path+"."+name, "."))...)
	}
	return out
}
