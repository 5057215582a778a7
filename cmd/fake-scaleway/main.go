// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command fake-scaleway serves a local, in-memory Scaleway API for demos.
package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

const description = `Serves a local, in-memory Scaleway API. Prints url, access_key, secret_key, organization_id and project_id as one line of JSON, then serves until interrupted. GET /_fake/objects answers what it holds, GET /_fake/requests what it was asked, and POST /_fake/verify, with a JWT as body, the claims of the JWT.`

type cli struct {
	Listen         string        `default:"127.0.0.1:0" help:"Address to listen on. Its host must be a loopback IP address; port 0 takes a free port."`
	TransientDelay time.Duration `default:"0s" help:"How long objects stay creating, updating and deleting, such as 10s."`
	ProjectID      string        `default:"11111111-1111-4111-8111-111111111111" help:"UUID of the project that the key belongs to. The default is that of the examples."`
}

// Run prints how to reach the API to out, and serves it until ctx is done.
func (c *cli) Run(ctx context.Context, out io.Writer) error {
	s := fakescaleway.New(fakescaleway.WithDebug(), fakescaleway.WithTransientDelay(c.TransientDelay))
	url, err := s.Listen(c.Listen)
	if err != nil {
		return err
	}
	defer s.Close()

	key := s.NewKey()
	key.ProjectID = c.ProjectID
	s.AddKey(key)
	if err := json.NewEncoder(out).Encode(map[string]string{
		"url":             url,
		"access_key":      key.AccessKey,
		"secret_key":      key.SecretKey,
		"organization_id": key.OrganizationID,
		"project_id":      key.ProjectID,
	}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&cli{}, kong.Description(description),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(os.Stdout, (*io.Writer)(nil)))
	k.FatalIfErrorf(k.Run())
}
