// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

const tokensPath = "/containers/v1/regions/fr-par/tokens"

// A minter answers requests, and keeps the bodies of those that arrive.
type minter struct {
	*httptest.Server

	mu     sync.Mutex
	bodies []string
}

func newMinter(t *testing.T, handler http.HandlerFunc) *minter {
	t.Helper()

	m := &minter{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}

		m.mu.Lock()
		m.bodies = append(m.bodies, string(b))
		m.mu.Unlock()

		handler(w, r)
	}))
	t.Cleanup(m.Close)

	return m
}

// arrived returns the bodies of the requests.
func (m *minter) arrived() []string {
	m.mu.Lock()
	defer m.mu.Unlock()

	return m.bodies
}

// record of an attempt, made at the time.
func record(attempt string, at time.Time) ledger.Record {
	const uid = "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11"

	return ledger.Record{UID: uid, Attempt: attempt, At: at, Minter: ledger.Minter{Key: ledger.KeyDigest(uid, secretKey)}}
}

// newMintingTransport returns a Transport that sends requests to create a token
// only as the permits allow.
func newMintingTransport(permits *issue.Permits, timeout time.Duration) *Transport {
	return newTransport(Options{
		Timeout: timeout,
		Permits: permits,
		Minting: []Minting{
			{Path: regexp.MustCompile(`^/keys$`), MarkField: "name", IDField: "access", ValueField: "secret"},
			{Path: regexp.MustCompile(`^/containers/v1/regions/[^/]+/tokens$`), MarkField: "description", IDField: "id", ValueField: "token", Fields: []string{"project"}},
		},
	})
}

// reset the connection instead of answering.
func reset(w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}

	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// Which requests are sent.
