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

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Issuer is what a SessionIssuer and a ClusterSessionIssuer have in common.
//
// +kubebuilder:object:generate=false
type Issuer interface {
	metav1.Object
	runtime.Object

	// IssuerKind is the kind of the issuer.
	IssuerKind() IssuerKind
	// IssuerSpec is the shared part of the issuer's spec.
	IssuerSpec() *IssuerSpec
	// IssuerStatus is the issuer's status.
	IssuerStatus() *IssuerStatus
}

var (
	_ Issuer = &SessionIssuer{}
	_ Issuer = &ClusterSessionIssuer{}
)

// IssuerKind implements Issuer.
func (*SessionIssuer) IssuerKind() IssuerKind { return SessionIssuerKind }

// IssuerSpec implements Issuer.
func (i *SessionIssuer) IssuerSpec() *IssuerSpec { return &i.Spec.IssuerSpec }

// IssuerStatus implements Issuer.
func (i *SessionIssuer) IssuerStatus() *IssuerStatus { return &i.Status }

// IssuerKind implements Issuer.
func (*ClusterSessionIssuer) IssuerKind() IssuerKind { return ClusterSessionIssuerKind }

// IssuerSpec implements Issuer.
func (i *ClusterSessionIssuer) IssuerSpec() *IssuerSpec { return &i.Spec.IssuerSpec }

// IssuerStatus implements Issuer.
func (i *ClusterSessionIssuer) IssuerStatus() *IssuerStatus { return &i.Status }

// TargetSecretName is the name of the Secret that receives the credentials.
func (s *FederatedSession) TargetSecretName() string {
	if s.Spec.Secret.Name != "" {
		return s.Spec.Secret.Name
	}
	return s.Name
}
