// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/cert"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/version"
)

// A tenant is a Kubernetes namespace with a key of its own in the ProviderConfig
// "default". All tenants of a test use one Scaleway.
type tenant struct {
	*framework.Env

	key fakescaleway.Key
}

// newTenant returns another tenant of the Scaleway of the Env.
func newTenant(t *testing.T, e *framework.Env) tenant {
	t.Helper()

	other := tenant{Env: framework.New(t), key: e.Scaleway.NewKey()}

	credentials := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: other.Namespace, Name: "default"}}
	other.Update(credentials, func() { credentials.Data["credentials"] = []byte(e.Credentials(other.key)) })

	return other
}

// calls tells whether a request is one of the tenant's.
func (n tenant) calls(r *http.Request) bool {
	return r.Header.Get("X-Auth-Token") == n.key.SecretKey
}

// namespace returns a ContainerNamespace of the tenant, which has not been created.
func (n tenant) namespace(name string) *v1beta1.ContainerNamespace {
	ns := &v1beta1.ContainerNamespace{}
	n.Place(ns, name)
	ns.Spec.ForProvider = v1beta1.ContainerNamespaceParameters{Name: ptr.To(name)}

	return ns
}

// createNamespaces creates many ContainerNamespaces of the tenant.
func (n tenant) createNamespaces(count int) {
	for i := range count {
		n.Create(n.namespace(fmt.Sprintf("ns-%03d", i)))
	}
}

// list the tenant's ContainerNamespaces.
func (n tenant) list(t *testing.T) []v1beta1.ContainerNamespace {
	t.Helper()

	l := &v1beta1.ContainerNamespaceList{}
	if err := n.Client.List(t.Context(), l, client.InNamespace(n.Namespace)); err != nil {
		t.Fatal(err)
	}

	return l.Items
}

// waitAllReady waits until all of the tenant's ContainerNamespaces are Ready and
// Synced.
func (n tenant) waitAllReady(t *testing.T) {
	t.Helper()

	n.Eventually("all ContainerNamespaces to be Ready and Synced", func() (bool, string) {
		unready := 0

		for _, ns := range n.list(t) {
			if ns.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue || ns.GetCondition(xpv1.TypeSynced).Status != corev1.ConditionTrue {
				unready++
			}
		}

		return unready == 0, fmt.Sprintf("%d are not", unready)
	})
}

// waitAllRead waits until so many objects of the tenant have been read since a time.
func (n tenant) waitAllRead(t *testing.T, since time.Time, objects int) {
	t.Helper()

	read := map[string]bool{}

	// Longer than the longest wait that an outage ends with, and what then waits.
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, 4*time.Minute, true, func(context.Context) (bool, error) {
		for _, r := range n.Scaleway.Requests() {
			if r.Time.After(since) && r.Status == http.StatusOK && r.SecretKey == n.key.SecretKey {
				read[r.Path] = true
			}
		}

		return len(read) >= objects, nil
	})
	if err != nil {
		t.Fatalf("%d of %d objects have been read after %s", len(read), objects, time.Since(since))
	}
}

// timeToReady creates some ContainerNamespaces one after the other, and returns how
// long it took until one was Ready: the median, and the longest.
func (n tenant) timeToReady(t *testing.T, prefix string) (median, longest time.Duration) {
	t.Helper()

	var took []time.Duration

	for i := range 7 {
		ns := n.namespace(fmt.Sprintf("%s-%d", prefix, i))
		start := time.Now()

		n.Create(ns)
		n.WaitReady(ns)

		took = append(took, time.Since(start))
	}

	slices.Sort(took)

	return took[len(took)/2], took[len(took)-1]
}

