// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	configv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// settleTimeout is how long everything may take once what disturbed it is over.
const settleTimeout = 3 * time.Minute

// tokens creates Tokens of one container namespace.
func tokens(e *framework.Env, parent string, n int) []*v1beta1.Token {
	all := make([]*v1beta1.Token, n)
	for i := range all {
		all[i] = e.NewToken(fmt.Sprintf("token-%d", i), parent)
		e.Create(all[i])
	}

	return all
}

// wantSettled fails the test unless there are n tokens, each alive at Scaleway,
// named by one object and published, and no attempt was repeated. Renewed ones
// aside, each was minted by one request if spare is 0.
func wantSettled(t *testing.T, e *framework.Env, n, spare int) {
	t.Helper()

	a := e.Settle(settleTimeout, func(a framework.Audit) bool { return a.Settled() && len(a.Published) == n })
	t.Log(a.Summary())

	if !a.Settled() || len(a.Published) != n {
		t.Errorf("want %d tokens, each alive, named and published", n)
	}

	if repeated := a.Repeated(); len(repeated) > 0 {
		t.Errorf("attempts that sent more than one request: %v", repeated)
	}

	if a.Applied > n+spare {
		t.Errorf("%d requests have minted a token, want at most %d", a.Applied, n+spare)
	}
}

// An API server that is away for a minute, while tokens are minted, costs nothing
// but time.
func TestAPIServerAway(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()))

	const before, during = 3, 3

	parent := e.CreateParent()
	for _, tk := range tokens(e, parent, before) {
		e.WaitReady(tk)
	}

	// These are minted when their value cannot be published.
	hold := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Apply: true, Hold: true})

	for i := range during {
		e.Create(e.NewToken(fmt.Sprintf("during-%d", i), parent))
		<-hold.Arrived()
	}

	proxy.Down()
	hold.Remove()

	// One is created, and one deleted, while nobody sees it.
	e.Create(e.NewToken("unseen", parent))

	gone := e.NewToken("token-0", parent)
	if err := e.Client.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}

	time.Sleep(time.Minute) // That is what is tested.
	proxy.Up()

	e.WaitGone(gone)
	wantSettled(t, e, before+during, 1)
}

// Somebody else who is always faster makes nothing be minted twice, or lost.
func TestConflicts(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()
	proxy.ConflictEveryWrite()
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()), framework.WithArgs("--request-timeout=2s"))

	const n = 5

	all := tokens(e, e.CreateParent(), n)
	for _, tk := range all {
		e.WaitReady(tk)
	}

	wantSettled(t, e, n, 0)

	for _, tk := range all {
		e.Delete(tk)
	}

	wantSettled(t, e, 0, n)

	if proxy.Conflicts() < 5*n {
		t.Errorf("%d conflicts: want some for each write", proxy.Conflicts())
	}
}

// replicas starts two, and has the leader mint tokens of which the answers are held.
// It returns the leader, by what name it leads, what holds the answers, and the
// Tokens.
func replicas(e *framework.Env) (leader *framework.Provider, name string, hold *fakescaleway.InjectedFault, all []*v1beta1.Token) {
	const n = 4

	replica := elect(e, "--request-timeout=2s")

	leader = e.StartProvider(replica)
	name = waitLeader(e)
	e.StartProvider(replica)

	hold = e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Apply: true, Hold: true, Times: n})
	all = tokens(e, e.CreateParent(), n)

	for range n {
		<-hold.Arrived()
	}

	return leader, name, hold, all
}

// A leader that is killed while it mints is followed by another, which finishes
// what it has begun.
func TestLeaderIsKilled(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	leader, first, hold, all := replicas(e)

	leader.Kill()
	hold.Remove()
	waitLeader(e, first)

	for _, tk := range all {
		e.WaitReady(tk)
	}

	// What was minted before is revoked: its value was lost with the leader.
	wantSettled(t, e, len(all), len(all))
}

