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

package sts_test

import (
	"reflect"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestRequestHashOfEquivalentSpecsOfEachOperation(t *testing.T) {
	for sentence, c := range map[string]struct {
		operation string
		one, two  func(*v1alpha1.FederatedSession)
	}{
		"transitive keys reordered": {
			sts.OperationAssumeRole,
			func(fs *v1alpha1.FederatedSession) {
				fs.Spec.AssumeRole.TransitiveTagKeys = []v1alpha1.TagKey{"a", "b"}
			},
			func(fs *v1alpha1.FederatedSession) {
				fs.Spec.AssumeRole.TransitiveTagKeys = []v1alpha1.TagKey{"b", "a"}
			},
		},
		"no transitive keys, nil and empty": {
			sts.OperationAssumeRole,
			func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRole.TransitiveTagKeys = nil },
			func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRole.TransitiveTagKeys = []v1alpha1.TagKey{} },
		},
		"the default audience, written down": {
			sts.OperationAssumeRoleWithWebIdentity,
			func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRoleWithWebIdentity.Audience = "" },
			func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRoleWithWebIdentity.Audience = "sts.amazonaws.com" },
		},
		"white space in a role's policy": {
			sts.OperationAssumeRoleWithSAML,
			func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = `{"Version":"2012-10-17"}` },
			func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = "{ \"Version\" :\n\"2012-10-17\" }" },
		},
		"the Secret of the assertion": {
			sts.OperationAssumeRoleWithSAML,
			func(*v1alpha1.FederatedSession) {},
			func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRoleWithSAML.AssertionSecretRef.Key = "other" },
		},
		"an empty session token, with another target": {
			sts.OperationGetSessionToken,
			func(*v1alpha1.FederatedSession) {},
			func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "other" },
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			one, two := requestOf(t, everythingOf(c.operation, c.one)), requestOf(t, everythingOf(c.operation, c.two))
			NewWithT(t).Expect(one.Hash()).To(Equal(two.Hash()))
		})
	}
}

func TestRequestHashDiffersByOperation(t *testing.T) {
	hashes := map[string]bool{}
	for operation := range choose {
		hashes[requestOf(t, everythingOf(operation)).Hash()] = true
	}
	NewWithT(t).Expect(hashes).To(HaveLen(len(choose)))
}

func TestRequestHashOfEquivalentSpecs(t *testing.T) {
	for sentence, change := range map[string]func(*v1alpha1.FederatedSession){
		"tags reordered": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Tags = []v1alpha1.Tag{tag("empty", ""), tag("team", "a"), tag("Größe", "XL")}
		},
		"policy ARNs reordered": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.PolicyARNs[0], fs.Spec.PolicyARNs[1] = fs.Spec.PolicyARNs[1], fs.Spec.PolicyARNs[0]
		},
		"white space in the policy": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Policy = "\n{\"Version\":\"2012-10-17\",\n\t\"Statement\":{\"Sid\":\"ü<&>\"}}\n"
		},
		"the keys of the policy reordered": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Policy = `{"Statement":{"Sid":"\u00fc<&>"},"Version":"2012-10-17"}`
		},
		"the policy as an object": func(fs *v1alpha1.FederatedSession) {
			document(fs, `{"Statement":{"Sid":"ü<&>"},"Version":"2012-10-17"}`)
		},
		"an empty tag value that is absent": func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags[2].Value = nil },
		"another object": func(fs *v1alpha1.FederatedSession) {
			fs.ObjectMeta = metav1.ObjectMeta{Namespace: "team-b", Name: "other", UID: "other", Generation: 7, Annotations: fs.Annotations}
		},
		"another annotation": func(fs *v1alpha1.FederatedSession) { fs.Annotations["example.com/note"] = "hello" },
		"another status":     func(fs *v1alpha1.FederatedSession) { fs.Status.AccessKeyID = "ASIAEXAMPLE" },
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(requestOf(t, everything(change)).Hash()).To(Equal(requestOf(t, everything()).Hash()))
		})
	}
}

// document gives the inline policy as an object.
func document(fs *v1alpha1.FederatedSession, policy string) {
	fs.Spec.Policy, fs.Spec.PolicyDocument = "", &runtime.RawExtension{Raw: []byte(policy)}
}

