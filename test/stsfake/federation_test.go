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

package stsfake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`

func federate(name string) *awssts.GetFederationTokenInput {
	return &awssts.GetFederationTokenInput{Name: &name}
}

func TestGetFederationTokenThroughTheSDK(t *testing.T) {
	g, f := NewWithT(t), start(t)
	output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{
		Name:            aws.String("team-a"),
		Policy:          aws.String(policy),
		DurationSeconds: aws.Int32(3600),
		PolicyArns:      []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}},
		Tags:            []types.Tag{{Key: aws.String("Team"), Value: aws.String("")}, {Key: aws.String("ünï:_./=+-@ x"), Value: aws.String("v")}},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.FederatedUser.Arn).To(Equal("arn:aws:sts::123456789012:federated-user/team-a"))
	g.Expect(*output.FederatedUser.FederatedUserId).To(Equal("123456789012:team-a"))
	g.Expect(*output.Credentials.AccessKeyId).To(MatchRegexp(`^ASIA[A-Z0-9]{16}$`))
	g.Expect(*output.Credentials.SecretAccessKey).To(MatchRegexp(`^[A-Za-z0-9+/]{40}$`))
	g.Expect(*output.Credentials.SessionToken).To(MatchRegexp(`^IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]+$`))
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(time.Hour)))
	g.Expect(packedPercent(output)).To(BeNumerically(">", 16))
	g.Expect(*output.SessionTokenSize).To(BeEquivalentTo(len(*output.Credentials.SessionToken)))
	g.Expect(*output.SessionTokenUtilization).To(BeNumerically("~", *output.SessionTokenSize*100/4096, 1))

	g.Expect(f.Count("GetFederationToken")).To(Equal(1))
	g.Expect(f.Calls()).To(HaveExactElements(stsfake.Call{
		Time: noon, Operation: "GetFederationToken", Caller: "arn:aws:iam::123456789012:user/demo",
		AccessKeyID: stsfake.DefaultAccessKeyID, Region: "eu-central-1", Finished: true, Status: 200,
		Parameters: map[string]string{
			"Name": "team-a", "Policy": policy, "DurationSeconds": "3600", "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
			"Tags.member.1.Key": "Team", "Tags.member.1.Value": "", "Tags.member.2.Key": "ünï:_./=+-@ x", "Tags.member.2.Value": "v",
		},
	}))
}

func TestGetFederationTokenGivesNewCredentialsEachTime(t *testing.T) {
	g, f := NewWithT(t), start(t)
	seen, sizes := map[string]bool{}, map[int]bool{}
	for range 20 {
		output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
		g.Expect(err).NotTo(HaveOccurred())
		for _, text := range []*string{output.Credentials.AccessKeyId, output.Credentials.SecretAccessKey, output.Credentials.SessionToken} {
			g.Expect(seen).NotTo(HaveKey(*text))
			seen[*text] = true
		}
		sizes[len(*output.Credentials.SessionToken)] = true
		g.Expect(packedPercent(output)).To(BeZero())
	}
	g.Expect(len(sizes)).To(BeNumerically(">", 1), "tokens vary in length")
}

func TestLifetimes(t *testing.T) {
	root := stsfake.AccessKey{ID: "AKIAROOTEXAMPLE00000", Secret: "root-secret"}
	for name, test := range map[string]struct {
		key     stsfake.AccessKey
		asked   *int32
		options []stsfake.Option
		given   time.Duration
	}{
		"12 hours when nothing is asked":          {key: demoKey, given: 12 * time.Hour},
		"as asked, the least":                     {key: demoKey, asked: aws.Int32(900), given: 15 * time.Minute},
		"as asked, the most":                      {key: demoKey, asked: aws.Int32(129600), given: 36 * time.Hour},
		"one hour for root when nothing is asked": {key: root, given: time.Hour},
		"one hour for root who asks for more":     {key: root, asked: aws.Int32(3601), given: time.Hour},
		"as asked for root who asks for less":     {key: root, asked: aws.Int32(1800), given: 30 * time.Minute},
		"no more than the server's maximum": {
			key: demoKey, asked: aws.Int32(900), options: []stsfake.Option{stsfake.WithMaxLifetime(time.Minute)}, given: time.Minute,
		},
		"as asked where the server's maximum is more": {
			key: demoKey, asked: aws.Int32(900), options: []stsfake.Option{stsfake.WithMaxLifetime(time.Hour)}, given: 15 * time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t, test.options...)
			f.SetRootKeys(stsfake.DefaultAccountID, root)
			output, err := f.sdk(longTerm(test.key)).GetFederationToken(t.Context(),
				&awssts.GetFederationTokenInput{Name: aws.String("demo"), DurationSeconds: test.asked})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(test.given)))
		})
	}
}

func TestExpirationWithMilliseconds(t *testing.T) {
	g, f := NewWithT(t), start(t, stsfake.WithMilliseconds())
	g.Expect(f.call("GetFederationToken", "Name", "demo", "DurationSeconds", "900").body).To(
		ContainSubstring("<Expiration>2026-11-22T12:15:00.400Z</Expiration>"),
	)
	output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), federate("demo"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Add(12 * time.Hour)))
}

// Each parameter at its bounds is taken and beyond them refused, in the service's words.
func TestGetFederationTokenBounds(t *testing.T) {
	const (
		one  = "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must "
		most = "have length less than or equal to "
	)
	violation := func(value, place, constraint string) string { return fmt.Sprintf(one, value, place) + constraint }
	text := func(n int) string { return strings.Repeat("a", n) }
	arn := func(n int) string { return "arn:aws:iam::aws:policy/" + text(n-len("arn:aws:iam::aws:policy/")) }
	padded := func(n int) string { return policy + strings.Repeat(" ", n-len(policy)) }
	list := func(n int, names ...string) []string {
		var parameters []string
		for i := range n {
			for _, name := range names {
				parameters = append(parameters, fmt.Sprintf(name, i+1), fmt.Sprintf("arn:aws:iam::aws:policy/k%d", i))
			}
		}
		return parameters
	}
	const (
		namePattern   = `satisfy regular expression pattern: [\w+=,.@-]*`
		policyPattern = `satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`
		keyPattern    = `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`
		valuePattern  = `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`
		reserved      = "Tag keys and values that begin with aws: are reserved."
		key, value    = "Tags.member.1.Key", "Tags.member.1.Value"
	)
	for name, test := range map[string]struct {
		parameters []string
		code       string // ValidationError when only a message is given
		message    string
	}{
		"a name of 2":                       {parameters: []string{"Name", "ab"}},
		"a name of 32":                      {parameters: []string{"Name", text(32)}},
		"a name of every kind of character": {parameters: []string{"Name", "aZ09_+=,.@-"}},
		"a name of 1":                       {parameters: []string{"Name", "a"}, message: violation("a", "name", "have length greater than or equal to 2")},
		"a name of 33":                      {parameters: []string{"Name", text(33)}, message: violation(text(33), "name", most+"32")},
		"a name with a space":               {parameters: []string{"Name", "a b"}, message: violation("a b", "name", namePattern)},
		"a name that is not ASCII":          {parameters: []string{"Name", "äö"}, message: violation("äö", "name", namePattern)},
		"no name":                           {parameters: []string{"Name", ""}, message: violation("", "name", "have length greater than or equal to 2")},
		"900 seconds":                       {parameters: []string{"DurationSeconds", "900"}},
		"129600 seconds":                    {parameters: []string{"DurationSeconds", "129600"}},
		"899 seconds": {
			parameters: []string{"DurationSeconds", "899"},
			message:    violation("899", "durationSeconds", "have value greater than or equal to 900"),
		},
		"129601 seconds": {
			parameters: []string{"DurationSeconds", "129601"},
			message:    violation("129601", "durationSeconds", "have value less than or equal to 129600"),
		},
		"seconds that are a word": {parameters: []string{"DurationSeconds", "1h"}, code: "MalformedInput", message: "DurationSeconds must be an integer"},
		"a policy of 2048":        {parameters: []string{"Policy", padded(2048)}},
		"a policy of 2049":        {parameters: []string{"Policy", padded(2049)}, message: violation(padded(2049), "policy", most+"2048")},
		"an empty policy": {parameters: []string{"Policy", ""}, message: "2 validation errors detected: Value '' at 'policy' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 1; Value '' at 'policy' failed to satisfy constraint: Member must " + policyPattern},
		"a policy with ÿ": {parameters: []string{"Policy", strings.Replace(policy, "GetObject", "Get\u00ff", 1)}},
		"a policy with Ā": {parameters: []string{"Policy", "\u0100"}, message: violation("\u0100", "policy", policyPattern)},
		"a policy that is not JSON": {
			parameters: []string{"Policy", "allow"}, code: "MalformedPolicyDocument",
			message: "Syntax errors in policy: invalid character 'a' looking for beginning of value",
		},
		"a policy without statement":   {parameters: []string{"Policy", "{}"}, code: "MalformedPolicyDocument", message: "Syntax errors in policy."},
		"no ARNs, as botocore says it": {parameters: []string{"PolicyArns", ""}},
		"10 ARNs":                      {parameters: list(10, "PolicyArns.member.%d.arn")},
		"an ARN of 2048":               {parameters: []string{"PolicyArns.member.1.arn", arn(2048)}},
		"an ARN of 2049": {
			parameters: []string{"PolicyArns.member.1.arn", arn(2049)}, message: violation(arn(2049), "policyArns.1.member.arn", most+"2048"),
		},
		"an ARN of 19": {
			parameters: []string{"PolicyArns.member.1.arn", text(19)},
			message:    violation(text(19), "policyArns.1.member.arn", "have length greater than or equal to 20"),
		},
		"an ARN that is none": {parameters: []string{"PolicyArns.member.1.arn", text(20)}, message: text(20) + " is invalid"},
		"an ARN of a role": {
			parameters: []string{"PolicyArns.member.1.arn", "arn:aws:iam::123456789012:role/x"},
			message:    "arn:aws:iam::123456789012:role/x is invalid",
		},
		"an ARN of another partition": {
			parameters: []string{"PolicyArns.member.1.arn", "arn:aws-cn:iam::123456789012:policy/a/b"},
			message:    "arn:aws-cn:iam::123456789012:policy/a/b is invalid",
		},
		"a key that AWS reserves": {
			parameters: []string{key, "aws:cost-center", value, "42"}, code: "InvalidParameterValue", message: reserved,
		},
		"a key that AWS reserves, in another case": {parameters: []string{key, "AwS:x", value, "42"}, code: "InvalidParameterValue", message: reserved},
		"a value that AWS reserves":                {parameters: []string{key, "k", value, "AWS:x"}, code: "InvalidParameterValue", message: reserved},
		"a value that only begins alike":           {parameters: []string{key, "aws", value, "aws-x"}},
		"50 tags":                                  {parameters: list(50, "Tags.member.%d.Key", "Tags.member.%d.Value")},
		"a key of 128 and an empty value":          {parameters: []string{key, text(128), value, ""}},
		"a key of 129":                             {parameters: []string{key, text(129), value, ""}, message: violation(text(129), "tags.1.member.key", most+"128")},
		"a key with a star":                        {parameters: []string{key, "a*", value, ""}, message: violation("a*", "tags.1.member.key", keyPattern)},
		"an empty key": {parameters: []string{
			key, "", value, "",
		}, message: "2 validation errors detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 1; Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must " + keyPattern},
		"a value of 256":        {parameters: []string{key, "k", value, text(256)}},
		"a value of 257":        {parameters: []string{key, "k", value, text(257)}, message: violation(text(257), "tags.1.member.value", most+"256")},
		"a value with an emoji": {parameters: []string{key, "k", value, "😀"}, message: violation("😀", "tags.1.member.value", valuePattern)},
		"a tag without value": {
			parameters: []string{key, "k"},
			message:    "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
		},
		"keys that differ only by case": {
			parameters: []string{key, "Team", value, "a", "Tags.member.2.Key", "tEAM", "Tags.member.2.Value", "b"},
			code:       "InvalidParameterValue", message: "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
		},
		"a minimum token of 4096": {parameters: []string{"MinimumSessionTokenSize", "4096"}},
		"a minimum token of 4097": {
			parameters: []string{"MinimumSessionTokenSize", "4097"},
			message:    violation("4097", "minimumSessionTokenSize", "have value less than or equal to 4096"),
		},
		"a minimum token below nothing": {
			parameters: []string{"MinimumSessionTokenSize", "-1"},
			message:    violation("-1", "minimumSessionTokenSize", "have value greater than or equal to 0"),
		},
		"a parameter STS does not know": {parameters: []string{"RoleArn", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got := start(t).call("GetFederationToken", append([]string{"Name", "demo"}, test.parameters...)...)
			if test.message == "" {
				g.Expect(got.status).To(Equal(200), got.body)
				return
			}
			if test.code == "" {
				test.code = "ValidationError"
			}
			g.Expect(got.status).To(Equal(400))
			g.Expect(got.Type).To(Equal("Sender"))
			g.Expect(got.Code).To(Equal(test.code))
			g.Expect(got.Message).To(Equal(test.message))
		})
	}
	for name, test := range map[string]struct {
		parameters []string
		ending     string
	}{
		"11 ARNs": {list(11, "PolicyArns.member.%d.arn"), "' at 'policyArns' failed to satisfy constraint: Member must " + most + "10"},
		"51 tags": {list(51, "Tags.member.%d.Key", "Tags.member.%d.Value"), "' at 'tags' failed to satisfy constraint: Member must " + most + "50"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got := start(t).call("GetFederationToken", append([]string{"Name", "demo"}, test.parameters...)...)
			g.Expect(got.Code).To(Equal("ValidationError"))
			g.Expect(got.Message).To(HavePrefix("1 validation error detected: Value '[{"))
			g.Expect(got.Message).To(HaveSuffix(test.ending))
		})
	}
}

func TestNothingIsIssuedWhenRefused(t *testing.T) {
	g, f := NewWithT(t), start(t)
	got := f.call("GetFederationToken")
	g.Expect(got.Message).To(Equal("1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"))
	g.Expect(got.body).NotTo(ContainSubstring("ASIA"))
}

func TestPermissions(t *testing.T) {
	const federated = "arn:aws:sts::123456789012:federated-user/demo"
	for name, test := range map[string]struct {
		denied  []string
		tags    bool
		message string
	}{
		"neither needed nor denied": {denied: []string{"sts:TagSession", "sts:GetCallerIdentity"}},
		"GetFederationToken denied": {
			denied:  []string{"sts:GetFederationToken"},
			message: "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:GetFederationToken on resource: " + federated,
		},
		"TagSession denied and tags sent": {
			denied: []string{"sts:TagSession"}, tags: true,
			message: "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:TagSession on resource: " + federated,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, Denied: test.denied})
			parameters := []string{"Name", "demo"}
			if test.tags {
				parameters = append(parameters, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v")
			}
			got := f.call("GetFederationToken", parameters...)
			if test.message == "" {
				g.Expect(got.status).To(Equal(200))
				g.Expect(f.call("GetCallerIdentity").status).To(Equal(200), "needs no permission")
				return
			}
			g.Expect(got.status).To(Equal(403))
			g.Expect(got.Code).To(Equal("AccessDenied"))
			g.Expect(got.Message).To(Equal(test.message))
		})
	}
}
