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

package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/federatedsession"
	"github.com/sts-operator/sts-operator/internal/guardrail"
)

func TestGuardrailRefusals(t *testing.T) {
	for sentence, c := range map[string]struct {
		issuer  func(*v1alpha1.IssuerSpec)
		session func(*v1alpha1.FederatedSession)
		reason  string
		message string
	}{
		"a rule": {
			func(i *v1alpha1.IssuerSpec) {
				i.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.name.startsWith('data-')", Message: "names must start with data-"}}
			},
			func(*v1alpha1.FederatedSession) {},
			v1alpha1.ReasonRuleViolated, "SessionIssuer aws refuses the session: names must start with data-",
		},
		"the second of two rules": {
			func(i *v1alpha1.IssuerSpec) {
				i.Guardrails.Rules = []v1alpha1.Rule{
					{Expression: "true"},
					{Expression: "session.durationSeconds <= 3600", MessageExpression: "'at most an hour, not ' + string(session.durationSeconds) + ' s'"},
				}
			},
			func(*v1alpha1.FederatedSession) {},
			v1alpha1.ReasonRuleViolated, "at most an hour, not 43200 s",
		},
		"a forced tag, whose key differs by case only": {
			func(i *v1alpha1.IssuerSpec) {
				i.Guardrails.SessionTags = []v1alpha1.ForcedTag{{Key: "kubernetes-namespace", ValueExpression: "namespace.name"}}
			},
			func(fs *v1alpha1.FederatedSession) {
				fs.Spec.Tags = []v1alpha1.Tag{{Key: "Kubernetes-Namespace", Value: new("other")}}
			},
			v1alpha1.ReasonForcedTagConflict, "ubernetes-",
		},
		"a source identity that is set for it": {
			func(i *v1alpha1.IssuerSpec) { i.Guardrails.SourceIdentityExpression = "object.name" },
			func(fs *v1alpha1.FederatedSession) { assumingRole(fs); fs.Spec.AssumeRole.SourceIdentity = "jane" },
			v1alpha1.ReasonSourceIdentityConflict, "jane",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.changeIssuer(c.issuer)
			h.session("reports", c.session)
			h.sts.ForgetCalls()

			h.reconcile("reports")

			h.Expect(h.expectReady("reports", metav1.ConditionFalse, c.reason)).To(ContainSubstring(c.message))
			h.Expect(meta.IsStatusConditionTrue(h.get("reports").Status.Conditions, v1alpha1.StalledCondition)).To(BeTrue())
			h.Expect(h.sts.Calls()).To(BeEmpty())
			h.Expect(h.hasSecret("reports")).To(BeFalse())
			h.Expect(h.events()).To(ContainElement(ContainSubstring("Warning " + c.reason)))

			h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
				i.Guardrails.Rules, i.Guardrails.SessionTags, i.Guardrails.SourceIdentityExpression = nil, nil, ""
			})
			h.role(trustOfAccount)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

// A rule that cannot be read refuses everything, and says where it is broken.
func TestGuardrailBrokenRule(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	h.session("reports")
	h.reconcile("reports")
	first := h.accessKey("reports")

	h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
		i.Guardrails.Rules = []v1alpha1.Rule{{Expression: "true"}, {Expression: "session.nmae == 'x'"}}
	})
	h.Expect(h.expectCondition(h.getIssuer("aws").Status.Conditions, v1alpha1.ReadyCondition, metav1.ConditionFalse, v1alpha1.ReasonRuleInvalid)).To(
		And(ContainSubstring("spec.guardrails.rules[1].expression"), ContainSubstring("line 1, column 8")),
	)

	h.toRotation("reports")
	h.reconcile("reports")
	h.Expect(h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)).To(ContainSubstring("spec.guardrails.rules[1].expression"))
	h.Expect(h.accessKey("reports")).To(Equal(first))

	// Not even a stale confirmation lets it pass: the rules are read with the session, too.
	h.restart()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { i.Spec.Guardrails.Rules[1].Expression = "session.name" })
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).To(Equal(first))

	h.changeIssuer(func(i *v1alpha1.IssuerSpec) { i.Guardrails.Rules = nil })
	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).NotTo(Equal(first))
}

func TestGuardrailSessionTags(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
		i.Guardrails.SessionTags = []v1alpha1.ForcedTag{{Key: "kubernetes-namespace", ValueExpression: "namespace.name"}, {Key: "cluster", Value: new("eu")}}
	})
	h.session("reports", func(fs *v1alpha1.FederatedSession) {
		fs.Spec.Tags = []v1alpha1.Tag{{Key: "team", Value: new("data")}}
	})
	h.reconcile("reports")
	sent := h.sts.Calls()[len(h.sts.Calls())-1].Parameters
	h.Expect(sent).To(
		And(
			HaveKeyWithValue("Tags.member.1.Key", "cluster"),
			HaveKeyWithValue("Tags.member.2.Value", h.namespace),
			HaveKeyWithValue("Tags.member.3.Key", "team"),
		),
	)
	first := h.accessKey("reports")

	h.reconcile("reports")
	h.Expect(h.accessKey("reports")).To(Equal(first))

	h.changeIssuer(func(i *v1alpha1.IssuerSpec) { i.Guardrails.SessionTags[1].Value = new("us") })
	h.reconcile("reports")
	second := h.accessKey("reports")
	h.Expect(second).NotTo(Equal(first))

	// While the guardrails cannot be told, credentials that carry their tags are still those of the spec.
	h.changeIssuer(func(i *v1alpha1.IssuerSpec) { i.Guardrails.Rules = []v1alpha1.Rule{{Expression: "tru"}} })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.Expect(h.direct.Delete(t.Context(), h.getIssuer("aws"))).To(Succeed())
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)
	h.Expect(h.accessKey("reports")).To(Equal(second))
}

// Rules see the labels of the namespace and of the object, so a change of either counts.
func TestGuardrailRulesSeeLabels(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.changeIssuer(func(i *v1alpha1.IssuerSpec) {
		i.Guardrails.Rules = []v1alpha1.Rule{
			{Expression: "'team' in namespace.labels && 'team' in object.labels && object.labels['team'] == namespace.labels['team']"},
		}
	})
	fs := h.session("reports")
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonRuleViolated)

	edit(h, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: h.namespace}}, func(n *corev1.Namespace) { n.Labels["team"] = "data" })
	edit(h, fs, func(fs *v1alpha1.FederatedSession) { fs.Labels = map[string]string{"team": "data"} })
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

// Guardrails that are no longer compiled, since the cache has a size, must not let a request pass as it was asked for.
func TestGuardrailsThatTheCacheHasDropped(t *testing.T) {
	h := newHarness(t)
	issuer := h.issuer()
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) {
		i.Spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.name == 'allowed'"}}
	})
	h.reconcileIssuer("aws")
	h.session("reports")
	d := h.dependencies
	d.Guardrails = guardrail.NewCache()
	h.sessions = federatedsession.New(d)

	h.reconcile("reports")

	h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonIssuerNotReady)
	h.Expect(h.issued()).To(BeZero())
}
