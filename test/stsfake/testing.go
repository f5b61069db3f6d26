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

package stsfake

import (
	"net/http/httptest"
	"time"
)

// Fake is a Server that listens on loopback for the length of a test.
type Fake struct {
	*Server
	// URL is what SDKs take as the endpoint of STS.
	URL string
}

// T is the part of *testing.T that New needs.
type T interface {
	Helper()
	Cleanup(func())
}

// New starts a fake for a test: the default world (account, IAM user and access key in the Default… constants) by the
// machine's clock. It stops when the test ends. For another world or clock, serve NewServer.
func New(t T, options ...Option) *Fake {
	t.Helper()
	server := NewServer(time.Now, DefaultWorld(), options...)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return &Fake{Server: server, URL: listener.URL}
}
