// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package kubeclient

import (
	"context"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

// A cacheWith holds one Token, or none, and counts what is written.
type cacheWith struct {
	client.Client

	token    *v1beta1.Token
	unsafe   bool
	updates  int
	statuses int
	// newest resource version, once a status has been written.
	newest string
}

func (c *cacheWith) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if c.token == nil {
		return kerrors.NewNotFound(schema.GroupResource{}, key.Name)
	}

	// As the cache does, which sets the kind of what it copies only.
	*o.(*v1beta1.Token) = *c.token

	return nil
}

func (c *cacheWith) List(_ context.Context, _ client.ObjectList, opts ...client.ListOption) error {
	o := (&client.ListOptions{}).ApplyOptions(opts)
	c.unsafe = o.UnsafeDisableDeepCopy != nil && *o.UnsafeDisableDeepCopy

	return nil
}

func (c *cacheWith) Update(context.Context, client.Object, ...client.UpdateOption) error {
	c.updates++
	return nil
}

func (c *cacheWith) Status() client.SubResourceWriter { return statusOf{cache: c} }

type statusOf struct {
	client.SubResourceWriter
	cache *cacheWith
}

func (s statusOf) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	s.cache.statuses++

	if s.cache.newest != "" && o.GetResourceVersion() != s.cache.newest {
		return kerrors.NewConflict(schema.GroupResource{}, o.GetName(), nil)
	}

	s.cache.newest = o.GetResourceVersion() + "0"
	o.SetResourceVersion(s.cache.newest)

	return nil
}

func newToken() *v1beta1.Token {
	tk := &v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "token", UID: "uid", ResourceVersion: "7"}}
	tk.SetConditions(xpv1.Available().WithMessage("it is"), xpv1.ReconcileSuccess())

	return tk
}

func TestSparing(t *testing.T) {
	cases := map[string]struct {
		reason string
		cached func(*v1beta1.Token) *v1beta1.Token
		change func(*v1beta1.Token)

		update, status bool
	}{
		"Unchanged": {
			reason: "There is nothing to write.",
			change: func(*v1beta1.Token) {},
		},
		"OtherKind": {
			reason: "What is read from a cache has its kind, what is in it has none.",
			change: func(tk *v1beta1.Token) { tk.SetGroupVersionKind(v1beta1.Token_GroupVersionKind) },
		},
		"Status": {
			reason: "A condition has changed.",
			change: func(tk *v1beta1.Token) { tk.SetConditions(xpv1.Unavailable()) },
			update: true, status: true,
		},
		"Metadata": {
			reason: "An update of the status leaves metadata as it is.",
			change: func(tk *v1beta1.Token) { tk.SetAnnotations(map[string]string{"a": "b"}) },
			update: true,
		},
		"OldCache": {
			reason: "The cache may have what was there before a change that is undone here.",
			cached: func(tk *v1beta1.Token) *v1beta1.Token { tk.SetResourceVersion("6"); return tk },
			change: func(*v1beta1.Token) {},
			update: true, status: true,
		},
		"AnotherObject": {
			reason: "It has been deleted and created again.",
			cached: func(tk *v1beta1.Token) *v1beta1.Token { tk.SetUID(types.UID("other")); return tk },
			change: func(*v1beta1.Token) {},
			update: true, status: true,
		},
		"NotCached": {
			reason: "Nothing is known.",
			cached: func(*v1beta1.Token) *v1beta1.Token { return nil },
			change: func(*v1beta1.Token) {},
			update: true, status: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := newToken()

			c := &cacheWith{token: tk.DeepCopy()}
			if tc.cached != nil {
				c.token = tc.cached(c.token)
			}

			tc.change(tk)

			s := NewSparing(c, NewOwn())
			if err := s.Update(t.Context(), tk); err != nil || (c.updates == 1) != tc.update {
				t.Errorf("\n%s\nUpdate(...): want it to be made: %t, it was: %t, %v", tc.reason, tc.update, c.updates == 1, err)
			}

			if err := s.Status().Update(t.Context(), tk); err != nil || (c.statuses == 1) != tc.status {
				t.Errorf("\n%s\nStatus().Update(...): want it to be made: %t, it was: %t, %v", tc.reason, tc.status, c.statuses == 1, err)
			}
		})
	}
}

func TestSparingList(t *testing.T) {
	c := &cacheWith{}
	if err := NewSparing(c, NewOwn()).List(t.Context(), &v1beta1.TokenList{}); err != nil || !c.unsafe {
		t.Errorf("List(...): want what is in the cache, got copies; %v", err)
	}
}

// TestSparingBehind undoes a status before the cache has seen it.
func TestSparingBehind(t *testing.T) {
	before := newToken()
	c := &cacheWith{token: before.DeepCopy()}
	s := NewSparing(c, NewOwn())

	failed := newToken()
	failed.SetConditions(xpv1.Unavailable())

	if err := s.Status().Update(t.Context(), failed); err != nil || c.statuses != 1 {
		t.Fatalf("Status().Update(...): want it to be made, got %d, %v", c.statuses, err)
	}

	if err := s.Status().Update(t.Context(), before); !kerrors.IsConflict(err) {
		t.Errorf("Status().Update(...): the cache has what was there before the last update: want the conflict that has it tried again, got %v", err)
	}

	c.token = failed.DeepCopy()

	if err := s.Status().Update(t.Context(), failed.DeepCopy()); err != nil || c.statuses != 2 {
		t.Errorf("Status().Update(...): the cache has caught up, and there is nothing to write; %d were made, %v", c.statuses, err)
	}
}