// specFields says of every field of the spec whether another value asks STS for something else.
var specFields = map[string]struct {
	change func(*v1alpha1.FederatedSession)
	asks   bool
}{
	"Name":            {func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "auditor" }, true},
	"Policy":          {func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = `{"Version":"2008-10-17"}` }, true},
	"PolicyARNs":      {func(fs *v1alpha1.FederatedSession) { fs.Spec.PolicyARNs = fs.Spec.PolicyARNs[:1] }, true},
	"PolicyDocument":  {func(fs *v1alpha1.FederatedSession) { document(fs, `{"Version":"2008-10-17"}`) }, true},
	"Tags":            {func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags[0] = tag("team", "b") }, true},
	"DurationSeconds": {func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = nil }, true},

	"MinimumSessionTokenSize": {func(fs *v1alpha1.FederatedSession) { fs.Spec.MinimumSessionTokenSize = seconds(1) }, true},
	"AssumeRole":              {func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRole = &v1alpha1.AssumeRole{} }, true},
	"AssumeRoleWithWebIdentity": {func(fs *v1alpha1.FederatedSession) {
		fs.Spec.AssumeRoleWithWebIdentity = &v1alpha1.AssumeRoleWithWebIdentity{}
	}, true},
	"AssumeRoleWithSAML": {func(fs *v1alpha1.FederatedSession) { fs.Spec.AssumeRoleWithSAML = &v1alpha1.AssumeRoleWithSAML{} }, true},
	"GetSessionToken":    {func(fs *v1alpha1.FederatedSession) { fs.Spec.GetSessionToken = &v1alpha1.GetSessionToken{} }, true},

	"IssuerRef": {func(fs *v1alpha1.FederatedSession) { fs.Spec.IssuerRef.Name = "other" }, false}, // its identity counts, not its name
	"Secret":    {func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "other" }, false},
	"Rotation":  {func(fs *v1alpha1.FederatedSession) { fs.Spec.Rotation.BeforeExpirationSeconds = seconds(600) }, false},
	"Suspend":   {func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(bool) }, false},
	"Verify":    {func(fs *v1alpha1.FederatedSession) { fs.Spec.Verify = new(bool) }, false}, // of the same credentials
}

// memberFields says the same of every field of a member of the union.
var memberFields = map[string]bool{
	"AssumeRole.RoleARN":           true,
	"AssumeRole.ExternalID":        true,
	"AssumeRole.SourceIdentity":    true,
	"AssumeRole.TransitiveTagKeys": true,
	"AssumeRole.ProvidedContexts":  true,

	"AssumeRoleWithWebIdentity.RoleARN":            true,
	"AssumeRoleWithWebIdentity.ServiceAccountName": true,
	"AssumeRoleWithWebIdentity.Audience":           true,
	"AssumeRoleWithWebIdentity.ProviderID":         true,

	"AssumeRoleWithSAML.RoleARN":            true,
	"AssumeRoleWithSAML.PrincipalARN":       true,
	"AssumeRoleWithSAML.AssertionSecretRef": false, // what it holds counts, not where it lies
}

func TestRequestHashSpecFields(t *testing.T) {
	spec := reflect.TypeFor[v1alpha1.FederatedSessionSpec]()
	for i := range spec.NumField() {
		name := spec.Field(i).Name
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(specFields).To(HaveKey(name), "say here whether another spec.%s asks STS for something else", name)
			same := requestOf(t, everything(specFields[name].change)).Hash() == requestOf(t, everything()).Hash()
			g.Expect(same).To(Equal(!specFields[name].asks))
		})
	}
}

func TestRequestHashMemberFields(t *testing.T) {
	for operation := range choose {
		member := reflect.ValueOf(everythingOf(operation).Spec).FieldByName(operation)
		if operation == sts.OperationGetSessionToken || !member.IsValid() { // SessionToken has no fields, GetFederationToken no member
			continue
		}
		for i := range member.Type().Elem().NumField() {
			name := operation + "." + member.Type().Elem().Field(i).Name
			t.Run(name, func(t *testing.T) {
				g := NewWithT(t)
				g.Expect(memberFields).To(HaveKey(name), "say here whether another value asks STS for something else")
				without := everythingOf(operation, func(fs *v1alpha1.FederatedSession) {
					reflect.ValueOf(fs.Spec).FieldByName(operation).Elem().Field(i).SetZero()
				})
				same := requestOf(t, without).Hash() == requestOf(t, everythingOf(operation)).Hash()
				g.Expect(same).To(Equal(!memberFields[name]))
			})
		}
	}
	NewWithT(t).Expect(reflect.TypeFor[v1alpha1.GetSessionToken]().NumField()).To(BeZero(), "or its fields belong here, too")
}

