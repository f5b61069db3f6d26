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

// Package docs_test holds the documentation against the code: what is exported, declared or served must be described, what is
// described must exist, links must lead somewhere, and examples must be valid.
package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/metrics"
)

const root = "../.."

// page is the text of a file of the repository.
func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// documents are the paths of the files that this test answers for, and with all set those of every Markdown file.
func documents(t *testing.T, all bool) []string {
	t.Helper()
	g := NewWithT(t)
	paths, err := filepath.Glob(filepath.Join(root, "*.md"))
	g.Expect(err).NotTo(HaveOccurred())
	if !all {
		paths = []string{filepath.Join(root, "README.md")}
	}
	g.Expect(filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			paths = append(paths, path)
		}
		return err
	})).To(Succeed())
	for i, path := range paths {
		paths[i], err = filepath.Rel(root, path)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(len(paths)).To(BeNumerically(">=", 10), "the documentation was found")
	return paths
}

// contractPages are the documents that may name only what exists; a changelog also names what is gone.
func contractPages(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(documents(t, true), func(path string) bool { return path == "CHANGELOG.md" })
}

// constants are the values of the string constants of a Go file whose names the pattern matches.
func constants(t *testing.T, path, pattern string) map[string]string {
	t.Helper()
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	values := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != len(spec.Names) {
			return true
		}
		for i, name := range spec.Names {
			literal, ok := spec.Values[i].(*ast.BasicLit)
			if ok && literal.Kind == token.STRING && regexp.MustCompile(pattern).MatchString(name.Name) {
				values[name.Name], err = strconv.Unquote(literal.Value)
				g.Expect(err).NotTo(HaveOccurred())
			}
		}
		return true
	})
	return values
}

// firstCells are the `code` words in the first cells of the tables of a text.
func firstCells(text string) []string {
	var words []string
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && cells[0] == "" {
			for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				words = append(words, match[1])
			}
		}
	}
	return words
}

func TestEveryConditionReasonCauseAndEventIsDocumented(t *testing.T) {
	for _, tc := range []struct {
		source, names, page string
		atLeast             int
	}{
		{"api/v1alpha1/conditions.go", "^Reason|Condition$", "docs/conditions.md", 30},
		{"internal/controller/federatedsession/events.go", "^event", "docs/conditions.md", 3},
		{"internal/session/decide.go", "^Cause", "docs/spec/federatedsession.md", 7},
	} {
		g := NewWithT(t)
		described := firstCells(page(t, tc.page))
		if tc.names == "^event" { // in the third column
			described = regexp.MustCompile(`\w+`).FindAllString(page(t, tc.page), -1)
		}
		values := constants(t, tc.source, tc.names)
		g.Expect(len(values)).To(BeNumerically(">=", tc.atLeast), "the constants of %s were found", tc.source)
		for name, value := range values {
			g.Expect(described).To(ContainElement(value), "%s lacks %s of %s", tc.page, name, tc.source)
		}
	}
}

func TestEveryDocumentedReasonExists(t *testing.T) {
	g := NewWithT(t)
	values := constants(t, "api/v1alpha1/conditions.go", "^Reason|Condition$")
	text, _, _ := strings.Cut(page(t, "docs/conditions.md"), "## STS error codes")
	for _, word := range firstCells(text) {
		g.Expect(values).To(ContainElement(word), "docs/conditions.md describes %s, which no constant has", word)
	}
}

// collectors is a registry that only remembers what is registered.
type collectors struct{ all []prometheus.Collector }

func (c *collectors) Register(collector prometheus.Collector) error {
	c.all = append(c.all, collector)
	return nil
}
func (c *collectors) MustRegister(many ...prometheus.Collector) { c.all = append(c.all, many...) }
func (c *collectors) Unregister(prometheus.Collector) bool      { return false }

