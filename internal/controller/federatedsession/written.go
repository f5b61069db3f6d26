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
)

// writtenStatuses remembers, by name, the resource version that the latest status write replaced: while the cache still
// shows it, the status is not what was written. Deciding from that would forget a failure, and write and record the same
// twice.
type writtenStatuses struct{ replaced sync.Map }

// replacement of a version of a session.
type replacement struct {
	resourceVersion string
	at              time.Time
}

// note that the session, as it was read, was replaced.
func (w *writtenStatuses) note(read *v1alpha1.FederatedSession, now time.Time) {
	w.replaced.Store(client.ObjectKeyFromObject(read), replacement{read.ResourceVersion, now})
}

// wait is how long to wait for the cache, which shows the session as it was before it was replaced; 0 if it does not. The longer
// it lags, the longer. A watch that is broken must not keep a session waiting for good, so that in the end it is looked at as
// it is: what is written then is locked to the version that was read.
func (w *writtenStatuses) wait(fs *v1alpha1.FederatedSession, now time.Time) time.Duration {
	name := client.ObjectKeyFromObject(fs)
	value, _ := w.replaced.Load(name)
	replaced, found := value.(replacement)
	lag := now.Sub(replaced.at)
	if !found || replaced.resourceVersion != fs.ResourceVersion || lag.Abs() > longestCacheLag {
		w.forget(name)
		return 0
	}
	return max(lag, cacheLag)
}

func (w *writtenStatuses) forget(name types.NamespacedName) { w.replaced.Delete(name) }
