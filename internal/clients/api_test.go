// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

const tokensPath = "/containers/v1/regions/fr-par/tokens"

// newTestAPI returns a client for a server that ends with the test.
func newTestAPI(t *testing.T, handler http.HandlerFunc) *API {
	t.Helper()

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		handler(w, r)
	}))
	t.Cleanup(s.Close)

	api, err := NewAPI(newCredentials(1, s.URL))
	if err != nil {
		t.Fatal(err)
	}

	return api
}

// answer every request with the status and the body.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// collection answers with pages of n objects, whose IDs count from 0.
func collection(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("page_size"))

		var items []string
		for i := (page - 1) * size; i < min(page*size, n); i++ {
			items = append(items, fmt.Sprintf(`{"id": "%d"}`, i))
		}

		_, _ = fmt.Fprintf(w, `{"tokens": [%s], "total_count": %d}`, strings.Join(items, ","), n)
	}
}

// collections answers each request from a collection of another size.
func collections(sizes ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		size := sizes[0]
		if len(sizes) > 1 {
			sizes = sizes[1:]
		}

		collection(size)(w, r)
	}
}

// swapped serves 150 objects, of which the first reading misses one.
func swapped() http.HandlerFunc {
	first := true

	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "2" && first {
			first = false

			items := make([]string, 0, 50)
			for i := 101; i < 150; i++ {
				items = append(items, fmt.Sprintf(`{"id": "%d"}`, i))
			}

			_, _ = fmt.Fprintf(w, `{"tokens": [%s, {"id": "new"}], "total_count": 150}`, strings.Join(items, ", "))

			return
		}

		collection(150)(w, r)
	}
}

