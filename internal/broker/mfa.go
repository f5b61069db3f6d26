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
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sts-operator/sts-operator/internal/sts"
)

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
