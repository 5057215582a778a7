// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"
	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// A scaleway answers the requests of tenants with a status.
type scaleway struct {
	*transport.Tenants

	transport *transport.Transport
	server    *httptest.Server
	status    int
	header    http.Header
	body      string
	seen      *transport.Observations
}

func newScaleway(t *testing.T) *scaleway {
	t.Helper()

	s := &scaleway{Tenants: transport.NewTenants(transport.Pace{Rate: 1000}, logging.NewNopLogger()), status: http.StatusOK, seen: transport.NewObservations()}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range s.header {
			w.Header()[k] = v
		}

		w.WriteHeader(s.status)
		_, _ = w.Write([]byte(s.body))
	}))
	t.Cleanup(s.server.Close)

	rt, err := transport.New(transport.Options{
		Observations: s.seen, Timeout: time.Minute, Permits: issue.NewPermits(),
		Tenants: s.Tenants, Metrics: transport.NewMetrics(s.Tenants),
	})
	if err != nil {
		t.Fatal(err)
	}

	s.transport = rt

	return s
}

// know the key that the ProviderConfig of a Kubernetes namespace holds.
func (s *scaleway) know(t *testing.T, namespace, key string) {
	t.Helper()

	if err := s.Register(transport.WithUser(t.Context(), "ProviderConfig "+namespace+"/default"), key, s.server.URL); err != nil {
		t.Fatal(err)
	}
}

// ask on behalf of a key that is known, that many times.
func (s *scaleway) ask(t *testing.T, key string, status, times int) {
	t.Helper()

	s.status = status

	for range times {
		s.get(t, key, "")
	}
}

// get a path with a key that is known.
func (s *scaleway) get(t *testing.T, key, path string) {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	req.Header.Set("X-Auth-Token", key)

	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}

	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

func itemOf(kind, namespace, name string) item {
	return item{kind: kind, name: types.NamespacedName{Namespace: namespace, Name: name}}
}

// failed is how crossplane-runtime's reconciler says that it has failed.
var failed = reconcile.Result{Requeue: true} //nolint:staticcheck // The reconciler still says it so.

