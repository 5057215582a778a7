// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

const (
	namespaceID    = "11111111-1111-4111-8111-111111111111"
	containerID    = "22222222-2222-4222-8222-222222222222"
	organizationID = "33333333-3333-4333-8333-333333333333"
	applicationID  = "44444444-4444-4444-8444-444444444444"
	userID         = "55555555-5555-4555-8555-555555555555"

	containersPath = "/containers/v1/regions/fr-par/containers/" + containerID
	namespacesPath = "/containers/v1/regions/fr-par/namespaces/" + namespaceID
	mintedPath     = "/containers/v1beta1/regions/fr-par/tokens"
)

// declared returns the declaration of a resource.
func declared(t *testing.T, name string) resource.Resource {
	t.Helper()

	for _, r := range config.Resources() {
		if r.Name == name {
			return r
		}
	}

	t.Fatalf("no resource %s", name)

	return resource.Resource{}
}

// An answered request has this status and body.
type answered struct {
	status int
	body   string
}

// newTestRemote returns what asks a server that answers what it has for a path, with the
// query if it has that, and counts requests.
func newTestRemote(t *testing.T, name, organization string, answers map[string]answered, asked *[]string) remote.API {
	t.Helper()

	api := newTestAPI(t, func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.Method+" "+r.URL.Path)

		for _, request := range []string{r.Method + " " + r.URL.RequestURI(), r.Method + " " + r.URL.Path, r.URL.Path} {
			if a, ok := answers[request]; ok {
				w.WriteHeader(a.status)
				_, _ = w.Write([]byte(a.body))

				return
			}
		}

		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message": "not found"}`))
	})

	return NewRemote(api, declared(t, name), organization)
}

