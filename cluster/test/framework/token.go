// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// outside is the user agent of requests that CreateTokenOutside sends.
const outside = "outside"

// CreateToken creates a Token of a new container namespace, whose ID it returns
// too.
func (e *Env) CreateToken(name string) (tk *v1beta1.Token, parent string) {
	e.t.Helper()

	parent = e.CreateParent()
	tk = e.NewToken(name, parent)
	e.Create(tk)

	return tk, parent
}

// CreateTokenOutside creates a token at Scaleway with the tenant's key, as
// somebody else would, and returns its external name and its value. Parent is the
// ID of its container namespace.
func (e *Env) CreateTokenOutside(parent, description string) (name, value string) {
	e.t.Helper()

	id, err := regional.Parse(parent)
	if err != nil {
		e.t.Fatal(err)
	}

	url := e.Scaleway.URL() + strings.Replace(fakescaleway.RouteTokens, "{region}", id.Region, 1)
	body := strings.NewReader(fmt.Sprintf(`{"namespace_id":%q,"description":%q}`, id.UUID, description))

	req, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, url, body)
	if err != nil {
		e.t.Fatal(err)
	}

	req.Header.Set("X-Auth-Token", e.Key.SecretKey)
	req.Header.Set("User-Agent", outside)

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()

	var token struct{ ID, Token string }
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.Token == "" {
		e.t.Fatalf("cannot create a token: %s, %v", resp.Status, err)
	}

	return regional.ID{Region: id.Region, UUID: token.ID}.String(), token.Token
}

// TokenRequests returns the provider's requests of a method for tokens, in the
// order they were answered.
func (e *Env) TokenRequests(method string) []fakescaleway.Request {
	return slices.DeleteFunc(e.Scaleway.Requests(), func(r fakescaleway.Request) bool {
		return r.Method != method || r.UserAgent == outside || !strings.HasPrefix(r.Route, fakescaleway.RouteTokens)
	})
}

// AliveTokens returns the external names of the tokens that exist at Scaleway, in
// the order they were created.
func (e *Env) AliveTokens() []string {
	names := []string{}
	for _, tk := range e.Scaleway.Tokens("") {
		names = append(names, regional.ID{Region: tk.Region, UUID: tk.ID}.String())
	}

	return names
}

// Events returns the events about an object that have the reason. One that was
// sent again has a count above one.
func (e *Env) Events(o client.Object, reason string) []corev1.Event {
	e.t.Helper()

	l := &corev1.EventList{}
	if err := e.Client.List(e.t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
		e.t.Fatal(err)
	}

	return slices.DeleteFunc(l.Items, func(ev corev1.Event) bool {
		return ev.InvolvedObject.UID != o.GetUID() || ev.Reason != reason
	})
}

// WaitEvent waits until there is an event about an object that has the reason,
// and returns it.
func (e *Env) WaitEvent(o client.Object, reason string) corev1.Event {
	e.t.Helper()

	var events []corev1.Event

	e.Eventually(fmt.Sprintf("an event %s of %s", reason, name(o)), func() (bool, string) {
		events = e.Events(o, reason)
		return len(events) > 0, "there was none"
	})

	return events[0]
}

// WatchSecrets returns a function that returns all versions of the Secrets in the
// Env's namespace since it was made, oldest first.
func (e *Env) WatchSecrets() func() []corev1.Secret {
	e.t.Helper()

	c, err := client.NewWithWatch(e.plane.Config, client.Options{})
	if err != nil {
		e.t.Fatal(err)
	}

	w, err := c.Watch(e.t.Context(), &corev1.SecretList{}, client.InNamespace(e.Namespace))
	if err != nil {
		e.t.Fatal(err)
	}

	e.t.Cleanup(w.Stop)

	var (
		mu       sync.Mutex
		versions []corev1.Secret
	)

	go func() {
		for ev := range w.ResultChan() {
			if s, ok := ev.Object.(*corev1.Secret); ok {
				mu.Lock()
				versions = append(versions, *s)
				mu.Unlock()
			}
		}
	}()

	return func() []corev1.Secret {
		mu.Lock()
		defer mu.Unlock()

		return slices.Clone(versions)
	}
}

// FreeAddress returns an address of this machine that nobody listens on.
func (e *Env) FreeAddress() string {
	e.t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.t.Fatal(err)
	}
	defer l.Close()

	return l.Addr().String()
}

// Metrics returns what the provider serves as metrics at the address, or nothing
// while it serves none.
func (e *Env) Metrics(address string) string {
	e.t.Helper()

	_, body := e.Fetch(address, "/metrics")

	return body
}

// Fetch returns what the provider answers at the address and path: the status and
// the body, or 0 while it does not answer.
func (e *Env) Fetch(address, path string) (status int, body string) {
	e.t.Helper()

	req, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		e.t.Fatal(err)
	}

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()

	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}

	return resp.StatusCode, string(b)
}
