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
	"maps"
	"slices"
	"time"
)

// Codes are the error codes that the broker knows.
func Codes() []string { return slices.Sorted(maps.Keys(meanings)) }

// Window is that of the MFA code which the permit holds.
func (p *Permit) Window() time.Time { return p.window }

// Device is an MFA device by itself.
type Device struct{ device }

// Take a window of it.
func (d *Device) Take(now time.Time) (window time.Time, wait time.Duration) {
	for wait = d.wait(now, false); wait == 0; wait = d.wait(now, false) {
		if window, ok := d.take(now); ok {
			return window, 0
		}
	}
	return time.Time{}, wait
}
