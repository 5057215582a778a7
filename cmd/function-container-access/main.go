// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command function-container-access is the composition function behind the
// ContainerAccess of examples/compositions: access to private containers by an API
// key or by a token, and the way from the one to the other without a moment in which
// the Secret holds no valid value.
package main

import (
	"github.com/alecthomas/kong"
	function "github.com/crossplane/function-sdk-go"
)

type cli struct {
	Address     string `default:":9443"                                                 help:"Address to listen on."`
	TLSCertsDir string `env:"TLS_SERVER_CERTS_DIR"                                      help:"Folder with tls.crt, tls.key and ca.crt. Crossplane gives it." name:"tls-certs-dir"`
	Insecure    bool   `help:"Serve without TLS, for \"crossplane render\"."`
}

// Run serves until the process is told to stop.
func (c *cli) Run() error {
	return function.Serve(NewFunction(),
		function.Listen("tcp", c.Address),
		function.MTLSCertificates(c.TLSCertsDir),
		function.Insecure(c.Insecure),
		function.WithMetricsServer(""),
	)
}

func main() {
	k := kong.Parse(&cli{},
		kong.Name("function-container-access"),
		kong.Description("A composition function of Crossplane that gives access to private containers of Scaleway."),
	)
	k.FatalIfErrorf(k.Run())
}
