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

// Package admission_test asks a real API server what it makes of the API types: what it accepts and refuses, with
// which message, and how it shows them.
package admission_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/controlplane"
)

const crdDirectory = "../../config/crd/bases"

var (
	// k8s sends every write with strict field validation.
	k8s       client.Client
	clientset *kubernetes.Clientset
	// connection is theirs, for clients of other users.
	connection *rest.Config
)

func TestMain(m *testing.M) {
	os.Exit(controlplane.Run(func(c *controlplane.ControlPlane) (code int, err error) {
		gomega.SetDefaultEventuallyTimeout(time.Minute) // the API server rebuilds a changed API when it finds the time
		connection = c.Config
		k8s = client.WithFieldValidation(c.Client, "Strict")
		if clientset, err = kubernetes.NewForConfig(connection); err != nil {
			return 0, fmt.Errorf("making a clientset: %w", err)
		}
		if code = m.Run(); code == 0 && everyTestRan() {
			return code, refusals.expectEveryLimit()
		}
		return code, nil
	}))
}
