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

// Package broker is the seam to AWS STS. It knows how to call STS as each issuer, words what STS answers as credentials
// or as a session.Problem, and keeps every issuer within its request budget. While STS does not serve an issuer, one call
// at a time finds out whether it does again.
package broker

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
)

// ID identifies an issuer. Namespace is empty for a ClusterSessionIssuer.
type ID struct {
	Kind            v1alpha1.IssuerKind
	Namespace, Name string
}

// Config is how an issuer calls STS.
type Config struct {
	Region string
	// Endpoint replaces the region's own; empty for none.
	Endpoint string
	FIPS     bool
	// RequestsPerSecond is at least 1.
	RequestsPerSecond int
	// Key is the IAM user's access key, unless Ambient.
	Key session.Credentials
	// Ambient calls STS with the broker's own credentials.
	Ambient bool
}

// Equals compares credentials too, by value.
func (c Config) Equals(other Config) bool {
	same := c.Key.Equals(other.Key)
	c.Key, other.Key = session.Credentials{}, session.Credentials{}
	return same && c == other
}

// Options of a Broker.
type Options struct {
	// Clock is required.
	Clock clock.PassiveClock
	// HTTPClient makes the requests; required.
	HTTPClient *http.Client
	// Ambient are the credentials of the operator's own pod; nil for none.
	Ambient aws.CredentialsProvider
	// CallTimeout bounds one STS call; required.
	CallTimeout time.Duration
	// Observe is told of each STS call, with the code of its error or "OK"; nil for nobody.
	Observe func(operation, code string, took time.Duration)
}

// Broker calls STS for registered issuers. It is safe for concurrent use; nothing is locked while STS is called.
type Broker struct {
	options Options

	mutex   sync.Mutex
	issuers map[ID]*issuer
	calls   map[string]int // under way, by the issuer's namespace
}

// issuer is what the broker keeps of a registered issuer.
type issuer struct {
	config   Config
	identity string
	client   stsClient
	budget   *budget
	breaker  *breaker
}

// callsPerNamespace is how many calls through the issuers of one namespace may be under way. Whoever may write an issuer
// names an endpoint; one that hangs must not occupy everybody's workers. Cluster-scoped issuers are an administrator's.
const callsPerNamespace = 4

// New is a broker without issuers.
func New(options Options) *Broker {
	return &Broker{options: options, issuers: map[ID]*issuer{}, calls: map[string]int{}}
}

// Register makes an issuer known under the identity that STS has confirmed for this very configuration. Registering the
// same again changes nothing; another configuration or identity starts afresh.
func (b *Broker) Register(id ID, config Config, identity string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if known, ok := b.issuers[id]; ok && known.identity == identity && known.config.Equals(config) {
		return
	}
	b.issuers[id] = &issuer{
		config:   config,
		identity: identity,
		client:   b.newClient(config),
		budget:   newBudget(config.RequestsPerSecond),
		breaker:  &breaker{},
	}
}

// Forget removes an issuer.
func (b *Broker) Forget(id ID) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	delete(b.issuers, id)
}

func (b *Broker) issuer(id ID) *issuer {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.issuers[id]
}

// Trouble is what keeps STS from serving an issuer at present, or nil.
func (b *Broker) Trouble(id ID) *session.Problem {
	if issuer := b.issuer(id); issuer != nil {
		return issuer.breaker.trouble()
	}
	return nil
}

// Permit is leave to make one STS call. It must be used by Issue or given back by Cancel.
type Permit struct {
	broker    *Broker
	issuer    *issuer
	namespace string // of the issuer
	probe     bool   // whether the call finds out if STS serves the issuer again
	given     sync.Once
}

// begin counts a call through an issuer of a namespace, if there is room for it.
func (b *Broker) begin(namespace string) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if namespace != "" && b.calls[namespace] >= callsPerNamespace {
		return false
	}
	b.calls[namespace]++
	return true
}

// end makes room for another call.
func (b *Broker) end(namespace string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.calls[namespace]--; b.calls[namespace] == 0 {
		delete(b.calls, namespace)
	}
}

// Permit asks leave for one STS call, before anything else is spent on it. Without a permit the problem says when to ask
// again. A session without usable credentials is urgent and may use the part of the budget that renewals leave alone.
func (b *Broker) Permit(id ID, uid types.UID, urgent bool) (*Permit, *session.Problem) {
	issuer := b.issuer(id)
	if issuer == nil {
		return nil, &session.Problem{
			Reason:     v1alpha1.ReasonIssuerNotReady,
			Message:    string(id.Kind) + " " + id.Name + " is being loaded",
			RetryAfter: session.Stagger(time.Second, uid), Quiet: true,
		}
	}
	now := b.options.Clock.Now()
	probe, problem, wait := issuer.breaker.ask(now)
	if problem != nil {
		return nil, &session.Problem{Reason: problem.Reason, Message: problem.Message, RetryAfter: session.Stagger(wait, uid)}
	}
	permit := &Permit{broker: b, issuer: issuer, namespace: id.Namespace, probe: probe}
	if !b.begin(id.Namespace) {
		issuer.breaker.withdraw(probe)
		return nil, crowded(id, uid)
	}
	if wait := issuer.budget.take(now, urgent); wait > 0 {
		permit.Cancel()
		return nil, &session.Problem{
			Reason:     v1alpha1.ReasonBudgetExhausted,
			Message:    "the requestsPerSecond of " + string(id.Kind) + " " + id.Name + " are spent; the session waits for its turn",
			RetryAfter: wait, Quiet: true,
		}
	}
	return permit, nil
}

// crowded is the problem of too many calls under way.
func crowded(id ID, uid types.UID) *session.Problem {
	return &session.Problem{
		Reason:     v1alpha1.ReasonBudgetExhausted,
		Message:    "too many calls through the issuers of namespace " + id.Namespace + " are under way; this one waits for its turn",
		RetryAfter: session.Stagger(time.Second, uid), Quiet: true,
	}
}

// Identity is the stable id of who the call is made as.
func (p *Permit) Identity() string { return p.issuer.identity }

// Cancel gives the permit back unused. The request it took from the budget stays taken.
func (p *Permit) Cancel() {
	p.given.Do(func() {
		p.issuer.breaker.withdraw(p.probe)
		p.broker.end(p.namespace)
	})
}

// Issue makes the STS call. Credentials come back complete or not at all; the problem of a failed call says what to
// change, and a problem of the issuer's rather than of the request stops further calls for a while.
func (p *Permit) Issue(ctx context.Context, request session.Request) (session.Issued, *session.Problem) {
	defer p.Cancel() // a probe that panicked must not keep the breaker shut; after the report it changes nothing
	issued, problem := p.broker.getFederationToken(ctx, p.issuer, request)
	p.issuer.breaker.report(p.broker.options.Clock.Now(), p.probe, problem)
	return issued, problem
}
