// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// lines is a log that keeps what it is told.
type lines struct {
	logging.Logger

	mu  sync.Mutex
	all []string
}

func (l *lines) Info(msg string, keysAndValues ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.all = append(l.all, msg+" "+strings.TrimSuffix(fmt.Sprintln(keysAndValues...), "\n"))
}

// A clocked tenant lives in a time that stands still.
type clocked struct {
	*Tenant

	at  time.Time
	log *lines
}

func newClocked(p Pace) *clocked {
	c := &clocked{at: noon, log: &lines{Logger: logging.NewNopLogger()}}
	c.Tenant = newTenant("0123456789abcdef", p, c.log, func() time.Time { return c.at }, c.at)
	c.called("ProviderConfig team-a/default")

	return c
}

// answer the next request of the tenant.
func (c *clocked) answer(status int, after time.Duration) {
	c.begin()(outcome{kind: outcomeAnswered, code: fmt.Sprint(status), status: status}, after)
}

// Of what the circuit of a tenant opens.
func TestOutageBegins(t *testing.T) {
	timeout := outcome{kind: outcomeTimeout, code: "error"}
	dropped := outcome{kind: outcomeDropped, code: "error"}
	answered := func(status int) outcome { return outcome{kind: outcomeAnswered, status: status} }

	times := func(n int, o outcome) (all []outcome) {
		for range n {
			all = append(all, o)
		}

		return all
	}

	cases := map[string]struct {
		reason   string
		outcomes []outcome
		want     State
	}{
		"Few":         {reason: "A request can fail.", outcomes: times(maxFailures-1, timeout), want: StateAnswered},
		"Hangs":       {reason: "Each request would hold a worker for its time limit.", outcomes: times(maxFailures, timeout), want: StateOutage},
		"Drops":       {reason: "So it is if there is no connection.", outcomes: times(maxFailures, dropped), want: StateOutage},
		"Fails":       {reason: "So it is if something in between is broken.", outcomes: times(maxFailures, answered(502)), want: StateOutage},
		"TimesOut":    {reason: "So it is if Scaleway gives up.", outcomes: times(maxFailures, answered(408)), want: StateOutage},
		"Interrupted": {reason: "Failures of one object among answers for others are no outage.", outcomes: append(times(maxFailures-1, timeout), append(times(1, answered(200)), times(maxFailures-1, timeout)...)...), want: StateAnswered},
		"Refused":     {reason: "What Scaleway says about a request is an answer.", outcomes: times(3*maxFailures, answered(403)), want: StateAnswered},
		"NotFound":    {reason: "So is that there is nothing.", outcomes: times(3*maxFailures, answered(404)), want: StateAnswered},
		"NotThere":    {reason: "And that Scaleway has no such function.", outcomes: times(3*maxFailures, answered(501)), want: StateAnswered},
		"Canceled":    {reason: "Who gives up says nothing about Scaleway.", outcomes: times(3*maxFailures, outcome{kind: outcomeCanceled, code: "error"}), want: StateAnswered},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := newClocked(Pace{})
			for _, o := range tc.outcomes {
				c.begin()(o, 0)
			}

			if diff := cmp.Diff(tc.want, c.State()); diff != "" {
				t.Errorf("\n%s\nState(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The course of an outage: longer and longer waits with one reconcile in between,
// and more and more once Scaleway answers.
func TestOutage(t *testing.T) {
	c := newClocked(Pace{Rate: 100})

	for range maxFailures {
		c.answer(http.StatusBadGateway, 0)
	}

	// Those that were on their way change nothing.
	until := c.outageUntil
	for range 10 {
		c.answer(http.StatusBadGateway, 0)
	}

	if diff := cmp.Diff(until, c.outageUntil); diff != "" {
		t.Errorf("-want end, +got end of the first wait:\n%s", diff)
	}

	for i, want := range []time.Duration{minOutage, 2 * minOutage, 4 * minOutage, 8 * minOutage, 16 * minOutage, maxOutage, maxOutage} {
		a := c.Admission()
		if a.State != StateOutage || a.Wait < want/2 || a.Wait > want+want/2 {
			t.Errorf("Admission() of wait %d: want about %s in an outage, got %+v", i, want, a)
		}

		c.at = c.at.Add(a.Wait)

		if diff := cmp.Diff(Admission{State: StateRecovering, Limit: 1, Interval: 10 * time.Millisecond, Pace: 500 * time.Millisecond}, c.Admission()); diff != "" {
			t.Errorf("Admission() after wait %d: -want, +got:\n%s", i, diff)
		}

		c.answer(http.StatusBadGateway, 0)
	}

	c.at = c.at.Add(2 * maxOutage)

	for n := 2; n <= trusted; n++ {
		c.answer(http.StatusOK, 0)

		if a := c.Admission(); a.State != StateRecovering || a.Limit != n || a.Wait != 0 {
			t.Errorf("Admission() after %d answers: want %d at one time, got %+v", n-1, n, a)
		}
	}

	c.answer(http.StatusOK, 0)

	if diff := cmp.Diff(Admission{State: StateAnswered, Interval: 10 * time.Millisecond, Pace: 10 * time.Millisecond}, c.Admission()); diff != "" {
		t.Errorf("Admission() after the outage: -want, +got:\n%s", diff)
	}

	want := []string{
		"Scaleway does not answer, so that resources are held back until it does providerConfig ProviderConfig team-a/default outcome answered code 502",
		"Scaleway answers again providerConfig ProviderConfig team-a/default outage " + c.at.Sub(noon).Round(time.Second).String(),
	}
	if diff := cmp.Diff(want, c.log.all); diff != "" {
		t.Errorf("an outage is told of once: -want, +got:\n%s", diff)
	}
}

// A Scaleway that answers now and then does not fill the log.
func TestOutageThatComesAndGoes(t *testing.T) {
	c := newClocked(Pace{})

	for range 20 {
		for range maxFailures {
			c.answer(http.StatusBadGateway, 0)
		}

		c.at = c.at.Add(c.Admission().Wait)
		c.answer(http.StatusOK, 0)
	}

	if diff := cmp.Diff(2, len(c.log.all)); diff != "" {
		t.Errorf("-want lines, +got lines:\n%s\n%s", diff, strings.Join(c.log.all, "\n"))
	}
}

// A Scaleway that hangs is noticed before the first request has reached its time
// limit.
func TestSilence(t *testing.T) {
	c := newClocked(Pace{})
	ended := c.begin()

	c.at = c.at.Add(silence)

	if diff := cmp.Diff(StateAnswered, c.State()); diff != "" {
		t.Errorf("State() in time: -want, +got:\n%s", diff)
	}

	c.at = c.at.Add(time.Nanosecond)

	if diff := cmp.Diff(Admission{State: StateSilent, Limit: 1}, c.Admission()); diff != "" {
		t.Errorf("Admission() of one that hangs: -want, +got:\n%s", diff)
	}

	c.answer(http.StatusOK, 0)

	if diff := cmp.Diff(StateAnswered, c.State()); diff != "" {
		t.Errorf("State() where others are answered: -want, +got:\n%s", diff)
	}

	c.at = c.at.Add(2 * silence)
	ended(outcome{kind: outcomeTimeout}, 0)

	if diff := cmp.Diff(StateAnswered, c.State()); diff != "" {
		t.Errorf("State() with nothing on its way: -want, +got:\n%s", diff)
	}
}

// What a 429 leads to, and that it ends.
func TestSlowed(t *testing.T) {
	cases := map[string]struct {
		reason string
		status int
		after  []time.Duration
		// Between these is the wait after that.
		least, most time.Duration
		rate        rate.Limit
	}{
		"Header":          {reason: "Scaleway says how long to wait.", status: 429, after: []time.Duration{8 * time.Second}, least: 8 * time.Second, most: 10 * time.Second, rate: 50},
		"NoHeader":        {reason: "Scaleway's own proxy does not say it.", status: 429, after: []time.Duration{0}, least: minPause / 2, most: minPause * 3 / 2, rate: 50},
		"Together":        {reason: "What was on its way together is one answer, of which the longest wait counts.", status: 429, after: []time.Duration{8 * time.Second, time.Second, 20 * time.Second}, least: 20 * time.Second, most: 20 * time.Second, rate: 50},
		"Unavailable":     {reason: "A 503 can say it too, and is no reason for a lower rate.", status: 503, after: []time.Duration{8 * time.Second}, least: 8 * time.Second, most: 8 * time.Second, rate: 100},
		"OnlyUnavailable": {reason: "Without it, one failure is only one.", status: 503, after: []time.Duration{0}, rate: 100},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := newClocked(Pace{Rate: 100})
			for _, after := range tc.after {
				c.answer(tc.status, after)
			}

			if a := c.Admission(); a.Wait < tc.least || a.Wait > tc.most {
				t.Errorf("\n%s\nAdmission(): want to wait between %s and %s, got %+v", tc.reason, tc.least, tc.most, a)
			}

			if diff := cmp.Diff(tc.rate, c.limiter.Limit()); diff != "" {
				t.Errorf("\n%s\n-want rate, +got rate:\n%s", tc.reason, diff)
			}

			c.at = c.at.Add(c.Admission().Wait)
			c.at = c.at.Add(time.Second)

			for range steps {
				c.answer(http.StatusOK, 0)
			}

			if diff := cmp.Diff(Admission{State: StateAnswered, Interval: 10 * time.Millisecond, Pace: 10 * time.Millisecond}, c.Admission()); diff != "" {
				t.Errorf("\n%s\nAdmission() after answers: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The wait doubles and the rate halves with each 429 in a row, and both have an end.
func TestSlowedAgain(t *testing.T) {
	c := newClocked(Pace{Rate: 100})

	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		c.answer(http.StatusTooManyRequests, 0)

		a := c.Admission()
		if want *= time.Second; a.State != StateSlowed || a.Wait < want/2 || a.Wait > want+want/2 {
			t.Errorf("Admission() after 429 number %d: want to wait about %s, got %+v", i+1, want, a)
		}

		if got, want := c.limiter.Limit(), max(100/rate.Limit(int(2)<<i), 2); got != want {
			t.Errorf("429 number %d: want the rate %v, got %v", i+1, want, got)
		}

		c.at = c.at.Add(a.Wait)
	}

	if diff := cmp.Diff(c.at.Sub(noon), c.SlowedFor()); diff != "" {
		t.Errorf("SlowedFor(): -want, +got:\n%s", diff)
	}

	c.answer(http.StatusOK, 0)

	if diff := cmp.Diff(time.Duration(0), c.SlowedFor()); diff != "" {
		t.Errorf("SlowedFor() after an answer: -want, +got:\n%s", diff)
	}
}

// Those who wait for the same thing do not all come back at one moment.
func TestWaitsAreSpread(t *testing.T) {
	cases := map[string]struct {
		reason  string
		status  int
		after   time.Duration
		answers int
	}{
		"Slowed":     {reason: "Scaleway has not said how long to wait.", status: http.StatusTooManyRequests, answers: 1},
		"RetryAfter": {reason: "Scaleway says the same to all.", status: http.StatusTooManyRequests, after: 8 * time.Second, answers: 1},
		"Outage":     {reason: "It has begun for all at once.", status: http.StatusServiceUnavailable, answers: maxFailures},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			waits := map[time.Duration]bool{}

			for range 20 {
				c := newClocked(Pace{Rate: 100})
				for range tc.answers {
					c.answer(tc.status, tc.after)
				}

				waits[c.Admission().Wait] = true
			}

			if len(waits) == 1 {
				t.Errorf("\n%s\nall wait for the same time: %v", tc.reason, waits)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	cases := map[string]struct {
		reason string
		status int
		header string
		want   time.Duration
	}{
		"Seconds":     {reason: "It can be seconds.", status: 429, header: "7", want: 7 * time.Second},
		"Date":        {reason: "It can be a date.", status: 503, header: noon.Add(9 * time.Second).Format(http.TimeFormat), want: 9 * time.Second},
		"None":        {reason: "It can be missing.", status: 429},
		"Zero":        {reason: "Now is no wait.", status: 429, header: "0"},
		"Negative":    {reason: "Nobody waits for the past.", status: 429, header: "-5"},
		"Past":        {reason: "Nor for a date in it.", status: 429, header: noon.Add(-time.Hour).Format(http.TimeFormat)},
		"Nonsense":    {reason: "What cannot be read says nothing.", status: 429, header: "soon"},
		"TooLong":     {reason: "A server that is wrong must not stop a tenant for a day.", status: 429, header: "86400", want: maxRetryAfter},
		"Overflow":    {reason: "Nor for longer than there are nanoseconds.", status: 429, header: "9223372036854775807", want: maxRetryAfter},
		"TooLate":     {reason: "Nor until tomorrow.", status: 429, header: noon.Add(24 * time.Hour).Format(http.TimeFormat), want: maxRetryAfter},
		"OtherStatus": {reason: "An answer of use says nothing about the next request.", status: 201, header: "7"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{StatusCode: tc.status, Header: http.Header{}}
			if tc.header != "" {
				resp.Header.Set("Retry-After", tc.header)
			}

			if diff := cmp.Diff(tc.want, retryAfter(resp, noon)); diff != "" {
				t.Errorf("\n%s\nretryAfter(%q): -want, +got:\n%s", tc.reason, tc.header, diff)
			}
		})
	}
}

// How a request ended that Scaleway was asked.
func TestOutcomeOf(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	cases := map[string]struct {
		reason string
		ctx    context.Context
		resp   *http.Response
		err    error
		want   outcome
	}{
		"Answered": {reason: "The status says what.", ctx: t.Context(), resp: &http.Response{StatusCode: http.StatusNotFound}, want: outcome{outcomeAnswered, "404", 404}},
		"Timeout":  {reason: "The time limit of the request.", ctx: t.Context(), err: errors.Wrap(context.DeadlineExceeded, "x"), want: outcome{outcomeTimeout, "error", 0}},
		"Dropped":  {reason: "Anything else on the way.", ctx: t.Context(), err: errors.New("connection reset"), want: outcome{outcomeDropped, "error", 0}},
		"Canceled": {reason: "The caller's end, not Scaleway's.", ctx: canceled, err: context.Canceled, want: outcome{outcomeCanceled, "error", 0}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, outcomeOf(tc.ctx, tc.resp, tc.err), cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("\n%s\noutcomeOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The requests of one key are paced, and those of another are not slowed by that.
func TestPace(t *testing.T) {
	const perSecond, burst, requests = 50, 5, 25

	s, arrived := counting(t)
	rt := newTransport(Options{Tenants: NewTenants(Pace{Rate: perSecond, Burst: burst}, logging.NewNopLogger())})

	start := time.Now()

	var group sync.WaitGroup
	for range requests {
		group.Go(func() { send(t, rt, http.MethodGet, s.URL+containerPath, "") })
	}

	group.Wait()

	if took, least := time.Since(start), (requests-burst)*time.Second/perSecond; took < least {
		t.Errorf("%d requests took %s, want at least %s", requests, took, least)
	}

	if diff := cmp.Diff(int64(requests), arrived.Load()); diff != "" {
		t.Errorf("a short wait is waited for: -want sent, +got sent:\n%s", diff)
	}
}

// Something is begun for a tenant as long as its requests need not wait for long.
func TestDebt(t *testing.T) {
	const rate = 80

	c := newClocked(Pace{Rate: rate})

	// What may be made at one moment, and in the second after it.
	for i := range rate/perBurst + rate {
		if a := c.Admission(); a.Wait != 0 {
			t.Fatalf("Admission() with %d requests: want no wait, got %+v", i, a)
		}

		c.reserve()
	}

	for range rate {
		c.reserve()
	}

	// Rounded, as the limiter counts in fractions.
	if a := c.Admission(); a.Wait.Round(time.Millisecond) != time.Second {
		t.Errorf("Admission() with requests for two seconds: want to wait until one is left, got %+v", a)
	}
}

// Requests that have to wait are sent in moments, and are no more in any second than
// Scaleway's support says are allowed.
func TestMoments(t *testing.T) {
	const rate, allowed = 80, 100

	begin := noon.Add(77 * time.Millisecond)

	cases := map[string]struct {
		reason string
		// every is how long after one request the next is made, of so many.
		every    time.Duration
		requests int
		// sent is how many have a turn, and wait whether some have to wait for it.
		sent int
		wait bool
	}{
		"AtOnce":  {reason: "All are to be made at once, and those for more than five seconds are held.", requests: 500, sent: rate/perBurst + 5*rate, wait: true},
		"Often":   {reason: "There are more than may be made.", every: 7 * time.Millisecond, requests: 500, sent: 500, wait: true},
		"Seldom":  {reason: "What may be made is made at once.", every: 13 * time.Millisecond, requests: 500, sent: 500},
		"Clocked": {reason: "They come just when there are fewer than may be made.", every: time.Second / rate, requests: 500, sent: 500},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := newClocked(Pace{Rate: rate})
			c.epoch = noon
			c.at = begin

			var (
				sent  []time.Time
				waits bool
			)

			for range tc.requests {
				d, ok := c.reserve()
				if ok {
					sent = append(sent, c.at.Add(d))
				}

				if d > 0 {
					waits = true

					if rest := c.at.Add(d).Sub(noon) % moment; rest != 0 {
						t.Fatalf("\n%s\nreserve(): want a moment, got one %s after it", tc.reason, rest)
					}
				}

				c.at = c.at.Add(tc.every)
			}

			if diff := cmp.Diff(tc.wait, waits); diff != "" {
				t.Errorf("\n%s\nreserve(): -want waits, +got waits:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.sent, len(sent)); diff != "" {
				t.Errorf("\n%s\nreserve(): -want turns, +got turns:\n%s", tc.reason, diff)
			}

			// What has no turn takes none from others.
			if got := c.limiter.TokensAt(c.at); got < -rate*maxWait.Seconds()-0.01 {
				t.Errorf("\n%s\nreserve(): want debt of at most %s, got %f requests", tc.reason, maxWait, -got)
			}

			slices.SortFunc(sent, time.Time.Compare)

			for i := range sent {
				if n := i + allowed; n < len(sent) && sent[n].Sub(sent[i]) < time.Second {
					t.Fatalf("\n%s\nreserve(): %d requests in %s", tc.reason, allowed+1, sent[n].Sub(sent[i]))
				}
			}
		})
	}
}

// What would wait for longer than a worker may be held is not sent, and takes no
// turn from what follows.
func TestPaceHolds(t *testing.T) {
	s, arrived := counting(t)
	rt := newTransport(Options{Tenants: NewTenants(Pace{Rate: 0.01, Burst: 1}, logging.NewNopLogger())})

	send(t, rt, http.MethodGet, s.URL+containerPath, "")

	for range 3 {
		_, body := send(t, rt, http.MethodGet, s.URL+containerPath, "")
		if !strings.Contains(body, "GET "+containerPath+" was not sent: "+errHeld) || !Slowed(body) {
			t.Errorf("RoundTrip(...): want it to say that it was held, got %q", body)
		}
	}

	if diff := cmp.Diff(int64(1), arrived.Load()); diff != "" {
		t.Errorf("-want sent, +got sent:\n%s", diff)
	}

	req := newRequest(t.Context(), t, rt, http.MethodGet, s.URL, "")

	tenant, err := rt.options.Tenants.find(req)
	if err != nil {
		t.Fatal(err)
	}

	if got := tenant.limiter.Tokens(); got < -0.01 {
		t.Errorf("what is not sent takes no turn: want no debt, got %v", got)
	}
}

// What a 429 says is known again in the condition of an object.
func TestSlowedMessage(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(s.Close)

	rt := newTransport(Options{})

	_, first := send(t, rt, http.MethodGet, s.URL+containerPath, "")
	_, second := send(t, rt, http.MethodGet, s.URL+containerPath, "")

	want := []bool{true, true, false}
	if diff := cmp.Diff(want, []bool{Slowed(first), Slowed(second), Slowed("Scaleway answered GET /x with 503 Service Unavailable")}); diff != "" {
		t.Errorf("Slowed(...) of %q, %q and a 503: -want, +got:\n%s", first, second, diff)
	}
}
