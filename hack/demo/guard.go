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
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

//go:embed guard.sh
var guardScript string

//go:embed run.sh
var runScript []byte

// guard is a process that outlives the demo, should that be killed, to end what the demo has started.
type guard struct {
	command  *exec.Cmd
	lifeline io.Closer
}

func startGuard(folder string) (*guard, error) {
	command := exec.Command("sh", "-c", guardScript, "demo-guard", folder) //nolint:gosec // the script is the demo's own
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}              // out of Ctrl-C's reach
	lifeline, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the guard: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the guard: %w", err)
	}
	return &guard{command, lifeline}, nil
}

// dismiss ends the guard. If the folder is still there, it ends what runs in it.
func (g *guard) dismiss() {
	_ = g.lifeline.Close()
	_ = g.command.Wait()
}

// guarded is the path to run a program by, so that the guard knows its process.
func guarded(folder, program string) (string, error) {
	name := filepath.Base(program)
	programs := filepath.Join(folder, "bin", "programs")
	if err := os.MkdirAll(programs, 0o700); err != nil {
		return "", err
	}
	program, err := filepath.Abs(program)
	if err != nil {
		return "", err
	}
	if err := os.Symlink(program, filepath.Join(programs, name)); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "bin", name)
	return path, os.WriteFile(path, runScript, 0o700) //nolint:gosec // it is run
}