func TestRemoteSight(t *testing.T) {
	const token = "scaleway_container_token"

	ofContainer := map[string]string{"container_id": containerID}
	ofNamespace := map[string]string{"namespace_id": namespaceID}
	ofBoth := map[string]string{"container_id": containerID, "namespace_id": namespaceID}

	shownNamespace := answered{http.StatusOK, `{"id": "` + namespaceID + `", "status": "ready", "organization_id": "` + organizationID + `"}`}
	shownContainer := answered{http.StatusOK, `{"id": "` + containerID + `", "status": "ready", "namespace_id": "` + namespaceID + `"}`}

	cases := map[string]struct {
		reason   string
		resource string
		parents  map[string]string
		answers  map[string]answered
		want     remote.Sight
		err      string
	}{
		"Namespace": {
			reason: "It says of which organization it is.", resource: token, parents: ofNamespace,
			answers: map[string]answered{namespacesPath: shownNamespace},
			want:    remote.Sight{Parents: true, Organization: organizationID},
		},
		"Container": {
			reason: "Its namespace says of which organization it is.", resource: token, parents: ofContainer,
			answers: map[string]answered{containersPath: shownContainer, namespacesPath: shownNamespace},
			want:    remote.Sight{Parents: true, Organization: organizationID},
		},
		"ContainerWithoutNamespace": {
			reason: "Whoever sees the container need not see its namespace.", resource: token, parents: ofContainer,
			answers: map[string]answered{containersPath: shownContainer, namespacesPath: {http.StatusForbidden, `{"message": "no"}`}},
			want:    remote.Sight{Parents: true},
		},
		"ContainerOfNonsense": {
			reason: "What Scaleway answers becomes part of a path only if it is a UUID.", resource: token, parents: ofContainer,
			answers: map[string]answered{
				containersPath: {http.StatusOK, `{"status": "ready", "namespace_id": "../namespaces/` + namespaceID + `"}`}, namespacesPath: shownNamespace,
			},
			want: remote.Sight{Parents: true},
		},
		"Both": {
			reason: "All parents are shown.", resource: token, parents: ofBoth,
			answers: map[string]answered{containersPath: shownContainer, namespacesPath: shownNamespace},
			want:    remote.Sight{Parents: true, Organization: organizationID},
		},
		"OneOfBoth": {
			reason: "What it sees need not be all.", resource: token, parents: ofBoth,
			answers: map[string]answered{namespacesPath: shownNamespace},
			want:    remote.Sight{Organization: organizationID},
		},
		"None": {reason: "There is nothing to be seen.", resource: token, answers: map[string]answered{namespacesPath: shownNamespace}},
		"NotFound": {
			reason: "It is gone, or somebody else's.", resource: token, parents: ofNamespace,
		},
		"Forbidden": {
			reason: "Whoever may create need not be allowed to read.", resource: token, parents: ofNamespace,
			answers: map[string]answered{namespacesPath: {http.StatusForbidden, `{"message": "no"}`}},
		},
		"Gone": {
			reason: "It is gone.", resource: token, parents: ofNamespace,
			answers: map[string]answered{namespacesPath: {http.StatusGone, `{"message": "no"}`}},
		},
		"Deleting": {
			reason: "It may have lost already what it has.", resource: token, parents: ofNamespace,
			answers: map[string]answered{namespacesPath: {http.StatusOK, `{"status": "deleting", "organization_id": "` + organizationID + `"}`}},
			want:    remote.Sight{Organization: organizationID},
		},
		"Unavailable": {
			reason: "That is no answer.", resource: token, parents: ofNamespace,
			answers: map[string]answered{namespacesPath: {http.StatusServiceUnavailable, `{"message": "no"}`}},
			err:     "cannot get " + namespacesPath,
		},
		"Unauthorized": {
			reason: "Nor is that: the key may be back tomorrow.", resource: token, parents: ofNamespace,
			answers: map[string]answered{namespacesPath: {http.StatusUnauthorized, `{"message": "no"}`}},
			err:     "cannot get " + namespacesPath,
		},
		"Application": {
			reason: "A global parent has no region.", resource: "scaleway_iam_api_key", parents: map[string]string{"application_id": applicationID},
			answers: map[string]answered{"/iam/v1alpha1/applications/" + applicationID: {http.StatusOK, `{"organization_id": "` + organizationID + `"}`}},
			want:    remote.Sight{Parents: true, Organization: organizationID},
		},
		"User": {
			reason: "A parent that is no managed resource is asked for too.", resource: "scaleway_iam_api_key", parents: map[string]string{"user_id": userID},
			answers: map[string]answered{"/iam/v1alpha1/users/" + userID: {http.StatusOK, `{"organization_id": "` + organizationID + `"}`}},
			want:    remote.Sight{Parents: true, Organization: organizationID},
		},
		"NoWitness": {
			reason: "No request shows what this argument names.", resource: token, parents: map[string]string{"project_id": applicationID},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var asked []string

			a := newTestRemote(t, tc.resource, "", tc.answers, &asked)

			got, err := a.Sight(t.Context(), "fr-par", tc.parents)
			if (tc.err == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("\n%s\nSight(...): want error %q, got %v", tc.reason, tc.err, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nSight(...): -want, +got:\n%s", tc.reason, diff)
			}

			for _, request := range asked {
				if strings.Contains(request, "..") {
					t.Errorf("\n%s\nScaleway is asked %s", tc.reason, request)
				}
			}

			// What it sees is asked anew, and its organization is what was told once.
			before := len(asked)

			if again, err := a.Sight(t.Context(), "fr-par", tc.parents); tc.err == "" && (err != nil || again != got) {
				t.Errorf("\n%s\nSight(...) again: want %v, got %v, %v", tc.reason, got, again, err)
			}

			if tc.want.Parents && len(asked) == before {
				t.Errorf("\n%s\nSight(...) does not ask again", tc.reason)
			}
		})
	}
}

