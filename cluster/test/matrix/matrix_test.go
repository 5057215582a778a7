// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

const (
	// atOnce is how many cells run side by side. A cell mostly waits.
	atOnce = 4

	// requestTimeout of the provider. What it waits for follows from that.
	requestTimeout = time.Second

	// settleTimeout is how long an object may take to heal: twice the longest
	// back-off. What takes longer needs a person.
	settleTimeout = 2 * time.Minute
)

// objectName is the name of each cell's object, and of its Secret.
const objectName = "minted"

// none is the name of a fault, or of a crash, that does not happen.
const none = "-"

// A fault of requests to Scaleway.
type fault struct {
	name string
	fakescaleway.Fault
}

// posts are what goes wrong with the first request that mints a token.
var posts = []fault{
	{name: none},
	{"500", fakescaleway.Fault{Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`}},
	{"502 applied", fakescaleway.Fault{Apply: true, Status: http.StatusBadGateway}},
	{"dropped", fakescaleway.Fault{DropBefore: true}},
	{"dropped applied", fakescaleway.Fault{DropAfter: true}},
	{"hang", fakescaleway.Fault{Hang: true}},
	{"429", fakescaleway.Fault{Status: http.StatusTooManyRequests, Body: `{"message":"too many requests"}`}},
	{"403", fakescaleway.Fault{Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`}},
	{"409", fakescaleway.Fault{Status: http.StatusConflict, Body: `{"message":"resource is in a transient state"}`}},
	{"malformed applied", fakescaleway.Fault{Apply: true, Status: http.StatusOK, Body: `{"id":"`}},
}

// gets are what goes wrong with the first requests that read a token, in each
// process anew.
var gets = []fault{
	{name: none},
	{"404", fakescaleway.Fault{Times: 1, Status: http.StatusNotFound, Body: `{"message":"Token was not found"}`}},
	{"403", fakescaleway.Fault{Times: 2, Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`}},
	{"500", fakescaleway.Fault{Times: 2, Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`}},
}

// A crash is a point in the life of a token at which the provider is killed: the
// first time that it comes there. Where the first request minted nothing, or
// nothing that could be delivered, that is in a later attempt.
type crash struct {
	name string
	// hold the provider at the point from now on.
	hold func(*run) *held
	// published is set if the value of the token is in the Secret at that point, and
	// named if its external name is stored.
	published, named bool
}

// A held request.
type held struct {
	arrived <-chan struct{}
	release func()
	drop    func()
}

var (
	beforeTheRecord = crash{name: "before the record", hold: func(r *run) *held { return holdWrite(r, framework.RecordsAttempt) }}
	beforeThePost   = crash{name: "before the POST", hold: func(r *run) *held { return holdWrite(r, framework.RehearsesSecret) }}
	afterTheAnswer  = crash{name: "after the answer", hold: func(r *run) *held {
		f := r.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: r.kind.Object, Hold: true, Times: 1, Match: r.isNew})
		return &held{f.Arrived(), f.Release, f.Remove}
	}}
	beforeTheSecret = crash{name: "before the Secret", hold: func(r *run) *held { return holdWrite(r, framework.PublishesSecret) }}
	beforeTheName   = crash{name: "before the name", published: true, hold: func(r *run) *held {
		return holdWrite(r, framework.StoresExternalName(r.old))
	}}
	// Between the publication of a token and the revocation of the one whose place it
	// takes.
	beforeTheRevocation = crash{name: "before the revocation", published: true, named: true, hold: func(r *run) *held {
		f := r.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodDelete, Route: r.kind.Object, Hang: true, Times: 1, Match: r.isOld})
		return &held{f.Arrived(), f.Release, func() {}} // It ends with the process that sent it.
	}}
)

// crashes that are crossed with faults, of a creation and of a renewal.
var (
	crashes  = []crash{{name: none}, afterTheAnswer, beforeTheSecret, beforeTheName}
	renewals = append(slices.Clone(crashes), beforeTheRevocation)
)

