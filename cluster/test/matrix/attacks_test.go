// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"fmt"
	"maps"
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
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Pages of lists, in the tests of attacks, hold as many objects as others have of the
// parent, so that what the provider looks for is on the second page.
const others = 2

// listDelay of a list that is behind. An attempt that is not found is given up after
// twice the request timeout.
const listDelay = 3 * time.Second

// deletes are what goes wrong with the first requests that delete an object. One answer
// may be wrong; what is wrong for ever ends with a condition.
var deletes = []fault{
	{name: none},
	{"404", fakescaleway.Fault{Times: 1, Status: http.StatusNotFound, Body: `{"message":"resource is not found","type":"not_found"}`}},
	{"403", fakescaleway.Fault{Times: 2, Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`}},
	{"500", fakescaleway.Fault{Times: 2, Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`}},
	{"502 applied", fakescaleway.Fault{Times: 1, Apply: true, Status: http.StatusBadGateway}},
	{"204 not applied", fakescaleway.Fault{Times: 1, Status: http.StatusNoContent}},
	{"hang", fakescaleway.Fault{Times: 1, Hang: true}},
	{"dropped", fakescaleway.Fault{Times: 1, DropBefore: true}},
	{"dropped applied", fakescaleway.Fault{Times: 1, DropAfter: true}},
}

// lists are what goes wrong with the first requests that list objects.
var lists = []fault{
	{name: none},
	{"403", fakescaleway.Fault{Times: 3, Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`}},
	{"404", fakescaleway.Fault{Times: 1, Status: http.StatusNotFound, Body: `{"message":"resource is not found","type":"not_found"}`}},
	{"500", fakescaleway.Fault{Times: 2, Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`}},
	{"page missing", fakescaleway.Fault{Times: 1, Match: isPage("2"), Edit: fakescaleway.ListWithoutItems()}},
	{"total behind", fakescaleway.Fault{Times: 1, Edit: fakescaleway.ListMiscounted(-1)}},
	{"without ours", fakescaleway.Fault{Times: 2, Edit: fakescaleway.ListWithout(isMarked)}}, // Both pages.
	{name: behind},
	{name: comesAndGoes},
}

// Faults of lists that are no Fault.
const (
	behind       = "behind"
	comesAndGoes = "comes and goes"
)

func isPage(page string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.URL.Query().Get("page") == page }
}

func isMarked(item map[string]any) bool {
	text, _ := item["description"].(string)
	_, _, ok := ledger.Strip(text)

	return ok
}

// What becomes of the credentials at the point.
const (
	own     = none
	rotated = "rotated"           // To another key of the organization, for good.
	foreign = "foreign"           // To one of another organization, and back.
	posing  = "foreign as if own" // The same, with the IDs of the own organization and project beside it.
)

var credentials = []string{own, rotated, foreign, posing}

// What becomes of the annotations at the point, or once all is at rest.
const (
	allRemoved     = "all removed"
	recordRemoved  = "record removed"
	renewRemoved   = "renew removed"
	restored       = "restored"             // As they were before the last change.
	restoredLate   = "restored late"        // As they were before, once all is at rest.
	restoredBackup = "restored with Secret" // The same, with what the Secret held then.
)

// removals are annotations that are removed.
var removals = map[string][]string{
	"pending removed":       {meta.AnnotationKeyExternalCreatePending},
	"succeeded removed":     {meta.AnnotationKeyExternalCreateSucceeded},
	"failed removed":        {meta.AnnotationKeyExternalCreateFailed},
	"external-name removed": {meta.AnnotationKeyExternalName},
	recordRemoved:           {ledger.AnnotationRecord},
	renewRemoved:            {onetime.AnnotationRenew},
}

var annotations = []string{
	none, "pending removed", "succeeded removed", "failed removed", "external-name removed", recordRemoved, renewRemoved,
	allRemoved, restored, restoredLate, restoredBackup,
}

// An operation is what is attacked, and the points of it at which it is.
type operation struct {
	name   string
	points []crash
	begin  func(a *attackRun)
	// ends is set if the object is deleted.
	ends bool
}

const (
	opHeal    = "heal"
	opRenew   = "renew"
	opCreate  = "create"
	opDelete  = "delete"
	opUnclear = "delete unclear"
)

