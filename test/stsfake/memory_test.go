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

package stsfake_test

import (
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestCredentialsLongExpiredAreForgotten(t *testing.T) {
	g, f := NewWithT(t), start(t)
	old := f.sdk(temporary(f.IssueFederatedUser("123456789012", "demo", time.Hour)))
	f.clock.Advance(25*time.Hour - time.Second)
	for range 1100 {
		f.IssueFederatedUser("123456789012", "demo", time.Hour)
	}
	_, err := old.GetCallerIdentity(t.Context(), nil)
	expectCode(g, err, 403, "ExpiredToken", "The security token included in the request is expired")

	f.clock.Advance(2 * time.Second)
	for range 1100 {
		f.IssueFederatedUser("123456789012", "demo", time.Hour)
	}
	_, err = old.GetCallerIdentity(t.Context(), nil)
	expectCode(g, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	g.Expect(f.call("GetCallerIdentity").status).To(Equal(200), "long-term keys stay")
}

func TestOldCallsAreForgottenButCounted(t *testing.T) {
	g := NewWithT(t)
	fake := stsfake.NewServer(func() time.Time { return noon }, stsfake.DefaultWorld())
	for range 10_001 {
		fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/?"+whoAmI, nil))
	}
	g.Expect(fake.Count("GetCallerIdentity")).To(Equal(10_001))
	g.Expect(fake.Calls()).To(HaveLen(5_001))
}
