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
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestIssueRefusesImpossibleLifetimes(t *testing.T) {
	const longest = 12*time.Hour + 5*time.Minute // of theRequest
	for sentence, c := range map[string]struct {
		expiration string
		message    string // empty: it is taken
		lifetime   time.Duration
	}{
		"a second":                           {noon.Add(1200 * time.Millisecond).Format(time.RFC3339Nano), "credentials for less than 10s", 0},
		"nine seconds":                       {noon.Add(9 * time.Second).Format(time.RFC3339), "credentials for less than 10s", 0},
		"ten seconds":                        {noon.Truncate(time.Second).Add(10 * time.Second).Format(time.RFC3339), "", 10 * time.Second},
		"what was asked, by another clock":   {noon.Add(longest).Format(time.RFC3339), "", longest},
		"a second more is recorded as that":  {noon.Add(longest + time.Second).Format(time.RFC3339), "", longest},
		"a week, as some other services do":  {noon.Add(7 * 24 * time.Hour).Format(time.RFC3339), "", longest},
		"two years":                          {noon.Add(2 * 366 * 24 * time.Hour).Format(time.RFC3339), "credentials for more than a year", 0},
		"a time that has five digits in UTC": {"9999-12-31T23:59:59-12:00", "credentials for more than a year", 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			result := aResult()
			result["Expiration"] = c.expiration
			f := startAnswering(t, answers(200, "text/xml", responseXML(result)))

			issued, problem := f.issue(theRequest)

			if c.message == "" {
				g.Expect(problem).To(BeNil())
				g.Expect(issued.Expiration.Sub(issued.IssuedAt)).To(Equal(c.lifetime))
				return
			}
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIncompleteResponse))
			g.Expect(problem.Message).To(ContainSubstring(c.message))
		})
	}
}

// STS issues temporary credentials only. An IAM user's own key would be published as if it expired.
func TestIssueRefusesLongTermKeys(t *testing.T) {
	g := NewWithT(t)
	result := aResult()
	result["AccessKeyId"] = "AKIAIOSFODNN7EXAMPLE"
	f := startAnswering(t, answers(200, "text/xml", responseXML(result)))

	problem := f.refused()

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIncompleteResponse))
	g.Expect(problem.Message).To(Equal(endpointOf(f) + " answered with a long-term access key, which STS does not issue: check the issuer's " +
		"spec.endpoint; nothing was published; if that is not AWS, set the issuer's spec.service to Compatible"))
}

// A service that imitates AWS, which the identity that it names gives away, may issue keys that look long-term.
func TestIssueLongTermKeysOfAnImitation(t *testing.T) {
	for sentence, identity := range map[string]sts.Identity{
		"moto's user":          {AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:user/moto", UserID: "AKIAIOSFODNN7EXAMPLE"},
		"LocalStack's account": {AccountID: "000000000000", ARN: "arn:aws:iam::000000000000:root", UserID: "AKIAIOSFODNN7EXAMPLE"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			result := aResult()
			result["AccessKeyId"] = "AKIAIOSFODNN7EXAMPLE"
			result["Arn"] = "arn:aws:sts::" + identity.AccountID + ":federated-user/reports"
			f := startAnswering(t, answers(200, "text/xml", responseXML(result)))
			f.Register(theIssuer, f.config, identity)

			issued, problem := f.issue(theRequest)

			g.Expect(problem).To(BeNil())
			g.Expect(issued.Credentials.AccessKeyID()).To(Equal("AKIAIOSFODNN7EXAMPLE"))
		})
	}
}

// Tenants name endpoints: however many they name, few connections stay open.
func TestNewHTTPClientKeepsFewConnections(t *testing.T) {
	g := NewWithT(t)
	client := broker.NewHTTPClient(nil)
	var open atomic.Int64
	for range 150 {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Add(-1)
			default:
			}
		}
		server.Start()
		t.Cleanup(server.Close)
		response, err := client.Get(server.URL)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = io.Copy(io.Discard, response.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.Body.Close()).To(Succeed())
	}

	g.Eventually(open.Load, time.Minute).Should(BeNumerically("<=", 64))
}
