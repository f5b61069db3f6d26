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
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stage"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// accessKey is the key of an IAM user of the stage's world.
type accessKey struct{ id, secret string }

var (
	demo   = accessKey{stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey}
	brief  = accessKey{"AKIAIOSFODNN7BRIEFXX", "brief/K7MDENG/bPxRfiCYEXAMPLEKEYEXAMPLEX"}
	outage = accessKey{"AKIAIOSFODNN7OUTAGEX", "outage/K7MDENG/bPxRfiCYEXAMPLEKEYEXAMPLE"}
)

// tenant is a test with a namespace of its own.
type tenant struct {
	*WithT
	t         *testing.T
	namespace string
}

// newTenant makes a namespace that has a SessionIssuer "broker" with an IAM user's key, and lets the test run beside others.
func newTenant(t *testing.T, key accessKey) *tenant {
	t.Helper()
	t.Parallel()
	x := &tenant{WithT: NewWithT(t), t: t}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
	x.Expect(cluster.Client.Create(t.Context(), namespace)).To(Succeed())
	x.namespace = namespace.Name
	x.apply(fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: access-key}
stringData: {AWS_ACCESS_KEY_ID: %s, AWS_SECRET_ACCESS_KEY: %s}
---
apiVersion: sts-operator.dev/v1alpha1
kind: SessionIssuer
metadata: {name: broker}
spec:
  region: eu-central-1
  accessKey: {secretRef: {name: access-key}}
`, key.id, key.secret))
	return x
}

// apply does as `kubectl apply --server-side -n` with the tenant's namespace does.
func (x *tenant) apply(text string) {
	x.t.Helper()
	x.Expect(cluster.Apply(x.t.Context(), []byte(text), x.namespace)).To(Succeed())
}

// session applies a FederatedSession. Its issuer is "broker", unless its spec names another.
func (x *tenant) session(name, spec string) {
	x.t.Helper()
	if !strings.Contains(spec, "issuerRef:") {
		spec = "issuerRef: {kind: SessionIssuer, name: broker}, " + spec
	}
	x.apply(fmt.Sprintf("{apiVersion: sts-operator.dev/v1alpha1, kind: FederatedSession, metadata: {name: %s}, spec: {%s}}", name, spec))
}

func (x *tenant) get(name string) *v1alpha1.FederatedSession {
	x.t.Helper()
	fs := &v1alpha1.FederatedSession{}
	x.Expect(cluster.Client.Get(x.t.Context(), client.ObjectKey{Namespace: x.namespace, Name: name}, fs)).To(Succeed())
	return fs
}

func (x *tenant) secretOf(fs *v1alpha1.FederatedSession) *corev1.Secret {
	x.t.Helper()
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: fs.Namespace, Name: fs.TargetSecretName()}
	x.Expect(cluster.Client.Get(x.t.Context(), key, secret)).To(Succeed())
	return secret
}

// patch changes a session as the function says.
func (x *tenant) patch(name string, change func(*v1alpha1.FederatedSession)) {
	x.t.Helper()
	before := x.get(name)
	after := before.DeepCopy()
	change(after)
	x.Expect(cluster.Client.Patch(x.t.Context(), after, client.MergeFrom(before))).To(Succeed())
}

// annotate gives a session an annotation, such as the one that asks for a rotation.
func (x *tenant) annotate(name, key, value string) {
	x.t.Helper()
	x.patch(name, func(fs *v1alpha1.FederatedSession) { metav1.SetMetaDataAnnotation(&fs.ObjectMeta, key, value) })
}

func (x *tenant) requestRotation(name string) {
	x.t.Helper()
	x.annotate(name, v1alpha1.RotateRequestedAtAnnotation, time.Now().Format(time.RFC3339Nano))
}

// awaits waits until the Ready condition of a session has this status and reason, for the current spec, and returns the session.
func (x *tenant) awaits(name string, status metav1.ConditionStatus, reason string) *v1alpha1.FederatedSession {
	x.t.Helper()
	return x.awaitsMessage(name, status, reason, "")
}

// awaitsMessage is awaits, with a message that says this much.
func (x *tenant) awaitsMessage(name string, status metav1.ConditionStatus, reason, message string) *v1alpha1.FederatedSession {
	x.t.Helper()
	fs := &v1alpha1.FederatedSession{}
	x.Eventually(func(g Gomega) {
		g.Expect(cluster.Client.Get(x.t.Context(), client.ObjectKey{Namespace: x.namespace, Name: name}, fs)).To(Succeed())
		g.Expect(stage.Ready(fs)).To(And(
			HaveField("Status", status), HaveField("Reason", reason), HaveField("Message", ContainSubstring(message))))
	}, patience, interval).Should(Succeed(), "session %s", name)
	return fs
}

// issued waits until a session is Ready.
func (x *tenant) issued(name string) *v1alpha1.FederatedSession {
	x.t.Helper()
	return x.awaits(name, metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

// issuedAnew waits until a session is Ready with other credentials than before.
func (x *tenant) issuedAnew(before *v1alpha1.FederatedSession) *v1alpha1.FederatedSession {
	x.t.Helper()
	x.Eventually(func() string { return x.get(before.Name).Status.AccessKeyID }, patience, interval).
		ShouldNot(Equal(before.Status.AccessKeyID), "the access key of session %s", before.Name)
	return x.issued(before.Name)
}

// works expects that the Secret of a session holds the credentials that its status names, and that STS takes them.
func (x *tenant) works(fs *v1alpha1.FederatedSession) *corev1.Secret {
	x.t.Helper()
	secret := x.secretOf(fs)
	caller, err := cluster.CallerOf(x.t.Context(), secret)
	x.Expect(err).NotTo(HaveOccurred())
	x.Expect(fs.Status.Identity).To(HaveValue(HaveField("ARN", caller)))
	return secret
}

// serves waits until a session is Ready, and expects that its credentials work.
func (x *tenant) serves(name string) *v1alpha1.FederatedSession {
	x.t.Helper()
	fs := x.issued(name)
	x.works(fs)
	return fs
}

// refuses waits until a session is not Ready for this reason with a message that says this much, and expects that it has no
// Secret.
func (x *tenant) refuses(name, reason, message string) *v1alpha1.FederatedSession {
	x.t.Helper()
	fs := x.awaitsMessage(name, metav1.ConditionFalse, reason, message)
	err := cluster.Client.Get(x.t.Context(), client.ObjectKey{Namespace: x.namespace, Name: fs.TargetSecretName()}, &corev1.Secret{})
	x.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "its Secret: %v", err)
	return fs
}

// refusesUnasked is refuses, and expects that STS was not asked. The session must have a spec.name that no other test uses.
func (x *tenant) refusesUnasked(name, reason, message string) *v1alpha1.FederatedSession {
	x.t.Helper()
	fs := x.refuses(name, reason, message)
	x.Expect(x.requestsFor(fs.Spec.Name)).To(BeEmpty())
	return fs
}

// issuerRefuses waits until the tenant's issuer is not Ready for this reason, and returns the message.
func (x *tenant) issuerRefuses(name, reason string) string {
	x.t.Helper()
	issuer, ready := &v1alpha1.SessionIssuer{}, &metav1.Condition{}
	x.Eventually(func(g Gomega) {
		g.Expect(cluster.Client.Get(x.t.Context(), client.ObjectKey{Namespace: x.namespace, Name: name}, issuer)).To(Succeed())
		g.Expect(issuer.Status.ObservedGeneration).To(Equal(issuer.Generation))
		ready = meta.FindStatusCondition(issuer.Status.Conditions, v1alpha1.ReadyCondition)
		g.Expect(ready).To(HaveValue(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", reason))))
	}, patience, interval).Should(Succeed(), "issuer %s", name)
	return ready.Message
}

// calls are those of STS that are as wanted.
func (x *tenant) calls(isWanted func(stsfake.Call) bool) []stsfake.Call {
	x.t.Helper()
	calls, err := cluster.Calls(x.t.Context())
	x.Expect(err).NotTo(HaveOccurred())
	return slices.DeleteFunc(calls, func(c stsfake.Call) bool { return !isWanted(c) })
}

// requestsFor are the calls of STS that asked for credentials of that name, by whatever operation.
func (x *tenant) requestsFor(name string) []stsfake.Call {
	x.t.Helper()
	x.Expect(name).NotTo(BeEmpty())
	return x.calls(func(c stsfake.Call) bool {
		return c.Parameters["Name"] == name || c.Parameters["RoleSessionName"] == name
	})
}

// latestRequestFor is the last of them.
func (x *tenant) latestRequestFor(name string) stsfake.Call {
	x.t.Helper()
	calls := x.requestsFor(name)
	x.Expect(calls).NotTo(BeEmpty())
	return calls[len(calls)-1]
}

// tagsOf are the session tags in a call.
func tagsOf(call stsfake.Call) map[string]string {
	tags := map[string]string{}
	for name, key := range call.Parameters {
		if number, isKey := strings.CutSuffix(name, ".Key"); isKey && strings.HasPrefix(name, "Tags.member.") {
			tags[key] = call.Parameters[number+".Value"]
		}
	}
	return tags
}
