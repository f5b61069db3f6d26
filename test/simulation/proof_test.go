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

package simulation

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// quiet is a run without faults.
var quiet = config{seed: 7, hours: 8, sessions: 6, faults: []string{}}

func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	g := NewWithT(t)
	run := config{seed: 7, hours: 18, sessions: 6}
	first, second := simulate(t, run), simulate(t, run)
	g.Expect(second.summary()).To(Equal(first.summary()))
	g.Expect(second.trace.hash.Sum64()).To(Equal(first.trace.hash.Sum64()))
	run.seed++
	g.Expect(simulate(t, run).trace.hash.Sum64()).NotTo(Equal(first.trace.hash.Sum64()))
}

func TestAQuietRunIsInOrder(t *testing.T) {
	g := NewWithT(t)
	s := simulate(t, quiet)
	g.Expect(s.report()).To(BeEmpty())
	g.Expect(s.stats.rotations).To(BeNumerically(">", 10))
	g.Expect(s.stats.failed).To(BeNumerically(">", 0), "the roles that do not trust the issuer were asked for")
	g.Expect(s.stats.expired).To(BeZero())
}

func TestTheClockJumpsAsARealOneDoes(t *testing.T) {
	g := NewWithT(t)
	synctest.Test(t, func(*testing.T) {
		clock := &nodeClock{started: time.Now()}
		before := clock.Now()
		clock.offset = -time.Hour
		time.Sleep(time.Second)
		after := clock.Now()
		g.Expect(after.Sub(before)).To(Equal(time.Second))
		g.Expect(after.Round(0).Sub(before.Round(0))).To(Equal(time.Second - time.Hour))
		g.Expect(before.Round(0).Equal(time.Now().Add(-time.Second))).To(BeTrue())
	})
}

// Each invariant is seen to fail when somebody breaks it.
func TestTheSimulationCanFail(t *testing.T) {
	for name, c := range map[string]struct {
		sabotage func(*simulation)
		broken   string
	}{
		"a session is never looked at again": {forgetASession, nothingExpires},
		"an outage is taken for none":        {forgetAnOutage, nothingExpires},
		"a status is written that is not so": {after(claimReady), readyIsTrue},
		"credentials are issued in vain":     {after(issueInVain), callsAreFew},
		"a foreign Secret is written":        {after(writeForeignSecret), foreignUntouched},
		"a Secret is gone in the end":        {loseASecret, allConverge},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			run := quiet
			run.sabotage = c.sabotage
			s := simulate(t, run)
			g.Expect(s.broken).To(HaveKey(c.broken))
			g.Expect(s.report()).To(And(ContainSubstring("seed 7, day"), ContainSubstring(c.broken)))
		})
	}
}

// victim is a session that is served.
func victim(s *simulation) *subject { return s.order[0] }

// forgetASession lets a session of an hour never be looked at again.
func forgetASession(s *simulation) {
	edit(s.store, objectKey{sessions, victim(s).key}, func(fs *v1alpha1.FederatedSession) { *fs.Spec.DurationSeconds = 3600 })
	of := s.leader.controllers[sessions]
	look := of.reconcile
	of.reconcile = func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
		if request.NamespacedName == victim(s).key && time.Since(s.begins) > warmUp {
			return reconcile.Result{RequeueAfter: time.Minute}, nil
		}
		return look(ctx, request)
	}
}

// forgetAnOutage lets STS be down and does not tell whoever judges.
func forgetAnOutage(s *simulation) {
	begins := s.begins.Add(warmUp)
	s.plan(&episode{fault: stsFaults()[0], from: begins, to: begins.Add(6 * time.Hour)})
	s.episodes = nil
}

// after a while, do something.
func after(do func(*simulation)) func(*simulation) {
	return func(s *simulation) { s.loop.at(s.begins.Add(10*time.Minute), func() { do(s) }) }
}

func claimReady(s *simulation) {
	before := s.fsOf(victim(s))
	s.store.remove(s.secretOf(victim(s)))
	after := before.DeepCopy()
	meta.SetStatusCondition(&after.Status.Conditions, metav1.Condition{Type: v1alpha1.ReadyCondition, Status: metav1.ConditionTrue, Reason: "Issued"})
	s.statusWritten(&task{name: victim(s).key}, before, after)
}

func issueInVain(s *simulation) {
	t := &task{process: s.leader, name: victim(s).key, began: time.Now()}
	s.checkMint(t, &mint{session: victim(s), at: time.Now()})
}

func writeForeignSecret(s *simulation) {
	foreign := s.store.objects[objectKey{secrets, types.NamespacedName{Namespace: "team-000", Name: "taken"}}].(*corev1.Secret)
	s.secretWritten(&task{name: victim(s).key}, foreign, foreign)
}

// loseASecret when nobody is left to notice.
func loseASecret(s *simulation) {
	s.loop.at(s.ends.Add(calm-time.Millisecond), func() {
		key := s.secretOf(victim(s))
		edit(s.store, key, func(secret *corev1.Secret) { secret.Data[credsecret.SessionTokenKey] = []byte("overwritten") })
	})
}
