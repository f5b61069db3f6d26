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
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// withScheme swaps http and https.
func withScheme(scheme, address string) string {
	_, host, _ := strings.Cut(address, "//")
	return scheme + "://" + host
}

// speaks is a server of another protocol that says the same to everybody; without words it stays silent. It reads a request
// of HTTP first: whoever is cut off while sending may see that alone.
func speaks(t *testing.T, words string, readsRequest bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	talk := func(connection net.Conn) {
		defer func() { _ = connection.Close() }()
		if readsRequest {
			request, err := http.ReadRequest(bufio.NewReader(connection))
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
		}
		_, _ = io.WriteString(connection, words)
		if half, ok := connection.(*net.TCPConn); ok && words != "" {
			_ = half.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, connection) // to close before the client has sent all would reset the connection
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go talk(connection)
		}
	}()
	return "http://" + listener.Addr().String()
}

// What servers of other protocols say first, or to a request that they do not understand.
const (
	tlsAlert     = "\x15\x03\x01\x00\x02\x02\x46"
	http2Setting = "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"
	sshBanner    = "SSH-2.0-OpenSSH_9.9\r\n"
)

func TestClassifyWrongProtocol(t *testing.T) {
	const isHTTPS = " answered HTTP 400 without a code of AWS: check whether the issuer's spec.endpoint must begin with https"
	page := func(status int, kind, body string) func(*testing.T) string {
		return func(t *testing.T) string { return quietly(t, answers(status, kind, body), (*httptest.Server).Start) }
	}
	for sentence, c := range map[string]struct {
		endpoint func(*testing.T) string
		message  string
	}{
		"https where there is only http": {
			func(t *testing.T) string { return withScheme("https", page(200, "text/plain", "")(t)) },
			" speaks no TLS, but is asked by https: check the scheme and port in the issuer's spec.endpoint",
		},
		"https where there is something else": {
			func(t *testing.T) string { return withScheme("https", speaks(t, sshBanner, false)) },
			" speaks no TLS, but is asked by https: check the scheme and port in the issuer's spec.endpoint",
		},
		"http where there is only https, of Go": {
			func(t *testing.T) string { return withScheme("http", quietly(t, until, (*httptest.Server).StartTLS)) }, isHTTPS,
		},
		"http where there is only https, of nginx": {
			page(400, "text/html", "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"), isHTTPS,
		},
		"http where there is only https, which answers with an alert": {
			func(t *testing.T) string { return speaks(t, tlsAlert, true) }, " speaks TLS, but is asked by http: write https in the issuer's spec.endpoint",
		},
		"HTTP/2 alone, without TLS": {
			func(t *testing.T) string { return speaks(t, http2Setting, true) },
			" speaks HTTP/2 only, and not within TLS: write https in the issuer's spec.endpoint, or have it speak HTTP/1.1",
		},
		"another protocol": {
			func(t *testing.T) string { return speaks(t, sshBanner, true) }, " does not speak HTTP: check the issuer's spec.endpoint",
		},
		"a web page that forbids": {
			page(403, "text/html; charset=utf-8", "<html><body>Forbidden</body></html>"),
			" answered HTTP 403 with a web page, not as STS does: check the issuer's spec.endpoint and what is between it and the operator",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			endpoint := c.endpoint(t)
			refused := func() *sts.Problem { return startAt(t, testingclock.NewFakePassiveClock(noon), endpoint).refused() }

			problem := refused()

			_, host, _ := strings.Cut(endpoint, "//")
			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonUnavailable, Message: host + c.message}))
			g.Expect(refused()).To(Equal(problem), "the same state reads the same")
		})
	}
}

// certificateOf a host, by an authority of its own.
func certificateOf(t *testing.T, host string, notAfter time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// secured is an STS over TLS, with a certificate, at the name that only the dialer knows; and what a client trusts.
func secured(t *testing.T, config *tls.Config, roots *x509.CertPool) *fixture {
	t.Helper()
	server := quietly(t, answers(200, "text/xml", responseXML(aResult())), func(s *httptest.Server) {
		s.TLS, s.EnableHTTP2 = config, slices.Contains(config.NextProtos, "h2")
		s.StartTLS()
	})
	return startAt(t, testingclock.NewFakePassiveClock(noon), "https://"+nameless, leadingTo(server), func(o *broker.Options) {
		broker.TransportOf(o.HTTPClient).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	})
}

func TestClassifyCertificate(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour)
	for sentence, c := range map[string]struct {
		host     string
		notAfter time.Time
		unknown  bool
		message  string
	}{
		"of another host": {
			"sts.example.org", tomorrow, false,
			" shows a certificate of another host: check the issuer's spec.endpoint, and what is between it and the operator",
		},
		"that has expired": {
			nameless, time.Now().Add(-time.Hour), false,
			" shows a certificate that has expired or is not valid yet: renew it, or set the clock of the operator's node",
		},
		"of an unknown authority": {
			nameless, tomorrow, true,
			" shows a certificate of an authority that the operator does not trust: give the operator that authority (SSL_CERT_FILE), " +
				"or check the issuer's spec.endpoint",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			certificate, roots := certificateOf(t, c.host, c.notAfter)
			if c.unknown {
				_, roots = certificateOf(t, c.host, c.notAfter)
			}
			f := secured(t, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, roots)

			NewWithT(t).Expect(*f.refused()).To(Equal(sts.Problem{Reason: v1alpha1.ReasonUnavailable, Message: nameless + c.message}))
		})
	}
}

func TestClassifyBrokenHandshake(t *testing.T) {
	certificate, roots := certificateOf(t, nameless, time.Now().Add(24*time.Hour))
	f := secured(t, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"another"}}, roots)

	NewWithT(t).Expect(f.refused().Message).To(
		Equal(nameless + " breaks off the TLS handshake: check the issuer's spec.endpoint, and whether it asks for a certificate of the client"))
}

// An endpoint that speaks nothing but HTTP/2 within TLS is as good as any.
func TestIssueOverHTTP2Alone(t *testing.T) {
	certificate, roots := certificateOf(t, nameless, time.Now().Add(24*time.Hour))
	f := secured(t, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}, roots)

	_, problem := f.issue(theRequest)

	NewWithT(t).Expect(problem).To(BeNil())
}
