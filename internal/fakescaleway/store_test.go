// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	containerv1 "github.com/scaleway/scaleway-sdk-go/api/container/v1"
	"github.com/scaleway/scaleway-sdk-go/api/container/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

// A clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestOutcomes(t *testing.T) {
	always := func(o Outcome) func(Transition) Outcome { return func(Transition) Outcome { return o } }
	only := func(kind Kind, status string, o Outcome) func(Transition) Outcome {
		return func(tr Transition) Outcome {
			if tr.Kind == kind && tr.Status == status {
				return o
			}
			return Outcome{}
		}
	}
	// states reads a container n times, a second apart. A missing one is "gone", and
	// an error message follows its state.
	states := func(t *testing.T, c sdk, clk *clock, id string, n int) []string {
		t.Helper()
		var got []string
		for range n {
			con, err := c.GetContainer(&containerv1.GetContainerRequest{ContainerID: id})
			switch {
			case isNotFound(err):
				got = append(got, "gone")
			case err != nil:
				t.Fatal(err)
			case con.ErrorMessage != nil && *con.ErrorMessage != "":
				got = append(got, con.Status.String()+": "+*con.ErrorMessage)
			default:
				got = append(got, con.Status.String())
			}
			clk.Add(time.Second)
		}
		return got
	}

	type want struct {
		created, updated, deleted []string
	}
	ready3, gone3 := []string{"ready", "ready", "ready"}, []string{"gone", "gone", "gone"}
	cases := map[string]struct {
		reason string
		opts   []Option
		want   want
	}{
		"Default": {
			reason: "Without options, the first GET answers the final state.",
			want:   want{created: ready3, updated: ready3, deleted: gone3},
		},
		"TransientDelay": {
			reason: "An object stays in a transient state for the delay.",
			opts:   []Option{WithTransientDelay(2 * time.Second)},
			want: want{
				created: []string{"creating", "creating", "ready"},
				updated: []string{"updating", "updating", "ready"},
				deleted: []string{"deleting", "deleting", "gone"},
			},
		},
		"Gets": {
			reason: "An object stays in a transient state for a number of GETs.",
			opts:   []Option{WithOutcome(only(KindContainer, StatusDeleting, Outcome{Gets: 2}))},
			want:   want{created: ready3, updated: ready3, deleted: []string{"deleting", "deleting", "gone"}},
		},
		"GetsAndDelay": {
			reason: "Both the GETs and the delay must be over.",
			opts:   []Option{WithOutcome(only(KindContainer, StatusDeleting, Outcome{Gets: 1, Delay: time.Second}))},
			want:   want{created: ready3, updated: ready3, deleted: []string{"deleting", "deleting", "gone"}},
		},
		"StuckDeleting": {
			reason: "An object can be stuck.",
			opts:   []Option{WithOutcome(only(KindContainer, StatusDeleting, Outcome{Never: true}))},
			want:   want{created: ready3, updated: ready3, deleted: []string{"deleting", "deleting", "deleting"}},
		},
		"Errors": {
			reason: "Transitions can end in an error, from which the object can be changed; one that cannot be deleted stays.",
			opts:   []Option{WithOutcome(always(Outcome{Gets: 1, ErrorMessage: "boom"}))},
			want: want{
				created: []string{"creating", "error: boom", "error: boom"},
				updated: []string{"updating", "error: boom", "error: boom"},
				deleted: []string{"deleting", "error: boom", "error: boom"},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			clk := newClock()
			_, c := newTestSDK(t, append(tc.opts, WithClock(clk.Now))...)
			id := c.container(t, c.namespace(t, "ns").ID, "con").ID

			var got want
			got.created = states(t, c, clk, id, 3)
			must(c.UpdateContainer(&containerv1.UpdateContainerRequest{ContainerID: id}))(t)
			got.updated = states(t, c, clk, id, 3)
			must(c.DeleteContainer(&containerv1.DeleteContainerRequest{ContainerID: id}))(t)
			got.deleted = states(t, c, clk, id, 3)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestStuckCreating(t *testing.T) {
	s, c := newTestSDK(t)
	s.SetOutcome(func(tr Transition) Outcome {
		con, ok := tr.Object.(*Container)
		return Outcome{Never: ok && con.Image == "broken"}
	})
	ns := c.namespace(t, "ns").ID
	good := c.container(t, ns, "good").ID
	stuck := must(c.CreateContainer(&containerv1.CreateContainerRequest{NamespaceID: ns, Name: "stuck", Image: "broken"}))(t).ID
	s.SetOutcome(nil)

	got := map[string]string{}
	for _, con := range must(c.ListContainers(&containerv1.ListContainersRequest{NamespaceID: &ns}))(t).Containers {
		got[con.ID] = con.Status.String()
	}
	if diff := cmp.Diff(map[string]string{good: "ready", stuck: "creating"}, got); diff != "" {
		t.Errorf("only the object that fn chose must be stuck: -want, +got:\n%s", diff)
	}

	must(c.DeleteContainer(&containerv1.DeleteContainerRequest{ContainerID: stuck}))(t)
	if _, err := c.GetContainer(&containerv1.GetContainerRequest{ContainerID: stuck}); !isNotFound(err) {
		t.Errorf("GetContainer(...) of an object that was stuck when it was deleted: %v", err)
	}
}

func TestTokenDeleting(t *testing.T) {
	cases := map[string]struct {
		reason string
		opts   []Option
		want   []string
	}{
		"Default": {
			reason: "A deleted token is gone at once, whatever the delay.",
			want:   []string{"", ""},
		},
		"Deleting": {
			reason: "The option makes it answer as deleting for the delay, without its value.",
			opts:   []Option{WithTokenDeleting()},
			want:   []string{"deleting", ""},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			clk := newClock()
			_, c := newTestSDK(t, append(tc.opts, WithClock(clk.Now), WithTransientDelay(time.Second))...)
			id := c.token(t, c.namespace(t, "ns").ID).ID
			must(c.tokens.DeleteToken(&container.DeleteTokenRequest{TokenID: id}))(t)
			var got []string
			for range 2 {
				tok, err := c.tokens.GetToken(&container.GetTokenRequest{TokenID: id})
				switch {
				case err == nil:
					got = append(got, tok.Status.String()+tok.Token)
				case statusOf(err) == http.StatusNotFound:
					got = append(got, "")
				default:
					t.Fatal(err)
				}
				clk.Add(time.Second)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCascade(t *testing.T) {
	cases := map[string]struct {
		reason string
		delete func(t *testing.T, s *Server, c sdk, ns, con string)
		want   map[Kind]int
	}{
		"Container": {
			reason: "A container takes its triggers, domains and tokens with it, but not the tokens of its namespace.",
			delete: func(t *testing.T, _ *Server, c sdk, _, con string) {
				t.Helper()
				must(c.DeleteContainer(&containerv1.DeleteContainerRequest{ContainerID: con}))(t)
			},
			want: map[Kind]int{KindNamespace: 2, KindToken: 2},
		},
		"Namespace": {
			reason: "A namespace takes all with it, but nothing of another namespace.",
			delete: func(t *testing.T, _ *Server, c sdk, ns, _ string) {
				t.Helper()
				must(c.DeleteNamespace(&containerv1.DeleteNamespaceRequest{NamespaceID: ns}))(t)
			},
			want: map[Kind]int{KindNamespace: 1, KindToken: 1},
		},
		"Behind": {
			reason: "Deletion behind the API's back takes all with it too.",
			delete: func(t *testing.T, s *Server, _ sdk, ns, _ string) {
				t.Helper()
				if err := s.Delete(KindNamespace, "fr-par", ns); err != nil {
					t.Fatal(err)
				}
			},
			want: map[Kind]int{KindNamespace: 1, KindToken: 1},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			clk := newClock()
			s, c := newTestSDK(t, WithTransientDelay(time.Second), WithClock(clk.Now))
			ns, other := c.namespace(t, "ns").ID, c.namespace(t, "other").ID
			con := c.container(t, ns, "con").ID
			must(c.CreateTrigger(&containerv1.CreateTriggerRequest{
				ContainerID: con, Name: "t", CronConfig: &containerv1.CreateTriggerRequestCronConfig{Schedule: "* * * * *"},
			}))(t)
			must(c.CreateDomain(&containerv1.CreateDomainRequest{ContainerID: con, Hostname: "www.example.org"}))(t)
			must(c.tokens.CreateToken(&container.CreateTokenRequest{ContainerID: &con}))(t)
			c.token(t, ns)
			c.token(t, other)

			tc.delete(t, s, c, ns, con)
			if diff := cmp.Diff(tc.want, s.Alive()); diff != "" {
				t.Errorf("\n%s\nwhile deleting: -want, +got:\n%s", tc.reason, diff)
			}
			clk.Add(time.Second)
			got := map[Kind]int{}
			for _, kind := range []Kind{KindNamespace, KindContainer, KindTrigger, KindDomain, KindToken} {
				if n := len(s.Objects(kind)); n > 0 {
					got[kind] = n
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nonce deleted: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestInspect(t *testing.T) {
	s, c := newTestSDK(t)
	ns := c.namespace(t, "ns").ID
	first, second := c.token(t, ns), c.token(t, ns)

	var jwts []string
	for _, tok := range s.Tokens("fr-par") {
		jwts = append(jwts, tok.JWT)
	}
	if diff := cmp.Diff([]string{first.Token, second.Token}, jwts); diff != "" {
		t.Errorf("s.Tokens(...): -want JWTs, +got JWTs:\n%s", diff)
	}
	if got := s.Tokens("nl-ams"); got != nil {
		t.Errorf("s.Tokens(...) of another region: %v", got)
	}
	if got := len(s.Tokens("")); got != 2 {
		t.Errorf("s.Tokens(...) of all regions: got %d, want 2", got)
	}

	if err := s.Update(KindToken, "fr-par", first.ID, func(r Resource) { r.(*Token).Description = "drift" }); err != nil {
		t.Fatal(err)
	}
	if err := s.SetStatus(KindToken, "fr-par", first.ID, StatusError, "boom"); err != nil {
		t.Fatal(err)
	}
	got := must(c.tokens.GetToken(&container.GetTokenRequest{TokenID: first.ID}))(t)
	if got.Status != container.TokenStatusError || *got.Description != "drift" {
		t.Errorf("GetToken(...): got status %q, description %q", got.Status, *got.Description)
	}
	if err := s.Delete(KindToken, "fr-par", first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.tokens.GetToken(&container.GetTokenRequest{TokenID: first.ID}); statusOf(err) != http.StatusNotFound {
		t.Errorf("GetToken(...) of a token deleted behind the API's back: %v", err)
	}
	if err := s.Delete(KindToken, "fr-par", first.ID); err == nil {
		t.Error("s.Delete(...) of a missing object: got no error")
	}
	if err := s.Delete(KindToken, "nl-ams", second.ID); err == nil {
		t.Error("s.Delete(...) in another region: got no error")
	}
}

func TestNameOfDeleting(t *testing.T) {
	clk := newClock()
	_, c := newTestSDK(t, WithTransientDelay(time.Second), WithClock(clk.Now))
	ns := c.namespace(t, "ns")
	must(c.DeleteNamespace(&containerv1.DeleteNamespaceRequest{NamespaceID: ns.ID}))(t)
	again := &containerv1.CreateNamespaceRequest{Name: "ns"}
	if _, err := c.CreateNamespace(again); statusOf(err) != http.StatusConflict {
		t.Errorf("CreateNamespace(...) while the old one is being deleted: %v", err)
	}
	clk.Add(time.Second)
	if _, err := c.CreateNamespace(again); err != nil {
		t.Errorf("CreateNamespace(...) once the old one is gone: %v", err)
	}
}

func TestDeleteTwice(t *testing.T) {
	clk := newClock()
	_, c := newTestSDK(t, WithTransientDelay(2*time.Second), WithClock(clk.Now))
	ns := c.namespace(t, "ns").ID
	for range 2 {
		must(c.DeleteNamespace(&containerv1.DeleteNamespaceRequest{NamespaceID: ns}))(t)
		clk.Add(time.Second)
	}
	if _, err := c.GetNamespace(&containerv1.GetNamespaceRequest{NamespaceID: ns}); !isNotFound(err) {
		t.Errorf("GetNamespace(...): the second deletion must not begin a new one: %v", err)
	}
}

func TestConcurrency(t *testing.T) {
	s, c := newTestSDK(t, WithTokenDeleting())
	ns := c.namespace(t, "ns").ID
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for i := range 8 {
		wg.Go(func() {
			for j := range 5 {
				tok, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &ns})
				if err != nil {
					errs <- err
					return
				}
				if _, err := c.tokens.ListTokens(&container.ListTokensRequest{}, scw.WithAllPages()); err != nil {
					errs <- err
				}
				if _, err := s.VerifyToken(tok.Token); err != nil {
					errs <- err
				}
				_ = s.Tokens("")
				_ = s.Alive()
				_ = s.Requests()
				if j%2 == i%2 {
					if _, err := c.tokens.DeleteToken(&container.DeleteTokenRequest{TokenID: tok.ID}); err != nil {
						errs <- err
					}
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	// Half of the workers delete 3 of 5, and half delete 2 of 5.
	if got := s.Alive()[KindToken]; got != 20 {
		t.Errorf("s.Alive(): got %d tokens, want 20", got)
	}
}

// BenchmarkGetToken measures what a poll costs the server when there are as many
// objects as a large test has.
func BenchmarkGetToken(b *testing.B) {
	for _, n := range []int{1, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := New(WithSharedSigningKey())
			key := s.NewKey()
			s.mu.Lock()
			o := s.newObject("fr-par", key.OrganizationID, key.ProjectID)
			ns := s.add(KindNamespace, &Namespace{Object: o, key: s.newSigningKey()}, nil)
			for range n {
				o = s.newObject("fr-par", key.OrganizationID, key.ProjectID)
				s.add(KindToken, &Token{Object: o, NamespaceID: ns.id()}, ns)
			}
			s.mu.Unlock()
			for b.Loop() {
				if code, body := request(s, key, http.MethodGet, "/containers/v1beta1/regions/fr-par/tokens/"+o.ID, ""); code != http.StatusOK {
					b.Fatal(code, body)
				}
			}
		})
	}
}
