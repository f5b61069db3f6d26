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

package main

import (
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// behindMFA are the sessions that need an MFA code. There is one every 30 s, so sessions of 24 s are not renewed in time:
// they are no part of hack/demo/objects, whose sessions always work.
var behindMFA = []client.ObjectKey{admin, onCall}

func queuesForMFA(s *stage) (string, error) {
	if err := s.apply("checks/mfa.yaml"); err != nil {
		return "", err
	}
	var message string
	err := s.until(s.ctx, "one of the sessions with MFA waits for its code", patience, func() (string, bool) {
		seen := ""
		for _, key := range behindMFA {
			fs, err := s.session(key)
			if err != nil {
				return err.Error(), false
			}
			if hasReason(v1alpha1.ReasonWaitingForMFACode)(fs) {
				message = ready(fs).Message
				return "", true
			}
			seen += key.Name + ": " + word(fs) + "; "
		}
		return seen, false
	})
	return fmt.Sprintf("WaitingForMFACode, '%s'", message), err
}

// passesMFA checks what became of them since: both had their turn, with a code of its own each.
func passesMFA(s *stage) (string, error) {
	const turns = 2 * time.Minute
	var roles, users []call
	err := s.until(s.ctx, "STS has taken codes for AssumeRole and GetSessionToken", turns, func() (string, bool) {
		taken, err := s.calls(func(c call) bool { return c.Parameters["SerialNumber"] != "" && c.Status == 200 })
		if err != nil {
			return err.Error(), false
		}
		roles, users = nil, nil
		for _, c := range taken {
			if c.Operation == "AssumeRole" {
				roles = append(roles, c)
			} else {
				users = append(users, c)
			}
		}
		return fmt.Sprintf("%d and %d", len(roles), len(users)), len(roles) > 0 && len(users) > 0
	})
	if err != nil {
		return "", err
	}
	codes := map[string]bool{}
	for _, c := range append(roles, users...) {
		codes[c.Parameters["TokenCode"]] = true
	}
	if len(codes) != len(roles)+len(users) {
		return "", fmt.Errorf("expected a code of its own for each of %d calls; seen: %d codes", len(roles)+len(users), len(codes))
	}
	fs, err := s.eitherServes(behindMFA, turns)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d calls, each with a code of its own; %s is %s", len(codes), client.ObjectKeyFromObject(fs), fs.Status.Principal.ARN), nil
}

// eitherServes waits until one of the sessions is Ready, and checks that its credentials work.
func (s *stage) eitherServes(keys []client.ObjectKey, limit time.Duration) (*v1alpha1.FederatedSession, error) {
	var fs *v1alpha1.FederatedSession
	err := s.until(s.ctx, fmt.Sprintf("one of %v is Ready, with seconds left", keys), limit, func() (string, bool) {
		seen := ""
		for _, key := range keys {
			var err error
			if fs, err = s.session(key); err != nil {
				return err.Error(), false
			}
			if left := fs.Status.ExpirationTime; left != nil && time.Until(left.Time) > 3*time.Second && fs.Status.ObservedGeneration == fs.Generation {
				return "", true
			}
			seen += key.Name + ": " + word(fs) + "; "
		}
		return seen, false
	})
	if err != nil {
		return nil, err
	}
	_, err = s.works(fs)
	return fs, err
}