func holdWrite(r *run, match framework.Match) *held {
	h := r.proxy.Hold(match)
	return &held{h.Arrived(), h.Release, h.Drop}
}

// A cell of the matrix. Its columns say what goes wrong: with requests to
// Scaleway, and with the provider and what is around it.
type cell struct {
	kind *framework.MintedKind

	post, get, interruption string

	// renews is set if it is about a token that takes the place of another, and
	// not about the first.
	renews bool
	// disturb what the cell is about, after or while it begins.
	disturb func(*run)
	// deleted is set if it deletes the Token.
	deleted bool
}

func (c cell) name() string {
	return strings.Join([]string{c.kind.Name, c.operation(), c.post, c.get, c.interruption}, "/")
}

func (c cell) operation() string {
	if c.renews {
		return "renew"
	}

	return "create"
}

// A row of the table is what a cell has left.
type row struct {
	cell
	framework.Audit

	// attempt in which the provider was killed.
	attempt int
	// took is how long it was from the creation of the Token until it settled.
	took time.Duration
	// ran is set if the cell has come to its end.
	ran bool
}

// A run of a cell.
type run struct {
	*framework.Env

	cell

	t      *testing.T
	proxy  *framework.Proxy
	object framework.Minted

	// before is what there was before the Token was to be renewed, and old its
	// external name then.
	before framework.Audit
	old    string

	// attempt in which the provider was killed.
	attempt int

	// secrets returns all versions that the Secrets have had.
	secrets func() []corev1.Secret
}

func TestMatrix(t *testing.T) {
	points := []crash{beforeTheRecord, beforeThePost, afterTheAnswer, beforeTheSecret, beforeTheName}

	var cells []cell

	for _, k := range framework.MintedKinds {
		// All crosses for one kind. The others have the same guards: each fault and each
		// crash once is enough to see that they are theirs too.
		every := k == framework.Tokens

		add := func(renews bool, some ...cell) {
			for _, c := range some {
				c.kind, c.renews = k, renews
				cells = append(cells, c)
			}
		}

		add(false, interruptions(points)...)
		add(true, interruptions(append(slices.Clone(points), beforeTheRevocation))...)

		for i, p := range posts {
			for j, g := range gets {
				for l, c := range crashes {
					if every || l == i%len(crashes) && j == (i+i/len(crashes))%len(gets) {
						add(false, cross(p, g, c))
					}
				}
			}

			for l, c := range renewals {
				if every || l == i%len(renewals) {
					add(true, cross(p, gets[0], c))
				}
			}
		}
	}

	rows := make([]row, len(cells))
	slots := make(chan struct{}, atOnce)

	var wg sync.WaitGroup
	for i, c := range cells {
		slots <- struct{}{}

		wg.Go(func() {
			defer func() { <-slots }()

			t.Run(c.name(), func(t *testing.T) { rows[i] = c.run(t) })
		})
	}
	wg.Wait()

	report(t, slices.DeleteFunc(rows, func(r row) bool { return !r.ran }), len(cells))
}

// cross the faults of two requests with a crash.
func cross(post, get fault, c crash) cell {
	out := cell{post: post.name, get: get.name, interruption: none, disturb: func(r *run) { r.cross(post, get, c) }}
	if c.hold != nil {
		out.interruption = "killed " + c.name
	}

	return out
}

// run the cell, and check what it has left.
func (c cell) run(t *testing.T) row {
	e := framework.New(t)
	r := &run{Env: e, cell: c, t: t, proxy: e.StartProxy(), object: e.NewMinted(c.kind, objectName), secrets: e.WatchSecrets()}
	e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodDelete, Route: r.kind.Object, Match: r.checkRevocation})

	began := time.Now()
	c.disturb(r)
	out := row{cell: c, Audit: r.settle(), attempt: r.attempt, took: time.Since(began), ran: true}

	want := 1
	if c.deleted {
		want = 0
	}

	if len(out.Alive) != want || !r.settled(out.Audit) || len(out.Repeated()) > 0 {
		t.Errorf("want %d tokens, each alive, named and published, none of them %q, and no attempt with two requests: got %s; repeated: %v\n%s",
			want, r.old, out.Summary(), out.Repeated(), r.Evidence(r.kind, r.object))
	}

	r.checkSecrets()

	return out
}

