// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"
)

func TestMetricsOptions(t *testing.T) {
	type want struct {
		address          string
		secure, filtered bool
		warned           bool
	}

	cases := map[string]struct {
		reason string
		o      Options
		want   want
	}{
		"Default": {
			reason: "Nobody is named, so that everybody may read it.",
			o:      Options{MetricsBindAddress: ":8080"},
			want:   want{address: ":8080"},
		},
		"Names": {
			reason: "Whoever asks for names without authentication is warned.",
			o:      Options{MetricsBindAddress: ":8080", ExpiryMetrics: 1},
			want:   want{address: ":8080", warned: true},
		},
		"SecureNames": {
			reason: "Names are for readers only.",
			o:      Options{MetricsBindAddress: ":8080", ExpiryMetrics: 1, MetricsSecure: true},
			want:   want{address: ":8080", secure: true, filtered: true},
		},
		"None": {
			reason: "An empty address serves none, and is not taken for the default.",
			o:      Options{ExpiryMetrics: 1},
			want:   want{address: "0"},
		},
		"Zero": {
			reason: "So does 0.",
			o:      Options{MetricsBindAddress: "0", ExpiryMetrics: 1},
			want:   want{address: "0"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			log := &infos{Logger: logging.NewNopLogger()}
			m := metricsOptions(tc.o, log)

			got := want{address: m.BindAddress, secure: m.SecureServing, filtered: m.FilterProvider != nil, warned: log.n > 0}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nmetricsOptions(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// infos counts what is logged.
type infos struct {
	logging.Logger

	n int
}

func (i *infos) Info(string, ...any) { i.n++ }

// Metrics are served to those only who may get them, and an answer is remembered if
// there was one.
func TestOnlyReaders(t *testing.T) {
	const path = "/metrics"

	asked := 0
	fails := false

	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked++

		if fails {
			w.WriteHeader(http.StatusForbidden)
			return
		}

		w.Header().Set("Content-Type", "application/json")

		var answer any

		switch req.URL.Path {
		case "/apis/authentication.k8s.io/v1/tokenreviews":
			r := &authenticationv1.TokenReview{}
			if err := json.NewDecoder(req.Body).Decode(r); err != nil {
				t.Error(err)
			}

			r.Status.Authenticated = r.Spec.Token != "nobody"
			r.Status.User.Username = r.Spec.Token
			answer = r
		default:
			r := &authorizationv1.SubjectAccessReview{}
			if err := json.NewDecoder(req.Body).Decode(r); err != nil {
				t.Error(err)
			}

			want := &authorizationv1.NonResourceAttributes{Verb: "get", Path: path}
			r.Status.Allowed = r.Spec.User == "reader" && cmp.Equal(want, r.Spec.NonResourceAttributes)
			answer = r
		}

		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer api.Close()

	filter, err := onlyReaders(&rest.Config{Host: api.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}, api.Client())
	if err != nil {
		t.Fatal(err)
	}

	handler, err := filter(logr.Discard(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	if err != nil {
		t.Fatal(err)
	}

	// In this order: answers are remembered.
	cases := []struct {
		reason        string
		authorization string
		method, path  string
		fails         bool
		status, asked int
	}{
		{"Who does not say who they are is not served.", "", http.MethodGet, path, false, http.StatusUnauthorized, 0},
		{"A password is no token.", "Basic reader", http.MethodGet, path, false, http.StatusUnauthorized, 0},
		{"An empty token is none.", "Bearer  ", http.MethodGet, path, false, http.StatusUnauthorized, 0},
		{"The API server cannot be asked.", "Bearer reader", http.MethodGet, path, true, http.StatusInternalServerError, 1},
		{"A failure is not remembered.", "Bearer reader", http.MethodGet, path, false, http.StatusOK, 2},
		{"An answer is.", "Bearer reader", http.MethodGet, path, true, http.StatusOK, 0},
		{"The scheme may be written otherwise.", "bearer reader", http.MethodGet, path, true, http.StatusOK, 0},
		{"It is for that request only.", "Bearer reader", http.MethodPost, path, false, http.StatusForbidden, 2},
		{"And for that path.", "Bearer reader", http.MethodGet, "/other", false, http.StatusForbidden, 2},
		{"Who is known may have no right.", "Bearer other", http.MethodGet, path, false, http.StatusForbidden, 2},
		{"Who is not known is asked nothing more about.", "Bearer nobody", http.MethodGet, path, false, http.StatusUnauthorized, 1},
	}

	for _, tc := range cases {
		asked, fails = 0, tc.fails

		req := httptest.NewRequest(tc.method, tc.path, nil)
		req.Header.Set("Authorization", tc.authorization)

		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)

		if diff := cmp.Diff([]int{tc.status, tc.asked}, []int{w.Code, asked}); diff != "" {
			t.Errorf("\n%s\nstatus, and how often the API server was asked: -want, +got:\n%s", tc.reason, diff)
		}
	}
}
