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

package controller_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

var (
	reasonPattern = regexp.MustCompile(`^[A-Z][A-Za-z]+$`)
	// randomPattern finds what would make the same state write another status: request ids, pointers, local ports.
	randomPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-|0x[0-9a-f]{6,}|@[0-9a-f]{6,}|->`)
)

// expectWellFormed checks what kstatus, and so kubectl wait, Argo CD and Flux, expect of a status, and what no status may hold.
func (h *harness) expectWellFormed(name string) {
	h.t.Helper()
	fs := h.get(name)
	status := fs.Status
	if status.ObservedGeneration == -1 {
		return // nobody has looked yet, and the default says so
	}
	h.Expect(status.ObservedGeneration).To(Equal(fs.Generation))
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ReadyCondition)
	h.Expect(ready).NotTo(BeNil(), "Ready is always present")
	for _, c := range status.Conditions {
		h.Expect(c.Reason).To(MatchRegexp(reasonPattern.String()))
		h.Expect(c.Message).NotTo(BeEmpty())
		h.Expect(c.Message).NotTo(MatchRegexp(randomPattern.String()))
		h.Expect(c.ObservedGeneration).To(Equal(fs.Generation), c.Type)
		if c.Type != v1alpha1.ReadyCondition {
			h.Expect(c.Status).To(Equal(metav1.ConditionTrue), "%s is present only while True", c.Type)
			h.Expect(c.Type == v1alpha1.ReconcilingCondition && ready.Status == metav1.ConditionTrue).To(BeFalse(), "Reconciling while Ready")
		}
	}
	isStalled := meta.IsStatusConditionTrue(status.Conditions, v1alpha1.StalledCondition)
	isReconciling := meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ReconcilingCondition)
	h.Expect(isStalled && isReconciling).To(BeFalse(), "Stalled and Reconciling exclude each other")
	isSuspended := fs.Spec.Suspend != nil && *fs.Spec.Suspend
	h.Expect(isSuspended && !isStalled && ready.Status != metav1.ConditionTrue).To(BeFalse(), "nobody waits for what is suspended")

	logged := h.log.String()
	h.log.Reset()
	h.Expect(logged).NotTo(ContainSubstring(stsfake.DefaultSecretAccessKey))
	if !h.hasSecret(fs.TargetSecretName()) {
		return
	}
	// Neither the log nor the status nor anything of the Secret but its data holds a secret.
	secret := h.secret(fs.TargetSecretName())
	for _, key := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		if value := string(secret.Data[key]); value != "" {
			text := describe(logged, status, secret.ObjectMeta)
			h.Expect(text).NotTo(Or(ContainSubstring(value), ContainSubstring(base64.StdEncoding.EncodeToString([]byte(value)))))
		}
	}
}

func describe(parts ...any) string {
	text, err := json.Marshal(parts)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
