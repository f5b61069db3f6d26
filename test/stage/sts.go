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
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	corev1 "k8s.io/api/core/v1"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// Calls are those that the STS fake has received, the oldest first.
func (s *Stage) Calls(ctx context.Context) ([]stsfake.Call, error) {
	var journal struct{ Calls []stsfake.Call }
	return journal.Calls, s.admin(ctx, http.MethodGet, "calls", nil, &journal)
}

// SetScenarios replaces the scenarios of the STS fake, and so those of its flags.
func (s *Stage) SetScenarios(ctx context.Context, scenarios []stsfake.Scenario) error {
	return s.admin(ctx, http.MethodPost, "scenarios", scenarios, nil)
}

func (s *Stage) admin(ctx context.Context, method, path string, content, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.STSURL+"/_admin/"+path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking sts-fake: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("sts-fake answered %s to %s %s", answer.Status, method, path)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// CallerOf is the ARN of who STS says the credentials of a Secret are. They are read as a pod that mounts the Secret reads
// them: by the AWS SDK, from the file credentials.json, by credential_process.
func (s *Stage) CallerOf(ctx context.Context, secret *corev1.Secret) (string, error) {
	mount, err := os.MkdirTemp(s.folder, "mount-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(mount) //nolint:errcheck // in a temporary folder
	file := filepath.Join(mount, "credentials.json")
	if err := os.WriteFile(file, secret.Data["credentials.json"], 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	identity, err := awssts.New(awssts.Options{
		Region:           "eu-central-1",
		BaseEndpoint:     &s.STSURL,
		Credentials:      processcreds.NewProvider("cat '" + file + "'"),
		RetryMaxAttempts: 1,
	}).GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("using the credentials of Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	return *identity.Arn, nil
}
