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

package docs_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// meanings are the cells of the column "meaning" in the tables of a text, by the word in the first cell, without backticks.
func meanings(text string) map[string]string {
	found, column := map[string]string{}, 0
	for line := range strings.Lines(strings.ReplaceAll(text, "`", "")) {
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) < 4 || cells[0] != "":
			column = 0
		case column > 0 && column < len(cells):
			found[cells[1]] = cells[column]
		default:
			for i, cell := range cells {
				if cell == "meaning" {
					column = i
				}
			}
		}
	}
	return found
}

// The page and the operator say the same of a reason: its meaning begins with its sentence.
func TestMeaningOfEveryReasonBeginsWithItsSentence(t *testing.T) {
	g := NewWithT(t)
	documented := meanings(page(t, "docs/conditions.md"))
	reasons := constants(t, "api/v1alpha1/conditions.go", "^Reason")
	g.Expect(len(reasons)).To(BeNumerically(">=", 50), "the reasons were found")
	for _, reason := range reasons {
		sentence, meaning := sts.Sentence(reason), documented[reason]
		g.Expect(strings.ToLower(meaning)).To(HavePrefix(strings.ToLower(sentence)), "docs/conditions.md on %s", reason)
		g.Expect(len(sentence)).To(And(BeNumerically(">", 0), BeNumerically("<=", 100)), "the sentence of %s", reason)
		g.Expect(sentence).NotTo(HaveSuffix("."), "the sentence of %s", reason)
	}
}
