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

package credsecret_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestNew(t *testing.T) {
	g := NewWithT(t)
	fs := theSession()

	secret := credsecret.New(fs)

	controller := true
	g.Expect(secret).To(Equal(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team-a",
			Name:      "reports",
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "sts-operator.dev/v1alpha1", Kind: "FederatedSession", Name: "reports", UID: "5c0f3d6e-uid", Controller: &controller,
			}},
		},
		Type: "sts-operator.dev/session",
	}), "and nothing blocks the session's deletion")
	g.Expect(metav1.IsControlledBy(secret, fs)).To(BeTrue())

	fs.Spec.Secret.Name = "elsewhere"
	g.Expect(credsecret.New(fs).Name).To(Equal("elsewhere"))
}

func TestPublishData(t *testing.T) {
	g := NewWithT(t)

	secret := published(t, theSession())

	text := map[string]string{}
	for key, value := range secret.Data {
		text[key] = string(value)
	}
	g.Expect(text).To(Equal(map[string]string{
		"AWS_ACCESS_KEY_ID":     keyID,
		"AWS_SECRET_ACCESS_KEY": secretKey,
		"AWS_SESSION_TOKEN":     token,
		"credentials": "[default]\n" +
			"aws_access_key_id = " + keyID + "\n" +
			"aws_secret_access_key = " + secretKey + "\n" +
			"aws_session_token = " + token + "\n",
		"credentials.json": `{"Version":1,"AccessKeyId":"` + keyID + `","SecretAccessKey":"` + secretKey + `","SessionToken":"` + token + `",` +
			`"Expiration":"2026-11-22T23:55:00Z","AccountId":"123456789012"}`,
		"config": "[default]\ncredential_process = cat /var/run/secrets/sts-operator.dev/session/credentials.json\n",
	}))
	g.Expect(secret.Immutable).To(BeNil())
	g.Expect(secret.StringData).To(BeNil())
	for key := range secret.Data {
		g.Expect(validation.IsConfigMapKey(key)).To(BeEmpty(), "the API server takes the key")
	}
}

func TestPublishAnnotationsAndLabels(t *testing.T) {
	g := NewWithT(t)

	secret := published(t, theSession())

	g.Expect(secret.Labels).To(Equal(map[string]string{"app.kubernetes.io/managed-by": "sts-operator"}))
	g.Expect(secret.Annotations).To(HaveKeyWithValue("sts-operator.dev/data-digest", MatchRegexp("^sha256:[0-9a-f]{64}$")))
	delete(secret.Annotations, "sts-operator.dev/data-digest")
	g.Expect(secret.Annotations).To(Equal(map[string]string{
		"sts-operator.dev/request-hash":     requestHash,
		"sts-operator.dev/issuer-identity":  identity,
		"sts-operator.dev/issued-at":        "2026-11-22T12:00:00Z",
		"sts-operator.dev/expiration":       "2026-11-23T00:00:00Z",
		"sts-operator.dev/access-key-id":    keyID,
		"sts-operator.dev/identity-arn":     "arn:aws:sts::123456789012:federated-user/reports",
		"sts-operator.dev/identity-user-id": "123456789012:reports",
		"sts-operator.dev/generation":       "3",
	}))
}

func TestPublishTimesInUTC(t *testing.T) {
	g := NewWithT(t)
	issued, zone := theIssued(), time.FixedZone("east", 3*3600)
	issued.IssuedAt, issued.Expiration = issued.IssuedAt.In(zone), issued.Expiration.In(zone)
	secret := credsecret.New(theSession())

	g.Expect(credsecret.Publish(secret, theSession(), issued, theOrigin())).To(Succeed())

	g.Expect(secret).To(Equal(published(t, theSession())))
}

func TestPublishAdvertisedExpiration(t *testing.T) {
	for sentence, c := range map[string]struct {
		lifetime   time.Duration
		advertised string
	}{
		"five minutes early where there is time":   {36 * time.Hour, "2026-11-23T23:55:00Z"},
		"a tenth early where there is little":      {900 * time.Second, "2026-11-22T12:13:30Z"},
		"in whole seconds where a tenth is not so": {15 * time.Second, "2026-11-22T12:00:13Z"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			issued := theIssued()
			issued.Expiration = issued.IssuedAt.Add(c.lifetime)
			secret := credsecret.New(theSession())
			g.Expect(credsecret.Publish(secret, theSession(), issued, theOrigin())).To(Succeed())

			var document struct{ Expiration time.Time }
			g.Expect(json.Unmarshal(secret.Data["credentials.json"], &document)).To(Succeed())

			g.Expect(string(secret.Data["credentials.json"])).To(ContainSubstring(`"Expiration":"` + c.advertised + `"`))
			g.Expect(document.Expiration).To(BeTemporally("==", session.AdvertisedExpiration(issued.IssuedAt, issued.Expiration)))
			g.Expect(secret.Annotations).To(HaveKeyWithValue(credsecret.ExpirationAnnotation, issued.Expiration.Format(time.RFC3339)), "the true one")
		})
	}
}

