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
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// noCode is what the SDK calls the code of an error answer that has none: something that is not STS answered.
const noCode = "UnknownError"

// signatureDoesNotMatch is the code for a wrong secret, a wrong clock and a wrong region alike.
const signatureDoesNotMatch = "SignatureDoesNotMatch"

// clockSkewTolerance is how far AWS lets the time of a signature be off.
const clockSkewTolerance = 15 * time.Minute

// classify words an error of the SDK: by its code, then by the HTTP status, then by what kept the request from getting an
// answer; by its text only where AWS, or Go, tells causes apart by nothing else.
// What was presented as a proof is not quoted, whoever repeats it.
func classify(err error, config Config, request sts.Request, presented ...string) *sts.Problem {
	if problem, ok := errors.AsType[*sts.Problem](err); ok { // there was nobody to sign the request as
		return problem
	}
	response, answered := errors.AsType[*awshttp.ResponseError](err)
	status := 0
	if answered && !errors.Is(err, context.DeadlineExceeded) { // an answer that does not end in time is none
		status = response.HTTPStatusCode()
	}
	if apiError, ok := errors.AsType[smithy.APIError](err); ok && apiError.ErrorCode() != noCode {
		if apiError.ErrorCode() == signatureDoesNotMatch && answered && isSkewed(response) {
			return sts.Problemf(v1alpha1.ReasonClockSkew, "the clocks of the operator's node and of %s are more than 15 minutes apart: set the node's clock",
				endpointName(config))
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
	case status != 0:
		return answeredStatus(response, config, request, proxyOf(err))
	}
	return sts.Problemf(v1alpha1.ReasonUnavailable, "%s", unreachable(err, endpointName(config), endpointSetting(config)))
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
	code := apiError.ErrorCode()
	m, known := meanings[code]
	whole := hide(apiError.ErrorMessage(), request, presented)
	message := firstLine(whole)
	switch {
	case config.Compatible:
		return refusalOfCompatible(code, message, status, config, request)
	case request.Operation == getCallerIdentity && config.Endpoint != "" && isUnknownOperation(code, message):
		return noGetCallerIdentity(config, code, message)
	case m.reason == v1alpha1.ReasonAccessDenied:
		return denied(code, whole, config, request) // what AWS says of why comes last
	case code == signatureDoesNotMatch && scopeIsWrong(message):
		return regionMismatch(config, code, message)
	case m == unknownKey:
		return sts.Problemf(m.reason, "%s (%s)", unknownKeyAdvice(config.Region), code)
	case known && m.quote:
		return sts.Problemf(m.reason, "%s (%s: %s)", m.advice, code, message)
	case known:
		return sts.Problemf(m.reason, "%s (%s)", m.advice, code)
	case status < http.StatusInternalServerError:
		return sts.Problemf(v1alpha1.ReasonUnknownError, "STS answered %s: %s", firstLine(code), message)
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

// endpointName is the host that an issuer calls, for messages.
func endpointName(config Config) string {
	if u, err := url.Parse(config.Endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return "STS in " + config.Region
}

// endpointSetting is the field that leads to it.
func endpointSetting(config Config) string {
	if config.Endpoint != "" {
		return "the issuer's spec.endpoint"
	}
	return "the issuer's spec.region"
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
