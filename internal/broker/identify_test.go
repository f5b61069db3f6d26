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

package broker_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestIdentify(t *testing.T) {
	temporary := func(c stsfake.Credentials) sts.Credentials {
		return sts.NewCredentials(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	}
	for sentence, c := range map[string]struct {
		key             func(*stsfake.Server) sts.Credentials
		arn, userID     string
		federates, root bool
	}{
		"an IAM user": {
			func(*stsfake.Server) sts.Credentials { return demoKey() },
			"arn:aws:iam::123456789012:user/demo", "AIDACKCEVSQ6C2EXAMPLE", true, false,
		},
		"the root user": {
			func(fake *stsfake.Server) sts.Credentials {
				fake.SetRootKeys(stsfake.DefaultAccountID, stsfake.AccessKey{ID: "AKIAROOTROOTROOTROOT", Secret: "root-secret"})
				return sts.NewCredentials("AKIAROOTROOTROOTROOT", "root-secret", "")
			},
			"arn:aws:iam::123456789012:root", "123456789012", true, true,
		},
		"a role": {
			func(fake *stsfake.Server) sts.Credentials {
				return temporary(fake.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "pod-1", time.Hour))
			},
			"arn:aws:sts::123456789012:assumed-role/operator/pod-1", "AROA[A-Z2-7]{17}:pod-1", false, false,
		},
		"a federated user": {
			func(fake *stsfake.Server) sts.Credentials {
				return temporary(fake.IssueFederatedUser(stsfake.DefaultAccountID, "jean", time.Hour))
			},
			"arn:aws:sts::123456789012:federated-user/jean", "123456789012:jean", false, false,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.use(configOf(f.config.Endpoint, c.key(f.fake)))

			identity, problem := f.identify(t.Context())

			g.Expect(problem).To(BeNil())
			g.Expect(identity.AccountID).To(Equal("123456789012"))
			g.Expect(identity.ARN).To(Equal(c.arn))
			g.Expect(identity.UserID).To(MatchRegexp("^" + c.userID + "$"))
			g.Expect(identity.CanFederate()).To(Equal(c.federates))
			g.Expect(identity.IsRoot()).To(Equal(c.root))
			g.Expect(f.fake.Count("GetCallerIdentity")).To(Equal(1))
			g.Expect(f.observed).To(Equal([]observation{{"GetCallerIdentity", "OK", 0}}))
		})
	}
}

func TestIdentifyIncompleteAnswer(t *testing.T) {
	for missing := range anIdentity() {
		t.Run("without "+missing, func(t *testing.T) {
			g := NewWithT(t)
			lacking := anIdentity()
			delete(lacking, missing)
			f := startAnswering(t, answers(200, "text/xml", identityXML(lacking)))

			identity, problem := f.identify(t.Context())

			g.Expect(identity).To(BeZero())
			g.Expect(*problem).To(Equal(sts.Problem{
				Reason: v1alpha1.ReasonIncompleteResponse,
				Message: endpointOf(f) + " answered GetCallerIdentity without an error but not with a complete result: nothing was used of it" +
					"; if that is not AWS, set the issuer's spec.service to Compatible",
			}))
		})
	}
}

// Who an issuer is must be known before it is registered.
func TestIdentifyUnregisteredIssuer(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	other := broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: "other"}

	identity, problem := f.Identify(t.Context(), other, f.config)

	g.Expect(problem).To(BeNil())
	g.Expect(identity).To(Equal(theIdentity))
	_, problem = f.ask(other, "uid", true)
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIssuerNotReady))
}

// What is registered is what works; what Identify is given is what is to be tried.
func TestIdentifyUsesGivenConfig(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	wrong := configOf(f.config.Endpoint, sts.NewCredentials("AKIANOBODYKNOWSTHIS1", "secret", ""))

	_, problem := f.Identify(t.Context(), theIssuer, wrong)

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonKeyRefused))
	_, problem = f.issue(theRequest)
	g.Expect(problem).To(BeNil(), "sessions go on with what is registered")
}

// Identify is how an issuer finds out, so it neither makes trouble nor waits for its end.
func TestIdentifyIgnoresTrouble(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "InvalidClientTokenId"})

	identity, problem := f.identify(t.Context())
	g.Expect(identity).To(BeZero())
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonKeyRefused))
	g.Expect(f.Trouble(theIssuer)).To(BeNil())

	_ = f.refused()
	f.fake.ClearScenarios()
	_, problem = f.identify(t.Context())
	g.Expect(problem).To(BeNil())
	g.Expect(f.Trouble(theIssuer)).NotTo(BeNil(), "only a session's call ends the trouble")
}

