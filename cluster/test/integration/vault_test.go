// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// Attacks on the promise that there is one live object for each managed resource, as
// they were once done with success. Each is one of a kind; the fault matrix has the
// kinds. What is left is judged at rest: what is behind may be made good until then.

// vaultTimeout is how long an object may take to come to rest: twice the longest back-off,
// and what the provider then does.
const vaultTimeout = 150 * time.Second

// short has the provider wait for nothing for long.
func short() framework.ProviderOption { return framework.WithArgs("--request-timeout=1s") }

// wantRest waits until the object has come to rest with one of the outcomes, and fails
// the test if it does not.
func wantRest(t *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted, others []string, outcomes ...framework.Outcome) framework.Verdict {
	t.Helper()

	v := e.Rest(k, mg, vaultTimeout, others, outcomes...)
	for _, o := range outcomes {
		if v.Outcome() == o {
			return v
		}
	}

	t.Errorf("want one of %q, got %s\n%s", outcomes, v.Summary(), e.Evidence(k, mg))

	return v
}

// nudge has an object reconciled now, and not when its back-off ends, if it is still there.
func nudge(t *testing.T, e *framework.Env, mg framework.Minted) {
	t.Helper()

	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{"nudged":"%d"}}}`, time.Now().UnixNano()))

	o := mg.DeepCopyObject().(framework.Minted)
	if err := e.Client.Patch(t.Context(), o, patch); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
}

// waitTried waits until the provider has sent a request for the object once more, or the
// object is gone.
func waitTried(t *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) {
	t.Helper()

	before := e.Scaleway.Count("", "")

	nudge(t, e, mg)
	e.Eventually("the provider to have tried", func() (bool, string) {
		return e.Judge(k, mg).Gone || e.Scaleway.Count("", "") > before, "it has not"
	})
}

// eachKind runs the test for each minted kind, side by side.
func eachKind(t *testing.T, test func(t *testing.T, k *framework.MintedKind)) {
	t.Helper()

	for _, k := range framework.MintedKinds {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

// unclear has the next request that mints applied, and answered 502.
func unclear(e *framework.Env, k *framework.MintedKind) *framework.Env {
	e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: k.Collection, Times: 1, Apply: true, Status: http.StatusBadGateway})
	return e
}

func askRenewal(e *framework.Env, mg framework.Minted) {
	e.Update(mg, func() { meta.AddAnnotations(mg, map[string]string{onetime.AnnotationRenew: "now"}) })
}

// waitOther waits until the object has another external name.
func waitOther(e *framework.Env, mg framework.Minted, old string) {
	e.Eventually("another object", func() (bool, string) {
		e.Get(mg)
		return framework.ExternalName(mg) != old && framework.ExternalName(mg) != "", framework.ExternalName(mg)
	})
}

// A DELETE that was answered 404, or as if it were done, has deleted nothing.
func TestVault01DeleteAnswered(t *testing.T) {
	t.Parallel()

	answers := map[string]fakescaleway.Fault{
		"404":                 {Status: http.StatusNotFound, Body: `{"message":"Token was not found"}`},
		"404 of the standard": {Status: http.StatusNotFound, Body: fakescaleway.NotFound("token", "x").Body},
		"404 thrice":          {Status: http.StatusNotFound, Body: `{"message":"Token was not found"}`, Times: 3},
		"204":                 {Status: http.StatusNoContent},
		"200":                 {Status: http.StatusOK, Body: `{"status":"deleting"}`},
		"410":                 {Status: http.StatusGone, Body: `{"message":"gone"}`},
	}

	operations := map[string]func(*testing.T, *framework.Env, *framework.MintedKind, framework.Minted) []framework.Outcome{
		"after 502 applied": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) []framework.Outcome {
			unclear(e, k).Create(mg)
			e.Eventually("the answer", func() (bool, string) { return e.Scaleway.Count(http.MethodDelete, k.Object) > 0, "no DELETE was sent" })

			return []framework.Outcome{framework.OutcomeOne}
		},
		"renewal": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) []framework.Outcome {
			e.Create(mg)
			e.WaitReady(mg)

			old := framework.ExternalName(mg)
			askRenewal(e, mg)
			waitOther(e, mg, old)
			e.Eventually("the answer", func() (bool, string) { return e.Scaleway.Count(http.MethodDelete, k.Object) > 0, "no DELETE was sent" })

			return []framework.Outcome{framework.OutcomeOne}
		},
		"deletion": func(t *testing.T, e *framework.Env, _ *framework.MintedKind, mg framework.Minted) []framework.Outcome {
			e.Create(mg)
			e.WaitReady(mg)
			startDeletion(t, e, mg)

			return []framework.Outcome{framework.OutcomeNone}
		},
		"deletion after 502 applied": func(t *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) []framework.Outcome {
			f := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: k.Collection, Times: 1, Apply: true, Hold: true, Status: http.StatusBadGateway})
			e.Create(mg)
			<-f.Arrived()
			startDeletion(t, e, mg)
			f.Release()

			return []framework.Outcome{framework.OutcomeNone}
		},
	}

	eachKind(t, func(t *testing.T, k *framework.MintedKind) {
		t.Helper()

		for answer, fault := range answers {
			for operation, begin := range operations {
				// One answer is tried with all, and all with one.
				if answer != "404" && operation != "after 502 applied" {
					continue
				}

				t.Run(answer+"/"+operation, func(t *testing.T) {
					t.Parallel()

					e := framework.New(t)
					e.StartProvider(short())

					fault.Method, fault.Route, fault.Times = http.MethodDelete, k.Object, max(fault.Times, 1)
					e.Scaleway.Inject(fault)

					mg := e.NewMinted(k, "attacked")
					wantRest(t, e, k, mg, nil, begin(t, e, k, mg)...)
				})
			}
		}
	})
}

// With the key of another organization nothing is concluded: no object is let go, no
// attempt given up, and nothing more minted. Once the credentials are put back, all goes
// on.
func TestVault02ForeignCredentials(t *testing.T) {
	t.Parallel()

	// keys of another organization, and what the credentials say of it.
	keys := map[string]func(e *framework.Env) fakescaleway.Key{
		"foreign": func(e *framework.Env) fakescaleway.Key { return e.Scaleway.NewKey() },
		"foreign as if own": func(e *framework.Env) fakescaleway.Key {
			k := e.Scaleway.NewKey()
			k.OrganizationID, k.ProjectID = e.Key.OrganizationID, e.Key.ProjectID

			return k
		},
		"foreign secret key": func(e *framework.Env) fakescaleway.Key {
			k := e.Key
			k.SecretKey = e.Scaleway.NewKey().SecretKey

			return k
		},
	}

	options := map[string][]fakescaleway.Option{
		"empty list": nil,
		"404":        {fakescaleway.WithUnknownParentNotFound()},
	}

	operations := map[string]func(t *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted, away fakescaleway.Key) []framework.Outcome{
		"deleted": func(t *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted, away fakescaleway.Key) []framework.Outcome {
			e.Create(mg)
			e.WaitReady(mg)
			e.Rotate(e.Credentials(away))
			e.Eventually("the ProviderConfig to take the key", func() (bool, string) { return usedAtAll(e, away.SecretKey), "it was not used" })
			startDeletion(t, e, mg)
			e.Noticed(k, mg, away.SecretKey)

			return []framework.Outcome{framework.OutcomeNone}
		},
		"interrupted": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted, away fakescaleway.Key) []framework.Outcome {
			listed := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: k.Collection, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			unclear(e, k).Create(mg)
			e.Eventually("the look-up", func() (bool, string) { return listed.Hits() > 0, "there was none" })
			e.Rotate(e.Credentials(away))
			e.Eventually("the key to be used", func() (bool, string) { return usedAtAll(e, away.SecretKey), "it was not used" })
			listed.Remove()
			e.Noticed(k, mg, away.SecretKey)

			return []framework.Outcome{framework.OutcomeOne}
		},
		"renewed": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted, away fakescaleway.Key) []framework.Outcome {
			e.Create(mg)
			e.WaitReady(mg)
			e.Rotate(e.Credentials(away))
			askRenewal(e, mg)
			e.Noticed(k, mg, away.SecretKey)

			return []framework.Outcome{framework.OutcomeOne}
		},
		"at rest": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted, away fakescaleway.Key) []framework.Outcome {
			e.Create(mg)
			e.WaitReady(mg)
			e.Rotate(e.Credentials(away))
			e.Noticed(k, mg, away.SecretKey)

			return []framework.Outcome{framework.OutcomeOne}
		},
	}

	eachKind(t, func(t *testing.T, k *framework.MintedKind) {
		t.Helper()

		for option, opts := range options {
			for which, key := range keys {
				for operation, begin := range operations {
					if option != "empty list" && which != "foreign" {
						continue
					}

					t.Run(strings.Join([]string{option, which, operation}, "/"), func(t *testing.T) {
						t.Parallel()

						e := framework.New(t, opts...)
						e.StartProvider(short())

						mg := e.NewMinted(k, "attacked")
						away := key(e)
						outcomes := begin(t, e, k, mg, away)

						// What is under way is told of, and nothing has become of it.
						if v := e.Judge(k, mg); v.Gone && len(v.Alive) > 0 {
							t.Errorf("it was let go with the key of another organization: %s", v.Summary())
						}

						for _, r := range e.Scaleway.Requests() {
							if r.Method == http.MethodPost && r.Route == k.Collection && r.SecretKey == away.SecretKey {
								t.Errorf("a request that mints was sent with the key of another organization: %d", r.Status)
							}
						}

						e.Rotate(e.Credentials(e.Key))
						wantRest(t, e, k, mg, nil, outcomes...)
					})
				}
			}
		}
	})
}

// usedAtAll tells whether a request carried the secret key.
func usedAtAll(e *framework.Env, secretKey string) bool {
	for _, r := range e.Scaleway.Requests() {
		if r.SecretKey == secretKey {
			return true
		}
	}

	return false
}

// A rotation within the organization is none of these: a renewal, the healing of an
// attempt and a deletion go on with the new key.
func TestVault02RotatedWithinOrganization(t *testing.T) {
	t.Parallel()

	eachKind(t, func(t *testing.T, k *framework.MintedKind) {
		t.Helper()

		e := framework.New(t)
		e.StartProvider(short())

		mg := e.NewMinted(k, "rotated")
		f := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: k.Collection, Times: 1, Apply: true, Hold: true, Status: http.StatusBadGateway})

		rotate := func() {
			old, next := e.Key.SecretKey, e.NewKey()
			e.Rotate(e.Credentials(next))
			e.Scaleway.RevokeKey(old)
			e.Key = next
		}

		e.Create(mg)
		<-f.Arrived()
		rotate()
		f.Release()
		wantRest(t, e, k, mg, nil, framework.OutcomeOne)

		e.Get(mg)
		old := framework.ExternalName(mg)
		rotate()
		askRenewal(e, mg)
		waitOther(e, mg, old)
		wantRest(t, e, k, mg, nil, framework.OutcomeOne)

		rotate()
		startDeletion(t, e, mg)
		wantRest(t, e, k, mg, nil, framework.OutcomeNone)
	})
}

// Annotations of before a renewal that are put back name an object that is gone. The
// object that is there is found by its mark.
func TestVault04AnnotationsRestored(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		// restart has the provider forget what it remembers, while the annotations are put back.
		restart bool
		// secret has the Secret put back too, as a restore of the Kubernetes namespace does.
		secret bool
		// renewals that there are after the annotations were saved.
		renewals int
		// pending has the annotations saved while the first attempt is under way.
		pending bool
	}{
		"once":                            {renewals: 1},
		"restarted":                       {renewals: 1, restart: true},
		"two renewals":                    {renewals: 2, restart: true},
		"with Secret":                     {renewals: 1, secret: true},
		"all restarted":                   {renewals: 1, secret: true, restart: true},
		"of the attempt":                  {pending: true},
		"of the attempt, restarted":       {pending: true, restart: true},
		"of the attempt, after a renewal": {pending: true, renewals: 1},
	}

	eachKind(t, func(t *testing.T, k *framework.MintedKind) {
		t.Helper()

		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()

				e := framework.New(t)
				e.StartProvider(short())

				mg := e.NewMinted(k, "restored")
				history := e.WatchMinted(k, mg)
				e.Create(mg)
				e.WaitReady(mg)

				versions := history()
				saved, backup := versions[len(versions)-1], e.SecretData("restored")

				if tc.pending {
					for _, a := range versions {
						if strings.Contains(a[ledger.AnnotationRecord], `"state":"pending"`) {
							saved = a
						}
					}
				}

				for i := range tc.renewals {
					old := framework.ExternalName(mg)
					e.Update(mg, func() { meta.AddAnnotations(mg, map[string]string{onetime.AnnotationRenew: fmt.Sprint(i)}) })
					waitOther(e, mg, old)
					wantRest(t, e, k, mg, nil, framework.OutcomeOne)
					e.Get(mg)
				}

				if tc.restart {
					e.Provider.Stop()
				}

				if tc.secret {
					s := secretNamed(e, "restored")
					e.Update(s, func() { s.Data = backup })
				}

				e.Update(mg, func() { mg.SetAnnotations(maps.Clone(saved)) })

				if tc.restart {
					e.StartProvider(short())
				}

				polls := e.Scaleway.Count(http.MethodGet, "")
				e.Eventually("the provider to have looked", func() (bool, string) {
					return e.Scaleway.Count(http.MethodGet, "") >= polls+6, "it has not"
				})

				wantRest(t, e, k, mg, nil, framework.OutcomeOne, framework.OutcomeSaid)

				// Nothing is left, whatever it says.
				startDeletion(t, e, mg)
				wantRest(t, e, k, mg, nil, framework.OutcomeNone, framework.OutcomeSaid, framework.OutcomeLeft)
			})
		}
	})
}

// An attempt whose outcome is not known is not begun again because an annotation is
// gone: nothing more is created while lists do not answer.
func TestVault05AnnotationsRemovedWhileUnclear(t *testing.T) {
	t.Parallel()

	removals := map[string]func(a map[string]string){
		"pending": func(a map[string]string) { delete(a, meta.AnnotationKeyExternalCreatePending) },
		"record":  func(a map[string]string) { delete(a, ledger.AnnotationRecord) },
		"pending and record": func(a map[string]string) {
			delete(a, meta.AnnotationKeyExternalCreatePending)
			delete(a, ledger.AnnotationRecord)
		},
		"all":             func(a map[string]string) { clear(a) },
		"pending is old":  func(a map[string]string) { a[meta.AnnotationKeyExternalCreatePending] = "2020-01-01T00:00:00Z" },
		"failed is added": func(a map[string]string) { a[meta.AnnotationKeyExternalCreateFailed] = "2099-01-01T00:00:00Z" },
		"record is failed": func(a map[string]string) {
			a[ledger.AnnotationRecord] = strings.Replace(a[ledger.AnnotationRecord], `"state":"pending"`, `"state":"failed"`, 1)
		},
	}

	lists := map[string]fakescaleway.Fault{
		"403":   {Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`},
		"empty": {Edit: fakescaleway.ListWithout(func(map[string]any) bool { return true })},
	}

	eachKind(t, func(t *testing.T, k *framework.MintedKind) {
		t.Helper()

		for list, fault := range lists {
			for name, remove := range removals {
				// What a list that answers does not have may come late; it is looked for again.
				if list == "empty" && name != "pending" {
					continue
				}

				t.Run(list+"/"+name, func(t *testing.T) {
					t.Parallel()

					e := framework.New(t)
					e.StartProvider(short())

					mg := e.NewMinted(k, "unclear")
					fault.Method, fault.Route = http.MethodGet, k.Collection
					listed := e.Scaleway.Inject(fault)
					unclear(e, k).Create(mg)
					e.Eventually("the look-up", func() (bool, string) { return listed.Hits() > 0, "there was none" })

					e.Update(mg, func() {
						a := maps.Clone(mg.GetAnnotations())
						remove(a)
						mg.SetAnnotations(a)
					})

					hits := listed.Hits()
					e.Eventually("the provider to have looked again", func() (bool, string) {
						posts := e.AuditMinted(k).Applied
						return listed.Hits() >= hits+2 || posts > 1, fmt.Sprintf("%d look-ups, %d applied", listed.Hits(), posts)
					})

					if list == "403" {
						if n := e.AuditMinted(k).Applied; n != 1 {
							t.Errorf("%d were minted while the lists did not answer, want 1", n)
						}

						if v := e.Judge(k, mg); v.Healthy {
							t.Errorf("it is well while it is not known what there is: %s", v.Summary())
						}
					}

					listed.Remove()

					outcomes := []framework.Outcome{framework.OutcomeOne}
					if name != "pending" && name != "pending is old" {
						outcomes = append(outcomes, framework.OutcomeSaid)
					}

					wantRest(t, e, k, mg, nil, outcomes...)
				})
			}
		}
	})
}

