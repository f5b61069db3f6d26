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
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
)

// processFaults are what goes wrong with the operator's process and node.
func processFaults() []*fault {
	return []*fault{
		{name: "crash", perDay: 1, begin: func(s *simulation, _ *episode) {
			if s.leader != nil {
				s.leader.stepsLeft = 1 + s.random.IntN(40)
			}
		}},
		{name: "two-leaders", perDay: 0.5, shortest: 15 * time.Second, longest: 20 * time.Second, begin: twoLeaders, serves: never},
		{name: "clock-drifts", perDay: 0.3, shortest: 10 * time.Minute, longest: 6 * time.Hour, draw: drawDrift(time.Minute), begin: moveClock, end: moveClock},
		{name: "clock-off", perDay: 0.3, shortest: 10 * time.Second, longest: 2 * time.Hour, draw: drawDrift(time.Hour), begin: moveClock, end: moveClock,
			serves: never, settles: 2 * time.Minute},
	}
}

// twoLeaders pauses the leader. Once its lease has run out another starts; then the first goes on for up to ten seconds.
func twoLeaders(s *simulation, e *episode) {
	old := s.leader
	if old == nil {
		return
	}
	old.pause()
	s.leader = nil
	s.loop.at(e.to, func() {
		if s.leader == nil {
			s.boot()
		}
		s.loop.in(s.between(0, 5*time.Second), func() {
			s.record(sessions, types.NamespacedName{}, "old leader goes on", "")
			old.goOn()
			s.loop.in(s.between(time.Second, 10*time.Second), old.die)
		})
	})
}

func drawDrift(most time.Duration) func(*simulation, *episode) {
	return func(s *simulation, e *episode) { e.latency = s.between(-most, most).Truncate(time.Second) }
}

// moveClock to where the episodes in force put it.
func moveClock(s *simulation, _ *episode) {
	s.clock.offset = 0
	for _, e := range s.active {
		if e.begin != nil && (e.name == "clock-drifts" || e.name == "clock-off") {
			s.clock.offset += e.latency
		}
	}
	s.clockMovedAt = time.Now()
}

// issuerFaults are what goes wrong with issuers, and hostile tenants.
func issuerFaults() []*fault {
	ofIssuer := func(change func(i *issuerState, by int)) (draw, begin, end func(*simulation, *episode)) {
		apply := func(by int) func(*simulation, *episode) {
			return func(s *simulation, e *episode) {
				change(e.issuer, by)
				s.settle(e.issuer)
			}
		}
		return drawIssuer, apply(1), apply(-1)
	}
	const settles = 2 * time.Minute // its key is read once a minute
	broken := func(name string, longest time.Duration, change func(i *issuerState, by int)) *fault {
		f := &fault{name: name, perDay: 0.3, shortest: 30 * time.Second, longest: longest, serves: servesOtherIssuers, settles: settles}
		f.draw, f.begin, f.end = ofIssuer(change)
		return f
	}
	swapped := broken("issuer-key-swapped", 2*time.Hour, func(i *issuerState, by int) {
		i.swapped += by
		i.changedAt = time.Now()
	})
	swapped.serves = nil // both keys work
	replaced := broken("issuer-key-replaced", settles, func(i *issuerState, by int) { i.keyNumber += max(by, 0) })
	return []*fault{
		broken("issuer-key-deleted", time.Hour, func(i *issuerState, by int) { i.deleted += by }),
		broken("issuer-key-disabled", time.Hour, func(i *issuerState, by int) { i.disabled += by }),
		broken("issuer-rules-broken", time.Hour, func(i *issuerState, by int) { i.unusable += by }),
		swapped, replaced,
		{name: "hostile-tenants", perDay: 0.3, shortest: 10 * time.Minute, longest: 6 * time.Hour,
			begin: func(s *simulation, e *episode) {
				for i := range 6 {
					s.addHostile(fmt.Sprintf("hostile-%d-%d", e.from.Unix(), i))
				}
			},
			end: func(s *simulation, _ *episode) { s.removeHostiles() }},
	}
}

func drawIssuer(s *simulation, e *episode) { e.issuer = s.issuers[s.random.IntN(len(s.issuers))] }

func servesOtherIssuers(e *episode, sub *subject) float64 {
	if e.issuer == sub.issuer {
		return 0
	}
	return 1
}

// A hostile tenant has so many issuers, of which every fourth hangs from the first call on and the others as soon as they are
// asked for credentials, and so many sessions of each.
const hostileIssuers, hostileSessions = 8, 2

