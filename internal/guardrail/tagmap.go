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
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// tagMap is a map of tags, whose keys are found in any case, as IAM does, and gone through as they are written. It is for
// the expressions of one Apply, which run one after the other.
type tagMap struct {
	orderedMap
	// written are the keys by what their spellings have in common.
	written map[string]ref.Val
	// asked are the keys, nil for none, by the spellings asked for: in a loop to compare each time would cost more than CEL counts.
	asked map[types.String]ref.Val
}

var _ traits.Mapper = tagMap{}

func newTagMap(tags map[string]string) ref.Val {
	m := tagMap{newOrderedMap(types.NewStringStringMap(types.DefaultTypeAdapter, tags)), map[string]ref.Val{}, map[types.String]ref.Val{}}
	for key := range tags {
		m.written[folded(key)] = types.String(key)
	}
	return m
}

// folded is what a text has in common with exactly those that strings.EqualFold finds equal.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, text)
}

// Find implements traits.Mapper.
func (m tagMap) Find(key ref.Val) (ref.Val, bool) {
	spelling, ok := key.(types.String)
	if !ok || len(spelling) > maxKeyLength*utf8.UTFMax {
		return m.orderedMap.Find(key)
	}
	written, ok := m.asked[spelling]
	if !ok {
		written = m.written[folded(string(spelling))]
		m.asked[spelling] = written
	}
	if written == nil {
		return nil, false
	}
	return m.orderedMap.Find(written)
}

// Contains implements traits.Container.
func (m tagMap) Contains(key ref.Val) ref.Val { return containsKey(m, key) }

// Get implements traits.Indexer.
func (m tagMap) Get(key ref.Val) ref.Val { return valueOf(m, key) }

// Equal implements ref.Val: the other map asks this one for its keys. There is no second map of tags in an expression.
func (m tagMap) Equal(other ref.Val) ref.Val {
	if _, same := other.(tagMap); same {
		return m.orderedMap.Equal(other)
	}
	return other.Equal(m)
}
