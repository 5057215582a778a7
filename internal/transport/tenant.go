// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"golang.org/x/time/rate"
)

// How a tenant that Scaleway does not answer is treated. After maxFailures
// requests in a row without an answer of use its circuit is open: nothing is
// begun for it but, after a while that doubles up to the longest, one reconcile
// that finds out whether Scaleway is back. If it is, more and more are begun.
const (
	maxFailures = 5
	minOutage   = 2 * time.Second
	maxOutage   = time.Minute

	// silence is how long a tenant may wait for any answer before no more is begun
	// for it. It is shorter than the time limit of a request, so that a Scaleway
	// that hangs holds few workers for that long.
	silence = 5 * time.Second
)

// How a tenant is treated that Scaleway answers with 429. The rate of its
// requests is halved, down to a fiftieth, and grows again by a fiftieth with each
// answer.
const (
	minPause = time.Second
	maxPause = time.Minute
	halve    = 2
	steps    = 50
)

// maxRetryAfter bounds what a server can ask for with Retry-After: one that is
// wrong must not stop a tenant for a day.
const maxRetryAfter = 5 * time.Minute

// maxWait is the longest that a request waits for its turn, in the worker that
// makes it, but for a moment. What would take longer is not sent.
const maxWait = 5 * time.Second

// moment is the time between turns. Requests that wait are sent together in one: the
// process wakes up once for all, and what follows from the first has its code and data in
// the CPU's caches for that of the others. It is as long as a burst takes to be had again.
const moment = time.Second / perBurst

// perBurst is the part of the requests of a second that may be made at one moment.
const perBurst = 4

// maxDebt is how long the next request may have to wait for its turn when something is
// begun for a tenant: with less, there would be moments in which a request could be made
// and none is ready.
const maxDebt = time.Second

// trusted is the number of answers in a row after which a tenant that had an
// outage is no longer limited by it.
const trusted = 64

// A Pace bounds the requests that are made with one API key.
type Pace struct {
	// Rate is the most requests per second. 0 sets no bound.
	Rate float64
	// Burst is how many may be made at one moment. If it is 0, it is those of a
	// quarter of a second, and at least one.
	Burst int
}

func (p Pace) limit() rate.Limit {
	if p.Rate <= 0 {
		return rate.Inf
	}

	return rate.Limit(p.Rate)
}

func (p Pace) burst() int {
	if p.Burst > 0 {
		return p.Burst
	}

	return max(1, int(p.Rate/perBurst))
}

// A State of a tenant.
type State string

// States of a tenant.
const (
	// StateAnswered means that Scaleway answers.
	StateAnswered State = "answered"
	// StateSlowed means that Scaleway has answered 429, and that nothing is begun
	// before it allows it.
	StateSlowed State = "slowed"
	// StateSilent means that requests have been waiting for an answer for long.
	StateSilent State = "silent"
	// StateOutage means that Scaleway does not answer: the circuit is open.
	StateOutage State = "outage"
	// StateRecovering means that it is being found out whether Scaleway answers
	// again, or that it does and is asked more and more.
	StateRecovering State = "recovering"
)

// States are all states.
func States() []State {
	return []State{StateAnswered, StateSlowed, StateSilent, StateOutage, StateRecovering}
}

// A Judgement is what Scaleway's answers say about an API key.
type Judgement int

const (
	// Unjudged means that there was no answer that says anything about the key.
	Unjudged Judgement = iota
	// Accepted means that Scaleway knows the key. It may not let it do everything.
	Accepted
	// Refused means that Scaleway does not know the key, or no longer does.
	Refused
)

// A Tenant is one API key at one address. It paces its requests, and knows
// whether Scaleway answers them.
type Tenant struct {
	id   string
	pace Pace
	log  logging.Logger
	now  func() time.Time
	// epoch that moments are counted from, the same for all tenants of the process.
	epoch time.Time

	// judged is told when the judgement changes. It may be nil.
	judged func(*Tenant)

	// organization of the key, once Scaleway has shown an object of it.
	organization atomic.Pointer[string]

	mu        sync.Mutex
	user      string
	limiter   *rate.Limiter
	judgement Judgement

	// What is on its way, by the order in which it was sent.
	sent     uint64
	inFlight map[uint64]time.Time
	answered time.Time

	// failures in a row, and what followed from them. Limit is the number of
	// reconciles at one time, or 0 where Scaleway is trusted.
	failures    int
	limit       int
	outage      time.Duration
	outageSince time.Time
	outageUntil time.Time
	outageEnded time.Time
	told        bool

	// pauses in a row, and what followed from them.
	pauses     int
	pauseUntil time.Time
	slowedFrom time.Time
}

func newTenant(id string, p Pace, log logging.Logger, now func() time.Time, epoch time.Time) *Tenant {
	return &Tenant{id: id, pace: p, log: log, now: now, epoch: epoch, limiter: rate.NewLimiter(p.limit(), p.burst()), inFlight: map[uint64]time.Time{}}
}

