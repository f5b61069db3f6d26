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

package admission_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	hints       = "sts-operator-hints"
	noPolicy    = `without policyDocument, policy and policyARNs a federated user has no permissions of its own: set one of them, unless`
	tooLong     = `durationSeconds is more than 12 hours, and AWS cannot revoke a session: set it to 43200 or less`
	everything  = `the inline policy allows every action, so the session may do all that its issuer or role may: list the actions`
	withAPolicy = `policyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]`
)

// warnings are those that the API server sends along with its answers.
type warnings struct {
	mu  sync.Mutex
	all []string
}

func (w *warnings) HandleWarningHeader(_ int, _ string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, text)
}

// take are the warnings since the last call.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.all = nil }()
	return w.all
}

// installHints returns a client, and what it is warned of.
func installHints(t *testing.T) (client.Client, *warnings) {
	t.Helper()
	heard := &warnings{}
	config := rest.CopyConfig(connection)
	config.WarningHandler = heard
	c, probe := clientOf(t, config), object(t, "FederatedSession")
	install(t, hints, func(ctx context.Context) bool {
		return c.Create(ctx, probe.DeepCopy(), client.DryRunAll) == nil && len(heard.take()) > 0
	})
	return c, heard
}

func TestHints(t *testing.T) {
	warned, heard := installHints(t)
	const arn = `roleARN: "arn:aws:iam::123456789012:role/reports"`
	statement := func(fields string) string {
		return `policy: '{"Version": "2012-10-17", "Statement": [` + fields + `]}'`
	}
	const (
		every   = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
		some    = `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`
		denied  = `{"Effect": "Deny", "Action": "*", "Resource": "*"}`
		between = `{"Effect": "Allow", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}, "Action": "*", "Resource": "*"}`
		spaced  = `{\"Statement\":\r\n\t{\"Effect\"\t:\r\n\"Allow\",\r\n\"Action\" :[\r\n\"*\"\t],\"Resource\":\"*\"}}`
		saml    = arn + `, principalARN: "arn:aws:iam::123456789012:saml-provider/corporate", assertionSecretRef: {name: saml, key: assertion}`
	)
	document := func(statement string) string {
		return `policyDocument: {Version: "2012-10-17", Statement: ` + statement + `}`
	}
	for sentence, c := range map[string]struct{ spec, hint string }{
		"no policy at all":                            {`{}`, noPolicy},
		"an empty list of ARNs":                       {`policyARNs: []`, noPolicy},
		"a policy ARN":                                {withAPolicy, ``},
		"a policy":                                    {`policy: "{}"`, ``},
		"a policy document":                           {`policyDocument: {}`, ``},
		"a role without a policy has its own":         {`assumeRole: {` + arn + `}`, ``},
		"so has the role of a web identity":           {`assumeRoleWithWebIdentity: {` + arn + `, serviceAccountName: reports}`, ``},
		"so has that of a SAML assertion":             {`{name: null, assumeRoleWithSAML: {` + saml + `}}`, ``},
		"a session token has those of the user":       {`{name: null, getSessionToken: {}}`, ``},
		"12 hours":                                    {`{durationSeconds: 43200, ` + withAPolicy + `}`, ``},
		"more than 12 hours":                          {`{durationSeconds: 43201, ` + withAPolicy + `}`, tooLong},
		"every action":                                {statement(every), everything},
		"every action, in the other order":            {statement(`{"Resource": "*", "Action": "*", "Effect": "Allow"}`), everything},
		"every action, not beside the effect":         {statement(`{"Effect": "Allow", "Resource": "*", "Action": "*"}`), everything},
		"every action, as a list":                     {statement(`{"Effect": "Allow", "Action": ["*"], "Resource": "*"}`), everything},
		"every action, among others":                  {statement(`{"Effect": "Allow", "Action": ["s3:Get*", "*"], "Resource": "*"}`), everything},
		"every action, spelt out":                     {statement(`{"Effect": "Allow", "Action": "*:*", "Resource": "*"}`), everything},
		"every action, with tabs and lines":           {`policy: "` + spaced + `"`, everything},
		"every action, in the second statement":       {statement(some + `, ` + every), everything},
		"every action, in a document":                 {document(`{Effect: Allow, Action: "*", Resource: "*"}`), everything},
		"every action, in a list of a document":       {document(`[{Effect: Allow, Action: ["s3:Get*", "*:*"], Resource: "*"}]`), everything},
		"every action, in its second statement":       {document(`[{Effect: Deny, Action: "s3:*", Resource: "*"}, {Effect: Allow, Action: "*"}]`), everything},
		"a document that allows some actions":         {document(`[{Effect: Allow, Action: ["s3:*", "sqs:*"], Resource: "*"}]`), ``},
		"a document that denies every action":         {document(`{Effect: Deny, Action: "*", Resource: "*"}`), ``},
		"a document whose statement is not readable":  {document(`"*"`), ``},
		"every action of a role":                      {`{assumeRole: {` + arn + `}, policy: '{"Statement": ` + every + `}'}`, everything},
		"every action of a service":                   {statement(`{"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"}`), ``},
		"every action denied":                         {statement(denied), ``},
		"every action denied, another one allowed":    {statement(some + `, ` + denied), ``},
		"every resource":                              {statement(some), ``},
		"every action in an escape, which is missed":  {statement(`{"Effect": "Allow", "Action": "\u002a", "Resource": "*"}`), ``},
		"a condition in between, which is missed too": {statement(between), ``},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(warned.Create(t.Context(), object(t, "FederatedSession", c.spec), client.DryRunAll)).To(Succeed())
			NewWithT(t).Expect(heard.take()).To(hintAt(c.hint))
		})
	}
}