// declaredMetrics maps the names of the operator's metrics to their labels.
func declaredMetrics() map[string][]string {
	registered := &collectors{}
	metrics.New(registered)
	labels := map[string][]string{}
	for _, collector := range registered.all {
		descriptions := make(chan *prometheus.Desc, 1)
		collector.Describe(descriptions)
		match := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: {([^}]*)}`).FindStringSubmatch((<-descriptions).String())
		labels[match[1]] = strings.FieldsFunc(match[2], func(r rune) bool { return r == ',' })
	}
	return labels
}

func TestEveryMetricIsDocumentedWithItsLabelsAndAQuery(t *testing.T) {
	g := NewWithT(t)
	declared := declaredMetrics()
	g.Expect(len(declared)).To(BeNumerically(">=", 10), "the metrics were found")
	text := page(t, "docs/metrics.md")
	for name, labels := range declared {
		_, section, found := strings.Cut(text, "### `"+name+"`\n")
		g.Expect(found).To(BeTrue(), "docs/metrics.md lacks a section on %s", name)
		section, _, _ = strings.Cut(section, "\n##")
		for _, label := range labels {
			g.Expect(section).To(ContainSubstring("`"+label+"`"), "the section on %s lacks its label %s", name, label)
		}
		g.Expect(section).To(MatchRegexp(`(?m)^    .*`+name), "the section on %s lacks a query", name)
	}
}

func TestEveryMetricNamedAnywhereExists(t *testing.T) {
	g := NewWithT(t)
	declared := declaredMetrics()
	for _, path := range contractPages(t) {
		for _, name := range regexp.MustCompile(`\bsts_operator_\w+`).FindAllString(page(t, path), -1) {
			base := name
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				base = strings.TrimSuffix(base, suffix)
			}
			g.Expect(declared).To(HaveKey(base), "%s names %s", path, name)
		}
	}
}

// flags are the names of the manager's flags.
func flags(t *testing.T) []string {
	t.Helper()
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "cmd/flags.go"), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	names := []string{"kubeconfig"} // declared by controller-runtime
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) < 3 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !strings.HasSuffix(method.Sel.Name, "Var") {
			return true
		}
		if literal, ok := call.Args[1].(*ast.BasicLit); ok {
			names = append(names, strings.Trim(literal.Value, `"`))
		}
		return true
	})
	g.Expect(len(names)).To(BeNumerically(">=", 15), "the flags were found")
	return names
}

func TestTheTableOfFlagsIsThatOfTheManager(t *testing.T) {
	g := NewWithT(t)
	_, section, _ := strings.Cut(page(t, "docs/operations.md"), "## Flags\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var described []string
	for _, word := range firstCells(section) {
		described = append(described, strings.TrimPrefix(word, "--"))
	}
	g.Expect(described).To(ConsistOf(flags(t)))
}

func TestTheChecksAreThoseOfDecide(t *testing.T) {
	g := NewWithT(t)
	_, section, _ := strings.Cut(page(t, "docs/architecture.md"), "| check | holds when |")
	section, _, _ = strings.Cut(section, "\n\n")
	var described []string
	for line := range strings.Lines(section) {
		if match := regexp.MustCompile("^\\| `(\\w+)` \\|").FindStringSubmatch(line); match != nil {
			described = append(described, match[1])
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal/session/decide.go"), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	var declared []string
	ast.Inspect(file, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok && fmt.Sprint(call.Fun) == "append" { // append(contentChecks(isNotDue), another)
			if checks, ok := call.Args[0].(*ast.CallExpr); ok && fmt.Sprint(checks.Fun) == "contentChecks" {
				for _, another := range call.Args[1:] {
					declared = append(declared, fmt.Sprint(another))
					at, due := slices.Index(described, fmt.Sprint(another)), slices.Index(described, "isNotDue")
					g.Expect(at).To(BeNumerically(">", due), "docs/architecture.md lists %s in its order", another)
				}
			}
		}
		list, ok := node.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if slice, ok := list.Type.(*ast.ArrayType); !ok || fmt.Sprint(slice.Elt) != "check" {
			return true
		}
		at := -1
		for _, element := range list.Elts {
			name := fmt.Sprint(element)
			if name == "last" { // of contentChecks
				name = "isNotDue"
			}
			declared = append(declared, name)
			next := slices.Index(described, name)
			g.Expect(next).To(BeNumerically(">", at), "docs/architecture.md lists %s in its order", name)
			at = next
		}
		return true
	})
	g.Expect(len(declared)).To(BeNumerically(">=", 10), "the checks were found")
	g.Expect(described).To(ConsistOf(declared))
}

var crds = map[string]string{
	"docs/spec/federatedsession.md":     "federatedsessions",
	"docs/spec/sessionissuer.md":        "sessionissuers",
	"docs/spec/clustersessionissuer.md": "clustersessionissuers",
}

// fields are the paths of the leaves of a CRD's spec and status, such as spec.tags[].key.
func fields(t *testing.T, resource string) map[string]bool {
	t.Helper()
	g := NewWithT(t)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	g.Expect(yaml.UnmarshalStrict([]byte(page(t, "config/crd/bases/sts-operator.dev_"+resource+".yaml")), crd)).To(Succeed())
	paths := map[string]bool{}
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	for _, part := range []string{"spec", "status"} {
		walk(paths, part, schema.Properties[part])
	}
	g.Expect(len(paths)).To(BeNumerically(">=", 15), "the fields of %s were found", resource)
	return paths
}

// walk collects the paths below a field: true for a leaf. Kubernetes documents conditions and match expressions.
func walk(paths map[string]bool, path string, schema apiextensionsv1.JSONSchemaProps) {
	properties := schema.Properties
	suffix := ""
	if schema.Items != nil && schema.Items.Schema != nil && len(schema.Items.Schema.Properties) > 0 {
		properties, suffix = schema.Items.Schema.Properties, "[]"
	}
	isLeaf := len(properties) == 0 || strings.HasSuffix(path, ".conditions") || strings.HasSuffix(path, ".matchExpressions")
	paths[path] = isLeaf
	if isLeaf {
		return
	}
	for name, property := range properties {
		walk(paths, path+suffix+"."+name, property)
	}
}

func TestEveryFieldIsOnItsPage(t *testing.T) {
	for path, resource := range crds {
		text := page(t, path)
		for field, isLeaf := range fields(t, resource) {
			if isLeaf {
				NewWithT(t).Expect(text).To(MatchRegexp("`"+regexp.QuoteMeta(field)+"[`:]"), "%s lacks %s", path, field)
			}
		}
	}
}

func TestEveryFieldNamedAnywhereExists(t *testing.T) {
	g := NewWithT(t)
	known := map[string]bool{}
	for _, resource := range crds {
		for field := range fields(t, resource) {
			known[field] = true
		}
	}
	for _, path := range contractPages(t) {
		for _, match := range regexp.MustCompile("`((?:spec|status)\\.[A-Za-z.\\[\\]]+)").FindAllStringSubmatch(page(t, path), -1) {
			g.Expect(known).To(HaveKey(match[1]), "%s names the field %s", path, match[1])
		}
	}
}

// anchors are the fragments that lead to the headings of a text, as GitHub makes them.
func anchors(text string) []string {
	var out []string
	for line := range strings.Lines(withoutCode(text)) {
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			slug := strings.ToLower(strings.TrimSpace(heading))
			slug = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(slug, "")
			out = append(out, strings.ReplaceAll(slug, " ", "-"))
		}
	}
	return out
}

// withoutCode is a text without its fenced blocks.
func withoutCode(text string) string {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```").ReplaceAllString(text, "")
}

func TestRelativeLinksLeadSomewhere(t *testing.T) {
	links := 0
	for _, path := range documents(t, true) {
		for _, match := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(withoutCode(page(t, path)), -1) {
			target, fragment, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") {
				continue // another site
			}
			links++
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			_, err := os.Stat(filepath.Join(root, to))
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s links to %s", path, match[1])
			if fragment != "" {
				NewWithT(t).Expect(anchors(page(t, to))).To(ContainElement(fragment), "%s links to %s", path, match[1])
			}
		}
	}
	NewWithT(t).Expect(links).To(BeNumerically(">=", 30), "the links were found")
}

// blocks are the fenced blocks of a language in the documentation, named by file and line.
func blocks(t *testing.T, language string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, path := range documents(t, false) {
		var block *strings.Builder
		var indent, name string
		for number, line := range slices.Collect(strings.Lines(page(t, path))) {
			trimmed := strings.TrimSpace(line)
			switch {
			case block == nil && trimmed == "```"+language:
				block, indent, name = &strings.Builder{}, line[:strings.Index(line, "`")], fmt.Sprintf("%s:%d", path, number+1)
			case block != nil && trimmed == "```":
				found[name], block = block.String(), nil
			case block != nil:
				block.WriteString(strings.TrimPrefix(line, indent))
			}
		}
		NewWithT(t).Expect(block).To(BeNil(), "%s ends within a block", path)
	}
	return found
}

