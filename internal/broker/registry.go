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
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// issuer is what the broker keeps of a registered issuer.
type issuer struct {
	config   Config
	identity sts.Identity
	client   stsClient
	budget   *budget
	breaker  *breaker
	unsigned *breaker // for requests that are not signed: what STS thinks of a key does not concern them
	device   *device  // nil without MFA
}

// breakerOf a request.
func (i *issuer) breakerOf(request sts.Request) *breaker {
	if request.IsUnsigned() {
		return i.unsigned
	}
	return i.breaker
}

// registry holds the issuers and, as long as one of them has it, each MFA device.
type registry struct {
	mutex   sync.Mutex
	issuers map[ID]*issuer
	devices map[deviceID]*device
}

func newRegistry() *registry {
	return &registry{issuers: map[ID]*issuer{}, devices: map[deviceID]*device{}}
}

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
	if !ok || known.identity.Stable() != identity.Stable() || !known.config.Equals(config) {
		return false
	}
	same := *known
	same.config.Version = config.Version
	same.identity = identity // a role's has the name of its present session
	r.issuers[id] = &same
	return true
}

// put an issuer in the place of any other, with its MFA device.
func (r *registry) put(id ID, i *issuer, now time.Time) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	i.device = r.device(id, i.config, now)
	r.issuers[id] = i
	r.sweepDevices()
}

// forget an issuer, and its device if no other has it.
func (r *registry) forget(id ID) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.issuers, id)
	r.sweepDevices()
}

// device of an issuer; issuers of a namespace share it by its serial number. The window it is first seen in counts as
// used: an earlier life of the operator may have used its code.
func (r *registry) device(id ID, config Config, now time.Time) *device {
	if config.MFASerialNumber == "" {
		return nil
	}
	key := deviceID{id.Namespace, config.MFASerialNumber}
	if r.devices[key] == nil {
		r.devices[key] = &device{used: now.Truncate(codeWindow)}
	}
	return r.devices[key]
}

// sweepDevices drops the devices that no issuer has any more.
func (r *registry) sweepDevices() {
	if len(r.devices) == 0 {
		return
	}
	held := map[*device]bool{}
	for _, issuer := range r.issuers {
		held[issuer.device] = true
	}
	for key, device := range r.devices {
		if !held[device] {
			delete(r.devices, key)
		}
	}
}
