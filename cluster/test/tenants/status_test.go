// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/providerconfig"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// keys returns the secret keys with which credentials were checked.
func keys(e *framework.Env) []string {
	var all []string
	for _, r := range e.Checks() {
		all = append(all, r.SecretKey)
	}

	return all
}

// A ProviderConfig says whether its credentials work. Scaleway is asked when they
// change, and not because of a reconcile or a restart.
func TestCheckedWhenChanged(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	ns := newNamespace(e, "shop", "default")
	e.Create(ns)
	e.WaitReady(ns)

	pc := e.ProviderConfig("default")

	asked := func(what string, want ...string) {
		t.Helper()

		if diff := cmp.Diff(want, keys(e)); diff != "" {
			t.Errorf("keys that were checked after %s: -want, +got:\n%s", what, diff)
		}
	}

	ready := e.WaitConfig(pc, providerconfig.ReasonValid)
	if ready.Status != corev1.ConditionTrue {
		t.Errorf("the condition Ready is %s, want True", ready.Status)
	}

	if ev := e.WaitEvent(pc, string(providerconfig.ReasonValid)); ev.Type != corev1.EventTypeNormal {
		t.Errorf("the event is of type %s, want Normal", ev.Type)
	}

	first := pc.Status.CheckedCredentials

	e.WaitPolled(routeNamespace, 5)
	asked("some polls", e.Key.SecretKey)

	// What is no change of the credentials.
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "default"}}
	e.Update(s, func() { s.SetLabels(map[string]string{"a": "b"}) })
	e.WaitPolled(routeNamespace, 2)
	asked("a label on the Secret", e.Key.SecretKey)

	p.Stop()
	e.StartProvider()
	e.WaitPolled(routeNamespace, 3)
	asked("a restart", e.Key.SecretKey)

	// A key that Scaleway knows.
	second := e.NewKey()
	e.Rotate(e.Credentials(second))
	e.Eventually("the new key to be checked", func() (bool, string) {
		e.Get(pc)
		return pc.Status.CheckedCredentials != first, pc.Status.CheckedCredentials
	})
	e.WaitConfig(pc, providerconfig.ReasonValid)
	asked("a rotation", e.Key.SecretKey, second.SecretKey)

	// One that it does not.
	third := e.NewKey()
	e.Scaleway.RevokeKey(third.SecretKey)
	e.Rotate(e.Credentials(third))

	ready = e.WaitConfig(pc, providerconfig.ReasonRefused)
	if ready.Status != corev1.ConditionFalse || !strings.Contains(ready.Message, third.AccessKey) {
		t.Errorf("want False, and the access key in the message, got %s: %s", ready.Status, ready.Message)
	}

	if ev := e.WaitEvent(pc, string(providerconfig.ReasonRefused)); ev.Type != corev1.EventTypeWarning {
		t.Errorf("the event is of type %s, want Warning", ev.Type)
	}

	e.WaitCondition(ns, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })

	// Until it does, which no change in Kubernetes tells.
	e.Scaleway.AddKey(third)
	e.WaitConfig(pc, providerconfig.ReasonValid)
	e.WaitReady(ns)

	for _, k := range []fakescaleway.Key{e.Key, second, third} {
		for _, c := range pc.Status.Conditions {
			if strings.Contains(c.Message+pc.Status.CheckedCredentials, k.SecretKey) {
				t.Errorf("the status holds a secret key: %s", c.Message)
			}
		}
	}
}

// A key that Scaleway stops accepting, which nothing in Kubernetes tells, shows in the
// ProviderConfig when the first managed resource is refused, and that it works again
// when the first is not. What only one permission is lacking for is not asked about.
func TestRefusedKeyShowsAtOnce(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	ns := newNamespace(e, "shop", "default")
	e.Create(ns)
	e.WaitReady(ns)

	pc := e.ProviderConfig("default")
	e.WaitConfig(pc, providerconfig.ReasonValid)

	forbidden := e.Scaleway.Inject(fakescaleway.Fault{
		Method: http.MethodGet, Route: routeNamespace, Status: http.StatusForbidden, Body: `{"type":"permissions_denied","message":"insufficient permissions","details":[]}`,
	})
	e.Eventually("some refusals", func() (bool, string) { return forbidden.Hits() > 2, fmt.Sprint(forbidden.Hits()) })
	forbidden.Remove()

	if diff := cmp.Diff([]string{e.Key.SecretKey}, keys(e)); diff != "" {
		t.Errorf("keys that were checked although only a permission is lacking: -want, +got:\n%s", diff)
	}

	// Without a resource to tell, it would take an hour.
	e.Scaleway.RevokeKey(e.Key.SecretKey)
	e.WaitConfig(pc, providerconfig.ReasonRefused)

	e.Scaleway.AddKey(e.Key)
	e.WaitConfig(pc, providerconfig.ReasonValid)
	e.WaitReady(ns)
}

