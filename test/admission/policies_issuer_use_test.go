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
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const issuerUse = "sts-operator-issuer-use"

// installIssuerUse returns when a user is refused who may write sessions but use no issuer.
func installIssuerUse(t *testing.T) {
	t.Helper()
	grant(t, "writer", right{"", "*", ours, "federatedsessions", ""})
	writer, probe := as(t, "writer"), object(t, "FederatedSession")
	install(t, issuerUse, func(ctx context.Context) bool {
		return apierrors.IsForbidden(writer.Create(ctx, probe.DeepCopy(), client.DryRunAll))
	})
}

func TestWhoMayUseAnIssuer(t *testing.T) {
	namespace(t, "elsewhere")
	installIssuerUse(t)
	const ofNamespace, ofCluster = `issuerRef: {kind: SessionIssuer, name: main}`, `issuerRef: {kind: ClusterSessionIssuer, name: main}`
	for sentence, c := range map[string]struct {
		right   right
		issuer  string
		allowed bool
	}{
		"the verb in the namespace":                                     {right{"default", "use", ours, "sessionissuers", ""}, ofNamespace, true},
		"the verb in all namespaces":                                    {right{"", "use", ours, "sessionissuers", ""}, ofNamespace, true},
		"the verb on the issuer by its name":                            {right{"default", "use", ours, "sessionissuers", "main"}, ofNamespace, true},
		"not the verb on another name":                                  {right{"default", "use", ours, "sessionissuers", "other"}, ofNamespace, false},
		"not the verb in another namespace":                             {right{"elsewhere", "use", ours, "sessionissuers", "main"}, ofNamespace, false},
		"the verb on an issuer of the cluster":                          {right{"", "use", ours, "clustersessionissuers", ""}, ofCluster, true},
		"the verb on an issuer of the cluster by its name":              {right{"", "use", ours, "clustersessionissuers", "main"}, ofCluster, true},
		"not the verb on another of the cluster":                        {right{"", "use", ours, "clustersessionissuers", "other"}, ofCluster, false},
		"not the verb on an issuer of the cluster in a namespace":       {right{"default", "use", ours, "clustersessionissuers", "main"}, ofCluster, false},
		"not the namespace's issuer of the same name for the cluster's": {right{"", "use", ours, "sessionissuers", "main"}, ofCluster, false},
		"not the cluster's issuer of the same name for the namespace's": {right{"", "use", ours, "clustersessionissuers", "main"}, ofNamespace, false},
		"every verb in the namespace":                                   {right{"default", "*", ours, "*", ""}, ofNamespace, true},
		"not every verb in the namespace for the cluster's":             {right{"default", "*", "*", "*", ""}, ofCluster, false},
		"every verb in the cluster":                                     {right{"", "*", "*", "*", ""}, ofCluster, true},
		"not another verb":                                              {right{"", "get", ours, "*", ""}, ofNamespace, false},
		"not the verb in another API group":                             {right{"", "use", "example.com", "sessionissuers", ""}, ofNamespace, false},
		"not the verb on the status":                                    {right{"", "use", ours, "sessionissuers/status", ""}, ofNamespace, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			user := strings.ReplaceAll(sentence, " ", "-")
			grant(t, user, right{"", "create", ours, "federatedsessions", ""}, c.right)
			err := as(t, user).Create(t.Context(), object(t, "FederatedSession", c.issuer), client.DryRunAll)
			if c.allowed {
				NewWithT(t).Expect(err).NotTo(HaveOccurred())
				return
			}
			NewWithT(t).Expect(err).To(beRefusedBy(issuerUse, user+` may not use `))
		})
	}
}

func TestTheRefusalSaysWhatToGrant(t *testing.T) {
	installIssuerUse(t)
	for issuer, because := range map[string]string{
		`issuerRef: {kind: SessionIssuer, name: main}`: `writer may not use SessionIssuer "main": ` +
			`name another issuer, or have the verb "use" granted on sessionissuers.sts-operator.dev "main"`,
		`issuerRef: {kind: ClusterSessionIssuer, name: main}`: `writer may not use ClusterSessionIssuer "main": ` +
			`name another issuer, or have the verb "use" granted on clustersessionissuers.sts-operator.dev "main"`,
	} {
		err := as(t, "writer").Create(t.Context(), object(t, "FederatedSession", issuer), client.DryRunAll)
		NewWithT(t).Expect(err).To(beRefusedBy(issuerUse, because))
	}
}

// A ServiceAccount, as that of a GitOps tool, by its group.
func TestTheVerbMayBeGrantedToTheServiceAccountsOfANamespace(t *testing.T) {
	g := NewWithT(t)
	installIssuerUse(t)
	gitops := as(t, "system:serviceaccount:gitops:applier", "gitops-writers")
	o := object(t, "FederatedSession")
	grant(t, "system:serviceaccount:gitops:applier", right{"", "*", ours, "federatedsessions", ""})
	g.Expect(gitops.Create(t.Context(), o.DeepCopy(), client.DryRunAll)).To(beRefusedBy(issuerUse, ""))
	grant(t, "system:serviceaccount:gitops:applier", right{"default", "use", ours, "sessionissuers", "main"})
	g.Expect(gitops.Create(t.Context(), o, client.DryRunAll)).To(Succeed())
}