func TestMintingPermit(t *testing.T) {
	const limit = time.Hour

	now := time.Now()
	mine, other := record("0123abcd", now), record("89abcdef", now)

	body := func(r ledger.Record) string { return `{"description":"` + r.Mark().Append("for the shop") + `"}` }

	type request struct {
		method, path, body string
	}

	type want struct {
		arrived []string
		// status and message of the last answer.
		status  int
		message string
	}

	const refused = http.StatusFailedDependency

	cases := map[string]struct {
		reason string
		// issued are the attempts that a permit was issued for.
		issued    []ledger.Record
		withdrawn bool
		requests  []request
		want      want
	}{
		"Permitted": {
			reason:   "The request of an attempt that is under way is sent, unchanged.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, tokensPath, body(mine)}},
			want:     want{arrived: []string{body(mine)}, status: http.StatusOK},
		},
		"Twice": {
			reason:   "A second request would create a second secret.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, tokensPath, body(mine)}, {http.MethodPost, tokensPath, body(mine)}},
			want:     want{arrived: []string{body(mine)}, status: refused, message: "the attempt has sent its request already"},
		},
		"OfTwoAttempts": {
			reason:   "Each attempt has a request of its own.",
			issued:   []ledger.Record{mine, other},
			requests: []request{{http.MethodPost, tokensPath, body(other)}, {http.MethodPost, tokensPath, body(mine)}},
			want:     want{arrived: []string{body(other), body(mine)}, status: http.StatusOK},
		},
		"NoMark": {
			reason:   "What is created without a mark would not be found again.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, tokensPath, `{"description":"for the shop"}`}},
			want:     want{status: refused, message: "a minting request without a mark is never sent"},
		},
		"MarkInAnotherField": {
			reason:   "Only the field that is looked at later counts.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, tokensPath, `{"name":"` + mine.Mark().String() + `"}`}},
			want:     want{status: refused, message: "a minting request without a mark is never sent"},
		},
		"MarkIsNoText": {
			reason:   "A mark is a text.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, tokensPath, `{"description":["` + mine.Mark().String() + `"]}`}},
			want:     want{status: refused, message: "a minting request without a mark is never sent"},
		},
		"NotJSON": {
			reason:   "What cannot be read cannot be allowed.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, tokensPath, mine.Mark().String()}},
			want:     want{status: refused, message: "cannot read the request"},
		},
		"OtherAttempt": {
			reason:   "A permit is for one attempt.",
			issued:   []ledger.Record{other},
			requests: []request{{http.MethodPost, tokensPath, body(mine)}},
			want:     want{status: refused, message: "no attempt " + mine.Mark().String() + " is under way"},
		},
		"Withdrawn": {
			reason:    "An attempt that is over allows nothing.",
			issued:    []ledger.Record{mine},
			withdrawn: true,
			requests:  []request{{http.MethodPost, tokensPath, body(mine)}},
			want:      want{status: refused, message: "no attempt " + mine.Mark().String() + " is under way"},
		},
		"Expired": {
			reason:   "Another process may have given the attempt up.",
			issued:   []ledger.Record{record("0123abcd", now.Add(-2*limit))},
			requests: []request{{http.MethodPost, tokensPath, body(mine)}},
			want:     want{status: refused, message: "the attempt is too old to send its request"},
		},
		"SecondKind": {
			reason:   "Each kind that is minted has a field of its own for the mark.",
			issued:   []ledger.Record{mine},
			requests: []request{{http.MethodPost, "/keys", `{"name":"` + mine.Mark().String() + `"}`}},
			want:     want{arrived: []string{`{"name":"` + mine.Mark().String() + `"}`}, status: http.StatusOK},
		},
		"OtherPath": {
			reason:   "What is not minted needs no permit, also if it looks alike.",
			requests: []request{{http.MethodPost, containersPath, `{"description":"for the shop"}`}, {http.MethodPost, tokensPath + "/1/renew", `x`}},
			want:     want{arrived: []string{`{"description":"for the shop"}`, `x`}, status: http.StatusOK},
		},
		"OtherMethods": {
			reason: "Neither does what creates nothing.",
			requests: []request{
				{http.MethodGet, tokensPath, ""},
				{http.MethodPatch, tokensPath, `{}`},
				{http.MethodDelete, tokensPath, ""},
			},
			want: want{arrived: []string{"", `{}`, ""}, status: http.StatusOK},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMinter(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"id":"1","token":"secret"}`))
			})

			permits := issue.NewPermits()

			for _, r := range tc.issued {
				p, err := permits.Issue(r, limit)
				if err != nil {
					t.Fatal(err)
				}

				if tc.withdrawn {
					permits.Withdraw(p)
				}
			}

			rt := newMintingTransport(permits, 0)
			got := want{message: tc.want.message}

			for i, r := range tc.requests {
				resp, answer := send(t, rt, r.method, m.URL+r.path, r.body)
				got.status = resp.StatusCode

				if i == len(tc.requests)-1 && !strings.Contains(answer, tc.want.message) {
					t.Errorf("\n%s\nRoundTrip(...): want answer with %q, got %q", tc.reason, tc.want.message, answer)
				}
			}

			got.arrived = m.arrived()
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is known of an object after its one request.
func TestMintingOutcome(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}

	type want struct {
		outcome issue.Outcome
		object  issue.Object
	}

	minted := want{outcome: issue.Minted, object: issue.Object{ID: "1", Secret: "secret", Attributes: map[string]string{"project": ""}}}

	cases := map[string]struct {
		reason string
		// path that is posted to, unless it is that of tokens.
		path string
		// handler is nil where nobody listens.
		handler http.HandlerFunc
		timeout time.Duration
		want    want
	}{
		"Minted": {
			reason:  "The ID and the secret are kept: the secret is shown only once.",
			handler: answer(http.StatusCreated, `{"id":"1","status":"ready","token":"secret"}`),
			want:    minted,
		},
		"MintedAndTransient": {
			reason:  "They are also kept while Scaleway is not done with the object.",
			handler: answer(http.StatusOK, `{"id":"1","status":"creating","token":"secret"}`),
			want:    minted,
		},
		"WithAttributes": {
			reason:  "What is published with the secret is kept too, and nothing else.",
			handler: answer(http.StatusOK, `{"id":"1","token":"secret","project":"2","other":"3"}`),
			want:    want{outcome: issue.Minted, object: issue.Object{ID: "1", Secret: "secret", Attributes: map[string]string{"project": "2"}}},
		},
		"OtherID": {
			reason:  "The ID is where the resource says.",
			path:    "/keys",
			handler: answer(http.StatusOK, `{"id":"1","access":"2","secret":"secret"}`),
			want:    want{outcome: issue.Minted, object: issue.Object{ID: "2", Secret: "secret", Attributes: map[string]string{}}},
		},
		"NoValue": {
			reason:  "An object without its secret is of no use, and exists.",
			handler: answer(http.StatusOK, `{"id":"1","token":""}`),
			want:    want{outcome: issue.Unclear},
		},
		"NoID": {
			reason:  "A secret without its object cannot be taken back.",
			handler: answer(http.StatusOK, `{"token":"secret"}`),
			want:    want{outcome: issue.Unclear},
		},
		"NotJSON": {
			reason:  "An answer that cannot be read may be about an object.",
			handler: answer(http.StatusOK, `minted`),
			want:    want{outcome: issue.Unclear},
		},
		"Empty": {
			reason:  "So may one that says nothing.",
			handler: answer(http.StatusNoContent, ``),
			want:    want{outcome: issue.Unclear},
		},
		"BadRequest": {
			reason:  "Scaleway created nothing.",
			handler: answer(http.StatusBadRequest, `{"message":"wrong"}`),
			want:    want{outcome: issue.Refused},
		},
		"RefusedWithObject": {
			reason:  "What an error holds is not minted.",
			handler: answer(http.StatusConflict, `{"id":"1","token":"secret"}`),
			want:    want{outcome: issue.Refused},
		},
		"Forbidden": {
			reason:  "Scaleway created nothing.",
			handler: answer(http.StatusForbidden, `{}`),
			want:    want{outcome: issue.Refused},
		},
		"NotFound": {
			reason:  "Scaleway created nothing: the parent is gone.",
			handler: answer(http.StatusNotFound, `{}`),
			want:    want{outcome: issue.Refused},
		},
		"TooManyRequests": {
			reason:  "Scaleway did not look at the request.",
			handler: answer(http.StatusTooManyRequests, `{}`),
			want:    want{outcome: issue.Refused},
		},
		"NotImplemented": {
			reason:  "Scaleway cannot have created what it does not implement.",
			handler: answer(http.StatusNotImplemented, `{}`),
			want:    want{outcome: issue.Refused},
		},
		"RequestTimeout": {
			reason:  "Scaleway gave up waiting for something, and does not say for what.",
			handler: answer(http.StatusRequestTimeout, `{}`),
			want:    want{outcome: issue.Unclear},
		},
		"InternalServerError": {
			reason:  "Scaleway may have failed after it created the object.",
			handler: answer(http.StatusInternalServerError, `{"id":"1","token":"secret"}`),
			want:    want{outcome: issue.Unclear},
		},
		"BadGateway": {
			reason:  "What is in between does not know what Scaleway did.",
			handler: answer(http.StatusBadGateway, `{}`),
			want:    want{outcome: issue.Unclear},
		},
		"GatewayTimeout": {
			reason:  "What is in between does not know what Scaleway will still do.",
			handler: answer(http.StatusGatewayTimeout, `{}`),
			want:    want{outcome: issue.Unclear},
		},
		"BrokenOff": {
			reason:  "The secret may be in the half that is missing.",
			handler: breakOff,
			want:    want{outcome: issue.Unclear},
		},
		"NoAnswer": {
			reason:  "The request arrived, and the connection ended.",
			handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			want:    want{outcome: issue.Unclear},
		},
		"Reset": {
			reason:  "That an error is the network's does not mean that the request did not arrive.",
			handler: reset,
			want:    want{outcome: issue.Unclear},
		},
		"Hangs": {
			reason:  "The request arrived, and may still be worked on.",
			handler: hang,
			timeout: 50 * time.Millisecond,
			want:    want{outcome: issue.Unclear},
		},
		"NotSent": {
			reason: "Nobody listens: the request can be sent again.",
			want:   want{outcome: issue.NotSent},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			url := closedPort()

			if tc.handler != nil {
				m := newMinter(t, tc.handler)
				url = m.URL

				// A transport between here and Scaleway that repeats a request on its own
				// would mint a second time.
				t.Cleanup(func() {
					if diff := cmp.Diff(1, len(m.arrived())); diff != "" {
						t.Errorf("\n%s\nRoundTrip(...): -want requests, +got requests:\n%s", tc.reason, diff)
					}
				})
			}

			permits := issue.NewPermits()
			r := record("0123abcd", time.Now())

			p, err := permits.Issue(r, time.Hour)
			if err != nil {
				t.Fatal(err)
			}

			path := tc.path
			if path == "" {
				path = tokensPath
			}

			// Not what it begins with, which would hide that nothing is recorded.
			p.Finish(-1, issue.Object{})

			send(t, newMintingTransport(permits, tc.timeout), http.MethodPost, url+path, `{"description":"`+r.Mark().String()+`","name":"`+r.Mark().String()+`"}`)

			var got want
			got.outcome, got.object = p.Result()

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nResult(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Workers that go for the same permit at the same time send one request.
func TestMintingConcurrently(t *testing.T) {
	m := newMinter(t, func(http.ResponseWriter, *http.Request) {})
	permits := issue.NewPermits()
	r := record("0123abcd", time.Now())

	if _, err := permits.Issue(r, time.Hour); err != nil {
		t.Fatal(err)
	}

	rt := newMintingTransport(permits, 0)
	body := `{"description":"` + r.Mark().String() + `"}`

	var group sync.WaitGroup

	for range 16 {
		group.Go(func() { send(t, rt, http.MethodPost, m.URL+tokensPath, body) })
	}

	group.Wait()

	if diff := cmp.Diff([]string{body}, m.arrived()); diff != "" {
		t.Errorf("RoundTrip(...): -want requests, +got requests:\n%s", diff)
	}
}
