// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// A Minted object is a managed resource whose secret Scaleway shows once.
type Minted interface {
	xpresource.ModernManaged
	xpresource.LocalConnectionSecretWriterTo
}

// A MintedKind is a kind of Minted objects, as a test of all of them sees it.
type MintedKind struct {
	// Name of the kind.
	Name string
	// Collection and Object are the routes of Scaleway's API.
	Collection, Object string
	// Keys of the Secret that hold the value, upjet's first.
	Keys []string
	// Resource is the name of the kind in paths of the API server.
	Resource string

	// prefix of all external names in the tests.
	prefix string

	parent func(*Env) string
	object func(e *Env, name, parent string) Minted
	// outside creates an object of a parent at Scaleway, as somebody else would, and
	// returns its external name.
	outside func(e *Env, parent, description string) string
	list    func() xpresource.ManagedList
	// alive objects of an organization, or of all if it is empty.
	alive  func(s *fakescaleway.Server, organization string) []Live
	verify func(s *fakescaleway.Server, data map[string][]byte) (string, error)
}

// MintedKinds are all kinds of Minted objects.
var MintedKinds = []*MintedKind{Tokens, APIKeys}

// Tokens of containers.
var Tokens = &MintedKind{
	Name: "Token", Resource: "tokens", prefix: "fr-par/",
	Collection: fakescaleway.RouteTokens, Object: fakescaleway.RouteToken,
	Keys:   []string{"attribute.token", "token"},
	parent: (*Env).CreateParent,
	object: func(e *Env, name, parent string) Minted { return e.NewToken(name, parent) },
	outside: func(e *Env, parent, description string) string {
		name, _ := e.CreateTokenOutside(parent, description)
		return name
	},
	list: func() xpresource.ManagedList { return &v1beta1.TokenList{} },
	alive: func(s *fakescaleway.Server, organization string) []Live {
		var live []Live

		for _, t := range s.Tokens("") {
			if t.Status != fakescaleway.StatusDeleting && (organization == "" || organization == t.OrganizationID) {
				live = append(live, newLive(regional.ID{Region: t.Region, UUID: t.ID}.String(), t.Description))
			}
		}

		return live
	},
	verify: func(s *fakescaleway.Server, data map[string][]byte) (string, error) {
		claims, err := s.VerifyToken(string(data["token"]))
		if err != nil {
			return "", err
		}

		return "fr-par/" + claims.ID, nil
	},
}

// APIKeys of IAM.
var APIKeys = &MintedKind{
	Name: "ApiKey", Resource: "apikeys", prefix: "SCW",
	Collection: fakescaleway.RouteAPIKeys, Object: fakescaleway.RouteAPIKey,
	Keys:   []string{"attribute.secret_key", "secret_key", "token", "SCW_SECRET_KEY"},
	parent: (*Env).CreateApplication,
	object: func(e *Env, name, parent string) Minted { return e.NewAPIKey(name, parent) },
	outside: func(e *Env, parent, description string) string {
		return e.createOutside(fakescaleway.RouteAPIKeys, map[string]any{"application_id": parent, "description": description})
	},
	list: func() xpresource.ManagedList { return &iamv1beta1.ApiKeyList{} },
	alive: func(s *fakescaleway.Server, organization string) []Live {
		var live []Live

		for _, k := range s.APIKeys() {
			if organization == "" || organization == k.OrganizationID {
				live = append(live, newLive(k.ID, k.Description))
			}
		}

		return live
	},
	verify: func(s *fakescaleway.Server, data map[string][]byte) (string, error) {
		id := string(data["access_key"])
		if id != string(data["SCW_ACCESS_KEY"]) || !s.IssuedAPIKey(id, string(data["secret_key"])) {
			return "", errors.Errorf("it is no pair that was issued with access key %q", id)
		}

		return id, nil
	},
}

// Verify returns the external name of the object whose value the data of a Secret
// are, under all keys. The object may have been deleted since.
func (k *MintedKind) Verify(s *fakescaleway.Server, data map[string][]byte) (string, error) {
	for _, key := range k.Keys {
		if string(data[key]) != string(data[k.Keys[0]]) {
			return "", errors.Errorf("the keys %s hold different values", strings.Join(k.Keys, ", "))
		}
	}

	return k.verify(s, data)
}

// NewMinted returns an object of that name, which is in its description too and is
// that of its Secret, of a new parent. It has not been created yet.
func (e *Env) NewMinted(k *MintedKind, name string) Minted {
	e.t.Helper()
	return k.object(e, name, k.parent(e))
}

// NewMintedAmong returns an object like NewMinted, whose parent has others already that
// somebody else has created, and the external names of those.
func (e *Env) NewMintedAmong(k *MintedKind, name string, others int) (mg Minted, names []string) {
	e.t.Helper()

	parent := k.parent(e)
	for range others {
		names = append(names, k.outside(e, parent, "outside"))
	}

	return k.object(e, name, parent), names
}

// A Live object is one of a MintedKind that exists at Scaleway.
type Live struct {
	// Name is its external name.
	Name string
	// Mark at the end of its description, if there is one.
	Mark ledger.Mark
}

func newLive(name, description string) Live {
	_, mark, _ := ledger.Strip(description)
	return Live{Name: name, Mark: mark}
}

// LiveMinted returns the objects of the kind that exist at Scaleway in an organization,
// or in all if it is empty.
func (e *Env) LiveMinted(k *MintedKind, organization string) []Live {
	return k.alive(e.Scaleway, organization)
}

// CreateApplication creates an application at Scaleway, with no object that stands
// for it, and returns its ID.
func (e *Env) CreateApplication() string {
	e.t.Helper()
	return e.createOutside(fakescaleway.RouteApplications, map[string]any{"name": "parent", "organization_id": e.Key.OrganizationID})
}

// NewAPIKey returns an ApiKey of that name, which is in its description too and is
// that of its Secret. It has not been created yet.
func (e *Env) NewAPIKey(name, application string) *iamv1beta1.ApiKey {
	k := &iamv1beta1.ApiKey{}
	e.Place(k, name)
	k.Spec.ForProvider = iamv1beta1.ApiKeyParameters{ApplicationID: ptr.To(application), Description: ptr.To(name)}
	k.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: name}

	return k
}