var (
	beforeTheLookUp = crash{name: "before the look-up", hold: func(r *run) *held { return holdRequest(r, http.MethodGet, r.kind.Collection) }}
	beforeTheDelete = crash{name: "before the DELETE", hold: func(r *run) *held { return holdRequest(r, http.MethodDelete, r.kind.Object) }}
	beforeLettingGo = crash{name: "before letting go", hold: func(r *run) *held { return holdWrite(r, framework.LetsGo) }}
	atRest          = crash{name: "at rest"}

	operations = []operation{
		// The first request that mints has an unclear answer. What there is to do wrong,
		// is done here.
		{name: opHeal, points: []crash{beforeTheLookUp, beforeTheDelete, afterTheAnswer, beforeTheSecret, beforeTheName, atRest}, begin: (*attackRun).heal},
		{name: opRenew, points: []crash{beforeTheRecord, beforeThePost, afterTheAnswer, beforeTheSecret, beforeTheName, beforeTheDelete, atRest}, begin: (*attackRun).renew},
		{name: opCreate, points: []crash{beforeTheRecord, beforeThePost, afterTheAnswer, beforeTheSecret, beforeTheName, atRest}, begin: (*attackRun).create},
		{name: opDelete, points: []crash{atRest, beforeTheDelete, beforeLettingGo}, begin: (*attackRun).delete, ends: true},
		{name: opUnclear, points: []crash{beforeTheLookUp, beforeTheDelete, beforeLettingGo}, begin: (*attackRun).deleteUnclear, ends: true},
	}
)

// holdRequest holds the next request to Scaleway, also if nobody waits for it any more.
func holdRequest(r *run, method, route string) *held {
	f := r.Scaleway.Inject(fakescaleway.Fault{Method: method, Route: route, Hold: true, Times: 1})
	return &held{f.Arrived(), f.Release, f.Remove}
}

// Factors of an attack.
const (
	factorOperation = iota
	factorPoint
	factorKind
	factorDelete
	factorList
	factorCredentials
	factorAnnotations
)

// mostPoints of an operation.
const mostPoints = 7

var factors = []int{len(operations), mostPoints, len(framework.MintedKinds), len(deletes), len(lists), len(credentials), len(annotations)}

// An attack is a cell that crosses what goes wrong at Scaleway with what people and
// tools do meanwhile.
type attack struct {
	operation    operation
	point        crash
	kind         *framework.MintedKind
	delete, list fault
	credentials  string
	annotations  string
}

// possible tells whether a row of levels, in which a factor that is not chosen yet is
// -1, is that of an attack.
func possible(row []int) bool {
	op, point, what := row[factorOperation], row[factorPoint], row[factorAnnotations]

	switch {
	case op >= 0 && point >= len(operations[op].points):
		return false
	case op < 0 || what < 0:
		return true
	case annotations[what] == renewRemoved || annotations[what] == restoredBackup:
		return operations[op].name == opRenew
	case annotations[what] == restoredLate:
		return !operations[op].ends
	default:
		return true
	}
}

func newAttack(row []int) attack {
	op := operations[row[factorOperation]]

	return attack{
		operation: op, point: op.points[row[factorPoint]], kind: framework.MintedKinds[row[factorKind]], delete: deletes[row[factorDelete]],
		list: lists[row[factorList]], credentials: credentials[row[factorCredentials]], annotations: annotations[row[factorAnnotations]],
	}
}

// pointless is set if nothing happens at the point.
func (a attack) pointless() bool {
	return a.credentials == own && (a.annotations == none || a.late())
}

// late is set if what becomes of the annotations does when all is at rest.
func (a attack) late() bool {
	return a.annotations == restoredLate || a.annotations == restoredBackup
}

func (a attack) name() string {
	parts := []string{a.kind.Name, a.operation.name, a.point.name, "DELETE " + a.delete.name, "list " + a.list.name, "credentials " + a.credentials, "annotations " + a.annotations}
	return strings.Join(parts, "/")
}