func TestObject(t *testing.T) {
	type want struct {
		id, status, description string
	}

	cases := map[string]struct {
		reason string
		o      Object
		want   want
	}{
		"Texts": {
			reason: "Fields that hold a text are returned.",
			o:      Object{"id": "1", "status": "ready", "description": "of a job"},
			want:   want{id: "1", status: "ready", description: "of a job"},
		},
		"Absent": {
			reason: "A field that is absent reads as empty.",
		},
		"OtherTypes": {
			reason: "So does one that holds something else, which must not end the reconcile.",
			o:      Object{"id": 1.0, "status": nil, "description": []any{"a"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{id: tc.o.Text("id"), status: tc.o.Status(), description: tc.o.Text("description")}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nObject: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestList(t *testing.T) {
	ids := func(n int) []string {
		var ids []string
		for i := range n {
			ids = append(ids, strconv.Itoa(i))
		}

		return ids
	}

	// query of a page as it is to be requested.
	query := func(page int) url.Values {
		return url.Values{"container_id": {"c"}, "page": {strconv.Itoa(page)}, "page_size": {"100"}}
	}

	type want struct {
		ids     []string
		queries []url.Values
		err     error
	}

	cases := map[string]struct {
		reason  string
		handler http.HandlerFunc
		want    want
	}{
		"None": {
			reason:  "A collection may be empty.",
			handler: collection(0),
			want:    want{queries: []url.Values{query(1)}},
		},
		"Null": {
			reason:  "Scaleway may write an empty collection as null.",
			handler: answer(http.StatusOK, `{"tokens": null, "total_count": 0}`),
			want:    want{queries: []url.Values{query(1)}},
		},
		"OnePage": {
			reason:  "No page is requested in vain.",
			handler: collection(100),
			want:    want{ids: ids(100), queries: []url.Values{query(1)}},
		},
		"Pages": {
			reason:  "An object on a later page exists too: taking it for absent would have it created again. They are read twice: see SwappedMeanwhile.",
			handler: collection(201),
			want:    want{ids: ids(201), queries: []url.Values{query(1), query(2), query(3), query(1), query(2), query(3)}},
		},
		"FewerThanTotal": {
			reason:  "Half of a collection is none: what is not shown would be taken for gone.",
			handler: answer(http.StatusOK, `{"tokens": [], "total_count": 3}`),
			want: want{
				queries: []url.Values{query(1)},
				err:     errors.New("cannot list " + tokensPath + ": Scaleway says that there are 3, and shows 0"),
			},
		},
		"LaterPageIsEmpty": {
			reason: "Half of a collection is none: what is not shown would be taken for gone.",
			handler: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("page") == "2" {
					_, _ = w.Write([]byte(`{"tokens": [], "total_count": 150}`))
					return
				}

				collection(150)(w, r)
			},
			want: want{
				queries: []url.Values{query(1), query(2)},
				err:     errors.New("cannot list " + tokensPath + ": Scaleway says that there are 150, and shows 100"),
			},
		},
		"DeletedMeanwhile": {
			reason:  "What moves to a page that was read already would be missed: it is read again.",
			handler: collections(150, 149, 149),
			want:    want{ids: ids(149), queries: []url.Values{query(1), query(2), query(1), query(2), query(1), query(2)}},
		},
		"CreatedMeanwhile": {
			reason:  "What moves to a page that comes later would be seen twice: it is read again.",
			handler: collections(200, 201, 201, 202, 202),
			want:    want{ids: ids(202), queries: []url.Values{query(1), query(2), query(1), query(2), query(1), query(2), query(3), query(1), query(2), query(3)}},
		},
		"SwappedMeanwhile": {
			reason:  "One is deleted and another created between two pages: their number stays, and one slips from the second page to the first.",
			handler: swapped(),
			want:    want{ids: ids(150), queries: []url.Values{query(1), query(2), query(1), query(2), query(1), query(2)}},
		},
		"AlwaysChanging": {
			reason:  "A worker is not held for ever.",
			handler: collections(150, 149, 150, 149, 150, 149, 150, 149),
			want: want{
				queries: []url.Values{query(1), query(2), query(1), query(2), query(1), query(2), query(1), query(2)},
				err:     errors.New("cannot list " + tokensPath + ": it changes while its pages are read"),
			},
		},
		"MoreThanTotal": {
			reason:  "Scaleway contradicts itself.",
			handler: answer(http.StatusOK, `{"tokens": [{"id": "0"}, {"id": "1"}], "total_count": 1}`),
			want: want{
				queries: []url.Values{query(1), query(1), query(1), query(1)},
				err:     errors.New("cannot list " + tokensPath + ": it changes while its pages are read"),
			},
		},
		"OtherKey": {
			reason:  "An answer without the collection must not be taken for an empty one.",
			handler: answer(http.StatusOK, `{"items": [], "total_count": 0}`),
			want: want{
				queries: []url.Values{query(1)},
				err:     errors.New("cannot list " + tokensPath + ": the answer has no tokens or no total_count"),
			},
		},
		"NoTotal": {
			reason:  "Nor one that does not say how much there is.",
			handler: answer(http.StatusOK, `{"tokens": [{"id": "0"}]}`),
			want: want{
				queries: []url.Values{query(1)},
				err:     errors.New("cannot list " + tokensPath + ": the answer has no tokens or no total_count"),
			},
		},
		"Forbidden": {
			reason:  "The error names the collection and keeps what Scaleway said.",
			handler: answer(http.StatusForbidden, `{"type": "permissions_denied", "details": [{"resource": "containers", "action": "read"}]}`),
			want: want{
				queries: []url.Values{query(1)},
				err:     errors.New("cannot list " + tokensPath + ": scaleway-sdk-go: insufficient permissions"),
			},
		},
		"LaterPageFails": {
			reason: "Half of a collection is none.",
			handler: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("page") == "2" {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}

				collection(150)(w, r)
			},
			want: want{
				queries: []url.Values{query(1), query(2)},
				err:     errors.New("cannot list " + tokensPath),
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var queries []url.Values

			api := newTestAPI(t, func(w http.ResponseWriter, r *http.Request) {
				if diff := cmp.Diff("GET "+tokensPath, r.Method+" "+r.URL.Path); diff != "" {
					t.Errorf("\n%s\nList(...): -want request, +got request:\n%s", tc.reason, diff)
				}

				queries = append(queries, r.URL.Query())
				tc.handler(w, r)
			})

			supplied := url.Values{"container_id": {"c"}}

			objects, err := api.List(t.Context(), tokensPath, supplied, "tokens")
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nList(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			var got []string
			for _, o := range objects {
				got = append(got, o.Text("id"))
			}

			if diff := cmp.Diff(tc.want.ids, got); diff != "" {
				t.Errorf("\n%s\nList(...): -want IDs, +got IDs:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.queries, queries); diff != "" {
				t.Errorf("\n%s\nList(...): -want queries, +got queries:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(url.Values{"container_id": {"c"}}, supplied); diff != "" {
				t.Errorf("\n%s\nList(...): the caller's query changed: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An API that never ends must not hold a worker for ever.
func TestListEndless(t *testing.T) {
	requests := 0
	api := newTestAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++

		// Fails the test that would otherwise never end.
		if requests > maxPages {
			w.WriteHeader(http.StatusTeapot)
			return
		}

		_, _ = w.Write([]byte(`{"tokens": [{"id": "0"}], "total_count": 1000000}`))
	})

	objects, err := api.List(t.Context(), tokensPath, nil, "tokens")

	want := errors.New("cannot list " + tokensPath + ": there are more than 1000 pages")
	if diff := cmp.Diff(want, err, equateErrorText()); diff != "" {
		t.Errorf("List(...): -want error, +got error:\n%s", diff)
	}

	if diff := cmp.Diff([]Object(nil), objects); diff != "" {
		t.Errorf("List(...): -want, +got:\n%s", diff)
	}
}

func TestProbe(t *testing.T) {
	cases := map[string]struct {
		reason  string
		handler http.HandlerFunc
		want    error
	}{
		"Answers": {
			reason:  "The credentials and the address are good if Scaleway answers.",
			handler: collection(3),
		},
		"Unauthorized": {
			reason:  "A key that was revoked is found out.",
			handler: answer(http.StatusUnauthorized, `{"type": "denied_authentication", "method": "api_key", "reason": "not_found"}`),
			want:    errors.New("cannot list " + tokensPath + ": scaleway-sdk-go: denied authentication"),
		},
		"NotFound": {
			reason:  "Unlike with an object, there being none is an error: the address is not Scaleway's.",
			handler: answer(http.StatusNotFound, `{}`),
			want:    errors.New("cannot list " + tokensPath),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var requests []string

			api := newTestAPI(t, func(w http.ResponseWriter, r *http.Request) {
				requests = append(requests, r.Method+" "+r.URL.String())
				tc.handler(w, r)
			})

			err := api.Probe(t.Context(), tokensPath)
			if diff := cmp.Diff(tc.want, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nProbe(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff([]string{"GET " + tokensPath + "?page_size=1"}, requests); diff != "" {
				t.Errorf("\n%s\nProbe(...): -want requests, +got requests:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	const path = tokensPath + "/1"

	cases := map[string]struct {
		reason  string
		handler http.HandlerFunc
		want    error
		// status of the answer that the error tells. Optional.
		status int
	}{
		"Deleted": {
			reason:  "Scaleway answers with the object that it deletes.",
			handler: answer(http.StatusOK, `{"id": "1", "status": "deleting"}`),
		},
		"NoContent": {
			reason:  "Or with nothing.",
			handler: answer(http.StatusNoContent, ""),
		},
		"NotFound": {
			reason:  "That it is not found is one answer, which may be wrong: whoever asks decides.",
			handler: answer(http.StatusNotFound, `{"type": "not_found", "resource": "token", "resource_id": "1"}`),
			want:    errors.New("cannot delete " + path + ": scaleway-sdk-go: resource token with ID 1 is not found"),
			status:  http.StatusNotFound,
		},
		"NotFoundUntyped": {
			reason:  "That also holds where Scaleway does not say what was not found.",
			handler: answer(http.StatusNotFound, `{"message": "not found"}`),
			want:    errors.New("cannot delete " + path + ": scaleway-sdk-go: http error 404 Not Found: not found"),
			status:  http.StatusNotFound,
		},
		"Conflict": {
			reason:  "Any other answer means that the object may still be there.",
			handler: answer(http.StatusConflict, `{"message": "busy"}`),
			want:    errors.New("cannot delete " + path + ": scaleway-sdk-go: http error 409 Conflict: busy"),
		},
		"Forbidden": {
			reason:  "So does a key that may not delete.",
			handler: answer(http.StatusForbidden, `{"type": "permissions_denied"}`),
			want:    errors.New("cannot delete " + path),
		},
		"ServerError": {
			reason:  "So does an error of Scaleway's.",
			handler: answer(http.StatusInternalServerError, `{}`),
			want:    errors.New("cannot delete " + path),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var requests []string

			api := newTestAPI(t, func(w http.ResponseWriter, r *http.Request) {
				requests = append(requests, r.Method+" "+r.URL.String())
				tc.handler(w, r)
			})

			err := api.Delete(t.Context(), path)
			if diff := cmp.Diff(tc.want, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nDelete(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.status, StatusCode(err)); tc.status != 0 && diff != "" {
				t.Errorf("\n%s\nStatusCode(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff([]string{"DELETE " + path}, requests); diff != "" {
				t.Errorf("\n%s\nDelete(...): -want requests, +got requests:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestShow(t *testing.T) {
	const path = tokensPath + "/1"

	cases := map[string]struct {
		reason  string
		handler http.HandlerFunc
		want    Object
		err     error
	}{
		"Shown": {
			reason:  "All that Scaleway says of it.",
			handler: answer(http.StatusOK, `{"id": "1", "status": "deleting"}`),
			want:    Object{"id": "1", "status": "deleting"},
		},
		"NotFound": {
			reason:  "Whoever asks decides what that means.",
			handler: answer(http.StatusNotFound, `{"message": "not found"}`),
			err:     errors.New("cannot get " + path + ": scaleway-sdk-go: http error 404 Not Found: not found"),
		},
		"NoObject": {
			reason:  "What cannot be read is no object.",
			handler: answer(http.StatusOK, `[]`),
			err:     errors.New("cannot get " + path),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := newTestAPI(t, tc.handler).Show(t.Context(), path)
			if diff := cmp.Diff(tc.err, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nShow(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nShow(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestStatusCode(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		want   int
	}{
		"Nil": {
			reason: "No error has no status.",
		},
		"Other": {
			reason: "Nor has an error that is not an answer.",
			err:    errors.New("connection refused"),
		},
		"Response": {
			reason: "The status of an answer that the Scaleway SDK knows no type for is in its error.",
			err:    &scw.ResponseError{StatusCode: http.StatusFailedDependency},
			want:   http.StatusFailedDependency,
		},
		"NotFound": {
			reason: "A type of the Scaleway SDK stands for a status.",
			err:    &scw.ResourceNotFoundError{},
			want:   http.StatusNotFound,
		},
		"PermissionsDenied": {
			reason: "A type of the Scaleway SDK stands for a status.",
			err:    &scw.PermissionsDeniedError{},
			want:   http.StatusForbidden,
		},
		"DeniedAuthentication": {
			reason: "A type of the Scaleway SDK stands for a status.",
			err:    &scw.DeniedAuthenticationError{},
			want:   http.StatusUnauthorized,
		},
		"Wrapped": {
			reason: "The error of a request is wrapped on its way.",
			err:    errors.Wrap(&scw.ResourceNotFoundError{}, "cannot list tokens"),
			want:   http.StatusNotFound,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, StatusCode(tc.err)); diff != "" {
				t.Errorf("\n%s\nStatusCode(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
