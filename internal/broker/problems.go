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

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The messages of calls that have to wait, and of answers that are not used. Each says what to change.

// loading: the issuer is about to be registered.
func loading(id ID) *sts.Problem {
	return quiet(v1alpha1.ReasonIssuerNotReady, time.Second, string(id.Kind)+" "+id.Name+" is being loaded")
}

// waiting words what the scheduler has a call wait for.
func waiting(id ID, config Config, wait *scheduler.Wait) *sts.Problem {
	switch wait.Obstacle {
	case scheduler.IssuerTrouble:
		return &sts.Problem{Reason: wait.Problem.Reason, Message: wait.Problem.Message, RetryAfter: wait.After}
	case scheduler.WritesFail:
		return quiet(v1alpha1.ReasonSecretWriteFailed, wait.After,
			"the Kubernetes API does not accept Secrets at present: see the API server, etcd and admission webhooks; nothing is asked of STS meanwhile")
	case scheduler.CallsUnderWay:
		return quiet(v1alpha1.ReasonBudgetExhausted, wait.After,
			"too many calls through "+string(id.Kind)+" "+id.Name+", or issuers like it, are under way; the session waits for its turn")
	case scheduler.CodeUsed:
		return quiet(v1alpha1.ReasonWaitingForMFACode, wait.After,
			"AWS takes each code of MFA device "+config.MFASerialNumber+" once, so its calls are 30 seconds apart; the session waits for its turn")
	default: // BudgetSpent
		return quiet(v1alpha1.ReasonBudgetExhausted, wait.After,
			"the requestsPerSecond of "+string(id.Kind)+" "+id.Name+" are spent; the session waits for its turn")
	}
}

// quiet is no failure: all that it takes is to wait.
func quiet(reason string, after time.Duration, message string) *sts.Problem {
	return &sts.Problem{Reason: reason, Message: message, RetryAfter: after, Quiet: true}
}

func incomplete(config Config, operation string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonIncompleteResponse,
		"%s answered %s without an error but not with a complete result: nothing was used of it%s", endpointName(config), operation, ifNotAWS(config))
}

// ifNotAWS is the advice for an answer that AWS does not give, from an endpoint that may be another service's.
func ifNotAWS(config Config) string {
	if config.Endpoint == "" || config.Compatible {
		return ""
	}
	return "; if that is not AWS, set the issuer's spec.service to Compatible"
}

func expiredOnArrival(config Config) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonIncompleteResponse,
		"%s granted credentials that have expired already by the operator's clock: set the clock of the operator's node", endpointName(config))
}

func impossibleLifetime(config Config, lifetime time.Duration) *sts.Problem {
	what := "less than " + shortestLifetime.String()
	if lifetime > longestLifetime {
		what = "more than a year"
	}
	return sts.Problemf(v1alpha1.ReasonIncompleteResponse,
		"%s granted credentials for %s, which STS does not do: check the issuer's spec.endpoint; nothing was published", endpointName(config), what)
}

func longTermKey(config Config) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonIncompleteResponse,
		"%s answered with a long-term access key, which STS does not issue: check the issuer's spec.endpoint; nothing was published%s",
		endpointName(config), ifNotAWS(config))
}

func accountMismatch(arn, account, want string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAccountMismatch,
		"the identity %s belongs to account %s, not to spec.accountID %s: put a key of that account there, or correct spec.accountID", arn, account, want)
}

func credentialsOfAnotherAccount(account, want string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAccountMismatch,
		"STS issued credentials of account %s, not of the issuer's spec.accountID %s: put a key of that account back, or correct spec.accountID; "+
			"nothing was published", account, want)
}

func unexpectedPrincipal(issued sts.Identity) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonVerificationFailed,
		"STS issued credentials of %s, which is not the principal that was asked for: check the issuer's spec.endpoint; nothing was published", issued.ARN)
}

func unknownPrincipal(problem *sts.Problem) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonVerificationFailed,
		"STS does not say who the new credentials belong to (%s): check the issuer's spec.endpoint; nothing was published", problem.Reason)
}

func anotherPrincipal(issued sts.Identity, found string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonVerificationFailed,
		"STS says that the new credentials belong to %s, not to %s (id %s, account %s): check the issuer's spec.endpoint; nothing was published",
		found, issued.ARN, issued.UserID, issued.AccountID)
}
