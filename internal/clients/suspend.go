// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"sync"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// suspended are the API keys with which nothing is created for the moment, by access
// key, with by how many that is wanted.
type suspended struct {
	mu   sync.Mutex
	keys map[string]int
}

// AccessKey of a ProviderConfig or a ClusterProviderConfig. It is empty if its credentials
// are of no use. An error says that they could not be read, and so nothing about them.
func (b *Builder) AccessKey(ctx context.Context, pc client.Object) (string, error) {
	c, err := b.Credentials(ctx, pc)
	if IsTemporary(err) {
		return "", err
	}

	if err != nil {
		return "", nil //nolint:nilerr // The check of the ProviderConfig says it.
	}

	return c.AccessKey, nil
}

// SecretOf returns the Secret with the credentials of a ProviderConfig or a
// ClusterProviderConfig. Its name is empty if they are elsewhere.
func (b *Builder) SecretOf(pc client.Object) types.NamespacedName { return SecretOf(pc) }

// Suspend has nothing created with the API keys until resume is called. What is being
// created with them by then has a ProviderConfigUsage, by which it can be found.
func (b *Builder) Suspend(accessKeys []string) (resume func()) {
	b.suspended.add(accessKeys, 1)
	return func() { b.suspended.add(accessKeys, -1) }
}

func (s *suspended) add(keys []string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.keys == nil {
		s.keys = map[string]int{}
	}

	for _, k := range keys {
		if s.keys[k] += n; s.keys[k] == 0 {
			delete(s.keys, k)
		}
	}
}

// checkSuspended refuses to create anything with an API key that is about to be deleted.
func (b *Builder) checkSuspended(pc client.Object, c Credentials) error {
	b.suspended.mu.Lock()
	defer b.suspended.mu.Unlock()

	if b.suspended.keys[c.AccessKey] == 0 {
		return nil
	}

	return errors.Errorf("nothing is created with API key %s of %s, because it, or what it needs to work, is being deleted: give the ProviderConfig another key", c.AccessKey, nameOf(pc))
}