// An observer holds on to nothing that is another's, and does not own it: the owner
// renews and revokes it, whatever the observer does or claims.
func TestVault06Observer(t *testing.T) {
	t.Parallel()

	observeOnly := func(e *framework.Env, name, external string) *v1beta1.Token {
		tk := &v1beta1.Token{}
		e.Place(tk, name)
		tk.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})
		meta.SetExternalName(tk, external)
		e.Create(tk)

		return tk
	}

	cases := map[string]struct {
		// elsewhere has the observer in another Kubernetes namespace, with the key of the
		// same organization.
		elsewhere bool
		// paused has the observer be paused, with all policies, instead of Observe only.
		paused bool
		// forged has the observer's status claim that it has seen the object, and its
		// credentials be those of another organization.
		forged bool
	}{
		"elsewhere":        {elsewhere: true},
		"same namespace":   {},
		"forged":           {elsewhere: true, forged: true},
		"paused":           {paused: true},
		"paused elsewhere": {elsewhere: true, paused: true, forged: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			other := e

			if tc.elsewhere {
				other = e.Neighbour()
				if !tc.forged {
					other.Key.OrganizationID = e.Key.OrganizationID
					other.Rotate(other.Credentials(e.NewKey()))
				}
			}

			e.StartProvider(short(), framework.WithArgs("--watch-namespace="+other.Namespace))

			mg := e.NewMinted(framework.Tokens, "owned")
			e.Create(mg)
			e.WaitReady(mg)

			first := framework.ExternalName(mg)
			observer := observeOnly(other, "observer", first)

			if tc.paused {
				other.Update(observer, func() {
					meta.AddAnnotations(observer, map[string]string{meta.AnnotationKeyReconciliationPaused: "true"})
				})
			}

			switch {
			case tc.forged:
				other.Eventually("the forged status", func() (bool, string) {
					other.Get(observer)
					observer.Status.AtProvider.ID = ptr.To(first)
					observer.SetConditions(xpv1.Available(), xpv1.ReconcileSuccess())
					err := other.Client.Status().Update(t.Context(), observer)

					return err == nil, fmt.Sprint(err)
				})
			case !tc.paused:
				other.WaitReady(observer)
			}

			// The owner is as it was, and can be renewed.
			e.WaitPolled(fakescaleway.RouteToken, 4)
			wantRest(t, e, framework.Tokens, mg, nil, framework.OutcomeOne)
			askRenewal(e, mg)
			waitOther(e, mg, first)
			wantRest(t, e, framework.Tokens, mg, nil, framework.OutcomeOne)
			e.Get(mg)

			second := framework.ExternalName(mg)
			another := observeOnly(other, "another", second)

			if tc.forged {
				other.Eventually("the forged status", func() (bool, string) {
					other.Get(another)
					another.Status.AtProvider.ID = ptr.To(second)
					err := other.Client.Status().Update(t.Context(), another)

					return err == nil, fmt.Sprint(err)
				})
			} else {
				other.WaitReady(another)
			}

			// The deletion of an observer revokes nothing.
			deletes := len(e.TokenRequests(http.MethodDelete))
			other.Update(observer, func() { meta.RemoveAnnotations(observer, meta.AnnotationKeyReconciliationPaused) })
			other.Delete(observer)

			if n := len(e.TokenRequests(http.MethodDelete)); n != deletes {
				t.Errorf("the deletion of an observer sent %d requests that delete, want none", n-deletes)
			}

			wantAlive(t, e, second)

			// That of the owner does.
			startDeletion(t, e, mg)
			wantRest(t, e, framework.Tokens, mg, nil, framework.OutcomeNone)
			wantAlive(t, e)
		})
	}
}