// hermetic takes the machine's AWS settings away.
func hermetic(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			_ = os.Unsetenv(name)
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// mounted writes a Secret's keys as a kubelet does and says where each is.
func mounted(t *testing.T, secret *corev1.Secret) func(key string) string {
	t.Helper()
	dir := t.TempDir()
	for key, value := range secret.Data {
		if err := os.WriteFile(filepath.Join(dir, key), value, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(key string) string { return filepath.Join(dir, key) }
}

// tokens have the characters of base64 and every length up to the greatest.
func tokens() []string {
	return []string{token, strings.Repeat("aZ9+/b==", 512), "=+/" + strings.Repeat("x", 4093)}
}

func TestPublishSharedCredentialsFile(t *testing.T) {
	for _, token := range tokens() {
		t.Run(fmt.Sprintf("token of %d bytes", len(token)), func(t *testing.T) {
			g := NewWithT(t)
			hermetic(t)
			at := mounted(t, publishedWith(t, token))

			read, err := config.LoadSharedConfigProfile(t.Context(), "default", func(o *config.LoadSharedConfigOptions) {
				o.CredentialsFiles, o.ConfigFiles = []string{at("credentials")}, []string{}
			})

			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(read.Credentials.AccessKeyID).To(Equal(keyID))
			g.Expect(read.Credentials.SecretAccessKey).To(Equal(secretKey))
			g.Expect(read.Credentials.SessionToken).To(Equal(token))
			g.Expect(read.CredentialProcess).To(BeEmpty())
		})
	}
}

func TestPublishConfigFile(t *testing.T) {
	g := NewWithT(t)
	hermetic(t)
	at := mounted(t, published(t, theSession()))

	read, err := config.LoadSharedConfigProfile(t.Context(), "default", func(o *config.LoadSharedConfigOptions) {
		o.CredentialsFiles, o.ConfigFiles = []string{}, []string{at("config")}
	})

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.CredentialProcess).To(Equal("cat " + credsecret.MountPath + "/credentials.json"))
	g.Expect(read.Credentials.HasKeys()).To(BeFalse())
}

// The whole way of the documentation: AWS_CONFIG_FILE names the config key, whose process is run by the SDK.
func TestPublishCredentialProcess(t *testing.T) {
	for _, token := range tokens() {
		t.Run(fmt.Sprintf("token of %d bytes", len(token)), func(t *testing.T) {
			g := NewWithT(t)
			hermetic(t)
			secret := publishedWith(t, token)
			at := mounted(t, secret)
			here := strings.ReplaceAll(string(secret.Data["config"]), credsecret.MountPath+"/credentials.json", at("credentials.json"))
			g.Expect(os.WriteFile(at("config"), []byte(here), 0o600)).To(Succeed())
			t.Setenv("AWS_CONFIG_FILE", at("config"))
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "missing"))

			loaded, err := config.LoadDefaultConfig(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			read, err := loaded.Credentials.Retrieve(t.Context())

			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(read.Source).To(Equal(processcreds.ProviderName))
			g.Expect(read.AccessKeyID).To(Equal(keyID))
			g.Expect(read.SecretAccessKey).To(Equal(secretKey))
			g.Expect(read.SessionToken).To(Equal(token))
			g.Expect(read.AccountID).To(Equal("123456789012"))
			g.Expect(read.CanExpire).To(BeTrue())
			g.Expect(read.Expires).To(BeTemporally("==", session.AdvertisedExpiration(noon, noon.Add(12*time.Hour))))
		})
	}
}

func TestPublishProcessDocument(t *testing.T) {
	g := NewWithT(t)
	longest := publishedWith(t, tokens()[1])
	g.Expect(len(longest.Data["credentials.json"])).To(BeNumerically("<=", 64_000), "what the SDK for Java reads")

	var document map[string]any
	g.Expect(json.Unmarshal(longest.Data["credentials.json"], &document)).To(Succeed())
	g.Expect(document["Version"]).To(Equal(1.0), "a number")
	g.Expect(slices.Sorted(maps.Keys(document))).To(Equal([]string{"AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "SessionToken", "Version"}))

	issued := theIssued()
	issued.Identity.AccountID = ""
	secret := credsecret.New(theSession())
	g.Expect(credsecret.Publish(secret, theSession(), issued, theOrigin())).To(Succeed())
	g.Expect(string(secret.Data["credentials.json"])).NotTo(ContainSubstring("AccountId"), "an unknown account is left out")
}

func publishedWith(t *testing.T, token string) *corev1.Secret {
	t.Helper()
	issued := theIssued()
	issued.Credentials = sts.NewCredentials(keyID, secretKey, token)
	secret := credsecret.New(theSession())
	if err := credsecret.Publish(secret, theSession(), issued, theOrigin()); err != nil {
		t.Fatal(err)
	}
	return secret
}
