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
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// The endpoint of one region that is asked with signatures for another: the key is in order.
func TestClassifyAnotherRegionsEndpoint(t *testing.T) {
	g := NewWithT(t)
	fake := stsfake.NewServer(time.Now, stsfake.DefaultWorld(), stsfake.WithRegion("us-east-1"))
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	f := startAt(t, testingclock.NewFakePassiveClock(noon), server.URL)

	_, problem := f.identify(t.Context())

	g.Expect(*problem).To(Equal(sts.Problem{
		Reason: v1alpha1.ReasonRegionMismatch,
		Message: endpointOf(f) + " takes signatures for another region than eu-central-1: correct the issuer's spec.region or spec.endpoint " +
			"(SignatureDoesNotMatch)",
	}))
	g.Expect(f.refused()).To(Equal(problem), "a session says the same")
	g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
}

// AWS has one code for all that can be wrong with a signature.
func TestClassifyScopeOfSignature(t *testing.T) {
	const takes, mismatch = " takes signatures for another ", v1alpha1.ReasonRegionMismatch
	for message, c := range map[string]struct{ reason, says string }{
		"Credential should be scoped to a valid region, not 'eu-central-1'. ":                             {mismatch, takes + "region than eu-central-1: "},
		"Credential should be scoped to a valid Region, not eu-central-1":                                 {mismatch, takes + "region than eu-central-1: "},
		"Credential should be scoped to correct service: 'iam'. ":                                         {mismatch, takes + "service than STS in eu-central-1: "},
		"The request signature we calculated does not match the signature you provided. Check your AWS …": {v1alpha1.ReasonKeyRefused, "secret access key"},
		"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.":        {v1alpha1.ReasonKeyRefused, "secret access key"},
	} {
		t.Run(message, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(403, "text/xml", errorXML("SignatureDoesNotMatch", message)))

			problem := f.refused()

			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(ContainSubstring(c.says))
		})
	}
}

// AWS says the same of a key that is gone and of a good one in a region or partition where it does not work.
func TestClassifyUnknownKeyByRegion(t *testing.T) {
	const (
		sentence = "AWS does not know the issuer's access key"
		gone     = "it was deleted or deactivated, it is new and takes some seconds to work"
	)
	for region, message := range map[string]string{
		"us-east-1": sentence + ": " + gone + ", or it is of another partition (China, GovCloud)",
		"eu-south-1": sentence + " in eu-south-1: the account may not have enabled the region (enable it, or change the issuer's spec.region); else " +
			gone + ", or it is of another partition",
		"cn-north-1":     sentence + " in cn-north-1: " + gone + ", or it is of another partition than aws-cn, whose keys alone work there",
		"us-gov-west-1":  sentence + " in us-gov-west-1: " + gone + ", or it is of another partition than aws-us-gov, whose keys alone work there",
		"eusc-de-east-1": sentence + " in eusc-de-east-1: " + gone + ", or it is of another partition than aws-eusc, whose keys alone work there",
		"garage":         sentence + ": " + gone + ", or it is another service's",
	} {
		t.Run(region, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(403, "text/xml", errorXML("InvalidClientTokenId", "The security token included in the request is invalid")))
			config := f.config
			config.Region = region
			f.use(config)

			g.Expect(*f.refused()).To(Equal(sts.Problem{Reason: v1alpha1.ReasonKeyRefused, Message: message + " (InvalidClientTokenId)"}))
		})
	}
}
