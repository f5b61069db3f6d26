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

import (
	"maps"
	"net/http"
	"slices"
)

// Codes are the error codes that the broker knows.
func Codes() []string { return slices.Sorted(maps.Keys(meanings)) }

// TransportOf is what connects for a client of NewHTTPClient.
func TransportOf(client *http.Client) *http.Transport {
	return client.Transport.(limitedTransport).next.(*http.Transport)
}
