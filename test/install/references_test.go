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

package install_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// TestKustomizeRewritesReferences builds what a team may write, with a prefix, a suffix and a generated Secret.
func TestKustomizeRewritesReferences(t *testing.T) {
	g := NewWithT(t)
	folder := filepath.Join(filepath.Dir(copyOfConfig(t)), "team")
	g.Expect(os.Mkdir(folder, 0o700)).To(Succeed())
	for name, text := range map[string]string{"kustomization.yaml": teamKustomization, "objects.yaml": teamObjects} {
		g.Expect(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)).To(Succeed())
	}

	built := kustomized(t, folder)

	var key string
	for _, object := range built {
		if object.GetKind() == "Secret" {
			key = object.GetName()
		}
	}
	g.Expect(key).To(MatchRegexp("^dev-key-eu-[a-z0-9]{10}$"), "the generated one, and no other Secret")
	issuer := named[v1alpha1.SessionIssuer](t, built, "SessionIssuer", "dev-broker-eu")
	g.Expect(issuer.Spec.AccessKey.SecretRef.Name).To(Equal(key))
	g.Expect(issuer.Spec.MFA.TOTPSecretRef.Name).To(Equal(key))
	cluster := named[v1alpha1.ClusterSessionIssuer](t, built, "ClusterSessionIssuer", "dev-shared-eu")
	g.Expect(cluster.Spec.AccessKey.SecretRef.Name).To(Equal(key))

	reports := session(t, built, "dev-reports-eu")
	g.Expect(reports.IssuerRef.Name).To(Equal("dev-broker-eu"))
	g.Expect(reports.Name).To(Equal("reports"), "a name at AWS is no reference")
	renamed := session(t, built, "dev-renamed-eu")
	g.Expect(renamed.IssuerRef.Name).To(Equal("dev-shared-eu"))
	g.Expect(renamed.Secret.Name).To(Equal("dev-aws-eu"), "a placeholder stands for it")
	g.Expect(renamed.AssumeRoleWithWebIdentity.ServiceAccountName).To(Equal("dev-workload-eu"))
	g.Expect(session(t, built, "dev-own-eu").Secret.Name).To(Equal("own-aws"), "nothing stands for it")
	g.Expect(session(t, built, "dev-saml-eu").AssumeRoleWithSAML.AssertionSecretRef.Name).To(Equal(key))

	pod := named[appsv1.Deployment](t, built, "Deployment", "dev-app-eu").Spec.Template.Spec
	var names []string
	for _, volume := range pod.Volumes {
		names = append(names, volume.Secret.SecretName)
	}
	g.Expect(names).To(Equal([]string{"dev-reports-eu", "dev-aws-eu", "own-aws"}))
	g.Expect(pod.Containers[0].EnvFrom[0].SecretRef.Name).To(Equal("dev-reports-eu"))
}

func session(t *testing.T, built []*unstructured.Unstructured, name string) v1alpha1.FederatedSessionSpec {
	t.Helper()
	return named[v1alpha1.FederatedSession](t, built, "FederatedSession", name).Spec
}

const teamKustomization = `
namespace: team-a
namePrefix: dev-
nameSuffix: -eu
components: [../config/references]
secretGenerator:
  - {name: key, literals: [AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE, AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]}
resources: [objects.yaml]
`

const teamObjects = `
apiVersion: sts-operator.dev/v1alpha1
kind: SessionIssuer
metadata: {name: broker}
spec:
  region: us-east-1
  accessKey: {secretRef: {name: key}}
  mfa: {serialNumber: "arn:aws:iam::123456789012:mfa/demo", totpSecretRef: {name: key, key: seed}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: ClusterSessionIssuer
metadata: {name: shared}
spec: {region: us-east-1, accessKey: {secretRef: {name: key}}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: reports}
spec: {name: reports, issuerRef: {kind: SessionIssuer, name: broker}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: renamed}
spec:
  name: renamed
  issuerRef: {kind: ClusterSessionIssuer, name: shared}
  assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/a", serviceAccountName: workload}
  secret: {name: aws}
---
apiVersion: v1
kind: Secret
metadata: {name: aws, annotations: {config.kubernetes.io/local-config: "true"}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: own}
spec: {name: own, issuerRef: {kind: SessionIssuer, name: broker}, secret: {name: own-aws}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: saml}
spec:
  issuerRef: {kind: SessionIssuer, name: broker}
  assumeRoleWithSAML:
    roleARN: arn:aws:iam::123456789012:role/a
    principalARN: arn:aws:iam::123456789012:saml-provider/a
    assertionSecretRef: {name: key, key: saml}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: workload}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers: [{name: a, image: a, envFrom: [{secretRef: {name: reports}}]}]
      volumes:
        - {name: reports, secret: {secretName: reports}}
        - {name: renamed, secret: {secretName: aws}}
        - {name: own, secret: {secretName: own-aws}}
`
