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
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stage"
)

// table has a line for each session. It fits into 80 columns.
func table(sessions []v1alpha1.FederatedSession, now time.Time) []string {
	rows := [][]string{{"SESSION", "STATE", "ROTATES", "EXPIRES", "ACCESS KEY ID"}}
	for i := range sessions {
		fs := &sessions[i]
		row := []string{client.ObjectKeyFromObject(fs).String(), state(fs), "", "", fs.Status.AccessKeyID}
		if due, end := fs.Status.RotationTime, fs.Status.ExpirationTime; due != nil && end != nil {
			row[2], row[3] = countdown(due.Time, now), countdown(end.Time, now)
		}
		rows = append(rows, row)
	}
	var lines []string
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			width := len(slices.MaxFunc(rows, func(a, b []string) int { return cmp.Compare(len(a[i]), len(b[i])) })[i])
			fmt.Fprintf(&line, "%-*s  ", width, cell)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// state is Ready, or why it is not, or why it will not be for long.
func state(fs *v1alpha1.FederatedSession) string {
	if ready := stage.Ready(fs); ready.Reason != v1alpha1.ReasonIssued {
		return ready.Reason
	}
	return v1alpha1.ReadyCondition
}

func countdown(at, now time.Time) string {
	return fmt.Sprintf("%d s", max(0, int(at.Sub(now).Round(time.Second).Seconds())))
}

// history is how the sessions were when they were last looked at.
type history map[client.ObjectKey]v1alpha1.FederatedSession

// update returns a line for each session that has changed since.
func (h history) update(sessions []v1alpha1.FederatedSession, now time.Time) []string {
	var news []string
	for _, fs := range sessions {
		key := client.ObjectKeyFromObject(&fs)
		before := h[key]
		h[key] = fs
		if text := change(&before, &fs); text != "" {
			news = append(news, fmt.Sprintf("%s  %s: %s", now.UTC().Format(time.TimeOnly), key, text))
		}
	}
	return news
}

// change says how a session differs from what it was before, "" if it does not.
func change(before, after *v1alpha1.FederatedSession) string {
	was, is := before.Status.AccessKeyID, after.Status.AccessKeyID
	switch {
	case was != "" && is != "" && was != is:
		left := before.Status.ExpirationTime.Sub(after.Status.IssuedTime.Time)
		if left < 0 {
			return fmt.Sprintf("issued %.0f s after expiry: %s", -left.Seconds(), is)
		}
		return fmt.Sprintf("rotated %.0f s before expiry: %s", left.Seconds(), is)
	case state(before) == state(after):
		return ""
	case state(after) == v1alpha1.ReadyCondition:
		return "Ready: " + is
	}
	return state(after) + ": " + stage.Ready(after).Message
}
