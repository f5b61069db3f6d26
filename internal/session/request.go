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

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// OperationGetFederationToken is the STS operation behind a FederatedSession.
const OperationGetFederationToken = "GetFederationToken"

// defaultDuration is what STS grants GetFederationToken when no DurationSeconds is sent.
const defaultDuration = 12 * time.Hour

// Request is an STS request in canonical form: two specs that ask STS for the same are equal here. Fields that are
// added later must be omitted from JSON while empty, or every session would be issued anew by an upgrade.
type Request struct {
	// Operation of STS, such as GetFederationToken.
	Operation string `json:"operation"`
	// Name of the federated user, 2 to 32 characters.
	Name string `json:"name"`
	// Policy is the compacted inline session policy; empty for none.
	Policy string `json:"policy,omitempty"`
	// PolicyARNs of managed policies, sorted.
	PolicyARNs []string `json:"policyARNs,omitempty"`
	// Tags sorted by key.
	Tags []Tag `json:"tags,omitempty"`
	// DurationSeconds, 900 to 129600; 0 leaves it to STS.
	DurationSeconds int32 `json:"durationSeconds,omitempty"`
	// RotateRequestedAt is not sent: a new value asks for new credentials, once.
	RotateRequestedAt string `json:"rotateRequestedAt,omitempty"`
}

// Tag is a session tag.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// NewRequest is the request that a FederatedSession asks for, or the reason why there is none: a *Problem of outcome
// Refuse that names what to change.
func NewRequest(fs *v1alpha1.FederatedSession) (Request, *Problem) {
	policy, problem := CompactPolicy(fs.Spec.Policy)
	if problem != nil {
		return Request{}, problem
	}
	tags, problem := canonicalTags(fs.Spec.Tags)
	if problem != nil {
		return Request{}, problem
	}
	r := Request{
		Operation:         OperationGetFederationToken,
		Name:              fs.Spec.Name,
		Policy:            policy,
		Tags:              tags,
		RotateRequestedAt: fs.Annotations[v1alpha1.RotateRequestedAtAnnotation],
	}
	for _, arn := range fs.Spec.PolicyARNs {
		r.PolicyARNs = append(r.PolicyARNs, string(arn))
	}
	slices.Sort(r.PolicyARNs)
	if fs.Spec.DurationSeconds != nil {
		r.DurationSeconds = *fs.Spec.DurationSeconds
	}
	return r, nil
}

// canonicalTags sorts tags by key. The schema compares keys without case for ASCII only; STS does for every script.
func canonicalTags(in []v1alpha1.Tag) ([]Tag, *Problem) {
	var tags []Tag
	for _, t := range in {
		var value string
		if t.Value != nil {
			value = *t.Value
		}
		for _, other := range tags {
			if strings.EqualFold(other.Key, t.Key) {
				return nil, Problemf(v1alpha1.ReasonInvalidSpec, "spec.tags: the keys %q and %q differ only by case, which AWS ignores: remove one of them", other.Key, t.Key)
			}
		}
		tags = append(tags, Tag{Key: t.Key, Value: value})
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags, nil
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

// Duration is the lifetime that the request asks for.
func (r Request) Duration() time.Duration {
	if r.DurationSeconds == 0 {
		return defaultDuration
	}
	return time.Duration(r.DurationSeconds) * time.Second
}
