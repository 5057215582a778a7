// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

const (
	region = "fr-par"
	parent = "11111111-1111-4111-8111-111111111111"
)

// requestTimeout is the longest that a request takes.
const requestTimeout = 30 * time.Second

// A token at Scaleway. All are of the one parent.
type token struct {
	id, description string
	organization    string
	gone            bool
}

func (t *token) value() string { return "value-of-" + t.id }
func (t *token) name() string  { return region + "/" + t.id }

// marked returns the mark of the token.
func (t *token) marked() (ledger.Mark, bool) {
	_, m, ok := ledger.Strip(t.description)
	return m, ok
}

// A key is what requests are made with.
type key struct {
	id, organization string
}

var (
	ownKey     = key{"own", "organization"}
	rotatedKey = key{"rotated", "organization"}
	foreignKey = key{"foreign", "another organization"}
)

// A scaleway has what was minted, gone or not.
type scaleway struct {
	tokens []*token
	// late are requests that arrive when nobody waits for them any more.
	late []arrival
	// behind is what a list that is behind shows.
	behind []*token
}

type arrival struct {
	at    time.Time
	apply func()
}

// live are the tokens that work.
func (s *scaleway) live(organization string) []*token {
	var out []*token

	for _, t := range s.tokens {
		if !t.gone && t.organization == organization {
			out = append(out, t)
		}
	}

	return out
}

func (s *scaleway) find(k key, id string) *token {
	for _, t := range s.live(k.organization) {
		if t.id == id {
			return t
		}
	}

	return nil
}

func (w *world) mint(k key, description string) *token {
	w.scaleway.behind = w.scaleway.live(k.organization)
	t := &token{id: fmt.Sprintf("%08x-0000-4000-8000-000000000000", len(w.scaleway.tokens)+1), description: description, organization: k.organization}
	w.scaleway.tokens = append(w.scaleway.tokens, t)

	if m, ok := t.marked(); ok {
		w.minted[m]++
		if w.minted[m] > 1 {
			w.broken("attempt %s has minted twice", m.Attempt)
		}
	}

	return t
}

func (w *world) revoke(t *token) {
	if t == nil {
		return
	}

	w.scaleway.behind = w.scaleway.live(t.organization)
	t.gone = true
	w.checkRevocation(t)
}

// errStatus is an answer of Scaleway.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("http error %d", int(e)) }

func statusOf(err error) int {
	var e errStatus
	if errors.As(err, &e) {
		return int(e)
	}

	return 0
}

// failures of a request that changes nothing.
func failures(err *error, statuses ...int) []fault {
	out := make([]fault, 0, len(statuses))
	for _, status := range statuses {
		out = append(out, fault{name: fmt.Sprint(status), lie: status == http.StatusNotFound || status == http.StatusOK, do: func() { *err = errStatus(status) }})
	}

	return out
}

// get a token.
func (w *world) get(p *process, k key, id string) (t *token, err error) {
	w.call(p, "GET", append(failures(&err, 404, 403, 500), failures(&err)...), func() {
		if t = w.scaleway.find(k, id); t == nil {
			err = errStatus(http.StatusNotFound)
		}
	})

	if err != nil {
		t = nil
	}

	return t, err
}

// remove a token.
func (w *world) remove(p *process, k key, id string) (err error) {
	faults := append(failures(&err, 404, 403, 500, 200), fault{name: "applied, and 500", applied: true, do: func() { err = errStatus(500) }},
		fault{name: "applied, and 404", applied: true, lie: true, do: func() { err = errStatus(404) }})

	w.call(p, "DELETE", faults, func() {
		t := w.scaleway.find(k, id)
		if t == nil {
			err = errStatus(http.StatusNotFound)
			return
		}

		w.revoke(t)
	})

	if statusOf(err) == http.StatusOK {
		err = nil
	}

	return err
}

