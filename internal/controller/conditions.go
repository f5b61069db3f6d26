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

package controller

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conditionSet sets conditions of an object's generation, at a time.
type conditionSet struct {
	conditions *[]metav1.Condition
	generation int64
	now        time.Time
}

// set a condition; the time of its last transition moves only with its status.
func (s conditionSet) set(condition metav1.Condition) {
	condition.ObservedGeneration = s.generation
	condition.LastTransitionTime = metav1.NewTime(s.now.UTC().Truncate(time.Second))
	meta.SetStatusCondition(s.conditions, condition)
}

// setWhile keeps a condition True, with the reason and message of another, while it holds, and absent otherwise.
func (s conditionSet) setWhile(holds bool, conditionType string, like metav1.Condition) {
	if !holds {
		meta.RemoveStatusCondition(s.conditions, conditionType)
		return
	}
	like.Type, like.Status = conditionType, metav1.ConditionTrue
	s.set(like)
}
