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

package session_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
)

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

func tag(key, value string) v1alpha1.Tag { return v1alpha1.Tag{Key: key, Value: &value} }
func seconds(n int32) *int32             { return &n }

func requestOf(t *testing.T, fs *v1alpha1.FederatedSession) session.Request {
	t.Helper()
	request, problem := session.NewRequest(fs)
	NewWithT(t).Expect(problem).To(BeNil())
	return request
}

func TestNewRequest(t *testing.T) {
	for sentence, c := range map[string]struct {
		given *v1alpha1.FederatedSession
		want  session.Request
	}{
		"a session that gives only its name asks for no more": {
			&v1alpha1.FederatedSession{Spec: v1alpha1.FederatedSessionSpec{Name: "reporter"}},
			session.Request{Operation: "GetFederationToken", Name: "reporter"},
		},
		"a session that gives everything asks for it in canonical form": {
			everything(),
			session.Request{
				Operation:         "GetFederationToken",
				Name:              "reporter",
				Policy:            `{"Version":"2012-10-17","Statement":{"Sid":"ü<&>"}}`,
				PolicyARNs:        []string{"arn:aws:iam::123456789012:policy/reports", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
				Tags:              []session.Tag{{Key: "Größe", Value: "XL"}, {Key: "empty"}, {Key: "team", Value: "a"}},
				DurationSeconds:   3600,
				RotateRequestedAt: "2026-11-02",
			},
		},
		"a tag without a value has an empty one": {
			&v1alpha1.FederatedSession{Spec: v1alpha1.FederatedSessionSpec{Name: "reporter", Tags: []v1alpha1.Tag{{Key: "team"}}}},
			session.Request{Operation: "GetFederationToken", Name: "reporter", Tags: []session.Tag{{Key: "team"}}},
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
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			request, problem := session.NewRequest(everything(c.given))

			g.Expect(request).To(BeZero())
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Outcome()).To(Equal(session.Refuse))
			g.Expect(problem.Message).To(ContainSubstring(c.want))
		})
	}
}

func TestSpecsThatAskForTheSameHaveTheSameHash(t *testing.T) {
	for sentence, change := range map[string]func(*v1alpha1.FederatedSession){
		"tags in another order": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Tags = []v1alpha1.Tag{tag("empty", ""), tag("team", "a"), tag("Größe", "XL")}
		},
		"policy ARNs in another order": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.PolicyARNs[0], fs.Spec.PolicyARNs[1] = fs.Spec.PolicyARNs[1], fs.Spec.PolicyARNs[0]
		},
		"white space in the policy": func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Policy = "\n{\"Version\":\"2012-10-17\",\n\t\"Statement\":{\"Sid\":\"ü<&>\"}}\n"
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

// specFields says of every field of the spec whether another value asks STS for something else.
var specFields = map[string]struct {
	change func(*v1alpha1.FederatedSession)
	asks   bool
}{
	"Name":            {func(fs *v1alpha1.FederatedSession) { fs.Spec.Name = "auditor" }, true},
	"Policy":          {func(fs *v1alpha1.FederatedSession) { fs.Spec.Policy = `{"Version":"2008-10-17"}` }, true},
	"PolicyARNs":      {func(fs *v1alpha1.FederatedSession) { fs.Spec.PolicyARNs = fs.Spec.PolicyARNs[:1] }, true},
	"Tags":            {func(fs *v1alpha1.FederatedSession) { fs.Spec.Tags[0] = tag("team", "b") }, true},
	"DurationSeconds": {func(fs *v1alpha1.FederatedSession) { fs.Spec.DurationSeconds = nil }, true},

	"IssuerRef": {func(fs *v1alpha1.FederatedSession) { fs.Spec.IssuerRef.Name = "other" }, false}, // its identity counts, not its name
	"Secret":    {func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Name = "other" }, false},
	"Rotation":  {func(fs *v1alpha1.FederatedSession) { fs.Spec.Rotation.RenewBeforeSeconds = seconds(600) }, false},
	"Suspend":   {func(fs *v1alpha1.FederatedSession) { fs.Spec.Suspend = new(bool) }, false},
}

func TestEveryFieldOfTheSpecCountsOrNot(t *testing.T) {
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

func TestANewRequestToRotateIsAnotherRequest(t *testing.T) {
	g := NewWithT(t)
	hashes := map[string]bool{}
	for _, at := range []string{"", "2026-11-02", "2026-11-03"} {
		hashes[requestOf(t, everything(func(fs *v1alpha1.FederatedSession) {
			fs.Annotations[v1alpha1.RotateRequestedAtAnnotation] = at
		})).Hash()] = true
	}
	g.Expect(hashes).To(HaveLen(3))
}

func TestEveryFieldOfARequestChangesItsHash(t *testing.T) {
	g := NewWithT(t)
	hashes := map[string]string{session.Request{}.Hash(): "none"}
	for i := range reflect.TypeFor[session.Request]().NumField() {
		var request session.Request
		name, field := reflect.TypeOf(request).Field(i).Name, reflect.ValueOf(&request).Elem().Field(i)
		switch value := field.Addr().Interface().(type) {
		case *string:
			*value = "x"
		case *int32:
			*value = 900
		case *[]string:
			*value = []string{"x"}
		case *[]session.Tag:
			*value = []session.Tag{{Key: "x", Value: "y"}}
		default:
			t.Fatalf("give field %s of type %T a value here", name, value)
		}
		g.Expect(hashes).NotTo(HaveKey(request.Hash()), "%s counts", name)
		hashes[request.Hash()] = name
	}
}

func TestTheHashIsTheSameInEveryVersion(t *testing.T) {
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
			"4e08ec8f2330978d6cd0529a7b4fcdfe1e3ae9c0926a587f6311fd44c9aa8fd6",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(requestOf(t, c.given).Hash()).To(Equal(c.want),
				"the canonical form of a request has changed: every session would be issued anew by an upgrade")
		})
	}
}

func TestDuration(t *testing.T) {
	for asked, want := range map[int32]time.Duration{0: 12 * time.Hour, 900: 15 * time.Minute, 129600: 36 * time.Hour} {
		t.Run(fmt.Sprintf("%d seconds", asked), func(t *testing.T) {
			NewWithT(t).Expect(session.Request{DurationSeconds: asked}.Duration()).To(Equal(want))
		})
	}
}