// A Scaleway that hangs for one tenant's checks, of which there are more than workers,
// does not keep another tenant's credentials from being checked.
func TestHangingChecksOfOneTenant(t *testing.T) {
	t.Parallel()

	const workers = 8

	e := framework.New(t)
	away := newTenant(t, e)

	for i := range 3 * workers {
		away.CreateProviderConfig(fmt.Sprintf("another-%d", i), e.Credentials(away.key))
	}

	hang := e.Scaleway.Inject(fakescaleway.Fault{Match: away.calls, Hang: true})
	other := newTenant(t, e)

	// A worker that is held is held for longer than the test waits.
	e.StartProvider(framework.WithArgs("--watch-namespace="+away.Namespace, "--watch-namespace="+other.Namespace,
		fmt.Sprintf("--concurrency=%d", workers), "--request-timeout=5m"))
	e.Eventually("checks that hang", func() (bool, string) { return hang.Hits() > 0, "there is none" })

	// One that is new, and has its turn after all that hang.
	other.CreateProviderConfig("new", e.Credentials(other.key))
	other.WaitConfig(other.ProviderConfig("new"), providerconfig.ReasonValid)
	other.WaitConfig(other.ProviderConfig("default"), providerconfig.ReasonValid)

	if hits := hang.Hits(); hits >= workers {
		t.Errorf("%d checks hang, want fewer than the %d workers", hits, workers)
	}
}

// What Scaleway answers says whether the key works, does not, or that nobody knows.
func TestAnswersOfScaleway(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		fault  fakescaleway.Fault
		want   xpv1.Condition
	}{
		"Outage": {
			reason: "An outage says nothing about the key.",
			fault:  fakescaleway.Fault{Status: http.StatusServiceUnavailable, Body: `{"message":"maintenance"}`},
			want:   xpv1.Condition{Status: corev1.ConditionUnknown, Reason: providerconfig.ReasonCheckFailed},
		},
		"NoAnswer": {
			reason: "Nor does a connection that breaks.",
			fault:  fakescaleway.Fault{DropBefore: true},
			want:   xpv1.Condition{Status: corev1.ConditionUnknown, Reason: providerconfig.ReasonCheckFailed},
		},
		"NotPermitted": {
			reason: "A key that may do something else is a key.",
			fault:  fakescaleway.Fault{Status: http.StatusForbidden, Body: `{"type":"permissions_denied","message":"insufficient permissions","details":[]}`},
			want:   xpv1.Condition{Status: corev1.ConditionTrue, Reason: providerconfig.ReasonValid},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			tc.fault.Method, tc.fault.Route = http.MethodGet, routeNamespaces
			fault := e.Scaleway.Inject(tc.fault)
			e.StartProvider()

			pc := e.ProviderConfig("default")

			got := e.WaitConfig(pc, tc.want.Reason)
			if diff := cmp.Diff(tc.want.Status, got.Status); diff != "" {
				t.Errorf("\n%s\nthe condition Ready: -want, +got:\n%s", tc.reason, diff)
			}

			// Nobody has to do anything about it.
			fault.Remove()
			e.WaitConfig(pc, providerconfig.ReasonValid)
		})
	}
}

// A wrong key that is put right is used at once, and not when the back-off of what
// it has kept from working has run down.
func TestRecoversAtOnce(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	good, wrong := e.Key, e.NewKey()
	e.Scaleway.RevokeKey(wrong.SecretKey)
	e.Rotate(e.Credentials(wrong))
	e.StartProvider()

	ns := newNamespace(e, "shop", "default")
	e.Create(ns)

	// It is tried after 1, 2, 4 and 8 seconds. The next attempt is 16 seconds away.
	const backoff = 16 * time.Second

	e.Eventually("the back-off to grow", func() (bool, string) {
		n := int32(0)
		for _, ev := range e.Events(ns, "CannotCreateExternalResource") {
			n += ev.Count
		}

		return n >= 5, "there were too few attempts"
	})

	e.Rotate(e.Credentials(good))
	begin := time.Now()
	e.WaitReady(ns)

	if took := time.Since(begin); took > backoff/2 {
		t.Errorf("it took %s until the right key was used, with a back-off of %s", took, backoff)
	}
}
