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

package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/logging"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// loadAmbient reads what the SDK's default chain goes by: the environment and the shared configuration files. Only an ambient
// issuer has it read, for its region, so that what is wrong with it concerns nobody else.
func loadAmbient(ctx context.Context, region string) (broker.AmbientChain, error) {
	// AWS_CA_BUNDLE needs a client that the SDK can extend.
	client := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithTransportOptions(func(t *http.Transport) { broker.UseProxy(t, http.ProxyFromEnvironment) })
	loaded, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithLogger(logging.Nop{}),
		awsconfig.WithRegion(region),
		awsconfig.WithHTTPClient(client),
		awsconfig.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = client }), // it takes no other's
	)
	if err != nil {
		return broker.AmbientChain{}, configurationProblem(err)
	}
	chain := broker.AmbientChain{Credentials: loaded.Credentials}
	chain.RoleARN, chain.TokenFile = roleOf(loaded.ConfigSources)
	return chain, nil
}

// roleOf is the role that the chain assumes, and the file of its web identity, if it does: the environment goes before a
// profile.
func roleOf(sources []any) (role, tokenFile string) {
	for _, source := range sources {
		switch source := source.(type) {
		case awsconfig.EnvConfig:
			if source.WebIdentityTokenFilePath != "" {
				return source.RoleARN, source.WebIdentityTokenFilePath
			}
		case awsconfig.SharedConfig:
			role, tokenFile = source.RoleARN, source.WebIdentityTokenFile
		}
	}
	return role, tokenFile
}

// endpoints are addresses with ports, which differ each time.
var endpoints = regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:]+\]):\d+(->\S+)?`)

// configurationProblem says what is wrong with the surroundings. Most errors of the SDK have no type; their text names a
// variable or a setting, and holds no credentials.
func configurationProblem(err error) *sts.Problem {
	failed := func(format string, args ...any) *sts.Problem {
		return sts.Problemf(v1alpha1.ReasonAmbientCredentialsFailed, format, args...)
	}
	source, isSource := errors.AsType[awsconfig.SharedConfigAssumeRoleError](err)
	profile, isProfile := errors.AsType[awsconfig.SharedConfigProfileNotExistError](err)
	parse, isParse := errors.AsType[awsconfig.SharedConfigLoadError](err)
	file, isFile := errors.AsType[*fs.PathError](err)
	switch {
	case isSource:
		return failed("the AWS profile of the operator's pod takes %s by the profile %s, which has no credentials: correct source_profile",
			source.RoleARN, source.Profile)
	case isProfile:
		return failed("the AWS configuration of the operator's pod has no profile %s: correct AWS_PROFILE, or mount the file", profile.Profile)
	case isParse: // its text may quote the file
		return failed("the AWS configuration file %s of the operator's pod cannot be parsed: correct it", parse.Filename)
	case isFile:
		return failed("the operator's pod cannot read %s (%v): correct AWS_CA_BUNDLE, or mount the file", file.Path, file.Err)
	}
	text := endpoints.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), "its name server")
	return failed("the AWS configuration of the operator's pod cannot be used: %s", text)
}