// Which reconciles begin beside which that run.
func TestBulkhead(t *testing.T) {
	const kind, other = "Token", "Container"

	several := func(n int, kind, namespace string) (items []item) {
		for i := range n {
			items = append(items, itemOf(kind, namespace, fmt.Sprint(i)))
		}

		return items
	}

	cases := map[string]struct {
		reason  string
		options BulkheadOptions
		// keys that ProviderConfigs hold, by Kubernetes namespace.
		keys map[string]string
		// outage is the key that Scaleway does not answer, whose circuit is open.
		outage  string
		running []item
		next    item
		want    deferral
	}{
		"First": {
			reason:  "Nothing runs.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			next:    itemOf(kind, "a", "x"),
		},
		"Slots": {
			reason:  "A tenant holds only so many workers, of all kinds together.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			keys:    map[string]string{"a": "1"},
			running: append(several(1, kind, "a"), several(1, other, "a")...),
			next:    itemOf(kind, "a", "x"),
			want:    deferredSlots,
		},
		"SlotsOfAnother": {
			reason:  "That is nothing to another tenant.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			keys:    map[string]string{"a": "1", "b": "2"},
			running: several(2, kind, "a"),
			next:    itemOf(kind, "b", "x"),
		},
		"SlotsOfOneKey": {
			reason:  "Who names one key in many ProviderConfigs gets no more for it.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			keys:    map[string]string{"a": "1", "b": "1"},
			running: several(2, kind, "a"),
			next:    itemOf(kind, "b", "x"),
			want:    deferredSlots,
		},
		"SlotsOfTheUnknown": {
			reason:  "Before its key is read, a Kubernetes namespace is a tenant.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			running: several(2, kind, "a"),
			next:    itemOf(kind, "a", "x"),
			want:    deferredSlots,
		},
		"UnknownBesideUnknown": {
			reason:  "Another Kubernetes namespace is another.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			running: several(2, kind, "a"),
			next:    itemOf(kind, "b", "x"),
		},
		"LastWorkers": {
			reason:  "However many keys the tenants of a Kubernetes namespace have, the last workers are for others.",
			options: BulkheadOptions{Workers: 8, Slots: 100, Rate: 100},
			running: several(6, kind, "a"),
			next:    itemOf(kind, "a", "x"),
			want:    deferredWorkers,
		},
		"LastWorkersForAnother": {
			reason:  "Who has none gets one.",
			options: BulkheadOptions{Workers: 8, Slots: 100, Rate: 100},
			running: several(6, kind, "a"),
			next:    itemOf(kind, "b", "x"),
		},
		"WorkersOfAnotherKind": {
			reason:  "Each kind has its own workers.",
			options: BulkheadOptions{Workers: 8, Slots: 100, Rate: 100},
			running: several(6, kind, "a"),
			next:    itemOf(other, "a", "x"),
		},
		"Outage": {
			reason:  "Nothing begins for whom Scaleway does not answer.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			keys:    map[string]string{"a": "1"},
			outage:  "1",
			next:    itemOf(kind, "a", "x"),
			want:    deferredOutage,
		},
		"OutageOfAnother": {
			reason:  "That is nothing to another tenant.",
			options: BulkheadOptions{Workers: 8, Slots: 2, Rate: 100},
			keys:    map[string]string{"a": "1", "b": "2"},
			outage:  "1",
			next:    itemOf(kind, "b", "x"),
		},
		"Rate": {
			reason:  "All together begin only so many each second, after ten times as many.",
			options: BulkheadOptions{Workers: 100, Slots: 100, Rate: 1},
			running: several(10, kind, "a"),
			next:    itemOf(kind, "b", "x"),
			want:    deferredRate,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScaleway(t)
			for namespace, key := range tc.keys {
				s.know(t, namespace, key)
			}

			tc.options.Tenants = s.Tenants
			b := NewBulkhead(tc.options)
			b.now = func() time.Time { return noon }

			enter := func(i item) (func(), time.Duration) {
				tenant, _ := s.Of("ProviderConfig " + i.name.Namespace + "/default")
				return b.enter(i, tenant, false)
			}

			var leave []func()

			for _, i := range tc.running {
				l, wait := enter(i)
				if wait != 0 {
					t.Fatalf("%v: want it to run, got a wait of %s", i, wait)
				}

				leave = append(leave, l)
			}

			if tc.outage != "" {
				s.ask(t, tc.outage, http.StatusBadGateway, 5)
			}

			l, wait := enter(tc.next)
			if (tc.want == "") != (wait == 0) {
				t.Errorf("\n%s\nenter(...): want %q, got a wait of %s", tc.reason, tc.want, wait)
			}

			if tc.want != "" {
				if got := counted(t, b, tc.want); got != 1 {
					t.Errorf("\n%s\nenter(...): want it to be counted as %q", tc.reason, tc.want)
				}

				b.forget(tc.next)
			} else {
				leave = append(leave, l)
			}

			for _, l := range leave {
				l()
			}

			// What has ended must leave nothing behind.
			got := []int{len(b.tenants), len(b.kinds), len(b.namespaces), len(b.items), len(b.groups), b.doubtful}
			if diff := cmp.Diff([]int{0, 0, 0, 0, 0, 0}, got); diff != "" {
				t.Errorf("\n%s\nafter all have ended: -want left, +got left:\n%s", tc.reason, diff)
			}
		})
	}
}

// While it is not sure that Scaleway answers, a tenant has one reconcile, and all
// such tenants share a quarter of the workers.
func TestBulkheadRecovering(t *testing.T) {
	const tenants = 5

	s := newScaleway(t)
	b := NewBulkhead(BulkheadOptions{Workers: 8, Slots: 4, Rate: 1000, Tenants: s.Tenants})

	ends := time.Time{}

	for i := range tenants {
		key := fmt.Sprint(i)
		s.know(t, key, key)
		s.ask(t, key, http.StatusBadGateway, 5)

		tenant, _ := s.Of("ProviderConfig " + key + "/default")
		if end := time.Now().Add(tenant.Admission().Wait); end.After(ends) {
			ends = end
		}
	}

	time.Sleep(time.Until(ends)) // Of the shortest outage that there is.

	var (
		begun []string
		leave []func()
	)

	for i := range tenants {
		namespace := fmt.Sprint(i)
		tenant, _ := s.Of("ProviderConfig " + namespace + "/default")

		for _, name := range []string{"x", "y"} {
			if l, wait := b.enter(itemOf("Token", namespace, name), tenant, false); wait == 0 {
				begun, leave = append(begun, namespace+"/"+name), append(leave, l)
			}
		}
	}

	for _, l := range leave {
		l()
	}

	if diff := cmp.Diff(0, b.doubtful); diff != "" {
		t.Errorf("after they have ended: -want running, +got running:\n%s", diff)
	}

	if diff := cmp.Diff([]string{"0/x", "1/x"}, begun); diff != "" {
		t.Errorf("-want begun, +got begun:\n%s", diff)
	}
}

