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

package credsecret_test

import (
	"maps"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

type (
	labels      = map[string]v1alpha1.LabelValue
	annotations = map[string]v1alpha1.AnnotationValue
	texts       = map[string]string
)

// visible are the labels, or annotations, that are not the operator's own.
func visible(all texts) texts {
	out := maps.Clone(all)
	maps.DeleteFunc(out, func(key, _ string) bool {
		return strings.HasPrefix(key, "sts-operator.dev/") || key == credsecret.ManagedByLabel
	})
	return out
}

func TestSyncMetadata(t *testing.T) {
	for sentence, c := range map[string]struct {
		there texts   // labels and annotations alike, from others
		specs []texts // what successive specs ask for
		want  texts   // what is there in the end
	}{
		"nothing asked, nothing there":     {nil, []texts{{}}, texts{}},
		"what is asked for is added":       {nil, []texts{{"team": "data", "app": "reports"}}, texts{"team": "data", "app": "reports"}},
		"an empty value is a value":        {nil, []texts{{"team": ""}}, texts{"team": ""}},
		"others' are left alone":           {texts{"others": "x"}, []texts{{"team": "data"}}, texts{"others": "x", "team": "data"}},
		"a change of value is made":        {nil, []texts{{"team": "data"}, {"team": "sales"}}, texts{"team": "sales"}},
		"what is no longer asked for goes": {nil, []texts{{"team": "data", "app": "reports"}, {"app": "reports"}}, texts{"app": "reports"}},
		"all the spec added goes":          {texts{"others": "x"}, []texts{{"team": "data"}, {}}, texts{"others": "x"}},
		"one goes and another comes": {
			texts{"others": "x"}, []texts{{"team": "data"}, {"app": "reports"}}, texts{"others": "x", "app": "reports"},
		},
		"what went does not go again":                    {nil, []texts{{"team": "data"}, {}, {"team": "sales"}}, texts{"team": "sales"}},
		"another's value gives way to the spec's":        {texts{"team": "x"}, []texts{{"team": "data"}}, texts{"team": "data"}},
		"keys that begin alike are different":            {texts{"tea": "x", "team.eu": "y"}, []texts{{"team": "data"}, {}}, texts{"tea": "x", "team.eu": "y"}},
		"keys with a prefix are removed as well":         {nil, []texts{{"example.com/team": "data", "team": "data"}, {"team": "data"}}, texts{"team": "data"}},
		"what others had never was the spec's to remove": {texts{"others": "x"}, []texts{{"team": "data"}, {"app": "a"}, {}}, texts{"others": "x"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := &corev1.Secret{}
			secret.Labels, secret.Annotations = maps.Clone(c.there), maps.Clone(c.there)

			for _, spec := range c.specs {
				wishedLabels, wishedAnnotations := labels{}, annotations{}
				for key, value := range spec {
					wishedLabels[key], wishedAnnotations[key] = v1alpha1.LabelValue(value), v1alpha1.AnnotationValue(value)
				}
				fs := wishing(wishedLabels, wishedAnnotations)
				credsecret.SyncMetadata(secret, fs)
				g.Expect(credsecret.Observe(secret, fs).InSync).To(BeTrue())
				again := secret.DeepCopy()
				credsecret.SyncMetadata(again, fs)
				g.Expect(again).To(Equal(secret), "syncing twice changes nothing")
			}

			g.Expect(visible(secret.Labels)).To(Equal(c.want))
			g.Expect(visible(secret.Annotations)).To(Equal(c.want))
			g.Expect(secret.Labels).To(HaveKeyWithValue("app.kubernetes.io/managed-by", "sts-operator"))
		})
	}
}

func TestSyncMetadataRecordsAddedKeys(t *testing.T) {
	g := NewWithT(t)
	secret := &corev1.Secret{}

	credsecret.SyncMetadata(secret, wishing(labels{"b": "1", "a": "2"}, annotations{"example.com/y": "1", "example.com/x": "2"}))
	g.Expect(secret.Annotations).To(HaveKeyWithValue("sts-operator.dev/added-labels", "a,b"))
	g.Expect(secret.Annotations).To(HaveKeyWithValue("sts-operator.dev/added-annotations", "example.com/x,example.com/y"))

	credsecret.SyncMetadata(secret, theSession())
	g.Expect(secret.Annotations).To(BeEmpty(), "no keys added, none recorded")
}

func TestObserveInSync(t *testing.T) {
	fs := func() *v1alpha1.FederatedSession {
		return wishing(labels{"team": "data"}, annotations{"example.com/note": "hello"})
	}
	for sentence, c := range map[string]struct {
		secret func(*corev1.Secret)
		spec   func(*v1alpha1.FederatedSession)
		inSync bool
	}{
		"none":                       {inSync: true},
		"another's label":            {secret: func(s *corev1.Secret) { s.Labels["others"] = "x" }, inSync: true},
		"another's annotation":       {secret: func(s *corev1.Secret) { s.Annotations["others"] = "x" }, inSync: true},
		"managed-by is gone":         {secret: func(s *corev1.Secret) { delete(s.Labels, credsecret.ManagedByLabel) }},
		"managed-by is another":      {secret: func(s *corev1.Secret) { s.Labels[credsecret.ManagedByLabel] = "helm" }},
		"a label is gone":            {secret: func(s *corev1.Secret) { delete(s.Labels, "team") }},
		"a label was changed":        {secret: func(s *corev1.Secret) { s.Labels["team"] = "sales" }},
		"an annotation is gone":      {secret: func(s *corev1.Secret) { delete(s.Annotations, "example.com/note") }},
		"an annotation was changed":  {secret: func(s *corev1.Secret) { s.Annotations["example.com/note"] = "bye" }},
		"the note of labels is gone": {secret: func(s *corev1.Secret) { delete(s.Annotations, "sts-operator.dev/added-labels") }},
		"all labels are gone":        {secret: func(s *corev1.Secret) { s.Labels = nil }},
		"all annotations are gone":   {secret: func(s *corev1.Secret) { s.Annotations = nil }},
		"the spec has a label more":  {spec: func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Template.Metadata.Labels["app"] = "a" }},
		"the spec has a label less":  {spec: func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Template.Metadata.Labels = nil }},
		"the spec has another value": {spec: func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Template.Metadata.Labels["team"] = "sales" }},
		"the spec has an annotation more": {spec: func(fs *v1alpha1.FederatedSession) {
			fs.Spec.Secret.Template.Metadata.Annotations["example.com/more"] = ""
		}},
		"the spec has no annotation": {spec: func(fs *v1alpha1.FederatedSession) { fs.Spec.Secret.Template.Metadata.Annotations = nil }},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret, session := published(t, fs()), fs()
			if c.secret != nil {
				c.secret(secret)
			}
			if c.spec != nil {
				c.spec(session)
			}
			before := secret.DeepCopy()

			g.Expect(credsecret.Observe(secret, session).InSync).To(Equal(c.inSync))

			g.Expect(secret).To(Equal(before), "Observe changes nothing")
			credsecret.SyncMetadata(secret, session)
			g.Expect(credsecret.Observe(secret, session).InSync).To(BeTrue())
			g.Expect(secret.Data).To(Equal(before.Data))
		})
	}
}

