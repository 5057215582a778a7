// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

const (
	// Tokens and seeds, unless the environment says otherwise.
	defaultTokens = 40
	defaultSeeds  = 1

	// requestTimeout of the provider. What it waits for follows from that.
	requestTimeout = time.Second

	// faultsPerToken, and how long there is none between two.
	faultsPerToken = 2
	maxPause       = 300 * time.Millisecond

	// settleTimeout is how long everything may take once the faults have stopped.
	settleTimeout = 3 * time.Minute

	// settleInterval is how long it waits between two looks at all tokens.
	settleInterval = 500 * time.Millisecond

	// pageLimit has lists be of several pages.
	pageLimit = 7
)

// TestSoak creates tokens, and deletes every third of them before it can be
// Ready, while requests to Scaleway and to the API server go wrong at random, lists lack
// what there is, credentials are others, annotations are removed or put back, and the
// provider is killed, all at random.
//
//	SOAK_TOKENS=200 SOAK_SEED=1 SOAK_SEEDS=20 go test ./cluster/test/soak -v -timeout 2h
//
// runs it with 200 tokens, and with the seeds from 1 to 20. Without SOAK_SEED
// there is a new one. A seed makes the same things go wrong in the same order,
// though not at the same moments.
func TestSoak(t *testing.T) {
	tokens, seeds := framework.Number(t, "SOAK_TOKENS", defaultTokens), framework.Number(t, "SOAK_SEEDS", defaultSeeds)
	first := framework.Number(t, "SOAK_SEED", rand.IntN(1e6))

	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { soak(t, seed, tokens) })
	}
}

// A run of the soak.
type run struct {
	*framework.Env

	t        *testing.T
	rnd      *rand.Rand
	proxy    *framework.Proxy
	provider *framework.Provider
	faults   []*fakescaleway.InjectedFault

	// done is how often something went wrong, by what it was.
	done map[string]int

	// tokens that were created. Those that are to go are doomed, and those attacked whose
	// annotations somebody has changed so that a person may be needed.
	tokens           []*v1beta1.Token
	doomed, attacked map[types.UID]bool
}

// Names of Tokens that are deleted while things go wrong begin with the one, and
// of those that are not with the other.
const (
	doomed = "doomed"
	stays  = "stays"
)

func soak(t *testing.T, seed, tokens int) {
	e := framework.New(t, fakescaleway.WithRequestLog(1<<20), fakescaleway.WithPageLimit(pageLimit))
	r := &run{
		Env: e, t: t, proxy: e.StartProxy(), done: map[string]int{}, doomed: map[types.UID]bool{}, attacked: map[types.UID]bool{},
		rnd: rand.New(rand.NewPCG(uint64(seed), 0)),
	}
	parent := e.CreateParent()

	r.start()

	var waiting []*v1beta1.Token // For their deletion.

	for i := range tokens {
		tk := e.NewToken(fmt.Sprintf("%s-%d", stays, i), parent)
		if i%3 == 0 {
			tk = e.NewToken(fmt.Sprintf("%s-%d", doomed, i), parent)
			waiting = append(waiting, tk)
		}

		e.Create(tk)
		r.tokens = append(r.tokens, tk)

		for range faultsPerToken {
			r.revive()
			r.disturb()
			time.Sleep(time.Duration(r.rnd.Int64N(int64(maxPause))))
		}

		if len(waiting) > 0 && r.rnd.IntN(2) == 0 {
			i := r.rnd.IntN(len(waiting))
			r.delete(waiting[i])
			waiting = slices.Delete(waiting, i, i+1)
		}
	}

	for _, tk := range waiting {
		r.delete(tk)
	}

	for _, f := range r.faults {
		f.Remove()
	}

	e.Scaleway.SetListDelay(0)

	r.settle(fmt.Sprintf("seed %d: %d tokens; what went wrong: %v", seed, tokens, r.done))

	if err := e.Client.DeleteAllOf(t.Context(), &v1beta1.Token{}, client.InNamespace(e.Namespace)); err != nil {
		t.Fatal(err)
	}

	for _, tk := range r.tokens {
		r.doomed[tk.GetUID()] = true
	}

	r.settle("after the deletion of everything")
}

