// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A listing is what a client sees of a list of applications.
type listing struct {
	Code  int
	Names []string
	Total int
}

func list(t *testing.T, s *Server, k Key, query string) listing {
	t.Helper()
	l := listing{}
	var body string
	l.Code, body = request(s, k, http.MethodGet, RouteApplications+"?"+query, "")
	var answer struct {
		Applications []struct{ Name string }
		TotalCount   int `json:"total_count"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, a := range answer.Applications {
		l.Names = append(l.Names, a.Name)
	}
	l.Total = answer.TotalCount
	return l
}

func addApplication(t *testing.T, s *Server, k Key, name string) string {
	t.Helper()
	code, body := request(s, k, http.MethodPost, RouteApplications, fmt.Sprintf(`{"name":%q,"organization_id":%q}`, name, k.OrganizationID))
	var a struct{ ID string }
	if err := json.Unmarshal([]byte(body), &a); code != http.StatusOK || err != nil {
		t.Fatalf("%d %s: %v", code, body, err)
	}
	return a.ID
}

func TestListFaults(t *testing.T) {
	b := func(item map[string]any) bool { return item["name"] == "b" }
	cases := map[string]struct {
		reason string
		opts   []Option
		fault  Fault
		query  string
		want   listing
	}{
		"None": {
			reason: "A list has all, and counts them.",
			want:   listing{200, []string{"a", "b", "c"}, 3},
		},
		"Without": {
			reason: "What is missing is not counted.",
			fault:  Fault{Edit: ListWithout(b)},
			want:   listing{200, []string{"a", "c"}, 2},
		},
		"WithoutItems": {
			reason: "A page that is missing is counted.",
			fault:  Fault{Edit: ListWithoutItems()},
			want:   listing{200, nil, 3},
		},
		"Miscounted": {
			reason: "The count can be behind what is there.",
			fault:  Fault{Edit: ListMiscounted(-2)},
			want:   listing{200, []string{"a", "b", "c"}, 1},
		},
		"NeverNegative": {
			reason: "There are never fewer than none.",
			fault:  Fault{Edit: ListMiscounted(-9)},
			want:   listing{200, []string{"a", "b", "c"}, 0},
		},
		"PageLimit": {
			reason: "A page has no more than the limit, whatever is asked for.",
			opts:   []Option{WithPageLimit(2)}, query: "page_size=100",
			want: listing{200, []string{"a", "b"}, 3},
		},
		"SecondPage": {
			reason: "The next page goes on where the last one has ended.",
			opts:   []Option{WithPageLimit(2)}, query: "page_size=100&page=2",
			want: listing{200, []string{"c"}, 3},
		},
		"NotApplied": {
			reason: "An answer that is an error is none that is edited.",
			fault:  Fault{Edit: ListWithoutItems()}, query: "order_by=nonsense",
			want: listing{Code: 400},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := New(tc.opts...)
			key := s.NewKey()
			for _, name := range []string{"a", "b", "c"} {
				addApplication(t, s, key, name)
			}
			tc.fault.Method = http.MethodGet
			s.Inject(tc.fault)
			if diff := cmp.Diff(tc.want, list(t, s, key, tc.query)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A list shows what there was, in both directions; what is read by its ID does not lag.
func TestListDelay(t *testing.T) {
	clk := newClock()
	s := New(WithClock(clk.Now), WithListDelay(3*time.Second))
	key := s.NewKey()
	names := func() string {
		l := list(t, s, key, "")
		if len(l.Names) != l.Total {
			t.Errorf("%d are listed, and %d counted", len(l.Names), l.Total)
		}
		return strings.Join(l.Names, "")
	}
	var got []string
	see := func(after time.Duration) {
		clk.Add(after)
		got = append(got, names())
	}

	id := addApplication(t, s, key, "a")
	if code, _ := request(s, key, http.MethodGet, RouteApplications+"/"+id, ""); code != http.StatusOK {
		t.Errorf("what is not listed yet is read by its ID: got code %d", code)
	}
	see(0)
	see(2 * time.Second)
	see(time.Second)
	if code, _ := request(s, key, http.MethodDelete, RouteApplications+"/"+id, ""); code != http.StatusNoContent {
		t.Fatalf("DELETE: code %d", code)
	}
	see(2 * time.Second)
	see(time.Second)
	// One that is gone before it was listed is never listed.
	_, _ = request(s, key, http.MethodDelete, RouteApplications+"/"+addApplication(t, s, key, "b"), "")
	see(2 * time.Second)
	see(3 * time.Second)
	// Without the delay, all is listed at once.
	s.SetListDelay(0)
	addApplication(t, s, key, "c")
	see(0)

	if diff := cmp.Diff([]string{"", "", "a", "a", "", "", "", "c"}, got); diff != "" {
		t.Errorf("lists: -want, +got:\n%s", diff)
	}
}

// A list by the parent of another organization shows nothing of that.
func TestListForeignParent(t *testing.T) {
	cases := map[string]struct {
		opts    []Option
		foreign bool
		want    int
	}{
		"Own":             {want: http.StatusOK},
		"Foreign":         {foreign: true, want: http.StatusOK},
		"OwnNotFound":     {opts: []Option{WithUnknownParentNotFound()}, want: http.StatusOK},
		"ForeignNotFound": {opts: []Option{WithUnknownParentNotFound()}, foreign: true, want: http.StatusNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := New(tc.opts...)
			key := s.NewKey()
			app := addApplication(t, s, key, "app")
			if code, body := request(s, key, http.MethodPost, RouteAPIKeys, fmt.Sprintf(`{"application_id":%q}`, app)); code != http.StatusOK {
				t.Fatalf("%d %s", code, body)
			}
			if tc.foreign {
				key = s.NewKey()
			}
			code, body := request(s, key, http.MethodGet, RouteAPIKeys+"?application_id="+app, "")
			if code != tc.want {
				t.Errorf("got code %d, want %d", code, tc.want)
			}
			if shown := strings.Contains(body, `"total_count":1`); shown == tc.foreign {
				t.Errorf("the key is shown: %t, want %t: %s", shown, !tc.foreign, body)
			}
		})
	}
}

// A request that is to be dropped can be held first.
func TestDropHeld(t *testing.T) {
	s := NewTestServer(t)
	key := s.NewKey()
	f := s.Inject(Fault{Method: http.MethodPost, DropBefore: true, Hold: true})
	results := make(chan result, 1)
	go func() { results <- post(t.Context(), s, key, "ns") }()
	eventually(t, "arrival", f.Arrived())
	select {
	case r := <-results:
		t.Fatalf("it is not held: %v", r)
	case <-time.After(100 * time.Millisecond):
	}
	f.Release()
	if r := eventually(t, "end", results); r.Err == nil {
		t.Errorf("it was answered: %v", r)
	}
	if n := s.Alive()[KindNamespace]; n != 0 {
		t.Errorf("it was applied: %d namespaces", n)
	}
}
