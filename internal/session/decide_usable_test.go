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
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/session"
)

func TestIsUsable(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  bool
	}{
		"fresh credentials are usable":                                             {nil, noon, true},
		"credentials that are due for rotation are usable":                         {nil, due, true},
		"credentials are usable until the instant before their expiration":         {nil, midnight.Add(-1), true},
		"credentials are not usable at their expiration":                           {nil, midnight, false},
		"credentials are usable while the session is suspended":                    {suspended, noon, true},
		"credentials are usable while their namespace is being deleted":            {terminating, noon, true},
		"credentials are usable without their issuer":                              {noIssuer, noon, true},
		"credentials are usable though their issuer admits the namespace no more":  {notAdmitted, noon, true},
		"credentials are usable while their issuer is not ready":                   {issuerNotReady, noon, true},
		"credentials are usable though their issuer can federate no more":          {cannotFederate, noon, true},
		"credentials are usable in an immutable Secret":                            {immutable, noon, true},
		"credentials are usable in a Secret that lacks labels":                     {outOfSync, noon, true},
		"credentials are not usable where there is no Secret":                      {missing, noon, false},
		"credentials are not usable from a Secret that was emptied":                {emptied, noon, false},
		"credentials in a foreign Secret are not usable":                           {foreign, noon, false},
		"credentials issued for another spec are not usable":                       {edited, noon, false},
		"credentials issued for another spec are not usable for one that is wrong": {invalid, noon, false},
		"credentials issued by another identity are not usable":                    {otherIdentity, noon, false},
		"credentials are usable though the clock was set back":                     {nil, noon.Add(-time.Hour), true},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.IsUsable(healthy(c.given), c.now)).To(Equal(c.want))
		})
	}
}

func TestHasExpired(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  bool
	}{
		"credentials have not expired the instant before their expiration": {nil, midnight.Add(-1), false},
		"credentials have expired at their expiration":                     {nil, midnight, true},
		"credentials issued for another spec expire, too":                  {edited, midnight, true},
		"credentials of a spec that is wrong expire, too":                  {invalid, midnight, true},
		"credentials that were tampered with expire, too":                  {emptied, midnight, true},
		"what does not exist does not expire":                              {missing, midnight, false},
		"a foreign Secret does not expire":                                 {foreign, midnight, false},
		"what does not say when it expires does not expire":                {func(o *session.Observed) { o.Secret.Expiration = never }, midnight, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.HasExpired(healthy(c.given), c.now)).To(Equal(c.want))
		})
	}
}