// settle waits until each token is as it is promised, and fails the test with those that
// are not.
func (r *run) settle(when string) {
	r.t.Helper()

	var wrong []string

	outcomes := map[framework.Outcome]int{}

	for deadline := time.Now().Add(settleTimeout); ; time.Sleep(settleInterval) {
		r.revive()

		wrong = wrong[:0]
		clear(outcomes)

		live := r.LiveMinted(framework.Tokens, "")

		for _, tk := range r.tokens {
			v := r.Judge(framework.Tokens, tk, othersThan(tk.GetUID(), live)...)
			outcomes[v.Outcome()]++

			if !r.right(tk, v) {
				wrong = append(wrong, tk.GetName()+": "+v.Summary())
			}
		}

		if len(wrong) == 0 || time.Now().After(deadline) {
			break
		}
	}

	r.t.Logf("%s; outcomes: %v", when, outcomes)

	for _, w := range wrong {
		r.t.Error(w)
	}

	known := map[types.UID]bool{}
	for _, tk := range r.tokens {
		known[tk.GetUID()] = true
	}

	for _, l := range r.LiveMinted(framework.Tokens, "") {
		if !known[l.Mark.UID] {
			r.t.Errorf("%s is alive, and its mark %s is that of no Token", l.Name, l.Mark)
		}
	}

	if repeated := r.Audit().Repeated(); len(repeated) > 0 {
		r.t.Errorf("attempts that sent more than one request: %v", repeated)
	}
}

// othersThan returns the external names of what does not have the mark of the UID.
func othersThan(uid types.UID, live []framework.Live) []string {
	var names []string

	for _, l := range live {
		if l.Mark.UID != uid {
			names = append(names, l.Name)
		}
	}

	return names
}

// right tells whether the verdict is one that is promised. Whoever takes the record of an
// object away, or puts an old one in its place, may be told what to do.
func (r *run) right(tk *v1beta1.Token, v framework.Verdict) bool {
	outcome := v.Outcome()

	switch {
	case r.attacked[tk.GetUID()] && outcome == framework.OutcomeSaid:
		return true
	case r.doomed[tk.GetUID()]:
		return outcome == framework.OutcomeNone || outcome == framework.OutcomeLeft
	case v.Announced:
		return outcome == framework.OutcomeSaid && len(v.Alive) == 1 && v.Alive[0] == v.Named
	default:
		return outcome == framework.OutcomeOne
	}
}

// start the provider.
func (r *run) start() {
	r.provider = r.StartProvider(framework.WithKubeconfig(r.proxy.Kubeconfig()),
		framework.WithArgs("--request-timeout="+requestTimeout.String(), "--poll-interval=5s"))
}

// revive the provider if it has ended, as a kubelet does. One that starts while the
// API server is away ends, because it cannot learn which kinds there are.
func (r *run) revive() {
	if r.provider.Ended() {
		r.done["ended by itself"]++
		r.start()
	}
}

// delete a Token, and do not wait until it is gone.
func (r *run) delete(tk *v1beta1.Token) {
	r.doomed[tk.GetUID()] = true

	if err := r.Client.Delete(r.t.Context(), tk); err != nil {
		r.t.Fatal(err)
	}
}

// disturb lets something go wrong.
func (r *run) disturb() {
	switch n := r.rnd.IntN(26); n {
	case 0, 1:
		r.done["kill -9"]++
		r.provider.Kill()
		r.start()
	case 2:
		r.done["API server away"]++
		r.proxy.Down()
		r.pause(time.Second)
		r.proxy.Up()
	case 3, 4, 5:
		matches := []framework.Match{framework.RecordsAttempt, framework.PublishesSecret, framework.StoresExternalName("")}
		r.done["write to Kubernetes dropped"]++
		r.proxy.Hold(matches[r.rnd.IntN(len(matches))]).Drop()
	case 6, 7:
		r.done["POST applied late"]++
		r.appliedLate()
	case 8:
		r.done["credentials of another organization"]++
		r.Rotate(r.Credentials(r.Scaleway.NewKey()))
		r.pause(2 * time.Second)
		r.Rotate(r.Credentials(r.Key))
	case 9:
		r.done["credentials rotated"]++
		old := r.Key.SecretKey
		r.Key = r.NewKey()
		r.Rotate(r.Credentials(r.Key))
		r.Scaleway.RevokeKey(old)
	case 10:
		r.done["lists behind"]++
		r.Scaleway.SetListDelay(time.Duration(r.rnd.Int64N(int64(3 * time.Second))))
	case 11, 12, 13:
		r.annotate()
	default:
		r.fault()
	}
}

// pause for at most that long.
func (r *run) pause(most time.Duration) {
	time.Sleep(time.Duration(r.rnd.Int64N(int64(most))))
}

