// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// A point is a call that the provider makes. Something else than usual may happen there.
type point struct {
	// name of the call: the phase of the life, what is called, and how often it has been
	// in that phase.
	name string
	// could happen there, by name.
	could []string
}

// A script says what happens at which point, by its name, and nothing unusual elsewhere.
type script map[string]string

func (s script) String() string {
	var out []string
	for _, at := range slices.Sorted(maps.Keys(s)) {
		out = append(out, at+": "+s[at])
	}

	return strings.Join(out, "; ")
}

// parseScript reads what String has written.
func parseScript(text string) script {
	s := script{}

	for part := range strings.SplitSeq(text, "; ") {
		if at, name, ok := strings.Cut(part, ": "); ok {
			s[at] = name
		}
	}

	return s
}

// An action is what somebody else does.
type action struct {
	name string
	// hostile actions need not heal: that the managed resource says what is wrong is
	// enough.
	hostile bool
	do      func(*world)
}

// bookkeeping are the annotations of Crossplane and of ours.
var bookkeeping = []string{
	meta.AnnotationKeyExternalCreatePending, meta.AnnotationKeyExternalCreateSucceeded, meta.AnnotationKeyExternalCreateFailed,
	meta.AnnotationKeyExternalName, ledger.AnnotationRecord, onetime.AnnotationRenew,
}

func removes(name string, keys ...string) action {
	return action{name: name, hostile: true, do: func(w *world) {
		w.change(func(tk *v1beta1.Token) { meta.RemoveAnnotations(tk, keys...) })
	}}
}

// restores the annotations that the managed resource has had so many changes before, and
// the Secret with them if that is restored too.
func restores(back int, secret bool) action {
	name := fmt.Sprintf("annotations of %d changes before", back)
	if secret {
		name += ", and the Secret"
	}

	return action{name: name, hostile: true, do: func(w *world) {
		if len(w.history) <= back {
			return
		}

		m := w.history[len(w.history)-1-back]
		w.change(func(tk *v1beta1.Token) { tk.SetAnnotations(maps.Clone(m.annotations)) })

		if s := w.secret(); secret && s != nil {
			s = clone(s)
			s.Data = maps.Clone(m.secret)
			_ = w.cluster.update(s)
		}
	}}
}

// sharer is another managed resource with the same external name, whose status says that
// it has been observed.
func sharer(namespace string, policy xpv1.ManagementAction) action {
	return action{name: fmt.Sprintf("one with the policy %s in %s", policy, namespace), do: func(w *world) {
		tk := w.token()
		if tk == nil || meta.GetExternalName(tk) == "" {
			return
		}

		other := newToken()
		other.SetNamespace(namespace)
		other.SetName("other")
		other.SetUID("11111111-0b1d-4c5e-9d68-2f7f0a8c7b11")
		other.SetFinalizers([]string{"other"})
		other.Spec.ManagementPolicies = xpv1.ManagementPolicies{policy}
		other.Status.AtProvider.ID = ptr.To(meta.GetExternalName(tk))
		meta.SetExternalName(other, meta.GetExternalName(tk))
		_ = w.cluster.create(other)
	}}
}

