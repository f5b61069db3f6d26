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
	"maps"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// theKeyAlone is all that is known of who calls another service than AWS.
var theKeyAlone = sts.Identity{UserID: demoKey().AccessKeyID()}

// startCompatible registers theIssuer at another service than AWS, which answers one operation by hand.
func startCompatible(t *testing.T, answer http.HandlerFunc) *fixture {
	t.Helper()
	f := startAnswering(t, answer)
	f.config.Compatible, f.config.Region = true, "default"
	f.Register(theIssuer, f.config, theKeyAlone)
	return f
}

// without some elements of an answer.
func (a answered) without(elements ...string) answered {
	lacking := maps.Clone(a)
	for _, element := range elements {
		delete(lacking, element)
	}
	return lacking
}

// having other elements.
func (a answered) having(elements answered) answered {
	changed := maps.Clone(a)
	maps.Copy(changed, elements)
	return changed
}

const (
	userARN, userID = "AssumedRoleUser.Arn", "AssumedRoleUser.AssumedRoleId"
	minioRole       = "arn:minio:iam:::role/reports"
)

func TestIssueCompatible(t *testing.T) {
	complete := anAnswer(role)
	for sentence, c := range map[string]struct {
		answer   answered
		identity sts.Identity
		key      string
	}{
		"what AWS would answer": {
			complete, sts.IdentityOf("arn:aws:sts::123456789012:assumed-role/reports/reports", "AROAEXAMPLE:reports"), "ASIAEXAMPLEEXAMPLE23",
		},
		"nobody, as MinIO has it":  {complete.having(answered{userARN: "", userID: ""}), sts.Identity{}, "ASIAEXAMPLEEXAMPLE23"},
		"nobody, not even in name": {complete.without(userARN, userID), sts.Identity{}, "ASIAEXAMPLEEXAMPLE23"},
		"an ARN alone":             {complete.without(userID), sts.IdentityOf("arn:aws:sts::123456789012:assumed-role/reports/reports", ""), "ASIAEXAMPLEEXAMPLE23"},
		"an id alone":              {complete.without(userARN), sts.Identity{UserID: "AROAEXAMPLE:reports"}, "ASIAEXAMPLEEXAMPLE23"},
		"another principal than was asked for": {
			complete.having(answered{userARN: "arn:aws:sts:::assumed-role/other/x"}),
			sts.Identity{ARN: "arn:aws:sts:::assumed-role/other/x", UserID: "AROAEXAMPLE:reports"}, "ASIAEXAMPLEEXAMPLE23",
		},
		"an account that is none of AWS's": {
			complete.having(answered{userARN: "arn:aws:sts::RGW00000000000000001:assumed-role/reports/x"}),
			sts.Identity{ARN: "arn:aws:sts::RGW00000000000000001:assumed-role/reports/x", UserID: "AROAEXAMPLE:reports"}, "ASIAEXAMPLEEXAMPLE23",
		},
		"a principal that is no ARN": {
			complete.having(answered{userARN: "reports"}), sts.Identity{ARN: "reports", UserID: "AROAEXAMPLE:reports"}, "ASIAEXAMPLEEXAMPLE23",
		},
		"a short key": {
			complete.having(answered{"Credentials.AccessKeyId": "k"}),
			sts.IdentityOf("arn:aws:sts::123456789012:assumed-role/reports/reports", "AROAEXAMPLE:reports"), "k",
		},
		"a key that looks long-term, as moto has it": {
			complete.having(answered{"Credentials.AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
			sts.IdentityOf("arn:aws:sts::123456789012:assumed-role/reports/reports", "AROAEXAMPLE:reports"), "AKIAIOSFODNN7EXAMPLE",
		},
		"far more time than was asked for": {
			complete.having(answered{"Credentials.Expiration": "2027-01-01T00:00:00Z"}),
			sts.IdentityOf("arn:aws:sts::123456789012:assumed-role/reports/reports", "AROAEXAMPLE:reports"), "ASIAEXAMPLEEXAMPLE23",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := startCompatible(t, answers(200, "text/xml", answerXML(role, c.answer)))
			request := requests()[role]
			request.RoleARN = minioRole

			issued, problem := f.issue(request)

			g.Expect(problem).To(BeNil())
			g.Expect(issued.Identity).To(Equal(c.identity))
			g.Expect(issued.Credentials.AccessKeyID()).To(Equal(c.key))
			expectBelieved(t, request, issued, true)
		})
	}
}

// expectBelieved expects that a Secret made of what was issued is taken for intact: otherwise it would be issued anew for ever.
func expectBelieved(t *testing.T, request sts.Request, issued sts.Issued, isCompatible bool) {
	t.Helper()
	for sentence, issuer := range map[string]session.Issuer{
		"ready":     {State: session.IssuerReady, HasIdentity: true, Compatible: isCompatible, Identity: theKeyAlone},
		"not ready": {State: session.IssuerNotReady, HasIdentity: true, Compatible: isCompatible},
	} {
		o := session.Observed{
			Session: &v1alpha1.FederatedSession{}, Request: session.AdmittedRequest(request, request), Issuer: issuer,
			Secret: session.Secret{
				Exists: true, Intact: true, InSync: true, RequestHash: request.Hash(), IssuerIdentity: theKeyAlone.UserID,
				IssuedAt: issued.IssuedAt, Expiration: issued.Expiration, AccessKeyID: issued.Credentials.AccessKeyID(), Identity: issued.Identity,
			},
		}
		NewWithT(t).Expect(session.IsUsable(o, issued.IssuedAt.Add(time.Second))).To(BeTrue(), "of an issuer that is %s", sentence)
	}
}

// What is needed to use the credentials is needed of every service.
func TestIssueCompatibleRefuses(t *testing.T) {
	complete := anAnswer(role).having(answered{userARN: "", userID: ""})
	for sentence, answer := range map[string]answered{
		"no access key id":                complete.without("Credentials.AccessKeyId"),
		"no secret access key":            complete.without("Credentials.SecretAccessKey"),
		"no session token":                complete.without("Credentials.SessionToken"),
		"no expiration":                   complete.without("Credentials.Expiration"),
		"nothing":                         {},
		"an ARN that is not plain":        complete.having(answered{userARN: "arn:x y"}),
		"an id that is not plain":         complete.having(answered{userID: "x&#10;[default]"}),
		"a key that is not plain":         complete.having(answered{"Credentials.AccessKeyId": "x&#10;[default]"}),
		"credentials that have expired":   complete.having(answered{"Credentials.Expiration": "2026-11-22T11:00:00Z"}),
		"credentials for seconds":         complete.having(answered{"Credentials.Expiration": "2026-11-22T12:00:05Z"}),
		"credentials for many years more": complete.having(answered{"Credentials.Expiration": "2126-11-22T12:00:00Z"}),
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := startCompatible(t, answers(200, "text/xml", answerXML(role, answer)))

			problem := f.turnedDown(broker.IssueRequest{Request: requests()[role]})

			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIncompleteResponse))
			g.Expect(problem.Message).NotTo(ContainSubstring("spec.service"), "it is set already")
		})
	}
}

