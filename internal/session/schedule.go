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

package session

import (
	"hash/fnv"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// rotationFraction of the lifetime has passed when rotation begins, and spreadFraction more for the last session of all.
	rotationFraction, spreadFraction = 0.5, 0.1
	// earliestFraction of the lifetime always passes before a rotation, however large beforeExpirationSeconds is.
	earliestFraction = 0.1
	// longestAdvance is the most by which the advertised expiration precedes the true one.
	longestAdvance = 5 * time.Minute
)

// Lifetime is how long credentials live on the operator's clock: what STS granted, but never more than was asked, since a
// difference that is larger only shows that the operator's clock is behind.
func Lifetime(issuedAt, expiration time.Time, asked time.Duration) time.Duration {
	return min(expiration.Sub(issuedAt), asked)
}

// RotateAt is when credentials are replaced: between 50 % and 60 % of their lifetime or, with beforeExpiration, at most a
// tenth of it before expiration − beforeExpiration. Where in that tenth comes from the session's UID: stable for one session, spread
// over many. A beforeExpiration that the lifetime cannot hold (STS granted less than was asked) counts as absent. Whole seconds.
func RotateAt(issuedAt time.Time, lifetime, beforeExpiration time.Duration, uid types.UID) time.Time {
	u := spread(uid)
	fraction := rotationFraction + spreadFraction*u
	if beforeExpiration > 0 && beforeExpiration < lifetime {
		latest := 1 - float64(beforeExpiration)/float64(lifetime)
		fraction = max(latest-spreadFraction*u, earliestFraction)
	}
	return issuedAt.Add(time.Duration(fraction * float64(lifetime))).Truncate(time.Second)
}

// AdvertisedExpiration is the expiration that SDKs read, before the true expiration by a tenth of the lifetime and at most five
// minutes: some use a key up to its very last second, and a request in flight must not find it dead. Whole seconds.
func AdvertisedExpiration(issuedAt, expiration time.Time) time.Time {
	advance := min(longestAdvance, max(expiration.Sub(issuedAt), 0)/10)
	return expiration.Add(-advance).Truncate(time.Second)
}

// Deadline is when the session's credentials end, or ended, as SDKs read it; zero if it has none of its own spec.
func Deadline(o Observed, now time.Time) time.Time {
	if !IsUsable(o, now) && !HasExpired(o, now) {
		return time.Time{}
	}
	return AdvertisedExpiration(o.Secret.IssuedAt, o.Secret.Expiration)
}

// looksBeforeExpiry is how many looks must fit before credentials expire.
const looksBeforeExpiry = 16

// LongestSleep bounds the time between two looks at a session. Timers run on the monotonic clock, which does not see the wall
// clock jump or the machine sleep: one that was behind and is set right may leave minutes. A look reads caches only.
func LongestSleep(o Observed, now time.Time) time.Duration {
	const shortest, longest = time.Minute, 10 * time.Minute
	if !IsUsable(o, now) {
		return longest
	}
	return min(max(o.Secret.Expiration.Sub(now)/looksBeforeExpiry, shortest), longest)
}

// Stagger lengthens a wait by up to its own length, as the UID says, so that many do not return at once.
func Stagger(wait time.Duration, uid types.UID) time.Duration {
	return wait + time.Duration(spread(uid)*float64(wait))
}

// spread maps a UID to [0,1).
func spread(uid types.UID) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(uid))
	// The upper bits of FNV-1a differ little between similar short inputs; multiplying by a large odd number mixes them.
	return float64((h.Sum64()*0x9E3779B97F4A7C15)>>11) / (1 << 53)
}
