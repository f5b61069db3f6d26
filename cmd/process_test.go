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
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// asManager, set in the environment, makes this test binary the manager: one process can run only one.
const asManager = "STS_OPERATOR_TEST_AS_MANAGER"

func TestMain(m *testing.M) {
	if os.Getenv(asManager) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a manager that runs beside the test.
type process struct {
	command *exec.Cmd
	log     *lockedBuffer
	ended   chan error
}

// startManager runs the manager with these arguments until stop or the end of the test.
func startManager(t *testing.T, arguments ...string) *process {
	t.Helper()
	p := &process{command: exec.Command(os.Args[0], arguments...), log: &lockedBuffer{}, ended: make(chan error, 1)}
	p.command.Env = append(os.Environ(), asManager+"=yes")
	p.command.Stdout, p.command.Stderr = p.log, p.log
	NewWithT(t).Expect(p.command.Start()).To(Succeed())
	gone := make(chan struct{})
	go func() {
		p.ended <- p.command.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		select {
		case <-gone:
		default:
			_ = p.command.Process.Kill()
			<-gone
		}
		if t.Failed() {
			t.Log(p.log.String())
		}
	})
	return p
}

// stop ends the manager as a kubelet does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(p.command.Process.Signal(syscall.SIGTERM)).To(Succeed())
	g.Eventually(p.ended, 40*time.Second).Should(Receive(BeNil()))
}
