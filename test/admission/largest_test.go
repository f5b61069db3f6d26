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
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// largestObjects are the objects with every list, map, text and number at its bound, so that the rules cost the most that they
// can: the API server refuses what costs more than its budget, and etcd what is larger than 1.5 MiB.
var largestObjects = map[string]struct{ kind, spec, change string }{
	"the largest session of a federated user": {"FederatedSession", largestSession, `suspend: false`},
	"the largest session of AssumeRole": {
		"FederatedSession",
		largestOfAll + largestOfARole + largestPolicies + largestTags + largestAssumeRole,
		`suspend: false`,
	},
	"the largest session of AssumeRoleWithWebIdentity": {
		"FederatedSession",
		largestOfAll + largestOfARole + largestPolicies + largestWebIdentity,
		`suspend: false`,
	},
	"the largest session of AssumeRoleWithSAML": {"FederatedSession", largestOfAll + largestSAML + largestPolicies, `suspend: false`},
	"the largest session of GetSessionToken":    {"FederatedSession", largestOfAll + largestGetSessionToken, `suspend: false`},
	"the largest issuer":                        {"SessionIssuer", largestAWS + largestIssuer, `requestsPerSecond: 599`},
	"the largest issuer of another service":     {"SessionIssuer", largestCompatible + largestIssuer, `requestsPerSecond: 599`},
	"the largest issuer of the cluster":         {"ClusterSessionIssuer", largestAWS + largestIssuer + largestNamespaces, `requestsPerSecond: 599`},
}

const govRole = `arn:aws-us-gov:iam::123456789012:role/` // 38 characters

var (
	largestOfAll = `
issuerRef: {kind: ClusterSessionIssuer, name: ` + name253 + `}
minimumSessionTokenSize: 4096
verify: true
secret:
  name: ` + name253 + `
  template:
    metadata:
      labels: {` + many(32, `"`+name253+`/`+text(60, "k")+`%d": "`+text(63, "v")+`"`) + `}
      annotations: {` + many(32, `"`+name253+`/`+text(60, "k")+`%d": "`+text(1024, "🚀")+`"`) + `}
suspend: true
`
	// largestSession is of a federated user.
	largestSession = largestOfAll + largestPolicies + largestTags + `
name: ` + text(32, "n") + `
durationSeconds: 129600
rotation: {beforeExpirationSeconds: 129599}
`
	largestPolicies = `
policy: ` + text(20480, "🚀") + `
policyARNs: [` + many(10, `"arn:aws-us-gov:iam::123456789012:policy/`+text(2048-43, "n")+`%d"`) + `]
`
	largestTags = `
tags: [` + many(50, `{key: "`+text(125, "𐐀")+`%d", value: "`+text(256, "𐐀")+`"}`) + `]
`
	largestOfARole = `
name: ` + text(64, "n") + `
durationSeconds: 43200
rotation: {beforeExpirationSeconds: 43199}
`
	largestAssumeRole = `
assumeRole:
  roleARN: ` + govRole + text(2048-38, "n") + `
  externalID: ` + text(1224, "x") + `
  sourceIdentity: ` + text(64, "x") + `
  transitiveTagKeys: [` + many(50, `"`+text(125, "𐐀")+`%d"`) + `]
  providedContexts: [` + many(5, `{providerARN: "arn:aws-us-gov:`+text(2048-18, "p")+`%d", contextAssertion: "`+text(2048, "🚀")+`"}`) + `]
`
	largestWebIdentity = `
assumeRoleWithWebIdentity:
  roleARN: ` + govRole + text(2048-38, "n") + `
  serviceAccountName: ` + name253 + `
  audience: ` + text(255, "a") + `
  providerID: ` + text(2048, "a") + `
`
	largestSAML = `
name: null
durationSeconds: 43200
rotation: {beforeExpirationSeconds: 43199}
assumeRoleWithSAML:
  roleARN: ` + govRole + text(2048-38, "n") + `
  principalARN: arn:aws-us-gov:iam::123456789012:saml-provider/` + text(2048-47, "n") + `
  assertionSecretRef: {name: ` + name253 + `, key: ` + text(253, "k") + `}
`
	largestGetSessionToken = `
name: null
durationSeconds: 129600
rotation: {beforeExpirationSeconds: 129599}
getSessionToken: {}
`
	largestAWS = `
service: AWS
region: us-` + text(59, "e") + `-1
endpoint: https://` + text(2039, "h") + `/
accountID: "999999999999"
`
	largestCompatible = `
service: Compatible
region: "` + text(64, "!") + `"
endpoint: https://` + text(20, "h") + `/` + text(2019, "p") + `
`
	largestIssuer = `
verificationIntervalSeconds: 86400
fips: false
ambient: null
accessKey: {secretRef: {name: ` + name253 + `}, accessKeyIDKey: ` + text(253, "k") + `, secretAccessKeyKey: ` + text(253, "s") + `}
mfa: {serialNumber: ` + text(256, "m") + `, totpSecretRef: {name: ` + name253 + `, key: ` + text(253, "k") + `}}
guardrails:
  operations: [GetFederationToken, AssumeRole, AssumeRoleWithWebIdentity, AssumeRoleWithSAML, GetSessionToken]
  rules: [` + many(32, `{expression: "`+text(4096, "🚀")+`", messageExpression: "`+text(4096, "🚀")+`"}`) + `]
  sessionTags: [` + many(50, `{key: "`+text(125, "𐐀")+`%d", valueExpression: "`+text(1024, "🚀")+`", transitive: true}`) + `]
  sourceIdentityExpression: ` + text(1024, "🚀") + `
requestsPerSecond: 600
`
	largestNamespaces = `
allowedNamespaces:
  names: [` + many(256, text(60, "n")+`%d`) + `]
  selector: {matchExpressions: [` + many(1000, `{key: k%d, operator: In, values: [a, b, c]}`) + `]}
`
)

func TestLargestObjectsAreAccepted(t *testing.T) {
	for sentence, c := range largestObjects {
		ask(t, c.kind, map[string]candidate{sentence: {c.spec, ``}})
	}
}

func TestLargestObjectsAreStoredAndChanged(t *testing.T) {
	for sentence, c := range largestObjects {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, c.kind, c.spec)
			sent := o.DeepCopy()
			create(t, o)

			g.Expect(k8s.Get(t.Context(), client.ObjectKeyFromObject(o), o)).To(Succeed())
			g.Expect(o.Object["spec"]).To(Equal(sent.Object["spec"]))
			o.Object["spec"] = specOf(t, c.kind, c.spec, c.change)
			g.Expect(k8s.Update(t.Context(), o)).To(Succeed())
		})
	}
}

func TestFederatedSessionLargestLabelsAndAnnotationsFitOnASecret(t *testing.T) {
	g := NewWithT(t)
	session := &v1alpha1.FederatedSession{}
	g.Expect(yaml.Unmarshal([]byte(largestSession), &session.Spec)).To(Succeed())
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: session.TargetSecretName(), Namespace: "default", Labels: map[string]string{}, Annotations: map[string]string{},
	}}
	for key, value := range session.Spec.Secret.Template.Metadata.Labels {
		secret.Labels[key] = string(value)
	}
	for key, value := range session.Spec.Secret.Template.Metadata.Annotations {
		secret.Annotations[key] = string(value)
	}
	g.Expect(k8s.Create(t.Context(), secret, client.DryRunAll)).To(Succeed())
}