// counted returns how many reconciles were put off for that reason.
func counted(t *testing.T, b *Bulkhead, why deferral) int {
	t.Helper()

	m := &dto.Metric{}
	if err := b.deferred.WithLabelValues(string(why)).Write(m); err != nil {
		t.Fatal(err)
	}

	return int(m.GetCounter().GetValue())
}

// Many that wait come back one after the other; one of a team that has few does not
// wait for all those of a team that has many, also where both share a key.
func TestBulkheadSpreads(t *testing.T) {
	const many = 1000

	s := newScaleway(t)
	s.know(t, "many", "1")
	s.know(t, "few", "1")

	b := NewBulkhead(BulkheadOptions{Workers: 100, Slots: 1, Rate: 100, Tenants: s.Tenants})
	tenant, _ := s.Of("ProviderConfig many/default")

	leave, _ := b.enter(itemOf("Token", "many", "runs"), tenant, false)

	var longest time.Duration
	for i := range many {
		_, wait := b.enter(itemOf("Token", "many", fmt.Sprint(i)), tenant, false)
		longest = max(longest, wait)
	}

	// A thousand take 50 milliseconds each, and the last few are spread over that.
	if longest < many*firstMean/3 || longest > many*firstMean+leastDeferral {
		t.Errorf("want the last of %d to wait for up to %s, got at most %s", many, many*firstMean, longest)
	}

	if _, wait := b.enter(itemOf("Token", "few", "x"), tenant, false); wait < leastDeferral || wait > 3*leastDeferral {
		t.Errorf("want the only one of another team to wait about %s, got %s", leastDeferral, wait)
	}

	leave()

	leave, wait := b.enter(itemOf("Token", "few", "x"), tenant, false)
	if wait != 0 {
		t.Fatalf("want it to have its turn once there is a slot, got a wait of %s", wait)
	}

	leave()

	if diff := cmp.Diff([]int{many, many}, []int{len(b.items), b.groups[group{tenant.ID(), "many"}]}); diff != "" {
		t.Errorf("-want waiting, +got waiting:\n%s", diff)
	}
}

// calls are what a controller's queue is given.
type calls struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]

	added []string
}

func (c *calls) Add(r reconcile.Request) { c.added = append(c.added, r.String()) }

// A tenant who may make few requests has as few reconciles.
func TestBulkheadSlots(t *testing.T) {
	b := NewBulkhead(BulkheadOptions{Workers: 100, Slots: 20, Rate: 100})

	for name, tc := range map[string]struct {
		admission transport.Admission
		want      int
	}{
		"NoLimit":    {transport.Admission{}, 20},
		"Default":    {transport.Admission{Pace: time.Second / 80}, 20},
		"Slowed":     {transport.Admission{Pace: 500 * time.Millisecond}, 4},
		"Slowest":    {transport.Admission{Pace: time.Minute}, 1},
		"Recovering": {transport.Admission{Limit: 3, Pace: time.Second / 80}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, b.slots(tc.admission)); diff != "" {
				t.Errorf("slots(...): -want, +got:\n%s", diff)
			}
		})
	}
}

