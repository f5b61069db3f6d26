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
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// noCode is what the SDK calls the code of an error answer that has none: something that is not STS answered.
const noCode = "UnknownError"

// clockSkewTolerance is how far AWS lets the time of a signature be off.
const clockSkewTolerance = 15 * time.Minute

// classify words an error of the SDK: by its code, then by the HTTP status, then by what kept the request from getting an
// answer; never by its text, which changes.
// What was presented as a proof is not quoted, whoever repeats it.
func classify(err error, config Config, request sts.Request, presented ...string) *sts.Problem {
	host := endpointName(config)
	response, answered := errors.AsType[*awshttp.ResponseError](err)
	status := 0
	if answered && !errors.Is(err, context.DeadlineExceeded) { // an answer that does not end in time is none
		status = response.HTTPStatusCode()
	}
	if apiError, ok := errors.AsType[smithy.APIError](err); ok && apiError.ErrorCode() != noCode {
		if apiError.ErrorCode() == "SignatureDoesNotMatch" && answered && isSkewed(response) {
			return sts.Problemf(v1alpha1.ReasonClockSkew, "the clocks of the operator's node and of %s are more than 15 minutes apart: set the node's clock", host)
		}
		if problem := refusal(apiError, status, config, request, presented); problem != nil {
			return problem
		}
	}
	if missing, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		return sts.Problemf(v1alpha1.ReasonRequestRefused, "%s cannot be asked for without all that it needs: %s", request.Operation, firstLine(missing.Error()))
	}
	switch {
	case errors.Is(err, errNoCode):
		return sts.Problemf(
			v1alpha1.ReasonMFASeedInvalid,
			"the seed of MFA device %s is no base32 text: correct the issuer's mfa.totpSecretRef",
			config.MFASerialNumber,
		)
	case errors.Is(err, errNoAmbient):
		return sts.Problemf(
			v1alpha1.ReasonNoAmbientCredentials,
			"the operator's pod has no AWS credentials of its own: give it some (environment, web identity, instance role) or use spec.accessKey",
		)
	case status == http.StatusOK:
		return sts.Problemf(v1alpha1.ReasonIncompleteResponse, "%s answered, but not as STS does: check the issuer's spec.endpoint", host)
	case status != 0:
		return answeredStatus(status, config, request)
	}
	return sts.Problemf(v1alpha1.ReasonUnavailable, "%s %s", host, unreachable(err))
}

// longWord is what a token or an assertion looks like that an endpoint repeats in part.
var longWord = regexp.MustCompile(`[\w+/=.-]{65,}`)

// hide what was presented in a message, whoever repeats it; an unsigned request has nothing else that is as long.
func hide(message string, request sts.Request, presented []string) string {
	for _, secret := range presented {
		if secret != "" {
			message = strings.ReplaceAll(message, secret, sts.Redacted)
		}
	}
	if request.IsUnsigned() {
		message = longWord.ReplaceAllString(message, sts.Redacted)
	}
	return message
}

// refusal words an error that STS names by a code; nil for a server error of a code that means nothing to us.
func refusal(apiError smithy.APIError, status int, config Config, request sts.Request, presented []string) *sts.Problem {
	m, known := meanings[apiError.ErrorCode()]
	message := hide(apiError.ErrorMessage(), request, presented)
	switch {
	case config.Compatible:
		return refusalOfCompatible(apiError.ErrorCode(), message, status, config, request)
	case request.Operation == getCallerIdentity && config.Endpoint != "" && isUnknownOperation(apiError.ErrorCode(), message):
		return noGetCallerIdentity(config, apiError.ErrorCode(), message)
	case m.reason == v1alpha1.ReasonAccessDenied:
		return sts.Problemf(m.reason, "%s (%s)", denialAdvice(config, request), apiError.ErrorCode())
	case known && m.quote:
		return sts.Problemf(m.reason, "%s (%s: %s)", m.advice, apiError.ErrorCode(), firstLine(message))
	case known:
		return sts.Problemf(m.reason, "%s (%s)", m.advice, apiError.ErrorCode())
	case status < http.StatusInternalServerError:
		return sts.Problemf(v1alpha1.ReasonUnknownError, "STS answered %s: %s", firstLine(apiError.ErrorCode()), firstLine(message))
	}
	return nil
}

// isSkewed holds the time that was signed against the time of whoever answered.
func isSkewed(response *awshttp.ResponseError) bool {
	if response.Response.Request == nil {
		return false
	}
	date, dateErr := http.ParseTime(response.Response.Header.Get("Date"))
	signed, signedErr := time.Parse("20060102T150405Z", response.Response.Request.Header.Get("X-Amz-Date"))
	return dateErr == nil && signedErr == nil && date.Sub(signed).Abs() > clockSkewTolerance
}

// unreachable words why there was no answer, without the addresses and ports that make an error text differ each time.
func unreachable(err error) string {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case isDNS && dns.IsNotFound:
		return "does not resolve: check the issuer's spec.region and spec.endpoint"
	case isDNS:
		return "cannot be resolved: check the cluster's DNS"
	case isCertificate:
		return "shows a certificate that is not trusted: it has expired, is another host's or of an unknown authority"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses connections: check the issuer's spec.endpoint"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), isNet && timeout.Timeout():
		return "did not answer in time: check that the operator may reach it"
	}
	return "broke the connection"
}

// endpointName is the host that an issuer calls, for messages.
func endpointName(config Config) string {
	if u, err := url.Parse(config.Endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return "STS in " + config.Region
}

// firstLine keeps what is readable and repeatable of a message of AWS: some go on with a parser's addresses.
func firstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	line = onlyPrintable(line)
	if runes := []rune(line); len(runes) > 512 {
		return string(runes[:512]) + "…"
	}
	return line
}

// onlyPrintable leaves out what cannot be read.
func onlyPrintable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}
