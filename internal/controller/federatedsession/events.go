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

package federatedsession

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
)

// Reasons of events. A failing session's event has the reason of its Ready condition.
const (
	eventIssued    = "Issued"
	eventReissued  = "Reissued"
	eventRecovered = "Recovered"
)

// recordEvent records at most one event for what changed between two statuses: the first issue, a new issue after a change, a
// problem when it begins or changes, its end. An ordinary rotation is no event, nor is waiting for a turn: status and
// metrics show them. The API server takes no event in a namespace that is being deleted.
func (r *Reconciler) recordEvent(before, after *v1alpha1.FederatedSession, o outcome) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ReadyCondition)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ReadyCondition)
	if o.problem != nil && o.problem.Quiet && is.Reason != v1alpha1.ReasonExpired {
		return
	}
	if o.observed.NamespaceTerminating || o.problem != nil && o.problem.Reason == v1alpha1.ReasonNamespaceTerminating {
		return
	}
	n := noticeOf(was, is, o, before.Status.IssuedTime != nil)
	if n == nil {
		return
	}
	r.recorder.Eventf(after, nil, n.kind, n.reason, n.action, "%s", reconciler.EventNote(n.note))
}

type notice struct {
	kind, reason, action, note string
}

// noticeOf is the event for a change of the Ready condition, or nil.
func noticeOf(was, is *metav1.Condition, o outcome, issuedBefore bool) *notice {
	wasWorking := was == nil || isWorking(was)
	switch {
	case !isWorking(is):
		if was != nil && was.Status == is.Status && was.Reason == is.Reason && was.Message == is.Message {
			return nil
		}
		return &notice{corev1.EventTypeWarning, is.Reason, "Issue", is.Message}
	case o.issued != nil && !issuedBefore:
		return &notice{corev1.EventTypeNormal, eventIssued, "Issue", is.Message}
	case !wasWorking:
		return &notice{corev1.EventTypeNormal, eventRecovered, "Issue", is.Message}
	case o.issued != nil && o.cause != session.CauseDue && o.cause != session.CauseExpired:
		return &notice{corev1.EventTypeNormal, eventReissued, "Issue", is.Message + ", issued anew because of " + o.cause}
	}
	return nil
}

// isWorking says whether a Ready condition needs no attention. A suspended session is as it was asked to be, and of one that is
// new nothing is known yet.
func isWorking(ready *metav1.Condition) bool {
	switch ready.Reason {
	case v1alpha1.ReasonIssued, v1alpha1.ReasonSuspended, v1alpha1.ReasonPending:
		return true
	}
	return false
}
