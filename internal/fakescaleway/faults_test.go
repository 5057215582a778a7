// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A result is how a request over the network ended.
type result struct {
	Code    int // 0 if there was no answer.
	Body    string
	Type    string
	Header  string // X-Test
	Elapsed time.Duration
	Err     error
}

// post creates a namespace over a connection of its own, so that Go's client does
// not send the request again.
func post(ctx context.Context, s *Server, k Key, name string) result {
	body := fmt.Sprintf(`{"project_id":%q,"name":%q}`, k.ProjectID, name)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/containers/v1/regions/fr-par/namespaces", strings.NewReader(body))
	if err != nil {
		return result{Err: err}
	}
	req.Close = true
	req.Header.Set(authHeader, k.SecretKey)
	start := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return result{Err: err, Elapsed: time.Since(start)}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return result{
		Code: res.StatusCode, Body: string(b), Err: err, Elapsed: time.Since(start),
		Type: res.Header.Get("Content-Type"), Header: res.Header.Get("X-Test"),
	}
}

func TestFaults(t *testing.T) {
	const code, delay = http.StatusServiceUnavailable, 20 * time.Millisecond
	matching := func(part string) func(*http.Request) bool {
		return func(r *http.Request) bool {
			b, err := io.ReadAll(r.Body)
			return err == nil && strings.Contains(string(b), part)
		}
	}

	// want has one value per request; three are sent, for namespaces a, b and c.
	type want struct {
		codes   [3]int
		applied [3]bool
		hits    int
		alive   int
	}
	cases := map[string]struct {
		reason string
		fault  Fault
		want   want
	}{
		"Observe": {
			reason: "A fault that does nothing counts.",
			fault:  Fault{},
			want:   want{[3]int{200, 200, 200}, [3]bool{true, true, true}, 3, 3},
		},
		"Status": {
			reason: "A status is answered and nothing is applied.",
			fault:  Fault{Status: code},
			want:   want{[3]int{code, code, code}, [3]bool{}, 3, 0},
		},
		"AppliedThenFailed": {
			reason: "A request can be applied although it fails.",
			fault:  Fault{Status: code, Apply: true},
			want:   want{[3]int{code, code, code}, [3]bool{true, true, true}, 3, 3},
		},
		"DropBefore": {
			reason: "The connection is closed without an answer, and nothing is applied.",
			fault:  Fault{DropBefore: true},
			want:   want{[3]int{}, [3]bool{}, 3, 0},
		},
		"DropAfter": {
			reason: "The connection is closed without an answer, but the request is applied.",
			fault:  Fault{DropAfter: true},
			want:   want{[3]int{}, [3]bool{true, true, true}, 3, 3},
		},
		"Times": {
			reason: "A fault can happen a number of times.",
			fault:  Fault{Status: code, Times: 2},
			want:   want{[3]int{code, code, 200}, [3]bool{false, false, true}, 2, 1},
		},
		"After": {
			reason: "A fault can spare the first requests.",
			fault:  Fault{Status: code, After: 2},
			want:   want{[3]int{200, 200, code}, [3]bool{true, true, false}, 1, 2},
		},
		"AfterTimes": {
			reason: "A fault can spare the first requests and those after it.",
			fault:  Fault{Status: code, After: 1, Times: 1},
			want:   want{[3]int{200, code, 200}, [3]bool{true, false, true}, 1, 2},
		},
		"Method": {
			reason: "Other methods are spared.",
			fault:  Fault{Status: code, Method: http.MethodGet},
			want:   want{[3]int{200, 200, 200}, [3]bool{true, true, true}, 0, 3},
		},
		"Route": {
			reason: "Other routes are spared.",
			fault:  Fault{Status: code, Method: http.MethodPost, Route: RouteNamespace},
			want:   want{[3]int{200, 200, 200}, [3]bool{true, true, true}, 0, 3},
		},
		"Match": {
			reason: "Requests can be chosen by their body, which is still there to be applied.",
			fault:  Fault{Status: code, Apply: true, Route: RouteNamespaces, Match: matching(`"b"`)},
			want:   want{[3]int{200, code, 200}, [3]bool{true, true, true}, 1, 3},
		},
		"Delay": {
			reason: "A delayed request is answered as usual.",
			fault:  Fault{Delay: delay},
			want:   want{[3]int{200, 200, 200}, [3]bool{true, true, true}, 3, 3},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := NewTestServer(t)
			key := s.NewKey()
			f := s.Inject(tc.fault)
			var got want
			for i, name := range []string{"a", "b", "c"} {
				res := post(t.Context(), s, key, name)
				got.codes[i] = res.Code
				if (res.Code == 0) != (res.Err != nil) {
					t.Errorf("\n%s\nrequest %d: got code %d, error %v", tc.reason, i, res.Code, res.Err)
				}
				if res.Elapsed < tc.fault.Delay {
					t.Errorf("\n%s\nrequest %d: answered after %s, want at least %s", tc.reason, i, res.Elapsed, tc.fault.Delay)
				}
			}
			for i, r := range s.Requests() {
				got.applied[i] = r.Applied
				if r.Status != got.codes[i] {
					t.Errorf("\n%s\nrequest %d: got code %d, but %d is logged", tc.reason, i, got.codes[i], r.Status)
				}
			}
			got.hits, got.alive = f.Hits(), s.Alive()[KindNamespace]
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}

			f.Remove()
			if res := post(t.Context(), s, key, "removed"); res.Code != http.StatusOK {
				t.Errorf("\n%s\na request once the fault is removed: got code %d, error %v", tc.reason, res.Code, res.Err)
			}
		})
	}
}

