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

package controller

import (
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Guardrails keeps the compiled guardrails of issuers, of the latest version each, for all reconcilers.
type Guardrails struct {
	mutex    sync.Mutex
	compiled map[broker.ID]compiledGuardrails
	// compiling: one at a time, since a large one needs much memory for a moment.
	compiling sync.Mutex
}

type compiledGuardrails struct {
	version string
	// read compiles them, once.
	read func() (*guardrail.Guardrails, *sts.Problem)
}

// NewGuardrails knows none yet.
func NewGuardrails() *Guardrails { return &Guardrails{compiled: map[broker.ID]compiledGuardrails{}} }

// of an issuer; a problem means that they cannot be read, and so that nothing may be issued.
func (g *Guardrails) of(id broker.ID, issuer v1alpha1.Issuer) (*guardrail.Guardrails, *sts.Problem) {
	version := versionOf(issuer)
	g.mutex.Lock()
	known, ok := g.compiled[id]
	if !ok || known.version != version {
		known = compiledGuardrails{version, sync.OnceValues(func() (*guardrail.Guardrails, *sts.Problem) {
			g.compiling.Lock()
			defer g.compiling.Unlock()
			return guardrail.Compile(issuer)
		})}
		g.compiled[id] = known
	}
	g.mutex.Unlock()
	return known.read()
}

// forget an issuer that is gone.
func (g *Guardrails) forget(id broker.ID) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	delete(g.compiled, id)
}

// versionOf an issuer differs whenever its spec does.
func versionOf(issuer v1alpha1.Issuer) string {
	return fmt.Sprintf("%s/%d", issuer.GetUID(), issuer.GetGeneration())
}

// metadataOf is what rules know of an object.
func metadataOf(object metav1.Object) guardrail.Metadata {
	return guardrail.Metadata{Name: object.GetName(), Labels: object.GetLabels(), Annotations: object.GetAnnotations()}
}
