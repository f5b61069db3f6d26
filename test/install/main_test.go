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

// Package install_test tests the folder config: what each install consists of, and that the operator, as its own
// ServiceAccount with exactly the roles of that folder, can do all of its work and nothing else.
package install_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sts-operator/sts-operator/test/program"
)

const (
	systemNamespace = "sts-operator-system"
	patience        = 60 * time.Second
	interval        = 50 * time.Millisecond
)

// manager is the path of the operator's program.
var manager string

func TestMain(m *testing.M) {
	logf.SetLogger(logr.Discard())
	code, err := runWithManager(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runWithManager(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "sts-operator-install-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	manager = filepath.Join(folder, "manager")
	if err := program.Build("cmd", manager); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