// list the tokens of the parent.
func (w *world) list(p *process, k key) (all []*token, err error) {
	faults := append(failures(&err, 403, 500),
		fault{name: "a page missing", lie: true, do: func() {
			all = w.scaleway.live(k.organization)
			all = all[:max(0, len(all)-1)]
		}},
		fault{name: "behind", lie: true, do: func() {
			all = slices.DeleteFunc(slices.Clone(w.scaleway.behind), func(t *token) bool { return t.organization != k.organization })
		}})

	w.call(p, "LIST", faults, func() { all = w.scaleway.live(k.organization) })

	return all, err
}

// An api is what the guard asks.
type api struct {
	process *process
	key     key
}

// List implements remote.API.
func (a api) List(_ context.Context, _ string, parents map[string]string) ([]remote.Object, error) {
	if parents["namespace_id"] != parent {
		a.process.world.broken("the guard looks among the objects of %v", parents)
	}

	all, err := a.process.world.list(a.process, a.key)
	if err != nil {
		return nil, err
	}

	if a.key.organization != ownKey.organization {
		return nil, remote.ParentGone(errStatus(http.StatusNotFound))
	}

	objects := make([]remote.Object, 0, len(all))

	for _, t := range all {
		o := remote.Object{ID: t.id}
		if m, ok := t.marked(); ok {
			o.Mark = &m
		}

		objects = append(objects, o)
	}

	return objects, nil
}

// Delete implements remote.API.
func (a api) Delete(_ context.Context, id regional.ID) (bool, error) {
	err := a.process.world.remove(a.process, a.key, id.UUID)
	if statusOf(err) == http.StatusNotFound {
		return false, nil
	}

	return err == nil, err
}

// Exists implements remote.API.
func (a api) Exists(_ context.Context, id regional.ID) (bool, error) {
	_, err := a.process.world.get(a.process, a.key, id.UUID)
	if statusOf(err) == http.StatusNotFound {
		return false, nil
	}

	return err == nil, err
}

// Key implements remote.API.
func (a api) Key(uid types.UID) string { return ledger.KeyDigest(uid, a.key.id) }

// Organization implements remote.API.
func (a api) Organization(context.Context, string, map[string]string) string {
	if a.key.organization != ownKey.organization {
		return "" // It sees nothing that would tell.
	}

	return a.key.organization
}

// Sight implements remote.API.
func (a api) Sight(context.Context, string, map[string]string) (s remote.Sight, err error) {
	a.process.world.call(a.process, "GET parent", failures(&err, 404, 403, 500), func() {
		if a.key.organization != ownKey.organization {
			err = errStatus(http.StatusNotFound)
		}
	})

	switch statusOf(err) {
	case http.StatusNotFound, http.StatusForbidden:
		return remote.Sight{}, nil
	default:
		return remote.Sight{Parents: err == nil, Organization: a.Organization(nil, "", nil)}, err //nolint:staticcheck // It does not ask.
	}
}

// terraform is what upjet and the Terraform resource do for one managed resource.
type terraform struct {
	process *process
	key     key
}

// Observe implements managed.ExternalClient.
func (c terraform) Observe(_ context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	tk := mg.(*v1beta1.Token)

	name := meta.GetExternalName(mg)
	if name == "" {
		return managed.ExternalObservation{}, nil
	}

	t, err := c.process.world.get(c.process, c.key, strings.TrimPrefix(name, region+"/"))

	switch {
	case statusOf(err) == http.StatusNotFound:
		return managed.ExternalObservation{}, nil
	case err != nil:
		return managed.ExternalObservation{}, err
	}

	tk.Status.AtProvider.ID, tk.Status.AtProvider.NamespaceID = ptr.To(t.name()), ptr.To(region+"/"+parent)
	mg.SetConditions(xpv1.Available())

	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
}

