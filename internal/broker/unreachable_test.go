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

package broker_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// nameless is an endpoint that only a proxy or a stubbed dialer knows the way to.
const nameless = "sts.example.test"

// viaProxy leads the production client to a server, whatever the host of the endpoint.
func viaProxy(server string) func(*broker.Options) {
	return func(o *broker.Options) {
		o.HTTPClient = broker.NewHTTPClient(func(*http.Request) (*url.URL, error) { return url.Parse(server) })
	}
}

// leadingTo has the production client connect to a server, whatever the host of the endpoint.
func leadingTo(server string) func(*broker.Options) {
	_, address, _ := strings.Cut(server, "//")
	return func(o *broker.Options) {
		broker.TransportOf(o.HTTPClient).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	}
}

// withDialer keeps the machine's network and its DNS out of a test.
func withDialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(*broker.Options) {
	return withTransport(&http.Transport{DialContext: dial})
}

func atNameless(t *testing.T, changes ...func(*broker.Options)) *fixture {
	t.Helper()
	return startAt(t, testingclock.NewFakePassiveClock(noon), "http://"+nameless, changes...)
}

// closedPort is a URL without a listener.
func closedPort(t *testing.T) string {
	t.Helper()
	listener := httptest.NewServer(http.NotFoundHandler())
	listener.Close()
	return listener.URL
}

// quietly starts a server that does not log what its clients do wrong.
func quietly(t *testing.T, handler http.HandlerFunc, start func(*httptest.Server)) string {
	t.Helper()
	listener := httptest.NewUnstartedServer(handler)
	listener.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(listener)
	t.Cleanup(listener.Close)
	return listener.URL
}

// until hangs until the client gives up.
func until(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server notices that the client is gone only after the body
	<-r.Context().Done()
}

// failingResolver is a DNS server in memory that answers each question with the given code.
func failingResolver(code byte) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			for {
				var length uint16
				if binary.Read(server, binary.BigEndian, &length) != nil {
					return
				}
				message := make([]byte, length)
				if _, err := io.ReadFull(server, message); err != nil {
					return
				}
				message[2], message[3] = message[2]|0x80, message[3]&0xf0|code
				if _, err := server.Write(append(binary.BigEndian.AppendUint16(nil, length), message...)); err != nil {
					return
				}
			}
		}()
		return client, nil
	}}
}

const (
	nxDomain = 3
	servFail = 2
)

