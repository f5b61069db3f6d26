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
	"slices"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// operations are the STS operations that an issuer serves; empty for all but GetSessionToken.
type operations []v1alpha1.Operation

func newOperations(listed []v1alpha1.Operation) operations { return slices.Clone(listed) }

// serve says whether the issuer serves an operation. GetSessionToken lends everything that the issuer's user may do, so an
// issuer serves it only if its guardrails list it.
func (o operations) serve(operation string) bool {
	if len(o) == 0 {
		return operation != sts.OperationGetSessionToken
	}
	return slices.Contains(o, v1alpha1.Operation(operation))
}

// checkOperation says why the issuer does not serve an operation; nil if it does.
func (g *Guardrails) checkOperation(operation string) *sts.Problem {
	if g.operations.serve(operation) {
		return nil
	}
	what := operation
	if operation == sts.OperationGetSessionToken {
		what += ", which lends all that its user may"
	}
	return sts.Problemf(v1alpha1.ReasonOperationNotAllowed,
		"%s does not serve %s: an administrator must list it in spec.guardrails.operations", g.issuer, what)
}