// One tenant's Scaleway hangs, fails or drops connections, and the tenant has more
// objects than there are workers. Another tenant's are as fast as before.
func TestOutageOfOneTenant(t *testing.T) {
	t.Parallel()

	// More than --concurrency, so that without a bulkhead no worker is left.
	const objects = 150

	e := framework.New(t)
	other := newTenant(t, e)

	cases := []struct {
		name  string
		fault fakescaleway.Fault
	}{
		{name: "Hangs", fault: fakescaleway.Fault{Hang: true}},
		{name: "Fails", fault: fakescaleway.Fault{Status: http.StatusBadGateway, Body: `{"message":"bad gateway"}`}},
		{name: "Drops", fault: fakescaleway.Fault{DropBefore: true}},
	}

	args := []string{"--watch-namespace=" + other.Namespace}

	var tenants []tenant
	for range cases {
		n := newTenant(t, e)
		tenants = append(tenants, n)
		args = append(args, "--watch-namespace="+n.Namespace)
	}

	e.StartProvider(framework.WithArgs(append(args, "--poll-interval=10m")...))

	before, _ := other.timeToReady(t, "before")

	for i, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			away := tenants[i]
			tc.fault.Match = away.calls

			// It stays: the recovery of one case would load the machine in the next.
			injected := e.Scaleway.Inject(tc.fault)

			away.createNamespaces(objects)
			e.Eventually("the outage to be met", func() (bool, string) { return injected.Hits() >= 5, fmt.Sprint(injected.Hits()) })

			during, longest := other.timeToReady(t, strings.ToLower(tc.name))
			t.Logf("another tenant's object is Ready after %s (at most %s) during the outage, and %s before; %d requests met the outage of %d objects",
				during.Round(time.Millisecond), longest.Round(time.Millisecond), before.Round(time.Millisecond), injected.Hits(), objects)

			// A worker that is held is held for the 30 seconds of --request-timeout.
			if limit := 5*before + 5*time.Second; longest > limit {
				t.Errorf("another tenant's object took %s during the outage, want at most %s", longest, limit)
			}
		})
	}
}

// After an outage everything recovers by itself, and Scaleway is not asked much
// more than before it.
func TestRecoveryWithoutStorm(t *testing.T) {
	t.Parallel()

	const (
		objects = 300
		poll    = 10 * time.Second
		steady  = 2 * poll
		outage  = 30 * time.Second
	)

	e := framework.New(t, fakescaleway.WithRequestLog(100_000))
	n := tenant{Env: e, key: e.Key}
	e.StartProvider(framework.WithArgs("--poll-interval="+poll.String(), "--poll-jitter=5s"))

	n.createNamespaces(objects)
	n.waitAllReady(t)
	e.Scaleway.ResetRequests()

	// Observed in steady state for some polls: a span of time is what is measured.
	time.Sleep(steady)

	begun := time.Now()
	fault := e.Scaleway.Inject(fakescaleway.Fault{Status: http.StatusServiceUnavailable})

	time.Sleep(outage)
	fault.Remove()

	ended := time.Now()

	n.waitAllRead(t, ended, objects)
	n.waitAllReady(t)

	recovered := time.Now()

	// Where the load of the recovery ends, the next polls are part of it.
	time.Sleep(poll)

	before := perSecond(e.Scaleway, begun.Add(-steady), begun)
	during := perSecond(e.Scaleway, begun.Add(poll), ended)
	after := perSecond(e.Scaleway, ended, time.Now())

	t.Logf("requests per second, with %d objects that are polled every %s:\nbefore (peak %d): %v\nduring (peak %d): %v\nafter  (peak %d): %v\nall had recovered %s after the outage of %s",
		objects, poll, slices.Max(before), before, slices.Max(during), during, slices.Max(after), after, recovered.Sub(ended).Round(time.Second), outage)

	if most := slices.Max(during); most > 10 {
		t.Errorf("once the outage was known there were up to %d requests per second, want a few that find out whether it is over", most)
	}

	// Objects are read one and a half times as often as before for a moment at most,
	// with as much again as a margin for a busy machine.
	if most, limit := slices.Max(after), 3*slices.Max(before); most > limit {
		t.Errorf("after the outage there were up to %d requests per second, want at most %d", most, limit)
	}
}

// perSecond returns how many requests arrived in each second.
func perSecond(s *fakescaleway.Server, from, to time.Time) []int {
	counts := make([]int, int(to.Sub(from)/time.Second)+1)

	for _, r := range s.Requests() {
		if !r.Time.Before(from) && r.Time.Before(to) {
			counts[int(r.Time.Sub(from)/time.Second)]++
		}
	}

	return counts
}

// A tenant that Scaleway slows down waits for as long as Scaleway says. Its objects
// stay in sync, and no other tenant is slowed down.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()

	const (
		objects = 40
		pause   = 8 * time.Second
	)

	e := framework.New(t)
	n, other := tenant{Env: e, key: e.Key}, newTenant(t, e)
	e.StartProvider(framework.WithArgs("--watch-namespace=" + other.Namespace))

	n.createNamespaces(objects)
	n.waitAllReady(t)

	before, _ := other.timeToReady(t, "before")

	fault := e.Scaleway.Inject(fakescaleway.Fault{
		Match: n.calls, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {fmt.Sprint(int(pause / time.Second))}},
	})
	<-fault.Arrived()

	begun := time.Now()

	during, longest := other.timeToReady(t, "during")
	t.Logf("another tenant's object is Ready after %s (at most %s), and %s before", during, longest, before)

	if limit := 5*before + 5*time.Second; longest > limit {
		t.Errorf("another tenant's object took %s, want at most %s", longest, limit)
	}

	// Twice the pause: each time some that were on their way are answered so.
	for time.Since(begun) < 2*pause {
		for _, ns := range n.list(t) {
			if c := ns.GetCondition(xpv1.TypeSynced); c.Status != corev1.ConditionTrue {
				t.Fatalf("%s is no longer in sync: %s", ns.GetName(), c.Message)
			}
		}

		time.Sleep(100 * time.Millisecond)
	}

	// They are polled every second: it would be forty each second.
	if hits, most := fault.Hits(), 60; hits > most {
		t.Errorf("%d requests were answered 429 in twice the pause of %s, want at most %d", hits, pause, most)
	}

	fault.Remove()

	at := time.Now()

	n.waitAllRead(t, at, objects)
	n.waitAllReady(t)
}

