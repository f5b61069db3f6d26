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

package broker

import "sync"

// callsPerNamespace is how many calls through the issuers of one namespace may be under way. Whoever may write an issuer
// names an endpoint; one that hangs must not occupy everybody's workers. Cluster-scoped issuers are an administrator's.
const callsPerNamespace = 4

// callCounter counts the calls under way, by the namespace of the issuer.
type callCounter struct {
	mutex sync.Mutex
	calls map[string]int
}

func newCallCounter() *callCounter { return &callCounter{calls: map[string]int{}} }

// begin counts a call through an issuer of a namespace, if there is room for it.
func (c *callCounter) begin(namespace string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if namespace != "" && c.calls[namespace] >= callsPerNamespace {
		return false
	}
	c.calls[namespace]++
	return true
}

// end makes room for another call.
func (c *callCounter) end(namespace string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.calls[namespace]--; c.calls[namespace] == 0 {
		delete(c.calls, namespace)
	}
}
