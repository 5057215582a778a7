// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetimetest

import (
	"context"
	"slices"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
)

// NoRemote has no credentials, and so no defaults.
func NoRemote(context.Context, client.Client, xpresource.ModernManaged) (remote.API, map[string]any, error) {
	return nil, nil, errors.New("no credentials")
}

// CannotRead the Secrets.
func CannotRead(names ...string) func(string) error {
	return func(name string) error {
		if slices.Contains(names, name) {
			return errors.New("cannot read")
		}

		return nil
	}
}

// NotListed is a client of an API server that lists nothing.
func NotListed(c client.WithWatch) client.Client {
	return interceptor.NewClient(c, interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return errors.New("cannot list")
	}})
}
