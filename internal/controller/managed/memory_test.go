// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	namespacedapis "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// A memory is a Kubernetes API in which nothing is encoded, so that a benchmark
// measures the provider. It reads as the provider's cache does, and counts calls.
type memory struct {
	// refuse the next update of a status.
	refuse error

	client.Client

	scheme  *runtime.Scheme
	version int
	objects map[string]client.Object
	// reduced Secrets, as the provider's cache has them.
	reduced map[types.NamespacedName]*corev1.Secret
	reduce  toolscache.TransformFunc

	mu    sync.Mutex
	calls map[string]int
}

func newMemory(t testing.TB, objects ...client.Object) *memory {
	t.Helper()

	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), namespacedapis.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	kinds := map[string]publish.Kind{}
	for kind, r := range resource.OneTimes(config.Resources()) {
		kinds[kind] = r
	}

	m := &memory{scheme: scheme, objects: map[string]client.Object{}, reduced: map[types.NamespacedName]*corev1.Secret{}, reduce: publish.Reduce(kinds), calls: map[string]int{}}
	for _, o := range objects {
		m.store(o)
	}

	m.calls = map[string]int{}

	return m
}

func key(o client.Object, name types.NamespacedName) string {
	return reflect.TypeOf(o).String() + " " + name.String()
}

func (m *memory) count(call string, o any) {
	m.mu.Lock()
	defer m.mu.Unlock()

	m.calls[call+" "+strings.TrimPrefix(reflect.TypeOf(o).String(), "*")]++
}

// live returns the calls that the provider's cache does not answer: writes, and
// reads of Secrets and past the cache.
func (m *memory) live() map[string]int {
	calls := maps.Clone(m.calls)
	maps.DeleteFunc(calls, func(call string, _ int) bool {
		return call != "get v1.Secret" && (strings.HasPrefix(call, "get ") || strings.HasPrefix(call, "list "))
	})

	return calls
}

func (m *memory) store(o client.Object) {
	m.version++
	o.SetResourceVersion(strconv.Itoa(m.version))
	m.objects[key(o, client.ObjectKeyFromObject(o))] = o.DeepCopyObject().(client.Object)

	if s, ok := o.(*corev1.Secret); ok {
		if kept, err := m.reduce(s); err == nil {
			m.reduced[client.ObjectKeyFromObject(s)] = kept.(*corev1.Secret)
		}
	}
}

func (m *memory) Scheme() *runtime.Scheme { return m.scheme }

func (m *memory) GroupVersionKindFor(o runtime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(o, m.scheme)
}

func (m *memory) Get(_ context.Context, name client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	m.count("get", o)

	stored, ok := m.objects[key(o, name)]
	if !ok {
		return kerrors.NewNotFound(schema.GroupResource{}, name.Name)
	}

	unsafe := (&client.GetOptions{}).ApplyOptions(opts).UnsafeDisableDeepCopy
	if unsafe == nil || !*unsafe {
		stored = stored.DeepCopyObject().(client.Object)
	}

	reflect.ValueOf(o).Elem().Set(reflect.ValueOf(stored).Elem())

	gvk, err := m.GroupVersionKindFor(o)
	o.GetObjectKind().SetGroupVersionKind(gvk)

	return err
}

func (m *memory) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	m.count("list", list)

	o := &client.ListOptions{}
	o.ApplyOptions(opts)

	var found []runtime.Object

	for _, stored := range m.objects {
		if reflect.TypeOf(stored).String()+"List" != reflect.TypeOf(list).String() {
			continue
		}

		if o.FieldSelector == nil || o.FieldSelector.String() == onetime.IndexExternalName+"="+meta.GetExternalName(stored) {
			found = append(found, stored.DeepCopyObject())
		}
	}

	return apimeta.SetList(list, found)
}

func (m *memory) Create(_ context.Context, o client.Object, opts ...client.CreateOption) error {
	if len((&client.CreateOptions{}).ApplyOptions(opts).DryRun) > 0 {
		m.count("rehearse", o)
		return nil
	}

	m.count("create", o)
	m.store(o)

	return nil
}

func (m *memory) Update(_ context.Context, o client.Object, opts ...client.UpdateOption) error {
	if len((&client.UpdateOptions{}).ApplyOptions(opts).DryRun) > 0 {
		m.count("rehearse", o)
		return nil
	}

	m.count("update", o)

	if stored := m.objects[key(o, client.ObjectKeyFromObject(o))]; stored.GetResourceVersion() != o.GetResourceVersion() {
		return kerrors.NewConflict(schema.GroupResource{}, o.GetName(), nil)
	}

	m.store(o)

	return nil
}

// Patch merges a merge patch into an object, whose maps then have the keys of both.
func (m *memory) Patch(_ context.Context, o client.Object, p client.Patch, _ ...client.PatchOption) error {
	m.count("patch", o)

	data, err := p.Data(o)
	if err != nil {
		return err
	}

	merged := m.objects[key(o, client.ObjectKeyFromObject(o))].DeepCopyObject().(client.Object)
	if err := json.Unmarshal(data, merged); err != nil {
		return err
	}

	m.store(merged)

	return nil
}

