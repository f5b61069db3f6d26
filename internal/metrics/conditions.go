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

package metrics

import (
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// conditions has one series for each condition that a session has now. It remembers which: to find them among the series of all
// sessions would take longer the more there are.
type conditions struct {
	gauge *prometheus.GaugeVec

	mutex sync.Mutex
	shown map[types.NamespacedName]map[conditionState]bool
}

// conditionState is what labels tell of a condition.
type conditionState struct {
	conditionType string
	status        metav1.ConditionStatus
	reason        string
}

func newConditions() *conditions {
	return &conditions{
		gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sts_operator_session_condition", Help: "1 for each condition that the session has, by its type, status and reason.",
		}, []string{"namespace", "name", "type", "status", "reason"}),
		shown: map[types.NamespacedName]map[conditionState]bool{},
	}
}

// show these conditions of a session in place of those that were shown; none of one that is gone.
func (c *conditions) show(name types.NamespacedName, present []metav1.Condition) {
	now := map[conditionState]bool{}
	for _, condition := range present {
		switch condition.Type { // whoever may write the status can add others, with any reason
		case v1alpha1.ReadyCondition, v1alpha1.ReconcilingCondition, v1alpha1.StalledCondition:
			now[conditionState{condition.Type, condition.Status, condition.Reason}] = true
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if maps.Equal(c.shown[name], now) {
		return
	}
	for state := range c.shown[name] {
		c.gauge.DeleteLabelValues(name.Namespace, name.Name, state.conditionType, string(state.status), state.reason)
	}
	for state := range now {
		c.gauge.WithLabelValues(name.Namespace, name.Name, state.conditionType, string(state.status), state.reason).Set(1)
	}
	if c.shown[name] = now; len(now) == 0 {
		delete(c.shown, name)
	}
}
