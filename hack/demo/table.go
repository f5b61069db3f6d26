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

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// table is what `kubectl get fsess -A` shows, with the access key ids beside it.
type table struct {
	heading []string
	rows    []row
}

type row struct {
	cells   []string
	session v1alpha1.FederatedSession
}

// readTable asks the API server for the table, as kubectl does: the server decides about the columns.
func (s *stage) readTable() (*table, error) {
	httpClient, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return nil, err
	}
	url := s.config.Host + "/apis/" + v1alpha1.GroupVersion.String() + "/federatedsessions?includeObject=Object"
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	answer, err := httpClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the API server answered %s", answer.Status)
	}
	var served metav1.Table
	if err := json.NewDecoder(answer.Body).Decode(&served); err != nil {
		return nil, fmt.Errorf("reading the table: %w", err)
	}
	return newTable(&served)
}

// newTable keeps the columns that kubectl shows without -o wide.
func newTable(served *metav1.Table) (*table, error) {
	t := &table{heading: []string{"NAMESPACE"}}
	for _, column := range served.ColumnDefinitions {
		if column.Priority == 0 {
			t.heading = append(t.heading, strings.ToUpper(column.Name))
		}
	}
	t.heading = append(t.heading, "ACCESS KEY ID")
	for _, servedRow := range served.Rows {
		r := row{}
		if err := json.Unmarshal(servedRow.Object.Raw, &r.session); err != nil {
			return nil, fmt.Errorf("reading the table: %w", err)
		}
		r.cells = []string{r.session.Namespace}
		for i, cell := range servedRow.Cells {
			if served.ColumnDefinitions[i].Priority != 0 {
				continue
			}
			if cell == nil {
				cell = ""
			}
			r.cells = append(r.cells, fmt.Sprint(cell))
		}
		r.cells = append(r.cells, r.session.Status.AccessKeyID)
		t.rows = append(t.rows, r)
	}
	return t, nil
}

// keysFirst moves the access key ids from the end to the names, where a narrow terminal shows them.
func (t *table) keysFirst() {
	move := func(cells []string) []string {
		last := len(cells) - 1
		return slices.Insert(cells[:last:last], 2, cells[last])
	}
	t.heading = move(t.heading)
	for i := range t.rows {
		t.rows[i].cells = move(t.rows[i].cells)
	}
}

// lines are the heading and the rows, in columns.
func (t *table) lines() []string {
	widths := make([]int, len(t.heading))
	all := [][]string{t.heading}
	for _, r := range t.rows {
		all = append(all, r.cells)
	}
	for _, cells := range all {
		for i, cell := range cells {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var lines []string
	for _, cells := range all {
		var line strings.Builder
		for i, cell := range cells {
			fmt.Fprintf(&line, "%-*s   ", widths[i], cell)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}
