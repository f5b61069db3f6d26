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
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

// What the tests set up in AWS.
const (
	accountARN  = "arn:aws:iam::" + stsfake.DefaultAccountID + ":"
	roleARN     = accountARN + "role/data/reports"
	samlARN     = accountARN + "saml-provider/corporate"
	deviceARN   = accountARN + "mfa/broker"
	deviceSeed  = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	demoUserARN = accountARN + "user/" + stsfake.DefaultUserName
)

// trustOfAccount lets everybody of the account assume a role, with all that belongs to it.
const trustOfAccount = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + accountARN + `root"},
	"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}`

// role makes the role reports trust whom the policy says.
func (h *harness) role(trust string) {
	h.t.Helper()
	h.Expect(h.sts.SetRole(stsfake.DefaultAccountID, stsfake.Role{
		Name: "reports", Path: "/data/", MaxSessionDuration: 43200, Trust: stsfake.Document(trust),
	})).To(Succeed())
}

// device gives the demo user an MFA device, and the issuer "aws" its seed.
func (h *harness) device(seed string) {
	h.t.Helper()
	h.sts.SetUser(stsfake.DefaultAccountID, stsfake.User{
		Name: stsfake.DefaultUserName, ID: "AIDACKCEVSQ6C2EXAMPLE",
		Keys:       []stsfake.AccessKey{{ID: stsfake.DefaultAccessKeyID, Secret: stsfake.DefaultSecretAccessKey}},
		MFADevices: []stsfake.MFADevice{{SerialNumber: deviceARN, Seed: deviceSeed}},
	})
	h.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws-mfa"},
		StringData: map[string]string{"seed": seed},
	})
	h.changeIssuer(func(spec *v1alpha1.IssuerSpec) {
		spec.MFA = &v1alpha1.MFADevice{SerialNumber: deviceARN, TOTPSecretRef: v1alpha1.SecretKeyReference{Name: "aws-mfa", Key: "seed"}}
	})
}

// changeIssuer edits the issuer "aws" and reconciles it.
func (h *harness) changeIssuer(change func(*v1alpha1.IssuerSpec)) {
	h.t.Helper()
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	edit(h, issuer, func(i *v1alpha1.SessionIssuer) { change(&i.Spec.IssuerSpec) })
	h.reconcileIssuer("aws")
}

// unsignedSpec is an issuer that can make unsigned calls only.
func (h *harness) unsignedSpec() v1alpha1.IssuerSpec {
	return v1alpha1.IssuerSpec{Region: "us-east-1", Endpoint: h.endpoint, Unsigned: &v1alpha1.UnsignedIdentity{}}
}

// issuerWithoutIdentity creates a SessionIssuer "aws" that can make unsigned calls only.
func (h *harness) issuerWithoutIdentity() {
	h.t.Helper()
	issuer := &v1alpha1.SessionIssuer{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "aws"}}
	issuer.Spec.IssuerSpec = h.unsignedSpec()
	h.create(issuer)
	h.reconcileIssuer("aws")
}

