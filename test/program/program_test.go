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

package program_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/program"
)

// behaviour, set in the environment, makes this test binary a program that behaves so.
const behaviour = "PROGRAM_TEST_BEHAVIOUR"

const patience = time.Minute

func TestMain(m *testing.M) {
	if name := os.Getenv(behaviour); name != "" {
		behave(name)
		return
	}
	os.Exit(m.Run())
}

func behave(name string) {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	switch name {
	case "echo":
		fmt.Println("arguments:", os.Args[1:])
		<-terminated
		fmt.Fprintln(os.Stderr, "terminated")
	case "fail":
		fmt.Println("cannot start")
		os.Exit(3)
	case "ignore SIGTERM":
		fmt.Println("ready", os.Getpid())
		select {}
	case "parent":
		child, err := program.Start(os.Args[0], nil, behaviour+"=ignore SIGTERM")
		if err != nil {
			panic(err)
		}
		match, err := child.WaitForLine(context.Background(), regexp.MustCompile(`ready (\d+)\n`))
		if err != nil {
			panic(err)
		}
		fmt.Println("child:", match[1])
		select {}
	}
}

// start runs this test binary as another program.
func start(t *testing.T, name string, args ...string) *program.Process {
	t.Helper()
	return program.StartFor(t, os.Args[0], args, behaviour+"="+name)
}

// within is the context of everything that must happen soon.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestStop(t *testing.T) {
	t.Run("a program that ends at SIGTERM", func(t *testing.T) {
		g := NewWithT(t)
		p := start(t, "echo", "a", "b")
		match, err := p.WaitForLine(within(t, patience), regexp.MustCompile(`arguments: \[(.*)\]\n`))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(match[1]).To(Equal("a b"))
		g.Expect(p.Stop(patience)).To(Succeed())
		g.Expect(p.Output()).To(ContainSubstring("\nterminated\n"))
		g.Expect(p.Stop(patience)).To(Succeed(), "again")
	})
	t.Run("a program that ignores SIGTERM", func(t *testing.T) {
		g := NewWithT(t)
		p := start(t, "ignore SIGTERM")
		_, err := p.WaitForLine(within(t, patience), regexp.MustCompile("ready"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(p.Stop(time.Millisecond)).To(MatchError(ContainSubstring("was killed")))
	})
	t.Run("a program that failed", func(t *testing.T) {
		g := NewWithT(t)
		p := start(t, "fail")
		g.Expect(p.Wait()).To(MatchError(ContainSubstring("exit status 3")))
		g.Expect(p.Stop(patience)).To(MatchError(ContainSubstring("exit status 3")))
	})
}

func TestKill(t *testing.T) {
	g := NewWithT(t)
	p := start(t, "ignore SIGTERM")
	p.Kill()
	g.Expect(p.Wait()).To(MatchError(ContainSubstring("killed")))
}

func TestWaitForLine(t *testing.T) {
	t.Run("the program ends before", func(t *testing.T) {
		_, err := start(t, "fail").WaitForLine(within(t, patience), regexp.MustCompile("ready"))
		NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("exit status 3"), ContainSubstring("cannot start"))))
	})
	t.Run("it takes too long", func(t *testing.T) {
		_, err := start(t, "ignore SIGTERM").WaitForLine(within(t, time.Millisecond), regexp.MustCompile("never"))
		NewWithT(t).Expect(errors.Is(err, context.DeadlineExceeded)).To(BeTrue(), "%v", err)
	})
}

func TestWaitForHTTP(t *testing.T) {
	t.Run("the program answers, and then with status 200", func(t *testing.T) {
		g := NewWithT(t)
		server := serve(t, func(request int64) int { return map[int64]int{1: 503, 2: 404}[request] })
		g.Expect(start(t, "ignore SIGTERM").WaitForHTTP(within(t, patience), server.URL)).To(Succeed())
		g.Expect(server.requests.Load()).To(BeEquivalentTo(3))
	})
	t.Run("the program ends before", func(t *testing.T) {
		g := NewWithT(t)
		address, err := program.FreeAddress()
		g.Expect(err).NotTo(HaveOccurred())
		err = start(t, "fail").WaitForHTTP(within(t, patience), "http://"+address)
		g.Expect(err).To(MatchError(And(ContainSubstring("exit status 3"), ContainSubstring("cannot start"))))
	})
	t.Run("the caller does not want to wait any longer", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(within(t, patience))
		server := serve(t, func(request int64) int {
			if request == 2 {
				cancel(errors.New("enough"))
			}
			return http.StatusNotFound
		})
		err := start(t, "ignore SIGTERM").WaitForHTTP(ctx, server.URL)
		NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("enough"), ContainSubstring("status 404"))))
	})
}

type server struct {
	*httptest.Server
	requests atomic.Int64
}

// serve answers with the status for the first request, the second and so on; 0 is 200.
func serve(t *testing.T, status func(request int64) int) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if code := status(s.requests.Add(1)); code != 0 {
			w.WriteHeader(code)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestBuild(t *testing.T) {
	g := NewWithT(t)
	fake := filepath.Join(t.TempDir(), "sts-fake")
	g.Expect(program.Build("cmd/sts-fake", fake)).To(Succeed())
	p := program.StartFor(t, fake, []string{"--listen", "127.0.0.1:0"})
	match, err := p.WaitForLine(within(t, patience), regexp.MustCompile(`listens on (\S+)\n`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.WaitForHTTP(within(t, patience), match[1]+"/_admin/scenarios")).To(Succeed())
	g.Expect(p.Stop(patience)).To(Succeed())

	g.Expect(program.Build("cmd/none", fake)).To(MatchError(ContainSubstring("building cmd/none")))
}

func TestStartAFileThatIsNotThere(t *testing.T) {
	_, err := program.Start(filepath.Join(t.TempDir(), "none"), nil)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("starting none")))
}

func TestAProgramEndsWithItsCaller(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills the children of a process")
	}
	g := NewWithT(t)
	parent := start(t, "parent")
	match, err := parent.WaitForLine(within(t, patience), regexp.MustCompile(`child: (\d+)\n`))
	g.Expect(err).NotTo(HaveOccurred())
	child, err := strconv.Atoi(match[1])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(isRunning(child)).To(BeTrue())
	parent.Kill()
	g.Eventually(func() bool { return isRunning(child) }, patience).Should(BeFalse())
}

// isRunning says whether there is such a process that is more than a record of its exit code.
func isRunning(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(state, "Z")
}
