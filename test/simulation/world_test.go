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

package simulation

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// account is the AWS account of everybody.
const account = "123456789012"

// regions are where the issuers call STS.
var regions = []string{"us-east-1", "eu-central-1"}

func hostOf(region string) string { return "sts." + region + ".amazonaws.com" }

// role of a session in the simulation.
type role int

const (
	tenant  role = iota // must be served
	denied              // its role does not trust the issuer
	blocked             // somebody else has a Secret of its target's name
	hostile             // belongs to a hostile tenant
)

// subject is a session as the simulation knows it.
type subject struct {
	key       types.NamespacedName
	role      role
	issuer    *issuerState
	published *mint
	isGone    bool
	// editedAt is when its spec was last edited, touchedAt when somebody else last changed its Secret.
	editedAt, touchedAt time.Time
	suspended           int // by so many faults
}

// issuerState is what is the matter with an issuer: so many faults at a time of each sort.
type issuerState struct {
	key                                  objectKey
	region, user                         string
	keySecret                            objectKey
	deleted, swapped, disabled, unusable int
	keyNumber                            int       // of the user's own keys
	changedAt, settledAt                 time.Time // when it last became somebody else, and when anything of it last changed
	servedAt                             time.Time // when STS last issued credentials to it
	denied                               int       // how many sessions it has whose role does not trust it
}

// lifetimes of sessions in minutes, and how many in a hundred have each.
var lifetimes = []struct{ minutes, percent int }{{15, 2}, {30, 3}, {60, 20}, {240, 20}, {720, 35}, {2160, 20}}

// trusting is the trust policy of a role that a principal may assume.
func trusting(principal string) stsfake.Document {
	return stsfake.Document(fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:%s"}, `+
		`"Action": ["sts:AssumeRole", "sts:TagSession"]}]}`, account, principal))
}

// keyOf is the n-th access key of a user.
func accessKey(user string, n int) stsfake.AccessKey {
	number := uint64(n)
	for _, c := range user {
		number = (number ^ uint64(c)) * 1099511628211
	}
	return stsfake.AccessKey{ID: fmt.Sprintf("AKIA%016X", number), Secret: fmt.Sprintf("%040X", number)}
}

// populate makes namespaces, issuers and sessions.
func (s *simulation) populate() {
	must(s.fake.SetRole(account, stsfake.Role{Name: "app", MaxSessionDuration: 43200, Trust: trusting("root")}))
	must(s.fake.SetRole(account, stsfake.Role{Name: "closed", MaxSessionDuration: 43200, Trust: trusting("user/nobody")}))
	s.namespace(operatorNamespace)
	shared := []*issuerState{s.issuer(clusterIssuers, "", "aws-us", regions[0]), s.issuer(clusterIssuers, "", "aws-eu", regions[1])}
	teams := max(4, s.config.sessions/40)
	own := make([]*issuerState, teams)
	for i := range teams {
		name := fmt.Sprintf("team-%03d", i)
		s.namespace(name)
		s.foreignSecret(name, "app-config", corev1.SecretTypeOpaque)
		if i%2 == 0 {
			own[i] = s.issuer(sessionIssuers, name, "own", regions[i/2%2])
		}
	}
	for i := range s.config.sessions {
		issuer := shared[min(i%10/7, 1)]
		if i%10 < 4 && own[i%teams] != nil {
			issuer = own[i%teams]
		}
		s.session(fmt.Sprintf("team-%03d", i%teams), fmt.Sprintf("s-%04d", i), issuer, tenant)
	}
	s.namespace("noisy")
	for i := range max(2, s.config.sessions/100) {
		s.session("noisy", fmt.Sprintf("denied-%03d", i), shared[0], denied)
	}
	s.foreignSecret("team-000", "taken", corev1.SecretTypeOpaque)
	s.session("team-000", "taken", shared[0], blocked)
	s.foreignSecret("team-001", "unowned", "sts-operator.dev/session")
	s.session("team-001", "unowned", shared[1], blocked)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (s *simulation) namespace(name string) {
	must(s.store.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
}

// foreignSecret is one that the operator must never touch.
func (s *simulation) foreignSecret(namespace, name string, secretType corev1.SecretType) {
	must(s.store.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Type: secretType, Data: map[string][]byte{"key": []byte("value")},
	}))
}

