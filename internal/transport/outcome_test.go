// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
)

// How a request has ended, and what that says of Scaleway.
func TestOutcomeMeans(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()

	answer := func(status int) *http.Response { return &http.Response{StatusCode: status} }

	type want struct {
		Kind                     outcomeKind
		Answered, Failed, Slowed bool
	}

	cases := map[string]struct {
		reason string
		ctx    context.Context
		resp   *http.Response
		err    error
		want   want
	}{
		"OK":              {reason: "It answers.", resp: answer(http.StatusOK), want: want{Kind: outcomeAnswered, Answered: true}},
		"Forbidden":       {reason: "It answers, and says no.", resp: answer(http.StatusForbidden), want: want{Kind: outcomeAnswered, Answered: true}},
		"NotImplemented":  {reason: "It answers that it never will.", resp: answer(http.StatusNotImplemented), want: want{Kind: outcomeAnswered, Answered: true}},
		"TooManyRequests": {reason: "It asks for fewer.", resp: answer(http.StatusTooManyRequests), want: want{Kind: outcomeAnswered, Slowed: true}},
		"BadGateway":      {reason: "It is not able to answer.", resp: answer(http.StatusBadGateway), want: want{Kind: outcomeAnswered, Failed: true}},
		"RequestTimeout":  {reason: "It has given up.", resp: answer(http.StatusRequestTimeout), want: want{Kind: outcomeAnswered, Failed: true}},
		"Deadline":        {reason: "There was no answer in time.", err: errors.Wrap(context.DeadlineExceeded, "post"), want: want{Kind: outcomeTimeout, Failed: true}},
		"NetTimeout":      {reason: "There was no answer in time.", err: &url.Error{Op: "Post", Err: os.ErrDeadlineExceeded}, want: want{Kind: outcomeTimeout, Failed: true}},
		"NetError":        {reason: "The connection ended.", err: &url.Error{Op: "Post", Err: io.ErrUnexpectedEOF}, want: want{Kind: outcomeDropped, Failed: true}},
		"Dropped":         {reason: "The connection ended.", err: io.ErrUnexpectedEOF, want: want{Kind: outcomeDropped, Failed: true}},
		"Canceled":        {reason: "Who asked has given up, which says nothing of Scaleway.", ctx: ended, err: context.Canceled, want: want{Kind: outcomeCanceled}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if tc.ctx != nil {
				ctx = tc.ctx
			}

			o := outcomeOf(ctx, tc.resp, tc.err)
			if diff := cmp.Diff(tc.want, want{Kind: o.kind, Answered: o.answered(), Failed: o.failed(), Slowed: o.slowed()}); diff != "" {
				t.Errorf("\n%s\noutcomeOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A body that cannot be read or closed.
type badBody struct {
	io.Reader

	err error
}

func (b badBody) Close() error { return b.err }

// failing reads nothing.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken pipe") }

// What cannot be read to its end is not sent: it may be a request of anything.
func TestMintingBody(t *testing.T) {
	r := record("0123abcd", time.Now())
	text := `{"description":"` + r.Mark().String() + `"}`

	cases := map[string]struct {
		reason string
		body   io.ReadCloser
		want   string
	}{
		"None":      {reason: "It has no mark.", want: "a minting request without a body is never sent"},
		"NotRead":   {reason: "It may have another mark.", body: badBody{Reader: io.MultiReader(strings.NewReader(text), failing{})}, want: "cannot read the request: broken pipe"},
		"NotClosed": {reason: "It may not be complete.", body: badBody{Reader: strings.NewReader(text), err: errors.New("broken pipe")}, want: "cannot read the request: broken pipe"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMinter(t, func(http.ResponseWriter, *http.Request) {})
			permits := issue.NewPermits()

			if _, err := permits.Issue(r, time.Hour); err != nil {
				t.Fatal(err)
			}

			rt := newMintingTransport(permits, 0)

			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL+tokensPath, nil)
			if err != nil {
				t.Fatal(err)
			}

			req.Body = tc.body

			a, err := rt.permit(req)
			if err == nil || !strings.Contains(err.Error(), tc.want) || a != nil {
				t.Errorf("\n%s\npermit(...): want error %q, got %v, %v", tc.reason, tc.want, a, err)
			}

			// It is still allowed to send what can be read.
			if _, err := permits.Use(r.Mark().String(), secretKey, time.Now()); err != nil {
				t.Errorf("\n%s\nthe permit was used: %v", tc.reason, err)
			}
		})
	}
}
