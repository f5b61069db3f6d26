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

package session_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/internal/session"
)

// sequential is the i-th of UIDs that differ as little as UIDs can.
func sequential(i int) types.UID {
	return types.UID(fmt.Sprintf("6f1c4f5e-0d0c-4a77-9a5e-%012x", i))
}

func TestLifetime(t *testing.T) {
	for sentence, c := range map[string]struct {
		expiration time.Time
		want       time.Duration
	}{
		"a lifetime that was granted as asked for is that":                    {noon.Add(time.Hour), time.Hour},
		"a lifetime that was cut short is what was granted":                   {noon.Add(30 * time.Minute), 30 * time.Minute},
		"a lifetime seems longer where the clock is behind, but is not":       {noon.Add(2 * time.Hour), time.Hour},
		"a lifetime seems shorter where the clock is ahead, and counts as it": {noon.Add(55 * time.Minute), 55 * time.Minute},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.Lifetime(noon, c.expiration, time.Hour)).To(Equal(c.want))
		})
	}
}

func TestRotateAt(t *testing.T) {
	for sentence, c := range map[string]struct {
		lifetime, beforeExpiration time.Duration
		earliest, latest           time.Duration // after issue
	}{
		"between 50 % and 60 % of a quarter of an hour": {15 * time.Minute, 0, 450 * time.Second, 9 * time.Minute},
		"between 50 % and 60 % of an hour":              {time.Hour, 0, 30 * time.Minute, 36 * time.Minute},
		"between 50 % and 60 % of twelve hours":         {12 * time.Hour, 0, 6 * time.Hour, 7*time.Hour + 12*time.Minute},
		"between 50 % and 60 % of 36 hours":             {36 * time.Hour, 0, 18 * time.Hour, 21*time.Hour + 36*time.Minute},

		"five minutes before the end, or up to a tenth earlier": {time.Hour, 5 * time.Minute, 49 * time.Minute, 55 * time.Minute},
		"five minutes before the end of 36 hours, or up to a tenth": {
			36 * time.Hour, 5 * time.Minute, 36*time.Hour - 5*time.Minute - 216*time.Minute, 36*time.Hour - 5*time.Minute,
		},
		"half a lifetime before the end, or up to a tenth earlier":   {time.Hour, 30 * time.Minute, 24 * time.Minute, 30 * time.Minute},
		"not in the first tenth, where the tenth earlier would be":   {time.Hour, 51 * time.Minute, 6 * time.Minute, 9 * time.Minute},
		"after a tenth, where beforeExpiration asks for just that":   {time.Hour, 54 * time.Minute, 6 * time.Minute, 6 * time.Minute},
		"after a tenth, where beforeExpiration asks for earlier":     {time.Hour, time.Hour - time.Second, 6 * time.Minute, 6 * time.Minute},
		"by default, where beforeExpiration is the lifetime":         {time.Hour, time.Hour, 30 * time.Minute, 36 * time.Minute},
		"by default, where STS granted less than beforeExpiration":   {time.Hour, 2 * time.Hour, 30 * time.Minute, 36 * time.Minute},
		"by default, where beforeExpiration is negative":             {time.Hour, -time.Hour, 30 * time.Minute, 36 * time.Minute},
		"an hour before the end of the longest, or a tenth earlier":  {36 * time.Hour, time.Hour, 35*time.Hour - 216*time.Minute, 35 * time.Hour},
		"five minutes before the end of the shortest, or up to 90 s": {15 * time.Minute, 5 * time.Minute, 510 * time.Second, 10 * time.Minute},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			for i := range 1000 {
				at := session.RotateAt(noon, c.lifetime, c.beforeExpiration, sequential(i))

				// Cutting to whole seconds may take up to one second.
				g.Expect(at.Sub(noon)).To(And(BeNumerically(">=", c.earliest-time.Second), BeNumerically("<=", c.latest)))
				g.Expect(at.Nanosecond()).To(BeZero())
				g.Expect(at).To(BeTemporally("==", session.RotateAt(noon, c.lifetime, c.beforeExpiration, sequential(i))), "it is stable")
			}
		})
	}
}

