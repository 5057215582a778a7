// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// auditInterval is how long Settle waits between two audits, which cost a request
// for each object.
const auditInterval = 100 * time.Millisecond

// CreateParent creates a container namespace for tokens at Scaleway, with no
// object that stands for it, and returns its regional ID.
func (e *Env) CreateParent() string {
	e.t.Helper()

	id := e.createOutside(strings.Replace(fakescaleway.RouteNamespaces, "{region}", "fr-par", 1), map[string]any{"name": "parent-" + rand.String(5), "project_id": e.Key.ProjectID})

	return regional.ID{Region: "fr-par", UUID: id}.String()
}

// createOutside creates an object at Scaleway with the tenant's key, as somebody else
// would, and returns its ID.
func (e *Env) createOutside(path string, arguments map[string]any) string {
	e.t.Helper()

	body, err := json.Marshal(arguments)
	if err != nil {
		e.t.Fatal(err)
	}

	req, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, e.Scaleway.URL()+path, bytes.NewReader(body))
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

	var object struct {
		ID        string `json:"id"`
		AccessKey string `json:"access_key"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&object); err != nil || object.ID+object.AccessKey == "" {
		e.t.Fatalf("POST %s: %s, %v", path, resp.Status, err)
	}

	return cmp.Or(object.ID, object.AccessKey)
}

// NewToken returns a Token of that name, which is in its description too and is
// that of its Secret. It has not been created yet.
func (e *Env) NewToken(name, parent string) *v1beta1.Token {
	tk := &v1beta1.Token{}
	e.Place(tk, name)
	tk.Spec.ForProvider = v1beta1.TokenParameters{NamespaceID: ptr.To(parent), Description: ptr.To(name)}
	tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: name}

	return tk
}

// An Audit says which objects of a MintedKind there are: at Scaleway, and in the Env's
// namespace. They are external names, in alphabetical order.
type Audit struct {
	// Alive at Scaleway.
	Alive []string
	// Named by an object.
	Named []string
	// Published are named, and their value is in the object's Secret.
	Published []string
	// Waiting are the objects that are not both Ready and Synced, with their
	// conditions.
	Waiting map[string]string
	// Announced is how many of them say that the value of their token is lost.
	Announced int

	// Applied is how many requests have minted a token, whatever was answered.
	Applied int
	// Attempts are how many requests were sent for each mark.
	Attempts map[ledger.Mark]int
}

// Repeated returns the attempts that sent more than one request.
func (a Audit) Repeated() []ledger.Mark {
	var marks []ledger.Mark

	for m, n := range a.Attempts {
		if n > 1 {
			marks = append(marks, m)
		}
	}

	return marks
}

// Settled tells whether each token at Scaleway is that of one object, which is
// Ready and has published it.
func (a Audit) Settled() bool {
	return a.Accounted() && a.Announced == 0
}

// Accounted is Settled, but for objects that say that their token's value is lost.
func (a Audit) Accounted() bool {
	return slices.Equal(a.Alive, a.Named) && len(a.Waiting) == a.Announced && len(a.Published)+a.Announced == len(a.Named)
}

// Summary of the audit in one line.
func (a Audit) Summary() string {
	return fmt.Sprintf("%d alive, %d named, %d published, %d attempts, %d requests applied; waiting: %v",
		len(a.Alive), len(a.Named), len(a.Published), len(a.Attempts), a.Applied, slices.Collect(maps.Values(a.Waiting)))
}

// Settle is SettleMinted of Tokens.
func (e *Env) Settle(timeout time.Duration, settled func(Audit) bool) Audit {
	e.t.Helper()
	return e.SettleMinted(Tokens, timeout, settled)
}

// SettleMinted audits the objects until the predicate holds, or the timeout has
// passed, and returns the last audit.
func (e *Env) SettleMinted(k *MintedKind, timeout time.Duration, settled func(Audit) bool) Audit {
	e.t.Helper()

	for deadline := time.Now().Add(timeout); ; time.Sleep(auditInterval) {
		if a := e.AuditMinted(k); settled(a) || time.Now().After(deadline) {
			return a
		}
	}
}

// Audit the Tokens.
func (e *Env) Audit() Audit {
	e.t.Helper()
	return e.AuditMinted(Tokens)
}

// AuditMinted audits the objects of the kind.
func (e *Env) AuditMinted(k *MintedKind) Audit {
	e.t.Helper()

	a := Audit{Waiting: map[string]string{}, Attempts: map[ledger.Mark]int{}}

	for _, r := range e.Scaleway.Requests() {
		if r.Method != http.MethodPost || r.Route != k.Collection || r.UserAgent == outside {
			continue
		}

		var body struct {
			Description string `json:"description"`
		}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			e.t.Fatal(err)
		}

		_, mark, _ := ledger.Strip(body.Description)
		a.Attempts[mark]++

		if r.Applied {
			a.Applied++
		}
	}

	l := k.list()
	if err := e.Client.List(e.t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
		e.t.Fatal(err)
	}

	for _, mg := range l.GetItems() {
		e.auditObject(k, &a, mg.(Minted))
	}

	// After the objects, so that what they name is not newer than what is alive.
	for _, live := range k.alive(e.Scaleway, "") {
		a.Alive = append(a.Alive, live.Name)
	}

	for _, names := range [][]string{a.Alive, a.Named, a.Published} {
		slices.Sort(names)
	}

	return a
}

func (e *Env) auditObject(k *MintedKind, a *Audit, mg Minted) {
	ready, synced := mg.GetCondition(xpv1.TypeReady), mg.GetCondition(xpv1.TypeSynced)
	if ready.Status != corev1.ConditionTrue || synced.Status != corev1.ConditionTrue {
		a.Waiting[mg.GetName()] = describe(ready, synced)
	}

	if ready.Status != corev1.ConditionTrue && strings.HasPrefix(string(ready.Reason), "Secret") {
		a.Announced++
	}

	name := ExternalName(mg)
	if name == "" {
		return
	}

	a.Named = append(a.Named, name)

	if published, err := k.Verify(e.Scaleway, e.SecretData(mg.GetWriteConnectionSecretToReference().Name)); err == nil && published == name {
		a.Published = append(a.Published, name)
	}
}

// Evidence says what happened to an object of the kind: its metadata and conditions,
// and all requests to Scaleway for such objects. It holds no value of one.
func (e *Env) Evidence(k *MintedKind, mg Minted) string {
	e.t.Helper()

	b := &strings.Builder{}

	if err := e.Client.Get(e.t.Context(), client.ObjectKeyFromObject(mg), mg); err != nil {
		fmt.Fprintln(b, err)
	} else {
		annotations, _ := json.MarshalIndent(mg.GetAnnotations(), "", "  ")
		fmt.Fprintf(b, "%s\nfinalizers %v, deleted %v\n%s\n", annotations, mg.GetFinalizers(), mg.GetDeletionTimestamp(),
			describe(mg.GetCondition(xpv1.TypeReady), mg.GetCondition(xpv1.TypeSynced)))
	}

	data := e.SecretData(mg.GetWriteConnectionSecretToReference().Name)
	published, err := k.Verify(e.Scaleway, data)
	fmt.Fprintf(b, "Secret with keys %v: that of %q, %v\n", slices.Sorted(maps.Keys(data)), published, err)

	last, times := "", 0
	flush := func() {
		if times > 1 {
			fmt.Fprintf(b, "  and %d times more\n", times-1)
		}

		times = 0
	}

	for _, r := range e.Scaleway.Requests() {
		if !strings.HasPrefix(r.Route, k.Collection) {
			continue
		}

		if line := fmt.Sprintf("%s %s: %d, applied %t %s", r.Method, r.Path, r.Status, r.Applied, r.Body); line != last {
			flush()
			fmt.Fprintf(b, "%s +%s %s\n", r.Time.Format("15:04:05.000"), r.Duration.Round(time.Millisecond), line)
			last = line
		}

		times++
	}

	flush()

	return b.String()
}
