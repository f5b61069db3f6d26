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
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
)

// histories remember of each session what came of the latest tries.
type histories struct {
	mutex sync.Mutex
	known map[types.NamespacedName]remembered
}

// remembered is the history of one session; another of the same name has none.
type remembered struct {
	uid     types.UID
	history session.History
}

func newHistories() *histories { return &histories{known: map[types.NamespacedName]remembered{}} }

// of a session, at a time. A failure that only the status knows is as old as it says, but no younger than now.
func (h *histories) of(fs *v1alpha1.FederatedSession, now time.Time) session.History {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	name := client.ObjectKeyFromObject(fs)
	entry := h.known[name]
	if entry.uid != fs.UID {
		entry = remembered{uid: fs.UID}
	}
	if failure := fs.Status.LastFailure; !entry.history.IsKnown && failure != nil {
		entry.history = entry.history.AfterFailure(*failure)
	}
	entry.history = entry.history.At(now)
	if entry.history.IsKnown {
		h.known[name] = entry
	}
	return entry.history
}

// note what an outcome adds to the history.
func (h *histories) note(o outcome, now time.Time) {
	fs, history := o.observed.Session, o.observed.History.AfterLook(o.observed.Secret)
	switch {
	case o.failed:
		history = history.AfterFailure(session.NextFailure(o.observed, o.problem, now))
	case o.issued != nil:
		history = history.AfterIssue(o.cause, fs.Status.IssuedTime != nil || history.IsKnown && history.Failure == nil, now)
	case history.Conflicts == o.observed.History.Conflicts:
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.known[client.ObjectKeyFromObject(fs)] = remembered{fs.UID, history}
}

func (h *histories) forget(name types.NamespacedName) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.known, name)
}