func TestRotateAtSpreadsSessions(t *testing.T) {
	for sentence, c := range map[string]struct {
		beforeExpiration time.Duration
		earliest         time.Time
		uid              func(int) types.UID
	}{
		"by default":                   {0, noon.Add(5 * time.Hour), sequential},
		"with beforeExpirationSeconds": {time.Hour, noon.Add(8 * time.Hour), sequential},
		"with UIDs that differ in front": {0, noon.Add(5 * time.Hour), func(i int) types.UID {
			return types.UID(fmt.Sprintf("%08x-0d0c-4a77-9a5e-3d2f6d1b7a10", i))
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			buckets := make([]int, 10)
			for i := range 10_000 {
				at := session.RotateAt(noon, 10*time.Hour, c.beforeExpiration, c.uid(i))
				buckets[min(int(at.Sub(c.earliest)/(6*time.Minute)), 9)]++
			}
			NewWithT(t).Expect(buckets).To(HaveEach(BeNumerically("~", 1000, 200)), "8 to 12 %% in each tenth of the hour")
		})
	}
}

func TestRotateAtBeforeAdvertisedExpiration(t *testing.T) {
	for _, lifetime := range []time.Duration{15 * time.Minute, 16 * time.Minute, time.Hour, 12 * time.Hour, 36 * time.Hour} {
		for _, beforeExpiration := range []time.Duration{0, 5 * time.Minute, 10 * time.Minute, time.Hour, 36 * time.Hour} {
			t.Run(fmt.Sprintf("of %s with beforeExpiration %s", lifetime, beforeExpiration), func(t *testing.T) {
				g := NewWithT(t)
				advertised := session.AdvertisedExpiration(noon, noon.Add(lifetime))
				for i := range 1000 {
					g.Expect(session.RotateAt(noon, lifetime, beforeExpiration, sequential(i))).To(BeTemporally("<=", advertised))
				}
			})
		}
	}
}

func TestAdvertisedExpiration(t *testing.T) {
	for sentence, c := range map[string]struct {
		issuedAt, expiration, want time.Time
	}{
		"five minutes early for 36 hours":                      {noon, noon.Add(36 * time.Hour), noon.Add(36*time.Hour - 5*time.Minute)},
		"five minutes early for an hour":                       {noon, noon.Add(time.Hour), noon.Add(55 * time.Minute)},
		"five minutes early where that is a tenth":             {noon, noon.Add(50 * time.Minute), noon.Add(45 * time.Minute)},
		"a tenth early for a quarter of an hour":               {noon, noon.Add(15 * time.Minute), noon.Add(13*time.Minute + 30*time.Second)},
		"in whole seconds, the earlier one":                    {noon, noon.Add(901 * time.Second), noon.Add(810 * time.Second)},
		"not early for credentials without a lifetime":         {noon, noon, noon},
		"not late for a clock that is ahead of the expiration": {noon.Add(time.Hour), noon, noon},
		"five minutes early where the time of issue is lost":   {time.Time{}, noon, noon.Add(-5 * time.Minute)},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.AdvertisedExpiration(c.issuedAt, c.expiration)).To(Equal(c.want))
		})
	}
}

func TestStagger(t *testing.T) {
	g := NewWithT(t)
	buckets := make([]int, 10)
	for i := range 10_000 {
		wait := session.Stagger(time.Minute, sequential(i))
		g.Expect(wait).To(And(BeNumerically(">=", time.Minute), BeNumerically("<", 2*time.Minute)))
		buckets[int((wait-time.Minute)/(6*time.Second))]++
	}
	g.Expect(buckets).To(HaveEach(BeNumerically("~", 1000, 200)))
	g.Expect(session.Stagger(time.Minute, uid)).To(Equal(session.Stagger(time.Minute, uid)), "it is stable")
	g.Expect(session.Stagger(0, uid)).To(BeZero(), "no wait is no longer")
}

// A clock that was behind and is set right leaves what is left: the look that notices must come before the end.
func TestLongestSleep(t *testing.T) {
	for sentence, c := range map[string]struct {
		left, want time.Duration
	}{
		"twelve hours left":   {12 * time.Hour, 10 * time.Minute},
		"160 minutes left":    {160 * time.Minute, 10 * time.Minute},
		"an hour left":        {time.Hour, 225 * time.Second},
		"fifteen minutes":     {15 * time.Minute, time.Minute},
		"a second left":       {time.Second, time.Minute},
		"they have expired":   {0, 10 * time.Minute},
		"they ended long ago": {-time.Hour, 10 * time.Minute},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := healthy()
			NewWithT(t).Expect(session.LongestSleep(o, o.Secret.Expiration.Add(-c.left))).To(Equal(c.want))
		})
	}
}