func TestRemoteOrganization(t *testing.T) {
	var asked []string

	answers := map[string]answered{
		containersPath: {http.StatusServiceUnavailable, `{"message": "no"}`},
		namespacesPath: {http.StatusForbidden, `{"message": "no"}`},
	}
	a := newTestRemote(t, "scaleway_container_token", "", answers, &asked)
	parents := map[string]string{"container_id": containerID}

	if got := a.Organization(t.Context(), "fr-par", nil); got != "" || len(asked) > 0 {
		t.Errorf("Organization(...) without parents: got %q after %v", got, asked)
	}

	ask := func(reason string, requests ...string) {
		t.Helper()

		asked = nil

		if got := a.Organization(t.Context(), "fr-par", parents); got != "" {
			t.Errorf("%s: Organization(...) that Scaleway does not tell: got %q", reason, got)
		}

		if diff := cmp.Diff(requests, asked); diff != "" {
			t.Errorf("%s: Organization(...): -want requests, +got:\n%s", reason, diff)
		}
	}

	ask("503 says nothing.", "GET "+containersPath)

	answers[containersPath] = answered{http.StatusOK, `{"namespace_id": "` + namespaceID + `"}`}
	answers[namespacesPath] = answered{http.StatusServiceUnavailable, `{"message": "no"}`}
	ask("503 of what the parent belongs to says nothing either.", "GET "+containersPath, "GET "+namespacesPath)

	answers[namespacesPath] = answered{http.StatusForbidden, `{"message": "no"}`}
	ask("It is asked for again.", "GET "+containersPath, "GET "+namespacesPath)

	answers[namespacesPath] = answered{http.StatusOK, `{"organization_id": "` + organizationID + `"}`}
	ask("Each creation would cost a request more.")

	untold := a.(*remoteAPI).api.untold
	for _, parent := range untold.Keys() {
		untold.Add(parent, time.Now().Add(-askAgain))
	}

	asked = nil

	// Whoever may not wait any longer does not hold a worker while another asks.
	hasty, cancel := context.WithCancel(t.Context())
	cancel()

	asking := a.(*remoteAPI).api.asking
	if !asking.TryAcquire(1) {
		t.Fatal("somebody still asks")
	}

	if got := a.Organization(hasty, "fr-par", parents); got != "" {
		t.Errorf("Organization(...) that another asks for: got %q", got)
	}

	asking.Release(1)

	// Many objects are created at the same moment.
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := a.Organization(t.Context(), "fr-par", parents); got != organizationID {
				t.Errorf("Organization(...) that is asked for again: got %q", got)
			}
		})
	}
	wg.Wait()

	if diff := cmp.Diff([]string{"GET " + containersPath, "GET " + namespacesPath}, asked); diff != "" {
		t.Errorf("Organization(...) for many objects: -want requests, +got:\n%s", diff)
	}

	// A key never changes its organization, though what it was told by is gone.
	clear(answers)

	asked = nil

	if got := a.Organization(t.Context(), "fr-par", parents); got != organizationID || len(asked) > 0 {
		t.Errorf("Organization(...) that is known: got %q after %v", got, asked)
	}

	if sight, err := a.Sight(t.Context(), "fr-par", parents); err != nil || sight != (remote.Sight{Organization: organizationID}) {
		t.Errorf("Sight(...) of a parent that is gone: got %v, %v", sight, err)
	}
}

// What the transport has seen tells it without a request, also when the parent is gone.
func TestRemoteOrganizationShown(t *testing.T) {
	var asked []string

	a := newTestRemote(t, "scaleway_iam_api_key", "", nil, &asked)
	a.(*remoteAPI).api.shown = func() string { return organizationID }
	parents := map[string]string{"application_id": applicationID}

	if got := a.Organization(t.Context(), "", parents); got != organizationID || len(asked) > 0 {
		t.Errorf("Organization(...): got %q after %v", got, asked)
	}

	if sight, err := a.Sight(t.Context(), "", parents); err != nil || sight != (remote.Sight{Organization: organizationID}) {
		t.Errorf("Sight(...) of a parent that is gone: got %v, %v", sight, err)
	}
}

