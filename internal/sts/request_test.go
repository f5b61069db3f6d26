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
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const uid = types.UID("6f1c4f5e-0d0c-4a77-9a5e-3d2f6d1b7a10")

var (
	never time.Time
	noon  = time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)
)

// parsed is an inline policy that STS could be sent.
func parsed(policy string) sts.Policy {
	p, problem := sts.ParsePolicy("spec.policy", []byte(policy))
	if problem != nil {
		panic(problem)
	}
	return p
}

// everything is a session that uses every field that STS is sent.
func everything(changes ...func(*v1alpha1.FederatedSession)) *v1alpha1.FederatedSession {
	fs := &v1alpha1.FederatedSession{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team-a", Name: "reports", UID: uid,
			Annotations: map[string]string{v1alpha1.RotateRequestedAtAnnotation: "2026-11-02"},
		},
		Spec: v1alpha1.FederatedSessionSpec{
			IssuerRef: v1alpha1.IssuerReference{Kind: v1alpha1.SessionIssuerKind, Name: "aws"},
			Name:      "reporter",
			Policy:    `{"Version": "2012-10-17", "Statement": {"Sid": "ü<&>"}}`,
			PolicyARNs: []v1alpha1.PolicyARN{
				"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::123456789012:policy/reports",
			},
			Tags:            []v1alpha1.Tag{tag("team", "a"), tag("Größe", "XL"), tag("empty", "")},
			DurationSeconds: seconds(3600),
		},
	}
	for _, change := range changes {
		change(fs)
	}
	return fs
}

func tag(key v1alpha1.TagKey, value string) v1alpha1.Tag {
	return v1alpha1.Tag{Key: key, Value: &value}
}

func seconds(n int32) *int32 { return &n }

func requestOf(t *testing.T, fs *v1alpha1.FederatedSession) sts.Request {
	t.Helper()
	request, problem := sts.NewRequest(fs)
	NewWithT(t).Expect(problem).To(BeNil())
	return request
}

func TestNewRequest(t *testing.T) {
	for sentence, c := range map[string]struct {
		given *v1alpha1.FederatedSession
		want  sts.Request
	}{
		"a session that gives only its name asks for no more": {
			&v1alpha1.FederatedSession{Spec: v1alpha1.FederatedSessionSpec{Name: "reporter"}},
			sts.Request{Operation: "GetFederationToken", Name: "reporter"},
		},
		"a session that gives everything asks for it in canonical form": {
			everything(),
			sts.Request{
				Operation:         "GetFederationToken",
				Name:              "reporter",
				Policy:            parsed(`{"Version":"2012-10-17","Statement":{"Sid":"ü<&>"}}`),
				PolicyARNs:        []string{"arn:aws:iam::123456789012:policy/reports", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
				Tags:              []sts.Tag{{Key: "Größe", Value: "XL"}, {Key: "empty"}, {Key: "team", Value: "a"}},
				DurationSeconds:   3600,
				RotateRequestedAt: "2026-11-02",
			},
		},
		"a tag without a value has an empty one": {
			&v1alpha1.FederatedSession{Spec: v1alpha1.FederatedSessionSpec{Name: "reporter", Tags: []v1alpha1.Tag{{Key: "team"}}}},
			sts.Request{Operation: "GetFederationToken", Name: "reporter", Tags: []sts.Tag{{Key: "team"}}},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			before := c.given.DeepCopy()

			g.Expect(requestOf(t, c.given)).To(Equal(c.want))
			g.Expect(c.given).To(Equal(before), "the object belongs to the cache and is left as it is")
		})
	}
}

func TestNewRequestRefuses(t *testing.T) {
	for sentence, c := range map[string]struct {
		given        func(*v1alpha1.FederatedSession)
		reason, want string
	}{
		"a policy that is not JSON": {
			func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = "allow all" }, v1alpha1.ReasonInvalidPolicy, "spec.policy is not JSON",
		},
		"tag keys that differ by case": {
			func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags = []v1alpha1.Tag{tag("team", "a"), tag("Team", "b")} },
			v1alpha1.ReasonInvalidSpec, `the keys "team" and "Team" differ only by case`,
		},
		"tag keys that differ by case beyond ASCII": {
			func(fs *v1alpha1.FederatedSession) {
				fs.Spec.Tags = []v1alpha1.Tag{tag("größe", "a"), tag("x", ""), tag("GRÖßE", "b")}
			},
			v1alpha1.ReasonInvalidSpec, `the keys "größe" and "GRÖßE" differ only by case`,
		},
		"a tag key that AWS reserves": {
			func(fs *v1alpha1.FederatedSession) {
				fs.Spec.Tags = []v1alpha1.Tag{tag("team", "a"), tag("Aws:cost-center", "b")}
			},
			v1alpha1.ReasonInvalidSpec, `spec.tags: the tag "Aws:cost-center" begins with aws:, which AWS reserves`,
		},
		"a tag value that AWS reserves": {
			func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags = []v1alpha1.Tag{tag("team", "AWS:a")} },
			v1alpha1.ReasonInvalidSpec, `spec.tags: the tag "team" begins with aws:, which AWS reserves, in its key or value`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			request, problem := sts.NewRequest(everything(c.given))

			g.Expect(request).To(BeZero())
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Outcome()).To(Equal(sts.Refuse))
			g.Expect(problem.Message).To(ContainSubstring(c.want))
		})
	}
}

func TestIsReservedTag(t *testing.T) {
	for text, want := range map[string]bool{
		"aws:": true, "aws:PrincipalTag": true, "AWS:x": true, "aWs:ü": true,
		"": false, "aws": false, "aws-x": false, "xaws:": false, " aws:": false, "awſ:x": false,
	} {
		NewWithT(t).Expect(sts.IsReservedTag(text)).To(Equal(want), "%q", text)
	}
}

// The canonical form is what is hashed: a field that is added later must not show in it while it is empty.
func TestRequestJSONOmitsEmptyFields(t *testing.T) {
	for sentence, c := range map[string]struct {
		given sts.Request
		want  string
	}{
		"nothing": {sts.Request{}, `{"operation":""}`},
		"lists that are empty but there": {
			sts.Request{
				Operation: "AssumeRole", PolicyARNs: []string{}, Tags: []sts.Tag{}, TransitiveTagKeys: []string{}, ProvidedContexts: []sts.Context{},
			},
			`{"operation":"AssumeRole"}`,
		},
		"a tag without a value still has its key": {
			sts.Request{Operation: "AssumeRole", Tags: []sts.Tag{{Key: "team"}}},
			`{"operation":"AssumeRole","tags":[{"key":"team","value":""}]}`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			text, err := json.Marshal(c.given)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(text)).To(Equal(c.want))
		})
	}
}