// checkRevocation fails the test if a token is revoked whose value is in the
// Secret at that moment, unless its object is being deleted. As a fault it matches
// no request. It does not touch what the test itself reads at the same time.
func (r *run) checkRevocation(req *http.Request) bool {
	mg := r.object.DeepCopyObject().(framework.Minted)
	if err := r.Client.Get(r.t.Context(), client.ObjectKey{Namespace: r.Namespace, Name: objectName}, mg); err != nil || mg.GetDeletionTimestamp() != nil {
		return false
	}

	if name := r.published(); path.Base(name) == path.Base(req.URL.Path) {
		r.t.Errorf("%s is revoked while its value is published", name)
	}

	return false
}

// checkSecrets fails the test if a Secret that held a valid value was ever written
// without one.
func (r *run) checkSecrets() {
	r.t.Helper()

	// The watch is behind, but not out of order.
	last := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: "last"}}
	r.Create(last)
	r.Eventually("the watch to be there", func() (bool, string) {
		return slices.ContainsFunc(r.secrets(), func(s corev1.Secret) bool { return s.GetUID() == last.GetUID() }), "it is not"
	})

	valid := map[types.UID]bool{}

	for _, s := range r.secrets() {
		if s.GetName() != objectName {
			continue
		}

		_, err := r.kind.Verify(r.Scaleway, s.Data)
		if valid[s.GetUID()] && err != nil {
			r.t.Errorf("version %s of the Secret has lost its value: %v", s.GetResourceVersion(), err)
		}

		valid[s.GetUID()] = valid[s.GetUID()] || err == nil
	}

	if len(valid) == 0 {
		r.t.Error("no version of the Secret was seen")
	}
}

// settle waits until each token is that of one object that has published it, or
// until no more can be expected, and returns what there is.
func (r *run) settle() framework.Audit {
	return r.SettleMinted(r.kind, settleTimeout, r.settled)
}

func (r *run) audit() framework.Audit {
	return r.AuditMinted(r.kind)
}

func (r *run) settled(a framework.Audit) bool {
	return a.Settled() && !slices.Contains(a.Alive, r.old)
}

// begin what the cell is about, once what is to disturb it is prepared, and
// return the provider that does it.
func (r *run) begin(prepare func()) *framework.Provider {
	r.t.Helper()

	if !r.renews {
		prepare()
		p := r.start()
		r.Create(r.object)

		return p
	}

	p := r.start()
	r.Create(r.object)
	r.before = r.settle()
	r.Get(r.object)
	r.old = framework.ExternalName(r.object)
	prepare()
	r.Update(r.object, func() { meta.AddAnnotations(r.object, map[string]string{"scaleway.m.crossplane.io/renew": "1"}) })

	return p
}

// minted returns how many tokens were minted since it has begun.
func (r *run) minted() int {
	return r.audit().Applied - r.before.Applied
}

// isOld tells whether a request is for the token that is to be renewed.
func (r *run) isOld(req *http.Request) bool {
	return !r.isNew(req)
}

// isNew tells whether a request is not for the token that is to be renewed.
func (r *run) isNew(req *http.Request) bool {
	return path.Base(r.old) != path.Base(req.URL.Path)
}

// start the provider.
func (r *run) start(args ...string) *framework.Provider {
	return r.StartProvider(framework.WithKubeconfig(r.proxy.Kubeconfig()),
		framework.WithArgs(append([]string{"--request-timeout=" + requestTimeout.String()}, args...)...))
}

// await what must come.
func (r *run) await(what string, c <-chan struct{}) {
	r.t.Helper()

	select {
	case <-c:
	case <-time.After(settleTimeout):
		r.t.Fatalf("waited %s for %s\n%s", settleTimeout, what, r.Evidence(r.kind, r.object))
	}
}