// ID of the tenant. It tells tenants apart, and reveals nothing of the key.
func (t *Tenant) ID() string {
	return t.id
}

// Organization that the key belongs to, as an object says that Scaleway shows only to keys of
// its own organization. It is empty if none has said so yet. Nobody, a nil tenant, belongs to
// none.
func (t *Tenant) Organization() string {
	if t == nil {
		return ""
	}

	if id := t.organization.Load(); id != nil {
		return *id
	}

	return ""
}

// shown notes an object that Scaleway has shown the tenant, of an organization.
func (t *Tenant) shown(organization string) {
	if t.organization.Load() == nil {
		t.organization.Store(&organization)
	}
}

// Judgement of Scaleway on the API key, by its last answer.
func (t *Tenant) Judgement() Judgement {
	if t == nil {
		return Unjudged
	}

	t.mu.Lock()
	defer t.mu.Unlock()

	return t.judgement
}

// called notes who uses the credentials, for the log.
func (t *Tenant) called(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.user = user
}

// An Admission says what may be begun for a tenant.
type Admission struct {
	// State that the rest follows from.
	State State
	// Wait before anything is begun. 0 if it can be begun now.
	Wait time.Duration
	// Limit is the number of reconciles at one time. 0 sets no bound.
	Limit int
	// Interval is the least time between two requests, once Scaleway answers.
	Interval time.Duration
	// Pace is the least time between two requests for the moment.
	Pace time.Duration
}

// Admission of the next reconcile.
func (t *Tenant) Admission() Admission {
	t.mu.Lock()
	defer t.mu.Unlock()

	now := t.now()

	a := Admission{State: t.state(now), Limit: t.limit, Interval: interval(t.pace.limit()), Pace: interval(t.limiter.Limit())}

	switch a.State {
	case StateOutage:
		a.Wait = t.outageUntil.Sub(now)
	case StateSlowed:
		a.Wait = t.pauseUntil.Sub(now)
		a.Interval = interval(t.limiter.Limit())
	case StateSilent:
		a.Limit = 1
	case StateAnswered, StateRecovering:
		// What is deep in debt already would only make requests wait.
		if tokens := t.limiter.TokensAt(now); tokens < 0 {
			a.Wait = max(0, time.Duration(-tokens*float64(interval(t.limiter.Limit())))-maxDebt)
		}
	}

	return a
}

// interval between two requests at the rate.
func interval(l rate.Limit) time.Duration {
	if l == rate.Inf {
		return 0
	}

	return time.Duration(float64(time.Second) / float64(l))
}

// State of the tenant.
func (t *Tenant) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()

	return t.state(t.now())
}

func (t *Tenant) state(now time.Time) State {
	switch {
	case now.Before(t.outageUntil):
		return StateOutage
	case now.Before(t.pauseUntil):
		return StateSlowed
	case t.isSilent(now):
		return StateSilent
	case t.limit > 0:
		return StateRecovering
	default:
		return StateAnswered
	}
}

func (t *Tenant) isSilent(now time.Time) bool {
	for _, since := range t.inFlight {
		if now.Sub(since) > silence && now.Sub(t.answered) > silence {
			return true
		}
	}

	return false
}

// SlowedFor returns for how long Scaleway has been answering 429 to the tenant,
// and nothing else.
func (t *Tenant) SlowedFor() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.slowedFrom.IsZero() {
		return 0
	}

	return t.now().Sub(t.slowedFrom)
}

// errHeld is why a request was not sent.
const errHeld = "Scaleway allows this API key no more requests for the moment"

// Slowed tells whether a message says that a request failed only because Scaleway
// allows, or this provider makes, no more of them for the moment.
func Slowed(message string) bool {
	return strings.Contains(message, errHeld) || strings.Contains(message, " with 429 ")
}

// wait for the turn of a request, and return for how long that was. It is an error
// if it would take too long.
func (t *Tenant) wait(ctx context.Context) (time.Duration, error) {
	d, ok := t.reserve()

	switch {
	case !ok:
		return 0, errors.New(errHeld)
	case d == 0:
		return 0, nil
	}

	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
		return d, nil
	case <-ctx.Done():
		return d, ctx.Err()
	}
}

// reserve the turn of a request, and return how long it is until then. It has none if it
// would take longer than maxWait.
func (t *Tenant) reserve() (d time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()

	now := t.now()
	turn := t.limiter.ReserveN(now, 1)

	d = max(turn.DelayFrom(now), t.pauseUntil.Sub(now), 0)
	if d == 0 {
		return 0, true
	}

	if d > maxWait {
		turn.CancelAt(now)
		return 0, false
	}

	// Those of a moment together.
	since := now.Add(d).Sub(t.epoch)

	return d + since.Truncate(moment) + moment - since, true
}

