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
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestObservePublishedSecret(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, theSession())

	g.Expect(credsecret.Observe(secret, theSession())).To(Equal(session.Secret{
		Exists:          true,
		Intact:          true,
		InSync:          true,
		RequestHash:     requestHash,
		SpecRequestHash: requestHash,
		IssuerIdentity:  identity,
		IssuedAt:        noon,
		Expiration:      noon.Add(12 * time.Hour),
		AccessKeyID:     keyID,
		Identity:        theIdentity,
		Generation:      3,
	}))
	g.Expect(secret).To(Equal(published(t, theSession())), "Observe changes nothing")
}

func TestObserveNoSecret(t *testing.T) {
	NewWithT(t).Expect(credsecret.Observe(nil, theSession())).To(Equal(session.Secret{}))
}

func TestObserveUnpublishedSecret(t *testing.T) {
	g := NewWithT(t)

	observed := credsecret.Observe(credsecret.New(theSession()), theSession())

	g.Expect(observed).To(Equal(session.Secret{Exists: true}), "its own, and neither intact nor in sync")
}

// dataKeys and recordAnnotations are what the digest must cover.
var (
	dataKeys          = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "credentials", "credentials.json", "config"}
	recordAnnotations = []string{
		"sts-operator.dev/request-hash", "sts-operator.dev/issuer-identity", "sts-operator.dev/issued-at", "sts-operator.dev/expiration",
		"sts-operator.dev/access-key-id", "sts-operator.dev/identity-arn", "sts-operator.dev/identity-user-id", "sts-operator.dev/generation",
		"sts-operator.dev/data-digest",
	}
)

func TestPublishKeysAndAnnotations(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, theSession())
	g.Expect(slices.Collect(maps.Keys(secret.Data))).To(ConsistOf(dataKeys))
	g.Expect(slices.Collect(maps.Keys(secret.Annotations))).To(ConsistOf(recordAnnotations))
}

// Another service than AWS may not say whose the credentials are.
func TestPublishNobody(t *testing.T) {
	for sentence, identity := range map[string]sts.Identity{
		"neither ARN nor id": {},
		"an id alone":        {UserID: "minioadmin"},
		"an ARN alone":       {ARN: "arn:minio:iam:::user/x"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			issued := theIssued()
			issued.Identity = identity
			secret := published(t, theSession())

			g.Expect(credsecret.Publish(secret, theSession(), issued, theOrigin())).To(Succeed())

			g.Expect(secret.Annotations).NotTo(ContainElement(""), "what is not known is not there")
			observed := credsecret.Observe(secret, theSession())
			g.Expect(observed.Intact).To(BeTrue())
			g.Expect(observed.Identity).To(Equal(identity))
			g.Expect(credsecret.Observe(stripped(t, secret), theSession())).To(Equal(observed))
		})
	}
}

// tampering is every way of changing a published Secret that must be seen.
func tampering() map[string]func(*corev1.Secret) {
	ways := map[string]func(*corev1.Secret){
		"an extra key":              func(s *corev1.Secret) { s.Data["extra"] = []byte("x") },
		"an extra key that is void": func(s *corev1.Secret) { s.Data["extra"] = nil },
		"no data":                   func(s *corev1.Secret) { s.Data = nil },
		"no annotations":            func(s *corev1.Secret) { s.Annotations = nil },
		"two keys exchanged": func(s *corev1.Secret) {
			s.Data["credentials"], s.Data["config"] = s.Data["config"], s.Data["credentials"]
		},
		"a key renamed": func(s *corev1.Secret) {
			s.Data["confih"] = s.Data["config"]
			delete(s.Data, "config")
		},
		"a byte moved to the next key": func(s *corev1.Secret) {
			id := s.Data["AWS_ACCESS_KEY_ID"]
			s.Data["AWS_ACCESS_KEY_I"] = append([]byte("D"), id...)
			delete(s.Data, "AWS_ACCESS_KEY_ID")
		},
		"a byte moved to the next annotation": func(s *corev1.Secret) {
			a := s.Annotations
			a["sts-operator.dev/identity-user-id"] = a["sts-operator.dev/identity-arn"][47:] + a["sts-operator.dev/identity-user-id"]
			a["sts-operator.dev/identity-arn"] = a["sts-operator.dev/identity-arn"][:47]
		},
		"another Secret's data": func(s *corev1.Secret) {
			for key, value := range s.Data {
				s.Data[key] = append([]byte("other"), value...)
			}
		},
	}
	for _, key := range dataKeys {
		ways[key+" gone"] = func(s *corev1.Secret) { delete(s.Data, key) }
		ways[key+" emptied"] = func(s *corev1.Secret) { s.Data[key] = nil }
		ways[key+" truncated"] = func(s *corev1.Secret) { s.Data[key] = s.Data[key][:len(s.Data[key])-1] }
		ways[key+" with a newline more"] = func(s *corev1.Secret) { s.Data[key] = append(s.Data[key], '\n') }
		ways[key+" with one bit changed"] = func(s *corev1.Secret) { s.Data[key][3] ^= 1 }
	}
	for _, annotation := range recordAnnotations {
		ways[annotation+" gone"] = func(s *corev1.Secret) { delete(s.Annotations, annotation) }
		ways[annotation+" emptied"] = func(s *corev1.Secret) { s.Annotations[annotation] = "" }
		ways[annotation+" changed"] = func(s *corev1.Secret) { s.Annotations[annotation] = "2036-01-01T00:00:00Z" }
	}
	return ways
}

