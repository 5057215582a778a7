// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
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
)

// TestSoak creates tokens, and deletes every third of them before it can be
// Ready, while requests to Scaleway and to the API server go wrong at random and
// the provider is killed at random.
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
}

// Names of Tokens that are deleted while things go wrong begin with the one, and
// of those that are not with the other.
const (
	doomed = "doomed"
	stays  = "stays"
)

func soak(t *testing.T, seed, tokens int) {
	e := framework.New(t, fakescaleway.WithRequestLog(1<<20))
	r := &run{
		Env: e, t: t, proxy: e.StartProxy(), done: map[string]int{},
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

	kept := tokens - (tokens+2)/3
	a := e.Settle(settleTimeout, func(a framework.Audit) bool {
		r.revive()
		return a.Accounted() && len(a.Named) == kept
	})
	t.Logf("seed %d: %s; what went wrong: %v", seed, a.Summary(), r.done)

	if !a.Accounted() || len(a.Named) != kept {
		t.Errorf("want %d tokens, each alive, named, and published or announced as lost", kept)
	}

	for _, tk := range e.Scaleway.Tokens("") {
		if name := tk.Region + "/" + tk.ID; !slices.Contains(a.Named, name) {
			t.Errorf("%s is alive and named by no object; its description is %q", name, tk.Description)
		}
	}

	if repeated := a.Repeated(); len(repeated) > 0 {
		t.Errorf("attempts that sent more than one request: %v", repeated)
	}

	if err := e.Client.DeleteAllOf(t.Context(), &v1beta1.Token{}, client.InNamespace(e.Namespace)); err != nil {
		t.Fatal(err)
	}

	a = e.Settle(settleTimeout, func(a framework.Audit) bool {
		r.revive()
		return len(a.Named)+len(a.Waiting)+len(a.Alive) == 0
	})
	if len(a.Named)+len(a.Waiting)+len(a.Alive) > 0 {
		t.Errorf("everything was deleted, and there are: %s", a.Summary())
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
	if err := r.Client.Delete(r.t.Context(), tk); err != nil {
		r.t.Fatal(err)
	}
}

// disturb lets something go wrong.
func (r *run) disturb() {
	switch n := r.rnd.IntN(20); n {
	case 0, 1:
		r.done["kill -9"]++
		r.provider.Kill()
		r.start()
	case 2:
		r.done["API server away"]++
		r.proxy.Down()
		time.Sleep(time.Duration(r.rnd.Int64N(int64(time.Second))))
		r.proxy.Up()
	case 3, 4, 5:
		matches := []framework.Match{framework.RecordsAttempt, framework.PublishesSecret, framework.StoresExternalName("")}
		r.done["write to Kubernetes dropped"]++
		r.proxy.Hold(matches[r.rnd.IntN(len(matches))]).Drop()
	case 6, 7:
		r.done["POST applied late"]++
		r.appliedLate()
	default:
		r.fault()
	}
}

// requests to Scaleway for tokens.
var requests = []struct{ method, route string }{
	// Minting comes first, and more often.
	{http.MethodPost, fakescaleway.RouteTokens},
	{http.MethodPost, fakescaleway.RouteTokens},
	{http.MethodGet, fakescaleway.RouteToken},
	{http.MethodGet, fakescaleway.RouteTokens},
	{http.MethodDelete, fakescaleway.RouteToken},
}

// faults of any of them. There is no 404: an API that does not find a token, and
// answers for the others, is believed.
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
	req, f := requests[r.rnd.IntN(len(requests))], faults[r.rnd.IntN(len(faults))]
	f.Method, f.Route, f.Times = req.method, req.route, 1+r.rnd.IntN(3)

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
