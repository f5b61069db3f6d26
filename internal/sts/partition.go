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

import "regexp"

// commercial is the partition of all regions but those of governments, of China and of sovereign clouds.
const commercial = "aws"

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
	{commercial, regexp.MustCompile(`^[a-z]{2}-[a-z]+-\d+$`)},
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
