// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

const (
	leaseName = "crossplane-leader-election-provider-upjet-scaleway"

	live  = "/healthz"
	ready = "/readyz"
)

// waitAnswer waits until the path is answered with the status, and with all the
// texts.
func waitAnswer(e *framework.Env, address, path string, want int, texts ...string) {
	e.Eventually("an answer to "+path, func() (bool, string) {
		status, body := e.Fetch(address, path+"?verbose")
		for _, text := range texts {
			if !strings.Contains(body, text) {
				return false, body
			}
		}

		return status == want, body
	})
}

// A provider is ready when it does its work: not before its caches are filled.
func TestReadiness(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()
	address := e.FreeAddress()

	list := proxy.Hold(func(r *http.Request, _ []byte) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/tokens")
	})
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()), framework.WithArgs("--health-probe-bind-address="+address))

	<-list.Arrived()
	waitAnswer(e, address, live, http.StatusOK)
	waitAnswer(e, address, ready, http.StatusInternalServerError)
	list.Release()
	waitAnswer(e, address, ready, http.StatusOK)

	// Nobody is helped by another process, or by a Pod that is taken out.
	watches := proxy.Count(http.MethodGet, "tokens")

	proxy.Down()
	e.Eventually("the provider to notice that the API server is away", func() (bool, string) {
		return proxy.Count(http.MethodGet, "tokens") > watches, "it has not"
	})

	for _, path := range []string{live, ready} {
		if status, body := e.Fetch(address, path); status != http.StatusOK {
			t.Errorf("%s while the API server is away: %d %s", path, status, body)
		}
	}
}

// Where no kind is served the provider is ready, and starts with each kind that
// comes to be served.
func TestReadinessWithoutKinds(t *testing.T) {
	t.Parallel()

	e := framework.NewWithCRDs(t, "scaleway.m.crossplane.io_*.yaml")
	address := e.FreeAddress()

	e.StartProvider(framework.WithArgs("--health-probe-bind-address=" + address))
	waitAnswer(e, address, ready, http.StatusOK)

	e.InstallCRDs()

	tk, _ := e.CreateToken("late")
	e.WaitReady(tk)
	waitAnswer(e, address, ready, http.StatusOK)
	waitAnswer(e, address, live, http.StatusOK)
}

// A replica that stands by is ready: else an update of the Deployment would wait
// for it for ever. It writes nothing, and takes over as soon as the leader ends.
func TestStandby(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	first, second := e.FreeAddress(), e.FreeAddress()

	leader := e.StartProvider(elect(e, "--health-probe-bind-address="+first))
	waitAnswer(e, first, ready, http.StatusOK)
	waitLeader(e)

	proxy := e.StartProxy()
	written := writes(proxy)

	e.StartProvider(elect(e, "--health-probe-bind-address="+second), framework.WithKubeconfig(proxy.Kubeconfig()))
	waitAnswer(e, second, ready, http.StatusOK)

	tk, parent := e.CreateToken("first")
	e.WaitReady(tk)
	e.Delete(tk)

	if diff := cmp.Diff([]string(nil), written()); diff != "" {
		t.Errorf("what the replica writes that stands by: -want, +got:\n%s", diff)
	}

	leader.Signal(syscall.SIGTERM)

	if err := leader.WaitEnded(); err != nil {
		t.Errorf("the leader was asked to stop: %v", err)
	}

	tk = e.NewToken("second", parent)
	e.Create(tk)
	e.WaitReady(tk)
	waitAnswer(e, second, ready, http.StatusOK)
}

// writes returns what tells the writes that have passed the proxy, less those of
// leases.
func writes(p *framework.Proxy) func() []string {
	var (
		mu  sync.Mutex
		all []string
	)

	p.Spy(func(r *http.Request) {
		if r.Method == http.MethodGet || strings.HasPrefix(r.URL.Path, "/apis/coordination.k8s.io/") {
			return
		}

		mu.Lock()
		defer mu.Unlock()

		all = append(all, r.Method+" "+r.URL.Path)
	})

	return func() []string {
		mu.Lock()
		defer mu.Unlock()

		return slices.Clone(all)
	}
}

// elect a leader with a lease of seconds, in the Env's namespace.
func elect(e *framework.Env, args ...string) framework.ProviderOption {
	return framework.WithArgs(append(args,
		"--leader-election", "--leader-election-namespace="+e.Namespace, "--leader-election-lease-name="+leaseName,
		"--leader-election-lease-duration=6s", "--leader-election-renew-deadline=4s", "--leader-election-retry-period=500ms",
	)...)
}

// waitLeader waits until somebody leads who is not one of the others, and returns
// who.
func waitLeader(e *framework.Env, others ...string) string {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: leaseName}}
	holder := ""

	e.Eventually("a leader", func() (bool, string) {
		if err := e.Client.Get(e.Context(), client.ObjectKeyFromObject(lease), lease); err != nil {
			return false, err.Error()
		}

		holder = ptr.Deref(lease.Spec.HolderIdentity, "")
		for _, o := range others {
			if holder == o {
				return false, "it is still " + o
			}
		}

		return holder != "", "there is none"
	})

	return holder
}
