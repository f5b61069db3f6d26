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

package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// proxySettings are the operator's own, which no issuer can change.
const proxySettings = "the operator's HTTPS_PROXY, HTTP_PROXY and NO_PROXY"

// unreachable words why a peer gave no answer, and whether it was the peer or the proxy before it, without the addresses and
// ports that make an error text differ each time. The setting is what leads to the peer.
func unreachable(err error, peer, setting string) string {
	proxy := proxyOf(err)
	refused, isRefused := errors.AsType[*proxyRefusal](err)
	operation, isOperation := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, errProxyAddress):
		return "the address of the operator's proxy cannot be read: correct " + proxySettings
	case isRefused:
		return refused.word(proxy, peer)
	case isOperation && operation.Op == "proxyconnect":
		return proxyName(proxy) + ", asked for " + peer + ", " + noAnswer(err, proxySettings)
	case proxy != "":
		return peer + ", asked through " + proxyName(proxy) + ", " + noAnswer(err, setting)
	}
	return peer + " " + noAnswer(err, setting)
}

// proxyName is how messages call a proxy.
func proxyName(proxy string) string {
	if proxy == "" {
		return "the proxy"
	}
	return "the proxy " + proxy
}

// noAnswer words what somebody did instead of answering.
func noAnswer(err error, setting string) string {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	operation, isOperation := errors.AsType[*net.OpError](err)
	switch {
	case isDNS && dns.IsNotFound:
		return "does not resolve: check " + setting
	case isDNS:
		return "cannot be resolved: check the cluster's DNS"
	case isCertificate:
		return badCertificate(err, setting)
	case errors.Is(err, http.ErrSchemeMismatch), isRecord:
		return "speaks no TLS, but is asked by https: check the scheme and port in " + setting
	case isOperation && operation.Op == "remote error": // an alert of TLS
		return "breaks off the TLS handshake: check " + setting + ", and whether it asks for a certificate of the client"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses connections: check " + setting
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "is in a network that the operator cannot reach: check its egress and " + setting
	case isTimeout(err), errors.Is(err, context.Canceled):
		return "did not answer in time: check that the operator may reach it"
	}
	return malformed(err, setting)
}

func isTimeout(err error) bool {
	timeout, isNet := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || isNet && timeout.Timeout()
}

// badCertificate tells apart what is wrong with a certificate: each has another cure.
func badCertificate(err error, setting string) string {
	_, isHost := errors.AsType[x509.HostnameError](err)
	_, isAuthority := errors.AsType[x509.UnknownAuthorityError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case isHost:
		return "shows a certificate of another host: check " + setting + ", and what is between it and the operator"
	case isAuthority:
		return "shows a certificate of an authority that the operator does not trust: give the operator that authority (SSL_CERT_FILE), or check " + setting
	case isInvalid && invalid.Reason == x509.Expired:
		return "shows a certificate that has expired or is not valid yet: renew it, or set the clock of the operator's node"
	}
	return "shows a certificate that is not valid for it: replace it, or check " + setting
}

// What is not HTTP/1.1 is told apart by how it begins, which net/http quotes in its error and has no type for: a TLS record
// (alert or handshake), or the SETTINGS frame of HTTP/2.
var (
	malformedAnswer = regexp.MustCompile(`malformed HTTP (response|version|status code)`)
	tlsRecord       = regexp.MustCompile(`malformed HTTP response "\\x1[56]\\x03`)
	http2Frame      = regexp.MustCompile(`malformed HTTP response "\\x00\\x00.{1,4}\\x04`)
)

func malformed(err error, setting string) string {
	text := err.Error()
	switch {
	case tlsRecord.MatchString(text):
		return "speaks TLS, but is asked by http: write https in " + setting
	case http2Frame.MatchString(text):
		return "speaks HTTP/2 only, and not within TLS: write https in " + setting + ", or have it speak HTTP/1.1"
	case malformedAnswer.MatchString(text):
		return "does not speak HTTP: check " + setting
	}
	return "broke the connection"
}

// foreignAnswer words an HTTP answer that has no code of AWS: it is not STS's, so it says who may have given it.
func foreignAnswer(response *awshttp.ResponseError, config Config, proxy string) *sts.Problem {
	host, status := endpointName(config), response.HTTPStatusCode()
	if proxy != "" {
		host += ", asked through " + proxyName(proxy) + ","
	}
	kind, _, _ := mime.ParseMediaType(response.Response.Header.Get("Content-Type"))
	isPage, isText, isHTTP := kind == "text/html", kind == "" || kind == "text/plain" || kind == "text/html", strings.HasPrefix(config.Endpoint, "http:")
	unavailable := func(format string, args ...any) *sts.Problem {
		return sts.Problemf(v1alpha1.ReasonUnavailable, "%s answered HTTP %d"+format, append([]any{host, status}, args...)...)
	}
	switch {
	case status == http.StatusProxyAuthRequired:
		return sts.Problemf(v1alpha1.ReasonUnavailable, "%s", (&proxyRefusal{status}).word(proxy, endpointName(config)))
	case status == http.StatusOK && isPage:
		return sts.Problemf(v1alpha1.ReasonIncompleteResponse,
			"%s answered with a web page, not as STS does: check %s and what is between it and the operator", host, endpointSetting(config))
	case status == http.StatusOK:
		return sts.Problemf(v1alpha1.ReasonIncompleteResponse, "%s answered, but not as STS does: check %s", host, endpointSetting(config))
	case status >= 300 && status < 400:
		return unavailable(", a redirect to another address, which is not followed: correct %s", endpointSetting(config))
	case status == http.StatusBadRequest && isText && isHTTP:
		return unavailable(" without a code of AWS: check whether the issuer's spec.endpoint must begin with https")
	case isPage && status < http.StatusInternalServerError:
		return unavailable(" with a web page, not as STS does: check %s and what is between it and the operator", endpointSetting(config))
	}
	return unavailable("")
}

// proxyRefusal is a proxy that does not connect to where it is asked to.
type proxyRefusal struct{ status int }

// Error implements error.
func (r *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy answered HTTP %d to CONNECT", r.status)
}

// word says why a proxy does not connect to a peer. Its own words are not repeated: they may be anything.
func (r *proxyRefusal) word(proxy, peer string) string {
	switch {
	case r.status == http.StatusProxyAuthRequired:
		return proxyName(proxy) + " asks who calls " + peer + " (HTTP 407): give it user and password in HTTPS_PROXY and HTTP_PROXY, or put the host into NO_PROXY"
	case r.status >= http.StatusInternalServerError:
		return fmt.Sprintf("%s cannot connect to %s (HTTP %d): check that it may reach and resolve that host, or put the host into NO_PROXY",
			proxyName(proxy), peer, r.status)
	}
	return fmt.Sprintf("%s refuses to connect to %s (HTTP %d): allow that host there, or put it into NO_PROXY", proxyName(proxy), peer, r.status)
}
