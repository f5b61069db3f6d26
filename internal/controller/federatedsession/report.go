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
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// report writes what came of the reconcile into the status, if that changed, then records event and metrics. After a conflict
// it is tried once more if credentials were issued, and only metadata has changed: what STS answered would be lost.
func (r *Reconciler) report(ctx context.Context, o outcome) error {
	fs := o.observed.Session
	err := r.writeStatus(ctx, fs, o)
	if o.issued == nil || !apierrors.IsConflict(err) {
		return err
	}
	current := &v1alpha1.FederatedSession{}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(fs), current); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("reading FederatedSession %s/%s again: %w", fs.Namespace, fs.Name, err))
	}
	if current.UID != fs.UID || current.Generation != fs.Generation {
		return err
	}
	return r.writeStatus(ctx, current, o)
}

// writeStatus patches the status of the session as it was read, if that changes it.
func (r *Reconciler) writeStatus(ctx context.Context, fs *v1alpha1.FederatedSession, o outcome) error {
	reported := fs.DeepCopy()
	setStatus(&reported.Status, o, r.clock.Now())
	r.metrics.Session(reported)
	if equality.Semantic.DeepEqual(fs.Status, reported.Status) {
		return nil
	}
	// The lock keeps it from an object of the same name that has taken this one's place, and from a newer spec.
	written := reported.DeepCopy()
	if err := r.client.Status().Patch(ctx, written, client.MergeFromWithOptions(fs, client.MergeFromWithOptimisticLock{})); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("writing the status of FederatedSession %s/%s: %w", fs.Namespace, fs.Name, err))
	}
	if written.ResourceVersion != fs.ResourceVersion {
		r.written.note(fs, r.clock.Now())
	}
	r.recordEvent(fs, reported, o)
	return nil
}
