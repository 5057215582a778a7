// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	configv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

const (
	// patience is how long a phase may take for each token, and at least.
	patience    = 200 * time.Millisecond
	minPatience = 3 * time.Minute

	// idle is how long the provider does nothing before its idle memory is read: then it
	// has given back what only its start has needed.
	idle = 15 * time.Second
	// quiet is how long nothing may happen before a phase has ended.
	quiet = 2 * time.Second

	// pollsPerSecond is how often the provider is made to observe in the steady
	// phase, as long as the interval is at least minInterval.
	pollsPerSecond = 20
	minInterval    = 5 * time.Second
	maxInterval    = 10 * time.Minute

	// steadyPolls are observed in the steady phase, and steadyTime is its longest.
	steadyPolls = 1000
	steadyTime  = time.Minute

	// profileTime is how much of a phase is in its profile.
	profileTime = 30 * time.Second
)

// A phase is what the provider has used in a part of its life.
type phase struct {
	Wall, CPU time.Duration
	// Requests to Scaleway, by method, and calls of Kubernetes, by verb and resource.
	Requests, Calls map[string]float64
}

type providerResult struct {
	Started, Idle                 process.Usage
	Created, Steady               process.Usage
	FirstReconcile                time.Duration
	Create, Restart, Poll, Delete phase
	// Polls is how many observations there were in the phase Poll, and Interval the
	// flag.
	Polls    float64
	Interval time.Duration
}

// A subject is the provider with all that is measured of it.
type subject struct {
	*framework.Env

	t      *testing.T
	kube   client.WithWatch
	audit  *auditReader
	parent string

	// rest is how long the provider may take to come to rest: Kubernetes deletes what
	// belonged to tokens that are gone at a rate of its own.
	rest time.Duration

	// profiles is where CPU profiles are written, if anywhere, and pprof the address
	// that serves them: BENCH_PROFILES.
	profiles, pprof string
}

func newSubject(t *testing.T, e *framework.Env, parent string) *subject {
	t.Helper()

	cfg := e.Config()
	cfg.QPS = -1

	kube, err := client.NewWithWatch(cfg, client.Options{Scheme: e.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}

	sub := &subject{Env: e, t: t, kube: kube, audit: readAudit(t, e), parent: parent, profiles: os.Getenv("BENCH_PROFILES")}
	if sub.profiles != "" {
		sub.pprof = e.FreeAddress()
	}

	return sub
}

// defaults starts the provider as a user does, but for the addresses: with the
// default of each flag, and for all namespaces.
func (s *subject) defaults(cmd *exec.Cmd) {
	cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool {
		return strings.HasPrefix(arg, "--watch-namespace") || strings.HasPrefix(arg, "--poll")
	})

	cmd.Env = append(cmd.Env, strings.Fields(os.Getenv("BENCH_ENV"))...)

	if s.profiles != "" {
		cmd.Args = append(cmd.Args, "--pprof", "--pprof-bind-address="+s.pprof)
	}
}

// profiled calls fn, and writes a CPU profile of the provider from its beginning on
// if one is asked for.
func (s *subject) profiled(name string, fn func()) {
	s.t.Helper()

	if s.profiles == "" {
		fn()
		return
	}

	done := make(chan error, 1)

	go func() {
		done <- s.fetch(fmt.Sprintf("profile?seconds=%d", int(profileTime.Seconds())), name+".pprof")
	}()

	fn()

	if err := <-done; err != nil {
		s.t.Errorf("cannot profile: %v", err)
	}
}

// fetch a profile of the provider into a file.
func (s *subject) fetch(profile, file string) error {
	resp, err := http.Get("http://" + s.pprof + "/debug/pprof/" + profile)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}

	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, b)
	}

	return os.WriteFile(filepath.Join(s.profiles, file), b, 0o600)
}

// every makes the provider poll in that interval.
func every(interval time.Duration) framework.ProviderOption {
	return framework.WithArgs("--poll-interval="+interval.String(), "--poll-jitter="+(interval/20).String())
}

