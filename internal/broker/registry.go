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

package broker

import (
	"sync"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// issuer is what the broker keeps of an issuer.
type issuer struct {
	config   Config
	identity sts.Identity
	client   stsClient
	// problem keeps it from being called; nil if it can be.
	problem *sts.Problem
}

// registry holds the issuers.
type registry struct {
	mutex   sync.Mutex
	issuers map[ID]*issuer
}

func newRegistry() *registry { return &registry{issuers: map[ID]*issuer{}} }

// get an issuer; nil if it is not registered.
func (r *registry) get(id ID) *issuer {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.issuers[id]
}

// refresh the version of a registered issuer; false if there is none that calls STS in the same way as the same identity.
func (r *registry) refresh(id ID, config Config, identity sts.Identity) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	known, ok := r.issuers[id]
	if !ok || known.client == nil || known.identity.Stable() != identity.Stable() || !known.config.Equals(config) {
		return false
	}
	same := *known
	same.config.Version, same.problem = config.Version, nil
	same.identity = identity // a role's has the name of its present session
	r.issuers[id] = &same
	return true
}

// put an issuer in the place of any other.
func (r *registry) put(id ID, i *issuer) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.issuers[id] = i
}

// reject an issuer for a problem; what was known of it stays.
func (r *registry) reject(id ID, version string, problem *sts.Problem) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	rejected := issuer{}
	if known, ok := r.issuers[id]; ok {
		rejected = *known
	}
	rejected.config.Version, rejected.problem = version, problem
	r.issuers[id] = &rejected
}

func (r *registry) forget(id ID) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.issuers, id)
}
