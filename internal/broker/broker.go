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
// or as a sts.Problem. It calls when the scheduler says so.
package broker

import (
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"

	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// ID identifies an issuer.
type ID = scheduler.IssuerID

// Config is how an issuer calls STS.
type Config struct {
	Region string
	// Endpoint replaces the region's own; empty for none.
	Endpoint string
	FIPS     bool
	// Compatible: what is called is another service than AWS.
	Compatible bool
	// RequestsPerSecond is at least 1.
	RequestsPerSecond int
	// Key is the IAM user's access key; none for an ambient issuer and for one without an identity.
	Key sts.Credentials
	// Ambient calls STS with the broker's own credentials.
	Ambient bool
	// AccountID is the account that the identity must belong to; empty for any.
	AccountID string
	// MFASerialNumber and MFASeed are the key's MFA device and its base32 seed; empty for none.
	MFASerialNumber string
	MFASeed         sts.Sensitive
	// Version of the issuer object: a request that was decided with another one is not made.
	Version string
}

// HasIdentity says whether there is somebody to sign requests as.
func (c Config) HasIdentity() bool { return c.Ambient || c.Key.AccessKeyID() != "" }

// IsVerifiable says whether STS can be asked who the issuer is. Of other services than AWS, half do not know GetCallerIdentity, and the
// others answer it in many ways.
func (c Config) IsVerifiable() bool { return c.HasIdentity() && !c.Compatible }

// Equals compares how STS is called, secrets too, by value; not the version.
func (c Config) Equals(other Config) bool {
	same := c.Key.Equals(other.Key) && c.MFASeed.Text() == other.MFASeed.Text()
	c.Key, other.Key = sts.Credentials{}, sts.Credentials{}
	c.MFASeed, other.MFASeed = sts.Sensitive{}, sts.Sensitive{}
	c.Version = other.Version
	return same && c == other
}

// Options of a Broker.
type Options struct {
	// Clock is required.
	Clock clock.PassiveClock
	// Scheduler says who may call when; required.
	Scheduler *scheduler.Scheduler
	// HTTPClient makes the requests; required.
	HTTPClient *http.Client
	// Ambient loads where the credentials of the operator's own pod come from; nil for none.
	Ambient LoadAmbient
	// Log is told, once, why there are none.
	Log logr.Logger
	// CallTimeout bounds one STS call, for a permit together with the verification or the explanation of a denial that
	// follows; required.
	CallTimeout time.Duration
	// Observe is called after each STS call, with the code of its error or "OK"; nil for nobody.
	Observe func(operation, code string, took time.Duration)
}

// Broker calls STS for registered issuers. It is safe for concurrent use; nothing is locked while STS is called.
type Broker struct {
	options Options
	issuers *registry
	ambient *ambient
}

// New is a broker without issuers.
func New(options Options) *Broker {
	return &Broker{options: options, issuers: newRegistry(), ambient: newAmbient(options)}
}

// Register makes an issuer known under the identity that STS has confirmed for this very configuration. Registering the
// same again keeps what the scheduler knows of it, whatever its version; another configuration or identity starts afresh.
func (b *Broker) Register(id ID, config Config, identity sts.Identity) {
	if b.issuers.refresh(id, config, identity) {
		return
	}
	b.options.Scheduler.Register(b.options.Clock.Now(), id, limitsOf(id, config))
	b.issuers.put(id, &issuer{config: config, identity: identity, client: b.newClient(config)})
}

// Reject keeps an issuer, of a version, from being called until it is registered again.
func (b *Broker) Reject(id ID, version string, problem *sts.Problem) {
	b.issuers.reject(id, version, problem)
}

// Standing is what this installation has found out about an issuer.
type Standing struct {
	// Version of the issuer that was looked at.
	Version string
	// Identity that it calls STS as; zero for none.
	Identity sts.Identity
	// Problem keeps it from being used; nil if it can be.
	Problem *sts.Problem
}

// Standing of an issuer, if anything is known of it.
func (b *Broker) Standing(id ID) (Standing, bool) {
	known := b.issuers.get(id)
	if known == nil {
		return Standing{}, false
	}
	return Standing{Version: known.config.Version, Identity: known.identity, Problem: known.problem}, true
}

// Forget removes an issuer.
func (b *Broker) Forget(id ID) {
	b.issuers.forget(id)
	b.options.Scheduler.Forget(b.options.Clock.Now(), id)
}

// Trouble is what keeps STS from serving an issuer at present, or nil.
func (b *Broker) Trouble(id ID) *sts.Problem { return b.options.Scheduler.Trouble(id) }
