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
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

func serviceAccount(t *testing.T) *corev1.ServiceAccount {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{GenerateName: "fenced-", Namespace: "default"}}
	create(t, account)
	return account
}

func leaseIn(namespace string) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{GenerateName: "fenced-", Namespace: namespace}}
}

func tokenFor(seconds int64, audiences ...string) *authenticationv1.TokenRequest {
	return &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences, ExpirationSeconds: &seconds}}
}

func TestWhatElseTheOperatorMayNotWrite(t *testing.T) {
	operator := installFence(t)
	fs, issuer, account, lease := session(t, "fenced"), object(t, "ClusterSessionIssuer"), serviceAccount(t), leaseIn(operatorNamespace)
	create(t, fs)
	create(t, issuer)
	create(t, lease)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "fenced-", Namespace: "default"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "main"}}},
	}
	admin := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "fenced-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
	}
	add := func(o client.Object) func() error { return func() error { return operator.Create(t.Context(), o) } }
	patch := func(o client.Object, text string) func() error {
		return func() error {
			return operator.Patch(t.Context(), o.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, []byte(text)))
		}
	}
	remove := func(o client.Object) func() error { return func() error { return operator.Delete(t.Context(), o) } }
	for sentence, c := range map[string]struct {
		try     func() error
		because string
	}{
		"the spec of a session":       {patch(fs, `{"spec": {"name": "admin"}}`), notItsStatus},
		"the labels of a session":     {patch(fs, `{"metadata": {"labels": {"a": "b"}}}`), notItsStatus},
		"a new session":               {add(object(t, "FederatedSession")), notItsStatus},
		"a new session, applied":      {func() error { return apply(t, operator, session(t, "new")) }, notItsStatus},
		"a session's deletion":        {remove(fs.DeepCopy()), notItsStatus},
		"the namespaces of an issuer": {patch(issuer, `{"spec": {"allowedNamespaces": {}}}`), notItsStatus},
		"a pod":                       {add(pod), notItsKind},
		"a role for somebody":         {add(admin), notItsKind},
		"the labels of a namespace": {
			patch(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, `{"metadata": {"labels": {"a": "b"}}}`), notItsKind,
		},
		"the deletion of a ServiceAccount": {remove(account.DeepCopy()), notItsKind},
		"a Lease of another namespace":     {add(leaseIn("default")), notItsKind},
		"the deletion of a Lease":          {remove(lease.DeepCopy()), notItsKind},
		"a token for more than an hour": {func() error {
			return operator.SubResource("token").Create(t.Context(), account.DeepCopy(), tokenFor(3601, "sts.amazonaws.com"))
		}, notSoLong},
		"the deletion of all sessions": {func() error {
			return operator.DeleteAllOf(t.Context(), fs.DeepCopy(), client.InNamespace("default"))
		}, notItsStatus},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(c.try()).To(beRefusedBy(fence, c.because))
			NewWithT(t).Expect(stored(t, fs)).To(Equal(fs))
		})
	}
}

// A connection is admitted like a write: by POST into a pod, by GET through the proxy of a node.
func TestTheOperatorMayNotConnect(t *testing.T) {
	g := NewWithT(t)
	installFence(t)
	config := rest.CopyConfig(connection)
	config.Impersonate = rest.ImpersonationConfig{UserName: operatorUser}
	operator, err := kubernetes.NewForConfig(config)
	g.Expect(err).NotTo(HaveOccurred())
	requests := operator.CoreV1().RESTClient()
	err = requests.Post().Namespace("default").Resource("pods").Name("any").SubResource("exec").Param("command", "sh").Do(t.Context()).Error()
	g.Expect(err).To(beRefusedBy(fence, notItsKind))
	err = requests.Get().Resource("nodes").Name("any").SubResource("proxy").Do(t.Context()).Error()
	g.Expect(err).To(beRefusedBy(fence, notItsKind))
}

