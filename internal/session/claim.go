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
	"cmp"
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// longestSetBack is the most by which a clock is taken to have been set back since credentials were issued.
const longestSetBack = 24 * time.Hour

func secretIsIntact(o Observed, _ time.Time) *Decision {
	if o.Secret.Intact && !claimsFuture(o) {
		return nil
	}
	return issue(CauseTampered)
}

// claimIsPossible asks whether this request could have got what the Secret claims: whoever may write Secrets can compute the
// digest, too. The broker refuses, or cuts, an answer of STS by the same rules; otherwise the Secret would be issued anew for ever.
func claimIsPossible(o Observed, now time.Time) *Decision {
	secret, request := o.Secret, o.Request.ToSend()
	switch {
	case !o.Issuer.Compatible && !principalIsPossible(o),
		secret.Expiration.After(request.LatestExpiration(secret.IssuedAt)),
		secret.IssuedAt.After(now.Add(longestSetBack)):
		return issue(CauseTampered)
	}
	return nil
}

// principalIsPossible asks whether AWS could have issued such a key for such a principal. An issuer that has gone may have called
// another service, if the credentials are nobody's or of a role that is none of AWS's.
func principalIsPossible(o Observed) bool {
	secret, request := o.Secret, o.Request.ToSend()
	issuer := cmp.Or(o.Issuer.Identity.ARN, secret.Identity.ARN) // of an issuer that is not known, any account may be the right one
	hasGone := o.Issuer.State == IssuerMissing || o.Issuer.State == IssuerNotServed
	return keyIsPossible(o) &&
		(sts.IsExpectedPrincipal(request, issuer, secret.Identity.ARN) || hasGone && (secret.Identity.ARN == "" || isOfOtherService(request.RoleARN)))
}

// keyIsPossible asks whether the issuer's service could have issued such a key. While the issuer is being verified, after a restart
// for instance, that is not known, and credentials do not turn bad for it.
func keyIsPossible(o Observed) bool {
	return !sts.IsLongTermKey(o.Secret.AccessKeyID) || o.Issuer.Identity.IsOfImitation() || o.Issuer.State == IssuerVerifying
}

// IsIntact says whether the Secret holds what was published, as far as that can be told.
func IsIntact(o Observed, now time.Time) bool {
	return secretIsIntact(o, now) == nil && (IsOfAnother(o) || claimIsPossible(o, now) == nil)
}

// IsOfAnother says whether the Secret was published for another request, or by another issuer, than there is now. Nothing is left
// then to hold its claims against.
func IsOfAnother(o Observed) bool {
	return requestIsUnchanged(o, time.Time{}) != nil || issuerIsUnchanged(o, time.Time{}) != nil
}
