// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	containersPath = "/containers/v1/regions/fr-par/containers"
	containerPath  = containersPath + "/11111111-1111-4111-8111-111111111111"
)

func TestTransient(t *testing.T) {
	cases := map[string]struct {
		reason string
		status string
		want   bool
	}{
		"Creating":  {reason: "Terraform's waiters poll on.", status: "creating", want: true},
		"Updating":  {reason: "Terraform's waiters poll on.", status: "updating", want: true},
		"Deleting":  {reason: "Terraform's waiters poll on.", status: "deleting", want: true},
		"Locking":   {reason: "Terraform's waiters poll on.", status: "locking", want: true},
		"Upgrading": {reason: "Terraform's waiters poll on.", status: "upgrading", want: true},
		"Pending":   {reason: "Terraform's waiters poll on.", status: "pending", want: true},
		"Queued":    {reason: "Terraform's waiters poll on.", status: "queued", want: true},
		"Ready":     {reason: "The object is as it is to be.", status: "ready"},
		"Error":     {reason: "The object stays in error until it is changed.", status: "error"},
		"Locked":    {reason: "The object stays locked until Scaleway unlocks it.", status: "locked"},
		"Unknown":   {reason: "Waiting for a status to end that nobody knows might never end.", status: "unknown_status"},
		"Empty":     {reason: "An object without a status is on its way to none."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Observation{Status: tc.status}.Transient()); diff != "" {
				t.Errorf("\n%s\nTransient(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is noted of an answer, and what Terraform gets to see of it.
func TestObservations(t *testing.T) {
	const (
		id       = "11111111-1111-4111-8111-111111111111"
		jsonType = "application/json"
	)

	type args struct {
		// before is what was noted before, by path.
		before      map[string]Observation
		method      string
		path        string
		status      int
		contentType string
		body        string
	}

	type want struct {
		body string
		// noted is what is noted afterwards, by path.
		noted map[string]Observation
	}

	ready := map[string]Observation{containerPath: {Status: "ready"}}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"Stable": {
			reason: "A status that is not transient is noted, and the answer left as it is.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{ "id": "` + id + `", "status": "ready" }`},
			want:   want{body: `{ "id": "` + id + `", "status": "ready" }`, noted: ready},
		},
		"Error": {
			reason: "The explanation is noted too. Terraform is to see the error.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id": "` + id + `", "status": "error", "error_message": "image not found"}`},
			want: want{
				body:  `{"id": "` + id + `", "status": "error", "error_message": "image not found"}`,
				noted: map[string]Observation{containerPath: {Status: "error", Message: "image not found"}},
			},
		},
		"ErrorOfARegistryNamespace": {
			reason: "Container Registry has another name for the explanation.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"error","status_message":"no space"}`},
			want: want{
				body:  `{"id":"` + id + `","status":"error","status_message":"no space"}`,
				noted: map[string]Observation{containerPath: {Status: "error", Message: "no space"}},
			},
		},
		"Transient": {
			reason: "Terraform's waiters must return at once, instead of holding a worker.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"creating"}`},
			want: want{
				body:  `{"id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "creating"}},
			},
		},
		"TransientWithMessage": {
			reason: "An object that is being updated may still say what was wrong before.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"error_message":"image not found","id":"` + id + `","status":"updating"}`},
			want: want{
				body:  `{"error_message":"image not found","id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "updating", Message: "image not found"}},
			},
		},
		"OtherValuesKeepTheirForm": {
			reason: "A number that a float64 cannot hold, a null or an object must reach Terraform as Scaleway wrote it.",
			args: args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType,
				body: `{"a":12345678901234567890,"b":1.0,"c":1e3,"d":null,"e":{"z":1,"a":[]},"f":"\u00e9\u003c","g":[1,null],"h":true,"id":"` + id + `","status":"pending"}`},
			want: want{
				body:  `{"a":12345678901234567890,"b":1.0,"c":1e3,"d":null,"e":{"z":1,"a":[]},"f":"\u00e9\u003c","g":[1,null],"h":true,"id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "pending"}},
			},
		},
		"InnerStatus": {
			reason: "The status of something inside of the object is not that of the object.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","inner":{"id":"a","status":"creating"},"status":"deleting"}`},
			want: want{
				body:  `{"id":"` + id + `","inner":{"id":"a","status":"creating"},"status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "deleting"}},
			},
		},
		"ContentTypeWithCharset": {
			reason: "A media type may have parameters.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: "application/json; charset=utf-8", body: `{"id":"` + id + `","status":"creating"}`},
			want: want{
				body:  `{"id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "creating"}},
			},
		},
		"Post": {
			reason: "What is created has its path in the ID of the answer: that is where it is looked up.",
			args:   args{method: http.MethodPost, path: containersPath, status: http.StatusCreated, contentType: jsonType, body: `{"id":"` + id + `","status":"creating"}`},
			want: want{
				body:  `{"id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "creating"}},
			},
		},
		"Patch": {
			reason: "What is changed has the path of the request. What was noted before is outdated.",
			args:   args{before: ready, method: http.MethodPatch, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"upgrading"}`},
			want: want{
				body:  `{"id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "upgrading"}},
			},
		},
		"Delete": {
			reason: "What is deleted is still there for a while.",
			args:   args{before: ready, method: http.MethodDelete, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"deleting"}`},
			want: want{
				body:  `{"id":"` + id + `","status":"ready"}`,
				noted: map[string]Observation{containerPath: {Status: "deleting"}},
			},
		},
		"MessageGone": {
			reason: "A message that an answer no longer has is over.",
			args: args{
				before: map[string]Observation{containerPath: {Status: "error", Message: "image not found"}},
				method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"ready","error_message":null}`,
			},
			want: want{body: `{"id":"` + id + `","status":"ready","error_message":null}`, noted: ready},
		},
		"NotFound": {
			reason: "What is gone has no state, and nothing else is forgotten.",
			args: args{
				before: map[string]Observation{containerPath: {Status: "deleting"}, containersPath + "/other": {Status: "creating"}},
				method: http.MethodGet, path: containerPath, status: http.StatusNotFound, contentType: jsonType, body: `{"type":"not_found"}`,
			},
			want: want{body: `{"type":"not_found"}`, noted: map[string]Observation{containersPath + "/other": {Status: "creating"}}},
		},
		"OtherError": {
			reason: "An answer that says nothing about the object leaves what is known of it.",
			args:   args{before: ready, method: http.MethodGet, path: containerPath, status: http.StatusForbidden, contentType: jsonType, body: `{"id":"` + id + `","status":"creating","type":"permissions_denied"}`},
			want:   want{body: `{"id":"` + id + `","status":"creating","type":"permissions_denied"}`, noted: ready},
		},
		"NotJSON": {
			reason: "What is not JSON is passed on byte by byte, whatever it looks like.",
			args:   args{before: ready, method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: "text/plain", body: `{"id":"` + id + `","status":"creating"}`},
			want:   want{body: `{"id":"` + id + `","status":"creating"}`, noted: ready},
		},
		"ErrorNotJSON": {
			reason: "Nor is the error of something in between about a domain.",
			args:   args{before: ready, method: http.MethodPost, path: containersPath, status: http.StatusBadRequest, contentType: "text/plain", body: `"could not validate domain"`},
			want:   want{body: `"could not validate domain"`, noted: ready},
		},
		"BrokenJSON": {
			reason: "That JSON is broken is for Terraform to say.",
			args:   args{before: ready, method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"creating"`},
			want:   want{body: `{"id":"` + id + `","status":"creating"`, noted: ready},
		},
		"Empty": {
			reason: "An answer may have no body.",
			args:   args{before: ready, method: http.MethodDelete, path: containerPath, status: http.StatusNoContent, contentType: jsonType},
			want:   want{noted: ready},
		},
		"List": {
			reason: "The objects of a list are read by nobody who waits.",
			args:   args{method: http.MethodGet, path: containersPath, status: http.StatusOK, contentType: jsonType, body: `{"containers":[{"id":"` + id + `","status":"creating"}],"total_count":1}`},
			want:   want{body: `{"containers":[{"id":"` + id + `","status":"creating"}],"total_count":1}`},
		},
		"Array": {
			reason: "Neither are those of an array.",
			args:   args{method: http.MethodGet, path: containersPath, status: http.StatusOK, contentType: jsonType, body: `[{"id":"` + id + `","status":"creating"}]`},
			want:   want{body: `[{"id":"` + id + `","status":"creating"}]`},
		},
		"NoID": {
			reason: "What has no ID is no object.",
			args:   args{method: http.MethodGet, path: containerPath + "/logs", status: http.StatusOK, contentType: jsonType, body: `{"status":"creating"}`},
			want:   want{body: `{"status":"creating"}`},
		},
		"NoStatus": {
			reason: "A kind without a status has no state.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","name":"creating"}`},
			want:   want{body: `{"id":"` + id + `","name":"creating"}`},
		},
		"StatusOfAnotherType": {
			reason: "A status that is no text is not ours.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":{"state":"creating"}}`},
			want:   want{body: `{"id":"` + id + `","status":{"state":"creating"}}`},
		},
		"MessageOfAnotherType": {
			reason: "What only resembles an object is left alone as a whole.",
			args:   args{method: http.MethodGet, path: containerPath, status: http.StatusOK, contentType: jsonType, body: `{"id":"` + id + `","status":"creating","error_message":["a"]}`},
			want:   want{body: `{"id":"` + id + `","status":"creating","error_message":["a"]}`},
		},
		"DomainNotValidated": {
			reason: "Terraform repeats the creation of a domain for ten minutes upon this message.",
			args:   args{method: http.MethodPost, path: containersPath, status: http.StatusBadRequest, contentType: jsonType, body: `{"message":"could not validate domain a.example.org: no CNAME","type":"invalid_arguments"}`},
			want:   want{body: `{"message":"Scaleway could not validate domain a.example.org: no CNAME","type":"invalid_arguments"}`},
		},
		"DomainNotValidatedInside": {
			reason: "Only at its beginning does Terraform look for it.",
			args:   args{method: http.MethodPost, path: containersPath, status: http.StatusBadRequest, contentType: jsonType, body: `{"message":"we could not validate domain a.example.org"}`},
			want:   want{body: `{"message":"we could not validate domain a.example.org"}`},
		},
		"DomainNotValidatedButNoError": {
			reason: "In what is no error it is a value that somebody chose.",
			args:   args{method: http.MethodGet, path: containersPath, status: http.StatusOK, contentType: jsonType, body: `{"description":"could not validate domain"}`},
			want:   want{body: `{"description":"could not validate domain"}`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tc.args.contentType)
				w.WriteHeader(tc.args.status)
				_, _ = w.Write([]byte(tc.args.body))
			}))
			t.Cleanup(s.Close)

			seen := NewObservations()
			rt := newTransport(Options{Observations: seen})

			tenant, err := rt.options.Tenants.With(secretKey, s.URL)
			if err != nil {
				t.Fatal(err)
			}

			for path, o := range tc.args.before {
				seen.byObject.Add(object{tenant.ID(), path}, o)
			}

			resp, body := send(t, rt, tc.args.method, s.URL+tc.args.path, "")

			if diff := cmp.Diff(tc.args.status, resp.StatusCode); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want status, +got status:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.body, body); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want body, +got body:\n%s", tc.reason, diff)
			}

			// One that is too large has the reader wait for the rest, one that is too
			// small cuts the body off.
			if diff := cmp.Diff(int64(len(tc.want.body)), resp.ContentLength); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want length, +got length:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff("", resp.Header.Get("Content-Length")); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): the header still holds the length that Scaleway's answer had: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.args.contentType, resp.Header.Get("Content-Type")); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want content type, +got content type:\n%s", tc.reason, diff)
			}

			noted := map[string]Observation{}
			for _, o := range seen.byObject.Keys() {
				noted[o.path], _ = seen.Get(tenant, o.path)
			}

			if tc.want.noted == nil {
				tc.want.noted = map[string]Observation{}
			}

			if diff := cmp.Diff(tc.want.noted, noted); diff != "" {
				t.Errorf("\n%s\nGet(...): -want noted, +got noted:\n%s", tc.reason, diff)
			}
		})
	}
}

// Observations are of all objects that were ever seen, and must not be kept of
// all of them.
func TestObservationsAreBounded(t *testing.T) {
	seen := NewObservations()

	for i := range maxObservations + 1 {
		seen.byObject.Add(object{"tenant", containersPath + "/" + strconv.Itoa(i)}, Observation{Status: "ready"})
	}

	if diff := cmp.Diff(maxObservations, seen.byObject.Len()); diff != "" {
		t.Errorf("NewObservations(): -want kept, +got kept:\n%s", diff)
	}

	if _, ok := seen.Get(&Tenant{id: "tenant"}, containersPath+"/0"); ok {
		t.Errorf("Get(...): the oldest observation is kept, want the last %d", maxObservations)
	}
}

// Two tenants name an object by the same path. What one of them is told of it is
// nothing that the other gets to know, nor forgets.
func TestObservationsOfTwoTenants(t *testing.T) {
	const otherKey = "66666666-6666-4666-8666-666666666666"

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")

		if r.Header.Get(headerKey) == otherKey {
			w.WriteHeader(http.StatusNotFound)
			return
		}

		_, _ = w.Write([]byte(`{"id":"a","status":"error","error_message":"for your eyes only"}`))
	}))
	t.Cleanup(s.Close)

	rt := newTransport(Options{})
	seen := rt.options.Observations

	owner, err := rt.options.Tenants.With(secretKey, s.URL)
	if err != nil {
		t.Fatal(err)
	}

	other, err := rt.options.Tenants.With(otherKey, s.URL)
	if err != nil {
		t.Fatal(err)
	}

	send(t, rt, http.MethodGet, s.URL+containerPath, "")

	if got, ok := seen.Get(other, containerPath); ok {
		t.Errorf("Get(...) of another tenant: want nothing, got %+v", got)
	}

	req := newRequest(t.Context(), t, rt, http.MethodGet, s.URL+containerPath, "")
	req.Header.Set(headerKey, otherKey)
	answerTo(t, rt, req)

	got, _ := seen.Get(owner, containerPath)
	if diff := cmp.Diff(Observation{Status: "error", Message: "for your eyes only"}, got); diff != "" {
		t.Errorf("Get(...) of the owner, after the other has got a 404: -want, +got:\n%s", diff)
	}

	if got, ok := seen.Get(nil, containerPath); ok {
		t.Errorf("Get(...) of nobody: want nothing, got %+v", got)
	}
}