// Each operation that does not say whose the credentials are is believed; the issuer's own sessions are nobody's.
func TestIssueCompatibleEachOperation(t *testing.T) {
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		g := NewWithT(t)
		f := startCompatible(t, answers(200, "text/xml", answerXML(request.Operation, elements.without(
			userARN, userID, "FederatedUser.Arn", "FederatedUser.FederatedUserId"))))

		issued, problem := f.present(broker.IssueRequest{Request: request}, aProof())

		g.Expect(problem).To(BeNil())
		g.Expect(issued.Identity).To(BeZero())
		if !request.IsUnsigned() {
			expectBelieved(t, request, issued, true)
		}
	})
}

func s3XML(code, message string) string {
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>" + message +
		"</Message><Resource>/</Resource><RequestId>7</RequestId></Error>"
}

func TestIssueCompatibleErrors(t *testing.T) {
	const useRole = " does not know GetFederationToken: use assumeRole, which such services usually have ("
	for sentence, c := range map[string]struct {
		operation string
		status    int
		body      string
		reason    string
		message   string // behind the endpoint
	}{
		"MinIO lacks an operation": {
			federation, 400, errorXML("InvalidParameterValue", "Unsupported action GetFederationToken"),
			v1alpha1.ReasonRequestRefused, useRole + "InvalidParameterValue: Unsupported action GetFederationToken)",
		},
		"a service of S3 lacks it": {
			federation, 501, s3XML("NotImplemented", "A header implies functionality that is not implemented."),
			v1alpha1.ReasonRequestRefused, useRole + "NotImplemented: A header implies functionality that is not implemented.)",
		},
		"a service lacks it without a code":  {federation, 501, "", v1alpha1.ReasonRequestRefused, useRole + "HTTP 501)"},
		"a service that takes no POST there": {federation, 405, "<html>", v1alpha1.ReasonRequestRefused, useRole + "HTTP 405)"},
		"a service that lacks AssumeRole, even": {
			role, 405, "", v1alpha1.ReasonRequestRefused, " does not know AssumeRole: check the issuer's spec.endpoint (HTTP 405)",
		},
		"a wrong parameter": {
			role, 400, errorXML("InvalidParameterValue", "The role does not fit"),
			v1alpha1.ReasonRequestRefused, " refuses AssumeRole (InvalidParameterValue: The role does not fit)",
		},
		"a denial": {
			role, 403, errorXML("AccessDenied", "Access denied by policy."), v1alpha1.ReasonAccessDenied,
			" denies AssumeRole: check that the role exists there, and what the issuer's key may do (AccessDenied: Access denied by policy.)",
		},
		"a denial of an operation without a role": {
			federation, 403, errorXML("AccessDenied", "no"), v1alpha1.ReasonAccessDenied,
			" denies GetFederationToken: check what the issuer's key may do there (AccessDenied: no)",
		},
		"an unknown key, of S3": {
			role, 403, s3XML("InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records."), v1alpha1.ReasonKeyRefused,
			" does not accept the issuer's key or signature: check both values of the key's Secret, and the issuer's spec.region " +
				"(InvalidAccessKeyId: The Access Key Id you provided does not exist in our records.)",
		},
		"too many calls, for S3": {
			role, 503, s3XML("SlowDown", "Reduce your rate"), v1alpha1.ReasonThrottled, " refuses AssumeRole (SlowDown: Reduce your rate)",
		},
		"what is not known":                  {role, 400, errorXML("XMinioBusy", "busy"), v1alpha1.ReasonUnknownError, " answered XMinioBusy: busy"},
		"what is not known, of the server's": {role, 500, s3XML("XMinioBusy", "busy"), v1alpha1.ReasonUnavailable, " answered HTTP 500"},
		"an error that is none":              {role, 400, "<Error><Code>Cut", v1alpha1.ReasonUnavailable, " answered HTTP 400"},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := startCompatible(t, answers(c.status, "application/xml", c.body))

			problem := f.turnedDown(broker.IssueRequest{Request: requests()[c.operation]})

			NewWithT(t).Expect(*problem).To(Equal(sts.Problem{Reason: c.reason, Message: endpointOf(f) + c.message}))
		})
	}
}

// An issuer whose service nobody has named is told so.
func TestIdentifyOtherService(t *testing.T) {
	for code, message := range map[string]string{"InvalidParameterValue": "Unsupported action GetCallerIdentity", "InvalidAction": "no such operation"} {
		t.Run(code, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(400, "text/xml", errorXML(code, message)))

			_, problem := f.identify(t.Context())

			g.Expect(problem.Message).To(Equal(endpointOf(f) + " does not know GetCallerIdentity, so it is not AWS: set the issuer's spec.service to " +
				"Compatible, or correct spec.endpoint (" + code + ": " + message + ")"))
		})
	}
}
