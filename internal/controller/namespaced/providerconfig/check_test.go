// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"github.com/scaleway/scaleway-sdk-go/scw"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

var (
	errRefused = &scw.DeniedAuthenticationError{Method: "api_key", Reason: "not_found"}
	errOutage  = &scw.ResponseError{StatusCode: http.StatusFailedDependency, Message: "no answer from Scaleway"}
)

// stub is credentials as a test wants them.
type stub struct {
	credentials clients.Credentials
	readErr     error
	checkErr    error
	checks      int

	// answers that the tenant gets.
	answers *answers
	// wait until it is the check's turn.
	wait time.Duration
	// turns that were asked for, or given back.
	turns int
}

func (s *stub) Tenant(clients.Credentials) (*transport.Tenant, error) {
	return s.answers.tenant, nil
}

func (s *stub) Begin(string, types.NamespacedName, *transport.Tenant) (func(), time.Duration) {
	s.turns++
	return func() {}, s.wait
}

func (s *stub) Forget(string, types.NamespacedName) { s.turns++ }

// answers of a Scaleway to a tenant.
type answers struct {
	tenants   *transport.Tenants
	tenant    *transport.Tenant
	transport *transport.Transport
	server    *httptest.Server
	status    int
}

func newAnswers(t *testing.T) *answers {
	t.Helper()

	a := &answers{tenants: transport.NewTenants(transport.Pace{}, logging.NewNopLogger())}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(a.status) }))
	t.Cleanup(a.server.Close)

	var err error
	if a.tenant, err = a.tenants.With("key", a.server.URL); err != nil {
		t.Fatal(err)
	}

	a.transport, err = transport.New(transport.Options{
		Observations: transport.NewObservations(), Timeout: time.Minute, Tenants: a.tenants, Metrics: transport.NewMetrics(a.tenants),
	})
	if err != nil {
		t.Fatal(err)
	}

	return a
}

// give an answer to somebody who asks with the tenant's key.
func (a *answers) give(status int) {
	a.status = status

	req := httptest.NewRequest(http.MethodGet, a.server.URL, http.NoBody)
	req.Header.Set("X-Auth-Token", "key")

	// It always returns an answer, of which nothing needs to be read.
	resp, _ := a.transport.RoundTrip(req)
	_ = resp.Body.Close()
}

func (s *stub) Credentials(context.Context, client.Object) (clients.Credentials, error) {
	return s.credentials, s.readErr
}

func (s *stub) Check(context.Context, clients.Credentials) error {
	s.checks++

	switch {
	case s.checkErr == nil:
		s.answers.give(http.StatusOK)
	case errors.Is(s.checkErr, errRefused):
		s.answers.give(http.StatusUnauthorized)
	default:
		s.answers.give(http.StatusBadGateway)
	}

	return s.checkErr
}

// recorder keeps the reasons of events.
type recorder struct {
	event.Recorder

	reasons []string
}

func (r *recorder) Event(_ runtime.Object, e event.Event) {
	r.reasons = append(r.reasons, string(e.Type)+" "+string(e.Reason))
}

// accounted stands for the reconciler that accounts for usages.
var accounted = reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
	return reconcile.Result{}, nil
})

// A step is a reconcile.
type step struct {
	// after is the time since the step before.
	after time.Duration
	// change what is the case before the reconcile. It may be nil.
	change func(*stub, *v1beta1.ProviderConfig)
	// restarted tells that another process reconciles.
	restarted bool

	// want is the reason of the condition Ready afterwards.
	want xpv1.ConditionReason
	// checks is how often Scaleway was asked.
	checks int
	// events are the types and reasons of the events.
	events []string
	// atLeast and atMost are when it looks again.
	atLeast, atMost time.Duration
}

