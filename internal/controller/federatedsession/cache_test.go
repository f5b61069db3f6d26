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

package federatedsession

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// quarter is about what Kubernetes lets the annotations of an object be: tenants can have thousands of objects.
var quarter = strings.Repeat("x", 250<<10)

// cached is an object as the manager's cache keeps it.
func cached[T client.Object](t *testing.T, object T) T {
	t.Helper()
	for kind, options := range Caches(nil) {
		if _, same := kind.(T); same {
			out, err := options.Transform(object)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			return out.(T)
		}
	}
	t.Fatalf("%T has no transform", object)
	return object
}

func TestCachesKeepWhatIsNeeded(t *testing.T) {
	huge := metav1.ObjectMeta{
		Labels: map[string]string{"app": "reports"}, Annotations: map[string]string{"example.com/note": quarter},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl", FieldsV1: metav1.NewFieldsV1(quarter)}},
	}
	t.Run("of a session with too much on it, that it has", func(t *testing.T) {
		g := NewWithT(t)
		fs := cached(t, &v1alpha1.FederatedSession{ObjectMeta: *huge.DeepCopy()})
		g.Expect(fs.ManagedFields).To(BeNil())
		g.Expect(fs.Labels).To(BeEmpty())
		g.Expect(fs.Annotations).To(Equal(map[string]string{sts.OversizeAnnotation: "256026"}))

		_, problem := sts.NewRequest(fs)
		g.Expect(problem).NotTo(BeNil())
		g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonInvalidSpec))
		g.Expect(problem.Message).To(ContainSubstring("have 256026 bytes together, at most 65536 are allowed"))
	})
	t.Run("of any other session, labels and annotations, for rules to read", func(t *testing.T) {
		g := NewWithT(t)
		fs := cached(t, &v1alpha1.FederatedSession{ObjectMeta: metav1.ObjectMeta{
			Labels: map[string]string{"app": "reports"},
			Annotations: map[string]string{
				v1alpha1.RotateRequestedAtAnnotation: "now", corev1.LastAppliedConfigAnnotation: quarter,
			},
		}})
		g.Expect(fs.Labels).To(Equal(map[string]string{"app": "reports"}))
		g.Expect(fs.Annotations).To(Equal(map[string]string{v1alpha1.RotateRequestedAtAnnotation: "now"}))
	})
	t.Run("of an issuer, neither", func(t *testing.T) {
		g := NewWithT(t)
		issuer := cached(t, &v1alpha1.SessionIssuer{ObjectMeta: *huge.DeepCopy()})
		g.Expect(issuer.ObjectMeta).To(Equal(metav1.ObjectMeta{}))
		cluster := cached(t, &v1alpha1.ClusterSessionIssuer{ObjectMeta: *huge.DeepCopy()})
		g.Expect(cluster.ObjectMeta).To(Equal(metav1.ObjectMeta{}))
	})
	t.Run("of a Secret, what the operator and the spec have put on it", func(t *testing.T) {
		g := NewWithT(t)
		fs := &v1alpha1.FederatedSession{}
		fs.Name, fs.UID = "reports", "uid"
		fs.Spec.Secret.Template.Metadata = v1alpha1.SecretMetadata{
			Labels: map[string]v1alpha1.LabelValue{"app": "reports"}, Annotations: map[string]v1alpha1.AnnotationValue{"example.com/team": "a"},
		}
		secret := credsecret.New(fs)
		issued := sts.Issued{Credentials: sts.NewCredentials("ASIAEXAMPLE", "secret", "token")}
		g.Expect(credsecret.Publish(secret, fs, issued, credsecret.Origin{RequestHash: "a", SpecRequestHash: "b"})).To(Succeed())
		whole := credsecret.Observe(secret, fs)
		secret.Annotations["example.com/note"], secret.Labels["foreign"] = quarter, "x"

		kept := cached(t, secret)

		g.Expect(credsecret.Observe(kept, fs)).To(Equal(whole), "all that decisions rest on")
		g.Expect(kept.Annotations).NotTo(HaveKey("example.com/note"))
		g.Expect(kept.Labels).NotTo(HaveKey("foreign"))
	})
	t.Run("of what was deleted, the tombstone", func(t *testing.T) {
		tombstone := toolscache.DeletedFinalStateUnknown{Key: "a/b"}
		for _, options := range Caches(nil) {
			out, err := options.Transform(tombstone)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			NewWithT(t).Expect(out).To(Equal(tombstone))
		}
	})
}
