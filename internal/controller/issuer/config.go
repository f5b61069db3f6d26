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

package issuer

import (
	"cmp"
	"context"
	"strings"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// defaultRequestsPerSecond is a twelfth of what AWS grants an account in a region.
const defaultRequestsPerSecond = 50

// configOf is how an issuer calls STS. A *sts.Problem means that it cannot, or must not.
func (r *Reconciler) configOf(ctx context.Context, issuer v1alpha1.Issuer) (broker.Config, error) {
	if _, problem := r.guardrails.Compile(issuer); problem != nil {
		return broker.Config{}, problem
	}
	spec := issuer.IssuerSpec()
	config := broker.Config{
		Region:            spec.Region,
		Endpoint:          spec.Endpoint,
		Compatible:        spec.Service == v1alpha1.ServiceCompatible,
		FIPS:              spec.FIPS != nil && *spec.FIPS,
		RequestsPerSecond: defaultRequestsPerSecond,
		Ambient:           reconciler.IsAmbient(issuer),
		AccountID:         spec.AccountID,
		Version:           reconciler.IssuerVersion(issuer),
	}
	if spec.RequestsPerSecond != nil {
		config.RequestsPerSecond = int(*spec.RequestsPerSecond)
	}
	// The schema sees to it; but nothing that was stored without it may pass for an issuer that needs no identity.
	if !config.Ambient && (spec.AccessKey == nil) == (spec.Unsigned == nil) {
		return broker.Config{}, sts.Problemf(v1alpha1.ReasonInvalidSpec,
			"the issuer must have exactly one identity: give it spec.accessKey, spec.unsigned: {} or, if it is a ClusterSessionIssuer, spec.ambient: {}")
	}
	var err error
	if spec.AccessKey != nil {
		if config.Key, err = r.readKey(ctx, r.secretNamespace(issuer), spec.AccessKey, spec.Service); err != nil {
			return broker.Config{}, err
		}
	}
	if spec.MFA != nil {
		if problem := serialNumberMismatch(spec.MFA.SerialNumber, config); problem != nil {
			return broker.Config{}, problem
		}
		config.MFASerialNumber = spec.MFA.SerialNumber
		if config.MFASeed, err = r.readSeed(ctx, r.secretNamespace(issuer), spec.MFA); err != nil {
			return broker.Config{}, err
		}
	}
	return config, nil
}

// serialNumberMismatch is the problem of an MFA device of another partition than the region, or nil. Devices that are things to hold
// have serial numbers that are no ARNs.
func serialNumberMismatch(serialNumber string, config broker.Config) *sts.Problem {
	partition, isForeign := sts.ForeignPartition(serialNumber, config.Region)
	if config.Compatible || !isForeign || !strings.HasPrefix(serialNumber, "arn:") {
		return nil
	}
	return sts.Problemf(v1alpha1.ReasonPartitionMismatch,
		"spec.mfa.serialNumber %s is of partition %s, but spec.region %s is not: correct one of them", serialNumber, partition, config.Region)
}

// secretNamespace is where the Secrets of an issuer are.
func (r *Reconciler) secretNamespace(issuer v1alpha1.Issuer) string {
	return cmp.Or(issuer.GetNamespace(), r.operatorNamespace)
}
