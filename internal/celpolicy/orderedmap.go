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
	"slices"
	"sync"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// orderedMap is a map with string keys whose iteration is sorted, so that the same input always gives the same message.
type orderedMap struct {
	traits.Mapper
	// keys in order. They are sorted once, since nested loops may start over many times.
	keys func() traits.Lister
}

func newOrderedMap(m traits.Mapper) orderedMap {
	return orderedMap{m, sync.OnceValue(func() traits.Lister {
		var keys []string
		for it := m.Iterator(); it.HasNext() == types.True; {
			key, _ := it.Next().Value().(string) // vetParsed allows no other keys
			keys = append(keys, key)
		}
		slices.Sort(keys)
		return types.NewStringList(types.DefaultTypeAdapter, keys)
	})}
}

// Iterator implements traits.Iterable.
func (m orderedMap) Iterator() traits.Iterator { return m.keys().Iterator() }

// maxKeyLength of a map, in bytes: no literal is longer, and neither Kubernetes nor AWS takes a longer key.
const maxKeyLength = 4 * maxExpressionLength

// Find implements traits.Mapper. CEL counts it as 1 however long the key is, so a key that cannot exist is not hashed.
func (m orderedMap) Find(key ref.Val) (ref.Val, bool) {
	if text, ok := key.(types.String); ok && len(text) > maxKeyLength {
		return nil, false
	}
	return m.Mapper.Find(key)
}

// Contains implements traits.Container.
func (m orderedMap) Contains(key ref.Val) ref.Val { return containsKey(m, key) }

// Get implements traits.Indexer.
func (m orderedMap) Get(key ref.Val) ref.Val { return valueOf(m, key) }

func containsKey(m traits.Mapper, key ref.Val) ref.Val {
	_, found := m.Find(key)
	return types.Bool(found)
}

func valueOf(m traits.Mapper, key ref.Val) ref.Val {
	value, found := m.Find(key)
	if !found {
		return types.ValOrErr(value, "no such key: %v", key)
	}
	return value
}
