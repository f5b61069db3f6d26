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

package celpolicy

import (
	"strings"
	"unicode"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// foldedMap is a map whose lookups ignore the case of keys, while iteration yields the keys as they are spelt. It is not
// safe for concurrent use: it serves the expressions of one Evaluation, which run one after the other.
type foldedMap struct {
	orderedMap
	// keys as they are spelt, by their folded form.
	spelt map[string]ref.Val
	// found remembers the key, nil for none, of each spelling that was looked up. CEL counts a lookup as 1, so folding the
	// same text again in every step of a loop would cost more than is counted.
	found map[types.String]ref.Val
}

var _ traits.Mapper = foldedMap{}

// maxFoldedKeyLength in bytes: 128 characters, the longest key of an AWS tag. A longer key is looked up as it is spelt.
const maxFoldedKeyLength = 512

// FoldedStringMap is a map of texts whose lookups ignore the case of keys, in every script. Two keys must not differ by case
// only. The value serves one Evaluation.
func FoldedStringMap(texts map[string]string) Value {
	m := foldedMap{newOrderedMap(types.NewStringStringMap(types.DefaultTypeAdapter, texts)), map[string]ref.Val{}, map[types.String]ref.Val{}}
	for key := range texts {
		m.spelt[fold(key)] = types.String(key)
	}
	return m
}

// fold gives the same result for exactly those texts that strings.EqualFold finds equal.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, text)
}

// Find implements traits.Mapper.
func (m foldedMap) Find(key ref.Val) (ref.Val, bool) {
	spelling, ok := key.(types.String)
	if !ok || len(spelling) > maxFoldedKeyLength {
		return m.orderedMap.Find(key)
	}
	spelt, ok := m.found[spelling]
	if !ok {
		spelt = m.spelt[fold(string(spelling))]
		m.found[spelling] = spelt
	}
	if spelt == nil {
		return nil, false
	}
	return m.orderedMap.Find(spelt)
}

// Contains implements traits.Container.
func (m foldedMap) Contains(key ref.Val) ref.Val { return containsKey(m, key) }

// Get implements traits.Indexer.
func (m foldedMap) Get(key ref.Val) ref.Val { return valueOf(m, key) }

// Equal implements ref.Val. The map that is not folded looks its keys up in the one that is, so that their case is ignored.
func (m foldedMap) Equal(other ref.Val) ref.Val {
	if _, folded := other.(foldedMap); folded {
		return m.orderedMap.Equal(other)
	}
	return other.Equal(m)
}
