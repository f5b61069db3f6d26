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
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// While the Kubernetes API accepts no write, neither Secrets nor statuses, credentials that were minted would be lost.
func TestReconcileMintsLittleWhileWritesFail(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("s%02d", i))
		h.session(names[i])
	}
	full := apierrors.NewInternalError(errors.New("etcdserver: mvcc: database space exceeded"))
	h.api.failing["create *v1.Secret"] = full
	h.api.failing["patch status *v1alpha1.FederatedSession"] = full
	round := func(step time.Duration) {
		for _, name := range names {
			_, _ = h.sessions.Reconcile(h.context(), h.request(name))
		}
		h.advance(step)
	}

	for range 30 {
		round(2 * time.Second)
	}

	h.Expect(h.issued()).To(BeNumerically("<=", 5), "for %d sessions in a minute", len(names))
	h.api.failing = map[string]error{}
	for range 30 {
		round(15 * time.Second)
	}
	h.Expect(h.issued()).To(BeNumerically("<=", 5+len(names)))
	for _, name := range names {
		h.expectReady(name, metav1.ConditionTrue, v1alpha1.ReasonIssued)
	}
}

// A namespace whose quota is used up pauses nobody else.
func TestReconcileRefusedWritesConcernTheirSessionOnly(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.api.failing["create *v1.Secret"] = apierrors.NewForbidden(corev1.Resource("secrets"), "x", errors.New("exceeded quota"))
	for i := range 6 {
		name := fmt.Sprintf("s%d", i)
		h.session(name)
		h.reconcile(name)
		h.Expect(h.expectReady(name, metav1.ConditionFalse, v1alpha1.ReasonSecretWriteFailed)).To(ContainSubstring("exceeded quota"))
	}
	h.Expect(h.issued()).To(Equal(6))
	h.advance(6 * time.Second)
	h.reconcile("s0")
	h.Expect(h.issued()).To(Equal(6), "it asks whether the write would be accepted first")

	h.api.failing = map[string]error{}
	h.session("other")
	h.reconcile("other")
	h.expectReady("other", metav1.ConditionTrue, v1alpha1.ReasonIssued)
	h.advance(5 * time.Minute)
	h.reconcile("s0")
	h.expectReady("s0", metav1.ConditionTrue, v1alpha1.ReasonIssued)
}

// Another controller that keeps overwriting the Secret, or deleting it, must not have STS called each time.
func TestReconcileOverwrittenSecret(t *testing.T) {
	for sentence, disturb := range map[string]func(h *harness){
		"overwritten": func(h *harness) {
			edit(h, h.secret("reports"), func(s *corev1.Secret) { s.Data["AWS_SESSION_TOKEN"] = []byte("written by another controller") })
		},
		"deleted": func(h *harness) { h.Expect(h.direct.Delete(t.Context(), h.secret("reports"))).To(Succeed()) },
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHarness(t)
			h.issuer()
			h.session("reports")
			h.reconcile("reports")
			h.events()

			for range 200 { // 20 seconds
				if h.hasSecret("reports") {
					disturb(h)
				}
				h.advance(100 * time.Millisecond)
				h.reconcile("reports")
			}

			h.Expect(h.issued()).To(BeNumerically("<=", 1+5))
			message := h.expectReady("reports", metav1.ConditionFalse, v1alpha1.ReasonSecretOverwritten)
			h.Expect(message).To(ContainSubstring("something else keeps changing or deleting Secret reports"))
			warnings := slices.DeleteFunc(h.events(), func(e string) bool { return !strings.HasPrefix(e, "Warning") })
			h.Expect(len(warnings)).To(BeNumerically("<=", 3))
			h.Expect(warnings[0]).To(HavePrefix("Warning SecretOverwritten"))

			h.advance(5 * time.Minute)
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
		})
	}
}

// Credentials that were written are not thrown away because a connection broke before the answer.
func TestPublishFindsTheWriteWhoseAnswerWasLost(t *testing.T) {
	h := newHarness(t)
	h.issuer()
	h.session("reports")
	for _, write := range []string{"create *v1.Secret", "patch *v1.Secret"} {
		h.api.lost = map[string]error{write: io.ErrUnexpectedEOF}
		for range 4 { // more than pause everybody
			h.reconcile("reports")
			h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonIssued)
			h.toRotation("reports")
		}
	}
	h.Expect(h.issued()).To(Equal(8))

	h.api.failing["patch *v1.Secret"] = io.ErrUnexpectedEOF
	h.reconcile("reports")
	h.expectReady("reports", metav1.ConditionTrue, v1alpha1.ReasonRotationFailing)
}
