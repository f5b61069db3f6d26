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

package stage

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"time"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/program"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

//go:embed world.yaml.tmpl
var worldTemplate string

// world is what Start fills into the world of the STS fake.
type world struct {
	ClusterURL      string // the issuer of the ServiceAccounts' tokens, https://…
	ClusterName     string // the same as IAM calls it
	ClusterKeys     string // its public keys, JSON
	CompanyMetadata string // of the SAML identity provider, XML
}

// startFake starts the STS fake on a free port.
func (s *Stage) startFake(ctx context.Context, settings Settings) error {
	worldFile, err := s.writeWorld(ctx)
	if err != nil {
		return fmt.Errorf("writing the world of sts-fake: %w", err)
	}
	arguments := append([]string{"--listen", "127.0.0.1:0", "--world", worldFile}, settings.FakeArguments...)
	if s.fake, err = program.Start(settings.Fake, arguments, "HOME="+s.folder); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("no address within a minute"))
	defer cancel()
	match, err := s.fake.WaitForLine(ctx, regexp.MustCompile(`listens on (http://\S+)`))
	if err != nil {
		return err
	}
	s.STSURL = match[1]
	return nil
}

// writeWorld writes the file that says what exists in the AWS of the STS fake.
func (s *Stage) writeWorld(ctx context.Context) (string, error) {
	var err error
	if s.company, err = saml.NewIdentityProvider("https://sign-in.example.com", time.Now()); err != nil {
		return "", err
	}
	w := world{CompanyMetadata: string(s.company.Metadata())}
	if err := s.readCluster(ctx, &w); err != nil {
		return "", err
	}
	parsed, err := template.New("world").Funcs(template.FuncMap{"json": quote}).Parse(worldTemplate)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, w); err != nil {
		return "", err
	}
	path := filepath.Join(s.folder, "world.yaml")
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}

// readCluster reads what an administrator enters into IAM about this cluster.
func (s *Stage) readCluster(ctx context.Context, w *world) error {
	clients, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	read := func(path string) ([]byte, error) {
		return clients.Discovery().RESTClient().Get().AbsPath(path).DoRaw(ctx)
	}
	text, err := read("/.well-known/openid-configuration")
	if err != nil {
		return err
	}
	var discovery struct{ Issuer string }
	if err := json.Unmarshal(text, &discovery); err != nil {
		return fmt.Errorf("reading the OpenID configuration of the API server: %w", err)
	}
	keys, err := read("/openid/v1/jwks")
	if err != nil {
		return err
	}
	w.ClusterURL, w.ClusterKeys = discovery.Issuer, string(keys)
	w.ClusterName = strings.TrimPrefix(discovery.Issuer, "https://")
	return nil
}

// quote writes a text as JSON does, and so as YAML reads it.
func quote(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}

// SignIn puts a new SAML assertion into the Secret parcels-sign-in of a namespace, as a person does who signs in at the
// company, or the program that does it for them.
func (s *Stage) SignIn(ctx context.Context, namespace string) error {
	const lifetime = 5 * time.Minute // as with most companies' sign-ins
	response, err := s.company.Respond(saml.Claims{
		Subject: "jane", SessionName: "jane@example.com", SourceIdentity: "jane@example.com",
		Roles: []saml.RolePair{{
			RoleARN:     "arn:aws:iam::123456789012:role/parcel-clerk",
			ProviderARN: "arn:aws:iam::123456789012:saml-provider/company",
		}},
	}, time.Now(), lifetime)
	if err != nil {
		return err
	}
	secret := corev1ac.Secret("parcels-sign-in", namespace).WithData(map[string][]byte{"SAMLResponse": []byte(response)})
	if err := s.Client.Apply(ctx, secret, client.FieldOwner(FieldOwner), client.ForceOwnership); err != nil {
		return fmt.Errorf("writing an assertion to Secret %s/parcels-sign-in: %w", namespace, err)
	}
	return nil
}
