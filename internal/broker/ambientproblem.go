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
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// containerEndpoint is how messages call what serves credentials to containers.
const containerEndpoint, containerSetting = "the container credentials endpoint", "AWS_CONTAINER_CREDENTIALS_FULL_URI of the operator's pod"

func noAmbientCredentials() *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonNoAmbientCredentials,
		"the operator's pod has no AWS credentials of its own: give it some (environment, web identity, instance role) or use spec.accessKey")
}

func ambientFailed(format string, args ...any) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAmbientCredentialsFailed, format, args...)
}

// ambientProblem words why a chain gave no credentials: nothing was found, or what was found fails. Nothing of an error's text
// is repeated but what STS says: it may hold credentials, such as the output of a process.
func ambientProblem(err error, chain *AmbientChain, region string) *sts.Problem {
	_, isProcess := errors.AsType[*processcreds.ProviderError](err)
	operation, isOperation := errors.AsType[*smithy.OperationError](err)
	var sources []aws.CredentialSource
	if named, ok := chain.Credentials.(aws.CredentialProviderSource); ok {
		sources = named.ProviderSources()
	}
	has := func(source aws.CredentialSource) bool { return slices.Contains(sources, source) }
	switch {
	case isOperation && operation.ServiceID == awssts.ServiceID:
		return roleRefused(err, operation.OperationName, cmp.Or(chain.RoleARN, "a role"), region)
	case isProcess:
		return ambientFailed("the credential_process of the AWS profile of the operator's pod fails: the operator's image has no shell and no other " +
			"programs, so mount it, or use web identity")
	case has(aws.CredentialSourceIMDS):
		return instanceProblem(err, has(aws.CredentialSourceProfileNamedProvider))
	case has(aws.CredentialSourceHTTP):
		return containerProblem(err)
	case has(aws.CredentialSourceEnvVarsSTSWebIDToken), has(aws.CredentialSourceProfileSTSWebIDToken), has(aws.CredentialSourceSTSAssumeRoleWebID):
		// STS was not asked, and the SDK does not keep the type of the error.
		return ambientFailed("the operator's pod cannot read its web identity token %s: check the mount, and AWS_WEB_IDENTITY_TOKEN_FILE", chain.TokenFile)
	case len(sources) > 0:
		return ambientFailed("the AWS profile of the operator's pod gives no credentials: check what it names")
	}
	return noAmbientCredentials()
}

// roleRefused: STS does not let the pod assume the role for its credentials.
func roleRefused(err error, operation, role, region string) *sts.Problem {
	peer := "STS in " + region
	if apiError, ok := errors.AsType[smithy.APIError](err); ok && apiError.ErrorCode() != noCode {
		said := longWord.ReplaceAllString(firstLine(apiError.ErrorMessage()), sts.Redacted)
		switch {
		case meanings[apiError.ErrorCode()].reason != v1alpha1.ReasonAccessDenied:
			return ambientFailed("%s does not let the operator's pod take its own role, %s on %s (%s: %s)", peer, operation, role, firstLine(apiError.ErrorCode()), said)
		case strings.HasSuffix(operation, "WebIdentity"):
			return ambientFailed("%s denies the operator's pod its own role, %s on %s: check that the role exists, and that its trust policy admits "+
				"the operator's ServiceAccount and its audience (%s)", peer, operation, role, apiError.ErrorCode())
		}
		return ambientFailed("%s denies the operator's pod its own role, %s on %s: check that the role exists, and that its trust policy admits "+
			"the identity of the AWS profile (%s)", peer, operation, role, apiError.ErrorCode())
	}
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.HTTPStatusCode() != 0 {
		return ambientFailed("the operator's pod needs %s on %s for its credentials, and %s answered HTTP %d, but not as STS does: check what is in between",
			operation, role, peer, answer.HTTPStatusCode())
	}
	return ambientFailed("the operator's pod needs %s on %s for its credentials, and %s", operation, role,
		unreachable(err, peer, "the operator's network and AWS_ENDPOINT_URL"))
}

// instanceProblem: the metadata service of instances is what is asked last, where nothing else is configured. Without an
// answer, or without a role, nothing was found, unless a profile names it.
func instanceProblem(err error, isNamed bool) *sts.Problem {
	apiError, isAPI := errors.AsType[smithy.APIError](err)
	answer, isAnswer := errors.AsType[*smithyhttp.ResponseError](err)
	switch {
	case isAPI:
		return ambientFailed("the instance role of the operator's node gives no credentials: check the role (%s)", firstLine(apiError.ErrorCode()))
	case isAnswer && answer.HTTPStatusCode() != http.StatusNotFound && isOfRole(answer):
		return ambientFailed("the instance role of the operator's node gives no credentials: the metadata service answers HTTP %d", answer.HTTPStatusCode())
	case isNamed:
		return ambientFailed("the AWS profile of the operator's pod wants the instance role of its node, and the metadata service gives none: " +
			"give the node a role, and let pods reach the service (hop limit 2)")
	}
	return noAmbientCredentials()
}

// isOfRole says whether the metadata service was asked for a role by its name, so that there is one.
func isOfRole(answer *smithyhttp.ResponseError) bool {
	if answer.Response == nil || answer.Response.Request == nil {
		return false
	}
	_, name, ok := strings.Cut(answer.Response.Request.URL.Path, "/iam/security-credentials/")
	return ok && name != ""
}

func containerProblem(err error) *sts.Problem {
	status, isAnswer := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	_, isSent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, isUnread := errors.AsType[*smithy.DeserializationError](err)
	switch {
	case isUnread:
		return ambientFailed("%s answers the operator's pod, but not with credentials: check %s", containerEndpoint, containerSetting)
	case isAnswer && status.HTTPStatusCode() != 0:
		return ambientFailed("%s answers the operator's pod with HTTP %d: check its role, which for EKS is a pod identity association",
			containerEndpoint, status.HTTPStatusCode())
	case isSent || isTimeout(err):
		return ambientFailed("%s", unreachable(err, containerEndpoint, containerSetting))
	}
	return ambientFailed("%s cannot be asked: check %s, and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", containerEndpoint, containerSetting)
}
