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

package issuer

import (
	"sync"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// defaultVerificationInterval is how often STS is asked again who an issuer is while nothing has changed.
const defaultVerificationInterval = time.Hour

// verification is the latest time that STS was asked, or might have been, about which configuration, and how often in a row
// it has not confirmed it.
type verification struct {
	at       time.Time
	config   broker.Config
	failures int32
	// isConfirmed: STS has confirmed the configuration, and said nothing else since.
	isConfirmed bool
}

// verifications are the latest of each issuer.
type verifications struct {
	mutex  sync.Mutex
	latest map[broker.ID]verification
}

func newVerifications() *verifications { return &verifications{latest: map[broker.ID]verification{}} }

func (v *verifications) of(id broker.ID) (verification, bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	latest, known := v.latest[id]
	return latest, known
}

// transientFailures count at most: a service that fails a share of its calls must still confirm an issuer within minutes.
const transientFailures = 2

// note a verification, with the problem that kept STS from confirming it.
func (v *verifications) note(id broker.ID, config broker.Config, now time.Time, problem *sts.Problem) verification {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	before := v.latest[id]
	latest := verification{at: now, config: config, failures: before.failures + 1}
	switch {
	case problem == nil:
		latest.failures, latest.isConfirmed = 0, true
	case problem.IsTransient():
		latest.failures = min(latest.failures, transientFailures)
		latest.isConfirmed = before.isConfirmed && before.config.Equals(config)
	}
	v.latest[id] = latest
	return latest
}

func (v *verifications) forget(id broker.ID) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	delete(v.latest, id)
}

// untilVerification is how long STS need not be asked who the issuer is. What the status says from before a restart is
// taken over, so that a restart asks nothing; what can have become untrue is asked for at once, such as who the operator's
// own pod is.
func (r *Reconciler) untilVerification(id broker.ID, issuer v1alpha1.Issuer, config broker.Config) time.Duration {
	now := r.clock.Now()
	last, known := r.verifications.of(id)
	trouble := r.broker.Trouble(id)
	switch {
	case !known && !config.Ambient && r.statusConfirms(issuer, config):
		r.broker.Register(id, config, sts.Identity(issuer.IssuerStatus().Verified.Identity))
		r.verifications.note(id, config, now, nil)
		return keyPoll
	case !known || !last.config.Equals(config):
		return 0
	case last.failures > 0:
		return last.at.Add(session.Backoff(sts.Retry, last.failures, 0, issuer.GetUID())).Sub(now)
	case !r.statusConfirms(issuer, config) && r.writes(issuer, true): // it was lost, or is another installation's no longer
		return 0
	case trouble != nil && trouble.SuspectsIssuer():
		return last.at.Add(keyPoll).Sub(now)
	}
	interval := defaultVerificationInterval
	if seconds := issuer.IssuerSpec().VerificationIntervalSeconds; seconds != nil {
		interval = time.Duration(*seconds) * time.Second
	}
	return last.at.Add(session.Stagger(interval, issuer.GetUID())).Sub(now)
}

// statusConfirms says whether the status says who this configuration is, as this installation found out.
func (r *Reconciler) statusConfirms(issuer v1alpha1.Issuer, config broker.Config) bool {
	verified := issuer.IssuerStatus().Verified
	return !reconciler.IsReportedByAnother(issuer, r.controllerName) &&
		verified != nil && verified.Generation == issuer.GetGeneration() && verified.AccessKeyID == config.Key.AccessKeyID()
}