// cluster makes the API server an OIDC provider in IAM, as it is on any cluster whose keys are public, and the role trust a
// ServiceAccount.
func (h *harness) cluster(account string) {
	h.t.Helper()
	ctx := context.Background()
	clientset, err := kubernetes.NewForConfig(shared.Config)
	h.Expect(err).NotTo(HaveOccurred())
	get := func(path string) []byte {
		text, err := clientset.RESTClient().Get().AbsPath(path).DoRaw(ctx)
		h.Expect(err).NotTo(HaveOccurred())
		return text
	}
	var discovery struct {
		Issuer string `json:"issuer"`
	}
	h.Expect(json.Unmarshal(get("/.well-known/openid-configuration"), &discovery)).To(Succeed())
	h.Expect(h.sts.SetOIDCProvider(stsfake.DefaultAccountID, stsfake.OIDCProvider{
		URL: discovery.Issuer, ClientIDs: []string{"sts.amazonaws.com", "sts.amazonaws.com.cn"}, JWKS: stsfake.Document(get("/openid/v1/jwks")),
	})).To(Succeed())
	h.oidcIssuer = discovery.Issuer
	name := discovery.Issuer[len("https://"):]
	h.role(fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
		"Principal":{"Federated":"%[1]soidc-provider/%[2]s"},
		"Condition":{"StringLike":{"%[2]s:sub":"system:serviceaccount:%[3]s:%[4]s*"}}}}`, accountARN, name, h.namespace, account))
	h.create(serviceAccount(h.namespace, account))
}

func serviceAccount(namespace, name string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// tokenRecorder keeps the web identity tokens that reach STS, which the fake's journal does not tell.
type tokenRecorder struct {
	next   http.Handler
	mutex  sync.Mutex
	tokens []string
}

func (r *tokenRecorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("WebIdentityToken") {
		r.mutex.Lock()
		r.tokens = append(r.tokens, form.Get("WebIdentityToken"))
		r.mutex.Unlock()
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	r.next.ServeHTTP(w, request)
}

// presented is what the latest token says, and takes it off the record; empty if there is none.
func (h *harness) presented() map[string]string {
	h.t.Helper()
	h.tokens.mutex.Lock()
	defer h.tokens.mutex.Unlock()
	if len(h.tokens.tokens) == 0 {
		return nil
	}
	parts := strings.Split(h.tokens.tokens[len(h.tokens.tokens)-1], ".")
	h.tokens.tokens = nil
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	h.Expect(err).NotTo(HaveOccurred())
	var claims struct {
		Subject  string   `json:"sub"`
		Audience []string `json:"aud"`
		IssuedAt int64    `json:"iat"`
		Expires  int64    `json:"exp"`
	}
	h.Expect(json.Unmarshal(text, &claims)).To(Succeed())
	return map[string]string{
		"subject": claims.Subject, "audience": strings.Join(claims.Audience, ","), "seconds": strconv.FormatInt(claims.Expires-claims.IssuedAt, 10),
	}
}

// corporate is a SAML identity provider that IAM knows and the role trusts.
func (h *harness) corporate() *saml.IdentityProvider {
	h.t.Helper()
	provider, err := saml.NewIdentityProvider("https://idp.example.com", time.Now())
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(h.sts.SetSAMLProvider(stsfake.DefaultAccountID, stsfake.SAMLProvider{Name: "corporate", Metadata: string(provider.Metadata())})).To(Succeed())
	h.role(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"],
		"Principal":{"Federated":"` + samlARN + `"},"Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}}`)
	return provider
}

// assertion is a SAML response of jane's, good for a day on any clock of these tests.
func (h *harness) assertion(provider *saml.IdentityProvider, edits ...func(*saml.Claims)) string {
	h.t.Helper()
	claims := saml.Claims{
		Subject: "jane@example.com", SessionName: "jane", Audience: "urn:amazon:webservices", Recipient: "https://signin.aws.amazon.com/saml",
		Roles: []saml.RolePair{{RoleARN: roleARN, ProviderARN: samlARN}}, SourceIdentity: "jane",
	}
	for _, edit := range edits {
		edit(&claims)
	}
	response, err := provider.Respond(claims, time.Now().Add(-time.Minute), 48*time.Hour)
	h.Expect(err).NotTo(HaveOccurred())
	return response
}

// putAssertion writes the Secret that SAML sessions present.
func (h *harness) putAssertion(response string) {
	h.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespace, Name: "saml"}}
	if h.hasSecret("saml") {
		edit(h, secret, func(s *corev1.Secret) { s.Data = map[string][]byte{"response": []byte(response)} })
		return
	}
	secret.StringData = map[string]string{"response": response}
	h.create(secret)
}

// The members of the union, as the tests use them.

func assumingRole(fs *v1alpha1.FederatedSession) {
	fs.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: roleARN}
}

func withWebIdentity(fs *v1alpha1.FederatedSession) {
	fs.Spec.AssumeRoleWithWebIdentity = &v1alpha1.AssumeRoleWithWebIdentity{RoleARN: roleARN, ServiceAccountName: "worker"}
}

func withSAML(fs *v1alpha1.FederatedSession) {
	fs.Spec.Name = ""
	fs.Spec.AssumeRoleWithSAML = &v1alpha1.AssumeRoleWithSAML{
		RoleARN: roleARN, PrincipalARN: samlARN, AssertionSecretRef: v1alpha1.SecretKeyReference{Name: "saml", Key: "response"},
	}
}

func withSessionToken(fs *v1alpha1.FederatedSession) {
	fs.Spec.Name = ""
	fs.Spec.GetSessionToken = &v1alpha1.GetSessionToken{}
}
