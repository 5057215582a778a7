// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package remote is what the guard of one-time secrets asks of Scaleway. It is a port:
// package clients has what really asks.
package remote

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/types"

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

// A Sight is what credentials are seen to see. Without it, what they do not see would be
// taken for gone.
type Sight struct {
	// Parents tells whether Scaleway shows all parents to them. Whoever sees a parent sees
	// what belongs to it.
	Parents bool
	// Organization that they belong to, as Scaleway says. It is empty if it does not.
	Organization string
}

// An API asks Scaleway about objects of one kind, with the credentials of one managed
// resource. Parents are UUIDs by argument, and a region is empty for a global product.
type API interface {
	// Key is a digest of the API key, for a managed resource with the UID.
	Key(uid types.UID) string
	// Organization that the credentials belong to, as Scaleway says of the parents. It is
	// empty if Scaleway does not say.
	Organization(ctx context.Context, region string, parents map[string]string) string
	// Sight of the parents, asked anew.
	Sight(ctx context.Context, region string, parents map[string]string) (Sight, error)

	// List the objects of the parents. An error that wraps ErrParentGone says that Scaleway
	// answers for others, but does not know the parents, and one that wraps ErrEnded that
	// it no longer answers for any object of the kind.
	List(ctx context.Context, region string, parents map[string]string) ([]Object, error)
	// Exists tells whether Scaleway shows an object, and is not deleting it.
	Exists(ctx context.Context, id regional.ID) (bool, error)
	// Delete an object. It tells whether Scaleway had it.
	Delete(ctx context.Context, id regional.ID) (bool, error)
}

// What the errors of List may wrap.
var (
	ErrEnded      = errors.New("Scaleway has switched this API off")
	ErrParentGone = errors.New("Scaleway does not know the parent")
)

type markedError struct {
	error

	mark error
}

func (e markedError) Unwrap() error        { return e.error }
func (e markedError) Is(target error) bool { return target == e.mark }

// Ended marks an error as one of an API that has been switched off, and keeps its text.
func Ended(err error) error { return markedError{err, ErrEnded} }

// ParentGone marks an error as one of a list whose parents are not known, and keeps its
// text.
func ParentGone(err error) error { return markedError{err, ErrParentGone} }
