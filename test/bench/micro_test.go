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
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// healthy is a session and its Secret as they are most of the time.
func healthy(b *testing.B) (*corev1.Secret, session.Observed) {
	b.Helper()
	fs := (&stage{}).session("team-a", 1)
	fs.UID = types.UID("5a3e2d3c-8a4f-4a1e-9d57-4a8f5b1f0c11")
	request, problem := sts.NewRequest(fs)
	if problem != nil {
		b.Fatal(problem)
	}
	secret := credsecret.New(fs)
	issued := sts.Issued{
		Credentials: sts.NewCredentials("ASIAIOSFODNN7EXAMPLE", string(make([]byte, 40)), string(make([]byte, 400))),
		IssuedAt:    start, Expiration: start.Add(12 * time.Hour),
		Identity: sts.Identity{
			AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:federated-user/" + request.Name, UserID: "123456789012:" + request.Name,
		},
	}
	if err := credsecret.Publish(secret, fs, issued, credsecret.Origin{RequestHash: request.Hash(), IssuerIdentity: "AIDACKCEVSQ6C2EXAMPLE"}); err != nil {
		b.Fatal(err)
	}
	return secret, session.Observed{
		Session: fs, Request: session.AdmittedRequest(request, request), Secret: credsecret.Observe(secret, fs),
		Issuer: session.Issuer{
			State: session.IssuerReady, HasIdentity: true,
			Identity: sts.Identity{ARN: "arn:aws:iam::123456789012:user/demo", UserID: "AIDACKCEVSQ6C2EXAMPLE"},
		},
	}
}

func BenchmarkDecide(b *testing.B) {
	_, observed := healthy(b)
	for _, bc := range []struct {
		name string
		now  time.Time
		want session.Action
	}{
		{"keep", start.Add(time.Hour), session.Keep},
		{"issue", start.Add(8 * time.Hour), session.Issue},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := session.Decide(observed, bc.now); got.Action != bc.want {
					b.Fatal(got)
				}
			}
		})
	}
}

func BenchmarkRequestHash(b *testing.B) {
	_, observed := healthy(b)
	b.ReportAllocs()
	for b.Loop() {
		observed.Request.ToSend().Hash()
	}
}

func BenchmarkObserve(b *testing.B) {
	whole, observed := healthy(b)
	stripped := whole.DeepCopy()
	if _, err := credsecret.Strip(stripped); err != nil {
		b.Fatal(err)
	}
	for _, bc := range []struct {
		name   string
		secret *corev1.Secret
	}{{"live", whole}, {"cached", stripped}} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := credsecret.Observe(bc.secret, observed.Session); !got.Intact {
					b.Fatal("not intact")
				}
			}
		})
	}
}
