// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command provider is the Crossplane provider for Scaleway.
package main

import (
	"github.com/alecthomas/kong"
	"go.uber.org/zap/zapcore"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/provider"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/version"

	// Time zones: Terraform looks one up to create a cron, and the image that the
	// provider runs in has none.
	_ "time/tzdata"
)

func main() {
	var cli struct {
		provider.Options

		Version kong.VersionFlag `help:"Print the version and exit."`
	}

	k := kong.Parse(&cli,
		kong.Name("provider"),
		kong.Description("Crossplane provider for Scaleway. It runs in a cluster, or against the cluster that KUBECONFIG names. Credentials come from ProviderConfigs only."),
		kong.Vars{"version": version.String()},
		kong.UsageOnError(),
	)

	level := zapcore.InfoLevel
	if cli.Debug {
		level = zapcore.DebugLevel
	}

	log := zap.New(zap.Level(level), zap.StacktraceLevel(zapcore.DPanicLevel))

	cfg, err := ctrl.GetConfig()
	k.FatalIfErrorf(err, "cannot find the API server")

	k.FatalIfErrorf(provider.Run(ctrl.SetupSignalHandler(), cfg, cli.Options, log))
}
