// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/mint"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// auditInterval is how long Settle waits between two audits, which cost a request
// for each object.
const auditInterval = 100 * time.Millisecond

// CreateParent creates a container namespace for tokens at Scaleway, with no
// object that stands for it, and returns its regional ID.
func (e *Env) CreateParent() string {
	e.t.Helper()

	body := strings.NewReader(fmt.Sprintf(`{"name":"parent","project_id":%q}`, e.Key.ProjectID))

	req, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, e.Scaleway.URL()+strings.Replace(fakescaleway.RouteNamespaces, "{region}", "fr-par", 1), body)
	if err != nil {
		e.t.Fatal(err)
	}

	req.Header.Set("X-Auth-Token", e.Key.SecretKey)

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()

	var ns struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&ns); err != nil || ns.ID == "" {
		e.t.Fatalf("cannot create a container namespace: %s, %v", resp.Status, err)
	}

	return regional.ID{Region: "fr-par", UUID: ns.ID}.String()
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

// An Audit says which tokens there are: at Scaleway, and in the Env's namespace.
// Tokens are external names, in alphabetical order.
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
	Attempts map[mint.Mark]int
}

// Repeated returns the attempts that sent more than one request.
func (a Audit) Repeated() []mint.Mark {
	var marks []mint.Mark

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

// Settle audits the tokens until the predicate holds, or the timeout has passed,
// and returns the last audit.
func (e *Env) Settle(timeout time.Duration, settled func(Audit) bool) Audit {
	e.t.Helper()

	for deadline := time.Now().Add(timeout); ; time.Sleep(auditInterval) {
		if a := e.Audit(); settled(a) || time.Now().After(deadline) {
			return a
		}
	}
}

// Audit the tokens.
func (e *Env) Audit() Audit {
	e.t.Helper()

	a := Audit{Waiting: map[string]string{}, Attempts: map[mint.Mark]int{}}

	for _, r := range e.Scaleway.Requests() {
		if r.Method != http.MethodPost || r.Route != fakescaleway.RouteTokens {
			continue
		}

		var body struct {
			Description string `json:"description"`
		}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			e.t.Fatal(err)
		}

		_, mark, _ := mint.Strip(body.Description)
		a.Attempts[mark]++

		if r.Applied {
			a.Applied++
		}
	}

	l := &v1beta1.TokenList{}
	if err := e.Client.List(e.t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
		e.t.Fatal(err)
	}

	for i := range l.Items {
		e.auditObject(&a, &l.Items[i])
	}

	// After the objects, so that what they name is not newer than what is alive.
	for _, t := range e.Scaleway.Tokens("") {
		if t.Status != fakescaleway.StatusDeleting {
			a.Alive = append(a.Alive, regional.ID{Region: t.Region, UUID: t.ID}.String())
		}
	}

	for _, names := range [][]string{a.Alive, a.Named, a.Published} {
		slices.Sort(names)
	}

	return a
}

func (e *Env) auditObject(a *Audit, tk *v1beta1.Token) {
	ready, synced := tk.GetCondition(xpv1.TypeReady), tk.GetCondition(xpv1.TypeSynced)
	if ready.Status != corev1.ConditionTrue || synced.Status != corev1.ConditionTrue {
		a.Waiting[tk.GetName()] = describe(ready, synced)
	}

	if ready.Status != corev1.ConditionTrue && strings.HasPrefix(string(ready.Reason), "Secret") {
		a.Announced++
	}

	name := ExternalName(tk)
	if name == "" {
		return
	}

	a.Named = append(a.Named, name)

	data := e.SecretData(tk.Spec.WriteConnectionSecretToReference.Name)
	if string(data["token"]) != string(data["attribute.token"]) {
		return
	}

	claims, err := e.Scaleway.VerifyToken(string(data["token"]))
	if err == nil && strings.HasSuffix(name, "/"+claims.ID) {
		a.Published = append(a.Published, name)
	}
}

// Evidence says what happened to a Token: its metadata and conditions, and all
// requests to Scaleway for tokens. It holds no value of one.
func (e *Env) Evidence(tk *v1beta1.Token) string {
	e.t.Helper()

	b := &strings.Builder{}

	if err := e.Client.Get(e.t.Context(), client.ObjectKeyFromObject(tk), tk); err != nil {
		fmt.Fprintln(b, err)
	} else {
		annotations, _ := json.MarshalIndent(tk.GetAnnotations(), "", "  ")
		fmt.Fprintf(b, "%s\nfinalizers %v, deleted %v\n%s\n", annotations, tk.GetFinalizers(), tk.GetDeletionTimestamp(),
			describe(tk.GetCondition(xpv1.TypeReady), tk.GetCondition(xpv1.TypeSynced)))
	}

	for key, value := range e.SecretData(tk.Spec.WriteConnectionSecretToReference.Name) {
		claims, err := e.Scaleway.VerifyToken(string(value))
		fmt.Fprintf(b, "Secret key %s: %d bytes, jti %s, %v\n", key, len(value), claims.ID, err)
	}

	last, times := "", 0
	flush := func() {
		if times > 1 {
			fmt.Fprintf(b, "  and %d times more\n", times-1)
		}

		times = 0
	}

	for _, r := range e.Scaleway.Requests() {
		if !strings.HasPrefix(r.Route, fakescaleway.RouteTokens) {
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