// wanted are the outcomes that are right.
func (a attack) wanted() []framework.Outcome {
	switch a.annotations {
	case recordRemoved, allRemoved, restored, restoredLate, restoredBackup:
		// What has lost its record, or has one that others contradict, may need a person
		// who looks at what uses the objects that are found. It must tell of all of them.
		return []framework.Outcome{framework.OutcomeOne, framework.OutcomeNone, framework.OutcomeSaid, framework.OutcomeLeft}
	}

	switch {
	case a.operation.ends && a.list.name == behind:
		// What a list does not show for longer than a request takes is told of, and left.
		return []framework.Outcome{framework.OutcomeNone, framework.OutcomeLeft}
	case a.operation.ends:
		return []framework.Outcome{framework.OutcomeNone}
	}

	return []framework.Outcome{framework.OutcomeOne}
}

// An attackRun is a run of an attack.
type attackRun struct {
	*run

	attack  attack
	held    *held
	history func() []map[string]string
	others  []string

	// del and list are the faults, once they are injected.
	del, list *fakescaleway.InjectedFault
	// away is the key of another organization, once it is in the credentials.
	away string
	// cancelled is set once the annotations that ask for a renewal may be others, and
	// missed if the provider has never come to the point.
	cancelled, missed bool
	// before is how many versions of the annotations there were before a renewal, and
	// backup what the Secret held.
	before int
	backup map[string][]byte
}

// An attackRow is what an attack has left.
type attackRow struct {
	attack
	framework.Verdict

	// hit is which faults have met a request, of those that delete and list.
	hitDelete, hitList bool
	// missed is set if the provider has never come to the point.
	missed bool
	took   time.Duration
	// selected is set if the attack was to run, and ran if it has come to its end.
	selected, ran, failed bool
}

// TestAttacks has two of everything that can go wrong happen together, in every
// operation and at every point of it: answers to DELETE, lists, credentials of others,
// and annotations that are removed or restored. With MATRIX=all, it is three of
// everything.
func TestAttacks(t *testing.T) {
	strength := 2
	if os.Getenv("MATRIX") == "all" {
		strength = 3
	}

	cells := combine(factors, strength, possible)
	rows := make([]attackRow, len(cells))
	slots := make(chan struct{}, atOnce)

	var wg sync.WaitGroup
	for i, levels := range cells {
		slots <- struct{}{}

		wg.Go(func() {
			defer func() { <-slots }()

			a := newAttack(levels)
			t.Run(a.name(), func(t *testing.T) { a.run(t, &rows[i]) })
		})
	}
	wg.Wait()

	reportAttacks(t, rows, cells)
}

// run the attack, and check what it has left.
func (a attack) run(t *testing.T, out *attackRow) {
	defer func() { out.attack, out.failed, out.selected = a, t.Failed(), true }()

	var options []fakescaleway.Option
	if a.list.name != none {
		options = append(options, fakescaleway.WithPageLimit(others))
	}

	e := framework.New(t, options...)
	mg, names := e.NewMintedAmong(a.kind, objectName, others)
	r := &attackRun{
		run:    &run{Env: e, cell: cell{kind: a.kind}, t: t, proxy: e.StartProxy(), object: mg, secrets: e.WatchSecrets()},
		attack: a, history: e.WatchMinted(a.kind, mg), others: names,
	}
	r.watchRevocations()

	began := time.Now()

	a.operation.begin(r)

	if !a.pointless() {
		r.atPoint()
	}

	v := r.rest()

	if a.late() {
		r.restoreLate()
		v = r.rest()
	}

	out.Verdict, out.took, out.ran = v, time.Since(began), true
	out.missed = r.missed
	out.hitDelete, out.hitList = r.del.Hits() > 0, r.list.Hits() > 0

	if !slices.Contains(a.wanted(), v.Outcome()) {
		t.Errorf("want one of %q, got %s\n%s", a.wanted(), v.Summary(), r.Evidence(r.kind, r.object))
	}

	if again := r.audit().Repeated(); len(again) > 0 {
		t.Errorf("attempts that sent more than one request: %v", again)
	}
}