// A key is told by what only it has, and differently for each managed resource.
func TestRemoteKey(t *testing.T) {
	key := func(tenant int) remote.API {
		api, err := NewAPI(newCredentials(tenant, "http://127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}

		return NewRemote(api, declared(t, "scaleway_container_token"), "")
	}

	if own := key(1).Key("uid"); own == key(2).Key("uid") || own == key(1).Key("other") || own != key(1).Key("uid") {
		t.Error("Key(...) is that of another API key, or of another managed resource")
	}

	// The transport, which has only the secret half, tells it too.
	if diff := cmp.Diff(ledger.KeyDigest("uid", newCredentials(1, "").SecretKey), key(1).Key("uid")); diff != "" {
		t.Errorf("Key(...): -want, +got:\n%s", diff)
	}
}

func TestRemoteList(t *testing.T) {
	mark := ledger.Mark{UID: "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11", Attempt: "0123abcd"}
	parents := map[string]string{"namespace_id": namespaceID}

	ofParent := func(r, organization string) string {
		q := url.Values{"page": {"1"}, "page_size": {"100"}}
		if organization != "" {
			q.Set("organization_id", organization)
		}

		path := mintedPath
		if r == "scaleway_iam_api_key" {
			path = "/iam/v1alpha1/api-keys"
			q.Set("application_id", applicationID)
		} else {
			q.Set("namespace_id", namespaceID)
		}

		return "GET " + path + "?" + q.Encode()
	}

	others := "GET " + mintedPath + "?page_size=1"
	notFound := answered{http.StatusNotFound, `{"message": "namespace was not found"}`}

	cases := map[string]struct {
		reason       string
		resource     string
		organization string
		parents      map[string]string
		answers      map[string]answered
		want         []remote.Object
		is, isNot    error
		err          string
	}{
		"Tokens": {
			reason: "Marks are told, and what is being deleted.", parents: parents,
			answers: map[string]answered{ofParent("", ""): {http.StatusOK, `{"tokens": [
				{"id": "1", "status": "ready", "description": "of a job ` + mark.String() + `"},
				{"id": "2", "status": "deleting", "description": ""}], "total_count": 2}`}},
			want: []remote.Object{{ID: "1", Mark: &mark}, {ID: "2", Deleting: true}},
		},
		"OrganizationNotNeeded": {
			reason: "It is only sent where Scaleway asks for it.", organization: organizationID, parents: parents,
			answers: map[string]answered{ofParent("", ""): {http.StatusOK, `{"tokens": [{"id": "1"}], "total_count": 1}`}},
			want:    []remote.Object{{ID: "1"}},
		},
		"Keys": {
			reason: "Otherwise Scaleway chooses whose are listed. Their ID is not named id.", resource: "scaleway_iam_api_key",
			organization: organizationID, parents: map[string]string{"application_id": applicationID},
			answers: map[string]answered{ofParent("scaleway_iam_api_key", organizationID): {http.StatusOK, `{"api_keys": [{"access_key": "SCW1"}], "total_count": 1}`}},
			want:    []remote.Object{{ID: "SCW1"}},
		},
		"KeysWithoutOrganization": {
			reason: "There is none to be sent.", resource: "scaleway_iam_api_key", parents: map[string]string{"application_id": applicationID},
			answers: map[string]answered{ofParent("scaleway_iam_api_key", ""): {http.StatusOK, `{"api_keys": [], "total_count": 0}`}},
		},
		"ParentGone": {
			reason: "The API answers for others.", parents: parents,
			answers: map[string]answered{ofParent("", ""): notFound, others: {http.StatusOK, `{"tokens": [], "total_count": 0}`}},
			is:      remote.ErrParentGone, isNot: remote.ErrEnded, err: "namespace was not found",
		},
		"ParentGonePerhaps": {
			reason: "Whether the API answers for others is not known.", parents: parents,
			answers: map[string]answered{ofParent("", ""): notFound, others: {http.StatusServiceUnavailable, `{"message": "busy"}`}},
			err:     "busy", isNot: remote.ErrParentGone,
		},
		"Ended": {
			reason: "The API answers for nobody any more.", parents: parents,
			answers: map[string]answered{ofParent("", ""): notFound}, is: remote.ErrEnded, isNot: remote.ErrParentGone, err: "not found",
		},
		"EndedWithoutParents": {
			reason:  "There is no parent that could be gone.",
			answers: map[string]answered{others: {http.StatusOK, `{"tokens": [], "total_count": 0}`}},
			is:      remote.ErrEnded, isNot: remote.ErrParentGone, err: "not found",
		},
		"EndedForGood": {
			reason: "It says so.", parents: parents,
			answers: map[string]answered{ofParent("", ""): {http.StatusGone, `{"message": "no"}`}}, is: remote.ErrEnded, err: "no",
		},
		"Forbidden": {
			reason: "Nothing is gone or ended.", parents: parents,
			answers: map[string]answered{ofParent("", ""): {http.StatusForbidden, `{"message": "no"}`}}, isNot: remote.ErrEnded, err: "no",
		},
		"Incomplete": {
			reason: "Half a list is none.", parents: parents,
			answers: map[string]answered{ofParent("", ""): {http.StatusOK, `{"tokens": [], "total_count": 1}`}}, isNot: remote.ErrEnded, err: "Scaleway says that there are 1, and shows 0",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var asked []string

			r := tc.resource
			if r == "" {
				r = "scaleway_container_token"
			}

			got, err := newTestRemote(t, r, tc.organization, tc.answers, &asked).List(t.Context(), "fr-par", tc.parents)
			if (tc.err == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("\n%s\nList(...): want error %q, got %v", tc.reason, tc.err, err)
			}

			if (tc.is != nil && !errors.Is(err, tc.is)) || (tc.isNot != nil && errors.Is(err, tc.isNot)) {
				t.Errorf("\n%s\nList(...): want an error that is %v and not %v, got %v", tc.reason, tc.is, tc.isNot, err)
			}

			if diff := cmp.Diff(len(tc.want), len(got)); diff != "" {
				t.Fatalf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want, got); len(tc.want) > 0 && diff != "" {
				t.Errorf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What one answer says of an object.
func TestRemoteObject(t *testing.T) {
	const path = mintedPath + "/" + namespaceID

	cases := map[string]struct {
		reason         string
		answer         answered
		exists         bool
		existed        bool
		err, deleteErr string
	}{
		"Shown":       {reason: "It is there.", answer: answered{http.StatusOK, `{"id": "1", "status": "ready"}`}, exists: true, existed: true},
		"Deleting":    {reason: "It will not come back.", answer: answered{http.StatusOK, `{"id": "1", "status": "deleting"}`}, existed: true},
		"NotFound":    {reason: "Scaleway does not know it.", answer: answered{http.StatusNotFound, `{"message": "no"}`}},
		"Forbidden":   {reason: "Nobody knows.", answer: answered{http.StatusForbidden, `{"message": "no"}`}, err: "cannot get " + path, deleteErr: "cannot delete " + path},
		"Unavailable": {reason: "Nobody knows.", answer: answered{http.StatusServiceUnavailable, `{"message": "no"}`}, err: "cannot get " + path, deleteErr: "cannot delete " + path},
		"Gone":        {reason: "It is the API that is gone.", answer: answered{http.StatusGone, `{"message": "no"}`}, err: "cannot get " + path, deleteErr: "cannot delete " + path},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var asked []string

			a := newTestRemote(t, "scaleway_container_token", "", map[string]answered{path: tc.answer}, &asked)
			id := regional.ID{Region: "fr-par", UUID: namespaceID}

			exists, err := a.Exists(t.Context(), id)
			if (tc.err == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.err)) || exists != tc.exists {
				t.Errorf("\n%s\nExists(...): want %t and error %q, got %t, %v", tc.reason, tc.exists, tc.err, exists, err)
			}

			existed, err := a.Delete(t.Context(), id)
			if (tc.deleteErr == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.deleteErr)) || existed != tc.existed {
				t.Errorf("\n%s\nDelete(...): want %t and error %q, got %t, %v", tc.reason, tc.existed, tc.deleteErr, existed, err)
			}

			if diff := cmp.Diff([]string{"GET " + path, "DELETE " + path}, asked); diff != "" {
				t.Errorf("\n%s\nrequests: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
