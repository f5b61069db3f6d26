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

// Package e2e_test holds the operator to its promises from outside: the built manager, as its ServiceAccount with the
// permissions of config/rbac, on a real API server, calling an STS fake that runs as a process of its own. Credentials are used
// as a pod uses them, by the AWS SDK. Alone it is run by:
//
//	make test PKG=./test/e2e
package e2e_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sts-operator/sts-operator/test/program"
	"github.com/sts-operator/sts-operator/test/stage"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	// patience is for what the operator does at once, on a machine that is busy.
	patience = 3 * time.Minute
	interval = 100 * time.Millisecond
	// briefLifetime is how long the sessions of the users brief and outage live: short enough to wait for a rotation, and long
	// enough for one that comes late.
	briefLifetime = 45 * time.Second
)

// cluster is what all tests run against. Each has a namespace of its own.
var cluster *stage.Stage

// scenarios are in force in every test.
func scenarios() []stsfake.Scenario {
	return []stsfake.Scenario{
		{Kind: stsfake.Lifetime, Duration: briefLifetime, AccessKeyID: brief.id},
		{Kind: stsfake.Lifetime, Duration: briefLifetime, AccessKeyID: outage.id},
		{Kind: stsfake.EncodedDenials},
	}
}

func TestMain(m *testing.M) {
	logf.SetLogger(logr.Discard())
	flag.Parse()
	// Most tests wait for others most of the time, so more of them than there are processors run at a time.
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests on a stage that ends with them.
func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "sts-operator-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	settings := stage.Settings{Folder: folder, Manager: filepath.Join(folder, "manager"), Fake: filepath.Join(folder, "sts-fake")}
	for command, file := range map[string]string{"cmd": settings.Manager, "cmd/sts-fake": settings.Fake} {
		if err := program.Build(command, file); err != nil {
			return 1, err
		}
	}
	initial, err := json.Marshal(scenarios())
	if err != nil {
		return 1, err
	}
	settings.FakeArguments = []string{"--scenario", string(initial)}
	if cluster, err = stage.Start(context.Background(), settings); err != nil {
		return 1, err
	}
	if code = m.Run(); code != 0 {
		fmt.Fprintln(os.Stderr, cluster.Log())
	}
	return code, cluster.Stop()
}
