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

package stsfake

import (
	"compress/flate"
	"fmt"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
)

// SizeRegime is how STS limits what policies and tags may weigh together.
type SizeRegime string

const (
	// TokenSize is the rule since 2026-09-14: a session token has at most 4096 bytes.
	TokenSize SizeRegime = "token-size"
	// PackedPolicy is the rule before: policies and tags, packed, must fit an allotted space.
	PackedPolicy SizeRegime = "packed-policy"
)

const (
	tokenLimit   = 4096
	tokenMinimum = 356 // of a session without policy and tags; a multiple of 4
	tokenSpread  = 40  // sizes of tokens with equal content vary by this many bytes

	// packedLimit is what AWS allots, by estimate: a policy that allows one action packs to 16 %.
	packedLimit = 560
)

// sessionSize is what one session weighs.
type sessionSize struct {
	packedPercent int // of policies and tags
	token         int // bytes; a multiple of 4
}

func (z sessionSize) utilizationPercent() int { return percent(z.token, tokenLimit) }

// measure packs policies and tags and holds them against the limit of the regime.
func (r SizeRegime) measure(request query.Value) (sessionSize, error) {
	policies, tags := packedSizes(request)
	size := sessionSize{packedPercent: percent(policies+tags, packedLimit)}
	if r == PackedPolicy {
		if percent(tags, packedLimit) > 100 {
			return sessionSize{}, tooLarge("Packed size of session tags consumes %d%% of allotted space.", percent(tags, packedLimit))
		}
		if size.packedPercent > 100 {
			return sessionSize{}, policyTooLarge(size.packedPercent)
		}
		size.token = roundToBase64(tokenMinimum + (policies+tags)*4/3 + randomBelow(tokenSpread))
		return size, nil
	}
	size.packedPercent = min(size.packedPercent, 100)
	content := roundToBase64(tokenMinimum + (policies+tags)*4/3)
	if content > tokenLimit {
		// The model still has PackedPolicyTooLarge and its text; what STS really answers here is not known.
		return sessionSize{}, policyTooLarge(percent(content, tokenLimit))
	}
	natural := roundToBase64(content + randomBelow(tokenSpread))
	size.token = min(max(natural, roundToBase64(request.Number("MinimumSessionTokenSize"))), tokenLimit)
	return size, nil
}

// packedSizes stands in for the conversion AWS does not describe: text deflates, a tag costs its text and two bytes.
func packedSizes(request query.Value) (policies, tags int) {
	var text strings.Builder
	text.WriteString(request.Text("Policy"))
	for _, policy := range request.Elements("PolicyArns") {
		text.WriteString(policy.Text("arn"))
	}
	for _, tag := range request.Elements("Tags") {
		tags += len(tag.Text("Key")) + len(tag.Text("Value")) + 2
	}
	return deflatedSize(text.String()), tags
}

func deflatedSize(text string) int {
	if text == "" {
		return 0
	}
	var counter byteCounter
	writer, err := flate.NewWriter(&counter, flate.BestCompression)
	if err != nil {
		panic(fmt.Sprintf("deflate: %v", err)) // only for a level that does not exist
	}
	_, _ = writer.Write([]byte(text))
	_ = writer.Close()
	return int(counter)
}

type byteCounter int

func (c *byteCounter) Write(p []byte) (int, error) { *c += byteCounter(len(p)); return len(p), nil }

// percent rounds up: something is never 0 %, and more than all is never 100 %.
func percent(part, whole int) int { return (part*100 + whole - 1) / whole }

func roundToBase64(size int) int { return (size + 3) / 4 * 4 }

func policyTooLarge(consumed int) error {
	return tooLarge("Packed policy consumes %d%% of allotted space, please use smaller policy.", consumed)
}

func tooLarge(format string, consumed int) error {
	return fault.BadRequest("PackedPolicyTooLarge", format, consumed)
}