func TestCheck(t *testing.T) {
	const hour = checkInterval

	valid := step{want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10}
	again := step{after: time.Minute, want: ReasonValid, atLeast: hour - time.Minute, atMost: hour + hour/10}
	refused := func(s *stub, _ *v1beta1.ProviderConfig) { s.checkErr = errRefused }
	outage := func(s *stub, _ *v1beta1.ProviderConfig) { s.checkErr = errOutage }

	answered := func(status int, check error) func(*stub, *v1beta1.ProviderConfig) {
		return func(s *stub, _ *v1beta1.ProviderConfig) {
			s.answers.give(status)
			s.checkErr = check
		}
	}

	cases := map[string]struct {
		reason string
		steps  []step
	}{
		"RefusedToAResource": {
			reason: "A key that Scaleway no longer accepts is found out by the first who uses it, and not within an hour.",
			steps: []step{valid, {
				after: time.Second, change: answered(http.StatusUnauthorized, errRefused),
				want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry,
			}},
		},
		"RefusedToAResourceAfterARestart": {
			reason: "What an earlier process has found out is not believed against what Scaleway says now.",
			steps: []step{valid, {
				after: time.Second, restarted: true, change: answered(http.StatusUnauthorized, errRefused),
				want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry,
			}},
		},
		"NotPermittedToAResource": {
			reason: "A key that may not do something is a key.",
			steps:  []step{valid, {after: time.Second, change: answered(http.StatusForbidden, nil), want: ReasonValid, atLeast: hour - time.Second, atMost: hour + hour/10}},
		},
		"NoAnswerToAResource": {
			reason: "An outage says nothing about the key.",
			steps:  []step{valid, {after: time.Second, change: answered(http.StatusBadGateway, nil), want: ReasonValid, atLeast: hour - time.Second, atMost: hour + hour/10}},
		},
		"AcceptedFromAResource": {
			reason: "A key that works again is found out by the first who uses it.",
			steps: []step{
				{change: refused, want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry},
				{
					after: time.Second, change: answered(http.StatusOK, nil),
					want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10,
				},
			},
		},
		"RefusedToOneResourceOnly": {
			reason: "A key that Scaleway refuses to some and not to others is not asked about at each reconcile, but less and less often, until that has not happened for an hour.",
			steps: []step{
				valid,
				{after: time.Second, change: answered(http.StatusUnauthorized, nil), want: ReasonValid, checks: 1, atLeast: hour, atMost: hour + hour/10},
				{after: time.Second, change: answered(http.StatusUnauthorized, nil), want: ReasonValid, atLeast: time.Second, atMost: 2 * minRetry},
				{after: 2 * minRetry, want: ReasonValid, checks: 1, atLeast: hour, atMost: hour + hour/10},
				{after: time.Second, change: answered(http.StatusUnauthorized, nil), want: ReasonValid, atLeast: minRetry, atMost: 3 * minRetry},
				{after: time.Second, change: answered(http.StatusOK, nil), want: ReasonValid, atLeast: minRetry, atMost: 3 * minRetry},
				{after: 3 * minRetry, want: ReasonValid, checks: 1, atLeast: hour, atMost: hour + hour/10},
				{after: 2 * hour, want: ReasonValid, checks: 1, atLeast: hour, atMost: hour + hour/10},
				{after: time.Second, change: answered(http.StatusUnauthorized, nil), want: ReasonValid, checks: 1, atLeast: hour, atMost: hour + hour/10},
				{after: time.Second, change: answered(http.StatusUnauthorized, nil), want: ReasonValid, atLeast: time.Second, atMost: 2 * minRetry},
			},
		},
		"RefusedToTheCheckThenAccepted": {
			reason: "What Scaleway answers to the check contradicts nothing: the first contradiction is followed up at once.",
			steps: []step{
				valid,
				{
					after: 2 * hour, change: refused,
					want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry,
				},
				{
					after: time.Second, change: answered(http.StatusOK, nil),
					want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10,
				},
			},
		},
		"NotItsTurn": {
			reason: "A check that would hold a worker of others is put off, and nothing is said.",
			steps: []step{
				{change: func(s *stub, _ *v1beta1.ProviderConfig) { s.wait = time.Minute }, atLeast: time.Minute, atMost: time.Minute},
				{
					after: time.Minute, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.wait = 0 },
					want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10,
				},
			},
		},
		"OncePerCredentials": {
			reason: "A reconcile for another reason asks nothing.",
			steps:  []step{valid, again},
		},
		"Changed": {
			reason: "Changed credentials are checked at once. That they work is no news.",
			steps: []step{valid, {
				after: time.Minute, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.credentials.Region = "nl-ams" },
				want: ReasonValid, checks: 1, atLeast: hour, atMost: hour + hour/10,
			}},
		},
		"Restarted": {
			reason: "What an earlier process has found out is believed: a thousand tenants are not asked about at each start.",
			steps:  []step{valid, {restarted: true, after: time.Minute, want: ReasonValid, atLeast: hour, atMost: hour + hour/10}},
		},
		"RestartedAfterRefusal": {
			reason: "Bad news is checked again.",
			steps: []step{
				{change: refused, want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry},
				{restarted: true, change: refused, want: ReasonRefused, checks: 1, atLeast: minRetry, atMost: 2 * minRetry},
			},
		},
		"Hourly": {
			reason: "A key may expire, which nothing in Kubernetes tells.",
			steps: []step{valid, {
				after: 2 * hour, change: refused,
				want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry,
			}},
		},
		"BackOff": {
			reason: "An outage is asked about less and less often, in one event, and not because of a reconcile.",
			steps: []step{
				{change: outage, want: ReasonCheckFailed, checks: 1, events: []string{"Warning CheckFailed"}, atLeast: minRetry, atMost: 2 * minRetry},
				{after: time.Second, want: ReasonCheckFailed, atLeast: minRetry - time.Second, atMost: 2 * minRetry},
				{after: 2 * minRetry, want: ReasonCheckFailed, checks: 1, atLeast: 2 * minRetry, atMost: 3 * minRetry},
				{after: 3 * minRetry, want: ReasonCheckFailed, checks: 1, atLeast: 4 * minRetry, atMost: 5 * minRetry},
				{
					after: 5 * minRetry, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.checkErr = nil },
					want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10,
				},
			},
		},
		"ChangedDuringBackOff": {
			reason: "Credentials that are put right do not wait for the back-off.",
			steps: []step{
				{change: refused, want: ReasonRefused, checks: 1, events: []string{"Warning CredentialsRefused"}, atLeast: minRetry, atMost: 2 * minRetry},
				{
					after: time.Second, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.checkErr, s.credentials.Region = nil, "nl-ams" },
					want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10,
				},
			},
		},
		"Unusable": {
			reason: "Credentials that cannot be used are asked nobody about, and are checked when they come back.",
			steps: []step{
				valid,
				{
					after: time.Second, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.readErr = errors.New("the Secret has no such key") },
					want: ReasonUnusable, events: []string{"Warning CredentialsUnusable"}, atLeast: hour, atMost: hour,
				},
				{
					after: time.Second, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.readErr = nil },
					want: ReasonValid, checks: 1, events: []string{"Normal CredentialsValid"}, atLeast: hour, atMost: hour + hour/10,
				},
			},
		},
		"APIServerAway": {
			reason: "That the Secret cannot be read says nothing about what is in it.",
			steps: []step{valid, {
				after: time.Second, change: func(s *stub, _ *v1beta1.ProviderConfig) { s.readErr = temporary(t) },
				want: ReasonCheckFailed, events: []string{"Warning CheckFailed"}, atLeast: minRetry, atMost: 2 * minRetry,
			}},
		},
		"OtherSpec": {
			reason: "A spec that leads to the same credentials asks nothing.",
			steps: []step{valid, {
				after: time.Minute, change: func(_ *stub, pc *v1beta1.ProviderConfig) { pc.Spec.Credentials.SecretRef.Name = "other" },
				want: ReasonValid, atLeast: hour - time.Minute, atMost: hour + hour/10,
			}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := v1beta1.SchemeBuilder.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}

			pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default", UID: "1", Generation: 1}}
			pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
			kube := fake.NewClientBuilder().WithScheme(scheme).WithObjects(pc).WithStatusSubresource(pc).Build()

			now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
			credentials, events := &stub{answers: newAnswers(t)}, &recorder{}

			start := func() *checker {
				c := newChecker(accounted, kube, v1beta1.ProviderConfigKind, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} }, credentials, credentials, events)
				c.now = func() time.Time { return now }

				return c
			}
			c := start()

			credentials.answers.tenants.OnJudged(func(t *transport.Tenant) { c.doubt(t) })

			for i, s := range tc.steps {
				now = now.Add(s.after)
				credentials.checks, credentials.turns, events.reasons = 0, 0, nil

				if s.restarted {
					c = start()
				}

				if s.change != nil {
					s.change(credentials, pc)

					if err := kube.Update(t.Context(), pc); err != nil {
						t.Fatal(err)
					}
				}

				result, err := c.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pc)})
				if err != nil {
					t.Fatal(err)
				}

				if err := kube.Get(t.Context(), client.ObjectKeyFromObject(pc), pc); err != nil {
					t.Fatal(err)
				}

				got := step{want: pc.Status.GetCondition(xpv1.TypeReady).Reason, checks: credentials.checks, events: events.reasons}
				want := step{want: s.want, checks: s.checks, events: s.events}

				if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
					t.Errorf("\n%s\nReconcile(...), step %d: -want, +got:\n%s", tc.reason, i, diff)
				}

				// A turn that it was called to, and does not take, is another's.
				if credentials.turns == 0 {
					t.Errorf("\n%s\nReconcile(...), step %d: want it to take its turn or to give it back", tc.reason, i)
				}

				if result.RequeueAfter < s.atLeast || result.RequeueAfter > s.atMost {
					t.Errorf("\n%s\nReconcile(...), step %d: it looks again after %s, want between %s and %s", tc.reason, i, result.RequeueAfter, s.atLeast, s.atMost)
				}
			}
		})
	}
}

