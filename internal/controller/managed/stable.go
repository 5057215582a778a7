// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"regexp"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// passing is what differs each time that the same thing goes wrong: ports of
// connections, identifiers of requests, and times.
var passing = []*regexp.Regexp{
	regexp.MustCompile(`(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d+->`),
	regexp.MustCompile(`(?i)(request|trace|correlation)[-_ ]?id"?[:= ]+"?[0-9a-z-]+"?`),
	regexp.MustCompile(`\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?`),
	regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s|m|h)(\d+(\.\d+)?(ms|s|m))*\b`),
	regexp.MustCompile(`\b0x[0-9a-f]{6,}\b`),
}

// doing is what the reconciler puts before an error in a condition.
var doing = regexp.MustCompile(`^(connect|observe|create|update|delete) failed: `)

func mask(text string) string {
	for _, re := range passing {
		text = re.ReplaceAllLiteralString(text, "…")
	}

	return text
}

// stable returns the error with the text of the last one if it is the same but for
// what is passing. A text that changes makes a new event, and a write of the
// object, for each attempt; and a time in it would not be that of the first.
func stable(mg xpresource.Managed, err error) error {
	if err == nil {
		return nil
	}

	synced := mg.GetCondition(xpv1.TypeSynced)

	last := doing.ReplaceAllLiteralString(synced.Message, "")
	if text := err.Error(); last == text || mask(last) != mask(text) || synced.ObservedGeneration != mg.GetGeneration() {
		return err
	}

	return &repeated{error: err, text: last}
}

// A repeated error says what the first one has said.
type repeated struct {
	error

	text string
}

func (r *repeated) Error() string { return r.text }
func (r *repeated) Unwrap() error { return r.error }

// A stableConnector makes the errors of a connector stable, and the time of a
// condition that does not change.
type stableConnector struct {
	managed.ExternalConnector
}

// Connect implements managed.ExternalConnector.
func (c stableConnector) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	client, err := c.ExternalConnector.Connect(ctx, mg)
	if err != nil {
		return nil, stable(mg, err)
	}

	return stableClient{client}, nil
}

type stableClient struct {
	managed.ExternalClient
}

// Observe implements managed.ExternalClient.
func (c stableClient) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	before := mg.GetCondition(xpv1.TypeReady)

	o, err := c.ExternalClient.Observe(ctx, mg)

	// Upjet says that it is available, before it is known that it is not.
	if after := mg.GetCondition(xpv1.TypeReady); before.Reason != "" && after.Equal(before) {
		mg.SetConditions(xpv1.Condition{Type: xpv1.TypeReady}, before)
	}

	return o, stable(mg, err)
}

// Create implements managed.ExternalClient.
func (c stableClient) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	o, err := c.ExternalClient.Create(ctx, mg)
	return o, stable(mg, err)
}

// Update implements managed.ExternalClient.
func (c stableClient) Update(ctx context.Context, mg xpresource.Managed) (managed.ExternalUpdate, error) {
	o, err := c.ExternalClient.Update(ctx, mg)
	return o, stable(mg, err)
}

// Delete implements managed.ExternalClient.
func (c stableClient) Delete(ctx context.Context, mg xpresource.Managed) (managed.ExternalDelete, error) {
	o, err := c.ExternalClient.Delete(ctx, mg)
	return o, stable(mg, err)
}

// stableInitializer makes the errors of an initializer stable.
func stableInitializer(i managed.Initializer) managed.Initializer {
	return managed.InitializerFn(func(ctx context.Context, mg xpresource.Managed) error {
		return stable(mg, i.Initialize(ctx, mg))
	})
}
