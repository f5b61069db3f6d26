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

package credsecret

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// The keys of labels and annotations that a spec asked for, separated by commas: what may be removed when a spec no longer does.
const (
	addedLabelsAnnotation      = "sts-operator.dev/added-labels"
	addedAnnotationsAnnotation = "sts-operator.dev/added-annotations"
)

// SyncMetadata gives the Secret the labels and annotations that the spec asks for, takes away those an earlier spec asked for,
// and leaves everybody else's alone.
func SyncMetadata(secret *corev1.Secret, fs *v1alpha1.FederatedSession) {
	wanted := fs.Spec.Secret.Template.Metadata
	secret.Labels = merged(secret.Labels, secret.Annotations[addedLabelsAnnotation], wanted.Labels)
	secret.Labels[ManagedByLabel] = ManagedBy
	secret.Annotations = merged(secret.Annotations, secret.Annotations[addedAnnotationsAnnotation], wanted.Annotations)
	setOrDelete(secret.Annotations, addedLabelsAnnotation, keys(wanted.Labels))
	setOrDelete(secret.Annotations, addedAnnotationsAnnotation, keys(wanted.Annotations))
}

// isInSync says whether SyncMetadata would change nothing.
func isInSync(secret *corev1.Secret, fs *v1alpha1.FederatedSession) bool {
	synced := &corev1.Secret{}
	synced.Labels, synced.Annotations = secret.Labels, secret.Annotations
	SyncMetadata(synced, fs)
	return maps.Equal(synced.Labels, secret.Labels) && maps.Equal(synced.Annotations, secret.Annotations)
}

// merged is a new map: what is there, less what was added before, plus what is wanted.
func merged[V ~string](there map[string]string, addedBefore string, wanted map[string]V) map[string]string {
	out := maps.Clone(there)
	if out == nil {
		out = map[string]string{}
	}
	for key := range strings.SplitSeq(addedBefore, ",") {
		delete(out, key)
	}
	for key, value := range wanted {
		out[key] = string(value)
	}
	return out
}

func keys[V ~string](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ",")
}

// setOrDelete an annotation: an empty value removes it.
func setOrDelete(annotations map[string]string, key, value string) {
	if value == "" {
		delete(annotations, key)
		return
	}
	annotations[key] = value
}

// longestRecord of a request to rotate: what a session may be annotated with need not fit into its Secret, too.
const longestRecord = 1024

// longestAddedKeys is more than the keys of all labels or annotations that a spec can ask for.
const longestAddedKeys = 32 * 320

// trimMetadata keeps the labels and annotations that the operator has set. Whoever may write the Secret could hang a quarter
// of a mebibyte on it, and the operator would hold that in memory.
func trimMetadata(secret *corev1.Secret) {
	added := func(annotation string) []string {
		keys := secret.Annotations[annotation]
		if keys == "" || len(keys) > longestAddedKeys {
			return nil
		}
		return strings.Split(keys, ",")
	}
	labels := append(added(addedLabelsAnnotation), ManagedByLabel)
	annotations := append(added(addedAnnotationsAnnotation), addedLabelsAnnotation, addedAnnotationsAnnotation,
		DigestAnnotation, v1alpha1.RotateRequestedAtAnnotation)
	annotations = slices.Concat(annotations, recordAnnotations, optionalAnnotations)
	secret.Labels = only(secret.Labels, labels)
	secret.Annotations = only(secret.Annotations, annotations)
}

// only the entries of these keys, unless they are longer than the operator makes them.
func only(all map[string]string, keys []string) map[string]string {
	kept := map[string]string{}
	for _, key := range keys {
		if value, ok := all[key]; ok && len(value) <= longestAddedKeys {
			kept[key] = value
		}
	}
	return kept
}
