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

package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/client/config"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// config is what the flags say.
type config struct {
	leaderElect       bool
	leaderElectionID  string
	operatorNamespace string
	controllerName    string
	namespaces        []string
	clusterIssuers    bool
	selector          labels.Selector
	concurrency       int
	kubeAPIQPS        float64
	kubeAPIBurst      int
	stsTimeout        time.Duration
	metricsAddress    string
	metricsSecure     bool
	metricsCertDir    string
	healthAddress     string
	logFormat         string
	logLevel          int
	version           bool
}

// maxLogLevel: client-go logs headers from 7 and the bodies of Secrets from 8.
const maxLogLevel = 5

const usage = `sts-operator issues and rotates the temporary AWS credentials that FederatedSessions declare.

Usage: manager [flags]

It takes the cluster from --kubeconfig, $KUBECONFIG, the pod it runs in or ~/.kube/config, in this order.

Flags:
`

// parseFlags reads the command line. Help goes to stdout; an error says what to change.
func parseFlags(args []string, stdout io.Writer) (config, error) {
	var c config
	var namespaces, selector string
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	ctrlconfig.RegisterFlags(flags) // --kubeconfig
	flags.BoolVar(&c.leaderElect, "leader-elect", true, "let only one of several replicas work; it gives way at once when it ends")
	flags.StringVar(&c.leaderElectionID, "leader-election-id", "sts-operator.dev",
		"`name` of the Lease that replicas share; give each shard (--selector) its own")
	flags.StringVar(
		&c.operatorNamespace,
		"operator-namespace",
		operatorNamespace(),
		"`namespace` of the Lease and of the Secrets (keys, MFA seeds) of ClusterSessionIssuers; by default the pod's own, else sts-operator-system",
	)
	flags.StringVar(&c.controllerName, "controller-name", "",
		"`name` of this installation, for the spec.controllerName of ClusterSessionIssuers; by default sts-operator.dev/ and --operator-namespace")
	flags.StringVar(&namespaces, "namespaces", "", "watch only these `namespaces`, separated by commas; all by default")
	flags.BoolVar(
		&c.clusterIssuers,
		"cluster-issuers",
		true,
		"serve ClusterSessionIssuers; false, with --namespaces, does without anything cluster-scoped, so that Roles are permission enough",
	)
	flags.StringVar(&selector, "selector", "", "serve only FederatedSessions that this label `selector` matches, to shard a large cluster; all by default")
	flags.IntVar(&c.concurrency, "concurrency", 16, "`number` of sessions reconciled at a time")
	flags.Float64Var(&c.kubeAPIQPS, "kube-api-qps", 0,
		"most `requests` a second to the Kubernetes API, on average; 0 leaves it to the API server's priority and fairness")
	flags.IntVar(&c.kubeAPIBurst, "kube-api-burst", 400, "most `requests` to the Kubernetes API in a burst, where --kube-api-qps limits them")
	flags.DurationVar(
		&c.stsTimeout,
		"sts-timeout",
		10*time.Second,
		"most `time` that one STS call may take, with what verifies or explains it, 1s to 15s; a shutdown waits for calls under way",
	)
	flags.StringVar(&c.metricsAddress, "metrics-bind-address", ":8443", "`address` of the metrics; 0 turns them off")
	flags.BoolVar(&c.metricsSecure, "metrics-secure", true, "serve metrics over HTTPS and only to who may get /metrics in the cluster")
	flags.StringVar(&c.metricsCertDir, "metrics-cert-dir", "", "`folder` with tls.crt and tls.key for the metrics; a self-signed certificate by default")
	flags.StringVar(&c.healthAddress, "health-probe-bind-address", ":8081", "`address` of /healthz and /readyz; 0 turns them off")
	flags.StringVar(&c.logFormat, "log-format", "json", "`format` of the log: json or text")
	flags.IntVar(&c.logLevel, "log-level", 0, "`verbosity` of the log, 0 to 5: 0 for changes, more for debugging")
	flags.BoolVar(&c.version, "version", false, "print the version and exit")

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stdout)
			fmt.Fprint(stdout, usage)
			flags.PrintDefaults()
			return c, err
		}
		return c, fmt.Errorf("%w; --help lists the flags", err)
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q; --help lists the flags", flags.Arg(0))
	}
	return c, c.complete(namespaces, selector)
}

// controllerNamePattern is that of the API.
var controllerNamePattern = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z._/-]{0,251}[0-9A-Za-z])?$`)

// complete checks the values and parses those that are lists.
func (c *config) complete(namespaces, selector string) error {
	c.controllerName = cmp.Or(c.controllerName, v1alpha1.GroupVersion.Group+"/"+c.operatorNamespace)
	var err error
	if c.namespaces, err = parseNamespaces(namespaces); err != nil {
		return fmt.Errorf("--namespaces: %w", err)
	}
	if c.selector, err = labels.Parse(selector); err != nil {
		return fmt.Errorf("--selector: %w", err)
	}
	switch {
	case !c.clusterIssuers && len(c.namespaces) == 0:
		return errors.New("--cluster-issuers=false needs --namespaces: name the namespaces to serve, since without ClusterRole none can be found")
	case !controllerNamePattern.MatchString(c.controllerName):
		return fmt.Errorf("--controller-name may hold only letters, digits and ._/-, such as sts-operator.dev/sts-operator-system, not %q", c.controllerName)
	case !slices.Contains([]string{"json", "text"}, c.logFormat):
		return fmt.Errorf("--log-format must be json or text, not %q", c.logFormat)
	case c.concurrency < 1 || c.concurrency > 1000:
		return fmt.Errorf("--concurrency must be from 1 to 1000, not %d", c.concurrency)
	case c.logLevel < 0 || c.logLevel > maxLogLevel:
		return fmt.Errorf(
			"--log-level must be from 0 to %d, not %d: beyond that the Kubernetes client logs what it sends and gets, credentials included",
			maxLogLevel,
			c.logLevel,
		)
	case c.kubeAPIQPS < 0 || c.kubeAPIBurst < 1:
		return errors.New("--kube-api-qps must not be below 0, and --kube-api-burst must be above 0")
	case c.stsTimeout < time.Second || c.stsTimeout > 15*time.Second:
		return fmt.Errorf("--sts-timeout must be from 1s to 15s, not %s", c.stsTimeout)
	}
	return nil
}

// parseNamespaces reads names separated by commas.
func parseNamespaces(text string) ([]string, error) {
	var namespaces []string
	for namespace := range strings.SplitSeq(text, ",") {
		if namespace = strings.TrimSpace(namespace); namespace == "" {
			continue
		}
		if problems := validation.IsDNS1123Label(namespace); len(problems) > 0 {
			return nil, fmt.Errorf("%q is no namespace: %s", namespace, problems[0])
		}
		namespaces = append(namespaces, namespace)
	}
	return namespaces, nil
}

// operatorNamespace is the namespace of the pod this runs in, or the one the manifests use.
func operatorNamespace() string {
	if name, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace"); err == nil {
		return strings.TrimSpace(string(name))
	}
	return "sts-operator-system"
}

// logger writes to w in the format and with the verbosity of the flags.
func (c *config) logger(w io.Writer) logr.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(-c.logLevel)}
	if c.logFormat == "text" {
		return logr.FromSlogHandler(slog.NewTextHandler(w, options))
	}
	return logr.FromSlogHandler(slog.NewJSONHandler(w, options))
}
