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
	"time"

	"golang.org/x/time/rate"
)

// longestTurn bounds the wait that one refusal asks for.
const longestTurn = 5 * time.Minute

// budget keeps an issuer within its requests per second, with bursts of one second's worth, two requests at least. Rotations
// leave a quarter of a burst to sessions that have nothing to work with.
type budget struct {
	requests *rate.Limiter
	// turns spreads those who were refused over the time their requests will take, so that they do not all come back at
	// once. A turn is when to ask again, not a promise.
	turns, urgentTurns *rate.Limiter
	reserve            float64
}

func newBudget(perSecond int) *budget {
	burst := max(perSecond, 2)
	return &budget{
		requests:    rate.NewLimiter(rate.Limit(perSecond), burst),
		turns:       rate.NewLimiter(rate.Limit(perSecond), 1),
		urgentTurns: rate.NewLimiter(rate.Limit(perSecond), 1),
		reserve:     float64(burst) / 4,
	}
}

// take one request out of the budget; a wait above zero means that there is none now.
func (b *budget) take(now time.Time, urgent bool) time.Duration {
	enough := urgent || b.requests.TokensAt(now) >= 1+b.reserve
	if enough && b.requests.AllowN(now, 1) {
		return 0
	}
	turns := b.turns
	if urgent {
		turns = b.urgentTurns
	}
	turn := turns.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait > longestTurn {
		turn.CancelAt(now)
		wait = longestTurn
	}
	return max(wait, time.Duration(float64(time.Second)/float64(b.requests.Limit())))
}
