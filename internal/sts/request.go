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
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// DefaultAudience of web identity tokens is what IAM's OIDC providers for clusters expect.
const DefaultAudience = "sts.amazonaws.com"

// OversizeAnnotation stands in the cache for the labels and annotations of a FederatedSession that has too many of them; its
// value is how many bytes they have.
const OversizeAnnotation = "sts-operator.dev/oversize-metadata"

// MaxMetadataSize is the most bytes that the labels and annotations of a FederatedSession may have together.
const MaxMetadataSize = 64 << 10

// Request is an STS request in canonical form: two specs that ask STS for the same are equal here. Fields that are
// added later must be omitted from JSON while empty, or every session would be issued anew by an upgrade.
type Request struct {
	// Operation of STS, such as GetFederationToken.
	Operation string `json:"operation"`
	// Name of the federated user, 2 to 32 characters, or the role session, 2 to 64.
	Name string `json:"name,omitempty"`
	// Policy is the inline session policy; zero for none.
	Policy Policy `json:"policy,omitzero"`
	// PolicyARNs of managed policies, sorted.
	PolicyARNs []string `json:"policyARNs,omitempty"`
	// Tags sorted by key.
	Tags []Tag `json:"tags,omitempty"`
	// DurationSeconds, 900 to 129600; 0 leaves it to STS.
	DurationSeconds int32 `json:"durationSeconds,omitempty"`
	// MinimumSessionTokenSize in bytes, 1 to 4096; 0 for none.
	MinimumSessionTokenSize int32 `json:"minimumSessionTokenSize,omitempty"`

	// RoleARN is the role to assume.
	RoleARN string `json:"roleARN,omitempty"`
	// ExternalID, SourceIdentity, TransitiveTagKeys and ProvidedContexts (both sorted) are AssumeRole's.
	ExternalID        string    `json:"externalID,omitempty"`
	SourceIdentity    string    `json:"sourceIdentity,omitempty"`
	TransitiveTagKeys []string  `json:"transitiveTagKeys,omitempty"`
	ProvidedContexts  []Context `json:"providedContexts,omitempty"`
	// ServiceAccountName, Audience and ProviderID are AssumeRoleWithWebIdentity's. The first two make the token.
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	Audience           string `json:"audience,omitempty"`
	ProviderID         string `json:"providerID,omitempty"`
	// PrincipalARN is AssumeRoleWithSAML's: the SAML provider.
	PrincipalARN string `json:"principalARN,omitempty"`

	// RotateRequestedAt is not sent: a new value asks for new credentials, once.
	RotateRequestedAt string `json:"rotateRequestedAt,omitempty"`
}

// Context is a trusted context assertion.
type Context struct {
	ProviderARN string `json:"providerARN"`
	Assertion   string `json:"assertion"`
}

// Tag is a session tag.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// NewRequest is the request that a FederatedSession asks for, or the reason why there is none: a *Problem of outcome
// Refuse that names what to change.
func NewRequest(fs *v1alpha1.FederatedSession) (Request, *Problem) {
	if size := fs.Annotations[OversizeAnnotation]; size != "" {
		return Request{}, Problemf(v1alpha1.ReasonInvalidSpec,
			"the labels and annotations of the session have %.20s bytes together, at most %d are allowed: remove some", size, MaxMetadataSize)
	}
	policy, problem := policyOf(&fs.Spec)
	if problem != nil {
		return Request{}, problem
	}
	tags, problem := canonicalTags(fs.Spec.Tags)
	if problem != nil {
		return Request{}, problem
	}
	r := Request{
		Operation:               operationOf(&fs.Spec),
		Name:                    fs.Spec.Name,
		Policy:                  policy,
		PolicyARNs:              sorted(fs.Spec.PolicyARNs),
		Tags:                    tags,
		DurationSeconds:         orZero(fs.Spec.DurationSeconds),
		MinimumSessionTokenSize: orZero(fs.Spec.MinimumSessionTokenSize),
		RotateRequestedAt:       fs.Annotations[v1alpha1.RotateRequestedAtAnnotation],
	}
	r.addRole(&fs.Spec)
	return r, nil
}

// policyOf is the inline policy of a spec, which the schema lets it give once.
func policyOf(spec *v1alpha1.FederatedSessionSpec) (Policy, *Problem) {
	switch {
	case spec.PolicyDocument == nil:
		return ParsePolicy("spec.policy", []byte(spec.Policy))
	case spec.Policy != "":
		return Policy{}, Problemf(v1alpha1.ReasonInvalidSpec, "spec.policy and spec.policyDocument exclude each other: remove one of them")
	}
	return ParsePolicy("spec.policyDocument", spec.PolicyDocument.Raw)
}

// addRole takes over what only the operations of roles have.
func (r *Request) addRole(spec *v1alpha1.FederatedSessionSpec) {
	if role := spec.AssumeRole; role != nil {
		r.RoleARN, r.ExternalID, r.SourceIdentity = string(role.RoleARN), role.ExternalID, role.SourceIdentity
		r.TransitiveTagKeys = sorted(role.TransitiveTagKeys)
		for _, context := range role.ProvidedContexts {
			r.ProvidedContexts = append(r.ProvidedContexts, Context{context.ProviderARN, context.ContextAssertion})
		}
		slices.SortFunc(r.ProvidedContexts, func(a, b Context) int { return strings.Compare(a.ProviderARN, b.ProviderARN) })
	}
	if role := spec.AssumeRoleWithWebIdentity; role != nil {
		r.RoleARN, r.ServiceAccountName, r.ProviderID = string(role.RoleARN), role.ServiceAccountName, role.ProviderID
		r.Audience = cmp.Or(role.Audience, DefaultAudience)
	}
	if role := spec.AssumeRoleWithSAML; role != nil {
		r.RoleARN, r.PrincipalARN = string(role.RoleARN), role.PrincipalARN
	}
}

// sorted are the strings in canonical order; nil for none.
func sorted[S ~string](in []S) []string {
	var out []string
	for _, s := range in {
		out = append(out, string(s))
	}
	slices.Sort(out)
	return out
}

func orZero(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}

// canonicalTags sorts tags by key. The schema compares keys without case for ASCII only; STS does for every script.
func canonicalTags(in []v1alpha1.Tag) ([]Tag, *Problem) {
	var tags []Tag
	for _, t := range in {
		var value string
		if t.Value != nil {
			value = *t.Value
		}
		if IsReservedTag(string(t.Key)) || IsReservedTag(value) {
			return nil, Problemf(
				v1alpha1.ReasonInvalidSpec, "spec.tags: the tag %q begins with aws:, which AWS reserves, in its key or value: change or remove it", t.Key,
			)
		}
		for _, other := range tags {
			if strings.EqualFold(other.Key, string(t.Key)) {
				return nil, Problemf(
					v1alpha1.ReasonInvalidSpec,
					"spec.tags: the keys %q and %q differ only by case, which AWS ignores: remove one of them",
					other.Key,
					t.Key,
				)
			}
		}
		tags = append(tags, Tag{Key: string(t.Key), Value: value})
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags, nil
}

// IsReservedTag says whether AWS reserves the key or value of a tag: what begins with aws: in any case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func IsReservedTag(keyOrValue string) bool {
	const prefix = "aws:"
	return len(keyOrValue) >= len(prefix) && strings.EqualFold(keyOrValue[:len(prefix)], prefix)
}

// Hash identifies the request: a SHA-256 of its canonical form, in hexadecimal.
func (r Request) Hash() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // unreachable: strings and integers always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
