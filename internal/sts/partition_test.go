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

package sts_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestPartitionOf(t *testing.T) {
	for region, partition := range map[string]string{
		"us-east-1":       "aws",
		"ap-northeast-3":  "aws",
		"eu-central-2":    "aws",
		"mx-central-1":    "aws",
		"us-newland-12":   "aws",
		"cn-north-1":      "aws-cn",
		"cn-northwest-1":  "aws-cn",
		"us-gov-west-1":   "aws-us-gov",
		"us-gov-east-1":   "aws-us-gov",
		"us-iso-east-1":   "aws-iso",
		"us-isob-east-1":  "aws-iso-b",
		"eu-isoe-west-1":  "aws-iso-e",
		"us-isof-south-1": "aws-iso-f",
		"eusc-de-east-1":  "aws-eusc",

		"":               "",
		"default":        "",
		"garage":         "",
		"fr-par":         "",
		"us-east-1 ":     "",
		"US-EAST-1":      "",
		"us-east-1a":     "",
		"us-new-east-1":  "",
		"us-gov-west":    "",
		"xx-us-gov-e-1":  "",
		"us-east-1\n":    "",
		"aws-global":     "",
		"sts.us-east-1":  "",
		"eu-central-1/x": "",
	} {
		t.Run(region, func(t *testing.T) {
			NewWithT(t).Expect(sts.PartitionOf(region)).To(Equal(partition))
		})
	}
}

func TestIsEnabledByDefault(t *testing.T) {
	for region, enabled := range map[string]bool{
		"us-east-1": true, "ap-northeast-3": true, "eu-north-1": true, "sa-east-1": true,
		"eu-south-1": false, "eu-central-2": false, "ap-east-1": false, "me-south-1": false, "il-central-1": false, "ca-west-1": false,
		"cn-north-1": false, "us-gov-west-1": false, "": false,
	} {
		t.Run(region, func(t *testing.T) {
			NewWithT(t).Expect(sts.IsEnabledByDefault(region)).To(Equal(enabled))
		})
	}
}
