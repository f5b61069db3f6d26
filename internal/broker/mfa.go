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
	"errors"
	"sync"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// codeWindow is how long a code of RFC 6238 lasts, as AWS uses them.
const codeWindow = 30 * time.Second

// deviceID is an MFA device as the issuers of one namespace know it: another namespace that names the same serial number
// must not take its turns.
type deviceID struct{ namespace, serialNumber string }

// device hands out the codes of an MFA device, each once, since AWS accepts each once.
type device struct {
	mutex sync.Mutex
	used  time.Time // the latest window whose code was handed out
	// turn and urgentTurn are the latest windows promised to a rotation and to a session that has nothing to work with.
	turn, urgentTurn time.Time
}

// take the code of the present window; false means that it is taken.
func (d *device) take(now time.Time) (window time.Time, ok bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	window = now.Truncate(codeWindow)
	if !window.After(d.used) {
		return time.Time{}, false
	}
	d.used = window
	return window, true
}

// wait is when to ask again, if the code of the present window is taken or promised to somebody more urgent; zero means
// that it is free. Those who wait are spread over the windows to come, the urgent ones first.
func (d *device) wait(now time.Time, urgent bool) time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	window := now.Truncate(codeWindow)
	if d.used.Sub(now) > longestAhead { // the clock was set back
		d.used, d.turn, d.urgentTurn = window, time.Time{}, time.Time{}
	}
	if window.After(d.used) && (urgent || window.After(d.urgentTurn)) {
		return 0
	}
	next := later(d.used, window).Add(codeWindow)
	turn := &d.urgentTurn
	if !urgent {
		turn, next = &d.turn, later(next, d.urgentTurn.Add(codeWindow))
	}
	if *turn = turn.Add(codeWindow); turn.Before(next) || turn.Sub(now) > longestTurn {
		*turn = next
	}
	return min(turn.Sub(now), longestTurn)
}

// longestAhead is how far the clock may have been ahead without a code being used twice.
const longestAhead = time.Hour

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// IsSeed says whether a text makes the codes of an MFA device.
func IsSeed(seed sts.Sensitive) bool {
	_, err := code(seed, time.Unix(0, 0))
	return err == nil && seed.Text() != ""
}

// errNoCode is a seed that makes no codes.
var errNoCode = errors.New("the MFA device's seed is no base32 text")

// code of the device in a window.
func code(seed sts.Sensitive, window time.Time) (string, error) {
	digits, err := totp.GenerateCode(seed.Text(), window)
	if err != nil {
		return "", errNoCode // the cause quotes the seed
	}
	return digits, nil
}
