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
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

const (
	fence             = "fence" // config/default adds its prefix
	operatorNamespace = "sts-operator-system"
	operatorAccount   = "sts-operator-controller-manager"
	operatorUser      = "system:serviceaccount:" + operatorNamespace + ":" + operatorAccount

	notItsType   = `the operator may write only Secrets of type sts-operator.dev/session`
	notItsSecret = `the operator may write only Secrets whose controller is a FederatedSession`
	notItsOwners = `the operator may not change the owners of a Secret`
	notItsStatus = `of its own kinds the operator may write only the status`
	notItsKind   = `the operator may write only Secrets of sessions, the status of its own kinds, Events, Leases of its namespace and tokens`
	notSoLong    = `the operator may create only tokens that expire within an hour`
)

// installFence returns a client of the operator's ServiceAccount, which may do everything as far as RBAC goes.
func installFence(t *testing.T) client.Client {
	t.Helper()
	namespace(t, operatorNamespace)
	bind(t, operatorUser, "cluster-admin", "")
	operator := as(t, operatorUser, "system:serviceaccounts", "system:serviceaccounts:"+operatorNamespace)
	probe := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "probe-", Namespace: "default"}}
	NewWithT(t).Eventually(func() error {
		return operator.Create(t.Context(), probe.DeepCopy(), client.DryRunAll)
	}).Should(Succeed(), "the role reached the authorizer")
	install(t, fence, func(ctx context.Context) bool {
		return apierrors.IsForbidden(operator.Create(ctx, probe.DeepCopy(), client.DryRunAll))
	})
	return operator
}

func TestTheFenceNamesTheServiceAccountOfTheDefaultInstallation(t *testing.T) {
	g := NewWithT(t)
	content, err := os.ReadFile("../../config/default/kustomization.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	var installation struct{ Namespace, NamePrefix string }
	g.Expect(yaml.Unmarshal(content, &installation)).To(Succeed())
	accounts := []string{}
	for _, o := range documents(t, "../../config/rbac") {
		if o.GetKind() == "ServiceAccount" {
			accounts = append(accounts, "system:serviceaccount:"+installation.Namespace+":"+installation.NamePrefix+o.GetName())
		}
	}
	g.Expect(accounts).To(ConsistOf(operatorUser))
	for _, o := range allPolicies(t) {
		if o.GetName() == fence && o.GetKind() == "ValidatingAdmissionPolicy" {
			conditions, _, err := unstructured.NestedSlice(o.Object, "spec", "matchConditions")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(conditions).To(ConsistOf(HaveKeyWithValue("expression", "request.userInfo.username == '"+operatorUser+"'")))
		}
	}
}

// secretOf is what the operator publishes for a session that it did not store.
func secretOf(name string) *corev1.Secret {
	fs := &v1alpha1.FederatedSession{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: "11111111-1111-1111-1111-111111111111"}}
	secret := credsecret.New(fs)
	credsecret.SyncMetadata(secret, fs)
	secret.Data = map[string][]byte{credsecret.AccessKeyIDKey: []byte("ASIAEXAMPLE")}
	return secret
}

// changed is a copy of the Secret with the change.
func changed(secret *corev1.Secret, change func(*corev1.Secret)) *corev1.Secret {
	secret = secret.DeepCopy()
	change(secret)
	return secret
}

func ownedBy(owners ...metav1.OwnerReference) func(*corev1.Secret) {
	return func(secret *corev1.Secret) { secret.OwnerReferences = owners }
}

// asApplied is the Secret for a server-side apply.
func asApplied(t *testing.T, secret *corev1.Secret) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(secret)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	o := &unstructured.Unstructured{Object: content}
	o.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	unstructured.RemoveNestedField(o.Object, "metadata", "creationTimestamp")
	return o
}

func TestWhichSecretsTheOperatorMayCreate(t *testing.T) {
	operator := installFence(t)
	controller := secretOf("created").OwnerReferences[0]
	var (
		another = metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "created", UID: "1", Controller: ptr.To(true)}
		dead    = controller
		foreign = controller
		issuer  = controller
	)
	dead.Controller = nil
	foreign.APIVersion = "sts-operator.development/v1"
	issuer.Kind = "SessionIssuer"
	for sentence, c := range map[string]struct {
		change  func(*corev1.Secret)
		because string
	}{
		"a session's": {func(*corev1.Secret) {}, ``},
		"a session's, with another owner that is none": {
			ownedBy(controller, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "other", UID: "1"}), ``,
		},
		"not an Opaque one":      {func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }, notItsType},
		"not one without a type": {func(s *corev1.Secret) { s.Type = "" }, notItsType},
		"not one with a password": {func(s *corev1.Secret) {
			s.Type = corev1.SecretTypeBasicAuth
			s.Data = map[string][]byte{"password": []byte("x")}
		}, notItsType},
		"not one without an owner":                       {ownedBy(), notItsSecret},
		"not one whose owner is no controller":           {ownedBy(dead), notItsSecret},
		"not one whose controller is another kind":       {ownedBy(another), notItsSecret},
		"not one with both of them":                      {ownedBy(dead, another), notItsSecret},
		"not one whose controller is of another group":   {ownedBy(foreign), notItsSecret},
		"not one whose controller is an issuer of ours":  {ownedBy(issuer), notItsSecret},
		"not one of no name that is not a session's own": {func(s *corev1.Secret) { s.Name, s.GenerateName, s.OwnerReferences = "", "new-", nil }, notItsSecret},
	} {
		t.Run(sentence, func(t *testing.T) {
			secret := changed(secretOf("created"), c.change)
			applied := asApplied(t, secret)
			err := operator.Create(t.Context(), secret, client.DryRunAll)
			if c.because == "" {
				NewWithT(t).Expect(err).NotTo(HaveOccurred())
				return
			}
			NewWithT(t).Expect(err).To(beRefusedBy(fence, c.because))
			if applied.GetName() != "" {
				NewWithT(t).Expect(apply(t, operator, applied)).To(beRefusedBy(fence, c.because))
			}
		})
	}
}

