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

package trust

import (
	"errors"
	"fmt"
)

// flaw is something wrong with a document, and where.
type flaw struct{ place, problem string }

func flawed(place, format string, args ...any) error {
	return &flaw{place: place, problem: fmt.Sprintf(format, args...)}
}

// Error is the problem after its place; the document as a whole has none.
func (f *flaw) Error() string {
	if f.place == "" {
		return f.problem
	}
	return f.place + ": " + f.problem
}

// within puts what the place of a flaw lies in before it. An error that is no flaw becomes one of that place.
func within(place string, err error) error {
	inner := &flaw{problem: err.Error()}
	errors.As(err, &inner)
	if inner.place != "" {
		place += "." + inner.place
	}
	return &flaw{place: place, problem: inner.problem}
}