// SyncMetadata is for a Secret whose credentials stay: it must not make them look tampered with.
func TestSyncMetadataKeepsCredentialsIntact(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, theSession())
	fs := wishing(labels{"team": "data"}, annotations{"example.com/note": "hello"})

	credsecret.SyncMetadata(secret, fs)

	g.Expect(credsecret.Observe(secret, fs).Intact).To(BeTrue())
}

func TestPublishOverEarlierSecret(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, wishing(labels{"old": "x"}, annotations{"example.com/old": "x"}))
	secret.UID, secret.ResourceVersion, secret.Finalizers = "uid", "7", []string{"example.com/keep"}
	secret.Labels["others"], secret.Annotations["others"] = "x", "y"
	secret.Data["extra"] = []byte("x")
	before := secret.DeepCopy()
	fs := wishing(labels{"new": "z"}, nil)

	g.Expect(credsecret.Publish(secret, fs, theIssued(), credsecret.Origin{RequestHash: "sha256:next", IssuerIdentity: "AIDANEXT"})).To(Succeed())

	g.Expect(secret.Data).To(Equal(published(t, theSession()).Data), "all data is replaced")
	g.Expect(visible(secret.Labels)).To(Equal(texts{"others": "x", "new": "z"}))
	g.Expect(visible(secret.Annotations)).To(Equal(texts{"others": "y"}))
	observed := credsecret.Observe(secret, fs)
	g.Expect(observed.Intact && observed.InSync).To(BeTrue())
	g.Expect(observed.RequestHash).To(Equal("sha256:next"))
	g.Expect(observed.IssuerIdentity).To(Equal("AIDANEXT"))
	secret.Data, secret.Labels, secret.Annotations = before.Data, before.Labels, before.Annotations
	g.Expect(secret).To(Equal(before), "of the rest, nothing is changed")
}