// Terraform would wait within the reconcile, for up to fifteen minutes, while an
// object is being created. With one worker for each kind and one for the tenant,
// a second object of each kind has its turn all the same.
func TestCreatingHoldsNoWorkerOfAnyKind(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.Scaleway.SetOutcome(func(fakescaleway.Transition) fakescaleway.Outcome { return fakescaleway.Outcome{Never: true} })
	e.StartProvider(framework.WithArgs("--concurrency=1", "--tenant-concurrency=1"))

	var all []xpresource.ModernManaged

	f := e.CreateFamily()
	all = append(all, f.Managed()...)

	second := e.NewFamily()
	for _, mg := range second.Managed() {
		mg.SetName("second")

		if w, ok := mg.(xpresource.LocalConnectionSecretWriterTo); ok && w.GetWriteConnectionSecretToReference() != nil {
			w.GetWriteConnectionSecretToReference().Name += "-second"
		}
	}

	// What has to be unique at Scaleway.
	second.Namespace.SetLabels(nil)
	second.Namespace.Spec.ForProvider.Name = ptr.To("second")
	second.Container.Spec.ForProvider.Name = ptr.To("second")
	second.RegistryNamespace.Spec.ForProvider.Name = ptr.To("second")
	second.Application.Spec.ForProvider.Name = ptr.To("second")
	second.Policy.Spec.ForProvider.Name = ptr.To("second")
	second.Domain.Spec.ForProvider.Hostname = ptr.To("second.example.com")

	for _, mg := range second.Managed() {
		e.Create(mg)
	}

	for _, mg := range append(all, second.Managed()...) {
		e.Eventually(mg.GetObjectKind().GroupVersionKind().Kind+" "+mg.GetName()+" to be created", func() (bool, string) {
			e.Get(mg)
			return framework.ExternalName(mg) != "", mg.GetCondition(xpv1.TypeSynced).Message
		})
	}
}

// Metrics have one time series for each route, and none for an object or a tenant.
func TestMetricsOfRequests(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	address := e.FreeAddress()
	e.StartProvider(framework.WithArgs("--metrics-bind-address=" + address))

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	fault := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteNamespace, Status: http.StatusBadGateway, Times: 1})
	e.Eventually("the fault to be met", func() (bool, string) { return fault.Hits() == 1, "" })

	routes := []string{"other"}
	for _, r := range config.Resources() {
		routes = append(routes, r.Path, r.CollectionPath("{region}"))
	}

	want := []string{
		`scaleway_api_requests_total{code="200",method="POST",outcome="answered",route="/containers/v1beta1/regions/{region}/tokens"} 1`,
		`scaleway_api_requests_total{code="502",method="GET",outcome="answered",route="/containers/v1/regions/{region}/namespaces/{id}"} 1`,
		`scaleway_api_request_duration_seconds_count{method="POST",route="/containers/v1/regions/{region}/domains"} 1`,
		`scaleway_tenants{state="answered"} 1`,
		`scaleway_tenants{state="outage"} 0`,
		`scaleway_api_requests_in_flight `,
		`scaleway_api_rate_limit_wait_seconds_count `,
		`scaleway_reconciles_waiting `,
	}

	var scraped string

	e.Eventually("the metrics", func() (bool, string) {
		scraped = e.Metrics(address)

		lacking := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return strings.Contains(scraped, line) })

		return len(lacking) == 0, strings.Join(lacking, "\n")
	})

	for line := range strings.SplitSeq(scraped, "\n") {
		_, rest, ok := strings.Cut(line, `route="`)
		if !ok {
			continue
		}

		if route, _, _ := strings.Cut(rest, `"`); !slices.Contains(routes, route) {
			t.Errorf("the route %q is not one that a resource declares", route)
		}
	}

	for _, secret := range []string{e.Key.SecretKey, e.Key.AccessKey, uuidOf(t, f.Token)} {
		if strings.Contains(scraped, secret) {
			t.Errorf("the metrics hold %s", secret)
		}
	}
}