// actions that may come between any two calls.
func actions() []action {
	all := []action{
		{name: "another leader reconciles", do: func(w *world) { w.another(1, 0) }},
		{name: "another leader settles", do: func(w *world) { w.another(14, 10*time.Second) }},

		removes("pending removed", meta.AnnotationKeyExternalCreatePending),
		removes("record removed", ledger.AnnotationRecord),
		removes("name removed", meta.AnnotationKeyExternalName),
		removes("pending and record removed", meta.AnnotationKeyExternalCreatePending, ledger.AnnotationRecord),
		removes("record and name removed", meta.AnnotationKeyExternalName, ledger.AnnotationRecord),
		removes("all annotations removed", bookkeeping...),

		{name: "replaced by the manifest", hostile: true, do: func(w *world) {
			w.change(func(tk *v1beta1.Token) {
				w.unsettled = w.unsettled || meta.WasDeleted(tk)

				tk.SetAnnotations(nil)
				tk.SetFinalizers(nil)
			})
		}},
		{name: "Secret deleted", hostile: true, do: func(w *world) {
			if s := w.secret(); s != nil {
				w.cluster.remove(s)
			}
		}},
		{name: "Secret emptied", hostile: true, do: func(w *world) { w.changeSecret(nil) }},
		{name: "first Secret restored", hostile: true, do: func(w *world) {
			for _, m := range w.history {
				if len(m.secret) > 0 {
					w.changeSecret(m.secret)
					return
				}
			}
		}},

		{name: "foreign key", hostile: true, do: func(w *world) { w.key = foreignKey }},
		{name: "foreign key for ten minutes", do: func(w *world) {
			w.key = foreignKey
			w.scaleway.late = append(w.scaleway.late, arrival{time.Now().Add(10 * time.Minute), func() { w.key = ownKey }})
		}},
		{name: "rotated key", do: func(w *world) { w.key = rotatedKey }},

		{name: "deleted", do: func(w *world) { w.delete() }},
		{name: "deleted without the policy Delete", hostile: true, do: func(w *world) {
			w.change(func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate}
			})
			w.delete()
		}},
		{name: "deleted and released", hostile: true, do: func(w *world) {
			w.change(func(tk *v1beta1.Token) {
				meta.AddAnnotations(tk, map[string]string{release.Annotation: meta.GetExternalName(tk)})
			})
			w.delete()
		}},
		{name: "renewal asked for", do: func(w *world) {
			w.change(func(tk *v1beta1.Token) {
				meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: fmt.Sprint(len(w.points))})
			})
		}},
		{name: "another Secret named", hostile: true, do: func(w *world) {
			w.change(func(tk *v1beta1.Token) {
				tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "another"}
			})
		}},
		sharer("team-b", xpv1.ManagementActionObserve),
		sharer("team-b", xpv1.ManagementActionAll),
		sharer(team, xpv1.ManagementActionObserve),
	}

	for _, back := range []int{1, 2, 3, 4, 6} {
		all = append(all, restores(back, false), restores(back, true))
	}

	return all
}

var everyAction = actions()

func (w *world) delete() {
	if tk := w.token(); tk != nil {
		w.unsettled = w.unsettled || len(tk.GetFinalizers()) == 0
		_ = w.cluster.delete(tk, metav1.Now())
	}
}

func (w *world) changeSecret(data map[string][]byte) {
	if s := w.secret(); s != nil {
		s = clone(s)
		s.Data = maps.Clone(data)
		_ = w.cluster.update(s)
	}
}

// another process takes itself for the leader, and reconciles so many times.
func (w *world) another(times int, pause time.Duration) {
	p := w.start()

	for range times {
		if !p.reconcile() {
			return
		}

		time.Sleep(pause)
	}
}

// call is made by a process. Faults may happen instead of what it does, or after that.
func (w *world) call(p *process, what string, faults []fault, do func()) {
	w.arrive()

	if p.dead {
		panic(crash{p}) // Whatever has caught the first one.
	}

	at := w.phaseName + " " + what
	w.called[at]++
	at += fmt.Sprintf(" %d", w.called[at])
	pt := point{name: at}

	// Only what is done while nothing else is under way: of what happens in another
	// process meanwhile, each is a point of its own.
	if w.depth == 0 {
		for _, a := range everyAction {
			pt.could = append(pt.could, a.name)
		}
	}

	pt.could = append(pt.could, "crash before", "crash after")
	for _, f := range faults {
		pt.could = append(pt.could, f.name)
	}

	w.points = append(w.points, pt)

	if w.verbose {
		w.note("%s %s", at, w.summary())
	}

	name, deviates := w.script[at]
	if !deviates {
		do()
		w.remember()

		return
	}

	w.note("%s: %s", at, name)

	for _, a := range everyAction {
		if a.name == name {
			w.depth++
			a.do(w)
			w.depth--

			w.meddled = w.meddled || a.hostile
			w.remember()
		}
	}

	switch name {
	case "crash before":
		p.die()
	case "crash after":
		do()
		w.remember()
		p.die()
	}

	for _, f := range faults {
		if f.name != name {
			continue
		}

		if f.applied {
			do()
		}

		if f.lie {
			w.lies++
		}

		f.do()
		w.remember()

		return
	}

	do()
	w.remember()
}

