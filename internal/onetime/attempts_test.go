// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Of an attempt that a copy of a managed resource is found with, the original's
// fate is not known.
func TestCopied(t *testing.T) {
	cases := map[string]struct {
		reason string
		uid    types.UID
		state  ledger.State
		change func(*v1beta1.Token)
		refuse error
		want   string
		// failed tells whether the reconciler is told that nothing was created, and
		// succeeded whether it is told that something was.
		failed, succeeded bool
	}{
		"UnderWay": {
			reason: "Only a person knows whether something uses what it has created.",
			uid:    "another", state: ledger.StatePending,
			want: "this is a copy of a resource whose attempt " + ledger.Mark{UID: "another", Attempt: ownAttempt}.String(),
		},
		"Deleted": {
			reason: "The copy has created nothing.",
			uid:    "another", state: ledger.StatePending, change: deleted, failed: true,
		},
		"DeletedAndNotStored": {
			reason: "It is tried again.",
			uid:    "another", state: ledger.StatePending, change: deleted, refuse: errors.New("no answer"),
			want: "cannot store that nothing was created",
		},
		"Settled": {
			reason: "The annotation was restored as it was before.",
			uid:    "another", state: ledger.StatePending,
			change: func(tk *v1beta1.Token) { meta.SetExternalCreateSucceeded(tk, noon.Add(time.Second)) },
		},
		"Done":    {reason: "Nothing was under way: what it has created itself is looked for before it creates anything.", uid: "another", state: ledger.StateDone, failed: true},
		"Own":     {reason: "It is no copy: its own record says how the attempt has ended.", uid: ownUID, state: ledger.StateFailed, failed: true},
		"OwnDone": {reason: "Its own record says how the attempt has ended.", uid: ownUID, state: ledger.StateDone, succeeded: true},
		"OwnNotStored": {
			reason: "It is tried again.", uid: ownUID, state: ledger.StateFailed, refuse: errors.New("no answer"),
			want: "cannot store how a creation has ended",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			made, _ := b.Mint(ledger.Mark{UID: tc.uid, Attempt: ownAttempt}.Append("token"))

			tk := b.Token(func(tk *v1beta1.Token) {
				r := b.Pending(time.Hour)
				r.UID, r.State = tc.uid, tc.state
				r.Write(tk)
				meta.SetExternalCreatePending(tk, noon)

				if tc.change != nil {
					tc.change(tk)
				}
			})

			b.Refuse = func(client.Object) error { return tc.refuse }

			wantErr(t, tc.reason, tc.want, b.guard.Initialize(t.Context(), tk))

			if diff := cmp.Diff(tc.failed, !meta.GetExternalCreateFailed(b.Stored()).IsZero()); diff != "" {
				t.Errorf("\n%s\nstored that nothing was created: -want, +got:\n%s", tc.reason, diff)
			}

			if name != "Settled" {
				if diff := cmp.Diff(tc.succeeded, !meta.GetExternalCreateSucceeded(b.Stored()).IsZero()); diff != "" {
					t.Errorf("\n%s\nstored that something was created: -want, +got:\n%s", tc.reason, diff)
				}
			}

			if diff := cmp.Diff([]string{made}, b.Alive()); diff != "" {
				t.Errorf("\n%s\ntokens: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A record that cannot be read is not taken for none, whoever reads it: nothing is
// minted, revoked or stored.
func TestUnreadableRecord(t *testing.T) {
	never := func(context.Context, Resource) (managed.ExternalClient, error) {
		return nil, errors.New("the renewal went on")
	}

	for name, do := range map[string]func(*bench, *v1beta1.Token) error{
		"Initialize":    func(b *bench, tk *v1beta1.Token) error { return b.guard.Initialize(b.T.Context(), tk) },
		"Missing":       func(b *bench, tk *v1beta1.Token) error { return b.guard.Missing(b.T.Context(), tk) },
		"Sweep":         func(b *bench, tk *v1beta1.Token) error { return b.guard.Sweep(b.T.Context(), tk) },
		"Rotate":        func(b *bench, tk *v1beta1.Token) error { return b.guard.Rotate(b.T.Context(), tk, never) },
		"FinishRenewal": func(b *bench, tk *v1beta1.Token) error { return b.guard.finishRenewal(b.T.Context(), tk, tk) },
		"Create": func(b *bench, tk *v1beta1.Token) error {
			_, err := b.guard.Create(b.T.Context(), tk, &managed.NopClient{})
			return err
		},
		"Inspect": func(b *bench, tk *v1beta1.Token) error {
			_, _, err := b.guard.Inspect(b.T.Context(), tk, nil)
			return err
		},
		"RestoreName": func(b *bench, tk *v1beta1.Token) error {
			tk.Status.AtProvider.ID = ptr.To(warsaw)
			return b.guard.restoreName(b.T.Context(), tk)
		},
		"UpdateCriticalAnnotations": func(b *bench, tk *v1beta1.Token) error {
			return b.guard.Updater().UpdateCriticalAnnotations(b.T.Context(), tk)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			own, value := b.Mint("own")

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, own)
				meta.AddAnnotations(tk, map[string]string{ledger.AnnotationRecord: "{", AnnotationRenew: "now"})
			})
			b.Secret(tk, published, value)

			stored := b.Stored()

			wantErr(t, "It may say that a token exists.", "is not what the provider wrote", do(b, tk))

			if diff := cmp.Diff(stored, b.Stored()); diff != "" {
				t.Errorf("what is stored: -want, +got:\n%s", diff)
			}

			if diff := cmp.Diff([]string{own}, b.Alive()); diff != "" {
				t.Errorf("tokens: -want, +got:\n%s", diff)
			}
		})
	}
}

// What the last trial said is what the user is told, and not that time is up.
func TestPublishTimeout(t *testing.T) {
	b := newBench(t)
	tk := b.Token(func(tk *v1beta1.Token) { b.Pending(0).Write(tk) })
	b.Refuse = func(client.Object) error { return errors.New("no answer from the API server") }

	target, err := b.guard.target(t.Context(), tk)
	if err != nil {
		t.Fatal(err)
	}

	b.guard.Delivery = publishInterval / 10

	err = b.guard.publish(t.Context(), tk, b.Pending(0), target, managed.ConnectionDetails{"token": []byte("value")})
	wantErr(t, "The API server has said it.", "no answer from the API server", err)
}

// Where Scaleway says that it mints no more, the user is told what comes after.
func TestExplain(t *testing.T) {
	m := &Guard{Kind: resource.OneTime{Resource: declaration(t, "scaleway_container_token")}}

	for text, explained := range map[string]bool{
		"http error 405 Method Not Allowed": true,
		"http error 410 Gone":               true,
		"http error 501 Not Implemented":    true,
		"http error 404 Not Found":          false,
		"http error 500":                    false,
		"no answer":                         false,
	} {
		err := m.Explain(errors.New(text))
		if !strings.Contains(err.Error(), text) {
			t.Errorf("Explain(%q) hides what Scaleway said: %v", text, err)
		}

		if diff := cmp.Diff(explained, strings.Contains(err.Error(), m.Kind.Successor())); diff != "" {
			t.Errorf("Explain(%q) names the successor: -want, +got:\n%s", text, diff)
		}
	}
}

// TestHealUnderWay finds an attempt whose object is minted and not yet published.
func TestHealUnderWay(t *testing.T) {
	cases := map[string]struct {
		reason string
		// started is how long before noon this process was, and ago how long the attempt
		// was recorded.
		started, ago time.Duration
		own          bool
		want         string
		alive        int
	}{
		"Another":      {reason: "Whoever has begun it may be about to publish it.", started: time.Minute, ago: time.Second, want: "which another process has begun", alive: 1},
		"AnotherEnded": {reason: "It would have been published by now.", started: time.Minute, ago: underWay},
		"Restarted":    {reason: "Whoever has begun it has ended.", ago: time.Second},
		"Own":          {reason: "It has ended in this process.", started: time.Minute, ago: time.Second, own: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.guard.Metrics = NewMetrics().Of("Token")
			b.guard.Started = noon.Add(-tc.started)
			b.Mint(ownMark.Append("new"))

			tk := b.Token(func(tk *v1beta1.Token) { b.Pending(tc.ago).Write(tk) })

			// The last that this process has begun.
			b.guard.attempts.Store(tk.GetUID(), "another")

			if tc.own {
				b.guard.attempts.Store(tk.GetUID(), ownAttempt)
			}

			wantErr(t, tc.reason, tc.want, b.guard.heal(t.Context(), tk, b.Record(tk)))

			if diff := cmp.Diff(tc.alive, len(b.Alive())); diff != "" {
				t.Errorf("\n%s\ntokens at Scaleway: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An attempt of this process is known to it, though its record is taken away.
func TestCreateRemembered(t *testing.T) {
	b := newBench(t)
	tk := b.Token(func(tk *v1beta1.Token) { b.Pending(0).Write(tk) })

	sent := 0
	_, err := b.guard.Create(t.Context(), tk, b.terraform(issue.Unclear, nil, &sent))
	wantErr(t, "It may have been created.", "it is unclear", err)

	b.Mint(ownMark.Append("token"))
	meta.RemoveAnnotations(tk, ledger.AnnotationRecord)
	b.Update(tk)

	wantErr(t, "What it has left is revoked, and what may still arrive is waited for.", "waiting until", b.guard.Missing(t.Context(), tk))

	if alive := b.Alive(); len(alive) > 0 {
		t.Errorf("tokens: want none, got %v", alive)
	}
}

// TestBegan begins attempts, of which the process knows that they are its own.
func TestBegan(t *testing.T) {
	b := newBench(t)
	tk := b.Token(func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference.Name = published })

	if err := b.guard.Missing(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	if !b.guard.began(tk, b.Record(tk)) {
		t.Error("began(...): a creation is not known to be its own")
	}

	name, _ := b.Mint("old")
	meta.SetExternalName(tk, name)
	meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "1"})
	b.Update(tk)

	stop := errors.New("stop")

	err := b.guard.Rotate(t.Context(), tk, func(context.Context, Resource) (managed.ExternalClient, error) { return nil, stop })
	if !errors.Is(err, stop) || b.Record(tk).Renewing != "1" {
		t.Fatalf("Rotate(...): want an attempt, got %v", err)
	}

	if !b.guard.began(tk, b.Record(tk)) {
		t.Error("began(...): a renewal is not known to be its own")
	}
}
