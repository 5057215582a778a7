// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

// What the tests call things.
const (
	ownUID     = onetimetest.OwnUID
	ownAttempt = onetimetest.OwnAttempt
	published  = onetimetest.Published
	valueKey   = onetimetest.ValueKey
	paris      = onetimetest.Paris
	warsaw     = onetimetest.Warsaw
)

var (
	ownMark     = onetimetest.OwnMark
	noon        = onetimetest.Noon
	declaration = onetimetest.Declaration
	token       = onetimetest.Token
	deleted     = onetimetest.Deleted
	uuidOf      = onetimetest.UUIDOf
	wantErr     = onetimetest.WantErr
)

// A bench has a guard, and what it works with.
type bench struct {
	*onetimetest.Bench

	guard *Guard
}

func newBench(t *testing.T) *bench {
	t.Helper()

	b := &bench{Bench: onetimetest.New(t, IndexExternalName)}
	b.guard = &Guard{
		Kind:     resource.OneTime{Resource: b.Resource},
		List:     &v1beta1.TokenList{},
		Kube:     b.Guarded,
		Live:     b.Kube,
		Cached:   b.Kube,
		Remote:   b.Remote,
		Permits:  issue.NewPermits(),
		Mintable: b.mintable,
		Recorder: b.Events,
		Timeout:  time.Minute,
		Delivery: DeliveryTimeout,
		First:    func(types.UID) bool { return true },
		Now:      func() time.Time { return noon },
		Started:  noon,
	}

	return b
}

// mintable refuses what nobody could read, and what would be born dead.
func (b *bench) mintable(mg Resource, args map[string]any) error {
	if mg.GetWriteConnectionSecretToReference() == nil {
		return errors.New("spec.writeConnectionSecretToRef is not set")
	}

	expiry, _ := args[b.guard.Kind.ExpiryAttribute()].(string)

	return b.Resource.CheckExpiry(expiry, noon)
}

// terraform is an external client that does to a creation what Terraform and the
// transport would: to an attempt of that outcome. It counts the requests.
func (b *bench) terraform(outcome issue.Outcome, during func(), sent *int) managed.ExternalClient {
	return &managed.ExternalClientFns{CreateFn: func(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
		*sent++

		permit, ok := issue.PermitFrom(ctx)
		if !ok {
			return managed.ExternalCreation{}, errors.New("no permit")
		}

		if during != nil {
			during()
		}

		switch outcome {
		case issue.Minted:
			name, value := b.Mint(permit.Mark().Append("new"))
			permit.Finish(outcome, issue.Object{ID: uuidOf(name), Secret: value})
			meta.SetExternalName(mg, name)

			return managed.ExternalCreation{}, nil
		case issue.Unclear, issue.Refused:
			permit.Finish(outcome, issue.Object{})
			return managed.ExternalCreation{}, errors.New("http error 500")
		case issue.NotSent:
		}

		return managed.ExternalCreation{}, nil
	}}
}

// supersede the attempt by another, as another process does.
func (b *bench) supersede(s ledger.State) {
	b.T.Helper()

	tk := b.Stored()
	r := b.Pending(0)
	r.Attempt, r.State = "99999999", s
	r.Write(tk)
	b.Update(tk)
}

// unavailable reads nothing from the API server.
func unavailable(c client.WithWatch) client.Client {
	return interceptor.NewClient(c, interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return errors.New("no answer from the API server")
	}})
}

// after is an external client that goes on after the creation, and ends with the
// error of that.
func after(inner managed.ExternalClient, goOn func(xpresource.Managed) error) managed.ExternalClient {
	return &managed.ExternalClientFns{CreateFn: func(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
		creation, _ := inner.Create(ctx, mg) // Its error is replaced.
		return creation, goOn(mg)
	}}
}

// count returns how many interrupted creations have had that end.
func count(t *testing.T, m *Metrics, end string) int {
	t.Helper()

	return onetimetest.Counted(t, m, "scaleway_interrupted_creations_total", map[string]string{labelKind: "Token", labelOutcome: end})
}