// summary of what the managed resource and its Secret say.
func (w *world) summary() string {
	tk := w.token()
	if tk == nil {
		return ""
	}

	r, _ := ledger.ReadRecord(tk)
	short := func(s string) string {
		return strings.TrimSuffix(strings.TrimPrefix(s, region+"/0000000"), "-0000-4000-8000-000000000000")
	}

	var live []string
	for _, t := range w.scaleway.live(ownKey.organization) {
		live = append(live, short(t.name()))
	}

	return fmt.Sprintf("[name %s; record %s %s %s, %d in doubt; status %s %s; secret %s; live %v; key %s]", short(meta.GetExternalName(tk)), r.State, r.Attempt, short(r.Object), len(r.Abandoned), short(tk.GetID()), tk.GetLastAttempt(),
		w.published(theToken.Name), live, w.key.id)
}

func (p *process) die() {
	p.dead = true
	panic(crash{p})
}

// arrive lets requests arrive whose time has come.
func (w *world) arrive() {
	for i := 0; i < len(w.scaleway.late); i++ {
		if a := w.scaleway.late[i]; !time.Now().Before(a.at) {
			w.scaleway.late = slices.Delete(w.scaleway.late, i, i+1)
			a.apply()
			w.note("a late request has arrived, or a key has come back")

			i--
		}
	}
}

// remember what the managed resource and its Secret are like.
func (w *world) remember() {
	tk := w.token()
	if tk == nil {
		return
	}

	m := moment{annotations: maps.Clone(tk.GetAnnotations())}
	if s := w.secret(); s != nil {
		m.secret = maps.Clone(s.Data)
	}

	if n := len(w.history); n == 0 || !reflect.DeepEqual(w.history[n-1], m) {
		w.history = append(w.history, m)
	}
}

// state is what differs if anything has happened.
func (w *world) state() string {
	gone := 0

	for _, t := range w.scaleway.tokens {
		if t.gone {
			gone++
		}
	}

	return fmt.Sprint(w.cluster.version, len(w.cluster.objects), len(w.scaleway.tokens), gone, w.key)
}

// maxWaits is how often one waits until nothing happens any more: while one does, something
// else may happen.
const maxWaits = 12

// settle reconciles until nothing happens any more, however long one waits.
func (w *world) settle() {
	for range maxWaits {
		before := w.state()

		if w.wait(); w.state() == before {
			return
		}
	}

	// A creation that is refused is tried again, and each attempt is recorded.
	if w.key == ownKey || len(w.scaleway.tokens) > 0 {
		w.broken("%s: it never comes to rest", w.phaseName)
	}
}

// wait reconciles for longer than a request may be late, and than an attempt is looked for.
func (w *world) wait() {
	for _, pause := range []time.Duration{0, 3 * requestTimeout, 11 * time.Minute, 11 * time.Minute} {
		time.Sleep(pause)

		wait, last := time.Second, ""

		for range 25 {
			if !w.leader.reconcile() {
				w.note("a process has ended, and another begins")
				w.leader = w.start()
				last = ""

				continue
			}

			now := w.state()
			if now == last {
				break
			}

			last = now

			time.Sleep(wait)
			wait = min(2*wait, time.Minute)
		}

		w.arrive()
	}
}

// live is the life of a managed resource: created, renewed, and deleted.
func live(s script) *world {
	w := newWorld(s)
	w.verbose = os.Getenv("SIMULATE") != ""
	_ = w.cluster.create(newToken())

	w.phase("created")
	w.change(func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "once"}) })
	w.phase("renewed")
	w.delete()
	w.phase("deleted")

	return w
}

func (w *world) phase(name string) {
	w.note("--- %s", name)
	w.phaseName = name
	w.settle()
	w.checkRest(name)

	if w.key == foreignKey {
		w.note("the own key is back")
		w.key = ownKey
		w.settle()
		w.checkRest(name + ", with the own key again")
	}
}

// random returns a script with up to so many deviations, drawn from the seed.
func random(seed uint64, deviations int) *world {
	r := rand.New(rand.NewPCG(seed, 14))
	s := script{}
	w := live(s)

	for range deviations {
		if len(w.points) == 0 {
			break
		}

		at := w.points[r.IntN(len(w.points))]
		s = maps.Clone(s)
		s[at.name] = at.could[r.IntN(len(at.could))]
		w = live(s)

		if len(w.verdict) > 0 {
			break
		}
	}

	return w
}
