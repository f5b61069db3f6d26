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
	"path/filepath"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// prepareFolder makes the folder that everything is in, and has the programs use it.
func (c *ControlPlane) prepareFolder() (err error) {
	if c.folder == "" {
		c.temporary = true
		if c.folder, err = os.MkdirTemp("", "sts-operator-controlplane-"); err != nil {
			return err
		}
	}
	etcd, apiServer := &envtest.Etcd{DataDir: filepath.Join(c.folder, "etcd")}, c.environment.ControlPlane.GetAPIServer()
	apiServer.CertDir = filepath.Join(c.folder, "kube-apiserver")
	c.environment.ControlPlane.Etcd = etcd
	for _, folder := range []string{etcd.DataDir, apiServer.CertDir} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	if err := c.tieToCaller(); err != nil {
		return err
	}
	if c.audited {
		return c.configureAudit()
	}
	return nil
}

func (c *ControlPlane) removeFolder() error {
	if !c.temporary {
		return nil
	}
	return os.RemoveAll(c.folder)
}

func (c *ControlPlane) logFile(program string) string { return filepath.Join(c.folder, program+".log") }

// openLogs sends what the programs print to their log files.
func (c *ControlPlane) openLogs() (closeAll func(), err error) {
	etcdLog, err := os.Create(c.logFile("etcd"))
	if err != nil {
		return nil, err
	}
	apiServerLog, err := os.Create(c.logFile("kube-apiserver"))
	if err != nil {
		_ = etcdLog.Close()
		return nil, err
	}
	etcd, apiServer := c.environment.ControlPlane.Etcd, c.environment.ControlPlane.GetAPIServer()
	etcd.Out, etcd.Err, apiServer.Out, apiServer.Err = etcdLog, etcdLog, apiServerLog, apiServerLog
	return func() {
		_ = etcdLog.Close()
		_ = apiServerLog.Close()
	}, nil
}

// lastLines are the ends of the log files, to explain why a start failed.
func (c *ControlPlane) lastLines() string {
	const shown = 5
	var all strings.Builder
	for _, program := range []string{"etcd", "kube-apiserver"} {
		text, err := os.ReadFile(c.logFile(program))
		if err != nil || len(text) == 0 {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(&all, "\nthe last lines of %s:\n  %s", program, strings.Join(lines[max(0, len(lines)-shown):], "\n  "))
	}
	return all.String()
}
