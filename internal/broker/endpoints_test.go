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
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// What the SDK would call is recorded and then refused: no test leaves the machine.
func TestNewClientEndpoint(t *testing.T) {
	for sentence, c := range map[string]struct {
		region, endpoint string
		fips             bool
		url, scope, name string
	}{
		"a region has its own endpoint": {
			region: "us-east-1",
			url:    "https://sts.us-east-1.amazonaws.com/", scope: "us-east-1", name: "STS in us-east-1",
		},
		"China has another suffix": {
			region: "cn-north-1",
			url:    "https://sts.cn-north-1.amazonaws.com.cn/", scope: "cn-north-1", name: "STS in cn-north-1",
		},
		"a region of GovCloud": {
			region: "us-gov-west-1",
			url:    "https://sts.us-gov-west-1.amazonaws.com/", scope: "us-gov-west-1", name: "STS in us-gov-west-1",
		},
		"the European sovereign cloud has another suffix": {
			region: "eusc-de-east-1",
			url:    "https://sts.eusc-de-east-1.amazonaws.eu/", scope: "eusc-de-east-1", name: "STS in eusc-de-east-1",
		},
		"a FIPS endpoint has a host of its own": {
			region: "us-east-2", fips: true,
			url: "https://sts-fips.us-east-2.amazonaws.com/", scope: "us-east-2", name: "STS in us-east-2",
		},
		"every endpoint in GovCloud is a FIPS endpoint": {
			region: "us-gov-east-1", fips: true,
			url: "https://sts.us-gov-east-1.amazonaws.com/", scope: "us-gov-east-1", name: "STS in us-gov-east-1",
		},
		"an endpoint that is given replaces the region's, not what is signed": {
			region: "eu-central-1", endpoint: "https://vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com",
			url: "https://vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com/", scope: "eu-central-1", name: "vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com",
		},
		"an endpoint with a port and a slash": {
			region: "eu-central-1", endpoint: "http://sts.example.test:8080/",
			url: "http://sts.example.test:8080/", scope: "eu-central-1", name: "sts.example.test:8080",
		},
		"an address of version 6 is an endpoint, too": {
			region: "eu-central-1", endpoint: "http://[fd00::1]:8080",
			url: "http://[fd00::1]:8080/", scope: "eu-central-1", name: "[fd00::1]:8080",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			var called []*http.Request
			f := atNameless(t, withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
				called = append(called, r)
				return nil, errors.New("recorded")
			})))
			f.use(broker.Config{Region: c.region, Endpoint: c.endpoint, FIPS: c.fips, RequestsPerSecond: 1, Key: demoKey()})

			problem := f.refused()

			g.Expect(called).To(HaveLen(1))
			g.Expect(called[0].URL.String()).To(Equal(c.url))
			g.Expect(called[0].Header.Get("Authorization")).To(
				MatchRegexp("^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/[0-9]{8}/" + c.scope + "/sts/aws4_request, "),
			)
			g.Expect(called[0].Header).NotTo(HaveKey("X-Amz-Security-Token"))
			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonUnavailable, Message: c.name + " broke the connection"}))
		})
	}
}

func TestNewClientSendsSessionToken(t *testing.T) {
	g := NewWithT(t)
	var token string
	f := startAnswering(t, func(w http.ResponseWriter, r *http.Request) {
		token = r.Header.Get("X-Amz-Security-Token")
		answers(200, "text/xml", responseXML(aResult()))(w, r)
	})
	f.use(configOf(f.config.Endpoint, sts.NewCredentials("ASIAEXAMPLE", "secret", "a+token/==")))

	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(token).To(Equal("a+token/=="))
}

// The production client is fit for endpoints that a tenant names.
func TestNewHTTPClientProxy(t *testing.T) {
	g := NewWithT(t)
	var hosts []string
	proxy := quietly(t, func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host)
		answers(200, "text/xml", responseXML(aResult()))(w, r)
	}, (*httptest.Server).Start)
	f := atNameless(t, viaProxy(proxy))

	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(hosts).To(Equal([]string{nameless}))
}

// The host of an endpoint is in each message about it.
func TestClassifyCutsEndpointName(t *testing.T) {
	for sentence, c := range map[string]struct{ host, message string }{
		"one that fits is whole": {strings.Repeat("h", 1000), strings.Repeat("h", 1000) + " broke the connection"},
		"a longer one is cut":    {strings.Repeat("h", 2000), strings.Repeat("h", 1023) + "…"},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := atNameless(t, withTransport(roundTrip(brokenConnection)))
			f.use(configOf("http://"+c.host, demoKey()))

			NewWithT(t).Expect(f.refused().Message).To(Equal(c.message))
		})
	}
}