// watchRevocations fails the test if an object is revoked whose value is published, as
// checkRevocation does. A key of another organization revokes nothing.
func (r *attackRun) watchRevocations() {
	template := r.object.DeepCopyObject()

	r.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodDelete, Route: r.kind.Object, Match: func(req *http.Request) bool {
		mg := template.DeepCopyObject().(framework.Minted)
		if err := r.Client.Get(r.Context(), client.ObjectKey{Namespace: r.Namespace, Name: objectName}, mg); err != nil || mg.GetDeletionTimestamp() != nil {
			return false
		}

		name := r.published()
		alive := slices.ContainsFunc(r.LiveMinted(r.kind, ""), func(l framework.Live) bool { return l.Name == name })

		if alive && path.Base(name) == path.Base(req.URL.Path) && req.Header.Get("X-Auth-Token") != r.away {
			r.t.Errorf("%s is revoked while its value is published", name)
		}

		return false
	}})
}

// rest waits until the object has come to rest: until it is renewed, if that was asked for.
func (r *attackRun) rest() framework.Verdict {
	for deadline := time.Now().Add(settleTimeout); r.old != "" && !r.cancelled && time.Now().Before(deadline); time.Sleep(pollInterval) {
		if v := r.Judge(r.kind, r.object, r.others...); v.Named != r.old && v.Named != "" {
			break
		}
	}

	return r.Rest(r.kind, r.object, settleTimeout, r.others, r.attack.wanted()...)
}

// prepare what goes wrong, and what holds the provider at the point. A request that is
// held there goes wrong when it is released.
func (r *attackRun) prepare() {
	del, list := r.attack.delete, r.attack.list
	del.Method, del.Route = http.MethodDelete, r.kind.Object
	list.Method, list.Route = http.MethodGet, r.kind.Collection

	never := func(*http.Request) bool { return false }
	if del.name == none {
		del.Match = never
	}

	switch list.name {
	case none:
		list.Match = never
	case behind:
		r.Scaleway.SetListDelay(listDelay)
	case comesAndGoes:
		// Before the second page is asked for, what was on the first is one less.
		list.Times, list.Match = 1, func(req *http.Request) bool {
			if isPage("2")(req) {
				r.deleteOutside(r.others[0])
			}

			return isPage("2")(req)
		}
	}

	point := r.attack.point
	if r.attack.pointless() {
		point = atRest
	}

	switch {
	case point.hold == nil:
	case point.name == beforeTheDelete.name && del.name != none:
		del.Hold = !del.Hang
	case point.name == beforeTheLookUp.name && list.name != none && list.Match == nil:
		list.Hold = true
	default:
		r.held = point.hold(r.run)
	}

	r.del, r.list = r.Scaleway.Inject(del.Fault), r.Scaleway.Inject(list.Fault)

	for _, f := range []struct {
		holds    bool
		injected *fakescaleway.InjectedFault
	}{{del.Hold || del.Hang && point.name == beforeTheDelete.name, r.del}, {list.Hold, r.list}} {
		if f.holds {
			r.held = &held{arrived: f.injected.Arrived(), release: f.injected.Release}
		}
	}

	if del.Hang && r.held != nil && point.name == beforeTheDelete.name {
		r.held.release = func() {} // It ends when nobody waits for it any more.
	}
}

// deleteOutside deletes what somebody else has at Scaleway.
func (r *attackRun) deleteOutside(name string) {
	kind, region := fakescaleway.KindToken, "fr-par"
	if r.kind == framework.APIKeys {
		kind, region = fakescaleway.KindAPIKey, ""
	}

	_ = r.Scaleway.Delete(kind, region, path.Base(name)) // It may be gone already.
}

// unclear has the next request that mints applied, and answered as if it were not.
func (r *attackRun) unclear(hold bool) *fakescaleway.InjectedFault {
	return r.Scaleway.Inject(fakescaleway.Fault{
		Method: http.MethodPost, Route: r.kind.Collection, Times: 1, Apply: true, Hold: hold, Status: http.StatusBadGateway,
	})
}

func (r *attackRun) create() {
	r.prepare()
	r.start()
	r.Create(r.object)
}

func (r *attackRun) heal() {
	r.unclear(false)
	r.create()
}

// ready creates the object, and waits until it is there.
func (r *attackRun) ready() {
	r.start()
	r.Create(r.object)
	r.WaitReady(r.object)
	r.before, r.backup = len(r.history()), r.SecretData(objectName)
}

