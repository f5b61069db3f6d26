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
	"fmt"
	"time"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

const (
	// assertionLife is how long an assertion is good, as with most companies' sign-ins.
	assertionLife = 5 * time.Minute
	// signInEvery leaves a new assertion there for each renewal, which comes after half of a lifetime at the earliest.
	signInEvery = lifetime / 3
)

// keepSigningIn until the demo ends.
func (s *stage) keepSigningIn() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(signInEvery):
			_ = s.signIn() // it is tried again; that the API server does not answer is told elsewhere
		}
	}
}

// signIn puts a new assertion where the session parcels looks for one. That is what a person does who signs in at the
// company, or the program that does it for them.
func (s *stage) signIn() error {
	response, err := s.company.Respond(saml.Claims{
		Subject: "jane", SessionName: "jane@example.com", SourceIdentity: "jane@example.com",
		Roles: []saml.RolePair{{
			RoleARN:     "arn:aws:iam::123456789012:role/parcel-clerk",
			ProviderARN: "arn:aws:iam::123456789012:saml-provider/company",
		}},
	}, time.Now(), assertionLife)
	if err != nil {
		return err
	}
	secret := corev1ac.Secret("parcels-sign-in", parcels.Namespace).WithData(map[string][]byte{"SAMLResponse": []byte(response)})
	if err := s.kube.Apply(s.ctx, secret, client.FieldOwner("demo"), client.ForceOwnership); err != nil {
		return fmt.Errorf("putting an assertion into Secret parcels-sign-in: %w", err)
	}
	return nil
}
