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
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a program of this project, run as it is elsewhere. What it prints goes to a file.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it has ended
}

// start runs a guarded program with a home of its own, so that no configuration file of the user's is read.
func (s *stage) start(path string, args ...string) (*process, error) {
	name := filepath.Base(path)
	log, err := os.Create(s.log(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own copy
	cmd := exec.Command(path, args...) //nolint:gosec // a program of this project
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "HOME="+s.folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches the demo alone, which ends them in order
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log.Name(), ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		_ = os.Remove(path + ".pid")
		close(p.ended)
	}()
	return p, nil
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// watch ends the demo when the process ends before its time.
func (s *stage) watch(p *process) {
	go func() {
		<-p.ended
		s.cancel(fmt.Errorf("%s has ended by itself (%s)", p.name, p.cmd.ProcessState))
	}()
}

// end asks the process to end, and makes it after a while.
func (p *process) end(patience time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// log is the file that a program's output goes to.
func (s *stage) log(name string) string { return filepath.Join(s.folder, name+".log") }

// lastLines of a program's output.
func (s *stage) lastLines(name string, count int) []string {
	text, err := os.ReadFile(s.log(name))
	if err != nil || len(text) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[max(0, len(lines)-count):]
}

// tellLogs shows the end of each process's log: the folder they are in goes with the demo.
func (s *stage) tellLogs() {
	names := []string{"sts-fake", "manager"}
	if s.manager == nil {
		names = append([]string{"etcd", "kube-apiserver"}, names...)
	}
	for _, name := range names {
		lines := s.lastLines(name, 25)
		if len(lines) == 0 {
			continue
		}
		s.say("\nThe last lines of %s:", name)
		for _, line := range lines {
			s.say("  %s", line)
		}
	}
	s.say("")
}
