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
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/test/stage"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// patience is for what the operator does at once or at a rotation, on a machine that is busy.
const patience = time.Minute

var (
	reports = client.ObjectKey{Namespace: "reporting", Name: "reports"}
	labels  = client.ObjectKey{Namespace: "shipping", Name: "labels"}
	archive = client.ObjectKey{Namespace: "billing", Name: "archive"}
	visitor = client.ObjectKey{Namespace: "guest", Name: "visitor"}
)

// checker makes the checks.
type checker struct {
	context.Context
	*stage.Stage
	first map[client.ObjectKey]*v1alpha1.FederatedSession // the sessions as they were first Ready
}

// checks are of what the demo shows, in this order. test/e2e holds the operator to all of its promises.
var checks = []struct {
	shown string
	check func(*checker) (seen string, err error)
}{
	{"every session is Ready, and its credentials work", (*checker).ready},
	{"a rotation can be requested", (*checker).request},
	{"a broken Secret is mended", (*checker).mending},
	{"a namespace is not served until it is allowed", (*checker).namespace},
	{"a rule refuses a session", (*checker).rule},
	{"credentials are rotated before they expire", (*checker).rotation},
	{"a throttled STS leaves working credentials in place", (*checker).throttling},
}

// checkAll makes the checks and prints one line for each.
func checkAll(ctx context.Context, s *stage.Stage, begun time.Time) error {
	c := &checker{ctx, s, map[client.ObjectKey]*v1alpha1.FederatedSession{}}
	failed := 0
	for _, check := range checks {
		started := time.Now()
		seen, err := check.check(c)
		seconds := time.Since(started).Seconds()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed++
			say("FAIL %s: %v (%.0f s)", check.shown, err, seconds)
			continue
		}
		say("ok   %s: %s (%.0f s)", check.shown, seen, seconds)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(checks))
	}
	say("\nAll %d checks passed, %.0f s after the start.", len(checks), time.Since(begun).Seconds())
	return nil
}

// await waits until a session is in this state, with another access key than before if there is one, and returns it.
func (c *checker) await(key client.ObjectKey, expected string, before *v1alpha1.FederatedSession) (*v1alpha1.FederatedSession, error) {
	fs := &v1alpha1.FederatedSession{}
	err := wait.PollUntilContextTimeout(c, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := c.Client.Get(ctx, key, fs)
		isNew := before == nil || before.Status.AccessKeyID != fs.Status.AccessKeyID
		return state(fs) == expected && isNew, err
	})
	if err != nil {
		return nil, fmt.Errorf("waiting until %s is %s: %w; it is %s: %s", key, expected, err, state(fs), stage.Ready(fs).Message)
	}
	return fs, nil
}

// serves waits until a session is Ready, with another access key than before, and checks that its credentials work.
func (c *checker) serves(key client.ObjectKey, before *v1alpha1.FederatedSession) (*v1alpha1.FederatedSession, error) {
	fs, err := c.await(key, v1alpha1.ReadyCondition, before)
	if err != nil {
		return nil, err
	}
	return fs, c.works(fs)
}

// works checks that STS takes the credentials of a session as those of its identity.
func (c *checker) works(fs *v1alpha1.FederatedSession) error {
	secret := &corev1.Secret{}
	if err := c.Client.Get(c, client.ObjectKey{Namespace: fs.Namespace, Name: fs.TargetSecretName()}, secret); err != nil {
		return err
	}
	caller, err := c.CallerOf(c, secret)
	if err == nil && (fs.Status.Identity == nil || fs.Status.Identity.ARN != caller) {
		err = fmt.Errorf("the credentials of %s/%s are those of %s", fs.Namespace, fs.Name, caller)
	}
	return err
}

func (c *checker) ready() (string, error) {
	sessions, err := list(c, c.Stage)
	if err != nil {
		return "", err
	}
	for i := range sessions {
		key := client.ObjectKeyFromObject(&sessions[i])
		if key == visitor { // whose namespace is not allowed yet
			continue
		}
		if c.first[key], err = c.serves(key, nil); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d sessions, by five operations of STS", len(c.first)), nil
}

func (c *checker) throttling() (seen string, err error) {
	throttle := stsfake.Scenario{Kind: stsfake.Throttle, Operation: "GetFederationToken", RequestsPerSecond: 0.01}
	if err := c.SetScenarios(c, []stsfake.Scenario{throttle}); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.SetScenarios(c, []stsfake.Scenario{})) }()
	failing, err := c.await(archive, v1alpha1.ReasonRotationFailing, nil)
	if err != nil {
		return "", err
	}
	return stage.Ready(failing).Message, c.works(failing)
}

// rotation waits for the first one that is due by time.
func (c *checker) rotation() (string, error) {
	before := c.first[labels]
	after, err := c.serves(labels, before)
	if err != nil {
		return "", err
	}
	if !after.Status.IssuedTime.Before(before.Status.ExpirationTime) {
		err = errors.New("too late")
	}
	return change(before, after), err
}

func (c *checker) request() (string, error) {
	return c.changes(reports, &v1alpha1.FederatedSession{}, reports.Name,
		`{"metadata":{"annotations":{"sts-operator.dev/rotate-requested-at":"now"}}}`)
}

func (c *checker) mending() (string, error) {
	return c.changes(archive, &corev1.Secret{}, "archive-aws", `{"data":{"credentials.json":null}}`)
}

// changes checks that a session gets other credentials, which work, after a patch of an object beside it.
func (c *checker) changes(key client.ObjectKey, object client.Object, name, merge string) (string, error) {
	before, err := c.serves(key, nil)
	if err != nil {
		return "", err
	}
	object.SetName(name)
	if err := c.patch(object, key.Namespace, merge); err != nil {
		return "", err
	}
	after, err := c.serves(key, before)
	if err != nil {
		return "", err
	}
	return key.String() + " " + change(before, after), nil
}

func (c *checker) patch(object client.Object, namespace, merge string) error {
	object.SetNamespace(namespace)
	return c.Client.Patch(c, object, client.RawPatch("application/merge-patch+json", []byte(merge)))
}

func (c *checker) namespace() (string, error) {
	refused, err := c.await(visitor, v1alpha1.ReasonNamespaceNotAllowed, nil)
	if err != nil {
		return "", err
	}
	return stage.Ready(refused).Message, nil
}

// rule allows the namespace of a session that a rule refuses until it is taken back.
func (c *checker) rule() (string, error) {
	shared, guest := &v1alpha1.ClusterSessionIssuer{}, &corev1.Namespace{}
	shared.Name, guest.Name = "shared", visitor.Namespace
	if err := c.patch(shared, "", `{"spec":{"guardrails":{"rules":[{"expression":"session.durationSeconds <= 3600"}]}}}`); err != nil {
		return "", err
	}
	if err := c.patch(guest, "", `{"metadata":{"labels":{"example.com/aws-sessions":"allowed"}}}`); err != nil {
		return "", err
	}
	refused, err := c.await(visitor, v1alpha1.ReasonRuleViolated, nil)
	if err != nil {
		return "", err
	}
	if err := c.patch(shared, "", `{"spec":{"guardrails":null}}`); err != nil {
		return "", err
	}
	_, err = c.serves(visitor, nil)
	return stage.Ready(refused).Message, err
}
