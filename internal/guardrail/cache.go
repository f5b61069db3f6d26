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

package guardrail

import (
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// cacheSize is how many issuers' guardrails are kept compiled.
const cacheSize = 1 << 16

// Cache keeps compiled guardrails by the UID and generation of their issuer, so that no change has to be announced to it. The
// issuer's own reconciler compiles them; sessions never wait for that.
type Cache struct {
	compiled *lru.Cache
	// compiling: one at a time, since a large one needs much memory for a moment.
	compiling sync.Mutex
}

// cacheKey is one version of an issuer's spec.
type cacheKey struct {
	uid        types.UID
	generation int64
}

// compiled is what compiling came to.
type compiled struct {
	guardrails *Guardrails
	problem    *sts.Problem
}

// NewCache is empty.
func NewCache() *Cache { return &Cache{compiled: lru.New(cacheSize)} }

// Compile the guardrails of an issuer, unless that was done. A problem means that they cannot be read, and so that nothing may
// be issued.
func (c *Cache) Compile(issuer v1alpha1.Issuer) (*Guardrails, *sts.Problem) {
	if guardrails, problem, known := c.Get(issuer); known {
		return guardrails, problem
	}
	c.compiling.Lock()
	defer c.compiling.Unlock()
	guardrails, problem := Compile(issuer)
	c.compiled.Add(keyOf(issuer), compiled{guardrails, problem})
	return guardrails, problem
}

// Get the guardrails of an issuer, or the problem of reading them, if they were compiled (known).
func (c *Cache) Get(issuer v1alpha1.Issuer) (guardrails *Guardrails, problem *sts.Problem, known bool) {
	value, _ := c.compiled.Get(keyOf(issuer))
	result, known := value.(compiled)
	return result.guardrails, result.problem, known
}

func keyOf(issuer v1alpha1.Issuer) cacheKey {
	return cacheKey{issuer.GetUID(), issuer.GetGeneration()}
}

// MetadataOf is what rules know of an object.
func MetadataOf(object metav1.Object) Metadata {
	return Metadata{Name: object.GetName(), Labels: object.GetLabels(), Annotations: object.GetAnnotations()}
}