// Who waits is called when there is a slot for it.
func TestBulkheadCalls(t *testing.T) {
	// A step is what happens, and whom it calls.
	type step struct {
		do   string
		name string
		want []string
	}

	const (
		enter      = "enter"      // and run
		wait       = "wait"       // enter, and be put off
		first      = "first"      // enter, of what has been created, and be put off
		leave      = "leave"      // end
		gone       = "gone"       // the object no longer exists
		know       = "know"       // the key of the object's Kubernetes namespace is read
		unanswered = "unanswered" // Scaleway does not answer the key
		pass       = "pass"       // as much time as a slot is kept for
	)

	// One of the ten reconciles that may begin in a second, with a rate of one.
	begun := []step{{enter, "b/1", nil}, {leave, "b/1", nil}}

	cases := map[string]struct {
		reason  string
		options BulkheadOptions
		// keys that are known from the beginning, by Kubernetes namespace.
		keys  map[string]string
		steps []step
		// want in the end, of those that wait.
		want int
	}{
		"InOrder": {
			reason: "Who waits first is called first, and each when there is a slot.",
			keys:   map[string]string{"a": "1"},
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil},
				{leave, "a/1", []string{"a/2"}}, {enter, "a/2", nil}, {leave, "a/2", []string{"a/3"}}, {enter, "a/3", nil}, {leave, "a/3", nil},
			},
		},
		"SlotIsKept": {
			reason: "The slot of who is called is not for who has just come.",
			keys:   map[string]string{"a": "1"},
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil},
				{leave, "a/1", []string{"a/2"}}, {wait, "a/3", nil}, {enter, "a/2", nil}, {leave, "a/2", []string{"a/3"}}, {enter, "a/3", nil}, {leave, "a/3", nil},
			},
		},
		"PlaceIsKept": {
			reason: "Who comes back by itself before it is called keeps its place.",
			keys:   map[string]string{"a": "1"},
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil}, {wait, "a/2", nil},
				{leave, "a/1", []string{"a/2"}},
			},
			want: 2,
		},
		"CreatedFirst": {
			reason: "What has been created is called before the rest, as it is only to be said so.",
			keys:   map[string]string{"a": "1"},
			steps:  []step{{enter, "a/1", nil}, {wait, "a/2", nil}, {first, "a/3", nil}, {first, "a/4", nil}, {leave, "a/1", []string{"a/3"}}, {enter, "a/3", nil}, {leave, "a/3", []string{"a/4"}}},
			want:   2,
		},
		"Teams": {
			reason: "Of teams that share a key one of each is called in turn, however many one has.",
			keys:   map[string]string{"a": "1", "b": "1"},
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil}, {wait, "a/4", nil}, {wait, "b/1", nil},
				{leave, "a/1", []string{"a/2"}}, {enter, "a/2", nil}, {leave, "a/2", []string{"b/1"}}, {enter, "b/1", nil}, {leave, "b/1", []string{"a/3"}},
			},
			want: 2,
		},
		"Gone": {
			reason: "The slot of who is gone is the next one's.",
			keys:   map[string]string{"a": "1"},
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil}, {wait, "a/4", nil}, {gone, "a/3", nil},
				{leave, "a/1", []string{"a/2"}}, {gone, "a/2", []string{"a/4"}},
			},
			want: 1,
		},
		"OfAnother": {
			reason: "The slots of another tenant are not its own.",
			keys:   map[string]string{"a": "1", "b": "2"},
			steps:  []step{{enter, "a/1", nil}, {enter, "b/1", nil}, {wait, "a/2", nil}, {leave, "b/1", nil}, {leave, "a/1", []string{"a/2"}}},
			want:   1,
		},
		"PutOffAgain": {
			reason:  "Who is called, and then put off for another reason, is the first of its line.",
			options: BulkheadOptions{Workers: 8, Slots: 1, Rate: 1},
			keys:    map[string]string{"a": "1", "b": "2"},
			steps: slices.Concat(
				[]step{{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil}, {wait, "a/4", nil}},
				slices.Repeat(begun, 9),
				[]step{{leave, "a/1", []string{"a/2"}}, {wait, "a/2", nil}, {gone, "a/4", []string{"a/2"}}},
			),
			want: 2,
		},
		"KeyIsRead": {
			reason: "Who has been waiting since before the key was known is called by who runs with it.",
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil}, {know, "a", nil},
				{leave, "a/1", []string{"a/2"}}, {enter, "a/2", []string{"a/3"}}, {wait, "a/3", nil}, {leave, "a/2", []string{"a/3"}}, {enter, "a/3", nil}, {leave, "a/3", nil},
			},
		},
		"Missed": {
			reason: "Who is called and does not come keeps the slot for a moment only, and is called again.",
			keys:   map[string]string{"a": "1"},
			steps: []step{
				{enter, "a/1", nil}, {wait, "a/2", nil}, {wait, "a/3", nil}, {wait, "a/4", nil}, {leave, "a/1", []string{"a/2"}},
				{wait, "a/3", nil}, {pass, "", nil}, {enter, "a/3", nil}, {leave, "a/3", []string{"a/2"}}, {enter, "a/2", nil}, {leave, "a/2", []string{"a/4"}},
			},
			want: 1,
		},
		"RateOfAll": {
			reason:  "No more are called than may begin, but one that finds that out.",
			options: BulkheadOptions{Workers: 8, Slots: 3, Rate: 1},
			keys:    map[string]string{"a": "1", "b": "2"},
			steps: slices.Concat(
				[]step{{enter, "a/1", nil}, {enter, "a/2", nil}, {enter, "a/3", nil}, {wait, "a/4", nil}, {wait, "a/5", nil}},
				slices.Repeat(begun, 7),
				[]step{{leave, "a/1", []string{"a/4"}}, {wait, "a/4", nil}, {leave, "a/2", []string{"a/4"}}, {leave, "a/3", []string{"a/5"}}},
			),
			want: 2,
		},
		"Outage": {
			reason: "Nobody is called to a Scaleway that does not answer.",
			keys:   map[string]string{"a": "1"},
			steps:  []step{{enter, "a/1", nil}, {wait, "a/2", nil}, {unanswered, "1", nil}, {leave, "a/1", nil}},
			want:   1,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScaleway(t)
			for namespace, key := range tc.keys {
				s.know(t, namespace, key)
			}

			if tc.options.Slots == 0 {
				tc.options = BulkheadOptions{Workers: 8, Slots: 1, Rate: 100}
			}

			tc.options.Tenants = s.Tenants
			b, queue := NewBulkhead(tc.options), &calls{}
			now := noon
			b.now = func() time.Time { return now }

			if err := b.Calls("Token").Start(t.Context(), queue); err != nil {
				t.Fatal(err)
			}

			running := map[string]func(){}

			for i, st := range tc.steps {
				namespace, name, _ := strings.Cut(st.name, "/")
				tenant, _ := s.Of("ProviderConfig " + namespace + "/default")
				queue.added = nil

				switch st.do {
				case know:
					s.know(t, namespace, "1")
				case unanswered:
					s.ask(t, st.name, http.StatusBadGateway, 5)
				case gone:
					b.forget(itemOf("Token", namespace, name))
				case leave:
					running[st.name]()
				case pass:
					now = now.Add(calledFor + 1)
				default:
					l, wait := b.enter(itemOf("Token", namespace, name), tenant, st.do == first)
					if runs := wait == 0; runs != (st.do == enter) {
						t.Fatalf("\n%s\nstep %d, enter(%s): want it to %s, runs: %t", tc.reason, i, st.name, st.do, runs)
					}

					running[st.name] = l
				}

				if diff := cmp.Diff(st.want, queue.added); diff != "" {
					t.Fatalf("\n%s\nstep %d, %s %s: -want called, +got called:\n%s", tc.reason, i, st.do, st.name, diff)
				}
			}

			lines := 0
			for _, l := range b.tenants {
				lines += len(l.lines)
			}

			if tc.want == 0 && (len(b.tenants) > 0 || lines > 0) || len(b.items) != tc.want {
				t.Errorf("\n%s\nin the end: want %d that wait, got %d, of %d tenants in %d lines", tc.reason, tc.want, len(b.items), len(b.tenants), lines)
			}
		})
	}
}