// run measures the life of n tokens, of which so many are observed in the steady
// phase.
func (s *subject) run(r *providerResult, n, polls int) {
	s.t.Helper()

	limit := max(minPatience, time.Duration(n)*patience)
	s.rest = limit

	p := s.StartProvider(s.defaults)
	s.settle(p)
	s.audit.next(s.t)

	r.Started = p.Usage()

	time.Sleep(idle)

	r.Idle = p.Usage()

	r.Create = s.measure(p, func() { s.profiled("create", func() { s.create(n, limit) }) })
	r.Created = p.Usage()
	p.Stop()

	started := time.Now()
	s.Scaleway.ResetRequests()
	p = s.StartProvider(s.defaults)

	r.Restart = s.measureFrom(p, 0, func() { s.awaitReads(n, limit) })
	r.FirstReconcile = s.Scaleway.Requests()[0].Time.Sub(started)
	p.Stop()

	r.Interval = min(max(minInterval, time.Duration(n)*time.Second/pollsPerSecond), maxInterval)
	s.Scaleway.ResetRequests()
	p = s.StartProvider(s.defaults, every(r.Interval))
	s.awaitReads(n, limit)
	time.Sleep(quiet)

	// The first of all are due an interval after the first of all has been read.
	s.Scaleway.ResetRequests()
	s.awaitReads(1, r.Interval+minPatience)

	s.audit.next(s.t)
	s.Scaleway.ResetRequests()

	// It never comes to rest: what begins in this time counts.
	r.Poll = s.during(p, p.Usage().CPU, func() { s.profiled("poll", func() { s.awaitReads(polls, steadyTime) }) })
	r.Polls = r.Poll.Requests[http.MethodGet]
	r.Steady = p.Usage()

	if s.profiles != "" {
		// The text ends with what the runtime knows of its memory.
		for file, profile := range map[string]string{"heap.txt": "heap?debug=1", "heap.pprof": "heap?gc=1"} {
			if err := s.fetch(profile, file); err != nil {
				s.t.Errorf("cannot profile: %v", err)
			}
		}
	}

	p.Stop()
	p = s.StartProvider(s.defaults)
	s.awaitReads(n, limit)
	s.settle(p)
	s.audit.next(s.t)

	var gone time.Duration

	started = time.Now()
	r.Delete = s.measure(p, func() {
		s.profiled("delete", func() { s.deleteAll(limit) })

		gone = time.Since(started)

		s.deleteOwned()
	})
	r.Delete.Wall = gone

	// The provider of another run would check it.
	s.Delete(&configv1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: "default"}})
	p.Stop()
}

// measure what the provider uses while fn runs, and until all has settled.
func (s *subject) measure(p *framework.Provider, fn func()) phase {
	s.t.Helper()
	s.Scaleway.ResetRequests()

	return s.measureFrom(p, p.Usage().CPU, fn)
}

// measureFrom is measure, of a process that had used that much CPU time before.
func (s *subject) measureFrom(p *framework.Provider, cpu time.Duration, fn func()) phase {
	s.t.Helper()

	var wall time.Duration

	ph := s.during(p, cpu, func() {
		start := time.Now()

		fn()

		wall = time.Since(start)

		s.settle(p)
	})
	ph.Wall = wall

	return ph
}

// during measures what the provider uses while fn runs.
func (s *subject) during(p *framework.Provider, cpu time.Duration, fn func()) phase {
	s.t.Helper()

	start := time.Now()

	fn()

	ph := phase{Wall: time.Since(start)}
	ph.CPU = p.Usage().CPU - cpu
	ph.Requests = map[string]float64{}

	for k, n := range s.Scaleway.Counts() {
		method, _, _ := strings.Cut(k, " ")
		ph.Requests[method] += float64(n)
	}

	ph.Calls = s.audit.next(s.t)

	return ph
}

// settle waits until the provider does nothing any more: it uses next to no CPU
// time, and makes no request.
func (s *subject) settle(p *framework.Provider) {
	s.t.Helper()

	const next = 20 * time.Millisecond

	for deadline := time.Now().Add(max(s.rest, minPatience)); time.Now().Before(deadline); {
		cpu, requests := p.Usage().CPU, s.Scaleway.Count("", "")
		time.Sleep(quiet)

		if p.Usage().CPU-cpu <= next && s.Scaleway.Count("", "") == requests {
			return
		}
	}

	s.t.Fatal("the provider does not come to rest")
}

// awaitReads waits until the provider has read that many tokens, or the time has
// passed.
func (s *subject) awaitReads(n int, limit time.Duration) {
	for deadline := time.Now().Add(limit); s.Scaleway.Count(http.MethodGet, fakescaleway.RouteToken) < n && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
}

