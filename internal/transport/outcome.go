// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// An outcomeKind says how a request ended.
type outcomeKind string

const (
	// outcomeAnswered means that there was an answer, whatever it says.
	outcomeAnswered outcomeKind = "answered"
	// outcomeTimeout means that there was none in time.
	outcomeTimeout outcomeKind = "timeout"
	// outcomeDropped means that there was no connection, or that it ended before
	// the answer did.
	outcomeDropped outcomeKind = "dropped"
	// outcomeCanceled means that who asked gave up.
	outcomeCanceled outcomeKind = "canceled"
	// outcomeRefused means that the request was not sent, because it must not be.
	outcomeRefused outcomeKind = "refused"
	// outcomeHeld means that the request was not sent, because its turn would not
	// have come soon enough.
	outcomeHeld outcomeKind = "held"
)

// An outcome of a request.
type outcome struct {
	kind outcomeKind
	// code is the HTTP status of the answer, "error" where there was none, and
	// "none" where nothing was sent.
	code   string
	status int
}

// outcomeOf a request that was sent.
func outcomeOf(ctx context.Context, resp *http.Response, err error) outcome {
	var timeout net.Error

	switch {
	case err == nil:
		return outcome{kind: outcomeAnswered, code: strconv.Itoa(resp.StatusCode), status: resp.StatusCode}
	case ctx.Err() != nil: // The caller's: that of the request is derived from it.
		return outcome{kind: outcomeCanceled, code: "error"}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return outcome{kind: outcomeTimeout, code: "error"}
	default:
		return outcome{kind: outcomeDropped, code: "error"}
	}
}

// notSent is the outcome of a request that has not left the process.
func notSent(kind outcomeKind) outcome {
	return outcome{kind: kind, code: "none"}
}

// slowed tells whether Scaleway asks for fewer requests.
func (o outcome) slowed() bool {
	return o.status == http.StatusTooManyRequests
}

// failed tells whether Scaleway is not able to answer. What it says about the
// request is an answer.
func (o outcome) failed() bool {
	return o.kind == outcomeTimeout || o.kind == outcomeDropped || o.status == http.StatusRequestTimeout || isServerError(o.status)
}

// answered tells whether Scaleway is able to answer.
func (o outcome) answered() bool {
	return o.kind == outcomeAnswered && !o.failed() && !o.slowed()
}

// isServerError tells whether a status says that Scaleway has failed, and might not
// the next time.
func isServerError(status int) bool {
	return status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// retryAfter returns how long the answer asks to wait: in seconds, or until a date.
// It is at most maxRetryAfter, and 0 where the answer does not say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}

	text := strings.TrimSpace(resp.Header.Get("Retry-After"))

	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		if seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}

		return max(time.Duration(seconds)*time.Second, 0)
	}

	if date, err := http.ParseTime(text); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}

	return 0
}
