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
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	corev1 "k8s.io/api/core/v1"
)

// call is what sts-fake remembers of a call.
type call struct {
	Operation   string
	Caller      string
	AccessKeyID string `json:"accessKeyId"`
	Parameters  map[string]string
	Status      int
}

// calls are those that sts-fake remembers, if they are of that kind.
func (s *stage) calls(isWanted func(call) bool) ([]call, error) {
	var journal struct{ Calls []call }
	if err := s.admin(http.MethodGet, "calls", "", &journal); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(journal.Calls, func(c call) bool { return !isWanted(c) }), nil
}

// issues are the calls that asked for credentials of that name, by whatever operation.
func (s *stage) issues(name string) ([]call, error) {
	return s.calls(func(c call) bool {
		return name != "" && (c.Parameters["Name"] == name || c.Parameters["RoleSessionName"] == name)
	})
}

// latestIssue is the last of them.
func (s *stage) latestIssue(name string) (call, error) {
	calls, err := s.issues(name)
	if err != nil {
		return call{}, err
	}
	if len(calls) == 0 {
		return call{}, fmt.Errorf("expected STS to be asked for credentials of %s; seen: no such call", name)
	}
	return calls[len(calls)-1], nil
}

// tag is the value of a session tag in the call, "" without one.
func (c call) tag(key string) string {
	for i := 1; i <= 50; i++ {
		tag := fmt.Sprintf("Tags.member.%d.", i)
		if c.Parameters[tag+"Key"] == key {
			return c.Parameters[tag+"Value"]
		}
	}
	return ""
}

// switchOn a scenario of sts-fake.
func (s *stage) switchOn(scenario string) error {
	return s.admin(http.MethodPost, "scenarios", scenario, nil)
}

// switchOff ends all scenarios.
func (s *stage) switchOff() error {
	return s.admin(http.MethodDelete, "scenarios", "", nil)
}

func (s *stage) admin(method, path, body string, into any) error {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.stsURL+"/_admin/"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking sts-fake: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("sts-fake answered %s to %s %s", answer.Status, method, path)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// callerOf is who STS says the credentials of a Secret are. They are read as a pod with the Secret mounted reads them:
// by the AWS SDK, from the file credentials.json, by credential_process.
func (s *stage) callerOf(secret *corev1.Secret) (string, error) {
	mount, err := os.MkdirTemp(s.folder, "mount-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(mount) }()
	file := filepath.Join(mount, "credentials.json")
	if err := os.WriteFile(file, secret.Data["credentials.json"], 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	identity, err := awssts.New(awssts.Options{
		Region:           "eu-central-1",
		BaseEndpoint:     &s.stsURL,
		Credentials:      processcreds.NewProvider("cat '" + file + "'"),
		RetryMaxAttempts: 1,
	}).GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("using the credentials of Secret %s: %w", secret.Name, err)
	}
	return *identity.Arn, nil
}