// create n tokens, and wait until all are Ready.
func (s *subject) create(n int, limit time.Duration) {
	s.t.Helper()

	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()

	ready := map[string]bool{}
	done := s.follow(ctx, func(_ watch.Event, tk *v1beta1.Token) bool {
		if isReady(tk) {
			ready[tk.GetName()] = true
		}

		return len(ready) == n
	})

	s.parallel(n, func(i int) error { return s.kube.Create(ctx, s.NewToken(fmt.Sprintf("t%d", i), s.parent)) })

	if err := <-done; err != nil {
		s.t.Fatalf("%d of %d tokens are Ready: %v", len(ready), n, err)
	}
}

// deleteAll deletes all tokens, and waits until they are gone.
func (s *subject) deleteAll(limit time.Duration) {
	s.t.Helper()

	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()

	tokens, left := s.list(ctx, v1beta1.Token_GroupVersionKind), map[string]bool{}

	for _, o := range tokens {
		left[o.GetName()] = true
	}

	done := s.follow(ctx, func(ev watch.Event, tk *v1beta1.Token) bool {
		if ev.Type == watch.Deleted {
			delete(left, tk.GetName())
		}

		return len(left) == 0
	})

	s.deleteEach(ctx, tokens)

	if err := <-done; err != nil {
		s.t.Fatalf("%d tokens are left: %v", len(left), err)
	}
}

// deleteOwned deletes what belongs to tokens that are gone. Kubernetes does so at about ten
// a second, which would be measured with what comes next.
func (s *subject) deleteOwned() {
	s.t.Helper()

	for _, gvk := range []schema.GroupVersionKind{configv1beta1.ProviderConfigUsageGroupVersionKind, corev1.SchemeGroupVersion.WithKind("Secret")} {
		s.deleteEach(s.t.Context(), slices.DeleteFunc(s.list(s.t.Context(), gvk), func(o metav1.PartialObjectMetadata) bool {
			return metav1.GetControllerOf(&o) == nil
		}))
	}
}

// list what there is of a kind.
func (s *subject) list(ctx context.Context, gvk schema.GroupVersionKind) []metav1.PartialObjectMetadata {
	s.t.Helper()

	l := &metav1.PartialObjectMetadataList{}
	l.SetGroupVersionKind(gvk)

	if err := s.kube.List(ctx, l, client.InNamespace(s.Namespace)); err != nil {
		s.t.Fatal(err)
	}

	return l.Items
}

// deleteEach of the objects: one request for all would take longer than the kube-apiserver
// lets one take.
func (s *subject) deleteEach(ctx context.Context, objects []metav1.PartialObjectMetadata) {
	s.t.Helper()
	s.parallel(len(objects), func(i int) error { return client.IgnoreNotFound(s.kube.Delete(ctx, &objects[i])) })
}

// follow what happens to tokens until the function returns true.
func (s *subject) follow(ctx context.Context, fn func(watch.Event, *v1beta1.Token) bool) <-chan error {
	s.t.Helper()

	l := &metav1.PartialObjectMetadataList{}
	l.SetGroupVersionKind(v1beta1.Token_GroupVersionKind)

	if err := s.kube.List(ctx, l, client.InNamespace(s.Namespace), client.Limit(1)); err != nil {
		s.t.Fatal(err)
	}

	// A busy kube-apiserver may end a watch at any time.
	w, err := watchtools.NewRetryWatcherWithContext(ctx, l.GetResourceVersion(), &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return s.kube.Watch(ctx, &v1beta1.TokenList{}, client.InNamespace(s.Namespace), &client.ListOptions{Raw: &o})
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}

	done := make(chan error, 1)

	go func() {
		defer w.Stop()

		for ev := range w.ResultChan() {
			if tk, ok := ev.Object.(*v1beta1.Token); ok && fn(ev, tk) {
				done <- nil
				return
			}
		}

		done <- fmt.Errorf("the watch has ended: %w", context.Cause(ctx))
	}()

	return done
}

func isReady(tk *v1beta1.Token) bool {
	return tk.GetCondition(xpv1.TypeReady).Status == corev1.ConditionTrue && tk.GetCondition(xpv1.TypeSynced).Status == corev1.ConditionTrue
}

// parallel calls fn with the numbers below n, from several goroutines.
func (s *subject) parallel(n int, fn func(int) error) {
	s.t.Helper()

	var wg sync.WaitGroup

	next := make(chan int)

	for range loopWorkers {
		wg.Go(func() {
			for i := range next {
				if err := fn(i); err != nil {
					s.t.Error(err)
				}
			}
		})
	}

	for i := range n {
		next <- i
	}

	close(next)
	wg.Wait()
}