// Edits of the data and of the record show in the whole Secret and in what the cache keeps of it.
func TestObserveTampering(t *testing.T) {
	for sentence, tamper := range tampering() {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := published(t, theSession())
			tamper(secret)

			observed := credsecret.Observe(secret, theSession())

			g.Expect(observed.Intact).To(BeFalse())
			g.Expect(observed.Exists).To(BeTrue())
			g.Expect(credsecret.Observe(stripped(t, secret), theSession())).To(Equal(observed))
		})
	}
}

func TestObserveHarmlessChanges(t *testing.T) {
	for sentence, change := range map[string]func(*corev1.Secret){
		"nothing":                  func(*corev1.Secret) {},
		"a label of others":        func(s *corev1.Secret) { s.Labels["team"] = "data" },
		"an annotation, too":       func(s *corev1.Secret) { s.Annotations["example.com/note"] = "hello" },
		"a finalizer":              func(s *corev1.Secret) { s.Finalizers = []string{"example.com/keep"} },
		"what the API server does": func(s *corev1.Secret) { s.ResourceVersion, s.ManagedFields = "7", []metav1.ManagedFieldsEntry{{}} },
		"the keys reordered": func(s *corev1.Secret) {
			data := map[string][]byte{}
			for _, key := range slices.Backward(slices.Sorted(maps.Keys(s.Data))) {
				data[key] = s.Data[key]
			}
			s.Data = data
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := published(t, theSession())
			change(secret)

			observed := credsecret.Observe(secret, theSession())

			g.Expect(observed).To(Equal(credsecret.Observe(published(t, theSession()), theSession())))
			g.Expect(credsecret.Observe(stripped(t, secret), theSession())).To(Equal(observed))
		})
	}
}

// A time that cannot be read has expired, and breaks the digest, too: the Secret is issued anew.
func TestObserveUnreadableTimes(t *testing.T) {
	for _, text := range []string{"", "soon", "2026-11-22", "2026-11-22 12:00:00", "1795348800", "2026-13-40T99:00:00Z"} {
		t.Run(text, func(t *testing.T) {
			g := NewWithT(t)
			secret := published(t, theSession())
			secret.Annotations[credsecret.IssuedAtAnnotation], secret.Annotations[credsecret.ExpirationAnnotation] = text, text

			observed := credsecret.Observe(secret, theSession())

			g.Expect(observed.IssuedAt).To(BeZero())
			g.Expect(observed.Expiration).To(BeZero())
			g.Expect(observed.Intact).To(BeFalse())
		})
	}
}

func TestObserveImmutable(t *testing.T) {
	g := NewWithT(t)
	secret := published(t, theSession())
	for _, immutable := range []bool{true, false} {
		secret.Immutable = &immutable
		g.Expect(credsecret.Observe(secret, theSession()).Immutable).To(Equal(immutable))
	}
}

func TestObserveForeign(t *testing.T) {
	isController, isNot := true, false
	ownedBy := func(kind, name, uid string, controller *bool) func(*corev1.Secret) {
		return func(s *corev1.Secret) {
			s.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, UID: "another"}, {Kind: kind, Name: name}}
			s.OwnerReferences[0].Controller = &isNot
			s.OwnerReferences[1].UID, s.OwnerReferences[1].Controller = theSession().UID, controller
			if uid != "" {
				s.OwnerReferences[1].UID = "another"
			}
		}
	}
	for sentence, c := range map[string]struct {
		change  func(*corev1.Secret)
		foreign string
	}{
		"the session's own":                     {func(*corev1.Secret) {}, ""},
		"the session's own, with another owner": {ownedBy("FederatedSession", "reports", "", &isController), ""},
		"one of another type": {
			func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque },
			"of type Opaque, not sts-operator.dev/session,",
		},
		"one of another type, owned or not": {
			func(s *corev1.Secret) { s.Type, s.OwnerReferences = corev1.SecretTypeTLS, nil },
			"of type kubernetes.io/tls, not sts-operator.dev/session,",
		},
		"another session's": {ownedBy("FederatedSession", "exports", "another", &isController), "controlled by FederatedSession exports"},
		"something else's":  {ownedBy("Deployment", "reports", "another", &isController), "controlled by Deployment reports"},
		"the earlier session's of this name": {
			ownedBy("FederatedSession", "reports", "another", &isController),
			"controlled by an earlier FederatedSession of this name, whose garbage collection is pending,",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			secret := published(t, theSession())
			c.change(secret)

			observed := credsecret.Observe(secret, theSession())

			g.Expect(observed.Foreign).To(Equal(c.foreign))
			g.Expect(credsecret.IsControlledBy(secret, theSession())).To(Equal(c.foreign == ""))
			g.Expect(credsecret.Observe(stripped(t, secret), theSession())).To(Equal(observed))
		})
	}
}

func TestIsControlledByAnotherSession(t *testing.T) {
	g := NewWithT(t)
	other := theSession()
	other.UID = "another"

	g.Expect(credsecret.IsControlledBy(published(t, theSession()), other)).To(BeFalse())
	g.Expect(credsecret.IsControlledBy(published(t, theSession()), &v1alpha1.FederatedSession{})).To(BeFalse())
}