// What a team writes into its own records costs no other team anything.
func TestVault08RecordsAreBounded(t *testing.T) {
	t.Parallel()

	const (
		tokens   = 5
		attempts = 500
		// began is how long a Token may take that nobody delays, on a busy machine.
		began = 15 * time.Second
		// requests that all of this may cost.
		requests = 600
	)

	e := framework.New(t)
	e.StartProvider(short())

	parent := e.CreateParent()
	uuid := strings.TrimPrefix(parent, "fr-par/")

	crowd := make([]*v1beta1.Token, tokens)
	for i := range crowd {
		crowd[i] = e.NewToken(fmt.Sprintf("crowd-%d", i), parent)
		e.Create(crowd[i])
	}

	for _, tk := range crowd {
		e.WaitReady(tk)
	}

	for i, tk := range crowd {
		e.Update(tk, func() {
			var record ledger.Record
			if err := json.Unmarshal([]byte(tk.GetAnnotations()[ledger.AnnotationRecord]), &record); err != nil {
				t.Fatal(err)
			}

			for n := range attempts {
				record.Abandoned = append(record.Abandoned, ledger.Abandoned{
					Attempt: fmt.Sprintf("%08x", i*attempts+n), At: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
					Region: "fr-par", Parents: map[string]string{"namespace_id": uuid},
				})
			}

			record.Write(tk)
		})
	}

	e.WaitPolled(fakescaleway.RouteToken, 2)

	before := e.Scaleway.Count("", "")
	asked := time.Now()

	// Another team's, with the same key.
	tk := e.NewToken("other", e.CreateParent())
	e.Create(tk)
	e.Eventually("the request that mints the other team's", func() (bool, string) {
		return len(e.TokenRequests(http.MethodPost)) > tokens, "it was not sent"
	})

	if took := time.Since(asked); took > began {
		t.Errorf("the Token of another team was begun after %s, want at most %s", took, began)
	}

	e.WaitReady(tk)

	if n := e.Scaleway.Count("", "") - before; n > requests {
		t.Errorf("%d requests were sent meanwhile, want at most %d", n, requests)
	}
}

