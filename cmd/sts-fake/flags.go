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
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// version is set by the linker; a build without it reports its module version.
var version string

type configuration struct {
	listen      string
	region      string
	service     string
	regime      string
	maxLifetime time.Duration
	scenarios   []stsfake.Scenario
	worldFile   string
	version     bool
}

func parseFlags(args []string, stdout io.Writer) (configuration, error) {
	var config configuration
	flags := flag.NewFlagSet("sts-fake", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are reported once, by main
	flags.StringVar(&config.listen, "listen", "127.0.0.1:4599", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&config.region, "region", "", "the only `region` whose signatures are accepted; empty accepts any")
	flags.StringVar(&config.service, "service", string(stsfake.ServiceAWS),
		"`service` to imitate: aws, or compatible: another one that speaks STS, which has\nAssumeRole alone, takes any path, region and role, and names no principal")
	flags.StringVar(&config.regime, "size-regime", string(stsfake.TokenSize),
		"`rule` that limits policies and tags: token-size (a token has at most 4096 bytes,\nAWS since September 2026) or packed-policy (AWS before)")
	flags.DurationVar(&config.maxLifetime, "max-lifetime", 0,
		"longest session granted whatever is asked for, a `duration` such as 2m; may be\nshorter than the 15m of AWS; 0 is as asked")
	flags.Func("scenario", "`JSON` of a scenario in force from the start, for example\n"+
		`'{"kind":"latency","duration":"2s"}'`+"; may be given several times", func(text string) error {
		scenarios, err := stsfake.ParseScenarios([]byte(text))
		config.scenarios = append(config.scenarios, scenarios...)
		return err
	})
	flags.StringVar(&config.worldFile, "world", "",
		"YAML `file` with the accounts, users, roles and identity providers that exist;\nwithout one there is one account with one user")
	flags.BoolVar(&config.version, "version", false, "print the version and end")

	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		printHelp(flags, stdout)
		return config, err
	case err != nil:
		return config, err
	case flags.NArg() > 0:
		return config, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case config.maxLifetime < 0:
		return config, errors.New("--max-lifetime must not be negative")
	case config.service != string(stsfake.ServiceAWS) && config.service != string(stsfake.ServiceCompatible):
		return config, fmt.Errorf("--service is %s or %s, not %q", stsfake.ServiceAWS, stsfake.ServiceCompatible, config.service)
	case config.regime != string(stsfake.TokenSize) && config.regime != string(stsfake.PackedPolicy):
		return config, fmt.Errorf("--size-regime is %s or %s, not %q", stsfake.TokenSize, stsfake.PackedPolicy, config.regime)
	}
	return config, nil
}

func (c configuration) options() []stsfake.Option {
	return []stsfake.Option{
		stsfake.WithService(stsfake.Service(c.service)),
		stsfake.WithRegion(c.region),
		stsfake.WithSizeRegime(stsfake.SizeRegime(c.regime)),
		stsfake.WithMaxLifetime(c.maxLifetime),
	}
}

// world is that of the file, or the default one.
func (c configuration) world() (stsfake.World, error) {
	if c.worldFile == "" {
		return stsfake.DefaultWorld(), nil
	}
	text, err := os.ReadFile(c.worldFile)
	if err != nil {
		return stsfake.World{}, fmt.Errorf("--world: %w", err)
	}
	world, err := stsfake.ParseWorld(text)
	if err != nil {
		return stsfake.World{}, fmt.Errorf("--world %s: %w", c.worldFile, err)
	}
	return world, nil
}

func printHelp(flags *flag.FlagSet, stdout io.Writer) {
	_, _ = fmt.Fprint(stdout, `sts-fake serves a faithful AWS STS for demonstrations and tests: signatures are verified, sessions expire,
errors are those of AWS. Without --world it holds nothing of value: its one key pair is the example of the AWS
documentation.

Usage: sts-fake [flags]

`)
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0s" {
			usage += " (default " + f.DefValue + ")"
		}
		_, _ = fmt.Fprintf(stdout, "  %s\n      %s\n", strings.TrimSpace("--"+f.Name+" "+value), strings.ReplaceAll(usage, "\n", "\n      "))
	})
	_, _ = fmt.Fprint(stdout, `
Kinds of scenarios: latency, throttle, error, html, reset, hang, empty, truncated, lifetime,
encodedDenials, clockSkew, keyDelay.
They can be changed while it runs: POST, GET and DELETE /_admin/scenarios.
`)
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}
