// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command patch-and-transform stands in for function-patch-and-transform, which
// cannot be had as a Go module, where the compositions among the examples are
// tested. It takes the same input and returns the same desired resources, for the
// part of the input that the examples use; anything else it refuses.
package main

import (
	"flag"
	"fmt"
	"os"

	function "github.com/crossplane/function-sdk-go"
)

func main() {
	address := flag.String("address", ":9443", "Address to listen on.")
	certs := flag.String("tls-certs-dir", os.Getenv("TLS_SERVER_CERTS_DIR"), "Folder with tls.crt, tls.key and ca.crt.")
	insecure := flag.Bool("insecure", false, "Serve without TLS.")
	flag.Parse()

	err := function.Serve(&Function{},
		function.Listen("tcp", *address),
		function.MTLSCertificates(*certs),
		function.Insecure(*insecure),
		function.WithMetricsServer(""),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