// cross the faults of two requests with a crash.
func (r *run) cross(post, get fault, c crash) {
	var (
		h       *held
		failing *fakescaleway.InjectedFault
	)

	p := r.begin(func() {
		if post.name != none {
			post.Method, post.Route, post.Times = http.MethodPost, r.kind.Collection, 1
			r.Scaleway.Inject(post.Fault)
		}

		if c.hold != nil {
			h = c.hold(r) // What holds comes before what fails.
		}

		failing = r.inject(get)
	})

	if h == nil {
		return
	}

	r.crash(p, c, h)
	failing.Remove()

	r.inject(get)
	r.start()
}

// inject a fault of requests that read a token.
func (r *run) inject(get fault) *fakescaleway.InjectedFault {
	get.Method, get.Route = http.MethodGet, r.kind.Object
	if get.name == none {
		get.Match = func(*http.Request) bool { return false }
	}

	return r.Scaleway.Inject(get.Fault)
}

// crash kills the provider once it has come to the point.
func (r *run) crash(p *framework.Provider, c crash, h *held) {
	r.t.Helper()
	r.await("the provider to come to the point "+c.name, h.arrived)
	p.Kill()
	h.drop()

	a := r.audit()
	r.attempt = len(a.Attempts) - len(r.before.Attempts)

	published, named := r.published() != r.old, r.named() != r.old
	if published != c.published || named != c.named {
		r.t.Errorf("the provider was not killed %s: published: %t, named: %t", c.name, published, named)
	}

	if r.old != "" && !slices.Contains(a.Alive, r.old) {
		r.t.Errorf("%s was revoked before what takes its place was published and named", r.old)
	}
}

// named returns the external name of the Token.
func (r *run) named() string {
	r.Get(r.object)
	return framework.ExternalName(r.object)
}

// published returns the external name of the token whose value is in the Secret.
func (r *run) published() string {
	name, err := r.kind.Verify(r.Scaleway, r.SecretData(objectName))
	if err != nil {
		return ""
	}

	return name
}

// report shows the table. A cell that has failed before it settled has no row.
func report(t *testing.T, rows []row, cells int) {
	b := &strings.Builder{}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)

	fmt.Fprintln(w, "KIND\tOPERATION\tFIRST POST\tFIRST GETS\tINTERRUPTION\tATTEMPT\tALIVE\tNAMED\tSECRETS\tPERSONS\tPOSTS\tAPPLIED\tSECONDS\tREASON")

	var alive, named, secrets, persons, lost int

	for _, r := range rows {
		attempt := none
		if r.attempt > 0 {
			attempt = fmt.Sprint(r.attempt)
		}

		reason := ""
		for _, why := range r.Waiting {
			reason = why
		}

		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f\t%s\n", r.kind.Name, r.operation(), r.post, r.get, r.interruption, attempt,
			len(r.Alive), len(r.Named), len(r.Published), len(r.Waiting), len(r.Attempts), r.Applied, r.took.Seconds(), reason)

		alive, named, secrets, persons = alive+len(r.Alive), named+len(r.Named), secrets+len(r.Published), persons+len(r.Waiting)
		lost += len(r.Named) - len(r.Published) - r.Announced
	}

	w.Flush()
	fmt.Fprintf(b, "\n%d of %d cells: %d tokens alive, %d named, %d Secrets with their value, %d objects that need a person, %d unannounced losses\n",
		len(rows), cells, alive, named, secrets, persons, lost)

	publish(t, b.String())
}

// published are the reports of the tests that have run.
var published struct {
	sync.Mutex

	reports []string
}

// publish a report: what a test that passes shows is not seen without -v.
func publish(t *testing.T, text string) {
	t.Helper()
	t.Log("\n" + text)

	published.Lock()
	defer published.Unlock()

	published.reports = append(published.reports, text)

	if file := os.Getenv("MATRIX_REPORT"); file != "" {
		if err := os.WriteFile(file, []byte(strings.Join(published.reports, "\n")), 0o600); err != nil {
			t.Error(err)
		}
	}
}
