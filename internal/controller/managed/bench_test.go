// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
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

	// reasonLeft is the reason of the guard's event that something is left at Scaleway.
	reasonLeft event.Reason = "LeftAtScaleway"

	// hidden is what Scaleway returns in place of a secret.
	hidden = "<hidden>"
)

var (
	ownMark     = onetimetest.OwnMark
	noon        = onetimetest.Noon
	declaration = onetimetest.Declaration
	token       = onetimetest.Token
	deleted     = onetimetest.Deleted
	wantErr     = onetimetest.WantErr
)

// A bench has a guard of one-time secrets, and what it works with.
type bench struct {
	*onetimetest.Bench

	guard *onetime.Guard
}

func newBench(t *testing.T) *bench {
	t.Helper()

	b := &bench{Bench: onetimetest.New(t, onetime.IndexExternalName)}

	now := func() time.Time { return noon }
	c := &Connector{resource: b.Resource, now: now}

	b.guard = &onetime.Guard{
		Kind:     resource.OneTime{Resource: b.Resource},
		List:     &v1beta1.TokenList{},
		Kube:     b.Guarded,
		Live:     b.Kube,
		Cached:   b.Kube,
		Remote:   b.Remote,
		Permits:  issue.NewPermits(),
		Mintable: func(mg onetime.Resource, args map[string]any) error { return c.checkMintable(mg, args) },
		Recorder: b.Events,
		Timeout:  time.Minute,
		Delivery: onetime.DeliveryTimeout,
		First:    func(types.UID) bool { return true },
		Now:      now,
		Started:  noon,
	}

	return b
}

// unready is a condition as the guard has it.
func unready(reason xpv1.ConditionReason, message string) xpv1.Condition {
	c := xpv1.Unavailable().WithMessage(message)
	c.Reason = reason

	return c
}