func (r *attackRun) renew() {
	r.ready()
	r.old = framework.ExternalName(r.object)
	r.prepare()
	r.Update(r.object, func() { meta.AddAnnotations(r.object, map[string]string{onetime.AnnotationRenew: "1"}) })
}

func (r *attackRun) delete() {
	r.ready()
	r.prepare()

	if r.attack.pointless() || r.attack.point.hold != nil {
		r.deleteObject()
	}
}

func (r *attackRun) deleteUnclear() {
	minting := r.unclear(true)
	r.prepare()
	r.start()
	r.Create(r.object)
	r.await("the request", minting.Arrived())
	r.deleteObject()
	minting.Release()
}

// atPoint does what happens at the point, once the provider has come there.
func (r *attackRun) atPoint() {
	switch {
	case r.held != nil && !r.reached():
		// What is to be held does not happen: the faults have led elsewhere.
		r.missed = true
		r.held.release()

		return
	case r.held == nil && !r.attack.operation.ends:
		r.rest()
	}

	back := r.changeCredentials()
	r.changeAnnotations()

	switch {
	case r.held != nil:
		r.held.release()
	case r.attack.operation.ends:
		if back != nil {
			r.Noticed(r.kind, r.object, r.away)
		}

		r.deleteObject()
	}

	if back != nil || r.held == nil || r.cancelled {
		r.Noticed(r.kind, r.object, r.away)
	}

	if back != nil {
		back()
	}
}

// reachTimeout is how long the provider may take to come to a point, and pollInterval how
// long is waited between two looks.
const (
	reachTimeout = 30 * time.Second
	pollInterval = 20 * time.Millisecond
)

// soon waits until the condition holds, but not for long.
func (r *attackRun) soon(condition func() bool) bool {
	for deadline := time.Now().Add(reachTimeout); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if condition() {
			return true
		}
	}

	return false
}

// reached waits until the provider has come to the point, and tells whether it has.
func (r *attackRun) reached() bool {
	arrived := false

	return r.soon(func() bool {
		select {
		case <-r.held.arrived:
			arrived = true
		default:
		}

		return arrived || r.Judge(r.kind, r.object).Gone
	}) && arrived
}

// changeCredentials does what becomes of the credentials, and returns what undoes it, if
// that is to be undone.
func (r *attackRun) changeCredentials() (back func()) {
	switch r.attack.credentials {
	case rotated:
		r.Rotate(r.Credentials(r.NewKey()))
		r.Scaleway.RevokeKey(r.Key.SecretKey)

		return nil
	case foreign, posing:
		k := r.Scaleway.NewKey()
		r.away = k.SecretKey

		if r.attack.credentials == posing {
			k.OrganizationID, k.ProjectID = r.Key.OrganizationID, r.Key.ProjectID
		}

		r.Rotate(r.Credentials(k))

		return func() { r.Rotate(r.Credentials(r.Key)) }
	default:
		return nil
	}
}

// changeAnnotations does what becomes of the annotations at the point.
func (r *attackRun) changeAnnotations() {
	r.cancelled = slices.Contains([]string{allRemoved, recordRemoved, renewRemoved, restored}, r.attack.annotations)

	switch what := r.attack.annotations; what {
	case none, restoredLate, restoredBackup:
	case allRemoved:
		r.setAnnotations(nil)
	case restored:
		versions := r.history()
		r.setAnnotations(versions[max(len(versions)-2, 0)])
	default:
		r.Update(r.object, func() { meta.RemoveAnnotations(r.object, removals[what]...) })
	}
}

// setAnnotations puts annotations in the place of those that there are, as "kubectl
// replace" and a restore from a backup do.
func (r *attackRun) setAnnotations(annotations map[string]string) {
	r.Update(r.object, func() { r.object.SetAnnotations(maps.Clone(annotations)) })
}

// restoreLate puts annotations of before back when all is at rest: those of before the
// renewal, or else those of the first attempt.
func (r *attackRun) restoreLate() {
	versions := r.history()
	r.cancelled = true

	first := slices.IndexFunc(versions, func(a map[string]string) bool { return a[ledger.AnnotationRecord] != "" })
	if r.before > 0 {
		first = r.before - 1
	}

	if r.attack.annotations == restoredBackup {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: objectName}}
		r.Update(s, func() { s.Data = r.backup })
	}

	r.setAnnotations(versions[max(first, 0)])
	r.Noticed(r.kind, r.object, r.away)
}