// Create implements managed.ExternalClient.
func (c terraform) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	w := c.process.world

	permit, ok := issue.PermitFrom(ctx)
	if !ok {
		w.broken("a creation without a permit")
		return managed.ExternalCreation{}, errors.New("no permit")
	}

	var (
		t   *token
		err error
	)

	description := permit.Mark().Append("for the shop")
	late := func(after time.Duration) fault {
		return fault{name: fmt.Sprintf("applied after %s", after), do: func() {
			err = errStatus(0)
			w.scaleway.late = append(w.scaleway.late, arrival{time.Now().Add(after), func() { w.mint(c.key, description) }})
			time.Sleep(requestTimeout)
		}}
	}

	w.call(c.process, "POST", []fault{
		{name: "502", do: func() { err = errStatus(502) }},
		{name: "403", do: func() { err = errStatus(403) }},
		{name: "applied, and 502", applied: true, do: func() { err = errStatus(502) }},
		late(requestTimeout + time.Second),
		late(3 * requestTimeout),
		late(10 * requestTimeout),
	}, func() {
		// As the transport does.
		if c.key.organization != ownKey.organization {
			err = errStatus(http.StatusForbidden) // The parent is not theirs.
			return
		}

		if _, perr := c.process.guard.Permits.Use(description, c.key.id, time.Now()); perr != nil {
			err = perr
			return
		}

		t = w.mint(c.key, description)
	})

	switch {
	case err == nil:
		permit.Finish(issue.Minted, issue.Object{ID: t.id, Secret: t.value()})
		meta.SetExternalName(mg, t.name())

		// Terraform reads it back, and does not mind what comes of that here.
		_, _ = w.get(c.process, c.key, t.id)

		return managed.ExternalCreation{}, nil
	case statusOf(err) == http.StatusForbidden:
		permit.Finish(issue.Refused, issue.Object{})
	case errors.As(err, new(errStatus)):
		permit.Finish(issue.Unclear, issue.Object{})
	}

	return managed.ExternalCreation{}, err
}

// Update implements managed.ExternalClient.
func (c terraform) Update(context.Context, xpresource.Managed) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, nil
}

// Delete implements managed.ExternalClient.
func (c terraform) Delete(_ context.Context, mg xpresource.Managed) (managed.ExternalDelete, error) {
	err := c.process.world.remove(c.process, c.key, strings.TrimPrefix(meta.GetExternalName(mg), region+"/"))

	switch {
	case statusOf(err) == http.StatusNotFound:
		return managed.ExternalDelete{}, nil
	case err != nil:
		return managed.ExternalDelete{}, err
	}

	c.process.guard.NoteDeleted(mg.(*v1beta1.Token))

	return managed.ExternalDelete{}, nil
}

// Disconnect implements managed.ExternalClient.
func (c terraform) Disconnect(context.Context) error { return nil }

// A kind of tokens whose value tells which it is of, as Scaleway's do.
type kind struct{}

func (kind) KindName() string                         { return "Token" }
func (kind) AKind() string                            { return "a Token" }
func (kind) Successor() string                        { return "use something else" }
func (kind) Ending() bool                             { return false }
func (kind) Global() bool                             { return false }
func (kind) ParseID(name string) (regional.ID, error) { return regional.Parse(name) }
func (kind) ExternalName(region, id string) string {
	return regional.ID{Region: region, UUID: id}.String()
}
func (kind) RegionOf(map[string]any, map[string]any) string { return region }
func (kind) Value() string                                  { return "token" }
func (kind) IDField() string                                { return "id" }
func (kind) Keys() map[string][]string                      { return map[string][]string{} }
func (kind) ExpiryAttribute() string                        { return "" }
func (kind) SecretKey() string                              { return "attribute.token" }
func (kind) IsComplete(map[string][]byte) bool              { return true }
func (kind) Parents(args map[string]any) map[string]string {
	value, _ := args["namespace_id"].(string)
	if id, err := regional.ParseArgument(value); err == nil {
		return map[string]string{"namespace_id": id.UUID}
	}

	return map[string]string{}
}

func (k kind) Published(attributes map[string]string) map[string][]byte {
	return map[string][]byte{k.SecretKey(): []byte(attributes["token"])}
}

func (k kind) Identify(data map[string][]byte) (string, error) {
	id, ok := strings.CutPrefix(string(data[k.SecretKey()]), "value-of-")
	if !ok {
		return "", errors.New("it is no value")
	}

	return id, nil
}
