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
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
)

// UseProxy has a transport go through the proxy that is picked for a request, but for addresses of the node itself, and
// report what the proxy does. proxy is nil for none.
func UseProxy(transport *http.Transport, proxy func(*http.Request) (*url.URL, error)) {
	if proxy == nil {
		return
	}
	transport.Proxy = func(request *http.Request) (*url.URL, error) {
		if isOfNode(request.URL.Hostname()) {
			return nil, nil
		}
		address, err := proxy(request)
		if err != nil {
			return nil, errProxyAddress // its text may hold a password
		}
		if used, ok := request.Context().Value(routeKey{}).(*route); ok {
			used.proxy.Store(address)
		}
		return address, nil
	}
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
		if response.StatusCode != http.StatusOK {
			return &proxyRefusal{response.StatusCode}
		}
		return nil
	}
}

// errProxyAddress: there is a proxy, but its address is none.
var errProxyAddress = errors.New("the address of the proxy cannot be read")

// awsOfNode are the addresses of version 6 at which AWS serves metadata and credentials to an instance and its pods; those of
// version 4 are link-local.
var awsOfNode = netip.MustParsePrefix("fd00:ec2::/32")

// isOfNode says whether a host is an address that means something else on each node. A proxy could only answer for its own,
// with credentials that are not the operator's.
func isOfNode(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost"
	}
	address = address.Unmap().WithZone("")
	return address.IsLoopback() || address.IsLinkLocalUnicast() || awsOfNode.Contains(address)
}

// route is how requests went out, as far as messages tell it. It is written while a transport connects.
type route struct{ proxy atomic.Pointer[url.URL] }

type routeKey struct{}

// into has the requests of a context note their route.
func (r *route) into(ctx context.Context) context.Context {
	return context.WithValue(ctx, routeKey{}, r)
}

// explain adds to an error which proxy the request took.
func (r *route) explain(err error) error {
	proxy := r.proxy.Load()
	if err == nil || proxy == nil {
		return err
	}
	return &proxiedError{error: err, host: proxy.Host}
}

// proxiedError is the error of a request that went through a proxy.
type proxiedError struct {
	error
	host string // without user and password
}

// Unwrap gives the error itself.
func (e *proxiedError) Unwrap() error { return e.error }

// proxyOf is the host of the proxy that a failed request took; empty for none.
func proxyOf(err error) string {
	if proxied, ok := errors.AsType[*proxiedError](err); ok {
		return proxied.host
	}
	return ""
}
