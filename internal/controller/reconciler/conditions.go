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

package reconciler

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Conditions sets conditions of an object's generation, at a time.
type Conditions struct {
	List       *[]metav1.Condition
	Generation int64
	Now        time.Time
}

// Set a condition; the time of its last transition moves only with its status.
func (s Conditions) Set(condition metav1.Condition) {
	condition.ObservedGeneration = s.Generation
	condition.LastTransitionTime = *Timestamp(s.Now)
	meta.SetStatusCondition(s.List, condition)
}

// SetWhile keeps a condition True, with the reason and message of another, while it holds, and absent otherwise.
func (s Conditions) SetWhile(holds bool, conditionType string, like metav1.Condition) {
	if !holds {
		meta.RemoveStatusCondition(s.List, conditionType)
		return
	}
	like.Type, like.Status = conditionType, metav1.ConditionTrue
	s.Set(like)
}

// Timestamp is a time as statuses hold it, in whole seconds; nil for the zero time.
func Timestamp(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	out := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &out
}

// longestNote is what the API server takes as the note of an event, in bytes.
const longestNote = 1024

// EventNote cuts a message to the length of an event's note, between characters.
func EventNote(message string) string {
	if len(message) <= longestNote {
		return message
	}
	return strings.ToValidUTF8(message[:longestNote-len("…")], "") + "…"
}
