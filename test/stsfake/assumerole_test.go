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
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	. "github.com/onsi/gomega"
	"github.com/pquerna/otp/totp"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	readerARN = "arn:aws:iam::123456789012:role/reader"
	seed      = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	serial    = "arn:aws:iam::123456789012:mfa/demo"
)

// allow is a trust policy of one statement.
func allow(principal, actions, condition string) stsfake.Document {
	return stsfake.Document(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":[%s],"Condition":{%s}}]}`,
		principal, actions, condition))
}

// allowAll trusts the account in everything.
func allowAll() stsfake.Document {
	return allow(`{"AWS":"123456789012"}`, `"sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"`, "")
}

// withRoles is a fake with roles, whose demo user has an MFA device.
func withRoles(t *testing.T, roles ...stsfake.Role) *fixture {
	t.Helper()
	f := start(t)
	f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", ID: "AIDACKCEVSQ6C2EXAMPLE", Keys: []stsfake.AccessKey{demoKey},
		MFADevices: []stsfake.MFADevice{{SerialNumber: serial, Seed: seed}}})
	for _, role := range roles {
		if err := f.SetRole(stsfake.DefaultAccountID, role); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// code is what the MFA device shows so long from now.
func (f *fixture) code(ahead time.Duration) *string {
	f.t.Helper()
	shown, err := totp.GenerateCode(seed, f.clock.Now().Add(ahead))
	if err != nil {
		f.t.Fatal(err)
	}
	return &shown
}

func assuming(role string, changes ...func(*awssts.AssumeRoleInput)) *awssts.AssumeRoleInput {
	input := &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s-1")}
	for _, change := range changes {
		change(input)
	}
	return input
}

// session is a client with credentials that an operation answered.
func (f *fixture) session(issued *types.Credentials) *awssts.Client {
	return f.sdk(aws.Credentials{AccessKeyID: *issued.AccessKeyId, SecretAccessKey: *issued.SecretAccessKey, SessionToken: *issued.SessionToken})
}

func TestAssumeRoleThroughTheSDK(t *testing.T) {
	g := NewWithT(t)
	f := withRoles(t, stsfake.Role{Name: "reader", Path: "/team/", ID: "AROAEXAMPLE", Trust: allowAll(), MaxSessionDuration: 7200})
	output, err := f.sdk(
		longTerm(demoKey),
	).AssumeRole(
		t.Context(),
		assuming("arn:aws:iam::123456789012:role/team/reader", func(input *awssts.AssumeRoleInput) {
			input.DurationSeconds, input.Policy, input.ExternalId, input.SourceIdentity = aws.Int32(7200), aws.String(policy), aws.String("ext"), aws.String("jean")
			input.Tags = []types.Tag{{Key: aws.String("Team"), Value: aws.String("a")}}
			input.TransitiveTagKeys = []string{"team"}
			input.MinimumSessionTokenSize = aws.Int32(2000)
			input.ProvidedContexts = []types.ProvidedContext{
				{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/IdentityCenter"), ContextAssertion: aws.String("s3cret")},
			}
		}),
	)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.AssumedRoleUser.Arn).To(Equal("arn:aws:sts::123456789012:assumed-role/reader/s-1"))
	g.Expect(*output.AssumedRoleUser.AssumedRoleId).To(Equal("AROAEXAMPLE:s-1"))
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(2 * time.Hour)))
	g.Expect(*output.SourceIdentity).To(Equal("jean"))
	g.Expect(*output.SessionTokenSize).To(BeEquivalentTo(2000))
	g.Expect(*output.SessionTokenUtilization).To(BeEquivalentTo(49))
	g.Expect(*output.PackedPolicySize).To(BeNumerically(">", 0)) //nolint:staticcheck // deprecated or not, the fake must send it
	g.Expect(f.Calls()[0].Parameters).To(HaveKeyWithValue("ProvidedContexts.member.1.ContextAssertion", HavePrefix("REDACTED sha256:")))

	identity, err := f.session(output.Credentials).GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*identity.Arn).To(Equal(*output.AssumedRoleUser.Arn))
	g.Expect(*identity.UserId).To(Equal(*output.AssumedRoleUser.AssumedRoleId))

	plain, err := f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), assuming("arn:aws:iam::123456789012:role/team/reader"))
	g.Expect(err).NotTo(HaveOccurred())
	//nolint:staticcheck // deprecated or not, the fake must know when to send it
	g.Expect(plain.PackedPolicySize).To(BeNil(), "AWS leaves it out without policy and tags")
	g.Expect(plain.SourceIdentity).To(BeNil())
	g.Expect(*plain.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(time.Hour)))
}

