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
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// What services that are not AWS answer when something is wrong.

// refusalOfCompatible words an error that another service than AWS names by a code. What its codes mean beyond AWS's is not
// known, so what it says is always quoted; nil for a server error of a code that means nothing to us.
func refusalOfCompatible(code, message string, status int, config Config, request sts.Request) *sts.Problem {
	host, said := endpointName(config), firstLine(code)+": "+firstLine(message)
	reason := cmp.Or(reasonsOfS3[code], meanings[code].reason)
	switch {
	case isUnknownOperation(code, message):
		return unknownOperation(config, request, said)
	case reason == v1alpha1.ReasonKeyRefused:
		return sts.Problemf(reason, "%s does not accept the issuer's key or signature: check both values of the key's Secret, and the issuer's spec.region (%s)",
			host, said)
	case reason == v1alpha1.ReasonAccessDenied:
		advice := "check what the issuer's key may do there"
		if request.IsOfRole() {
			advice = "check that the role exists there, and what the issuer's key may do"
		}
		return sts.Problemf(reason, "%s denies %s: %s (%s)", host, request.Operation, advice, said)
	case reason != "":
		return sts.Problemf(reason, "%s refuses %s (%s)", host, request.Operation, said)
	case status < http.StatusInternalServerError:
		return sts.Problemf(v1alpha1.ReasonUnknownError, "%s answered %s", host, said)
	}
	return nil
}

// reasonsOfS3 are the codes of S3, whose port many services answer STS on, for what STS has other codes.
var reasonsOfS3 = map[string]string{
	"InvalidAccessKeyId":           v1alpha1.ReasonKeyRefused,
	"AuthorizationHeaderMalformed": v1alpha1.ReasonKeyRefused,
	"RequestTimeTooSkewed":         v1alpha1.ReasonClockSkew,
	"SlowDown":                     v1alpha1.ReasonThrottled,
}

// isUnknownOperation says whether an error means that the service lacks an operation. MinIO says so under a code that it has
// for wrong parameters, too; only its text tells them apart.
func isUnknownOperation(code, message string) bool {
	switch code {
	case "InvalidAction", "NotImplemented", "MethodNotAllowed", "UnknownOperationException", "UnsupportedOperation":
		return true
	case "InvalidParameterValue":
		return strings.HasPrefix(message, "Unsupported action")
	}
	return false
}

// unknownOperation: the service lacks the operation.
func unknownOperation(config Config, request sts.Request, said string) *sts.Problem {
	advice := "use assumeRole, which such services usually have"
	if request.Operation == sts.OperationAssumeRole {
		advice = "check the issuer's spec.endpoint"
	}
	return sts.Problemf(v1alpha1.ReasonRequestRefused, "%s does not know %s: %s (%s)", endpointName(config), request.Operation, advice, said)
}

// answeredStatus words an answer of which nothing is known but its status.
func answeredStatus(response *awshttp.ResponseError, config Config, request sts.Request, proxy string) *sts.Problem {
	status := response.HTTPStatusCode()
	if config.Compatible && (status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented) {
		return unknownOperation(config, request, fmt.Sprintf("HTTP %d", status))
	}
	return foreignAnswer(response, config, proxy)
}

// noGetCallerIdentity: what an issuer of service AWS calls is not AWS.
func noGetCallerIdentity(config Config, code, message string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonRequestRefused, "%s does not know GetCallerIdentity, so it is not AWS: set the issuer's spec.service to Compatible, "+
		"or correct spec.endpoint (%s: %s)", endpointName(config), firstLine(code), firstLine(message))
}

// longestErrorDocument in bytes is more than any error has.
const longestErrorDocument = 64 << 10

// s3Errors is a client that has the SDK understand errors as S3 writes them. S3's <Error> is the root of the document, while STS
// puts it into an <ErrorResponse>.
type s3Errors struct{ next *http.Client }

// Do implements aws.HTTPClient.
func (c s3Errors) Do(r *http.Request) (*http.Response, error) {
	response, err := c.next.Do(r) // #nosec G704 -- whom an issuer calls is the issuer's to say
	if err != nil || response.StatusCode < http.StatusBadRequest {
		return response, err
	}
	var document struct {
		XMLName xml.Name `xml:"Error"`
		Content string   `xml:",innerxml"`
	}
	head, err := io.ReadAll(io.LimitReader(response.Body, longestErrorDocument))
	text := io.MultiReader(bytes.NewReader(head), response.Body)
	if err == nil && xml.Unmarshal(head, &document) == nil {
		text = strings.NewReader("<ErrorResponse><Error>" + document.Content + "</Error></ErrorResponse>")
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{text, response.Body}
	return response, nil
}
