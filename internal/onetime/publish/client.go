// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Kind judges what a Secret holds that publishes the secret of one of its objects.
type Kind interface {
	// SecretKey is the key of the Secret that the secret is under.
	SecretKey() string
	// Identify returns the ID of the object that the data belong to. An error, which quotes
	// no value, says why they belong to none.
	Identify(data map[string][]byte) (string, error)
	// IsComplete tells whether the data have all keys that go with the secret.
	IsComplete(data map[string][]byte) bool
}

// A Scope is what is known of Secrets within one reconcile, so that they need not be read
// again.
type Scope struct {
	// Complete is the Secret that is known to hold everything. The reconciler would read it
	// only to find that it need not write it.
	Complete types.NamespacedName

	// Secret is the one that the reconciler has read or created, as the API server returned
	// it.
	Secret *corev1.Secret
}

type scopeKey struct{}

// WithScope returns a context for one reconcile, with a Scope of its own.
func WithScope(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, &Scope{})
}

// ScopeOf returns the Scope of a context. Outside of a reconcile it is one that nobody
// else knows.
func ScopeOf(ctx context.Context) *Scope {
	if s, ok := ctx.Value(scopeKey{}).(*Scope); ok {
		return s
	}

	return &Scope{}
}

// NoteComplete tells the reconciler's client that the Secret holds everything.
func NoteComplete(ctx context.Context, secret types.NamespacedName) {
	ScopeOf(ctx).Complete = secret
}

// A Client is the client of a reconciler of minted objects. It labels
// the Secrets that it creates, and does not read the one of which it is known
// that it holds everything. What it has of a Secret it leaves to the scope.
type Client struct {
	client.Client

	Kind string
}

// Get reads an object. Of a Secret that holds everything it returns nothing but
// its name, which is what the reconciler, who has been given nothing to publish,
// takes for equal.
func (c *Client) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	s, ok := o.(*corev1.Secret)
	if ok && ScopeOf(ctx).Complete == key {
		*s = corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Type: xpresource.SecretTypeConnection}
		return nil
	}

	err := c.Client.Get(ctx, key, o, opts...)
	if ok && err == nil {
		ScopeOf(ctx).Secret = s.DeepCopy()
	}

	return err
}

// Create an object.
func (c *Client) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	s, ok := o.(*corev1.Secret)
	if ok {
		metav1.SetMetaDataLabel(&s.ObjectMeta, Label, c.Kind)
	}

	err := c.Client.Create(ctx, o, opts...)
	if ok && err == nil {
		ScopeOf(ctx).Secret = s.DeepCopy()
	}

	return err
}

// Patch an object.
func (c *Client) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	if _, ok := o.(*corev1.Secret); ok {
		ScopeOf(ctx).Secret = nil
	}

	return c.Client.Patch(ctx, o, patch, opts...)
}