const (
	allowedIssuer = `issuerRef: {kind: SessionIssuer, name: allowed}`
	deniedIssuer  = `issuerRef: {kind: SessionIssuer, name: denied}`
)

// A user who may do everything with sessions, and may use one issuer, tries to get a session of another.
func TestWaysAroundTheVerb(t *testing.T) {
	namespace(t, "elsewhere")
	installIssuerUse(t)
	grant(t, "tenant", right{"", "*", ours, "federatedsessions", ""}, right{"", "*", ours, "federatedsessions/status", ""},
		right{"default", "use", ours, "sessionissuers", "allowed"}, right{"elsewhere", "use", ours, "sessionissuers", ""})
	tenant := as(t, "tenant")
	own, foreign := session(t, "own", allowedIssuer), session(t, "foreign", deniedIssuer)
	create(t, own)
	create(t, foreign)
	patch := func(o client.Object, kind types.PatchType, text string) error {
		return tenant.Patch(t.Context(), stored(t, o), client.RawPatch(kind, []byte(text)))
	}
	for sentence, try := range map[string]func() error{
		"create it under a name":     func() error { return tenant.Create(t.Context(), session(t, "new", deniedIssuer)) },
		"create it without a name":   func() error { return tenant.Create(t.Context(), object(t, "FederatedSession", deniedIssuer)) },
		"apply it as a new one":      func() error { return apply(t, tenant, session(t, "applied", deniedIssuer)) },
		"apply it over an own":       func() error { return apply(t, tenant, session(t, "own", deniedIssuer)) },
		"apply a foreign one's name": func() error { return apply(t, tenant, session(t, "foreign", deniedIssuer, `name: somebody`)) },
		"update an own one": func() error {
			o := stored(t, own)
			o.Object["spec"] = specOf(t, "FederatedSession", deniedIssuer)
			return tenant.Update(t.Context(), o)
		},
		"update an own one to the cluster's of the same name": func() error {
			o := stored(t, own)
			o.Object["spec"] = specOf(t, "FederatedSession", `issuerRef: {kind: ClusterSessionIssuer, name: allowed}`)
			return tenant.Update(t.Context(), o)
		},
		"merge it into an own one": func() error {
			return patch(own, types.MergePatchType, `{"spec": {"issuerRef": {"name": "denied"}}}`)
		},
		"patch the kind alone": func() error {
			return patch(own, types.JSONPatchType, `[{"op": "replace", "path": "/spec/issuerRef/kind", "value": "ClusterSessionIssuer"}]`)
		},
		"add a policy to a foreign one": func() error {
			return patch(foreign, types.MergePatchType, `{"spec": {"policy": "{}"}}`)
		},
		"change the policy of a foreign one along with a label": func() error {
			return patch(foreign, types.MergePatchType, `{"metadata": {"labels": {"a": "b"}}, "spec": {"policy": "{}"}}`)
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			before := []*unstructured.Unstructured{stored(t, own), stored(t, foreign)}
			NewWithT(t).Expect(try()).To(beRefusedBy(issuerUse, `tenant may not use `))
			NewWithT(t).Expect([]*unstructured.Unstructured{stored(t, own), stored(t, foreign)}).To(Equal(before))
		})
	}
	t.Run("write the spec through the status", func(t *testing.T) {
		o := stored(t, own)
		o.Object["spec"] = specOf(t, "FederatedSession", deniedIssuer)
		NewWithT(t).Expect(tenant.Status().Update(t.Context(), o)).To(Succeed())
		NewWithT(t).Expect(stored(t, own).Object["spec"]).To(Equal(own.Object["spec"]), "the API server leaves the spec out")
	})
	t.Run("what the user may do, each way works for", func(t *testing.T) {
		g := NewWithT(t)
		g.Expect(tenant.Create(t.Context(), object(t, "FederatedSession", allowedIssuer), client.DryRunAll)).To(Succeed())
		g.Expect(apply(t, tenant, session(t, "own", allowedIssuer, `name: somebody`))).To(Succeed())
		g.Expect(patch(own, types.MergePatchType, `{"spec": {"durationSeconds": 3600}}`)).To(Succeed())
		g.Expect(patch(foreign, types.MergePatchType, `{"spec": {"issuerRef": {"name": "allowed"}}}`)).To(Succeed())
	})
}

// apply is a server-side apply.
func apply(t *testing.T, c client.Client, o *unstructured.Unstructured) error {
	t.Helper()
	return c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("test"), client.ForceOwnership)
}

