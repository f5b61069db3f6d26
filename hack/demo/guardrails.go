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
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func obeysRules(s *stage) (string, error) {
	if err := s.apply("checks/rule.yaml"); err != nil {
		return "", err
	}
	fs, err := s.refusedUnasked(nightly, v1alpha1.ReasonRuleViolated, "names begin with reporting., not so nightly")
	if err != nil {
		return "", err
	}
	edited := fs.DeepCopy()
	edited.Spec.Name = "reporting.nightly"
	if err := s.kube.Patch(s.ctx, edited, client.MergeFrom(fs)); err != nil {
		return "", err
	}
	if _, err := s.serves(nightly); err != nil {
		return "", fmt.Errorf("with a name that the rule allows: %w", err)
	}
	return fmt.Sprintf("'%s'; as %s it is Ready", ready(fs).Message, edited.Spec.Name), nil
}

func refusesAllByBrokenRule(s *stage) (string, error) {
	const place = "spec.rules[0].expression, line 2, column 8"
	if err := s.apply("checks/broken-rule.yaml"); err != nil {
		return "", err
	}
	message, err := s.awaitIssuer(client.ObjectKey{Namespace: brokenRule.Namespace, Name: "broken"}, v1alpha1.ReasonRuleInvalid)
	if err != nil {
		return "", err
	}
	for _, part := range strings.Split(place, ", ") {
		if !strings.Contains(message, part) {
			return "", fmt.Errorf("expected the issuer to name %s; seen: %s", part, message)
		}
	}
	if _, err := s.refusedUnasked(brokenRule, v1alpha1.ReasonIssuerNotReady, "SessionIssuer broken is not ready"); err != nil {
		return "", err
	}
	return fmt.Sprintf("the issuer says '%s'; STS was not asked", message), nil
}

func forcesTags(s *stage) (string, error) {
	if err := s.apply("checks/forced-tag.yaml"); err != nil {
		return "", err
	}
	fs, err := s.serves(tagged)
	if err != nil {
		return "", err
	}
	asked, err := s.latestIssue(fs.Spec.Name)
	if err != nil {
		return "", err
	}
	if seen := asked.tag("kubernetes-namespace"); seen != fs.Namespace {
		return "", fmt.Errorf("expected the tag kubernetes-namespace=%s in the call; seen: %v", fs.Namespace, asked.Parameters)
	}
	refused, err := s.refusedUnasked(mistagged, v1alpha1.ReasonForcedTagConflict, "ubernetes-")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("kubernetes-namespace=%s was sent; another value: '%s'", fs.Namespace, ready(refused).Message), nil
}

func setsSourceIdentity(s *stage) (string, error) {
	if err := s.apply("checks/source-identity.yaml"); err != nil {
		return "", err
	}
	fs, err := s.serves(traced)
	if err != nil {
		return "", err
	}
	const expected = "reporting.traced"
	asked, err := s.latestIssue(fs.Spec.Name)
	if err != nil {
		return "", err
	}
	if sent, told := asked.Parameters["SourceIdentity"], fs.Status.SourceIdentity; sent != expected || told != expected {
		return "", fmt.Errorf("expected the source identity %s in the call and in the status; seen: %q and %q", expected, sent, told)
	}
	refused, err := s.refusedUnasked(masked, v1alpha1.ReasonSourceIdentityConflict, "jane@example.com")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s was sent; another one: '%s'", expected, ready(refused).Message), nil
}

func knowsItsAccount(s *stage) (string, error) {
	if err := s.apply("checks/other-account.yaml"); err != nil {
		return "", err
	}
	message, err := s.awaitIssuer(misplaced, v1alpha1.ReasonAccountMismatch)
	if err != nil {
		return "", err
	}
	if _, err := s.refusedUnasked(misplaced, v1alpha1.ReasonIssuerNotReady, "999999999999"); err != nil {
		return "", err
	}
	return fmt.Sprintf("the issuer says '%s'; nothing was issued", message), nil
}

func triesBeforePublishing(s *stage) (string, error) {
	if err := s.apply("checks/verified.yaml"); err != nil {
		return "", err
	}
	fs, err := s.awaitSession(verified, "is Ready", patience, isIssued)
	if err != nil {
		return "", err
	}
	// The demo has not used these credentials yet.
	tries, err := s.calls(func(c call) bool { return c.Operation == "GetCallerIdentity" && c.AccessKeyID == fs.Status.AccessKeyID })
	if err != nil {
		return "", err
	}
	if len(tries) != 1 || tries[0].Caller != fs.Status.Principal.ARN {
		return "", fmt.Errorf("expected one call of GetCallerIdentity with %s by %s; seen: %v", fs.Status.AccessKeyID, fs.Status.Principal.ARN, tries)
	}
	if _, err := s.works(fs); err != nil {
		return "", err
	}
	return fmt.Sprintf("STS was asked with %s who that is: %s", fs.Status.AccessKeyID, tries[0].Caller), nil
}

// encodedDenials has STS give the reason of a denial only to whom may decode it, as EC2 and others do.
const encodedDenials = `{"kind":"encodedDenials"}`

func explainsDenials(s *stage) (seen string, err error) {
	const expected = "AWS denies arn:aws:iam::123456789012:user/demo the action sts:AssumeRole on arn:aws:iam::123456789012:role/vault: " +
		"the statement KeepTheBrokerOut of a policy denies it explicitly (AccessDenied)"
	if err := s.switchOn(encodedDenials); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.switchOff()) }()
	if err := s.apply("checks/denied.yaml"); err != nil {
		return "", err
	}
	if _, err := s.refused(denied, v1alpha1.ReasonAccessDenied, expected); err != nil {
		return "", err
	}
	return fmt.Sprintf("'%s'", expected), nil
}