// reportAttacks shows the table of attacks, and what it covers.
func reportAttacks(t *testing.T, rows []attackRow, cells [][]int) {
	b := &strings.Builder{}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)

	fmt.Fprintln(w, "KIND\tOPERATION\tPOINT\tDELETE\tLIST\tCREDENTIALS\tANNOTATIONS\tALIVE\tOUTCOME\tSECONDS\tSAID")

	outcomes := map[framework.Outcome]int{}

	var broken, ran, missed, deletesHit, listsHit, withDelete, withList int

	for _, r := range rows {
		if !r.selected {
			continue
		}

		outcome := "not at rest"

		if r.ran {
			ran++
			outcomes[r.Outcome()]++
			outcome = string(r.Outcome())
		}

		if r.failed {
			outcome += " (not right)"
			broken++
		}

		point := r.point.name
		if r.pointless() {
			point = none
		}

		if r.missed {
			point += " (never reached)"
			missed++
		}

		unhit := func(name string, hit bool, n, with *int) string {
			switch {
			case name == none || name == behind:
				return name
			case !hit:
				*with++
				return name + " (never met)"
			default:
				*with++
				*n++

				return name
			}
		}

		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%.1f\t%s\n", r.kind.Name, r.operation.name, point,
			unhit(r.delete.name, r.hitDelete, &deletesHit, &withDelete), unhit(r.list.name, r.hitList, &listsHit, &withList),
			r.credentials, r.annotations, len(r.Alive), outcome, r.took.Seconds(), shorten(r.Said))
	}

	w.Flush()
	fmt.Fprintf(b, "\n%d of %d attacks: outcomes %v; %d not right; %d of %d faults of DELETE and %d of %d of lists have met a request; %d points were not reached\n",
		ran, len(cells), outcomes, broken, deletesHit, withDelete, listsHit, withList, missed)

	whole := 1
	for _, n := range factors {
		whole *= n
	}

	for strength := 1; strength <= 3; strength++ {
		c := tuples(factors, strength, possible)
		for _, levels := range cells {
			c.cover(levels)
		}

		fmt.Fprintf(b, "of all that can happen with %d factors (%d), %d are covered and %d are not\n", strength, len(c.list), len(c.list)-c.left, c.left)
	}

	fmt.Fprintf(b, "of about %d that can happen with all factors, %d are covered\n", whole, len(cells))
	countCells(b, rows)
	publish(t, b.String())
}

// countCells shows how many cells there are of each operation with each fault, and of each
// point with each operation.
func countCells(b *strings.Builder, rows []attackRow) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	column := map[string]map[string]int{}

	var order []string

	count := func(what, operation string) {
		if column[what] == nil {
			column[what] = map[string]int{}
			order = append(order, what)
		}

		column[what][operation]++
	}

	for _, r := range rows {
		if !r.ran {
			continue
		}

		op := r.operation.name
		for what, level := range map[string]string{
			"1 DELETE " + r.delete.name: r.delete.name, "2 list " + r.list.name: r.list.name,
			"3 credentials " + r.credentials: r.credentials, "4 annotations " + r.annotations: r.annotations,
		} {
			if level != none {
				count(what, op)
			}
		}

		if !r.pointless() && !r.missed {
			count("5 "+r.point.name, op)
		}
	}

	fmt.Fprint(w, "\nCELLS WITH")

	for _, op := range operations {
		fmt.Fprintf(w, "\t%s", strings.ToUpper(op.name))
	}

	fmt.Fprintln(w)
	slices.Sort(order)

	for _, what := range order {
		fmt.Fprint(w, what[2:])

		for _, op := range operations {
			fmt.Fprintf(w, "\t%d", column[what][op.name])
		}

		fmt.Fprintln(w)
	}

	w.Flush()
}

// shorten what a person is told to what fits into a table.
func shorten(said string) string {
	if i := strings.Index(said, "("); i >= 0 && len(said) > 160 {
		said = said[i:min(len(said), i+160)] + "..."
	}

	return said
}