// issuer makes an issuer with a user and its key.
func (s *simulation) issuer(k kind, namespace, name, region string) *issuerState {
	i := &issuerState{key: objectKey{k, types.NamespacedName{Namespace: namespace, Name: name}}, region: region, user: namespace + "." + name}
	secretNamespace := namespace
	if k == clusterIssuers {
		secretNamespace = operatorNamespace
	}
	i.keySecret = objectKey{secrets, types.NamespacedName{Namespace: secretNamespace, Name: name + "-key"}}
	s.fake.SetUser(account, stsfake.User{Name: i.user + ".spare", Keys: []stsfake.AccessKey{accessKey(i.user+".spare", 0)}})
	spec := v1alpha1.IssuerSpec{
		Region:    region,
		AccessKey: &v1alpha1.AccessKeyIdentity{SecretRef: v1alpha1.SecretReference{Name: i.keySecret.Name}},
	}
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
	unseen := v1alpha1.IssuerStatus{ObservedGeneration: -1}
	if k == clusterIssuers {
		spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: goodRule}}
		must(s.store.create(&v1alpha1.ClusterSessionIssuer{ObjectMeta: meta, Status: unseen, Spec: v1alpha1.ClusterSessionIssuerSpec{
			IssuerSpec: spec, AllowedNamespaces: &v1alpha1.AllowedNamespaces{},
		}}))
	} else {
		must(s.store.create(&v1alpha1.SessionIssuer{ObjectMeta: meta, Status: unseen, Spec: v1alpha1.SessionIssuerSpec{IssuerSpec: spec}}))
	}
	s.issuers, s.issuersByKey[i.key] = append(s.issuers, i), i
	s.settle(i)
	return i
}

// A rule that all sessions meet, and one that cannot be read.
const goodRule, badRule = "session.name.size() > 1", "session.name.size( > 1"

// settle brings the issuer's key, at STS and in the cluster, and its rules in line with its state.
func (s *simulation) settle(i *issuerState) {
	i.settledAt = time.Now()
	user := stsfake.User{Name: i.user, Keys: []stsfake.AccessKey{accessKey(i.user, i.keyNumber)}}
	if i.disabled > 0 {
		user.Keys = nil
	}
	s.fake.SetUser(account, user)
	key := accessKey(i.user, i.keyNumber)
	if i.swapped > 0 {
		key = accessKey(i.user+".spare", 0)
	}
	data := map[string][]byte{v1alpha1.AccessKeyIDKey: []byte(key.ID), v1alpha1.SecretAccessKeyKey: []byte(key.Secret)}
	switch _, exists := s.store.objects[i.keySecret]; {
	case i.deleted > 0:
		s.store.remove(i.keySecret)
	case exists:
		edit(s.store, i.keySecret, func(secret *corev1.Secret) { secret.Data = data })
	default:
		must(s.store.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: i.keySecret.Namespace, Name: i.keySecret.Name}, Data: data}))
	}
	want := map[bool]string{true: badRule, false: goodRule}[i.unusable > 0]
	issuer, exists := s.store.objects[i.key]
	if !exists {
		return
	}
	if rules := issuer.(v1alpha1.Issuer).IssuerSpec().Guardrails.Rules; len(rules) == 0 && i.unusable == 0 || len(rules) == 1 && rules[0].Expression == want {
		return
	}
	edit(s.store, i.key, func(issuer client.Object) {
		issuer.(v1alpha1.Issuer).IssuerSpec().Guardrails.Rules = []v1alpha1.Rule{{Expression: want}}
	})
}

// session makes a session of an issuer.
func (s *simulation) session(namespace, name string, issuer *issuerState, as role) *subject {
	fs := &v1alpha1.FederatedSession{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	fs.Status.ObservedGeneration = -1
	fs.Spec.IssuerRef = v1alpha1.IssuerReference{Kind: v1alpha1.IssuerKind(issuer.key.kind.String()), Name: issuer.key.Name}
	fs.Spec.Name = name
	minutes := s.drawLifetime()
	if as == denied || s.random.IntN(5) < 2 {
		fs.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: "arn:aws:iam::" + account + ":role/app"}
		minutes = min(minutes, 720)
	}
	if as == denied {
		issuer.denied++
		fs.Spec.AssumeRole.RoleARN = "arn:aws:iam::" + account + ":role/closed"
	}
	seconds := int32(minutes * 60)
	fs.Spec.DurationSeconds = &seconds
	must(s.store.create(fs))
	sub := &subject{key: client.ObjectKeyFromObject(fs), role: as, issuer: issuer}
	s.subjects[sub.key], s.order = sub, append(s.order, sub)
	return sub
}

func (s *simulation) drawLifetime() int {
	at := s.random.IntN(100)
	for _, l := range lifetimes {
		if at -= l.percent; at < 0 {
			return l.minutes
		}
	}
	return lifetimes[0].minutes
}
