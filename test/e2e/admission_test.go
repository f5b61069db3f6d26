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

package e2e_test

import (
	"context"
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/stage"
)

// create asks the API server, as somebody else, to create what the text holds, and returns its answer. Nothing is kept.
func (x *tenant) create(as rest.ImpersonationConfig, text string) (warnings []string, refusal error) {
	x.t.Helper()
	heard := &listener{}
	config := rest.CopyConfig(cluster.Config)
	config.Impersonate, config.WarningHandlerWithContext = as, heard
	c, err := client.New(config, client.Options{Scheme: cluster.Client.Scheme(), Mapper: cluster.Client.RESTMapper()})
	x.Expect(err).NotTo(HaveOccurred())
	objects, err := cluster.Decode([]byte(text), x.namespace)
	x.Expect(err).NotTo(HaveOccurred())
	x.Expect(objects).To(HaveLen(1))
	refusal = c.Create(x.t.Context(), objects[0], client.DryRunAll)
	return heard.warnings, refusal
}

// listener keeps the warnings that the API server gives.
type listener struct{ warnings []string }

func (l *listener) HandleWarningHeaderWithContext(_ context.Context, _ int, _ string, text string) {
	l.warnings = append(l.warnings, text)
}

const tenantSession = `
apiVersion: sts-operator.dev/v1alpha1
kind: FederatedSession
metadata: {name: tenant}
spec: {issuerRef: {kind: ClusterSessionIssuer, name: use}, name: tenant}
`

// TestIssuerUse shows that who writes a session needs the verb use on its issuer.
func TestIssuerUse(t *testing.T) {
	x := newTenant(t, demo)
	jane := rest.ImpersonationConfig{UserName: "jane", Groups: []string{"system:authenticated"}}
	refusal := func() error {
		_, err := x.create(jane, tenantSession)
		return err
	}
	x.apply(permission("Role", "tenant", "resources: [federatedsessions], verbs: [create]"))
	x.Eventually(refusal, patience, interval).Should(MatchError(ContainSubstring(`jane may not use ClusterSessionIssuer "use"`)))
	x.apply(permission("ClusterRole", "e2e-use", "resources: [clustersessionissuers], resourceNames: [use], verbs: [use]"))
	x.Eventually(refusal, patience, interval).Should(Succeed())
}

// permission is a role and its binding, for jane.
func permission(kind, name, rule string) string {
	return fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: %[1]s
metadata: {name: %[2]s}
rules: [{apiGroups: [sts-operator.dev], %[3]s}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: %[1]sBinding
metadata: {name: %[2]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %[1]s, name: %[2]s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
`, kind, name, rule)
}

// TestFence shows that the operator may not write what it never writes, though its role lets it create any Secret.
func TestFence(t *testing.T) {
	x := newTenant(t, demo)
	x.Eventually(func() error {
		_, err := x.create(stage.Operator(), `{apiVersion: v1, kind: Secret, metadata: {name: plain}, stringData: {password: of somebody else}}`)
		return err
	}, patience, interval).Should(MatchError(ContainSubstring("the operator may write only Secrets of type sts-operator.dev/session")))
}

// TestHints shows that a session that is probably not meant so gets a warning.
func TestHints(t *testing.T) {
	x := newTenant(t, demo)
	x.Eventually(func(g Gomega) {
		warnings, err := x.create(rest.ImpersonationConfig{}, tenantSession)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(warnings).To(ContainElement(ContainSubstring("without policyDocument, policy and policyARNs a federated user has no permissions of its own")))
	}, patience, interval).Should(Succeed())
}
