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
	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The messages of held sessions, in one place so that they can be read and edited as prose. Each says what to change.

func suspended() *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is issued or rotated; set it to false to resume")
}

// NamespaceTerminating is the problem of a session whose namespace is being deleted.
func NamespaceTerminating(namespace string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonNamespaceTerminating, "namespace %s is being deleted: nothing new is issued in it", namespace)
}

func issuerMissing(o Observed) *sts.Problem {
	if o.Session.Spec.IssuerRef.Kind == v1alpha1.SessionIssuerKind {
		return sts.Problemf(v1alpha1.ReasonIssuerNotFound,
			"%s does not exist in namespace %s: create it there, correct spec.issuerRef, or use a ClusterSessionIssuer, which can serve several namespaces",
			o.issuerRef(), o.Session.Namespace)
	}
	return sts.Problemf(v1alpha1.ReasonIssuerNotFound, "%s does not exist: create it or correct spec.issuerRef", o.issuerRef())
}

func issuerNotServed(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonIssuerNotFound,
		"this operator serves no ClusterSessionIssuer (it runs with --cluster-issuers=false): use a SessionIssuer of namespace %s", o.Session.Namespace)
}

func issuerVerifying(o Observed) *sts.Problem {
	problem := sts.Problemf(v1alpha1.ReasonIssuerNotReady, "%s is being verified", o.issuerRef())
	problem.Quiet = true
	return problem
}

func issuerNotReady(o Observed) *sts.Problem {
	state := "is not ready"
	if o.Issuer.NotReady.StallsIssuer() {
		state = "is not ready and waits for an edit"
	}
	return sts.Problemf(v1alpha1.ReasonIssuerNotReady, "%s %s (%s): %s", o.issuerRef(), state, o.Issuer.NotReady.Reason, o.Issuer.NotReady.Message)
}

func issuerHasNoIdentity(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonIssuerHasNoIdentity,
		"%s has no identity, which %s needs: give the issuer one (spec.accessKey or spec.ambient), or use assumeRoleWithWebIdentity or assumeRoleWithSAML",
		o.issuerRef(), o.Request.ToSend().Operation)
}

func issuerCannotFederate(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonIssuerCannotFederate,
		"%s is a role or a temporary session, which AWS does not let call %s: give the issuer an IAM user's long-term key (spec.accessKey), or use assumeRole",
		o.issuerRef(), o.Request.ToSend().Operation)
}

func roleChainingLimit(o Observed) *sts.Problem {
	return sts.Problemf(
		v1alpha1.ReasonRoleChainingLimit,
		"%s is a role itself, and AWS limits role chaining to 3600 seconds: set spec.durationSeconds to at most 3600, or give the issuer an "+
			"IAM user's key (spec.accessKey)",
		o.issuerRef(),
	)
}

func partitionMismatch(o Observed, arn, partition string) *sts.Problem {
	own := sts.PartitionOf(o.Issuer.Region)
	if own == "" {
		own = "one of AWS"
	}
	return sts.Problemf(v1alpha1.ReasonPartitionMismatch,
		"%s is of partition %s, but %s calls AWS STS in region %s, whose partition is %s: correct the ARN, or use an issuer of that partition; "+
			"if this is another service than AWS, it needs spec.service: Compatible",
		arn, partition, o.issuerRef(), o.Issuer.Region, own)
}

func roleWithoutAccount(o Observed, role string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonInvalidSpec,
		"%s names no AWS account, and %s calls AWS STS: write the role as arn:aws:iam::123456789012:role/NAME, or use an issuer with "+
			"spec.service: Compatible, which services other than AWS need",
		role, o.issuerRef())
}

func verifyNotPossible(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonInvalidSpec,
		"%s calls another service than AWS (spec.service: Compatible), which may not know GetCallerIdentity: remove spec.verify", o.issuerRef())
}

func audienceNotAllowed(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAudienceNotAllowed,
		"%s calls an endpoint of its own (spec.endpoint), which is given tokens for %s only: leave assumeRoleWithWebIdentity.audience out, "+
			"or use an issuer that an administrator has made (ClusterSessionIssuer)",
		o.issuerRef(), sts.DefaultAudience)
}

func secretConflict(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonSecretConflict,
		"Secret %s is %s and is left untouched: choose another spec.secret.name, or delete it if nothing needs it",
		o.Session.TargetSecretName(), o.Secret.Foreign)
}

func secretImmutable(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonSecretImmutable,
		"Secret %s was made immutable, so its credentials cannot be replaced: delete it and it is created anew", o.Session.TargetSecretName())
}

func assertionUsed(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAssertionUsed,
		"the assertion in Secret %s has been used for the published credentials: put a new one there", o.assertionSecret())
}

func assertionExpired(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAssertionExpired, "the assertion in Secret %s has expired: put a new one there", o.assertionSecret())
}

func secretOverwritten(o Observed) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonSecretOverwritten,
		"something else keeps changing or deleting Secret %s: find out what (kubectl get secret --show-managed-fields) and stop it, or "+
			"choose another spec.secret.name",
		o.Session.TargetSecretName())
}

func sessionChangedTooOften() *sts.Problem {
	problem := sts.Problemf(v1alpha1.ReasonBudgetExhausted, "the session has changed again and again within minutes; its new credentials wait a while")
	problem.Quiet = true
	return problem
}
