// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package remote is what the guard of one-time secrets asks of Scaleway. It is a port:
// package clients has what really asks.
package remote

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// An Object that a list shows.
type Object struct {
	// ID of the object, less its region.
	ID string
	// Mark of the attempt that has minted it. It is nil for what nobody has marked.
	Mark *ledger.Mark
	// Deleting tells that Scaleway says that it is deleting the object.
	Deleting bool
}

// An API asks Scaleway about objects of one kind, with the credentials of one managed
// resource.
type API interface {
	// List the objects of the parents, which are UUIDs by argument, in a region, which is
	// empty for a global product. An error that wraps ErrEnded says that Scaleway no
	// longer answers for any object of the kind.
	List(ctx context.Context, region string, parents map[string]string) ([]Object, error)
	// Delete an object. It is no error if there is none.
	Delete(ctx context.Context, id regional.ID) error
}

// ErrEnded says that an API has been switched off.
var ErrEnded = errors.New("Scaleway has switched this API off")

type endedError struct{ error }

func (e endedError) Unwrap() error        { return e.error }
func (e endedError) Is(target error) bool { return target == ErrEnded } //nolint:errorlint // That is what Is is for.

// Ended marks an error as one of an API that has been switched off, and keeps its text.
func Ended(err error) error {
	return endedError{err}
}