func (m *memory) Status() client.SubResourceWriter { return memoryStatus{memory: m} }

// SubResource is not called, but must be there for a client that only rehearses.
func (m *memory) SubResource(string) client.SubResourceClient { return nil }

type memoryStatus struct {
	client.SubResourceWriter
	memory *memory
}

func (s memoryStatus) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	s.memory.count("update status", o)

	if err := s.memory.refuse; err != nil {
		s.memory.refuse = nil
		return err
	}

	s.memory.store(o)

	return nil
}

// A memoryManager is what a reconciler needs of a manager.
type memoryManager struct {
	manager.Manager
	kube *memory
}

func (m memoryManager) Add(manager.Runnable) error  { return nil }
func (m memoryManager) GetClient() client.Client    { return m.kube }
func (m memoryManager) GetAPIReader() client.Reader { return memoryReader{m.kube} }
func (m memoryManager) GetScheme() *runtime.Scheme  { return m.kube.scheme }
func (m memoryManager) GetEventRecorderFor(string) record.EventRecorder {
	return &record.FakeRecorder{}
}
func (m memoryManager) GetCache() cache.Cache                { return memoryCache{kube: m.kube} }
func (m memoryManager) GetFieldIndexer() client.FieldIndexer { return m }
func (m memoryManager) IndexField(context.Context, client.Object, string, client.IndexerFunc) error {
	return nil
}

// A memoryCache has of each Secret what the provider's cache has.
type memoryCache struct {
	cache.Cache
	kube *memory
}

func (c memoryCache) Get(ctx context.Context, name client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	s, ok := o.(*corev1.Secret)
	if !ok {
		return c.kube.Get(ctx, name, o, opts...)
	}

	kept, ok := c.kube.reduced[name]
	if !ok {
		return kerrors.NewNotFound(schema.GroupResource{}, name.Name)
	}

	kept.DeepCopyInto(s)

	return nil
}

// A memoryReader reads past the cache.
type memoryReader struct {
	client.Reader
}

func (r memoryReader) Get(ctx context.Context, name client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	m := r.Reader.(*memory)

	metadata, ok := o.(*metav1.PartialObjectMetadata)
	if !ok {
		m.count("read", o)
		return m.Get(ctx, name, o, opts...)
	}

	whole, err := m.scheme.New(metadata.GroupVersionKind())
	if err != nil {
		return err
	}

	stored := whole.(client.Object)
	m.count("read metadata of", stored)

	if err := m.Get(ctx, name, stored, opts...); err != nil {
		return err
	}

	b, err := json.Marshal(stored)
	if err != nil {
		return err
	}

	return json.Unmarshal(b, metadata)
}

// A tokenAPI answers requests for container tokens, and their namespaces, all of which
// exist, as Scaleway's API does.
type tokenAPI struct {
	mu       sync.Mutex
	requests map[string]int
	marks    map[string]string

	// minting is called by the request that mints a token. Optional.
	minting func()
	// answer replaces what a request is answered with. Optional.
	answer func(req *http.Request, status int, body string) (int, string)
}

func newTokenAPI() *tokenAPI {
	return &tokenAPI{requests: map[string]int{}, marks: map[string]string{}}
}

const tokenBody = `{"id":%q,"status":"ready","container_id":null,"namespace_id":"11111111-1111-4111-8111-111111111111","description":%q,"expires_at":null,"public_key":"","token":%q}`

func (a *tokenAPI) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()

	a.requests[req.Method]++

	var body string

	switch {
	case req.Method == http.MethodPost:
		if a.minting != nil {
			a.minting()
		}

		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}

		_, description, _ := strings.Cut(string(b), `"description":"`)
		description, _, _ = strings.Cut(description, `"`)

		id := uuid.NewString()
		a.marks[id] = description
		body = fmt.Sprintf(tokenBody, id, description, jwtOf(id))
	case strings.Contains(req.URL.Path, "/namespaces/"):
		body = `{"status":"ready","organization_id":"33333333-3333-4333-8333-333333333333"}`
	default:
		id := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
		body = fmt.Sprintf(tokenBody, id, a.marks[id], "")
	}

	status := http.StatusOK
	if a.answer != nil {
		status, body = a.answer(req, status, body)
	}

	return &http.Response{
		Status: http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}},
		Body:    io.NopCloser(bytes.NewReader([]byte(body))),
		Request: req,
	}, nil
}

// jwtOf returns a JSON Web Token with the ID. It is signed by nobody.
func jwtOf(id string) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"RS256","typ":"JWT"}`) + "." + part(fmt.Sprintf(`{"jti":%q,"iss":"SCALEWAY","aud":["functions"],"iat":1767225600}`, id)) + "." + part(strings.Repeat("s", 256))
}
