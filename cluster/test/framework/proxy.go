// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	xpmanaged "github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A Proxy is a way to the kube-apiserver that a test can disturb, for a provider
// that is started with its kubeconfig. The test's own client does not use it.
type Proxy struct {
	kubeconfig string
	forward    *httputil.ReverseProxy
	server     *httptest.Server

	mu        sync.Mutex
	down      bool
	holds     []*Held
	counts    map[string]int
	forbidden []string
	conflicts map[string]bool
	refused   int
	spy       func(*http.Request)
}

// A ProxyOption changes what a Proxy makes of requests.
type ProxyOption func(*http.Request)

// As has the requests made in the name of a user, with the rights of that user.
func As(user string, groups ...string) ProxyOption {
	return func(r *http.Request) {
		r.Header.Set("Impersonate-User", user)
		r.Header["Impersonate-Group"] = groups
	}
}

// StartProxy starts a Proxy, which ends with the test. It is to be started before
// the provider that uses it, so that it ends after it.
func (e *Env) StartProxy(opts ...ProxyOption) *Proxy {
	e.t.Helper()

	transport, err := rest.TransportFor(e.plane.Config)
	if err != nil {
		e.t.Fatal(err)
	}

	target, _, err := rest.DefaultServerUrlFor(e.plane.Config)
	if err != nil {
		e.t.Fatal(err)
	}

	p := &Proxy{
		kubeconfig: filepath.Join(e.t.TempDir(), "kubeconfig"),
		forward: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})

				for _, o := range opts {
					o(r.Out)
				}
			},
			Transport:     transport,
			FlushInterval: -1, // Watches.
			ErrorLog:      log.New(io.Discard, "", 0),
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
				panic(http.ErrAbortHandler) // The API server has not answered either.
			},
		},
		counts: map[string]int{},
	}
	p.forward.ModifyResponse = p.noteForbidden
	p.server = httptest.NewTLSServer(p)

	config := clientcmdapi.NewConfig()
	config.Clusters["proxy"] = &clientcmdapi.Cluster{
		Server:                   p.server.URL,
		CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}),
	}
	config.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy"}
	config.CurrentContext = "proxy"

	if err := clientcmd.WriteToFile(*config, p.kubeconfig); err != nil {
		e.t.Fatal(err)
	}

	e.t.Cleanup(func() {
		p.Down() // Lets go of what is held.
		p.server.Close()
	})

	return p
}

// Kubeconfig is the path of a kubeconfig file for WithKubeconfig.
func (p *Proxy) Kubeconfig() string {
	return p.kubeconfig
}

// Down takes the API server away, as a load balancer does that has lost it:
// connections are closed, and requests refused.
func (p *Proxy) Down() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()

	p.server.CloseClientConnections()
}

// Up undoes Down.
func (p *Proxy) Up() {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.down = false
}

// ConflictEveryWrite refuses each write to an object, from now on, with a conflict
// before it lets the same one through: somebody else was always faster.
func (p *Proxy) ConflictEveryWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.conflicts = map[string]bool{}
}

// Spy has the function look at each request.
func (p *Proxy) Spy(fn func(*http.Request)) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.spy = fn
}

// Conflicts returns how many writes were refused.
func (p *Proxy) Conflicts() int {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.refused
}

// conflict tells whether a write is to be refused.
func (p *Proxy) conflict(r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.conflicts == nil || (r.Method != http.MethodPut && r.Method != http.MethodPatch) || strings.HasPrefix(r.URL.Path, "/apis/coordination.k8s.io/") {
		return false
	}

	key := r.Method + " " + r.URL.Path
	p.conflicts[key] = !p.conflicts[key]

	if p.conflicts[key] {
		p.refused++
	}

	return p.conflicts[key]
}

// Forbidden returns the requests that the API server has forbidden, with what it
// said.
func (p *Proxy) Forbidden() []string {
	p.mu.Lock()
	defer p.mu.Unlock()

	return slices.Clone(p.forbidden)
}

func (p *Proxy) noteForbidden(resp *http.Response) error {
	if resp.StatusCode != http.StatusForbidden {
		return nil
	}

	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}

	resp.Body = io.NopCloser(bytes.NewReader(body))

	p.mu.Lock()
	defer p.mu.Unlock()

	p.forbidden = append(p.forbidden, fmt.Sprintf("%s %s: %s", resp.Request.Method, resp.Request.URL.Path, body))

	return nil
}

// CountObject returns how many requests of a method there were for one object of
// a resource, in any namespace.
func (p *Proxy) CountObject(method, resource, name string) int {
	return p.Count(method, resource+" "+name)
}

// Count returns how many requests of a method there were for a resource, such as
// "secrets" or "tokens/status", also while the API server was away.
func (p *Proxy) Count(method, resource string) int {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.counts[method+" "+resource]
}

// Hold keeps the next request that matches, before it reaches the API server.
func (p *Proxy) Hold(match Match) *Held {
	h := &Held{match: match, arrived: make(chan struct{}), decided: make(chan bool, 1)}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.holds = append(p.holds, h)

	return h
}