// Whatever lets an object go, what its attempts have left is revoked or told of.
func TestVault11ExitsSettle(t *testing.T) {
	t.Parallel()

	withoutDelete := func(mg framework.Minted) {
		mg.SetManagementPolicies(xpv1.ManagementPolicies{
			xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate, xpv1.ManagementActionLateInitialize,
		})
	}

	// inDoubt leaves an object of which there is more at Scaleway than it names.
	inDoubt := map[string]func(t *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) (free func()){
		// The first attempt has an unclear outcome.
		"unclear": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) func() {
			listed := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: k.Collection, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			unclear(e, k).Create(mg)
			e.Eventually("the look-up", func() (bool, string) { return listed.Hits() > 0, "there was none" })

			return listed.Remove
		},
		// A renewal has, of an object that is there.
		"renewal unclear": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) func() {
			e.Create(mg)
			e.WaitReady(mg)

			listed := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: k.Collection, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			unclear(e, k)
			askRenewal(e, mg)
			e.Eventually("the look-up", func() (bool, string) { return listed.Hits() > 0, "there was none" })

			return listed.Remove
		},
		// A renewal has not revoked the old one yet.
		"previous waits": func(_ *testing.T, e *framework.Env, k *framework.MintedKind, mg framework.Minted) func() {
			e.Create(mg)
			e.WaitReady(mg)

			old := framework.ExternalName(mg)
			kept := e.Scaleway.Inject(fakescaleway.Fault{
				Method: http.MethodDelete, Route: k.Object, Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`,
			})

			askRenewal(e, mg)
			waitOther(e, mg, old)
			e.Eventually("the revocation", func() (bool, string) { return kept.Hits() > 0, "there was none" })

			return kept.Remove
		},
	}

	exits := map[string]func(t *testing.T, e *framework.Env, mg framework.Minted){
		"without the policy Delete": func(t *testing.T, e *framework.Env, mg framework.Minted) {
			t.Helper()
			e.Update(mg, func() { withoutDelete(mg) })
			startDeletion(t, e, mg)
		},
		"Observe only": func(t *testing.T, e *framework.Env, mg framework.Minted) {
			t.Helper()
			e.Update(mg, func() { mg.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve}) })
			startDeletion(t, e, mg)
		},
		"released by name": func(t *testing.T, e *framework.Env, mg framework.Minted) {
			t.Helper()
			startDeletion(t, e, mg)
			e.Update(mg, func() {
				var record ledger.Record
				_ = json.Unmarshal([]byte(mg.GetAnnotations()[ledger.AnnotationRecord]), &record)

				what := framework.ExternalName(mg)
				if what == "" {
					what = record.Attempt
				}

				meta.AddAnnotations(mg, map[string]string{release.Annotation: what})
			})
		},
		"released by attempt": func(t *testing.T, e *framework.Env, mg framework.Minted) {
			t.Helper()
			startDeletion(t, e, mg)
			e.Update(mg, func() {
				var record ledger.Record
				_ = json.Unmarshal([]byte(mg.GetAnnotations()[ledger.AnnotationRecord]), &record)
				meta.AddAnnotations(mg, map[string]string{release.Annotation: record.Attempt})
			})
		},
		"deleted": func(t *testing.T, e *framework.Env, mg framework.Minted) {
			t.Helper()
			startDeletion(t, e, mg)
		},
	}

	eachKind(t, func(t *testing.T, k *framework.MintedKind) {
		t.Helper()

		for doubt, begin := range inDoubt {
			for exit, leave := range exits {
				t.Run(doubt+"/"+exit, func(t *testing.T) {
					t.Parallel()

					e := framework.New(t)
					e.StartProvider(short())

					mg := e.NewMinted(k, "leaving")
					free := begin(t, e, k, mg)
					leave(t, e, mg)

					// It goes while what is in doubt cannot be looked up or revoked, with a word on
					// it, or it stays until that is settled.
					waitTried(t, e, k, mg)
					free()
					nudge(t, e, mg)
					wantRest(t, e, k, mg, nil, framework.OutcomeNone, framework.OutcomeLeft)
				})
			}

			// The object goes to another one of the Kubernetes namespace that names it too.
			if doubt == "unclear" || k != framework.Tokens {
				continue
			}

			t.Run(doubt+"/handed over", func(t *testing.T) {
				t.Parallel()

				e := framework.New(t)
				e.StartProvider(short())

				mg := e.NewMinted(k, "leaving")
				free := begin(t, e, k, mg)
				e.Get(mg)

				name := framework.ExternalName(mg)
				heir := e.NewToken("heir", *mg.(*v1beta1.Token).Spec.ForProvider.NamespaceID)
				heir.Spec.ForProvider.Description = ptr.To("leaving")
				heir.Spec.WriteConnectionSecretToReference = nil
				meta.SetExternalName(heir, name)
				e.Create(heir)
				e.WaitCondition(heir, xpv1.TypeSynced, "said", func(c xpv1.Condition) bool { return c.Status != corev1.ConditionUnknown })

				startDeletion(t, e, mg)

				waitTried(t, e, k, mg)
				free()
				nudge(t, e, mg)
				wantRest(t, e, k, mg, []string{name}, framework.OutcomeNone, framework.OutcomeLeft)
			})
		}
	})
}