// A token of the Kubernetes namespace that the ProviderConfig of serves.
func tokenOf(namespace string) *v1beta1.Token {
	tk := token(func(*v1beta1.Token) {})
	tk.SetNamespace(namespace)
	tk.SetName("x")
	tk.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "default"})

	return tk
}

// What the controller is told of a reconcile.
func TestBulkheadWrap(t *testing.T) {
	boom := errors.New("boom")
	found := func(_ context.Context, _ client.ObjectKey, o client.Object) error {
		tokenOf("a").DeepCopyInto(o.(*v1beta1.Token))
		return nil
	}

	type want struct {
		inner  int
		result reconcile.Result
		waits  bool
		err    error
	}

	cases := map[string]struct {
		reason string
		get    func(context.Context, client.ObjectKey, client.Object) error
		// before and within the reconcile, Scaleway answers so.
		before, within int
		header         http.Header
		result         reconcile.Result
		err            error
		want           want
	}{
		"Done":           {reason: "What the reconciler wants is passed on.", within: 200, result: reconcile.Result{RequeueAfter: time.Hour}, want: want{inner: 1, result: reconcile.Result{RequeueAfter: time.Hour}}},
		"Failed":         {reason: "So is that it has failed while Scaleway answers.", within: 400, result: failed, want: want{inner: 1, result: failed}},
		"Error":          {reason: "So is an error.", within: 502, err: boom, want: want{inner: 1, err: boom}},
		"OutageBefore":   {reason: "The reconciler would only write an error to the object.", before: 502, want: want{waits: true}},
		"OutageWithin":   {reason: "The back-off of each object would not end when the outage does.", within: 502, result: failed, want: want{inner: 1, waits: true}},
		"SlowedWithin":   {reason: "Scaleway says when it may be tried again.", within: 429, header: http.Header{"Retry-After": {"60"}}, result: failed, want: want{inner: 1, waits: true}},
		"SlowedBefore":   {reason: "Nothing is begun before.", before: 429, header: http.Header{"Retry-After": {"60"}}, want: want{waits: true}},
		"DoneInAnOutage": {reason: "What needs no Scaleway is done.", within: 502, result: reconcile.Result{RequeueAfter: time.Hour}, want: want{inner: 1, result: reconcile.Result{RequeueAfter: time.Hour}}},
		"Gone": {
			reason: "There is nothing to do for what is gone.",
			get: func(context.Context, client.ObjectKey, client.Object) error {
				return kerrors.NewNotFound(schema.GroupResource{}, "x")
			},
		},
		"CannotGet": {
			reason: "That it cannot be read is an error.",
			get:    func(context.Context, client.ObjectKey, client.Object) error { return boom },
			want:   want{err: errors.Wrap(boom, "cannot get the managed resource")},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScaleway(t)
			s.header = tc.header

			if tc.before != 0 {
				s.know(t, "a", "1")
			}

			ask := func(status int) {
				switch status {
				case 0:
				case http.StatusTooManyRequests:
					s.ask(t, "1", status, 1)
				default:
					s.ask(t, "1", status, 5)
				}
			}

			ask(tc.before)

			got := want{}
			inner := reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
				got.inner++

				// As when credentials are read: the context says whose they are.
				if err := s.Register(ctx, "1", s.server.URL); err != nil {
					t.Error(err)
				}

				ask(tc.within)

				return tc.result, tc.err
			})

			if tc.get == nil {
				tc.get = found
			}

			b := NewBulkhead(BulkheadOptions{Workers: 8, Slots: 2, Rate: 100, Tenants: s.Tenants})
			b.wait(itemOf("Token", "a", "x"), group{}, nil, transport.Admission{}, false) // It was put off before.

			r := b.Wrap("Token", &v1beta1.Token{}, &test.MockClient{MockGet: tc.get}, inner)

			got.result, got.err = r.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "a", Name: "x"}})
			if got.waits = tc.want.waits && got.result.RequeueAfter > 0 && got.result == (reconcile.Result{RequeueAfter: got.result.RequeueAfter}); got.waits {
				got.result = reconcile.Result{}
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{}), test.EquateErrors()); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want, +got:\n%s", tc.reason, diff)
			}

			if waits := len(b.items) > 0; waits != tc.want.waits && !errors.Is(got.err, boom) {
				t.Errorf("\n%s\nafter Reconcile(...): want it to wait: %t, got %t", tc.reason, tc.want.waits, waits)
			}
		})
	}
}