func TestFaultAnswer(t *testing.T) {
	cases := map[string]struct {
		reason string
		fault  Fault
		want   result
	}{
		"JSON": {
			reason: "A body is JSON unless said otherwise.",
			fault:  Fault{Status: http.StatusForbidden, Body: `{"message":"no"}`},
			want:   result{Code: http.StatusForbidden, Body: `{"message":"no"}`, Type: "application/json"},
		},
		"RateLimited": {
			reason: "Headers are added, and an empty body stays empty.",
			fault:  Fault{Status: http.StatusTooManyRequests, Header: http.Header{"X-Test": {"yes"}}},
			want:   result{Code: http.StatusTooManyRequests, Header: "yes", Type: "application/json"},
		},
		"Proxy": {
			reason: "A broken proxy answers something else.",
			fault:  Fault{Status: http.StatusBadGateway, Body: "<html>", ContentType: "text/html"},
			want:   result{Code: http.StatusBadGateway, Body: "<html>", Type: "text/html"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := NewTestServer(t)
			s.Inject(tc.fault)
			got := post(t.Context(), s, s.NewKey(), "ns")
			got.Elapsed = 0
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A fault can quote what was sent, as a proxy may.
func TestFaultQuotes(t *testing.T) {
	s := NewTestServer(t)
	k := s.NewKey()
	s.Inject(Fault{Status: http.StatusBadRequest, Body: "refused", Quote: true})

	got := post(t.Context(), s, k, "the-name")
	for _, want := range []string{`{"message":"refused: POST `, k.SecretKey, "the-name"} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("want an answer that holds %q, got %s", want, got.Body)
		}
	}
}

// eventually fails the test if nothing arrives.
func eventually[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("timed out waiting for %s", what)
		panic("unreachable")
	}
}

func TestFaultHolds(t *testing.T) {
	// end is how a request that is stuck comes to an end.
	type end string
	const (
		release  end = "Release"
		remove   end = "Remove"
		goAway   end = "client goes away"
		goneHeld end = "client goes away, then Release"
		closing  end = "Close"
	)
	type want struct {
		stuckApplied bool // While it is stuck.
		applied      bool // In the end.
		code         int  // The client's.
		logged       int
	}
	cases := map[string]struct {
		reason string
		fault  Fault
		end    end
		want   want
	}{
		"HoldRelease": {
			reason: "A held request is applied and answered once released.",
			fault:  Fault{Hold: true}, end: release,
			want: want{applied: true, code: 200, logged: 200},
		},
		"HoldRemove": {
			reason: "Removing a fault releases what it holds.",
			fault:  Fault{Hold: true}, end: remove,
			want: want{applied: true, code: 200, logged: 200},
		},
		"HoldAfterApply": {
			reason: "A request can be held between being applied and answered.",
			fault:  Fault{Hold: true, Apply: true}, end: release,
			want: want{stuckApplied: true, applied: true, code: 200, logged: 200},
		},
		"HoldThenFail": {
			reason: "A held request can fail in the end.",
			fault:  Fault{Hold: true, Status: 500}, end: release,
			want: want{code: 500, logged: 500},
		},
		"HoldWithoutClient": {
			reason: "A held request is applied once released, although nobody waits for the answer.",
			fault:  Fault{Hold: true}, end: goneHeld,
			want: want{applied: true, logged: 200},
		},
		"HangRelease": {
			reason: "A hung request goes on once released.",
			fault:  Fault{Hang: true}, end: release,
			want: want{applied: true, code: 200, logged: 200},
		},
		"HangWithoutClient": {
			reason: "A hung request ends when the client goes away, and is not applied.",
			fault:  Fault{Hang: true}, end: goAway,
			want: want{},
		},
		"HangAfterApply": {
			reason: "A hung request may have been applied.",
			fault:  Fault{Hang: true, Apply: true}, end: goAway,
			want: want{stuckApplied: true, applied: true},
		},
		"HangClose": {
			reason: "Closing the server ends what hangs.",
			fault:  Fault{Hang: true}, end: closing,
			want: want{},
		},
		"HoldClose": {
			reason: "Closing the server ends what is held.",
			fault:  Fault{Hold: true}, end: closing,
			want: want{},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := NewTestServer(t)
			key := s.NewKey()
			f := s.Inject(tc.fault)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			results := make(chan result, 1)
			go func() { results <- post(ctx, s, key, "ns") }()
			eventually(t, "arrival", f.Arrived())
			got := want{stuckApplied: s.Alive()[KindNamespace] == 1}

			switch tc.end {
			case release:
				f.Release()
			case remove:
				f.Remove()
			case goAway:
				cancel()
			case goneHeld:
				cancel()
				if res := eventually(t, "client", results); !errors.Is(res.Err, context.Canceled) {
					t.Errorf("\n%s\nthe client got %v", tc.reason, res)
				}
				results <- result{}
				f.Release()
			case closing:
				s.Close()
			}
			got.code = eventually(t, "answer", results).Code

			logged := make(chan Request)
			go func() {
				for len(s.Requests()) == 0 {
					time.Sleep(time.Millisecond) // The log has nothing to wait for.
				}
				logged <- s.Requests()[0]
			}()
			r := eventually(t, "log", logged)
			got.applied, got.logged = r.Applied, r.Status
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if alive := s.Alive()[KindNamespace] == 1; alive != tc.want.applied {
				t.Errorf("\n%s\nthe namespace exists: got %t, want %t", tc.reason, alive, tc.want.applied)
			}
		})
	}
}

func TestFirstFaultWins(t *testing.T) {
	s := NewTestServer(t)
	first := s.Inject(Fault{Status: 500, Times: 1})
	second := s.Inject(Fault{Status: 503})
	var got []int
	for range 2 {
		got = append(got, post(t.Context(), s, s.NewKey(), "ns").Code)
	}
	if diff := cmp.Diff([]int{500, 503}, got); diff != "" {
		t.Errorf("-want codes, +got codes:\n%s", diff)
	}
	if first.Hits() != 1 || second.Hits() != 1 {
		t.Errorf("got %d and %d hits, want 1 and 1", first.Hits(), second.Hits())
	}
}