// What GitOps tools, the garbage collector, the operator and operators of the platform do without the verb.
func TestWhatTheVerbIsNotNeededFor(t *testing.T) {
	installIssuerUse(t)
	grant(t, "writer", right{"", "*", ours, "federatedsessions/status", ""})
	writer := as(t, "writer")
	for sentence, change := range map[string]func(*unstructured.Unstructured) error{
		"a label": func(o *unstructured.Unstructured) error {
			o.SetLabels(map[string]string{"app.kubernetes.io/instance": "reports"})
			return writer.Update(t.Context(), o)
		},
		"an annotation, by which a rotation is asked for": func(o *unstructured.Unstructured) error {
			rotate := []byte(`{"metadata": {"annotations": {"sts-operator.dev/rotate-requested-at": "now"}}}`)
			return writer.Patch(t.Context(), o, client.RawPatch(types.MergePatchType, rotate))
		},
		"a finalizer and its removal": func(o *unstructured.Unstructured) error {
			o.SetFinalizers([]string{metav1.FinalizerDeleteDependents})
			if err := writer.Update(t.Context(), o); err != nil {
				return err
			}
			o.SetFinalizers(nil)
			return writer.Update(t.Context(), o)
		},
		"an owner": func(o *unstructured.Unstructured) error {
			o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: "1"}})
			return writer.Update(t.Context(), o)
		},
		"the same spec once more, applied": func(o *unstructured.Unstructured) error { return apply(t, writer, session(t, o.GetName())) },
		"the status": func(o *unstructured.Unstructured) error {
			return writer.Status().Patch(t.Context(), o, client.RawPatch(types.MergePatchType, []byte(`{"status": {"observedGeneration": 1}}`)))
		},
		"a deletion": func(o *unstructured.Unstructured) error { return writer.Delete(t.Context(), o, client.DryRunAll) },
		"a deletion of many": func(*unstructured.Unstructured) error {
			return writer.DeleteAllOf(t.Context(), object(t, "FederatedSession"), client.InNamespace("default"), client.DryRunAll)
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := session(t, "kept")
			create(t, o)
			NewWithT(t).Expect(change(o)).To(Succeed())
		})
	}
}

func TestTheVerbIsAskedForTheLargestSession(t *testing.T) {
	g := NewWithT(t)
	installIssuerUse(t)
	grant(t, "largest", right{"", "*", ours, "federatedsessions", ""}, right{"", "use", ours, "clustersessionissuers", name253})
	before, after := largest(t)
	g.Expect(as(t, "writer").Create(t.Context(), before.DeepCopy())).To(beRefusedBy(issuerUse, name253))
	g.Expect(as(t, "largest").Create(t.Context(), before)).To(Succeed())
	deleteAtTheEnd(t, before)
	after.SetResourceVersion(before.GetResourceVersion())
	g.Expect(as(t, "writer").Update(t.Context(), after.DeepCopy())).To(beRefusedBy(issuerUse, name253))
	g.Expect(as(t, "largest").Update(t.Context(), after)).To(Succeed())
}

// docs/admission.md shows how to grant the verb. Its examples are stored as they are there, and do what the page says.
func TestTheGrantsInTheDocumentationWork(t *testing.T) {
	g := NewWithT(t)
	namespace(t, "team-a")
	content, err := os.ReadFile("../../docs/admission.md")
	g.Expect(err).NotTo(HaveOccurred())
	kinds := []string{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)\n```").FindAllStringSubmatch(string(content), -1) {
		for _, document := range strings.Split(block[1], "\n---\n") {
			o := &unstructured.Unstructured{Object: merged(t, document)}
			create(t, o)
			kinds = append(kinds, o.GetKind())
		}
	}
	g.Expect(kinds).To(ContainElements("ClusterRoleBinding", "RoleBinding", "ValidatingAdmissionPolicyBinding"))

	installIssuerUse(t)
	for user, issuers := range map[string]map[string]bool{
		"jane":                                 {"ClusterSessionIssuer shared": true, "ClusterSessionIssuer other": false, "SessionIssuer main": false},
		"system:serviceaccount:gitops:applier": {"ClusterSessionIssuer shared": false, "SessionIssuer main": true, "SessionIssuer other": false},
	} {
		grant(t, user, right{"", "create", ours, "federatedsessions", ""})
		writer := as(t, user, map[string]string{"jane": "team-a"}[user])
		for issuer, isAllowed := range issuers {
			kind, name, _ := strings.Cut(issuer, " ")
			o := object(t, "FederatedSession", `issuerRef: {kind: `+kind+`, name: `+name+`}`)
			o.SetNamespace("team-a")
			err := writer.Create(t.Context(), o, client.DryRunAll)
			if isAllowed {
				g.Expect(err).NotTo(HaveOccurred(), "%s %s", user, issuer)
				continue
			}
			g.Expect(err).To(beRefusedBy(issuerUse, user+" may not use "), "%s %s", user, issuer)
		}
	}
}
