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
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
)

const (
	halfRestored = "controlled by nothing, and not as this operator published it (half restored, or edited),"
	unlabelled   = "controlled by nothing, without the label app.kubernetes.io/managed-by: sts-operator,"
)

// restoredSession is theSession as it comes out of a backup: another UID, and generations that begin anew.
func restoredSession() *v1alpha1.FederatedSession {
	fs := theSession()
	fs.UID, fs.Generation = types.UID("restored-uid"), 1
	return fs
}

// A backup tool drops owner references; what else it loses decides whose the Secret is.
func TestObserveRestored(t *testing.T) {
	isNot := false
	for sentence, c := range map[string]struct {
		change func(*corev1.Secret)
		want   session.Secret
	}{
		"as it was, but for its owner": {func(*corev1.Secret) {}, session.Secret{Exists: true, Restored: true}},
		"with labels and annotations of the backup tool": {
			func(s *corev1.Secret) {
				s.Labels["velero.io/restore-name"], s.Annotations["velero.io/note"] = "monday", "x"
			},
			session.Secret{Exists: true, Restored: true},
		},
		"with an owner that does not control it": {
			func(s *corev1.Secret) {
				s.OwnerReferences = []metav1.OwnerReference{{Kind: "App", Name: "a", UID: "a", Controller: &isNot}}
			},
			session.Secret{Exists: true, Restored: true},
		},
		"without the labels that the spec asked for": {
			func(s *corev1.Secret) { s.Labels = map[string]string{credsecret.ManagedByLabel: credsecret.ManagedBy} },
			session.Secret{Exists: true, Restored: true},
		},
		"as a Secret that must not be changed": {
			func(s *corev1.Secret) { s.Immutable = new(true) }, session.Secret{Exists: true, Restored: true, Immutable: true},
		},
		"without its data":        {func(s *corev1.Secret) { s.Data = nil }, session.Secret{Foreign: halfRestored}},
		"with some of its data":   {func(s *corev1.Secret) { delete(s.Data, credsecret.ProcessKey) }, session.Secret{Foreign: halfRestored}},
		"without its annotations": {func(s *corev1.Secret) { s.Annotations = nil }, session.Secret{Foreign: halfRestored}},
		"without its digest": {
			func(s *corev1.Secret) { delete(s.Annotations, credsecret.DigestAnnotation) }, session.Secret{Foreign: halfRestored},
		},
		"with an expiration put off": {
			func(s *corev1.Secret) { s.Annotations[credsecret.ExpirationAnnotation] = "2036-01-01T00:00:00Z" }, session.Secret{Foreign: halfRestored},
		},
		"without its label": {func(s *corev1.Secret) { s.Labels = nil }, session.Secret{Foreign: unlabelled}},
		"with another tool's label": {
			func(s *corev1.Secret) { s.Labels[credsecret.ManagedByLabel] = "Helm" }, session.Secret{Foreign: unlabelled},
		},
		"as another type": {
			func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque },
			session.Secret{Foreign: "of type Opaque, not sts-operator.dev/session,", Unwatched: true},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := published(t, theSession())
			secret.OwnerReferences = nil
			c.change(secret)

			observed := credsecret.Observe(secret, restoredSession())

			if c.want.Restored {
				g.Expect(observed).To(Equal(c.want), "nothing that it claims is told")
			}
			g.Expect(observed.Restored).To(Equal(c.want.Restored))
			g.Expect(observed.Foreign).To(Equal(c.want.Foreign))
			g.Expect(observed.Unwatched).To(Equal(c.want.Unwatched))
			g.Expect(credsecret.IsControlledBy(secret, restoredSession())).To(BeFalse())
			g.Expect(credsecret.Observe(stripped(t, secret), restoredSession())).To(Equal(observed), "the cache shows the same")
		})
	}
}

func TestObserveRestoredWithItsOwner(t *testing.T) {
	NewWithT(t).Expect(credsecret.Observe(published(t, theSession()), restoredSession()).Foreign).
		To(Equal("controlled by an earlier FederatedSession of this name, whose garbage collection is pending,"))
}

func TestPublishTakesOver(t *testing.T) {
	controller := credsecret.New(restoredSession()).OwnerReferences[0]
	other := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "app", UID: "app"}
	former := credsecret.New(restoredSession()).OwnerReferences[0]
	former.Controller = nil
	for sentence, c := range map[string]struct{ before, want []metav1.OwnerReference }{
		"one without owners":                {nil, []metav1.OwnerReference{controller}},
		"one with another owner":            {[]metav1.OwnerReference{other}, []metav1.OwnerReference{other, controller}},
		"one that it owns without control":  {[]metav1.OwnerReference{former, other}, []metav1.OwnerReference{other, controller}},
		"its own is left as it is":          {[]metav1.OwnerReference{controller}, []metav1.OwnerReference{controller}},
		"its own, with another owner, also": {[]metav1.OwnerReference{controller, other}, []metav1.OwnerReference{controller, other}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := published(t, theSession())
			secret.OwnerReferences = c.before

			g.Expect(credsecret.Publish(secret, restoredSession(), theIssued(), theOrigin())).To(Succeed())

			g.Expect(secret.OwnerReferences).To(Equal(c.want))
			observed := credsecret.Observe(secret, restoredSession())
			g.Expect(observed.Intact && observed.InSync && observed.Foreign == "" && !observed.Restored).To(BeTrue())
		})
	}
}

// The honored request to rotate stands on the Secret, to tell why a request has changed. It is no part of the digest: whoever has
// annotated a Secret by mistake does not have it issued anew by an upgrade.
func TestPublishRotateRequestedAt(t *testing.T) {
	const annotation = "sts-operator.dev/rotate-requested-at"
	g := NewWithT(t)
	requested := theOrigin()
	requested.RotateRequestedAt = "2026-11-22T12:00:00Z"

	secret := publishedFor(t, theSession(), requested)

	g.Expect(secret.Annotations).To(HaveKeyWithValue(annotation, "2026-11-22T12:00:00Z"))
	g.Expect(secret.Annotations[credsecret.DigestAnnotation]).To(Equal(published(t, theSession()).Annotations[credsecret.DigestAnnotation]))
	for _, seen := range []*corev1.Secret{secret, stripped(t, secret)} {
		g.Expect(credsecret.Observe(seen, theSession()).RotateRequestedAt).To(Equal("2026-11-22T12:00:00Z"))
	}

	secret.Annotations[annotation] = "by mistake"
	g.Expect(credsecret.Observe(secret, theSession()).Intact).To(BeTrue())
	g.Expect(credsecret.Publish(secret, theSession(), theIssued(), theOrigin())).To(Succeed())
	g.Expect(secret.Annotations).NotTo(HaveKey(annotation))

	requested.RotateRequestedAt = string(make([]byte, 1025))
	g.Expect(publishedFor(t, theSession(), requested).Annotations).NotTo(HaveKey(annotation), "one that is too long is not told")
}