// begin a request. What it returns is called once with how the request ended.
func (t *Tenant) begin() func(o outcome, retryAfter time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.sent++
	id := t.sent
	t.inFlight[id] = t.now()

	return func(o outcome, retryAfter time.Duration) {
		t.mu.Lock()
		delete(t.inFlight, id)

		var tell func()

		switch {
		case o.slowed():
			t.slow(retryAfter)
		case o.failed():
			tell = t.fail(o, retryAfter)
		case o.answered():
			tell = t.succeed()
		}

		judged := t.judge(o)

		t.mu.Unlock()

		if tell != nil {
			tell()
		}

		if judged && t.judged != nil {
			t.judged(t)
		}
	}
}

// judge the API key by an answer, and tell whether that is news.
func (t *Tenant) judge(o outcome) bool {
	judgement := t.judgement

	switch {
	case o.status == http.StatusUnauthorized:
		judgement = Refused
	case o.answered():
		// Whatever it is about, such as a permission, the key is known.
		judgement = Accepted
	}

	news := judgement != t.judgement
	t.judgement = judgement

	return news
}

// slow down, because Scaleway has answered 429.
func (t *Tenant) slow(retryAfter time.Duration) {
	now := t.now()
	t.answered = now
	t.failures = 0

	if t.slowedFrom.IsZero() {
		t.slowedFrom = now
	}

	// What was on its way together has one answer.
	if now.Before(t.pauseUntil) {
		t.pauseUntil = later(t.pauseUntil, now.Add(retryAfter))
		return
	}

	t.setRate(now, t.limiter.Limit()/halve)

	pause := backOff(minPause, maxPause, t.pauses)
	t.pauses++

	if retryAfter > 0 {
		pause = retryAfter + rand.N(retryAfter/4+1) //nolint:gosec // Spreads load, protects nothing.
	}

	t.pauseUntil = now.Add(pause)
}

// fail notes that Scaleway has given no answer of use. It returns what is to be
// told of that.
func (t *Tenant) fail(o outcome, retryAfter time.Duration) func() {
	now := t.now()
	t.failures++

	if retryAfter > 0 {
		t.pauseUntil = later(t.pauseUntil, now.Add(retryAfter))
	}

	opened := t.outageSince.IsZero()

	switch {
	case now.Before(t.outageUntil):
		return nil // It was on its way when the circuit opened, and says nothing new.
	case opened && t.failures < maxFailures:
		t.limit = (t.limit + 1) / 2 // 0 stays 0.
		return nil
	case opened:
		t.outageSince = now
		t.outage = minOutage
	default:
		t.outage = min(2*t.outage, maxOutage)
	}

	t.limit = 1
	t.outageUntil = now.Add(jitter(t.outage))
	t.setRate(now, 0)

	// One that comes and goes is told of once.
	if !opened || now.Sub(t.outageEnded) < maxOutage {
		return nil
	}

	t.told = true
	user := t.name()

	return func() {
		t.log.Info("Scaleway does not answer, so that resources are held back until it does", "providerConfig", user, "outcome", string(o.kind), "code", o.code)
	}
}

// succeed notes that Scaleway has answered. It returns what is to be told of that.
func (t *Tenant) succeed() func() {
	now := t.now()
	t.answered = now
	t.failures, t.pauses = 0, 0
	t.slowedFrom = time.Time{}

	if l := t.limiter.Limit(); l < t.pace.limit() {
		t.setRate(now, l+t.pace.limit()/steps)
	}

	if t.limit == 0 {
		return nil
	}

	// One more with each answer doubles them with each round of answers.
	if t.limit++; t.limit > trusted {
		t.limit = 0
	}

	if t.outageSince.IsZero() {
		return nil
	}

	user, outage := t.name(), now.Sub(t.outageSince)
	t.outageSince, t.outageUntil, t.outageEnded = time.Time{}, time.Time{}, now

	if !t.told {
		return nil
	}

	t.told = false

	return func() {
		t.log.Info("Scaleway answers again", "providerConfig", user, "outage", outage.Round(time.Second).String())
	}
}

// setRate of requests to one between the least and the most.
func (t *Tenant) setRate(now time.Time, l rate.Limit) {
	most := t.pace.limit()
	if most == rate.Inf {
		return
	}

	l = min(max(l, most/steps), most)
	t.limiter.SetLimitAt(now, l)
	t.limiter.SetBurstAt(now, max(1, int(float64(t.pace.burst())*float64(l/most))))
}

// name of the tenant for people.
func (t *Tenant) name() string {
	if t.user != "" {
		return t.user
	}

	return "of the API key with the digest " + t.id[:8]
}

// backOff returns how long to wait after so many failures in a row, with jitter.
func backOff(least, most time.Duration, failures int) time.Duration {
	return jitter(min(least<<min(failures, 16), most))
}

// jitter returns between half and one and a half of the duration.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d) //nolint:gosec // Spreads load, protects nothing.
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}
