// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"net/http"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// never polls, so that what happens is because of a watch.
const never = "--poll-interval=1h"

func secretNamed(e *framework.Env, name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
}

// waitUnready waits until the Token is not Ready, for the reason.
func waitUnready(e *framework.Env, tk *v1beta1.Token, reason xpv1.ConditionReason) xpv1.Condition {
	return e.WaitCondition(tk, xpv1.TypeReady, "False, "+string(reason), func(c xpv1.Condition) bool {
		return c.Status == corev1.ConditionFalse && c.Reason == reason
	})
}

// What happens to the Secret is said at once, and not at the next poll.
func TestSecretIsWatched(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider(framework.WithArgs(never))

	tk, _ := e.CreateToken("watched")
	e.WaitReady(tk)

	// A process that has not minted the token does not know its value.
	p.Stop()
	e.StartProvider(framework.WithArgs(never))
	e.WaitPolled(fakescaleway.RouteToken, 1)
	e.WaitReady(tk)

	s := secretNamed(e, "watched")
	published := e.SecretData("watched")

	for _, touch := range []struct {
		name    string
		reason  xpv1.ConditionReason
		change  func()
		restore func()
	}{
		{
			name: "emptied", reason: onetime.ReasonSecretLost,
			change:  func() { e.Update(s, func() { s.Data = nil }) },
			restore: func() { e.Update(s, func() { s.Data = published }) },
		},
		{
			name: "overwritten", reason: onetime.ReasonSecretUnreadable,
			change:  func() { e.Update(s, func() { s.Data = map[string][]byte{"attribute.token": []byte("other")} }) },
			restore: func() { e.Update(s, func() { s.Data = published }) },
		},
		{
			name: "unlabelled", reason: onetime.ReasonSecretLost,
			change: func() {
				e.Update(s, func() { s.SetLabels(nil); s.Data = nil })
			},
			restore: func() { e.Update(s, func() { s.Data = published }) },
		},
		{
			name: "deleted", reason: onetime.ReasonSecretLost,
			change: func() { e.Delete(s) },
			restore: func() {
				// As a backup tool does, without the owner. Meanwhile the provider has made
				// room for another value.
				e.Update(s, func() { s.OwnerReferences, s.Data = nil, published })
			},
		},
	} {
		touch.change()
		waitUnready(e, tk, touch.reason)
		touch.restore()
		e.WaitReady(tk)

		if diff := cmp.Diff(published, e.SecretData("watched")); diff != "" {
			t.Errorf("the Secret that was %s, and restored: -want, +got:\n%s", touch.name, diff)
		}
	}

	// A key that is made of another is put right at once too.
	e.Update(s, func() { delete(s.Data, "token") })
	e.Eventually("the key to be put right", func() (bool, string) { return cmp.Equal(published, e.SecretData("watched")), "it is not" })
}

// An object whose Secret is as it should be is observed without reading the
// Secret, and without writing it.
func TestSecretIsNotReadAtEachPoll(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()))

	tk, _ := e.CreateToken("unread")
	e.WaitReady(tk)
	e.WaitPolled(fakescaleway.RouteToken, 3) // The watch may lag behind the first.

	before := proxy.CountObject(http.MethodGet, "secrets", "unread")
	e.WaitPolled(fakescaleway.RouteToken, 5)
	e.WaitReady(tk)

	if diff := cmp.Diff(before, proxy.CountObject(http.MethodGet, "secrets", "unread")); diff != "" {
		t.Errorf("reads of the Secret after five polls: -before, +after:\n%s", diff)
	}

	if n := proxy.CountObject(http.MethodPatch, "secrets", "unread"); n != 0 {
		t.Errorf("the Secret was patched %d times", n)
	}
}

// A Secret that an older version has published has no label. It is found all the
// same, labelled once, and its content stays.
func TestSecretOfOlderVersion(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()
	p := e.StartProvider()

	tk, _ := e.CreateToken("older")
	e.WaitReady(tk)
	p.Stop()

	s := secretNamed(e, "older")
	e.Update(s, func() { s.SetLabels(map[string]string{"mine": "too"}) })

	want := e.SecretData("older")

	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()))
	e.Eventually("the Secret to be labelled", func() (bool, string) {
		e.Get(s)
		return cmp.Equal(map[string]string{"mine": "too", publish.Label: "Token"}, s.GetLabels()), cmp.Diff(nil, s.GetLabels())
	})
	e.WaitPolled(fakescaleway.RouteToken, 5)
	e.WaitReady(tk)

	if diff := cmp.Diff(want, e.SecretData("older")); diff != "" {
		t.Errorf("the Secret: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(1, proxy.CountObject(http.MethodPatch, "secrets", "older")); diff != "" {
		t.Errorf("patches of the Secret: -want, +got:\n%s", diff)
	}

	if n := len(e.TokenRequests(http.MethodPost)); n != 1 {
		t.Errorf("%d tokens were minted, want 1", n)
	}
}

// Of all Secrets only those are read that the provider has published, or that hold its
// credentials. Of others, at most the metadata is.
func TestSecretsOfOthersAreNotWatched(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()

	watched := make(chan string, 100)
	proxy.Spy(func(r *http.Request) {
		metadata := strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata")
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/secrets") && !metadata {
			select {
			case watched <- r.URL.Query().Get("labelSelector") + r.URL.Query().Get("fieldSelector"):
			default:
			}
		}
	})
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()))

	tk, _ := e.CreateToken("ours")
	e.WaitReady(tk)

	select {
	case selector := <-watched:
		for more := true; more; {
			// The Secret with the credentials is watched by its name.
			if selector != publish.Label && selector != "metadata.name=default" {
				t.Errorf("Secrets are listed with the selector %q", selector)
			}

			select {
			case selector = <-watched:
			default:
				more = false
			}
		}
	case <-time.After(time.Minute):
		t.Error("no Secrets are listed")
	}
}