// What fails before a check gives its turn back.
func TestTurnIsGivenBack(t *testing.T) {
	boom := errors.New("boom")
	credentials := &stub{}
	failing := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, boom })
	c := newChecker(failing, nil, v1beta1.ProviderConfigKind, nil, credentials, credentials, &recorder{})

	if _, err := c.Reconcile(t.Context(), reconcile.Request{}); !errors.Is(err, boom) || credentials.turns != 1 {
		t.Errorf("Reconcile(...): want %v and a turn given back, got %v and %d", boom, err, credentials.turns)
	}
}

// Of the ProviderConfigs only those are looked at again whose key is meant, once.
func TestDoubt(t *testing.T) {
	a := newAnswers(t)

	other, err := a.tenants.With("other", a.server.URL)
	if err != nil {
		t.Fatal(err)
	}

	credentials := &stub{answers: a}
	c := newChecker(accounted, nil, v1beta1.ProviderConfigKind, nil, credentials, credentials, &recorder{})

	meant, neighbour := types.NamespacedName{Namespace: "team-a", Name: "default"}, types.NamespacedName{Namespace: "team-b", Name: "default"}
	works := condition(corev1.ConditionTrue, ReasonValid, "")

	for name, tenant := range map[types.NamespacedName]*transport.Tenant{meant: a.tenant, neighbour: other} {
		c.passed(name, "credentials", works)
		c.reconsider(name, tenant)
	}

	var doubted [][]types.NamespacedName

	a.tenants.OnJudged(func(t *transport.Tenant) { doubted = append(doubted, c.doubt(t)) })

	for _, status := range []int{http.StatusOK, http.StatusOK, http.StatusUnauthorized, http.StatusUnauthorized, http.StatusOK, http.StatusUnauthorized} {
		a.give(status)
	}

	want := [][]types.NamespacedName{nil, {meant}, nil, nil}
	if diff := cmp.Diff(want, doubted); diff != "" {
		t.Errorf("doubt(...) at each change of what Scaleway says: -want, +got:\n%s", diff)
	}
}

// temporary returns the error of credentials whose Secret could not be read.
func temporary(t *testing.T) error {
	t.Helper()

	pc := &v1beta1.ProviderConfig{}
	pc.SetNamespace("team-a")
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret

	_, err := clients.NewBuilder(away{}).Credentials(t.Context(), pc)

	return err
}

type away struct{ clients.SecretReader }

func (away) Get(context.Context, client.ObjectKey) (map[string][]byte, error) {
	return nil, kerrors.NewServiceUnavailable("away")
}
