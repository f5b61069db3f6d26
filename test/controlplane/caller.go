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

package controlplane

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// tieToCaller has the kernel kill etcd and kube-apiserver when this process ends, however that ends. It needs Linux and the
// setpriv of util-linux; elsewhere they outlive a caller that is killed.
func (c *ControlPlane) tieToCaller() error {
	if !hasSetpriv() {
		return nil
	}
	for name, path := range map[string]*string{
		"etcd": &c.environment.ControlPlane.Etcd.Path, "kube-apiserver": &c.environment.ControlPlane.GetAPIServer().Path,
	} {
		*path = filepath.Join(c.folder, name+".sh")
		script := fmt.Sprintf("#!/bin/sh\nexec setpriv --pdeathsig KILL '%s' \"$@\"\n", filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), name))
		if err := os.WriteFile(*path, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
			return err
		}
	}
	return nil
}

// hasSetpriv says whether there is a setpriv that can do it.
func hasSetpriv() bool { return exec.Command("setpriv", "--pdeathsig", "KILL", "true").Run() == nil }
