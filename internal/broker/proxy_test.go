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
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// authenticated adds what no message may show to the address of a proxy.
func authenticated(proxy string) string { return strings.Replace(proxy, "//", "//user:sesame@", 1) }

// tunnels is a proxy that connects to a server, whatever host it is asked for.
func tunnels(server string) http.HandlerFunc {
	_, address, _ := strings.Cut(server, "//")
	return func(w http.ResponseWriter, _ *http.Request) {
		there, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}
}

// The proxy fails, not STS: each message names the proxy, without its password, and the setting that leads there.
func TestClassifyProxy(t *testing.T) {
	const settings = "the operator's HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
	serving := func(handler http.HandlerFunc) func(*testing.T) string {
		return func(t *testing.T) string { return quietly(t, handler, (*httptest.Server).Start) }
	}
	refusing := func(status int) func(*testing.T) string {
		return serving(answers(status, "text/html", "<html><body>Corporate proxy, incident INC4711X</body></html>"))
	}
	for sentence, c := range map[string]struct {
		proxy    func(*testing.T) string
		endpoint string
		message  string // (PROXY) stands for its host
	}{
		"that is down": {
			closedPort, "https://" + nameless, "the proxy (PROXY), asked for " + nameless + ", refuses connections: check " + settings,
		},
		"that is down, for http": {
			closedPort, "http://" + nameless, "the proxy (PROXY), asked for " + nameless + ", refuses connections: check " + settings,
		},
		"that forbids the host": {
			refusing(403), "https://" + nameless,
			"the proxy (PROXY) refuses to connect to " + nameless + " (HTTP 403): allow that host there, or put it into NO_PROXY",
		},
		"that wants a password": {
			refusing(407), "https://" + nameless,
			"the proxy (PROXY) asks who calls " + nameless + " (HTTP 407): give it user and password in HTTPS_PROXY and HTTP_PROXY, or put the host into NO_PROXY",
		},
		"that wants a password, for http": {
			refusing(407), "http://" + nameless,
			"the proxy (PROXY) asks who calls " + nameless + " (HTTP 407): give it user and password in HTTPS_PROXY and HTTP_PROXY, or put the host into NO_PROXY",
		},
		"that cannot reach the host": {
			refusing(503), "https://" + nameless,
			"the proxy (PROXY) cannot connect to " + nameless + " (HTTP 503): check that it may reach and resolve that host, or put the host into NO_PROXY",
		},
		"that redirects": {
			serving(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://login.example.test/", http.StatusFound)
			}),
			"https://" + nameless,
			"the proxy (PROXY) refuses to connect to " + nameless + " (HTTP 302): allow that host there, or put it into NO_PROXY",
		},
		"that redirects, for http": {
			serving(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://login.example.test/", http.StatusFound)
			}),
			"http://" + nameless,
			nameless + ", asked through the proxy (PROXY), answered HTTP 302, a redirect to another address, which is not followed: " +
				"correct the issuer's spec.endpoint",
		},
		"that shows a page, for http": {
			refusing(403), "http://" + nameless,
			nameless + ", asked through the proxy (PROXY), answered HTTP 403 with a web page, not as STS does: check the issuer's spec.endpoint " +
				"and what is between it and the operator",
		},
		"that fails, for http": {refusing(502), "http://" + nameless, nameless + ", asked through the proxy (PROXY), answered HTTP 502"},
		"that answers late": {
			func(t *testing.T) string { return speaks(t, "", false) }, "https://" + nameless,
			nameless + ", asked through the proxy (PROXY), did not answer in time: check that the operator may reach it",
		},
		"that is no proxy of TLS": {
			func(t *testing.T) string { return withScheme("https", refusing(200)(t)) }, "https://" + nameless,
			"the proxy (PROXY), asked for " + nameless + ", speaks no TLS, but is asked by https: check the scheme and port in " + settings,
		},
		"that is another protocol's": {
			func(t *testing.T) string { return speaks(t, sshBanner, true) }, "http://" + nameless,
			nameless + ", asked through the proxy (PROXY), does not speak HTTP: check the issuer's spec.endpoint",
		},
		"that connects to somebody else": {
			func(t *testing.T) string {
				return quietly(t, tunnels(quietly(t, until, (*httptest.Server).StartTLS)), (*httptest.Server).Start)
			},
			"https://" + nameless,
			nameless + ", asked through the proxy (PROXY), shows a certificate of another host: check the issuer's spec.endpoint, " +
				"and what is between it and the operator",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			proxy := c.proxy(t)
			timeout := time.Minute
			if strings.Contains(c.message, "in time") {
				timeout = 50 * time.Millisecond
			}
			begin := func() *fixture {
				return startAt(t, testingclock.NewFakePassiveClock(noon), c.endpoint, viaProxy(authenticated(proxy)), withTimeout(timeout))
			}
			f := begin()

			problem := f.refused()

			_, host, _ := strings.Cut(proxy, "//")
			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonUnavailable, Message: strings.ReplaceAll(c.message, "(PROXY)", host)}))
			g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
			g.Expect(problem.Message).NotTo(Or(ContainSubstring("sesame"), ContainSubstring("INC4711X")))
			g.Expect(begin().refused()).To(Equal(problem), "the same state reads the same")
		})
	}
}