func TestAssumeRoleRefuses(t *testing.T) {
	const (
		denied  = "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:%s on resource: %s"
		account = `{"AWS":"123456789012"}`
	)
	input := func(changes ...func(*awssts.AssumeRoleInput)) *awssts.AssumeRoleInput {
		return assuming(readerARN, changes...)
	}
	tagged := func(input *awssts.AssumeRoleInput) {
		input.Tags = []types.Tag{{Key: aws.String("Team"), Value: aws.String("a")}}
	}
	for name, test := range map[string]struct {
		trust   stsfake.Document
		denied  []string
		input   *awssts.AssumeRoleInput
		status  int
		code    string
		message string
	}{
		"a role that does not exist": {allowAll(), nil, assuming("arn:aws:iam::123456789012:role/other"), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", "arn:aws:iam::123456789012:role/other")},
		"a role of an unknown account": {allowAll(), nil, assuming("arn:aws:iam::999999999999:role/reader"), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", "arn:aws:iam::999999999999:role/reader")},
		"a role under another path": {allowAll(), nil, assuming("arn:aws:iam::123456789012:role/x/reader"), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", "arn:aws:iam::123456789012:role/x/reader")},
		"a role of another partition": {allowAll(), nil, assuming("arn:aws-cn:iam::123456789012:role/reader"), 400, "ValidationError",
			"arn:aws-cn:iam::123456789012:role/reader is invalid"},
		"a role of another service": {allowAll(), nil, assuming("arn:minio:iam:::role/reader"), 400, "ValidationError",
			"arn:minio:iam:::role/reader is invalid"},
		"a context of another partition": {
			allowAll(), nil, input(func(i *awssts.AssumeRoleInput) {
				i.ProvidedContexts = []types.ProvidedContext{{
					ProviderArn: aws.String("arn:aws-cn:iam::aws:contextProvider/x"), ContextAssertion: aws.String("signed"),
				}}
			}), 400, "ValidationError", "arn:aws-cn:iam::aws:contextProvider/x is invalid",
		},
		"a tag that AWS reserves": {
			allowAll(), nil, input(func(i *awssts.AssumeRoleInput) {
				i.Tags = []types.Tag{{Key: aws.String("Aws:x"), Value: aws.String("a")}}
			}),
			400, "InvalidParameterValue", "Tag keys and values that begin with aws: are reserved.",
		},
		"a transitive tag that AWS reserves": {
			allowAll(), nil, input(func(i *awssts.AssumeRoleInput) { i.TransitiveTagKeys = []string{"AWS:x"} }),
			400, "InvalidParameterValue", "Tag keys and values that begin with aws: are reserved.",
		},
		"an ARN that is none": {allowAll(), nil, assuming("nothing-valid-in-here"), 400, "ValidationError", "nothing-valid-in-here is invalid"},
		"an ARN of something else": {
			allowAll(), nil, assuming("arn:aws:iam::123456789012:user/demo"), 400, "ValidationError",
			"arn:aws:iam::123456789012:user/demo is invalid",
		},
		"trust in somebody else": {
			allow(`{"AWS":"arn:aws:iam::123456789012:user/other"}`, `"sts:AssumeRole"`, ""), nil, input(), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"AssumeRole denied to caller": {allowAll(), []string{"sts:AssumeRole"}, input(), 403, "AccessDenied", fmt.Sprintf(denied, "AssumeRole", readerARN)},
		"no external id": {
			allow(account, `"sts:AssumeRole"`, `"StringEquals":{"sts:ExternalId":"ext"}`), nil, input(), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"another external id": {
			allow(account, `"sts:AssumeRole"`, `"StringEquals":{"sts:ExternalId":"ext"}`), nil,
			input(func(i *awssts.AssumeRoleInput) { i.ExternalId = aws.String("other") }), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"another session name": {
			allow(account, `"sts:AssumeRole"`, `"StringLike":{"sts:RoleSessionName":"ci-*"}`), nil, input(), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"another principal": {
			allow(account, `"sts:AssumeRole"`, `"StringLike":{"aws:PrincipalArn":"*:user/x"}`), nil, input(), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"another account's principal": {
			allow(account, `"sts:AssumeRole"`, `"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}`), nil, input(), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"no MFA": {
			allow(account, `"sts:AssumeRole"`, `"Bool":{"aws:MultiFactorAuthPresent":"true"}`), nil, input(), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"tags without trust": {
			allow(account, `"sts:AssumeRole"`, ""), nil, input(tagged), 403, "AccessDenied", fmt.Sprintf(denied, "TagSession", readerARN),
		},
		"tags denied to caller": {allowAll(), []string{"sts:TagSession"}, input(tagged), 403, "AccessDenied", fmt.Sprintf(denied, "TagSession", readerARN)},
		"another tag than trusted": {
			allow(account, `"sts:AssumeRole","sts:TagSession"`, `"StringEquals":{"aws:RequestTag/TEAM":"b"}`), nil, input(tagged), 403,
			"AccessDenied", fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"a source identity, no trust": {
			allow(account, `"sts:AssumeRole"`, ""), nil, input(func(i *awssts.AssumeRoleInput) { i.SourceIdentity = aws.String("jean") }), 403,
			"AccessDenied", fmt.Sprintf(denied, "SetSourceIdentity", readerARN),
		},
		"source identity denied": {
			allowAll(), []string{"sts:SetSourceIdentity"}, input(func(i *awssts.AssumeRoleInput) { i.SourceIdentity = aws.String("jean") }),
			403, "AccessDenied", fmt.Sprintf(denied, "SetSourceIdentity", readerARN),
		},
		"another source identity": {
			allow(account, `"sts:AssumeRole","sts:SetSourceIdentity"`, `"StringLike":{"sts:SourceIdentity":"a*"}`), nil,
			input(func(i *awssts.AssumeRoleInput) { i.SourceIdentity = aws.String("jean") }), 403, "AccessDenied",
			fmt.Sprintf(denied, "AssumeRole", readerARN),
		},
		"longer than the role's limit": {
			allowAll(), nil, input(func(i *awssts.AssumeRoleInput) { i.DurationSeconds = aws.Int32(3601) }), 400, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		},
		"longer than any role's limit": {allowAll(), nil, input(func(i *awssts.AssumeRoleInput) { i.DurationSeconds = aws.Int32(43201) }), 400, "ValidationError",
			"1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		"a session name with a colon": {
			allowAll(), nil, input(func(i *awssts.AssumeRoleInput) { i.RoleSessionName = aws.String("Session1:2") }), 400, "ValidationError",
			`1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular ` +
				`expression pattern: [\w+=,.@-]*`},
		"a short token code": {
			allowAll(), nil,
			input(func(i *awssts.AssumeRoleInput) { i.SerialNumber, i.TokenCode = aws.String(serial), aws.String("12345") }), 400, "ValidationError",
			"1 validation error detected: Value at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6"},
		"a short provided context": {allowAll(), nil, input(func(i *awssts.AssumeRoleInput) {
			i.ProvidedContexts = []types.ProvidedContext{{ContextAssertion: aws.String("abc")}}
		}), 400, "ValidationError", "1 validation error detected: Value at 'providedContexts.1.member.contextAssertion' failed to satisfy " +
			"constraint: Member must have length greater than or equal to 4"},
		"six provided contexts": {allowAll(), nil, input(func(i *awssts.AssumeRoleInput) {
			i.ProvidedContexts = slices.Repeat([]types.ProvidedContext{{ContextAssertion: aws.String("s3cret")}}, 6)
		}), 400, "ValidationError", "1 validation error detected: Value '[{}, {}, {}, {}, {}, {}]' at 'providedContexts' failed to satisfy " +
			"constraint: Member must have length less than or equal to 5"},
		"a malformed policy": {
			allowAll(), nil, input(func(i *awssts.AssumeRoleInput) { i.Policy = aws.String("{}") }), 400, "MalformedPolicyDocument",
			"Syntax errors in policy.",
		},
		"a policy ARN that is none": {allowAll(), nil, input(func(i *awssts.AssumeRoleInput) {
			i.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::x:policy/ReadOnly")}}
		}), 400, "ValidationError", "arn:aws:iam::x:policy/ReadOnly is invalid"},
		"a tag twice": {allowAll(), nil, input(func(i *awssts.AssumeRoleInput) {
			i.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("A"), Value: aws.String("")}}
		}), 400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"a transitive key that is no tag": {allowAll(), nil, input(
			tagged, func(i *awssts.AssumeRoleInput) { i.TransitiveTagKeys = []string{"Cost"} },
		), 400, "InvalidParameterValue",
			"The specified transitive tag key must be included in the requested tags."},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), withRoles(t, stsfake.Role{Name: "reader", Trust: test.trust})
			f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, Denied: test.denied})
			_, err := f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), test.input)
			expectCode(g, err, test.status, test.code, test.message)
		})
	}
}

func TestAssumeRoleAcrossAccounts(t *testing.T) {
	g, f := NewWithT(t), start(t)
	g.Expect(f.SetRole("210987654321", stsfake.Role{Name: "partner", Path: "/external/",
		Trust: allow(`{"AWS":"arn:aws:iam::123456789012:user/demo"}`, `"sts:AssumeRole"`, `"StringEquals":{"sts:ExternalId":"ext"}`)})).To(Succeed())
	input := assuming("arn:aws:iam::210987654321:role/external/partner", func(i *awssts.AssumeRoleInput) { i.ExternalId = aws.String("ext") })
	output, err := f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), input)
	g.Expect(err).NotTo(HaveOccurred())
	identity, err := f.session(output.Credentials).GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*identity.Account).To(Equal("210987654321"))
	g.Expect(*identity.Arn).To(Equal("arn:aws:sts::210987654321:assumed-role/partner/s-1"))

	f.RemoveRole("210987654321", "partner")
	_, err = f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), input)
	expectCode(
		g,
		err,
		403,
		"AccessDenied",
		"User: "+demoARN+" is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/external/partner",
	)
}

func TestRootMayNotAssumeRoles(t *testing.T) {
	g, f := NewWithT(t), withRoles(t, stsfake.Role{Name: "reader", Trust: allowAll()})
	root := stsfake.AccessKey{ID: "AKIAROOTEXAMPLE00000", Secret: "root-secret"}
	f.SetRootKeys(stsfake.DefaultAccountID, root)
	_, err := f.sdk(longTerm(root)).AssumeRole(t.Context(), assuming(readerARN))
	expectCode(g, err, 403, "AccessDenied", "Roles may not be assumed by root accounts.")
}