// ServeHTTP forwards a request.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}

	r.Body = io.NopCloser(bytes.NewReader(body))

	held, ok := p.admit(r, body)
	if !ok {
		// A connection that is closed is retried by the client for ten seconds.
		http.Error(w, "the API server is away", http.StatusServiceUnavailable)
		return
	}

	if held != nil && !held.wait(r.Context()) {
		panic(http.ErrAbortHandler) // Closes the connection without an answer.
	}

	if p.conflict(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,"message":"the object has been modified"}`)

		return
	}

	p.forward.ServeHTTP(w, r)
}

// admit counts a request, and returns what holds it, if anything does. It tells
// whether the request is served at all.
func (p *Proxy) admit(r *http.Request, body []byte) (*Held, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.counts[r.Method+" "+kubeResource(r.URL.Path)]++
	p.counts[r.Method+" "+kubeResource(r.URL.Path)+" "+path.Base(r.URL.Path)]++

	if p.spy != nil {
		p.spy(r)
	}

	if p.down {
		return nil, false
	}

	i := slices.IndexFunc(p.holds, func(h *Held) bool { return h.match(r, body) })
	if i < 0 {
		return nil, true
	}

	h := p.holds[i]
	p.holds = slices.Delete(p.holds, i, i+1)

	return h, true
}

// kubeResource returns the resource, and the subresource if there is one, that a
// path of the Kubernetes API leads to.
func kubeResource(urlPath string) string {
	parts := strings.Split(strings.Trim(urlPath, "/"), "/")

	skip := 3 // apis, the group, and the version
	if parts[0] == "api" {
		skip = 2
	}

	if parts = parts[min(skip, len(parts)):]; len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}

	switch len(parts) {
	case 0:
		return ""
	case 3:
		return parts[0] + "/" + parts[2]
	default:
		return parts[0]
	}
}

// Held is a request that a Proxy holds, once it has arrived.
type Held struct {
	match   Match
	arrived chan struct{}
	decided chan bool
}

// Arrived is closed once the request is there.
func (h *Held) Arrived() <-chan struct{} {
	return h.arrived
}

// Release forwards the request. It is called once, and not after Drop.
func (h *Held) Release() {
	h.decided <- true
}

// Drop closes the request's connection without forwarding it. It is called once,
// and not after Release.
func (h *Held) Drop() {
	h.decided <- false
}

// wait until it is decided what happens to the request, and tell whether it is
// forwarded. The end of a client decides that it is not.
func (h *Held) wait(ctx context.Context) bool {
	close(h.arrived)

	select {
	case forward := <-h.decided:
		return forward
	case <-ctx.Done():
		return false
	}
}

// A Match tells whether a request to the API server is the one that is meant.
type Match func(r *http.Request, body []byte) bool

// RecordsAttempt matches the write of an attempt to mint an object, which comes before
// it. An object that has none yet is not held by a finalizer before.
func RecordsAttempt(r *http.Request, body []byte) bool {
	return writesMinted(r) && bytes.Contains(body, []byte(`\"state\":\"pending\"`)) &&
		(r.Method == http.MethodPatch || bytes.Contains(body, []byte(`"crossplane.io/external-create-pending":`)))
}

// RehearsesSecret matches the rehearsal of the write of a value, which is the last that
// the API server is told before an object is minted.
func RehearsesSecret(r *http.Request, _ []byte) bool {
	return r.URL.Query().Has("dryRun") && r.Method != http.MethodGet && kubeResource(r.URL.Path) == "secrets"
}

// PublishesSecret matches the write of the value of a minted object into its Secret,
// as JSON or as a protocol buffer, and not its rehearsal.
func PublishesSecret(r *http.Request, body []byte) bool {
	return !r.URL.Query().Has("dryRun") && r.Method != http.MethodGet && kubeResource(r.URL.Path) == "secrets" &&
		slices.ContainsFunc(MintedKinds, func(k *MintedKind) bool { return bytes.Contains(body, []byte(k.Keys[0])) })
}

// StoresExternalName returns what matches the write of the external name of a
// minted object, other than the one that it has already.
func StoresExternalName(old string) Match {
	const annotation = `"crossplane.io/external-name":"`

	return func(r *http.Request, body []byte) bool {
		return writesMinted(r) && (old == "" || !bytes.Contains(body, []byte(annotation+old))) &&
			slices.ContainsFunc(MintedKinds, func(k *MintedKind) bool { return bytes.Contains(body, []byte(annotation+k.prefix)) })
	}
}

// LetsGo matches the write with which the provider lets go of a minted object that is
// being deleted.
func LetsGo(r *http.Request, body []byte) bool {
	return writesMinted(r) && bytes.Contains(body, []byte(`"deletionTimestamp":`)) && !bytes.Contains(body, []byte(xpmanaged.FinalizerName))
}

func writesMinted(r *http.Request) bool {
	return (r.Method == http.MethodPut || r.Method == http.MethodPatch) &&
		slices.ContainsFunc(MintedKinds, func(k *MintedKind) bool { return kubeResource(r.URL.Path) == k.Resource })
}