// annotate removes an annotation of some Token, or all, or has those that it had before
// put back.
func (r *run) annotate() {
	tk, what := r.tokens[r.rnd.IntN(len(r.tokens))], r.rnd.IntN(7)
	saved := tk.GetAnnotations() // As they were created, or found by the last attack.

	var gone bool

	change := func(fn func()) {
		for {
			err := r.Client.Get(r.t.Context(), client.ObjectKeyFromObject(tk), tk)
			if err == nil {
				fn()
				err = r.Client.Update(r.t.Context(), tk)
			}

			if gone = kerrors.IsNotFound(err); err == nil || gone {
				return
			}

			if !kerrors.IsConflict(err) {
				r.t.Fatal(err)
			}
		}
	}

	one := []string{meta.AnnotationKeyExternalCreatePending, meta.AnnotationKeyExternalCreateSucceeded, meta.AnnotationKeyExternalCreateFailed, meta.AnnotationKeyExternalName, ledger.AnnotationRecord}
	uid := tk.GetUID()

	switch {
	case what < len(one):
		change(func() { meta.RemoveAnnotations(tk, one[what]) })
		r.attacked[uid] = r.attacked[uid] || one[what] == ledger.AnnotationRecord
	case what == len(one):
		change(func() { tk.SetAnnotations(nil) })
		r.attacked[uid] = true
	default:
		change(func() { tk.SetAnnotations(maps.Clone(saved)) })
		r.attacked[uid] = true
	}

	r.done["annotations changed"]++
}

// A request to Scaleway for tokens, and what goes wrong with no other.
type request struct {
	method, route string
	faults        []fakescaleway.Fault
}

const notFound = `{"message":"Token was not found"}`

var requests = []request{
	// Minting comes first, and more often.
	{method: http.MethodPost, route: fakescaleway.RouteTokens},
	{method: http.MethodPost, route: fakescaleway.RouteTokens},
	{http.MethodGet, fakescaleway.RouteToken, []fakescaleway.Fault{
		{Times: 1, Status: http.StatusNotFound, Body: notFound},
	}},
	{http.MethodGet, fakescaleway.RouteTokens, []fakescaleway.Fault{
		{Times: 1, Status: http.StatusNotFound, Body: notFound},
		{Times: 1, Edit: fakescaleway.ListWithoutItems()},
		{Times: 1, Edit: fakescaleway.ListMiscounted(-5)},
		{Times: 1, Edit: fakescaleway.ListWithout(func(map[string]any) bool { return true })},
	}},
	{http.MethodDelete, fakescaleway.RouteToken, []fakescaleway.Fault{
		{Times: 1, Status: http.StatusNotFound, Body: notFound},
		{Times: 1, Status: http.StatusNoContent},
	}},
}

// faults of any of them.
var faults = []fakescaleway.Fault{
	{Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`},
	{Status: http.StatusBadGateway, Apply: true},
	{DropBefore: true},
	{DropAfter: true},
	{Hang: true},
	{Hang: true, Apply: true},
	{Status: http.StatusTooManyRequests, Body: `{"message":"too many requests"}`},
	{Status: http.StatusForbidden, Body: `{"message":"insufficient permissions"}`},
	{Status: http.StatusConflict, Body: `{"message":"resource is in a transient state"}`},
	{Status: http.StatusOK, Apply: true, Body: `{"id":"`},
}

// fault lets the next requests of some kind fail.
func (r *run) fault() {
	req := requests[r.rnd.IntN(len(requests))]
	all := slices.Concat(req.faults, req.faults, faults) // What is its own comes twice as often.
	f := all[r.rnd.IntN(len(all))]
	f.Method, f.Route, f.Times = req.method, req.route, cmp.Or(f.Times, 1+r.rnd.IntN(3))

	r.done[f.Method+" fails"]++
	r.faults = append(r.faults, r.Scaleway.Inject(f))
}

// appliedLate lets the next request that mints a token be applied when nobody
// waits for it any more. That is not for Tokens that are deleted meanwhile: what
// is applied after its object is gone can be revoked by nobody.
func (r *run) appliedLate() {
	late := r.Scaleway.Inject(fakescaleway.Fault{
		Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, Hold: true,
		Match: func(req *http.Request) bool {
			body, err := io.ReadAll(req.Body)
			return err == nil && bytes.Contains(body, []byte(`"`+stays+"-"))
		},
	})
	after := requestTimeout + time.Duration(r.rnd.Int64N(int64(3*requestTimeout)))

	go func() {
		select {
		case <-late.Arrived():
			time.Sleep(after)
			late.Release()
		case <-r.t.Context().Done():
		}
	}()

	r.faults = append(r.faults, late)
}