func TestClassifyProxyThatDoesNotResolve(t *testing.T) {
	for sentence, c := range map[string]struct {
		code byte
		says string
	}{
		"no such name":   {nxDomain, "does not resolve: check the operator's HTTPS_PROXY, HTTP_PROXY and NO_PROXY"},
		"no name server": {servFail, "cannot be resolved: check the cluster's DNS"},
	} {
		t.Run(sentence, func(t *testing.T) {
			transport := &http.Transport{DialContext: (&net.Dialer{Resolver: failingResolver(c.code)}).DialContext}
			broker.UseProxy(transport, func(*http.Request) (*url.URL, error) { return url.Parse("http://user:sesame@proxy.example.test:3128") })
			f := atNameless(t, withTransport(transport))

			NewWithT(t).Expect(f.refused().Message).To(Equal("the proxy proxy.example.test:3128, asked for " + nameless + ", " + c.says))
		})
	}
}

// What net/http says of an address that it cannot read quotes it, with the password.
func TestClassifyProxyWithoutAddress(t *testing.T) {
	f := atNameless(t, func(o *broker.Options) {
		o.HTTPClient = broker.NewHTTPClient(func(*http.Request) (*url.URL, error) {
			return nil, errors.New("invalid proxy address \"http://user:sesame@[\"")
		})
	})

	NewWithT(t).Expect(f.refused().Message).To(
		Equal("the address of the operator's proxy cannot be read: correct the operator's HTTPS_PROXY, HTTP_PROXY and NO_PROXY"))
}

// A proxy could only answer for its own node: an address that is link-local means another machine there.
func TestUseProxyNeverForTheNode(t *testing.T) {
	for target, isDirect := range map[string]bool{
		"http://169.254.170.23/v1/credentials":    true,
		"http://169.254.170.2:80/x":               true,
		"http://169.254.169.254/latest/":          true,
		"http://[fd00:ec2::23]/v1/credentials":    true,
		"http://[fd00:ec2::254]/latest/":          true,
		"http://[fe80::1%25eth0]/":                true,
		"http://[::ffff:169.254.169.254]/":        true,
		"http://127.0.0.1:8080/":                  true,
		"http://127.9.9.9/":                       true,
		"http://[::1]:8080/":                      true,
		"https://localhost:4566/":                 true,
		"https://sts.eu-central-1.amazonaws.com/": false,
		"https://10.0.0.1/":                       false,
		"https://[fd00::1]/":                      false,
		"https://169.253.1.1/":                    false,
		"https://169.254.1.1.example.test/":       false,
	} {
		t.Run(target, func(t *testing.T) {
			g := NewWithT(t)
			transport := &http.Transport{}
			broker.UseProxy(transport, func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example.test:3128") })

			proxy, err := transport.Proxy(httptest.NewRequest(http.MethodPost, target, nil))

			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(proxy == nil).To(Equal(isDirect))
		})
	}
}
