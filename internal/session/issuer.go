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
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// IssuerState is what is known of the issuer that a session names.
type IssuerState int

const (
	// IssuerMissing: there is none of that name.
	IssuerMissing IssuerState = iota
	// IssuerNotServed: this operator serves no issuers of that kind.
	IssuerNotServed
	// IssuerOfAnother: it names another installation, which serves its sessions, too.
	IssuerOfAnother
	// IssuerVerifying: STS is being asked who it is.
	IssuerVerifying
	// IssuerNotReady: it cannot be used; NotReady says why.
	IssuerNotReady
	// IssuerReady: its guardrails can be read, and STS has confirmed its identity, if it has one.
	IssuerReady
)

// Issuer is what is known of the issuer that the session names.
type Issuer struct {
	State IssuerState
	// NotReady says why an issuer is not ready.
	NotReady *sts.Problem
	// ReportedByAnother: another installation writes the issuer's status, so no watch reports when this one finds it ready.
	ReportedByAnother bool
	// Compatible: it calls another service than AWS, which names principals and keys as it likes, or not at all.
	Compatible bool
	// Region that it calls STS in.
	Region string
	// OwnEndpoint: its namespace has chosen the endpoint that it calls.
	OwnEndpoint bool
	// HasIdentity: it has somebody to call STS as. Identity is who; zero until STS has confirmed it.
	HasIdentity bool
	Identity    sts.Identity
	// Version differs whenever the object does: where STS is, or through whom, may be what failed.
	Version string
}

const (
	// verifyingRetry is when to look again at an issuer that is being verified.
	verifyingRetry = time.Second
	// reportedByAnotherRetry is when to look again at an issuer whose status does not change with what is found here.
	reportedByAnotherRetry = 15 * time.Second
)

func issuerIsOurs(o Observed, _ time.Time) *Decision {
	if o.Issuer.State != IssuerOfAnother {
		return nil
	}
	return &Decision{Action: LeaveAlone}
}

func issuerExists(o Observed, _ time.Time) *Decision {
	switch o.Issuer.State {
	case IssuerMissing:
		return hold(issuerMissing(o))
	case IssuerNotServed:
		return hold(issuerNotServed(o))
	default:
		return nil
	}
}

func issuerIsReady(o Observed, now time.Time) *Decision {
	switch o.Issuer.State {
	case IssuerReady:
		return nil
	case IssuerVerifying:
		// After a restart the issuer's status may not change, so no watch reports when it is done.
		d := hold(issuerVerifying(o))
		d.RetryAt = now.Add(Stagger(verifyingRetry, o.Session.UID))
		return d
	default:
		d := hold(issuerNotReady(o))
		if o.Issuer.ReportedByAnother {
			d.RetryAt = now.Add(Stagger(reportedByAnotherRetry, o.Session.UID))
		}
		return d
	}
}

func issuerHasIdentity(o Observed, _ time.Time) *Decision {
	if o.Issuer.HasIdentity || o.Request.ToSend().IsUnsigned() {
		return nil
	}
	return hold(issuerHasNoIdentity(o))
}

func issuerCanFederate(o Observed, _ time.Time) *Decision {
	if o.Issuer.Compatible || o.Issuer.Identity.CanFederate() || !o.Request.ToSend().NeedsLongTermKey() {
		return nil
	}
	return hold(issuerCannotFederate(o))
}