func TestIdentifyCountsAsCall(t *testing.T) {
	var f *fixture
	counting := func(then roundTrip) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			NewWithT(t).Expect(f.room()).To(Equal(3))
			return then(r)
		}
	}
	for sentence, server := range map[string]roundTrip{
		"a call that succeeds": func(r *http.Request) (*http.Response, error) { return answering(r, identityXML(anIdentity())) },
		"a call that fails":    brokenConnection,
		"a call that panics":   panics,
	} {
		t.Run(sentence, func(t *testing.T) {
			f = atNameless(t, withTransport(counting(server)))
			f.Register(neighbour, f.config, theIdentity)

			func() {
				defer func() { _ = recover() }()
				_, _ = f.identify(t.Context())
			}()

			NewWithT(t).Expect(f.room()).To(Equal(4))
		})
	}
}

func TestObserveDuration(t *testing.T) {
	g := NewWithT(t)
	var f *fixture
	f = startAnswering(t, func(w http.ResponseWriter, r *http.Request) {
		f.advance(1500 * time.Millisecond)
		answers(200, "text/xml", responseXML(aResult()))(w, r)
	})

	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(f.observed).To(Equal([]observation{{"GetFederationToken", "OK", 1500 * time.Millisecond}}))
}

func TestObserveIsOptional(t *testing.T) {
	g := NewWithT(t)
	f := start(t, func(o *broker.Options) { o.Observe = nil })

	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
}

const noAmbient = "the operator's pod has no AWS credentials of its own: give it some (environment, web identity, instance role) or use spec.accessKey"

func TestAmbientCredentials(t *testing.T) {
	leaking := errors.New("GET http://169.254.169.254/latest: request id 16fc956c, secret hunter2")
	for sentence, c := range map[string]struct {
		ambient broker.LoadAmbient
		problem *sts.Problem
	}{
		"are used if there are any": {
			ambient: ambientOf(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: stsfake.DefaultAccessKeyID, SecretAccessKey: stsfake.DefaultSecretAccessKey}, nil
			})),
		},
		"are missed where there is no provider": {
			problem: &sts.Problem{Reason: v1alpha1.ReasonNoAmbientCredentials, Message: noAmbient},
		},
		"are missed where the provider fails, whatever it says": {
			ambient: ambientOf(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, leaking })),
			problem: &sts.Problem{Reason: v1alpha1.ReasonNoAmbientCredentials, Message: noAmbient},
		},
		"are missed where the provider has none": {
			ambient: ambientOf(aws.AnonymousCredentials{}),
			problem: &sts.Problem{Reason: v1alpha1.ReasonNoAmbientCredentials, Message: noAmbient},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t, func(o *broker.Options) { o.Ambient = c.ambient })
			f.use(broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 1, Ambient: true})

			_, problem := f.issue(theRequest)

			g.Expect(problem).To(Equal(c.problem))
			if problem == nil {
				g.Expect(f.fake.Calls()[0].Caller).To(Equal("arn:aws:iam::123456789012:user/demo"))
				return
			}
			g.Expect(f.fake.Calls()).To(BeEmpty())
			g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
		})
	}
}

// The provider keeps its credentials fresh; the broker must ask it each time.
func TestAmbientCredentialsAreReadEachTime(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	current := f.fake.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "one", time.Hour)
	other := start(t, func(o *broker.Options) {
		o.Ambient = ambientOf(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: current.AccessKeyID, SecretAccessKey: current.SecretAccessKey, SessionToken: current.SessionToken}, nil
		}))
	})
	other.use(broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 1, Ambient: true})

	identity, problem := other.identify(t.Context())
	g.Expect(problem).To(BeNil())
	g.Expect(identity.ARN).To(HaveSuffix("/operator/one"))

	current = f.fake.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "two", time.Hour)
	identity, problem = other.identify(t.Context())
	g.Expect(problem).To(BeNil())
	g.Expect(identity.ARN).To(HaveSuffix("/operator/two"))

	f.advance(2 * time.Hour)
	_, problem = other.identify(t.Context())
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIdentityExpired))
}
