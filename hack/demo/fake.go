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

package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

//go:embed world.yaml.tmpl
var worldTemplate string

// world is what the demo fills into the world of sts-fake.
type world struct {
	ClusterURL      string // the issuer of the ServiceAccounts' tokens, https://…
	ClusterName     string // the same as IAM calls it
	ClusterKeys     string // its public keys, JSON
	CompanyMetadata string // of the SAML identity provider, XML
}

func (s *stage) startFake() error {
	s.say("An AWS STS: bin/sts-fake. It verifies signatures, tokens and assertions and answers as STS does, but grants\n"+
		"   %.0f s where AWS grants 15 minutes at least, so that you see rotations.", lifetime.Seconds())
	path, err := guarded(s.folder, "bin/sts-fake")
	if err != nil {
		return err
	}
	worldFile, err := s.writeWorld()
	if err != nil {
		return fmt.Errorf("making the world of sts-fake: %w", err)
	}
	if s.fake, err = s.start(path, "--listen", "127.0.0.1:0", "--world", worldFile, "--max-lifetime", lifetime.String()); err != nil {
		return err
	}
	s.watch(s.fake)
	err = s.until(s.ctx, "sts-fake tells its address", 10*time.Second, func() (string, bool) {
		greeting := strings.Join(s.lastLines("sts-fake", 100), "\n")
		_, after, found := strings.Cut(greeting, "listens on ")
		s.stsURL, _, _ = strings.Cut(after, "\n")
		return greeting, found
	})
	if err != nil {
		return err
	}
	s.say("   It listens on %s; what exists in its AWS is in %s.", s.stsURL, worldFile)
	return nil
}

// writeWorld writes the file that tells sts-fake what exists.
func (s *stage) writeWorld() (string, error) {
	var err error
	if s.company, err = saml.NewIdentityProvider("https://sign-in.example.com", time.Now()); err != nil {
		return "", err
	}
	w := world{CompanyMetadata: string(s.company.Metadata())}
	if err := s.readCluster(&w); err != nil {
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

// readCluster reads what an administrator would tell IAM of this cluster.
func (s *stage) readCluster(w *world) error {
	clients, err := kubernetes.NewForConfig(s.config)
	if err != nil {
		return err
	}
	read := func(path string) ([]byte, error) {
		return clients.Discovery().RESTClient().Get().AbsPath(path).DoRaw(s.ctx)
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