// A leader that was frozen, and wakes up when another has taken over, does no harm
// and ends.
func TestLeaderIsFrozen(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	leader, first, hold, all := replicas(e)

	leader.Signal(syscall.SIGSTOP)
	hold.Remove() // The answers wait for the frozen process.
	waitLeader(e, first)

	for _, tk := range all {
		e.WaitReady(tk)
	}

	names := namesOf(e, all)

	leader.Signal(syscall.SIGCONT)

	// It has lost its lease.
	var exit *exec.ExitError
	if err := leader.WaitEnded(); !errors.As(err, &exit) {
		t.Errorf("the frozen leader has ended with %v, want an exit status", err)
	}

	wantSettled(t, e, len(all), len(all))

	if diff := cmp.Diff(names, namesOf(e, all)); diff != "" {
		t.Errorf("external names before and after it woke up: -before, +after:\n%s", diff)
	}
}

func namesOf(e *framework.Env, all []*v1beta1.Token) []string {
	out := make([]string, len(all))
	for i, tk := range all {
		e.Get(tk)
		out[i] = framework.ExternalName(tk)
	}

	return out
}

// A provider that is asked to stop lets a running creation finish: its value is
// published, and the object says so, before the process ends.
func TestStopWhileMinting(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider(elect(e))
	hold := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Apply: true, Hold: true, Times: 1})

	tk, _ := e.CreateToken("stopped")
	<-hold.Arrived()

	p.Signal(syscall.SIGTERM)
	e.Eventually("the provider to be asked to stop", func() (bool, string) {
		return strings.Contains(p.Log(), "Stopping and waiting for leader election runnables"), "it is not"
	})
	hold.Remove()

	if err := p.WaitEnded(); err != nil {
		t.Errorf("the provider was asked to stop: %v", err)
	}

	// Nothing is left for the next process to mend.
	a := e.Audit()
	if diff := cmp.Diff(a.Alive, a.Published); diff != "" || len(a.Alive) != 1 {
		t.Errorf("one token should be published when the provider has ended: -alive, +published:\n%s", diff)
	}

	e.StartProvider(elect(e))
	e.WaitReady(tk)
	wantSettled(t, e, 1, 0)
}

// A stop does not wait for longer than it may: what is left is mended by the next
// process.
func TestStopTimeout(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider(framework.WithArgs("--shutdown-timeout=2s"))
	hold := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Hold: true, Times: 1})

	e.CreateToken("held")
	<-hold.Arrived()

	started := time.Now()

	p.Signal(syscall.SIGTERM)

	var exit *exec.ExitError
	if err := p.WaitEnded(); !errors.As(err, &exit) {
		t.Errorf("the provider has ended with %v, want an exit status: it has not finished", err)
	}

	// The request alone would take half a minute.
	if d := time.Since(started); d > 20*time.Second {
		t.Errorf("the provider took %s to stop", d)
	}

	hold.Remove()
}

// In a Kubernetes namespace that is being deleted nothing can be created, so that
// the use of a ProviderConfig cannot be recorded: a deletion that tried would hold
// the namespace for ever.
func TestTerminatingNamespace(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	// Credentials that do not go away with the namespace.
	credentials := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "credentials-"}}
	e.Create(credentials)
	e.Create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: credentials.GetName(), Name: "default"},
		StringData: map[string]string{"credentials": e.Credentials(e.Key)},
	})

	pc := &configv1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	pc.Spec.Credentials.Source = "Secret"
	pc.Spec.Credentials.SecretRef = &configv1beta1.SecretSelector{Key: "credentials"}
	pc.Spec.Credentials.SecretRef.Namespace = credentials.GetName()
	pc.Spec.Credentials.SecretRef.Name = "default"
	e.Create(pc)

	tk := e.NewToken("terminating", e.CreateParent())
	tk.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: configv1beta1.ClusterProviderConfigKind, Name: pc.GetName()})
	e.Create(tk)
	e.WaitReady(tk)
	p.Stop()

	// As an older version has left it: the usage goes away at once.
	usage := &configv1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: string(tk.GetUID())}}
	e.Update(usage, func() { usage.SetFinalizers(nil) })

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	if err := e.Client.Delete(t.Context(), ns); err != nil {
		t.Fatal(err)
	}

	e.WaitGone(usage)

	if err := e.Client.Create(t.Context(), secretNamed(e, "refused")); !kerrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		t.Fatalf("the namespace should refuse new objects before the provider comes: %v", err)
	}

	e.StartProvider()
	e.WaitGone(tk)

	if alive := e.AliveTokens(); len(alive) > 0 {
		t.Errorf("tokens that are left at Scaleway: %s", alive)
	}

	e.WaitGone(ns)
}