// Secrets of all sorts are there, and the operator tries to write them in every way.
func TestWhichSecretsTheOperatorMayChangeAndDelete(t *testing.T) {
	operator := installFence(t)
	own := secretOf("own")
	opaque := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "opaque", Namespace: "default"}, Data: own.Data}
	orphan := changed(secretOf("orphan"), ownedBy())
	for _, secret := range []*corev1.Secret{own, opaque, orphan} {
		create(t, secret)
	}
	controller := own.OwnerReferences[0]
	other, dead := controller, controller
	other.UID = "2"
	dead.UID, dead.Controller = "2", nil
	emptied := func(s *corev1.Secret) { s.Data = nil }
	labelled := func(s *corev1.Secret) { s.Labels = map[string]string{"a": "b"} }

	update := func(secret *corev1.Secret, change func(*corev1.Secret)) func() error {
		return func() error { return operator.Update(t.Context(), changed(secret, change)) }
	}
	patch := func(secret *corev1.Secret, kind types.PatchType, text string) func() error {
		return func() error {
			return operator.Patch(t.Context(), secret.DeepCopy(), client.RawPatch(kind, []byte(text)))
		}
	}
	remove := func(secret *corev1.Secret) func() error {
		return func() error { return operator.Delete(t.Context(), secret.DeepCopy()) }
	}
	removeAll := func(kind corev1.SecretType) func() error {
		return func() error {
			return operator.DeleteAllOf(t.Context(), &corev1.Secret{}, client.InNamespace("default"), client.MatchingFields{"type": string(kind)})
		}
	}
	for sentence, c := range map[string]struct {
		try     func() error
		because string
	}{
		"update an Opaque one":            {update(opaque, emptied), notItsType},
		"label an Opaque one":             {update(opaque, labelled), notItsType},
		"patch an Opaque one":             {patch(opaque, types.JSONPatchType, `[{"op": "remove", "path": "/data"}]`), notItsType},
		"adopt an Opaque one":             {update(opaque, ownedBy(controller)), notItsType},
		"delete an Opaque one":            {remove(opaque), notItsType},
		"delete all Opaque ones":          {removeAll(corev1.SecretTypeOpaque), notItsType},
		"update one that nobody has":      {update(orphan, emptied), notItsSecret},
		"adopt one that nobody has":       {update(orphan, ownedBy(controller)), notItsOwners},
		"delete one that nobody has":      {remove(orphan), notItsSecret},
		"give an own one away":            {update(own, ownedBy(other)), notItsOwners},
		"give an own one another owner":   {update(own, ownedBy(controller, dead)), notItsOwners},
		"let go of an own one":            {update(own, ownedBy()), notItsSecret},
		"let go of an own one by a patch": {patch(own, types.MergePatchType, `{"metadata": {"ownerReferences": null}}`), notItsSecret},
		"be no longer its controller":     {patch(own, types.JSONPatchType, `[{"op": "remove", "path": "/metadata/ownerReferences/0/controller"}]`), notItsSecret},
		"move it to another of that name": {
			patch(own, types.JSONPatchType, `[{"op": "replace", "path": "/metadata/ownerReferences/0/uid", "value": "2"}]`), notItsOwners,
		},
		"make it a Secret of another type": {patch(own, types.MergePatchType, `{"type": "Opaque"}`), `field is immutable`},
	} {
		t.Run(sentence, func(t *testing.T) {
			all := func() []*unstructured.Unstructured {
				return []*unstructured.Unstructured{stored(t, own), stored(t, opaque), stored(t, orphan)}
			}
			before := all()
			refused := beRefusedBy(fence, c.because)
			if c.because == `field is immutable` { // by Kubernetes itself
				refused = MatchError(ContainSubstring(c.because))
			}
			NewWithT(t).Expect(c.try()).To(refused)
			NewWithT(t).Expect(all()).To(Equal(before))
		})
	}
}