// The flow of a session, with every policy in place and the rights of cluster-admin: what the operator writes, as it does.
func TestTheOperatorWorksInsideTheFence(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	installIssuerUse(t)
	installHints(t)
	operator := installFence(t)
	create(t, session(t, "flow"))
	fs := &v1alpha1.FederatedSession{}
	g.Expect(operator.Get(ctx, client.ObjectKey{Namespace: "default", Name: "flow"}, fs)).To(Succeed())

	secret := credsecret.New(fs)
	credsecret.SyncMetadata(secret, fs)
	secret.Data = map[string][]byte{credsecret.AccessKeyIDKey: []byte("ASIAFIRST")}
	secret.Annotations[credsecret.AccessKeyIDAnnotation] = "ASIAFIRST"
	g.Expect(operator.Create(ctx, secret)).To(Succeed())

	rotated := secret.DeepCopy()
	rotated.Data[credsecret.AccessKeyIDKey] = []byte("ASIASECOND")
	rotated.Annotations[credsecret.AccessKeyIDAnnotation] = "ASIASECOND"
	g.Expect(operator.Patch(ctx, rotated, client.MergeFromWithOptions(secret, client.MergeFromWithOptimisticLock{}))).To(Succeed())

	reported := fs.DeepCopy()
	reported.Status.SecretName = secret.Name
	g.Expect(operator.Status().Patch(ctx, reported, client.MergeFromWithOptions(fs, client.MergeFromWithOptimisticLock{}))).To(Succeed())
	g.Expect(reported.Status.SecretName).To(Equal("flow"))
	for _, kind := range []string{"SessionIssuer", "ClusterSessionIssuer"} {
		issuer := object(t, kind)
		create(t, issuer)
		report := client.RawPatch(types.MergePatchType, []byte(`{"status": {"identity": {"accountID": "123456789012"}}}`))
		g.Expect(operator.Status().Patch(ctx, issuer, report)).To(Succeed())
	}
	g.Expect(operator.Delete(ctx, rotated, client.Preconditions{UID: &rotated.UID, ResourceVersion: &rotated.ResourceVersion})).To(Succeed())
}

func TestWhatElseTheOperatorWrites(t *testing.T) {
	operator := installFence(t)
	account := serviceAccount(t)
	aboutAccount := corev1.ObjectReference{Kind: "ServiceAccount", Namespace: account.Namespace, Name: account.Name}
	meta := metav1.ObjectMeta{GenerateName: "fenced-", Namespace: "default"}
	writtenTwice := func(o client.Object) func() error {
		return func() error {
			if err := operator.Create(t.Context(), o); err != nil {
				return err
			}
			deleteAtTheEnd(t, o)
			return operator.Patch(t.Context(), o, client.RawPatch(types.MergePatchType, []byte(`{"metadata": {"labels": {"a": "b"}}}`)))
		}
	}
	token := func(request *authenticationv1.TokenRequest) func() error {
		return func() error { return operator.SubResource("token").Create(t.Context(), account.DeepCopy(), request) }
	}
	for sentence, write := range map[string]func() error{
		"Events": writtenTwice(&eventsv1.Event{
			ObjectMeta: meta, Regarding: aboutAccount, ReportingController: "sts-operator.dev", ReportingInstance: "one", Action: "Issue", Reason: "Issued",
			Type: corev1.EventTypeNormal, EventTime: metav1.NowMicro(),
		}),
		"Events of the old API": writtenTwice(&corev1.Event{ObjectMeta: meta, InvolvedObject: aboutAccount}),
		"its Lease":             writtenTwice(leaseIn(operatorNamespace)),
		"a token for an hour":   token(tokenFor(3600, "sts.amazonaws.com")),
		"a token for the API":   token(tokenFor(600)),
		"a token for the usual": token(&authenticationv1.TokenRequest{}),
		"a question about a token": func() error {
			return operator.Create(t.Context(), &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: "x"}})
		},
		"a question about a reader": func() error { return operator.Create(t.Context(), metricsReview()) },
	} {
		t.Run(sentence, func(t *testing.T) { NewWithT(t).Expect(write()).To(Succeed()) })
	}
}

