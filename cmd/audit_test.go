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
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// auditPolicy makes the API server note who asked for what and how it answered.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, userGroups: ["system:serviceaccounts"]}]
`

// auditLog is the file of these notes.
type auditLog string

// audit turns the notes on for an API server that has not started.
func audit(t *testing.T, environment *envtest.Environment) auditLog {
	t.Helper()
	directory := t.TempDir()
	policy, log := filepath.Join(directory, "policy.yaml"), filepath.Join(directory, "audit.log")
	NewWithT(t).Expect(os.WriteFile(policy, []byte(auditPolicy), 0o600)).To(Succeed())
	environment.ControlPlane.GetAPIServer().Configure().Set("audit-policy-file", policy).Set("audit-log-path", log)
	return auditLog(log)
}

// access is a request for an object or a list, and how often it came.
type access struct {
	Verb, Group, Resource, Namespace string
	Refused                          bool
}

func (a access) String() string {
	return strings.TrimSpace(a.Verb + " " + strings.TrimPrefix(a.Group+"/"+a.Resource, "/"))
}

// of are the different requests of a ServiceAccount of the operator's namespace.
func (l auditLog) of(t *testing.T, account string) []access {
	t.Helper()
	g := NewWithT(t)
	file, err := os.Open(string(l))
	g.Expect(err).NotTo(HaveOccurred())
	defer file.Close() //nolint:errcheck // read only
	var found []access
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var entry struct {
			Verb           string
			User           struct{ Username string }
			ObjectRef      *struct{ APIGroup, Resource, Subresource, Namespace string }
			ResponseStatus struct{ Code int }
		}
		g.Expect(json.Unmarshal(lines.Bytes(), &entry)).To(Succeed())
		if entry.ObjectRef == nil || entry.User.Username != "system:serviceaccount:"+systemNamespace+":"+account {
			continue
		}
		o := entry.ObjectRef
		one := access{
			entry.Verb, o.APIGroup, strings.TrimSuffix(o.Resource+"/"+o.Subresource, "/"), o.Namespace,
			entry.ResponseStatus.Code == http.StatusForbidden,
		}
		if !slices.Contains(found, one) {
			found = append(found, one)
		}
	}
	g.Expect(lines.Err()).NotTo(HaveOccurred())
	g.Expect(found).NotTo(BeEmpty(), "the requests of %s were noted", account)
	return found
}

// refused are those that the ServiceAccount may not make.
func refused(all []access) []access {
	return slices.DeleteFunc(slices.Clone(all), func(a access) bool { return !a.Refused })
}

// outside are those that are not for one of these namespaces.
func outside(all []access, namespaces ...string) []string {
	var out []string
	for _, a := range all {
		if !slices.Contains(namespaces, a.Namespace) {
			out = append(out, a.String())
		}
	}
	return out
}
