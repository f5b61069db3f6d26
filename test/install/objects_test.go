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
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"

	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// oidcIssuer is the issuer of the API server's tokens.
const oidcIssuer = "https://oidc.example.com/cluster"

// worldWith trusts the tokens of the API server's ServiceAccounts.
func worldWith(t *testing.T, cluster *controlplane.ControlPlane) stsfake.World {
	t.Helper()
	g := NewWithT(t)
	clients, err := kubernetes.NewForConfig(cluster.Config)
	g.Expect(err).NotTo(HaveOccurred())
	keys, err := clients.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	world, err := stsfake.ParseWorld(fmt.Appendf(nil, world, oidcIssuer, keys))
	g.Expect(err).NotTo(HaveOccurred())
	return world
}

const world = `
accounts:
  - id: "123456789012"
    users:
      - name: demo
        keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]
    roles:
      - name: workload
        trust:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/cluster"}
              Action: sts:AssumeRoleWithWebIdentity
    oidcProviders:
      - {url: "%s", clientIDs: [sts.amazonaws.com], jwks: %s}
`

const tenant = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: Secret
metadata: {name: broker, namespace: %[1]s}
stringData: {AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE, AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
---
apiVersion: sts-operator.dev/v1alpha1
kind: SessionIssuer
metadata: {name: broker, namespace: %[1]s}
spec: {region: us-east-1, endpoint: "%[2]s", accessKey: {secretRef: {name: broker}}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: reports, namespace: %[1]s}
spec: {name: reports, issuerRef: {kind: SessionIssuer, name: broker}}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: shared, namespace: %[1]s}
spec: {name: shared, issuerRef: {kind: ClusterSessionIssuer, name: broker}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: workload, namespace: %[1]s}
---
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: workload, namespace: %[1]s}
spec:
  name: workload
  issuerRef: {kind: SessionIssuer, name: broker}
  assumeRoleWithWebIdentity: {roleARN: "arn:aws:iam::123456789012:role/workload", serviceAccountName: workload}
`

const clusterIssuer = `
apiVersion: v1
kind: Secret
metadata: {name: broker, namespace: sts-operator-system}
stringData: {AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE, AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
---
apiVersion: sts-operator.dev/v1alpha1
kind: ClusterSessionIssuer
metadata: {name: broker}
spec: {region: us-east-1, endpoint: "%s", accessKey: {secretRef: {name: broker}}, allowedNamespaces: {}}
`
