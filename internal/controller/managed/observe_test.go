// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// What is made of what upjet has observed of an object whose secret is shown once.
func TestObserveMinted(t *testing.T) {
	cases := map[string]struct {
		reason string
		// missing is set if upjet finds no object.
		missing bool
		err     error
		// held is the value in the Secret: the object's own, or another text.
		held    string
		status  string
		change  func(*v1beta1.Token)
		prepare func(*bench)
		want    string
		// ready is the reason of the condition, and events those that are sent.
		ready  xpv1.ConditionReason
		events []event.Reason
		// exists, current and published are what the reconciler is told.
		exists, current, published bool
		state                      ledger.State
	}{
		"Published": {
			reason: "It is published, complete, and not written again.", held: "own",
			ready: xpv1.ReasonAvailable, exists: true, current: true, state: ledger.StateDone,
		},
		"Incomplete": {
			reason: "The reconciler publishes what is made of the secret.", held: "own",
			prepare: func(b *bench) {
				s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
				b.Get(s)
				delete(s.Data, "token")
				b.Update(s)
			},
			ready: xpv1.ReasonAvailable, exists: true, current: true, published: true, state: ledger.StateDone,
		},
		"NotObserved": {
			reason: "Nothing is known.", err: errors.New("no answer"), want: "no answer", state: ledger.StateDone,
		},
		"Ended": {
			reason: "The user is told what comes after.", err: errors.New("http error 410 Gone"), want: "ContainersPrivateAccess", state: ledger.StateDone,
		},
		"Lost": {
			reason: "It is said, and not replaced.",
			ready:  onetime.ReasonSecretLost, events: []event.Reason{event.Reason(onetime.ReasonSecretLost)}, exists: true, current: true, state: ledger.StateDone,
		},
		"StillLost": {
			reason: "It has been said.",
			change: func(tk *v1beta1.Token) { tk.SetConditions(unready(onetime.ReasonSecretLost, "it is lost")) },
			ready:  onetime.ReasonSecretLost, exists: true, current: true, state: ledger.StateDone,
		},
		"LostOtherwise": {
			reason: "It is another trouble than before.", held: "text",
			change: func(tk *v1beta1.Token) { tk.SetConditions(unready(onetime.ReasonSecretLost, "it is lost")) },
			ready:  onetime.ReasonSecretUnreadable, events: []event.Reason{event.Reason(onetime.ReasonSecretUnreadable)},
			exists: true, current: true, state: ledger.StateDone,
		},
		"Expired": {
			reason: "That it has expired matters more than where its value is.",
			change: func(tk *v1beta1.Token) { tk.Status.AtProvider.ExpiresAt = ptr.To(noon.Format(time.RFC3339)) },
			ready:  onetime.ReasonExpired, events: []event.Reason{event.Reason(onetime.ReasonExpired)}, exists: true, current: true, state: ledger.StateDone,
		},
		"NotChecked": {
			reason:  "Without its Secret nobody knows.",
			prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) },
			want:    "cannot check Secret", state: ledger.StateDone,
			ready: xpv1.ReasonAvailable,
		},
		"NotPublishedBecauseDeleted": {
			reason: "What is being deleted needs no secret.", change: deleted,
			ready: xpv1.ReasonAvailable, exists: true, current: true, state: ledger.StateDone,
		},
		"RenewalDue": {
			reason: "The reconciler is told to update it.", held: "own",
			change: func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"}) },
			ready:  xpv1.ReasonAvailable, exists: true, state: ledger.StateDone,
		},
		"Creating": {
			reason: "It cannot be used yet, and cannot be changed.", held: "own", status: statusCreating,
			ready: xpv1.ReasonCreating, exists: true, current: true, state: ledger.StateDone,
		},
		"Missing": {
			reason: "An attempt is recorded.", missing: true,
			change: func(tk *v1beta1.Token) {
				meta.RemoveAnnotations(tk, meta.AnnotationKeyExternalName, ledger.AnnotationRecord)
			},
			state: ledger.StatePending,
		},
		"MissingInDoubt": {
			reason: "There was an attempt before, whose request may still arrive.", missing: true,
			change: func(tk *v1beta1.Token) { meta.RemoveAnnotations(tk, meta.AnnotationKeyExternalName) },
			want:   "waiting until", state: ledger.StateDone,
		},
		"MissingUnknown": {
			reason: "What it does not know is not minted.", missing: true,
			change: func(tk *v1beta1.Token) { ledger.Record{UID: ownUID}.Write(tk) },
			want:   "this object did not create",
		},
		"NotSwept": {
			reason: "What an abandoned attempt has left comes first.", held: "own",
			change: func(tk *v1beta1.Token) {
				ledger.Record{UID: ownUID, State: ledger.StateDone, Object: meta.GetExternalName(tk), Abandoned: []ledger.Abandoned{{Attempt: ownAttempt, At: noon, Region: "fr-par"}}}.Write(tk)
			},
			prepare: func(b *bench) { b.guard.Remote = onetimetest.NoRemote },
			want:    "no credentials", state: ledger.StateDone,
			ready: "",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, u := newBench(t), newUpjet()
			own, value := b.Mint("own")

			if tc.missing {
				own = paris
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, own)
				ledger.Record{UID: ownUID, State: ledger.StateDone, Object: own, Secret: published}.Write(tk)

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.held != "" {
				b.Secret(tk, published, map[string]string{"own": value, "text": "text"}[tc.held])
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			c := b.connector(u)
			if tc.status != "" {
				see(t, c, tk, tc.status)
			}

			u.ObserveFn = func(_ context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
				if tc.err != nil || tc.missing {
					return managed.ExternalObservation{}, tc.err
				}

				mg.SetConditions(xpv1.Available()) // As upjet does.

				return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: tc.status == "", ConnectionDetails: managed.ConnectionDetails{valueKey: []byte(hidden)}}, nil
			}

			counted := onetime.NewMetrics()
			b.guard.Metrics = counted.Of("Token")

			o, err := u.client(t, c).Observe(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			got := []bool{o.ResourceExists, o.ResourceUpToDate, len(o.ConnectionDetails["token"]) > 0}
			if diff := cmp.Diff([]bool{tc.exists, tc.current, tc.published}, got); diff != "" {
				t.Errorf("\n%s\nexists, up to date, published: -want, +got:\n%s", tc.reason, diff)
			}

			if v := string(o.ConnectionDetails[valueKey]); v == hidden && !meta.WasDeleted(tk) {
				t.Errorf("\n%s\nwhat is no secret is published", tc.reason)
			}

			ready := tk.GetCondition(xpv1.TypeReady).Reason
			if tc.want == "" || tc.ready != "" {
				if diff := cmp.Diff(tc.ready, ready); diff != "" {
					t.Errorf("\n%s\nreason of Ready: -want, +got:\n%s", tc.reason, diff)
				}
			}

			if diff := cmp.Diff(tc.events, b.Events.Reasons, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nevents: -want, +got:\n%s", tc.reason, diff)
			}

			losses := 0
			for _, e := range tc.events {
				if xpv1.ConditionReason(e) != onetime.ReasonExpired {
					losses++
				}
			}

			if diff := cmp.Diff(losses, onetimetest.Counted(t, counted, "scaleway_secret_losses_total", map[string]string{"kind": "Token"})); diff != "" {
				t.Errorf("\n%s\nlosses that were counted: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.state, b.Record(tk).State); diff != "" {
				t.Errorf("\n%s\nstate of the attempt: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is made of what upjet has observed of any other object.
func TestObservePlain(t *testing.T) {
	cases := map[string]struct {
		reason  string
		missing bool
		err     error
		status  string
		change  func(*v1beta1.Container)
		want    string
		ready   xpv1.ConditionReason
		// current tells whether nothing is to be changed.
		current    bool
		atProvider string
	}{
		"Ready":       {reason: "It is changed as the user wants.", status: "ready", ready: xpv1.ReasonAvailable, atProvider: "ready"},
		"NeverSeen":   {reason: "Nothing is known but what upjet says.", atProvider: "ready"},
		"Creating":    {reason: "It is not changed meanwhile, and the status is Scaleway's.", status: statusCreating, ready: xpv1.ReasonCreating, current: true, atProvider: statusCreating},
		"NotObserved": {reason: "Nothing is known.", err: errors.New("http error 410"), status: statusCreating, want: "http error 410", atProvider: "ready"},
		"MissingUnknown": {
			reason: "A name that is somebody's mistake is no reason to create.", missing: true, status: statusCreating,
			want: "this object did not create", atProvider: "ready",
		},
		"MissingOwn": {
			reason: "It has been deleted since it was seen.", missing: true,
			change:     func(c *v1beta1.Container) { c.Status.AtProvider.ID = ptr.To(paris) },
			atProvider: "ready",
		},
		"MissingCreated": {
			reason: "It was created, and has not been seen yet.", missing: true,
			change:     func(c *v1beta1.Container) { meta.SetExternalCreateSucceeded(c, noon) },
			atProvider: "ready",
		},
		"MissingWithoutName": {
			reason: "It has not been created yet.", missing: true,
			change:     func(c *v1beta1.Container) { meta.RemoveAnnotations(c, meta.AnnotationKeyExternalName) },
			atProvider: "ready",
		},
		"MissingAndDeleted": {
			reason: "There is nothing to delete.", missing: true,
			change:     func(c *v1beta1.Container) { c.DeletionTimestamp = ptr.To(metav1.NewTime(noon)) },
			atProvider: "ready",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := newUpjet()
			c := &Connector{resource: declaration(t, "scaleway_container"), seen: transport.NewObservations()}

			mg := &v1beta1.Container{}
			meta.SetExternalName(mg, paris)
			mg.Status.AtProvider.Status = ptr.To("ready")

			if tc.status != "" {
				see(t, c, mg, tc.status)
			}

			if tc.change != nil {
				tc.change(mg)
			}

			u.ObserveFn = func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
				return managed.ExternalObservation{ResourceExists: !tc.missing}, tc.err
			}

			o, err := u.client(t, c).Observe(t.Context(), mg)
			wantErr(t, tc.reason, tc.want, err)

			if tc.err == nil {
				if diff := cmp.Diff([]bool{!tc.missing, tc.current}, []bool{o.ResourceExists, o.ResourceUpToDate}); diff != "" {
					t.Errorf("\n%s\nexists, up to date: -want, +got:\n%s", tc.reason, diff)
				}
			}

			if diff := cmp.Diff(tc.ready, mg.GetCondition(xpv1.TypeReady).Reason); diff != "" {
				t.Errorf("\n%s\nreason of Ready: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.atProvider, ptr.Deref(mg.Status.AtProvider.Status, "")); diff != "" {
				t.Errorf("\n%s\nstatus.atProvider.status: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The reconciler would wait half a minute before it believes that what was created
// a moment ago is gone. Only where it was seen is that certain.
func TestObserveDeleted(t *testing.T) {
	cases := map[string]struct {
		reason  string
		missing bool
		change  func(*v1beta1.Container)
		waits   bool
	}{
		"Gone":       {reason: "It was there.", missing: true, change: func(c *v1beta1.Container) { c.DeletionTimestamp = ptr.To(metav1.NewTime(noon)) }},
		"StillThere": {reason: "It is not gone.", change: func(c *v1beta1.Container) { c.DeletionTimestamp = ptr.To(metav1.NewTime(noon)) }, waits: true},
		"NotDeleted": {reason: "It is created again, unless it only shows up late.", missing: true, waits: true},
		"NotYetThere": {reason: "It may only show up late.", missing: true, change: func(c *v1beta1.Container) {
			c.DeletionTimestamp, c.Status.AtProvider.ID = ptr.To(metav1.NewTime(noon)), nil
		}, waits: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := newUpjet()
			c := &Connector{resource: declaration(t, "scaleway_container"), seen: transport.NewObservations()}

			mg := &v1beta1.Container{}
			meta.SetExternalName(mg, paris)
			meta.SetExternalCreateSucceeded(mg, noon)
			mg.Status.AtProvider.ID = ptr.To(paris)

			if tc.change != nil {
				tc.change(mg)
			}

			u.ObserveFn = func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
				return managed.ExternalObservation{ResourceExists: !tc.missing}, nil
			}

			if _, err := u.client(t, c).Observe(t.Context(), mg); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.waits, !meta.GetExternalCreateSucceeded(mg).IsZero()); diff != "" {
				t.Errorf("\n%s\nthe reconciler waits: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Polls are due in the same moments.
func TestPollTick(t *testing.T) {
	const (
		// tolerance of the time that passes between the clock's readings.
		tolerance = pollTick / 5
		interval  = time.Hour
	)

	c := &Connector{resource: declaration(t, "scaleway_container_token"), seen: transport.NewObservations()}
	started := time.Now()
	hook := c.pollInterval(time.Minute)

	for range 50 {
		due := time.Since(started) + hook(token(func(*v1beta1.Token) {}), interval)
		if off := (due - due.Round(pollTick)).Abs(); off > tolerance {
			t.Errorf("pollInterval(...): a poll is due %s from the moment of others", off)
		}
	}
}

// When an object is looked at again.
func TestPollInterval(t *testing.T) {
	const interval = time.Hour

	cases := map[string]struct {
		reason  string
		status  string
		since   time.Duration
		expires *string
		jitter  time.Duration
		plain   bool
		// at least, and at most.
		least, most time.Duration
	}{
		"Ready":        {reason: "There is nothing to come back for.", status: "ready", least: interval, most: interval},
		"NeverSeen":    {reason: "Nothing is known.", least: interval, most: interval},
		"Creating":     {reason: "It will be ready soon.", status: statusCreating, least: minTransientPoll, most: minTransientPoll},
		"StillLoading": {reason: "The longer it lasts, the less often it is looked at.", status: statusCreating, since: 2 * time.Minute, least: 25 * time.Second, most: maxTransientPoll},
		"ForAges":      {reason: "It is looked at all the same.", status: statusCreating, since: 24 * time.Hour, least: maxTransientPoll, most: maxTransientPoll},
		"Expires":      {reason: "It is looked at when it expires.", expires: ptr.To(noon.Add(time.Minute).Format(time.RFC3339)), least: time.Minute, most: 2 * time.Minute},
		"ExpiresPlain": {reason: "A kind without a guard has no expiry.", expires: ptr.To(noon.Add(time.Minute).Format(time.RFC3339)), plain: true, least: interval, most: interval},
		"Spread":       {reason: "Not all of them at the same moment.", jitter: time.Minute, least: interval - time.Minute - pollTick, most: interval + time.Minute + pollTick},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &Connector{resource: declaration(t, "scaleway_container_token"), seen: transport.NewObservations()}
			if !tc.plain {
				c.guard = &onetime.Guard{Kind: resource.OneTime{Resource: c.resource}, Now: func() time.Time { return noon }}
			}

			tk := token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)
				tk.Status.AtProvider.ExpiresAt = tc.expires

				ready := xpv1.Creating()
				ready.LastTransitionTime.Time = time.Now().Add(-tc.since)
				tk.SetConditions(ready)
			})

			if tc.status != "" {
				see(t, c, tk, tc.status)
			}

			different := false

			for range 100 {
				got := c.pollInterval(tc.jitter)(tk, interval)
				if got < tc.least || got > tc.most {
					t.Fatalf("\n%s\npollInterval(...): want from %s to %s, got %s", tc.reason, tc.least, tc.most, got)
				}

				different = different || got != interval
			}

			if tc.jitter > 0 && !different {
				t.Errorf("\n%s\npollInterval(...) is the same each time", tc.reason)
			}
		})
	}
}
