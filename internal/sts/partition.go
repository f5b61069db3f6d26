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

package sts

import (
	"regexp"
	"slices"
)

// CommercialPartition has all regions but those of governments, of China and of sovereign clouds.
const CommercialPartition = "aws"

// partitions are AWS's, with the regions of each as the SDK tells them apart. New regions follow the patterns.
var partitions = []struct {
	name    string
	regions *regexp.Regexp
}{
	{"aws-cn", regexp.MustCompile(`^cn-[a-z]+-\d+$`)},
	{"aws-us-gov", regexp.MustCompile(`^us-gov-[a-z]+-\d+$`)},
	{"aws-iso", regexp.MustCompile(`^us-iso-[a-z]+-\d+$`)},
	{"aws-iso-b", regexp.MustCompile(`^us-isob-[a-z]+-\d+$`)},
	{"aws-iso-e", regexp.MustCompile(`^eu-isoe-[a-z]+-\d+$`)},
	{"aws-iso-f", regexp.MustCompile(`^us-isof-[a-z]+-\d+$`)},
	{"aws-eusc", regexp.MustCompile(`^eusc-[a-z]+-[a-z]+-\d+$`)},
	{CommercialPartition, regexp.MustCompile(`^[a-z]{2}-[a-z]+-\d+$`)},
}

// PartitionOf is the AWS partition of a region, as ARNs name it; empty for what is no region of AWS.
func PartitionOf(region string) string {
	for _, p := range partitions {
		if p.regions.MatchString(region) {
			return p.name
		}
	}
	return ""
}

// enabledByDefault are the regions of the commercial partition that every account has. AWS adds none: those that it opened
// since March 2019 must be enabled by the account.
var enabledByDefault = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
	"eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1",
	"ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
}

// IsEnabledByDefault says whether every account of the commercial partition may use a region without enabling it.
func IsEnabledByDefault(region string) bool { return slices.Contains(enabledByDefault, region) }