func uuidOf(t *testing.T, mg xpresource.ModernManaged) string {
	t.Helper()

	_, id, ok := strings.Cut(framework.ExternalName(mg), "/")
	if !ok {
		t.Fatalf("%s has no external name", mg.GetName())
	}

	return id
}

// Scaleway is told which provider calls, and in which version.
func TestUserAgent(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	ns := (tenant{Env: e}).namespace("ns")
	e.Create(ns)
	e.WaitReady(ns)

	for _, r := range e.Scaleway.Requests() {
		if !strings.HasPrefix(r.UserAgent, version.UserAgent()+" ") {
			t.Errorf("%s %s: -want user agent, +got:\n%s", r.Method, r.Path, cmp.Diff(version.UserAgent(), r.UserAgent))
		}
	}
}

// A tunnel is an HTTP proxy that leads every host to one server.
type tunnel struct {
	*httptest.Server

	mu    sync.Mutex
	hosts []string
}

// newTunnel returns a tunnel to an address.
func newTunnel(t *testing.T, address string) *tunnel {
	t.Helper()

	p := &tunnel{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.hosts = append(p.hosts, r.Method+" "+r.Host)
		p.mu.Unlock()

		if r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
			return
		}

		far, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer far.Close()

		w.WriteHeader(http.StatusOK)

		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer near.Close()

		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()

		_, _ = io.Copy(near, far)
	}))
	t.Cleanup(p.Close)

	return p
}

// connected returns what the tunnel was asked for, each once.
func (p *tunnel) connected() []string {
	p.mu.Lock()
	defer p.mu.Unlock()

	hosts := slices.Clone(p.hosts)
	slices.Sort(hosts)

	return slices.Compact(hosts)
}

// A proxy and certificate authorities of the organisation are those of the
// deployment, and no ProviderConfig's.
func TestProxyAndAuthorities(t *testing.T) {
	t.Parallel()

	// A name that nothing outside of this test can resolve.
	const host = "scaleway.invalid"

	certificate, key, err := cert.GenerateSelfSignedCertKey(host, nil, nil)
	if err != nil {
		t.Fatal(err)
	}

	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}

	bundle := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}

	connect := []string{"CONNECT " + host + ":443"}

	cases := map[string]struct {
		reason string
		args   []string
		env    []string
		// want is nothing where the object becomes Ready, or what its condition says.
		want      string
		connected []string
	}{
		"Flag": {
			reason:    "Authorities can be given besides the system's.",
			args:      []string{"--ca-bundle=" + bundle},
			connected: connect,
		},
		"Environment": {
			reason:    "So they can by the variable of the flag.",
			env:       []string{"CA_BUNDLE=" + bundle},
			connected: connect,
		},
		"System": {
			reason:    "Go's own variable changes the system's.",
			env:       []string{"SSL_CERT_FILE=" + bundle},
			connected: connect,
		},
		"Untrusted": {
			reason:    "Nobody else is Scaleway.",
			want:      "certificate signed by unknown authority",
			connected: connect,
		},
		"NoProxy": {
			reason: "A host that is excepted is called directly, which leads nowhere here.",
			args:   []string{"--ca-bundle=" + bundle},
			env:    []string{"NO_PROXY=" + host},
			want:   "no answer from Scaleway to POST",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)

			s := httptest.NewUnstartedServer(e.Scaleway)
			s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			t.Cleanup(s.Close)

			proxy := newTunnel(t, s.Listener.Addr().String())

			e.CreateProviderConfig("tls", strings.Replace(e.Credentials(e.Key), e.Scaleway.URL(), "https://"+host, 1))
			e.StartProvider(
				framework.WithArgs(append(tc.args, "--allowed-api-url=https://"+host)...),
				framework.WithEnv(append(tc.env, "HTTPS_PROXY="+proxy.URL)...),
			)

			ns := (tenant{Env: e}).namespace("ns")
			ns.GetProviderConfigReference().Name = "tls"
			e.Create(ns)

			if tc.want == "" {
				e.WaitReady(ns)
			} else {
				e.WaitCondition(ns, xpv1.TypeSynced, "that says "+tc.want, func(c xpv1.Condition) bool {
					return c.Status == corev1.ConditionFalse && strings.Contains(c.Message, tc.want)
				})
			}

			if diff := cmp.Diff(tc.connected, proxy.connected()); diff != "" {
				t.Errorf("\n%s\nwhat the proxy was asked for: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