func metricsReview() *authorizationv1.SubjectAccessReview {
	return &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "scraper", NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"},
	}}
}

func TestTheFenceIsNotAroundOthers(t *testing.T) {
	g := NewWithT(t)
	installFence(t)
	user := "system:serviceaccount:default:" + operatorAccount // the name, in another namespace
	grant(t, user, right{"default", "*", "", "secrets", ""}, right{"default", "*", "", "configmaps", ""})
	other := as(t, user)
	otherObject := metav1.ObjectMeta{GenerateName: "other-", Namespace: "default"}
	g.Expect(other.Create(t.Context(), &corev1.Secret{ObjectMeta: otherObject}, client.DryRunAll)).To(Succeed())
	g.Expect(other.Create(t.Context(), changed(secretOf("other"), ownedBy()), client.DryRunAll)).To(Succeed())
	g.Expect(other.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: otherObject}, client.DryRunAll)).To(Succeed())
}

// With as much data as a Secret holds, and more owners than one has.
func TestTheFenceHoldsForTheLargestSecret(t *testing.T) {
	g := NewWithT(t)
	operator := installFence(t)
	secret := secretOf("largest")
	secret.Data["large"] = make([]byte, corev1.MaxSecretSize-100)
	for i := range 500 {
		owner := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: name253, UID: types.UID(fmt.Sprint(i))}
		secret.OwnerReferences = append(secret.OwnerReferences, owner)
	}
	g.Expect(operator.Create(t.Context(), secret)).To(Succeed())
	deleteAtTheEnd(t, secret)
	rotated := secret.DeepCopy()
	rotated.Data["large"][0] = 1
	g.Expect(operator.Update(t.Context(), rotated)).To(Succeed())
	last := len(rotated.OwnerReferences) - 1
	err := operator.Update(t.Context(), changed(rotated, func(s *corev1.Secret) { s.OwnerReferences[last].UID = "other" }))
	g.Expect(err).To(beRefusedBy(fence, notItsOwners))
}

// The limits that docs/admission.md names. Should one of these fail one day, the fence got better: say so there.
func TestWhatTheFenceCannotHoldBack(t *testing.T) {
	operator := installFence(t)
	t.Run("changes to the fence itself", func(t *testing.T) {
		for _, kind := range []string{"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"} {
			o := &unstructured.Unstructured{}
			o.SetAPIVersion("admissionregistration.k8s.io/v1")
			o.SetKind(kind)
			o.SetName(fence)
			NewWithT(t).Expect(operator.Delete(t.Context(), o, client.DryRunAll)).To(Succeed(), kind)
		}
	})
	t.Run("what the operator does as somebody else", func(t *testing.T) {
		g := NewWithT(t)
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: operatorAccount, Namespace: operatorNamespace}}
		create(t, account)
		request := tokenFor(600)
		g.Expect(k8s.SubResource("token").Create(t.Context(), account, request)).To(Succeed())
		config := rest.AnonymousClientConfig(connection)
		config.BearerToken = request.Status.Token
		configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "fenced-", Namespace: "default"}}
		g.Expect(clientOf(t, config).Create(t.Context(), configMap.DeepCopy(), client.DryRunAll)).To(beRefusedBy(fence, notItsKind), "with a real token, as itself")
		config.Impersonate = rest.ImpersonationConfig{UserName: "somebody", Groups: []string{"system:masters"}}
		g.Expect(clientOf(t, config).Create(t.Context(), configMap, client.DryRunAll)).To(Succeed())
	})
	t.Run("reading", func(t *testing.T) {
		NewWithT(t).Expect(operator.List(t.Context(), &corev1.SecretList{})).To(Succeed())
	})
}