// Each case runs twice, with ports of its own: a message that differed would be written to the status for ever.
func TestClassifyUnreachable(t *testing.T) {
	for sentence, c := range map[string]struct {
		start   func(*testing.T) *fixture
		message string // after the name of the endpoint
	}{
		"nothing listens": {
			func(t *testing.T) *fixture { return atNameless(t, leadingTo(closedPort(t))) },
			" refuses connections: check the issuer's spec.endpoint",
		},
		"the connection is reset": {
			func(t *testing.T) *fixture {
				fake := stsfake.NewServer(time.Now, stsfake.DefaultWorld())
				if err := fake.SetScenarios(stsfake.Scenario{Kind: stsfake.Reset}); err != nil {
					t.Fatal(err)
				}
				return atNameless(t, leadingTo(quietly(t, fake.ServeHTTP, (*httptest.Server).Start)))
			},
			" broke the connection",
		},
		"the connection is closed": {
			func(t *testing.T) *fixture {
				return atNameless(t, leadingTo(quietly(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, (*httptest.Server).Start)))
			},
			" broke the connection",
		},
		"there is no answer within the call's time": {
			func(t *testing.T) *fixture {
				return atNameless(t, leadingTo(quietly(t, until, (*httptest.Server).Start)), withTimeout(50*time.Millisecond))
			},
			" did not answer in time: check that the operator may reach it",
		},
		"the answer does not end within the call's time": {
			func(t *testing.T) *fixture {
				return atNameless(t, withTimeout(50*time.Millisecond), leadingTo(quietly(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "<GetFederationTokenResponse>")
					_ = http.NewResponseController(w).Flush()
					until(w, r)
				}, (*httptest.Server).Start)))
			},
			" did not answer in time: check that the operator may reach it",
		},
		"the dialer waits in vain": {
			func(t *testing.T) *fixture {
				return atNameless(t, withDialer(func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{Port: 40000}, Err: context.DeadlineExceeded}
				}))
			},
			" did not answer in time: check that the operator may reach it",
		},
		"the name does not exist": {
			func(t *testing.T) *fixture {
				return atNameless(t, withDialer((&net.Dialer{Resolver: failingResolver(nxDomain)}).DialContext))
			},
			" does not resolve: check the issuer's spec.endpoint",
		},
		"the name server fails": {
			func(t *testing.T) *fixture {
				return atNameless(t, withDialer((&net.Dialer{Resolver: failingResolver(servFail)}).DialContext))
			},
			" cannot be resolved: check the cluster's DNS",
		},
		"the network is down": {
			func(t *testing.T) *fixture {
				return atNameless(t, withDialer(func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{Port: 40000}, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
				}))
			},
			" is in a network that the operator cannot reach: check its egress and the issuer's spec.endpoint",
		},
		"the connection fails for another cause": {
			func(t *testing.T) *fixture {
				return atNameless(t, withDialer(func(context.Context, string, string) (net.Conn, error) {
					return nil, errors.New("dial tcp 192.0.2.7:80: something new")
				}))
			},
			" broke the connection",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := c.start(t)

			problem := f.refused()

			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonUnavailable, Message: nameless + c.message}))
			g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
			g.Expect(f.observed).To(Equal([]observation{{"GetFederationToken", "NoAnswer", 0}}))
			g.Expect(c.start(t).refused()).To(Equal(problem), "the same state reads the same")
		})
	}
}

func TestIssueCancelledContext(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, problem := f.permit().Issue(ctx, noProof)

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonUnavailable))
	g.Expect(f.fake.Calls()).To(BeEmpty())
}

// A tenant that names an endpoint could otherwise aim the operator at anything it can reach.
func TestHTTPClientFollowsNoRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			g := NewWithT(t)
			var led atomic.Int32
			elsewhere := quietly(t, func(http.ResponseWriter, *http.Request) { led.Add(1) }, (*httptest.Server).Start)
			f := startAnswering(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, status) })

			problem := f.refused()

			g.Expect(problem.Message).To(Equal(fmt.Sprintf(
				"%s answered HTTP %d, a redirect to another address, which is not followed: correct the issuer's spec.endpoint", endpointOf(f), status)))
			g.Expect(led.Load()).To(BeZero())
		})
	}
}

func TestHTTPClientLimitsAnswer(t *testing.T) {
	padded := func(size int) string {
		answer := responseXML(aResult())
		return "<!--" + strings.Repeat("-.", (size-len(answer)-7)/2) + "-->" + answer
	}
	for sentence, c := range map[string]struct {
		status  int
		body    string
		reason  string
		message string
	}{
		"an answer a little below 1 MiB is read": {200, padded(1<<20 - 100), "", ""},
		"an answer above 1 MiB is not read":      {200, padded(1<<20 + 5000), v1alpha1.ReasonIncompleteResponse, notLikeSTS},
		"an error above 1 MiB is not read": {
			400, "<ErrorResponse><!--" + strings.Repeat("-.", 600_000) + "--><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
			v1alpha1.ReasonUnavailable, " answered HTTP 400",
		},
		"an answer that is read may be discarded": {502, strings.Repeat("x", 3<<20), v1alpha1.ReasonUnavailable, " answered HTTP 502"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(c.status, "text/xml", c.body))
			if c.reason == "" {
				_, problem := f.issue(theRequest)
				g.Expect(problem).To(BeNil())
				return
			}

			g.Expect(*f.refused()).To(Equal(sts.Problem{Reason: c.reason, Message: endpointOf(f) + c.message}))
		})
	}
}
