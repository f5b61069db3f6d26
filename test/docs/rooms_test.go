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
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// rooms are the folders in a folder of the repository that hold Go files.
func rooms(t *testing.T, folder string) []string {
	t.Helper()
	g := NewWithT(t)
	entries, err := os.ReadDir(filepath.Join(root, folder))
	g.Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, entry := range entries {
		files, err := filepath.Glob(filepath.Join(root, folder, entry.Name(), "*.go"))
		g.Expect(err).NotTo(HaveOccurred())
		if len(files) > 0 {
			found = append(found, folder+"/"+entry.Name())
		}
	}
	g.Expect(found).NotTo(BeEmpty(), "%s has rooms", folder)
	return found
}

// section is what stands below a heading, up to the next of its level.
func section(t *testing.T, path, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(page(t, path), "\n## "+heading+"\n")
	NewWithT(t).Expect(found).To(BeTrue(), "%s has the heading %s", path, heading)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

func TestTheWalkThroughTheHouseNamesEachRoomOnce(t *testing.T) {
	g := NewWithT(t)
	house, walk := section(t, "docs/architecture.md", "The house"), section(t, "docs/architecture.md", "One walk")
	inner := append(rooms(t, "internal"), rooms(t, "internal/controller")...)
	for _, room := range append(inner, "cmd", "api/v1alpha1") {
		g.Expect(strings.Count(walk, "`"+room+"`")).To(Equal(1), "the walk names %s once", room)
		g.Expect(house).To(ContainSubstring(filepath.Base(room)), "the house has the room %s", room)
	}
}

func TestEveryFolderOfTestsIsInTheTableOfTests(t *testing.T) {
	tests := section(t, "docs/architecture.md", "Tests")
	for _, room := range rooms(t, "test") {
		NewWithT(t).Expect(tests).To(ContainSubstring("`"+room+"`"), "docs/architecture.md lacks %s", room)
	}
}

// The example on the page is the one that runs as a test.
func TestTheGoExampleOfTheFakeIsTheOneThatRuns(t *testing.T) {
	g := NewWithT(t)
	code := page(t, "test/stsfake/testing_test.go")
	found := 0
	for name, block := range blocks(t, "go") {
		if strings.HasPrefix(name, "docs/sts-fake.md:") {
			g.Expect(code).To(HaveSuffix("\n"+block), name)
			found++
		}
	}
	g.Expect(found).To(Equal(1), "docs/sts-fake.md has an example")
}
