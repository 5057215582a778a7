// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package endurance

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

const (
	// shortly is how long it takes, and fewObjects of how many objects, unless the
	// environment says otherwise.
	shortly    = 20 * time.Second
	fewObjects = 40

	// manyObjects are there if only the duration is given.
	manyObjects = 1000

	// pause between two things that go wrong.
	pause = 500 * time.Millisecond

	// mostFaults are in wait for requests at one time. More would be an outage without
	// end: the provider asks once a minute then, and there would be little to measure.
	mostFaults = 3

	// settleTimeout is how long everything may take once nothing goes wrong any more.
	settleTimeout = 5 * time.Minute
)

// growth is by how much a figure may be larger at the end than it was early on: by
// a factor, and by an amount that the garbage collector and a peak of requests
// explain.
type growth struct {
	factor float64
	amount float64
}

// What may grow in a long run. In a short one caches are still being filled.
var (
	long  = map[string]growth{figureHeap: {1.15, 8 << 20}, figureResident: {1.25, 32 << 20}, figureGoroutines: {1.2, 50}}
	short = map[string]growth{figureHeap: {2, 32 << 20}, figureResident: {2, 96 << 20}, figureGoroutines: {2, 200}}
)

// longEnough is from when on a run is a long one.
const longEnough = 10 * time.Minute

// Figures of the process.
const (
	figureHeap       = "heap after a garbage collection"
	figureResident   = "resident memory"
	figureGoroutines = "goroutines"
)

// TestEndurance polls tokens and container namespaces while requests to Scaleway
// and to the API server fail at random, and some of the objects are replaced by
// others. The memory of the process must not grow.
//
//	ENDURANCE=1h go test ./cluster/test/endurance -v -timeout 90m
//
// runs it for an hour, with 1,000 objects, and prints the figures at 10, 30 and 60
// minutes. ENDURANCE_OBJECTS is another number of objects, and ENDURANCE_POLL
// another interval than 10s.
func TestEndurance(t *testing.T) {
	duration, objects, poll := options(t)

	e := framework.New(t, fakescaleway.WithRequestLog(1000))
	proxy := e.StartProxy()
	metrics, profiles := e.FreeAddress(), e.FreeAddress()

	p := e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()), framework.WithArgs(
		"--poll-interval="+poll.String(), "--poll-jitter="+(poll/4).String(), "--request-timeout=2s", "--max-reconcile-rate=300",
		"--metrics-bind-address="+metrics, "--pprof", "--pprof-bind-address="+profiles,
	))

	r := &run{Env: e, t: t, proxy: proxy, parent: e.CreateParent(), rnd: rand.New(rand.NewPCG(1, 2))}

	t.Logf("%d objects, polled every %s, for %s", objects, poll, duration)

	for range objects {
		r.add()
	}

	r.settle(objects)

	measure := func() map[string]float64 { return figures(t, e, p, metrics, profiles) }
	started := time.Now()
	before := e.Scaleway.Count("", "")

	var early, last map[string]float64
	var requests int

	for _, at := range []time.Duration{0, duration / 6, duration / 2, duration} {
		for time.Since(started) < at {
			r.disturb()
			time.Sleep(pause)
		}

		f := measure()
		requests = e.Scaleway.Count("", "") - before
		t.Logf("after %8s: %s %6.1f MiB, %s %6.1f MiB, %5.0f %s, %d requests to Scaleway", time.Since(started).Round(time.Second),
			figureResident, f[figureResident]/(1<<20), figureHeap, f[figureHeap]/(1<<20), f[figureGoroutines], figureGoroutines, requests)

		if last = f; at == duration/6 {
			early = f
		}
	}

	allowed := short
	if duration >= longEnough {
		allowed = long
	}

	for name, g := range allowed {
		limit := early[name]*g.factor + g.amount
		verdict := "has not grown"

		if last[name] > limit {
			verdict = "has grown"
			t.Errorf("%s: %.0f after %s, and %.0f in the end: want at most %.0f", name, early[name], duration/6, last[name], limit)
		}

		t.Logf("%s %s: %.3g, then %.3g", name, verdict, early[name], last[name])
	}

	// What is hardly asked for anything does not grow either.
	if polls := float64(objects) * duration.Seconds() / poll.Seconds(); float64(requests) < polls/2 {
		t.Errorf("%d requests to Scaleway: want at least half of the %.0f polls that there is time for", requests, polls)
	}

	for _, f := range r.faults {
		f.Remove()
	}

	r.settle(objects)
}

// options of the run.
func options(t *testing.T) (duration time.Duration, objects int, poll time.Duration) {
	t.Helper()

	duration, objects, poll = shortly, fewObjects, time.Second

	var err error

	if s := os.Getenv("ENDURANCE"); s != "" {
		objects, poll = manyObjects, 10*time.Second

		if duration, err = time.ParseDuration(s); err != nil {
			t.Fatalf("ENDURANCE: %v", err)
		}
	}

	if s := os.Getenv("ENDURANCE_OBJECTS"); s != "" {
		if objects, err = strconv.Atoi(s); err != nil {
			t.Fatalf("ENDURANCE_OBJECTS: %v", err)
		}
	}

	if s := os.Getenv("ENDURANCE_POLL"); s != "" {
		if poll, err = time.ParseDuration(s); err != nil {
			t.Fatalf("ENDURANCE_POLL: %v", err)
		}
	}

	return duration, objects, poll
}

