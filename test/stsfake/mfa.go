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
	"slices"
	"sync"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

// codeStep is how long one MFA code is shown.
const codeStep = 30 * time.Second

// devices are the MFA devices of all users, safe for concurrent use.
type devices struct {
	mu       sync.Mutex
	owned    map[string][]MFADevice // by owner
	lastStep map[string]int64       // by serial number: the time step of the last code that was accepted
}

func newDevices() *devices {
	return &devices{owned: map[string][]MFADevice{}, lastStep: map[string]int64{}}
}

// replace makes the given devices the only ones of an owner. What a device has accepted stays known.
func (d *devices) replace(owner string, owned []MFADevice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(owned) == 0 {
		delete(d.owned, owner)
		return
	}
	d.owned[owner] = slices.Clone(owned)
}

// verify accepts the code of now or of the step before, and each code once: none that is as old as the last accepted or older.
// The texts are those AWS users report: aws/aws-cli#6325, aws/aws-cli#2279.
func (d *devices) verify(owner, serialNumber, code string, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := slices.IndexFunc(d.owned[owner], func(device MFADevice) bool { return device.SerialNumber == serialNumber })
	if at < 0 {
		return fault.AccessDenied("MultiFactorAuthentication failed, unable to validate MFA code.  " +
			"Please verify your MFA serial number is valid and associated with this user.")
	}
	for _, shownAt := range []time.Time{now, now.Add(-codeStep)} {
		step := shownAt.Unix() / int64(codeStep/time.Second)
		if step > d.lastStep[serialNumber] && isCodeOf(d.owned[owner][at].Seed, shownAt, code) {
			d.lastStep[serialNumber] = step
			return nil
		}
	}
	return fault.AccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
}

func isCodeOf(seed string, shownAt time.Time, code string) bool {
	valid, err := totp.ValidateCustom(code, seed, shownAt, totp.ValidateOpts{
		Period: uint(codeStep / time.Second), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	return err == nil && valid
}

// multiFactor verifies the MFA code of a request, if it has one, and tells whether it had.
func (s *Server) multiFactor(x *exchange) (bool, error) {
	serialNumber, code := x.input.Has("SerialNumber"), x.input.Has("TokenCode")
	switch {
	case !serialNumber && !code:
		return false, nil
	case serialNumber != code: // the text of y13i/sgviz#9
		return false, fault.AccessDenied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	}
	return true, s.devices.verify(x.caller.owner, x.input.Text("SerialNumber"), x.input.Text("TokenCode"), x.now)
}
