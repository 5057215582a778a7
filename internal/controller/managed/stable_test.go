// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

func TestStableErrors(t *testing.T) {
	cases := map[string]struct {
		reason     string
		last       string
		generation int64
		err        string
		want       string
	}{
		"First": {
			reason: "There was none before.",
			err:    "no answer",
			want:   "no answer",
		},
		"Same": {
			reason: "It is what it was.",
			last:   "no answer",
			err:    "no answer",
			want:   "no answer",
		},
		"LocalPort": {
			reason: "Each connection has another port of this machine.",
			last:   "observe failed: read tcp 10.0.0.1:4711->51.159.0.1:443: connection reset by peer",
			err:    "read tcp 10.0.0.1:4712->51.159.0.1:443: connection reset by peer",
			want:   "read tcp 10.0.0.1:4711->51.159.0.1:443: connection reset by peer",
		},
		"LocalPortIPv6": {
			reason: "Each connection has another port of this machine.",
			last:   "read tcp [2001:db8::1]:4711->[2001:db8::2]:443: connection reset by peer",
			err:    "read tcp [2001:db8::1]:4712->[2001:db8::2]:443: connection reset by peer",
			want:   "read tcp [2001:db8::1]:4711->[2001:db8::2]:443: connection reset by peer",
		},
		"RequestID": {
			reason: "Each request has another ID.",
			last:   "create failed: http error 500: internal error (request_id: 5c2f-aa)",
			err:    "http error 500: internal error (request_id: 77aa-00)",
			want:   "http error 500: internal error (request_id: 5c2f-aa)",
		},
		"Time": {
			reason: "The time is that of the first occurrence.",
			last:   "connect failed: quota exceeded at 2026-01-02T12:00:00Z, try again in 30s",
			err:    "quota exceeded at 2026-01-02T12:00:01.5Z, try again in 29s",
			want:   "quota exceeded at 2026-01-02T12:00:00Z, try again in 30s",
		},
		"OtherObject": {
			reason: "It is about another object.",
			last:   "observe failed: " + paris + " is gone",
			err:    warsaw + " is gone",
			want:   warsaw + " is gone",
		},
		"OtherStatus": {
			reason: "It is another answer.",
			last:   "observe failed: http error 500",
			err:    "http error 502",
			want:   "http error 502",
		},
		"Edited": {
			reason:     "The user has written another time, which is quoted.",
			last:       "observe failed: expiresAt 2026-01-02T12:00:00Z is wrong",
			generation: 2,
			err:        "expiresAt 2027-01-02T12:00:00Z is wrong",
			want:       "expiresAt 2027-01-02T12:00:00Z is wrong",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := token(func(tk *v1beta1.Token) {
				tk.SetGeneration(1)

				if tc.last != "" {
					tk.SetConditions(xpv1.Condition{Type: xpv1.TypeSynced, Status: "False", Message: tc.last, ObservedGeneration: 1})
				}

				if tc.generation > 0 {
					tk.SetGeneration(tc.generation)
				}
			})
			cause := errors.New(tc.err)

			got := stable(tk, cause)
			if diff := cmp.Diff(tc.want, got.Error()); diff != "" {
				t.Errorf("\n%s\nstable(...): -want, +got:\n%s", tc.reason, diff)
			}

			if !errors.Is(got, cause) {
				t.Errorf("\n%s\nthe cause is lost", tc.reason)
			}
		})
	}
}

// A condition that stays as it was keeps its time, also where upjet says something
// else first.
func TestStableCondition(t *testing.T) {
	long := metav1.NewTime(noon)
	lost := unready(onetime.ReasonSecretLost, "it is lost")
	lost.LastTransitionTime = long

	tk := token(func(tk *v1beta1.Token) { tk.SetConditions(lost) })

	c := stableClient{managed.ExternalClientFns{ObserveFn: func(_ context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
		mg.SetConditions(xpv1.Available())
		mg.SetConditions(unready(onetime.ReasonSecretLost, "it is lost"))

		return managed.ExternalObservation{ResourceExists: true}, nil
	}}}

	if _, err := c.Observe(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(noon, tk.GetCondition(xpv1.TypeReady).LastTransitionTime.Time); diff != "" {
		t.Errorf("time of a condition that has not changed: -want, +got:\n%s", diff)
	}
}
