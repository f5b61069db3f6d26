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

package stsfake

import (
	"crypto/sha256"
	"maps"
	"sync"
	"time"
)

const (
	// rememberExpired is how long expired credentials are answered with ExpiredToken before they are forgotten.
	rememberExpired = 24 * time.Hour

	// sweepEvery is the number of issued credentials between two searches for forgettable ones.
	sweepEvery = 1024
)

// directory is every key the fake knows, safe for concurrent use.
type directory struct {
	mu     sync.RWMutex
	keys   map[string]*credential // by access key id
	issued int
}

func newDirectory() *directory { return &directory{keys: map[string]*credential{}} }

// replace makes the given keys the only long-term ones of an identity. A key that stays keeps its age.
func (d *directory) replace(owner identity, keys []AccessKey, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := maps.Clone(d.keys)
	maps.DeleteFunc(d.keys, func(_ string, known *credential) bool {
		return !known.isTemporary() && known.owner == owner.owner
	})
	for _, key := range keys {
		addedAt := now
		if known, ok := before[key.ID]; ok && known.secret == key.Secret {
			addedAt = known.addedAt
		}
		d.keys[key.ID] = &credential{identity: owner, accessKeyID: key.ID, secret: key.Secret, addedAt: addedAt}
	}
}

// addTemporary makes issued credentials known.
func (d *directory) addTemporary(owner identity, issued Credentials, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys[issued.AccessKeyID] = &credential{
		identity:    owner,
		accessKeyID: issued.AccessKeyID,
		secret:      issued.SecretAccessKey,
		addedAt:     now,
		tokenDigest: sha256.Sum256([]byte(issued.SessionToken)),
		expiresAt:   issued.Expiration,
	}
	if d.issued++; d.issued%sweepEvery == 0 {
		maps.DeleteFunc(d.keys, func(_ string, known *credential) bool {
			return known.isTemporary() && known.expiresAt.Add(rememberExpired).Before(now)
		})
	}
}

// find returns the credential of an access key id, nil if there is none. A credential never changes once it is known.
func (d *directory) find(accessKeyID string) *credential {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.keys[accessKeyID]
}
