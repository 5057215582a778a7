// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// What an object says about one thing that is wrong stays as it was said first:
// the text, the times in it, and the time of the condition. Else each attempt makes
// an event of its own.
func TestTextsAreStable(t *testing.T) {
	t.Parallel()

	// every fault of a request that reads a token.
	every := func(e *framework.Env, f fakescaleway.Fault) {
		f.Method, f.Route = http.MethodGet, fakescaleway.RouteToken
		e.Scaleway.Inject(f)
	}
	// differently each time, as Scaleway's answers are.
	differently := func(e *framework.Env, status int, body string) {
		go func() {
			for i := 0; e.Context().Err() == nil; i++ {
				text := fmt.Sprintf(body, i, time.Now().UTC().Format(time.RFC3339Nano))
				f := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteToken, Status: status, Body: text})

				select {
				case <-f.Arrived():
				case <-e.Context().Done():
				}

				f.Remove()
			}
		}()
	}

	cases := map[string]struct {
		reason string
		fail   func(e *framework.Env, tk *v1beta1.Token)
		// of the condition, and what it says to do.
		condition xpv1.ConditionType
		remedy    string
		// event is the reason of the events.
		event string
	}{
		"ServerError": {
			reason: "Scaleway's answer is the same each time.",
			fail: func(e *framework.Env, _ *v1beta1.Token) {
				every(e, fakescaleway.Fault{Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`})
			},
			condition: xpv1.TypeSynced, remedy: "internal error", event: "CannotObserveExternalResource",
		},
		"RequestIDs": {
			reason: "Scaleway's answer has another ID and another time each time.",
			fail: func(e *framework.Env, _ *v1beta1.Token) {
				differently(e, http.StatusInternalServerError, `{"message":"internal error, request_id: 1f6a-%d, at %s"}`)
			},
			condition: xpv1.TypeSynced, remedy: "internal error", event: "CannotObserveExternalResource",
		},
		"Forbidden": {
			reason: "The key may not do this.",
			fail: func(e *framework.Env, _ *v1beta1.Token) {
				every(e, fakescaleway.Fault{Status: http.StatusForbidden, Body: fakescaleway.PermissionsDenied("read", "token").Body})
			},
			condition: xpv1.TypeSynced, remedy: "insufficient permissions", event: "CannotObserveExternalResource",
		},
		"Connection": {
			reason:    "Each connection has another port of this machine.",
			fail:      func(e *framework.Env, _ *v1beta1.Token) { every(e, fakescaleway.Fault{DropBefore: true}) },
			condition: xpv1.TypeSynced, remedy: "no answer from Scaleway", event: "CannotObserveExternalResource",
		},
		"Hang": {
			reason:    "The request is given up after its time limit.",
			fail:      func(e *framework.Env, _ *v1beta1.Token) { every(e, fakescaleway.Fault{Hang: true}) },
			condition: xpv1.TypeSynced, remedy: "no answer from Scaleway", event: "CannotObserveExternalResource",
		},
		"CredentialsGone": {
			reason: "The key of the Secret is not there.",
			fail: func(e *framework.Env, _ *v1beta1.Token) {
				s := secretNamed(e, "default")
				e.Update(s, func() { s.Data = map[string][]byte{"other": []byte("{}")} })
			},
			condition: xpv1.TypeSynced, remedy: `key "credentials" of Secret`, event: "CannotConnectToProvider",
		},
		"SecretLost": {
			reason: "Nothing is minted in its place.",
			fail: func(e *framework.Env, _ *v1beta1.Token) {
				s := secretNamed(e, "stable")
				e.Update(s, func() { s.Data = map[string][]byte{"attribute.token": []byte("no token")} })
			},
			condition: xpv1.TypeReady, remedy: onetime.AnnotationRenew, event: string(onetime.ReasonSecretUnreadable),
		},
		"Locked": {
			reason: "Scaleway says why.",
			fail: func(e *framework.Env, tk *v1beta1.Token) {
				_, uuid, _ := strings.Cut(framework.ExternalName(tk), "/")

				err := e.Scaleway.Update(fakescaleway.KindToken, "fr-par", uuid, func(r fakescaleway.Resource) { r.(*fakescaleway.Token).Status = "locked" })
				if err != nil {
					panic(err)
				}
			},
			condition: xpv1.TypeReady, remedy: "locked",
		},
		"ImmutableChanged": {
			reason: "The description at Scaleway is another.",
			fail: func(e *framework.Env, tk *v1beta1.Token) {
				_, uuid, _ := strings.Cut(framework.ExternalName(tk), "/")

				err := e.Scaleway.Update(fakescaleway.KindToken, "fr-par", uuid, func(r fakescaleway.Resource) { r.(*fakescaleway.Token).Description = "drifted" })
				if err != nil {
					panic(err)
				}
			},
			condition: xpv1.TypeSynced, remedy: "description", event: "CannotUpdateExternalResource",
		},
		"OtherName": {
			reason: "The external name was changed.",
			fail: func(e *framework.Env, tk *v1beta1.Token) {
				e.Update(tk, func() { meta.SetExternalName(tk, "fr-par/11111111-1111-4111-8111-111111111111") })
			},
			condition: xpv1.TypeSynced, remedy: "set it back", event: "CannotInitializeManagedResource",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			e.StartProvider(framework.WithArgs("--request-timeout=500ms", "--poll-interval=500ms"))

			tk := e.NewToken("stable", e.CreateParent())
			tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T09:35:15Z")
			e.Create(tk)
			e.WaitReady(tk)

			tc.fail(e, tk)

			first := e.WaitCondition(tk, tc.condition, "False, with "+tc.remedy, func(c xpv1.Condition) bool {
				return c.Status == corev1.ConditionFalse && strings.Contains(c.Message, tc.remedy)
			})

			// Some attempts later. What is polled successfully sends no events.
			if tc.condition == xpv1.TypeReady {
				e.WaitPolled(fakescaleway.RouteToken, 5)
			} else {
				attempts := func() (n int) {
					for _, ev := range e.Events(tk, tc.event) {
						n += int(ev.Count)
					}

					return n
				}
				e.Eventually("more attempts", func() (bool, string) { n := attempts(); return n >= 4, fmt.Sprint(n) })
			}

			e.Get(tk)

			last := tk.GetCondition(tc.condition)
			if diff := cmp.Diff(first, last); diff != "" {
				t.Errorf("\n%s\nthe condition after some attempts: -first, +last:\n%s", tc.reason, diff)
			}

			// Conditions are equal to cmp whatever their times are.
			if diff := cmp.Diff(first.LastTransitionTime.Time, last.LastTransitionTime.Time); diff != "" {
				t.Errorf("\n%s\nthe time of the condition after some attempts: -first, +last:\n%s", tc.reason, diff)
			}

			texts := map[string]bool{}
			for _, ev := range e.Events(tk, tc.event) {
				texts[ev.Message] = true
			}

			if tc.event != "" && len(texts) != 1 {
				t.Errorf("\n%s\ntexts of the events of reason %s: want one, got %d: %v", tc.reason, tc.event, len(texts), texts)
			}
		})
	}
}
