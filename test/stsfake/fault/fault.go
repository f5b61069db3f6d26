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

// Package fault holds the errors STS answers with.
package fault

import (
	"fmt"
	"net/http"
)

// Fault is one error answer: what the caller reads in the XML and the HTTP status it comes with.
type Fault struct {
	Status  int
	Code    string
	Message string
}

func (f *Fault) Error() string { return f.Code + ": " + f.Message }

// IsReceiver tells whether the fault is the service's own; the XML calls every other one the sender's.
func (f *Fault) IsReceiver() bool { return f.Status >= http.StatusInternalServerError }

// BadRequest is a fault with status 400.
func BadRequest(code, format string, args ...any) *Fault {
	return &Fault{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Forbidden is a fault with status 403.
func Forbidden(code, format string, args ...any) *Fault {
	return &Fault{Status: http.StatusForbidden, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Validation is the answer to a parameter outside the bounds of the API model.
func Validation(format string, args ...any) *Fault {
	return BadRequest("ValidationError", format, args...)
}

// MalformedPolicy is the answer to a session policy that is not an IAM policy document.
func MalformedPolicy(format string, args ...any) *Fault {
	return BadRequest("MalformedPolicyDocument", format, args...)
}

// AccessDenied is the answer to a caller who may not do what it asks.
func AccessDenied(format string, args ...any) *Fault {
	return Forbidden("AccessDenied", format, args...)
}
