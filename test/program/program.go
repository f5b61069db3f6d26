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

// Package program builds the commands of this module and runs them as processes beside their caller.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Process is a running program. On Linux it is killed when its caller ends, however that ends.
type Process struct {
	name    string
	process *os.Process
	output  output
	ended   chan struct{}
	err     error // how it ended; to be read once ended is closed
}

// Start runs the program at a path. It gets the environment of its caller and what env (NAME=value) adds to that.
func Start(path string, args []string, env ...string) (*Process, error) {
	p := &Process{name: filepath.Base(path), ended: make(chan struct{}), output: output{grown: make(chan struct{})}}
	command := exec.Command(path, args...) //nolint:gosec // the caller's own program
	command.Env = append(os.Environ(), env...)
	command.Stdout, command.Stderr = &p.output, &p.output
	command.SysProcAttr = attributes()
	started := make(chan error)
	go p.run(command, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	p.process = command.Process
	return p, nil
}

// StartFor runs a program until the test ends, at most, and shows its output if the test failed.
func StartFor(t testing.TB, path string, args []string, env ...string) *Process {
	t.Helper()
	p, err := Start(path, args, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("the output of %s:\n%s", p.name, p.Output())
		}
	})
	return p
}

// run keeps its thread until the program has ended: Linux kills a child when the thread that started it ends.
func (p *Process) run(command *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := command.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = command.Wait()
	close(p.ended)
}

// Output is what the program has written so far to its standard output and its standard error.
func (p *Process) Output() string {
	text, _ := p.output.read()
	return text
}

// WaitForLine waits until the output matches the pattern, and returns the match and its groups.
func (p *Process) WaitForLine(ctx context.Context, pattern *regexp.Regexp) ([]string, error) {
	for {
		text, grown := p.output.read()
		if match := pattern.FindStringSubmatch(text); match != nil {
			return match, nil
		}
		select {
		case <-grown:
		case <-p.ended:
			// The output is complete only now.
			if match := pattern.FindStringSubmatch(p.Output()); match != nil {
				return match, nil
			}
			return nil, p.endedBefore(fmt.Sprintf("writing %q", pattern))
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s to write %q: %w", p.name, pattern, context.Cause(ctx))
		}
	}
}

// WaitForHTTP waits until a GET of the URL is answered with status 200.
func (p *Process) WaitForHTTP(ctx context.Context, url string) error {
	const pause = 50 * time.Millisecond
	problem := errors.New("no answer")
	for {
		status, err := get(ctx, url)
		switch {
		case err == nil && status == http.StatusOK:
			return nil
		case err != nil && ctx.Err() == nil:
			problem = err
		case err == nil:
			problem = fmt.Errorf("status %d", status)
		}
		select {
		case <-time.After(pause):
		case <-p.ended:
			return p.endedBefore("answering at " + url)
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s at %s: %w; the last answer: %w", p.name, url, context.Cause(ctx), problem)
		}
	}
}

// Signal sends the program a signal.
func (p *Process) Signal(signal os.Signal) error {
	if err := p.process.Signal(signal); err != nil {
		return fmt.Errorf("sending %s %s: %w", p.name, signal, err)
	}
	return nil
}

// Stop ends the program with SIGTERM, as a kubelet does, and returns an error if its exit code is not 0 or if it has to be
// killed after the grace period.
func (p *Process) Stop(gracePeriod time.Duration) error {
	if err := p.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(gracePeriod):
		p.Kill()
		return fmt.Errorf("%s did not end within %s and was killed", p.name, gracePeriod)
	}
	return p.Wait()
}

// Kill ends the program at once, as a crash does, and waits for its end.
func (p *Process) Kill() {
	_ = p.process.Kill() // an error says that it has ended
	<-p.ended
}

// Wait waits until the program has ended, and returns an error if its exit code is not 0.
func (p *Process) Wait() error {
	<-p.ended
	if p.err != nil {
		return fmt.Errorf("%s ended: %w", p.name, p.err)
	}
	return nil
}

func (p *Process) endedBefore(what string) error {
	if err := p.Wait(); err != nil {
		return fmt.Errorf("before %s: %w; its last lines:\n%s", what, err, p.output.lastLines(5))
	}
	return fmt.Errorf("before %s: %s ended", what, p.name)
}

// get returns the status of the answer; a server that accepts a connection and says nothing is given two seconds.
func get(ctx context.Context, url string) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}
