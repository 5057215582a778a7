// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/scaleway/scaleway-sdk-go/scw"
	"golang.org/x/sync/semaphore"
)

// pageSize of list requests. It is the largest that Scaleway gives.
const pageSize = 100

// maxPages bounds a list request. Nobody has a hundred thousand objects of one
// parent; an API that never ends would otherwise hold a worker for ever.
const maxPages = 1000

// An API is a client for the few requests that Terraform has no function for.
type API struct {
	client *scw.Client
	// secretKey of the API key.
	secretKey string
	// organization of the key, once Scaleway has told, and shown, which returns it if the
	// transport has seen it. That may be nil.
	organization atomic.Pointer[string]
	shown        func() string
	// asking is held by who asks for it. The untold are parents that do not tell it, with
	// when they were read.
	asking *semaphore.Weighted
	untold *lru.Cache[string, time.Time]
}

// An Object of Scaleway's API, as a list request returns it.
type Object map[string]any

// Status of the object.
func (o Object) Status() string {
	return o.Text("status")
}

// Text returns the value of a field that holds a text.
func (o Object) Text(field string) string {
	s, _ := o[field].(string)
	return s
}

// NewAPI returns a client with the credentials.
func NewAPI(c Credentials) (*API, error) {
	opts := []scw.ClientOption{
		scw.WithAuth(c.AccessKey, c.SecretKey),
		scw.WithAPIURL(c.APIURL),
		// The Scaleway SDK builds its own client on http.DefaultTransport otherwise,
		// which it takes for the standard library's.
		scw.WithHTTPClient(&http.Client{Transport: http.DefaultTransport}),
	}

	client, err := scw.NewClient(opts...)
	if err != nil {
		return nil, errors.Wrap(err, "cannot configure the Scaleway client")
	}

	untold, err := lru.New[string, time.Time](maxUntold)

	return &API{client: client, secretKey: c.SecretKey, untold: untold, asking: semaphore.NewWeighted(1)}, err
}

// How often a list is read that changes meanwhile.
const maxReadings = 4

// errChanged says that a list has changed while its pages were read, so that something may
// have slipped from one to another.
var errChanged = errors.New("it changes while its pages are read")

// List returns the objects of a collection, all pages of it, or an error. Key is where the
// answer holds them.
func (a *API) List(ctx context.Context, path string, query url.Values, key string) (objects []Object, err error) {
	var last []string

	for range maxReadings {
		objects, err = a.list(ctx, path, query, key)

		switch ids := idsOf(objects); {
		case err != nil && !errors.Is(err, errChanged):
			return nil, err
		case err != nil:
			last = nil
		case len(objects) <= pageSize, slices.Equal(ids, last):
			return objects, nil
		default:
			// If one is deleted and another is created between two pages, their number stays
			// and one is missed: what has several pages is believed when it is read twice.
			last, err = ids, errors.Wrapf(errChanged, "cannot list %s", path)
		}
	}

	return nil, err
}

// idsOf objects, whatever they are called, in order.
func idsOf(objects []Object) []string {
	ids := make([]string, 0, len(objects))
	for _, o := range objects {
		ids = append(ids, o.Text("id")+o.Text("access_key"))
	}

	slices.Sort(ids)

	return ids
}

func (a *API) list(ctx context.Context, path string, query url.Values, key string) ([]Object, error) {
	var (
		objects []Object
		first   int
	)

	for page := 1; page <= maxPages; page++ {
		q := url.Values{}
		for k, v := range query {
			q[k] = v
		}

		q.Set("page", strconv.Itoa(page))
		q.Set("page_size", strconv.Itoa(pageSize))

		answer := map[string]json.RawMessage{}
		if err := a.client.Do(&scw.ScalewayRequest{Method: http.MethodGet, Path: path, Query: q}, &answer, scw.WithContext(ctx)); err != nil {
			return nil, errors.Wrapf(err, "cannot list %s", path)
		}

		var (
			items []Object
			total int
		)

		if err := errors.Join(json.Unmarshal(answer[key], &items), json.Unmarshal(answer["total_count"], &total)); err != nil {
			return nil, errors.Wrapf(err, "cannot list %s: the answer has no %s or no total_count", path, key)
		}

		objects = append(objects, items...)

		if page == 1 {
			first = total
		}

		switch {
		case total != first, len(objects) > total:
			return nil, errors.Wrapf(errChanged, "cannot list %s", path)
		case len(objects) == total:
			return objects, nil
		case len(items) == 0:
			return nil, errors.Errorf("cannot list %s: Scaleway says that there are %d, and shows %d", path, total, len(objects))
		}
	}

	return nil, errors.Errorf("cannot list %s: there are more than %d pages", path, maxPages)
}

// Probe returns an error unless Scaleway answers for a collection.
func (a *API) Probe(ctx context.Context, path string) error {
	err := a.client.Do(&scw.ScalewayRequest{Method: http.MethodGet, Path: path, Query: url.Values{"page_size": {"1"}}}, &map[string]any{}, scw.WithContext(ctx))
	return errors.Wrapf(err, "cannot list %s", path)
}

// Get an object, for what Expect of transport.Observations tells of the answer.
func (a *API) Get(ctx context.Context, path string) error {
	err := a.client.Do(&scw.ScalewayRequest{Method: http.MethodGet, Path: path}, nil, scw.WithContext(ctx))
	return errors.Wrapf(err, "cannot get %s", path)
}

// Show returns an object.
func (a *API) Show(ctx context.Context, path string) (Object, error) {
	var o Object

	err := a.client.Do(&scw.ScalewayRequest{Method: http.MethodGet, Path: path}, &o, scw.WithContext(ctx))

	return o, errors.Wrapf(err, "cannot get %s", path)
}

// Delete deletes an object.
func (a *API) Delete(ctx context.Context, path string) error {
	err := a.client.Do(&scw.ScalewayRequest{Method: http.MethodDelete, Path: path}, nil, scw.WithContext(ctx))
	return errors.Wrapf(err, "cannot delete %s", path)
}

// StatusCode returns the HTTP status with which Scaleway answered the request
// that ended in err, as far as the Scaleway SDK says it, or 0.
func StatusCode(err error) int {
	var (
		response    *scw.ResponseError
		notFound    *scw.ResourceNotFoundError
		permissions *scw.PermissionsDeniedError
		auth        *scw.DeniedAuthenticationError
	)

	switch {
	case errors.As(err, &response):
		return response.StatusCode
	case errors.As(err, &notFound):
		return http.StatusNotFound
	case errors.As(err, &permissions):
		return http.StatusForbidden
	case errors.As(err, &auth):
		return http.StatusUnauthorized
	default:
		return 0
	}
}
