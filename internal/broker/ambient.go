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
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-logr/logr"
	"k8s.io/utils/clock"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// AmbientChain is where the credentials of the operator's own pod come from.
type AmbientChain struct {
	// Credentials gives them, and keeps them fresh.
	Credentials aws.CredentialsProvider
	// RoleARN is the role that is assumed for them; empty for none.
	RoleARN string
	// TokenFile has the web identity token that is presented; empty for none.
	TokenFile string
}

// LoadAmbient reads the surroundings of the pod; its requests are for a region. A *sts.Problem says what is wrong with them.
type LoadAmbient func(ctx context.Context, region string) (AmbientChain, error)

// ambientPause is how long a failure stands before the surroundings are read again, however many issuers ask.
const ambientPause = 3 * time.Second

// ambient holds the operator's own credentials, a chain for each region. It loads a chain when an issuer first needs it, and
// anew after a failure, so that a mount which is mended later works without a restart.
type ambient struct {
	load    LoadAmbient
	clock   clock.PassiveClock
	log     logr.Logger
	mutex   sync.Mutex
	regions map[string]*ambientRegion
}

type ambientRegion struct {
	mutex    sync.Mutex
	chain    *AmbientChain // nil if it has to be loaded
	problem  *sts.Problem  // of the latest try
	failedAt time.Time
	route    route
}

func newAmbient(options Options) *ambient {
	return &ambient{load: options.Ambient, clock: options.Clock, log: options.Log, regions: map[string]*ambientRegion{}}
}

func (a *ambient) of(region string) *ambientRegion {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.regions[region] == nil {
		a.regions[region] = &ambientRegion{}
	}
	return a.regions[region]
}

// retrieve the credentials for a region; the error is a *sts.Problem.
func (a *ambient) retrieve(ctx context.Context, region string) (aws.Credentials, error) {
	if a.load == nil {
		return aws.Credentials{}, noAmbientCredentials()
	}
	of := a.of(region)
	chain, problem := a.chainOf(ctx, of, region)
	if problem != nil {
		return aws.Credentials{}, problem
	}
	credentials, err := chain.Credentials.Retrieve(of.route.into(ctx))
	switch {
	case errors.Is(err, context.Canceled): // nobody waits for the answer
		return aws.Credentials{}, err
	case err != nil:
		return aws.Credentials{}, a.failed(of, region, chain, ambientProblem(of.route.explain(err), chain, region))
	case !credentials.HasKeys():
		return aws.Credentials{}, a.failed(of, region, chain, noAmbientCredentials())
	}
	a.succeeded(of, region)
	return credentials, nil
}

// chainOf a region, loaded if it is not; or what was wrong a moment ago.
func (a *ambient) chainOf(ctx context.Context, of *ambientRegion, region string) (*AmbientChain, *sts.Problem) {
	of.mutex.Lock()
	defer of.mutex.Unlock()
	switch {
	case of.problem != nil && a.clock.Since(of.failedAt) < ambientPause:
		return nil, of.problem
	case of.chain != nil:
		return of.chain, nil
	}
	chain, err := a.load(ctx, region)
	if err != nil {
		problem, other := sts.Split(err)
		if other != nil {
			problem = sts.Problemf(v1alpha1.ReasonAmbientCredentialsFailed, "the AWS configuration of the operator's pod cannot be read")
		}
		return nil, a.note(of, region, problem)
	}
	of.chain = &chain
	return of.chain, nil
}

// failed drops a chain that gave no credentials.
func (a *ambient) failed(of *ambientRegion, region string, chain *AmbientChain, problem *sts.Problem) *sts.Problem {
	of.mutex.Lock()
	defer of.mutex.Unlock()
	if of.chain == chain {
		of.chain = nil
	}
	return a.note(of, region, problem)
}

// note a problem, and log it unless it is the one of the last time.
func (a *ambient) note(of *ambientRegion, region string, problem *sts.Problem) *sts.Problem {
	if of.problem == nil || *of.problem != *problem {
		a.log.Info("no AWS credentials of the operator's own", "region", region, "reason", problem.Reason, "cause", problem.Message)
	}
	of.problem, of.failedAt = problem, a.clock.Now()
	return problem
}

func (a *ambient) succeeded(of *ambientRegion, region string) {
	of.mutex.Lock()
	defer of.mutex.Unlock()
	if of.problem != nil {
		a.log.Info("found AWS credentials of the operator's own", "region", region)
	}
	of.problem = nil
}