// hintAt is about the one warning with the text, or, for no text, about no warning.
func hintAt(text string) OmegaMatcher {
	if text == "" {
		return BeEmpty()
	}
	return ConsistOf(ContainSubstring("'" + hints + "': " + text))
}

func TestHintsComeWithAChangeOfTheSpecOnly(t *testing.T) {
	g := NewWithT(t)
	warned, heard := installHints(t)
	o := session(t, "changed")
	create(t, o)
	o.SetLabels(map[string]string{"app.kubernetes.io/instance": "reports"})
	g.Expect(warned.Update(t.Context(), o)).To(Succeed())
	g.Expect(heard.take()).To(BeEmpty(), "a label")
	g.Expect(apply(t, warned, session(t, "changed"))).To(Succeed())
	g.Expect(heard.take()).To(BeEmpty(), "the same spec")
	g.Expect(apply(t, warned, session(t, "changed", `durationSeconds: 129600`))).To(Succeed())
	g.Expect(heard.take()).To(ConsistOf(ContainSubstring(noPolicy), ContainSubstring(tooLong)), "another spec")
}

// A hint that costs more than the budget is left out unheard, so the largest sessions must bring theirs.
func TestTheLargestSessionsBringTheirHints(t *testing.T) {
	const whole = 20480
	warned, heard := installHints(t)
	end := `"Effect":"Allow","Action":"*"`
	for sentence, policy := range map[string]string{
		"wide characters":                   text(whole-len(end), "ÿ") + end,
		"white space":                       text(whole-len(end), "\t") + end,
		"what is nearly every action":       text((whole-len(end)-1)/len(`"Action":["`), `"Action":["`) + "{" + end,
		"what is nearly an allowed one":     text((whole-len(end)-1)/len(`"Effect":"Allow"`), `"Effect":"Allow"`) + "{" + end,
		"every kind of white space between": strings.Repeat(" \n\t\r{", (whole-len(end))/5) + end,
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			before, after := largest(t)
			for _, o := range []*unstructured.Unstructured{before, after} {
				g.Expect(unstructured.SetNestedField(o.Object, policy, "spec", "policy")).To(Succeed())
			}
			g.Expect(warned.Create(t.Context(), before)).To(Succeed())
			deleteAtTheEnd(t, before)
			g.Expect(heard.take()).To(ConsistOf(ContainSubstring(everything), ContainSubstring(tooLong)))
			after.SetResourceVersion(before.GetResourceVersion())
			g.Expect(warned.Update(t.Context(), after)).To(Succeed())
			g.Expect(heard.take()).To(ConsistOf(ContainSubstring(everything), ContainSubstring(tooLong)))
		})
	}
}

// STS takes a policy of 2048 characters at most, so that a document has this many statements and actions at most.
func TestTheLargestPolicyDocumentsBringTheirHints(t *testing.T) {
	const whole = 2048
	const one, last = `{"Effect":"Allow","Action":["a"]},`, `{"Effect":"Allow","Action":"*"}`
	warned, heard := installHints(t)
	for sentence, statements := range map[string]string{
		"many statements": `[` + text((whole-len(last))/len(one), one) + last + `]`,
		"many actions":    `{"Effect":"Allow","Action":[` + text((whole-len(last))/len(`"a",`), `"a",`) + `"*"]}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			o := object(t, "FederatedSession", `policyDocument: {"Statement":`+statements+`}`)
			NewWithT(t).Expect(warned.Create(t.Context(), o, client.DryRunAll)).To(Succeed())
			NewWithT(t).Expect(heard.take()).To(hintAt(everything))
		})
	}
}
