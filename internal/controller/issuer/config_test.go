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

package issuer

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The schema refuses these; an object that was stored without it must not get a Ready issuer all the same.
func TestConfigOfAnIssuerWithoutExactlyOneIdentity(t *testing.T) {
	accessKey := &v1alpha1.AccessKeyIdentity{SecretRef: v1alpha1.SecretReference{Name: "key"}}
	for sentence, spec := range map[string]v1alpha1.IssuerSpec{
		"none":                                  {Region: "eu-central-1"},
		"a key and unsigned":                    {Region: "eu-central-1", AccessKey: accessKey, Unsigned: &v1alpha1.UnsignedIdentity{}},
		"the operator's own in a SessionIssuer": {Region: "eu-central-1", Ambient: &v1alpha1.AmbientIdentity{}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			r := &Reconciler{kind: v1alpha1.SessionIssuerKind, guardrails: guardrail.NewCache()}
			issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "aws", UID: "uid", Generation: 1}}
			issuer.Spec.IssuerSpec = spec

			_, err := r.configOf(t.Context(), issuer)

			problem, err := sts.Split(err)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonInvalidSpec))
			g.Expect(problem.Message).To(ContainSubstring("exactly one identity"))
		})
	}
}
