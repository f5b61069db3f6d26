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

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// writtenStatuses remembers, by name, the resource version that the latest status write replaced: while the cache still
// shows it, the status is not what was written. Deciding from that would forget a failure, and write and record the same
// twice.
type writtenStatuses struct{ replaced sync.Map }

// note that the status of the session, as it was read, was replaced.
func (w *writtenStatuses) note(read *v1alpha1.FederatedSession) {
	w.replaced.Store(client.ObjectKeyFromObject(read), read.ResourceVersion)
}

// isStale says whether the cache shows the session without the status that was written last.
func (w *writtenStatuses) isStale(fs *v1alpha1.FederatedSession) bool {
	name := client.ObjectKeyFromObject(fs)
	replaced, found := w.replaced.Load(name)
	if found && replaced == fs.ResourceVersion {
		return true
	}
	w.forget(name)
	return false
}

func (w *writtenStatuses) forget(name types.NamespacedName) { w.replaced.Delete(name) }