// How a tenant is called.
func TestUserOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		ref    *xpv1.ProviderConfigReference
		want   string
	}{
		"Namespaced": {reason: "A ProviderConfig has a namespace, that of its users.", ref: &xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "default"}, want: "ProviderConfig team-a/default"},
		"Cluster":    {reason: "A ClusterProviderConfig has none.", ref: &xpv1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "default"}, want: "ClusterProviderConfig default"},
		"None":       {reason: "What names none has none."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := token(func(tk *v1beta1.Token) { tk.SetProviderConfigReference(tc.ref) })
			if diff := cmp.Diff(tc.want, userOf(tk)); diff != "" {
				t.Errorf("\n%s\nuserOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Which conditions are written while Scaleway slows a tenant down.
func TestPatientClient(t *testing.T) {
	slowed := xpv1.ReconcileError(errors.New("observe failed: Scaleway answered GET /x with 429 Too Many Requests"))

	cases := map[string]struct {
		reason  string
		before  []xpv1.Condition
		unknown bool
		// impatient is with a patience that has ended.
		impatient bool
		after     xpv1.Condition
		want      bool
	}{
		"Slowed":        {reason: "An object that was in sync still is.", before: []xpv1.Condition{xpv1.ReconcileSuccess()}, after: slowed},
		"ForLong":       {reason: "Who has not been compared for long is told why.", before: []xpv1.Condition{xpv1.ReconcileSuccess()}, impatient: true, after: slowed, want: true},
		"Success":       {reason: "What succeeds is said.", before: []xpv1.Condition{xpv1.ReconcileSuccess()}, after: xpv1.ReconcileSuccess(), want: true},
		"OtherFailure":  {reason: "So is what fails otherwise.", before: []xpv1.Condition{xpv1.ReconcileSuccess()}, after: xpv1.ReconcileError(errors.New("boom")), want: true},
		"FailedBefore":  {reason: "An object that was not in sync says what it waits for now.", before: []xpv1.Condition{xpv1.ReconcileError(errors.New("boom"))}, after: slowed, want: true},
		"New":           {reason: "So does a new one.", after: slowed, want: true},
		"UnknownTenant": {reason: "Who is not known is not slowed down.", before: []xpv1.Condition{xpv1.ReconcileSuccess()}, unknown: true, after: slowed, want: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScaleway(t)
			s.know(t, "a", "1")
			s.ask(t, "1", http.StatusTooManyRequests, 1)

			tk := tokenOf("a")
			tk.SetConditions(tc.before...)

			tenant, _ := s.Of("ProviderConfig a/default")
			if tc.unknown {
				tenant = nil
			}

			ctx := keepSynced(t.Context(), tk, tenant)

			tk.SetConditions(tc.after)

			got := false
			kube := &test.MockClient{MockStatusUpdate: func(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
				got = true
				return nil
			}}

			patience := patience
			if tc.impatient {
				patience = 0
			}

			if err := (patientClient{kube, patience}).Status().Update(ctx, tk); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want written, +got written:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is no reconcile has its turn like one, and leaves nothing behind.
func TestBulkheadBegin(t *testing.T) {
	b := NewBulkhead(BulkheadOptions{Workers: 2, Slots: 1, Rate: 100, Tenants: newScaleway(t).Tenants})
	first, second := types.NamespacedName{Namespace: "team-a", Name: "first"}, types.NamespacedName{Namespace: "team-a", Name: "second"}

	end, wait := b.Begin("ProviderConfig", first, nil)
	if wait > 0 {
		t.Fatalf("Begin(...): the first is to wait for %s, want that it begins", wait)
	}

	if _, wait := b.Begin("ProviderConfig", second, nil); wait == 0 {
		t.Error("Begin(...): a second one begins, want that it waits until the first has ended")
	}

	if _, wait := b.Begin("ProviderConfig", types.NamespacedName{Namespace: "team-b", Name: "first"}, nil); wait > 0 {
		t.Errorf("Begin(...): one of another tenant is to wait for %s, want that it begins", wait)
	}

	b.Forget("ProviderConfig", second)
	end()

	if len(b.items) > 0 || b.tenants["namespace team-a"] != nil {
		t.Errorf("Forget(...): %d items and %d tenants are left, want those of team-b", len(b.items), len(b.tenants))
	}
}
