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

package guardrail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/celpolicy"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Limits of AWS STS: https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html and API_AssumeRole.html.
const (
	maxTags        = 50
	maxValueLength = 256
)

var tagValue = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// forcedTag is a tag that the issuer puts on every session.
type forcedTag struct {
	field, key string
	transitive bool
	// value, or the expression that computes it.
	value      string
	expression *celpolicy.Expression
}

func compileTags(compiler *celpolicy.Compiler, tags []v1alpha1.ForcedTag) ([]forcedTag, error) {
	var compiled []forcedTag
	for i, spec := range tags {
		tag := forcedTag{
			field:      fmt.Sprintf("spec.guardrails.sessionTags[%d]", i),
			key:        string(spec.Key),
			transitive: spec.Transitive != nil && *spec.Transitive,
		}
		if sts.IsReservedTag(tag.key) {
			return nil, fmt.Errorf("%s.key: %q begins with aws:, which AWS reserves: use another key", tag.field, tag.key)
		}
		// The schema compares keys without case for ASCII only; STS does for every script.
		for _, other := range compiled {
			if strings.EqualFold(other.key, tag.key) {
				return nil, fmt.Errorf("%s.key: %q and %q differ only by case, which AWS ignores: remove one of the tags",
					tag.field, other.key, tag.key)
			}
		}
		if (spec.Value == nil) == (spec.ValueExpression == "") {
			return nil, fmt.Errorf("%s: give exactly one of value and valueExpression", tag.field)
		}
		if spec.Value != nil {
			tag.value = *spec.Value
		} else {
			var err error
			if tag.expression, err = compiler.CompileString(tag.field+".valueExpression", spec.ValueExpression); err != nil {
				return nil, err
			}
		}
		compiled = append(compiled, tag)
	}
	return compiled, nil
}

// valueFor is the value of the tag for a session.
func (t forcedTag) valueFor(evaluation *celpolicy.Evaluation) (string, error) {
	value := t.value
	if t.expression != nil {
		var err error
		if value, err = evaluation.Text(t.expression); err != nil {
			return "", err
		}
	}
	switch {
	case utf8.RuneCountInString(value) > maxValueLength:
		return "", fmt.Errorf("it has %d characters, AWS takes at most %d", utf8.RuneCountInString(value), maxValueLength)
	case sts.IsReservedTag(value):
		return "", fmt.Errorf("%q begins with aws:, which AWS reserves", value)
	case !tagValue.MatchString(value):
		return "", fmt.Errorf("%q holds what AWS does not take in a tag: only letters, digits, spaces and _.:/=+-@", value)
	}
	return value, nil
}

// addTags is the request with the issuer's tags, or why it cannot have one of them. A key that the session gives too, in any
// case, is sent as the issuer spells it, which is the spelling that rules know.
func (g *Guardrails) addTags(request sts.Request, evaluation *celpolicy.Evaluation) (sts.Request, *sts.Problem) {
	if len(g.tags) == 0 {
		return request, nil
	}
	conflict := func(format string, args ...any) (sts.Request, *sts.Problem) {
		return request, sts.Problemf(v1alpha1.ReasonForcedTagConflict, "%s "+format, append([]any{g.issuer}, args...)...)
	}
	if !request.TakesTags() {
		return conflict("puts tags on every session, which %s cannot carry: "+
			"use GetFederationToken or assumeRole, or an issuer without sessionTags", request.Operation)
	}
	request.Tags, request.TransitiveTagKeys = slices.Clone(request.Tags), slices.Clone(request.TransitiveTagKeys)
	for _, tag := range g.tags {
		value, err := tag.valueFor(evaluation)
		at := slices.IndexFunc(request.Tags, func(t sts.Tag) bool { return strings.EqualFold(t.Key, tag.key) })
		switch {
		case err != nil:
			return conflict("cannot compute the value of the tag %s for this session (%s): %s", tag.key, tag.field, err)
		case at < 0:
			request.Tags = append(request.Tags, sts.Tag{Key: tag.key, Value: value})
		case request.Tags[at].Value != value:
			return conflict("gives the tag %s the value %q on this session, but spec.tags asks for %s with %q: remove it from spec.tags",
				tag.key, value, request.Tags[at].Key, request.Tags[at].Value)
		default:
			request.Tags[at].Key = tag.key
		}
		request.TransitiveTagKeys = tag.transitiveKeys(request)
	}
	slices.SortFunc(request.Tags, func(a, b sts.Tag) int { return strings.Compare(a.Key, b.Key) })
	slices.Sort(request.TransitiveTagKeys)
	if len(request.Tags) > maxTags {
		return conflict("adds its tags to every session, which makes %d here, and AWS takes at most %d: remove some from spec.tags",
			len(request.Tags), maxTags)
	}
	return request, nil
}

// transitiveKeys are the request's with the tag's key as the issuer spells it, and once: STS wants each among the keys of the
// tags. Only AssumeRole takes transitive keys.
func (t forcedTag) transitiveKeys(request sts.Request) []string {
	isKey := func(key string) bool { return strings.EqualFold(key, t.key) }
	asked := slices.ContainsFunc(request.TransitiveTagKeys, isKey)
	keys := slices.DeleteFunc(request.TransitiveTagKeys, isKey)
	if asked || t.transitive && request.Operation == sts.OperationAssumeRole {
		keys = append(keys, t.key)
	}
	return keys
}