// Every object of a kind that Kubernetes or this project defines is read strictly: an unknown or misspelt field fails.
func TestYAMLExamplesAreValid(t *testing.T) {
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	foreign := []string{"PrometheusRule", "Kustomization"}
	ours := 0
	for name, block := range blocks(t, "yaml") {
		reader := yaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(block)))
		buffer := make([]byte, len(block)+1)
		for {
			n, err := reader.Read(buffer)
			if err == io.EOF { //nolint:errorlint // an io.Reader returns it bare
				break
			}
			g.Expect(err).NotTo(HaveOccurred(), name)
			var header struct{ APIVersion, Kind string }
			g.Expect(yaml.Unmarshal(buffer[:n], &header)).To(Succeed(), name)
			g.Expect(header.Kind).NotTo(BeEmpty(), "%s is not a whole object", name)
			if slices.Contains(foreign, header.Kind) {
				continue
			}
			_, _, err = decoder.Decode(bytes.Clone(buffer[:n]), nil, nil)
			g.Expect(err).NotTo(HaveOccurred(), name)
			if header.APIVersion == v1alpha1.GroupVersion.String() {
				ours++
			}
		}
	}
	g.Expect(ours).To(BeNumerically(">=", 7), "the examples were found")
}

func TestJSONExamplesAreJSON(t *testing.T) {
	found := blocks(t, "json")
	NewWithT(t).Expect(found).NotTo(BeEmpty())
	for name, block := range found {
		NewWithT(t).Expect(json.Valid([]byte(block))).To(BeTrue(), name)
	}
}

func TestEveryMakeTargetNamedExists(t *testing.T) {
	makefile := page(t, "Makefile")
	for _, path := range documents(t, true) {
		for _, match := range regexp.MustCompile("(?:^ {4,}|`|\n {4,})make ([a-z-]+)").FindAllStringSubmatch(page(t, path), -1) {
			NewWithT(t).Expect(makefile).To(MatchRegexp(`(?m)^`+match[1]+`:`), "%s says make %s", path, match[1])
		}
	}
}