// A run of the test.
type run struct {
	*framework.Env

	t       *testing.T
	proxy   *framework.Proxy
	parent  string
	rnd     *rand.Rand
	objects []client.Object
	created int
	faults  []*fakescaleway.InjectedFault
}

// add an object: a token, or one time out of four a container namespace. It has a
// name that none had before, as those of a composition do.
func (r *run) add() {
	name := fmt.Sprintf("object-%d", r.created)
	r.created++

	var o client.Object = r.NewToken(name, r.parent)

	if r.created%4 == 0 {
		ns := &v1beta1.ContainerNamespace{}
		r.Place(ns, name)
		ns.Spec.ForProvider = v1beta1.ContainerNamespaceParameters{Name: &name}
		o = ns
	}

	r.Create(o)
	r.objects = append(r.objects, o)
}

// settle waits until all objects are Ready and Synced, and nothing else is there.
func (r *run) settle(objects int) {
	r.t.Helper()

	wanted := map[fakescaleway.Kind]int{}

	for _, o := range r.objects {
		if _, ok := o.(*v1beta1.Token); ok {
			wanted[fakescaleway.KindToken]++
		} else {
			wanted[fakescaleway.KindNamespace]++
		}
	}

	wanted[fakescaleway.KindNamespace]++ // The parent of the tokens.

	lack := ""

	for deadline := time.Now().Add(settleTimeout); time.Now().Before(deadline); time.Sleep(time.Second) {
		alive := r.Scaleway.Alive()
		ready := r.ready()
		lack = fmt.Sprintf("%d of %d objects are Ready and Synced; at Scaleway are %v, want %v", ready, objects, alive, wanted)

		if ready == objects && alive[fakescaleway.KindToken] == wanted[fakescaleway.KindToken] && alive[fakescaleway.KindNamespace] == wanted[fakescaleway.KindNamespace] {
			return
		}
	}

	r.t.Fatalf("waited %s: %s", settleTimeout, lack)
}

// ready returns how many objects are Ready and Synced.
func (r *run) ready() int {
	r.t.Helper()

	n := 0
	tokens, namespaces := &v1beta1.TokenList{}, &v1beta1.ContainerNamespaceList{}

	for _, l := range []client.ObjectList{tokens, namespaces} {
		if err := r.Client.List(r.t.Context(), l, client.InNamespace(r.Namespace)); err != nil {
			r.t.Fatal(err)
		}
	}

	for i := range tokens.Items {
		if tk := &tokens.Items[i]; tk.GetCondition("Ready").Status == "True" && tk.GetCondition("Synced").Status == "True" {
			n++
		}
	}

	for i := range namespaces.Items {
		if ns := &namespaces.Items[i]; ns.GetCondition("Ready").Status == "True" && ns.GetCondition("Synced").Status == "True" {
			n++
		}
	}

	return n
}

// faults of requests to Scaleway.
var faults = []fakescaleway.Fault{
	{Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`},
	{Status: http.StatusBadGateway, Apply: true},
	{Status: http.StatusTooManyRequests, Body: `{"message":"too many requests"}`},
	{Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`},
	{DropBefore: true},
	{DropAfter: true},
	{Hang: true},
	{Delay: 200 * time.Millisecond},
}

// disturb lets something go wrong, or replaces an object, or does nothing.
func (r *run) disturb() {
	switch r.rnd.IntN(20) {
	case 0:
		r.proxy.Down()
		time.Sleep(pause)
		r.proxy.Up()
	case 1, 2, 3, 4:
		i := r.rnd.IntN(len(r.objects))
		if err := r.Client.Delete(r.t.Context(), r.objects[i]); err != nil {
			r.t.Fatal(err)
		}

		r.objects[i] = r.objects[len(r.objects)-1]
		r.objects = r.objects[:len(r.objects)-1]
		r.add()
	case 5, 6, 7, 8, 9:
		f := faults[r.rnd.IntN(len(faults))]
		f.Times = 1 + r.rnd.IntN(2)
		r.faults = append(r.faults, r.Scaleway.Inject(f))

		if len(r.faults) > mostFaults {
			r.faults[0].Remove()
			r.faults = r.faults[1:]
		}
	}
}

// samples of each figure, of which the smallest counts: between the collection of
// garbage and the look at the memory there is new garbage.
const samples = 5

// figures of the process, just after a garbage collection.
func figures(t *testing.T, e *framework.Env, p *framework.Provider, metrics, profiles string) map[string]float64 {
	t.Helper()

	least := sample(t, e, p, metrics, profiles)

	for range samples - 1 {
		for name, f := range sample(t, e, p, metrics, profiles) {
			least[name] = min(least[name], f)
		}
	}

	return least
}

func sample(t *testing.T, e *framework.Env, p *framework.Provider, metrics, profiles string) map[string]float64 {
	t.Helper()

	if status, _ := e.Fetch(profiles, "/debug/pprof/heap?gc=1"); status != http.StatusOK {
		t.Fatalf("cannot have garbage collected: %d", status)
	}

	f := map[string]float64{figureResident: float64(p.Usage().Resident)}

	for line := range strings.SplitSeq(e.Metrics(metrics), "\n") {
		for metric, figure := range map[string]string{"go_memstats_heap_alloc_bytes ": figureHeap, "go_goroutines ": figureGoroutines} {
			if value, ok := strings.CutPrefix(line, metric); ok {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil {
					t.Fatal(err)
				}

				f[figure] = n
			}
		}
	}

	if len(f) != 3 {
		t.Fatalf("figures of the process are missing: %v", f)
	}

	return f
}
