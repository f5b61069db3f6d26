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

package admission_test

import (
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func TestSpecIsStoredAsItWasSent(t *testing.T) {
	for sentence, c := range map[string]struct{ kind, spec string }{
		"a session": {"FederatedSession", `{}`},
		"a session with a document": {
			"FederatedSession",
			`policyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: ["*"], Condition: {}}]}`,
		},
		"an issuer":                {"SessionIssuer", `{}`},
		"an issuer of the cluster": {"ClusterSessionIssuer", `{}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, c.kind, c.spec)
			sent := o.DeepCopy()
			create(t, o)

			g.Expect(k8s.Get(t.Context(), client.ObjectKeyFromObject(o), o)).To(Succeed())
			g.Expect(o.Object["spec"]).To(Equal(sent.Object["spec"]))
		})
	}
}

// -1 is no generation: no tool takes an object that nobody has looked at yet for one that is up to date.
func TestFreshObjectIsNotYetObserved(t *testing.T) {
	notYetObserved := map[string]any{"observedGeneration": int64(-1), "conditions": []any{map[string]any{
		"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "waiting for the operator", "lastTransitionTime": "1970-01-01T00:00:00Z",
	}}}
	for kind := range leastOf {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, kind)
			o.Object["status"] = map[string]any{"observedGeneration": int64(1)}
			create(t, o)

			g.Expect(k8s.Get(t.Context(), client.ObjectKeyFromObject(o), o)).To(Succeed())
			g.Expect(o.Object["status"]).To(Equal(notYetObserved), "whatever its author says")
		})
	}
}

func TestGenerationCountsChangesOfSpecOnly(t *testing.T) {
	observed := map[string]any{"observedGeneration": int64(1)}
	for kind, changed := range map[string]string{
		"FederatedSession":     `name: accounts`,
		"SessionIssuer":        `region: eu-north-1`,
		"ClusterSessionIssuer": `region: eu-north-1`,
	} {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, kind)
			create(t, o)
			g.Expect(o.GetGeneration()).To(Equal(int64(1)))

			o.Object["status"] = observed
			o.Object["spec"] = specOf(t, kind, changed)
			g.Expect(k8s.Status().Update(t.Context(), o)).To(Succeed())
			g.Expect(o.GetGeneration()).To(Equal(int64(1)), "after a write of status")
			g.Expect(o.Object["spec"]).To(Equal(specOf(t, kind)), "a write of status leaves spec alone")

			o.Object["status"] = map[string]any{"observedGeneration": int64(7)}
			o.SetAnnotations(map[string]string{v1alpha1.RotateRequestedAtAnnotation: "now"})
			g.Expect(k8s.Update(t.Context(), o)).To(Succeed())
			g.Expect(o.GetGeneration()).To(Equal(int64(1)), "after a write of metadata")
			g.Expect(o.Object["status"]).To(Equal(observed), "a write of the rest leaves status alone")

			o.Object["spec"] = specOf(t, kind, changed)
			g.Expect(k8s.Update(t.Context(), o)).To(Succeed())
			g.Expect(o.GetGeneration()).To(Equal(int64(2)), "after a write of spec")
		})
	}
}