func TestRequestHashRotateRequestedAt(t *testing.T) {
	g := NewWithT(t)
	hashes := map[string]bool{}
	for _, at := range []string{"", "2026-11-02", "2026-11-03"} {
		hashes[requestOf(t, everything(func(fs *v1alpha1.FederatedSession) {
			fs.Annotations[v1alpha1.RotateRequestedAtAnnotation] = at
		})).Hash()] = true
	}
	g.Expect(hashes).To(HaveLen(3))
}

// filled is a request with one field filled, and its name.
func filled(t *testing.T, i int) (sts.Request, string) {
	t.Helper()
	var request sts.Request
	name := reflect.TypeOf(request).Field(i).Name
	switch value := reflect.ValueOf(&request).Elem().Field(i).Addr().Interface().(type) {
	case *string:
		*value = "x"
	case *sts.Policy:
		*value = parsed("{}")
	case *int32:
		*value = 900
	case *[]string:
		*value = []string{"x"}
	case *[]sts.Tag:
		*value = []sts.Tag{{Key: "x", Value: "y"}}
	case *[]sts.Context:
		*value = []sts.Context{{ProviderARN: "x", Assertion: "y"}}
	default:
		t.Fatalf("give field %s of type %T a value here", name, value)
	}
	return request, name
}

func TestRequestHashRequestFields(t *testing.T) {
	g := NewWithT(t)
	hashes := map[string]string{sts.Request{}.Hash(): "none"}
	for i := range reflect.TypeFor[sts.Request]().NumField() {
		request, name := filled(t, i)
		g.Expect(hashes).NotTo(HaveKey(request.Hash()), "%s counts", name)
		hashes[request.Hash()] = name
	}
}

func TestRequestHashListElements(t *testing.T) {
	g := NewWithT(t)
	hashes := map[string]bool{}
	requests := []sts.Request{
		{Tags: []sts.Tag{{Key: "x", Value: "y"}}},
		{Tags: []sts.Tag{{Key: "y", Value: "x"}}},
		{Tags: []sts.Tag{{Key: "x"}}},
		{Tags: []sts.Tag{{Key: "x"}, {Key: "y"}}},
		{ProvidedContexts: []sts.Context{{ProviderARN: "x", Assertion: "y"}}},
		{ProvidedContexts: []sts.Context{{ProviderARN: "y", Assertion: "x"}}},
		{ProvidedContexts: []sts.Context{{ProviderARN: "x"}, {ProviderARN: "y"}}},
		{TransitiveTagKeys: []string{"x", "y"}},
		{TransitiveTagKeys: []string{"xy"}},
		{PolicyARNs: []string{"x", "y"}},
		{PolicyARNs: []string{"x,y"}},
	}
	for _, request := range requests {
		hashes[request.Hash()] = true
	}
	g.Expect(hashes).To(HaveLen(len(requests)))
}

func TestRequestHashIsStable(t *testing.T) {
	for sentence, c := range map[string]struct {
		given *v1alpha1.FederatedSession
		want  string
	}{
		"of a session that gives only its name": {
			&v1alpha1.FederatedSession{Spec: v1alpha1.FederatedSessionSpec{Name: "reporter"}},
			"3320c02d32e7b12682a3b72218523eaa4fbb9b0ef68201ab39d2d86e04bdf79b",
		},
		"of a session that gives everything": {
			everything(),
			"a2479dab2f95d587d5ed59ff75c2939587f61059265466d79365bef4de178d56",
		},
		"of a federation with a least token size": {
			everythingOf(sts.OperationGetFederationToken), "0caf649c41acc0106446a56c804ff2e03716db5594b86732c9ff5ab4ce03fd89",
		},
		"of a role":          {everythingOf(sts.OperationAssumeRole), "4e62264dff34f9890adc430be4faf26d956cc786d914d9f7fb1cae313c045f42"},
		"of a web identity":  {everythingOf(sts.OperationAssumeRoleWithWebIdentity), "10ac557a2924cd92d2106e968a4e32bf13f760f56fb3581644472cce5e89c915"},
		"of a SAML identity": {everythingOf(sts.OperationAssumeRoleWithSAML), "115d05ddf0a87a0add4f07f5f591e35d39df352d61c16813b8f05828647db2a4"},
		"of a session token": {everythingOf(sts.OperationGetSessionToken), "5fdafd523c8e58d890c2373d876954575fcf35982d5858f7d7cb5e3251cd6f41"},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(requestOf(t, c.given).Hash()).To(Equal(c.want),
				"the canonical form of a request has changed: every session would be issued anew by an upgrade")
		})
	}
}