// addHostile makes a hostile tenant.
func (s *simulation) addHostile(namespace string) {
	s.namespace(namespace)
	for i := range hostileIssuers {
		name := fmt.Sprintf("issuer-%02d", i)
		issuer := s.issuer(sessionIssuers, namespace, name, regions[0])
		s.issuers = s.issuers[:len(s.issuers)-1] // no fault needs to break it
		host := lyingHost
		if i%4 == 0 {
			host = hangingHost
		}
		edit(s.store, issuer.key, func(i *v1alpha1.SessionIssuer) { i.Spec.Endpoint = "http://" + host + namespace + "." + name + ".test" })
		for j := range hostileSessions {
			s.session(namespace, fmt.Sprintf("session-%02d-%d", i, j), issuer, hostile)
		}
	}
}

// removeHostiles takes all hostile tenants away.
func (s *simulation) removeHostiles() {
	for _, sub := range s.order {
		if sub.role == hostile {
			sub.isGone = true
			s.store.remove(objectKey{sessions, sub.key})
			s.store.remove(sub.issuer.key)
			s.store.remove(sub.issuer.keySecret)
		}
	}
	s.order = slices.DeleteFunc(s.order, func(sub *subject) bool { return sub.role == hostile })
}

// userFaults are what users do, to a few in a hundred sessions a day.
func userFaults(n int) []*fault {
	perDay := func(percent float64) float64 { return max(float64(n)*percent/100, 0.2) }
	return []*fault{
		{name: "edit", perDay: perDay(3), draw: drawTenant, begin: editSession},
		{name: "suspend", perDay: perDay(0.5), shortest: time.Minute, longest: 2 * time.Hour, draw: drawTenant, begin: suspend(1), end: suspend(-1),
			settles: time.Minute, serves: servesOtherSessions},
		{name: "secret-overwritten", perDay: perDay(1), draw: drawTenant, begin: overwrite},
		{name: "secret-deleted", perDay: perDay(1), draw: drawTenant, begin: func(s *simulation, e *episode) {
			e.subject.touchedAt = time.Now()
			s.store.remove(s.secretOf(e.subject))
		}},
	}
}

func drawTenant(s *simulation, e *episode) {
	for e.subject == nil || e.subject.role != tenant {
		e.subject = s.order[s.random.IntN(len(s.order))]
	}
	e.variant = s.random.IntN(1000)
}

func servesOtherSessions(e *episode, sub *subject) float64 {
	if e.subject == sub {
		return 0
	}
	return 1
}

// secretOf is the key of the target of a session.
func (s *simulation) secretOf(sub *subject) objectKey {
	fs := s.store.objects[objectKey{sessions, sub.key}].(*v1alpha1.FederatedSession)
	return objectKey{secrets, types.NamespacedName{Namespace: sub.key.Namespace, Name: fs.TargetSecretName()}}
}

func editSession(s *simulation, e *episode) {
	e.subject.editedAt = time.Now()
	edit(s.store, objectKey{sessions, e.subject.key}, func(fs *v1alpha1.FederatedSession) {
		switch e.variant % 4 {
		case 0:
			fs.Spec.Name = fmt.Sprintf("%s-%d", fs.Name, e.variant)
		case 1:
			seconds := int32(min(s.drawLifetime(), 720) * 60)
			fs.Spec.DurationSeconds = &seconds
		case 2:
			fs.Spec.Secret.Name = fmt.Sprintf("%s-secret-%d", fs.Name, e.variant)
		default:
			metav1.SetMetaDataAnnotation(&fs.ObjectMeta, v1alpha1.RotateRequestedAtAnnotation, time.Now().String())
			fs.Generation-- // metadata is no spec
		}
	})
}

func suspend(by int) func(*simulation, *episode) {
	return func(s *simulation, e *episode) {
		e.subject.suspended += by
		e.subject.editedAt = time.Now()
		edit(s.store, objectKey{sessions, e.subject.key}, func(fs *v1alpha1.FederatedSession) {
			isSuspended := e.subject.suspended > 0
			fs.Spec.Suspend = &isSuspended
		})
	}
}

func overwrite(s *simulation, e *episode) {
	edit(s.store, s.secretOf(e.subject), func(secret *corev1.Secret) {
		e.subject.touchedAt = time.Now()
		if e.variant%2 == 0 {
			secret.Data[credsecret.SessionTokenKey] = []byte("overwritten")
		} else {
			delete(secret.Annotations, credsecret.DigestAnnotation)
		}
	})
}
