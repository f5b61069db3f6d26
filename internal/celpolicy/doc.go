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

// Package celpolicy compiles and evaluates CEL expressions that untrusted authors write.
//
// An author may be a tenant, and the process that evaluates the expressions serves every tenant. So each expression is
// bounded before it runs (see vet.go) and while it runs (see cost.go). The same holds for all expressions of one Compiler
// and for everything that one Evaluation evaluates.
package celpolicy
