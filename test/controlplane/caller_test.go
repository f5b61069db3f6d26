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

package controlplane_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/controlplane"
	"github.com/sts-operator/sts-operator/test/program"
)

// callerFolder, set in the environment, makes this test binary a program that starts a control plane in that folder.
const callerFolder = "CONTROLPLANE_TEST_FOLDER"

func TestMain(m *testing.M) {
	folder := os.Getenv(callerFolder)
	if folder == "" {
		os.Exit(m.Run())
	}
	if _, err := controlplane.Start(controlplane.WithFolder(folder)); err != nil {
		panic(err)
	}
	fmt.Println("started")
	select {}
}

func TestAControlPlaneEndsWithItsCaller(t *testing.T) {
	if exec.Command("setpriv", "--pdeathsig", "KILL", "true").Run() != nil {
		t.Skip("needs Linux and setpriv of util-linux")
	}
	g := NewWithT(t)
	folder := t.TempDir()
	caller := program.StartFor(t, os.Args[0], nil, callerFolder+"="+folder)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	_, err := caller.WaitForLine(ctx, regexp.MustCompile("started\n"))
	g.Expect(err).NotTo(HaveOccurred())
	running := func() []string { return runningIn(t, folder) }
	g.Expect(running()).To(ConsistOf("etcd", "kube-apiserver"))
	caller.Kill()
	g.Eventually(running, time.Minute).Should(BeEmpty())
}

// runningIn are the programs that have a folder among their arguments.
func runningIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var programs []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil { // it has ended meanwhile
			continue
		}
		if path, arguments, _ := strings.Cut(string(text), "\x00"); strings.Contains(arguments, folder) {
			programs = append(programs, filepath.Base(path))
		}
	}
	return programs
}
