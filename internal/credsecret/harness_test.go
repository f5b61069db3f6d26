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
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	keyID       = "ASIAEXAMPLEEXAMPLE23"
	secretKey   = "anExample/Of+aSecretKeyWithFortyCharacter"
	token       = "IQoJb3JpZ2luX2Vj/Example+Token=="
	requestHash = "sha256:0123456789abcdef"
	identity    = "AIDACKCEVSQ6C2EXAMPLE"

	assertionDigest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// theSession is what most tests publish for.
func theSession() *v1alpha1.FederatedSession {
	return &v1alpha1.FederatedSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "reports", UID: types.UID("5c0f3d6e-uid"), Generation: 3},
	}
}

// wishing is theSession whose spec asks for labels and annotations.
func wishing(labels map[string]v1alpha1.LabelValue, annotations map[string]v1alpha1.AnnotationValue) *v1alpha1.FederatedSession {
	fs := theSession()
	fs.Spec.Secret.Template.Metadata.Labels, fs.Spec.Secret.Template.Metadata.Annotations = labels, annotations
	return fs
}

// theIdentity is who the credentials act as.
var theIdentity = sts.Identity{
	AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:federated-user/reports", UserID: "123456789012:reports",
}

func theIssued() sts.Issued {
	return sts.Issued{
		Credentials: sts.NewCredentials(keyID, secretKey, token),
		IssuedAt:    noon,
		Expiration:  noon.Add(12 * time.Hour),
		Identity:    theIdentity,
	}
}

// theOrigin is what most tests publish for, and ofAnAssertion the same for AssumeRoleWithSAML.
func theOrigin() credsecret.Origin {
	return credsecret.Origin{RequestHash: requestHash, IssuerIdentity: identity}
}

func ofAnAssertion() credsecret.Origin {
	return credsecret.Origin{RequestHash: requestHash, IssuerIdentity: sts.Unsigned, AssertionDigest: assertionDigest}
}

// published is the Secret as the operator writes it.
func published(t *testing.T, fs *v1alpha1.FederatedSession) *corev1.Secret {
	t.Helper()
	return publishedFor(t, fs, theOrigin())
}

func publishedFor(t *testing.T, fs *v1alpha1.FederatedSession, origin credsecret.Origin) *corev1.Secret {
	t.Helper()
	secret := credsecret.New(fs)
	if err := credsecret.Publish(secret, fs, theIssued(), origin); err != nil {
		t.Fatal(err)
	}
	return secret
}

// stripped is a copy of the Secret as the cache keeps it.
func stripped(t *testing.T, secret *corev1.Secret) *corev1.Secret {
	t.Helper()
	out, err := credsecret.Strip(secret.DeepCopy())
	if err != nil {
		t.Fatal(err)
	}
	return out.(*corev1.Secret)
}
