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

package controlplane

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// auditPolicy has the API server log who requested what and how it answered.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, userGroups: ["system:serviceaccounts"]}]
`

// WithAuditLog has the API server log the requests of ServiceAccounts, for RequestsOf.
func WithAuditLog() Option {
	return func(c *ControlPlane) { c.audited = true }
}

func (c *ControlPlane) auditLog() string { return filepath.Join(c.folder, "audit.log") }

func (c *ControlPlane) configureAudit() error {
	policy := filepath.Join(c.folder, "audit-policy.yaml")
	c.environment.ControlPlane.GetAPIServer().Configure().Set("audit-policy-file", policy).Set("audit-log-path", c.auditLog())
	return os.WriteFile(policy, []byte(auditPolicy), 0o600)
}

// Request is what was done to objects of one resource in one namespace.
type Request struct {
	Verb, Group, Resource, Namespace string
	Refused                          bool // the ServiceAccount has no permission for it
}

// String is the permission that the request needs: "get secrets", "patch sts-operator.dev/federatedsessions/status".
func (r Request) String() string {
	return strings.TrimSpace(r.Verb + " " + strings.TrimPrefix(r.Group+"/"+r.Resource, "/"))
}

// RequestsOf are the different requests that a ServiceAccount has made so far. It needs WithAuditLog.
func (c *ControlPlane) RequestsOf(namespace, account string) ([]Request, error) {
	if !c.audited {
		return nil, errors.New("the control plane was started without audit log")
	}
	file, err := os.Open(c.auditLog())
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	var found []Request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var entry struct {
			Verb           string
			User           struct{ Username string }
			ObjectRef      *struct{ APIGroup, Resource, Subresource, Namespace string }
			ResponseStatus struct{ Code int }
		}
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			return nil, err
		}
		if entry.ObjectRef == nil || entry.User.Username != userName(namespace, account) {
			continue
		}
		object := entry.ObjectRef
		request := Request{
			Verb: entry.Verb, Group: object.APIGroup, Namespace: object.Namespace,
			Resource: strings.TrimSuffix(object.Resource+"/"+object.Subresource, "/"),
			Refused:  entry.ResponseStatus.Code == http.StatusForbidden,
		}
		if !slices.Contains(found, request) {
			found = append(found, request)
		}
	}
	return found, lines.Err()
}
