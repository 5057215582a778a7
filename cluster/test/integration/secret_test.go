// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// Keys of a Token's Secret.
const (
	keyToken     = "token"
	keyAttribute = "attribute.token"
)

// secretNamed returns a Secret of the Env's namespace, with nothing but its name.
func secretNamed(e *framework.Env, name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
}

// restart the provider.
func restart(e *framework.Env, opts ...framework.ProviderOption) {
	e.Provider.Stop()
	e.StartProvider(opts...)
}

// age a Token as if it had been minted an hour ago. For half a minute after a
// creation the reconciler does not believe that there is no object.
func age(e *framework.Env, tk *v1beta1.Token) {
	e.Update(tk, func() {
		long := meta.GetExternalCreateSucceeded(tk).Add(-time.Hour)
		meta.SetExternalCreatePending(tk, long)
		meta.SetExternalCreateSucceeded(tk, long)
	})
}

// waitUnready waits until the Token is not Ready, for the reason, and returns the
// message.
func waitUnready(e *framework.Env, tk *v1beta1.Token, reason xpv1.ConditionReason) string {
	return e.WaitCondition(tk, xpv1.TypeReady, "False, "+string(reason), func(c xpv1.Condition) bool {
		return c.Status == corev1.ConditionFalse && c.Reason == reason
	}).Message
}

// waitRefused waits until the managed resource is not Synced, with all the texts
// in the message.
func waitRefused(e *framework.Env, mg xpresource.ModernManaged, texts ...string) {
	e.WaitCondition(mg, xpv1.TypeSynced, fmt.Sprintf("False, with %q", texts), func(c xpv1.Condition) bool {
		for _, text := range texts {
			if !strings.Contains(c.Message, text) {
				return false
			}
		}

		return c.Status == corev1.ConditionFalse
	})
}

// wantRequests fails the test unless the provider has sent that many requests of
// the method for tokens.
func wantRequests(t *testing.T, e *framework.Env, method string, want int) {
	t.Helper()

	if diff := cmp.Diff(want, len(e.TokenRequests(method))); diff != "" {
		t.Errorf("requests %s for tokens: -want, +got:\n%s", method, diff)
	}
}

// wantAlive fails the test unless exactly these tokens exist at Scaleway.
func wantAlive(t *testing.T, e *framework.Env, names ...string) {
	t.Helper()

	if diff := cmp.Diff(append([]string{}, names...), e.AliveTokens()); diff != "" {
		t.Errorf("tokens at Scaleway: -want, +got:\n%s", diff)
	}
}

// wantPublished fails the test unless the Secret holds the token of that external
// name, under both keys.
func wantPublished(t *testing.T, e *framework.Env, secret, name string) {
	t.Helper()

	data := e.SecretData(secret)
	for _, key := range []string{keyToken, keyAttribute} {
		claims, err := e.Scaleway.VerifyToken(string(data[key]))
		if err != nil {
			t.Errorf("key %s of Secret %s: %v", key, secret, err)
			continue
		}

		if diff := cmp.Diff(name, "fr-par/"+claims.ID); diff != "" {
			t.Errorf("key %s of Secret %s holds the token of: -want, +got:\n%s", key, secret, diff)
		}
	}
}

// wantOneEvent fails the test unless one event of the reason was sent, once, and
// holds all the texts.
func wantOneEvent(t *testing.T, e *framework.Env, mg xpresource.ModernManaged, reason string, texts ...string) {
	t.Helper()

	e.WaitEvent(mg, reason)

	events := e.Events(mg, reason)
	if len(events) != 1 || events[0].Count > 1 {
		t.Errorf("events of the reason %s: want one, sent once, got %d, the first of them sent %d times", reason, len(events), events[0].Count)
	}

	for _, text := range texts {
		if !strings.Contains(events[0].Message, text) {
			t.Errorf("the event does not say %q: %s", text, events[0].Message)
		}
	}
}

// What somebody adds to the Secret stays, what somebody does to the key that is
// made of another is put right, and the value is the same after a restart.
func TestSecretIsKept(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("kept")
	e.WaitReady(tk)
	wantPublished(t, e, "kept", framework.ExternalName(tk))

	s := secretNamed(e, "kept")
	e.Update(s, func() { s.Data["user"] = []byte("added") })

	want, version := e.SecretData("kept"), s.GetResourceVersion()
	if diff := cmp.Diff(3, len(want)); diff != "" {
		t.Fatalf("keys: -want, +got:\n%s", diff)
	}

	same := func(when string) {
		e.WaitPolled(fakescaleway.RouteToken, 3)
		e.WaitReady(tk)
		e.Get(s)

		if diff := cmp.Diff(want, s.Data); diff != "" {
			t.Errorf("the Secret %s: -want, +got:\n%s", when, diff)
		}

		if diff := cmp.Diff(version, s.GetResourceVersion()); diff != "" {
			t.Errorf("version of the Secret %s: it should not be written: -want, +got:\n%s", when, diff)
		}
	}

	same("after polls")
	restart(e)
	same("after a restart")

	for what, change := range map[string]func(){
		"overwritten": func() { s.Data[keyToken] = []byte("overwritten") },
		"removed":     func() { delete(s.Data, keyToken) },
	} {
		e.Update(s, change)
		e.Eventually("the "+what+" key to be put right", func() (bool, string) {
			return cmp.Equal(want, e.SecretData("kept")), "it is not"
		})
	}

	wantRequests(t, e, http.MethodPost, 1)
}

// A value that is gone is never replaced by another token.
func TestSecretLost(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("lost")
	e.WaitReady(tk)

	backup := e.SecretData("lost")

	// The process that minted the token may know the value, or say that it is lost.
	e.Delete(secretNamed(e, "lost"))
	e.WaitPolled(fakescaleway.RouteToken, 2)
	e.Eventually("the Secret to be published again, or to be said to be lost", func() (bool, string) {
		e.Get(tk)
		c := tk.GetCondition(xpv1.TypeReady)

		return c.Reason == onetime.ReasonSecretLost || cmp.Equal(backup, e.SecretData("lost")), string(c.Reason)
	})

	restore := func() {
		s := secretNamed(e, "lost")
		e.Update(s, func() { s.Data = backup })
		e.WaitReady(tk)
	}
	restore()

	// Another process does not.
	e.Provider.Stop()
	e.Delete(secretNamed(e, "lost"))

	before := countEvents(e, tk, onetime.ReasonSecretLost)

	e.StartProvider()

	message := waitUnready(e, tk, onetime.ReasonSecretLost)
	for _, want := range []string{"Secret lost", "restore the Secret from a backup", onetime.AnnotationRenew} {
		if !strings.Contains(message, want) {
			t.Errorf("the condition does not say %q: %s", want, message)
		}
	}

	e.WaitPolled(fakescaleway.RouteToken, 4)

	times := countEvents(e, tk, onetime.ReasonSecretLost)
	if diff := cmp.Diff(before+1, times); diff != "" {
		t.Errorf("events after some polls: -want, +got:\n%s", diff)
	}

	restore()
	wantPublished(t, e, "lost", framework.ExternalName(tk))
	wantRequests(t, e, http.MethodPost, 1)
	wantAlive(t, e, framework.ExternalName(tk))
}

// A Secret that was restored as a new object, as backup tools do, is taken over.
func TestSecretRestored(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	tk, _ := e.CreateToken("restored")
	e.WaitReady(tk)
	p.Stop()

	s := secretNamed(e, "restored")
	e.Get(s)
	e.Delete(secretNamed(e, "restored"))

	s.ObjectMeta = metav1.ObjectMeta{Namespace: e.Namespace, Name: "restored"}
	e.Create(s)
	e.StartProvider()

	e.Eventually("the Token to be Ready, and in control of its Secret", func() (bool, string) {
		e.Get(s)
		e.Get(tk)

		return metav1.IsControlledBy(s, tk) && tk.GetCondition(xpv1.TypeReady).Status == corev1.ConditionTrue, tk.GetCondition(xpv1.TypeReady).Message
	})
	wantPublished(t, e, "restored", framework.ExternalName(tk))
	wantRequests(t, e, http.MethodPost, 1)
}

// A value that does not belong to the object is reported, kept as it is, and
// forgotten about once it is put right.
func TestSecretOfAnother(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, parent := e.CreateToken("another")
	e.WaitReady(tk)

	foreign, value := e.CreateTokenOutside(parent, "another")
	right := e.SecretData("another")

	s := secretNamed(e, "another")

	for _, tc := range []struct {
		value  string
		reason xpv1.ConditionReason
		want   string
	}{
		{value: value, reason: onetime.ReasonSecretForeign, want: strings.TrimPrefix(foreign, "fr-par/")},
		{value: "no token at all", reason: onetime.ReasonSecretUnreadable, want: "it is not a JSON Web Token"},
		{value: "e30.e30.", reason: onetime.ReasonSecretUnreadable, want: "JSON Web Token"},
	} {
		t.Run(string(tc.reason), func(t *testing.T) {
			wrong := map[string][]byte{keyToken: []byte(tc.value), keyAttribute: []byte(tc.value)}
			e.Update(s, func() { s.Data = wrong })

			message := waitUnready(e, tk, tc.reason)
			if !strings.Contains(message, tc.want) || strings.Contains(message, tc.value) {
				t.Errorf("the condition should say %q, and must not hold the value: %s", tc.want, message)
			}

			e.WaitEvent(tk, string(tc.reason))
			e.WaitPolled(fakescaleway.RouteToken, 2)

			if diff := cmp.Diff(wrong, e.SecretData("another")); diff != "" {
				t.Errorf("the Secret: -want, +got:\n%s", diff)
			}

			e.Update(s, func() { s.Data = right })
			e.WaitReady(tk)
		})
	}

	wantRequests(t, e, http.MethodPost, 1)
	wantRequests(t, e, http.MethodDelete, 0)
	wantAlive(t, e, framework.ExternalName(tk), foreign)
}

// A Token that names another Secret takes the value along, as long as the old one
// still holds it.
func TestSecretRenamed(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	tk, _ := e.CreateToken("first")
	e.WaitReady(tk)

	rename := func(name string) {
		e.Update(tk, func() { tk.Spec.WriteConnectionSecretToReference.Name = name })
	}

	p.Stop()
	rename("second")
	e.StartProvider()
	e.Eventually("the second Secret to hold the value", func() (bool, string) {
		return len(e.SecretData("second")[keyToken]) > 0, "it holds none"
	})
	e.WaitReady(tk)
	wantPublished(t, e, "second", framework.ExternalName(tk))

	// Once more, with the first one gone.
	e.Delete(secretNamed(e, "first"))
	e.WaitPolled(fakescaleway.RouteToken, 2)
	rename("third")
	e.Eventually("the third Secret to hold the value", func() (bool, string) {
		return len(e.SecretData("third")[keyToken]) > 0, "it holds none"
	})
	e.WaitReady(tk)
	wantPublished(t, e, "third", framework.ExternalName(tk))

	// With none left that holds it.
	e.Provider.Stop()
	e.Delete(secretNamed(e, "second"), secretNamed(e, "third"))
	rename("fourth")
	e.StartProvider()
	waitUnready(e, tk, onetime.ReasonSecretLost)

	wantRequests(t, e, http.MethodPost, 1)
	wantAlive(t, e, framework.ExternalName(tk))
}

// A Secret that is somebody else's is neither overwritten nor minted for.
func TestSecretNameTaken(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	theirs := secretNamed(e, "taken")
	theirs.Data = map[string][]byte{keyToken: []byte("theirs")}
	e.Create(theirs)

	tk, _ := e.CreateToken("taken")
	waitRefused(e, tk, "secret")
	wantRequests(t, e, http.MethodPost, 0)

	if diff := cmp.Diff(map[string][]byte{keyToken: []byte("theirs")}, e.SecretData("taken")); diff != "" {
		t.Errorf("their Secret: -want, +got:\n%s", diff)
	}

	e.Delete(theirs)
	e.WaitReady(tk)
	wantPublished(t, e, "taken", framework.ExternalName(tk))

	// Also where the Token comes to name it later.
	other := secretNamed(e, "other")
	other.Data = map[string][]byte{keyAttribute: []byte("theirs")}
	e.Create(other)

	e.Update(tk, func() { tk.Spec.WriteConnectionSecretToReference.Name = "other" })
	waitRefused(e, tk, "secret")

	if diff := cmp.Diff(map[string][]byte{keyAttribute: []byte("theirs")}, e.SecretData("other")); diff != "" {
		t.Errorf("their Secret: -want, +got:\n%s", diff)
	}

	e.Update(tk, func() { tk.Spec.WriteConnectionSecretToReference.Name = "taken" })
	e.WaitReady(tk)
	wantPublished(t, e, "taken", framework.ExternalName(tk))
	wantRequests(t, e, http.MethodPost, 1)
}

// The value of an imported token was shown to somebody else.
func TestSecretOfImported(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	parent := e.CreateParent()

	with := e.NewToken("with", parent)
	name, value := e.CreateTokenOutside(parent, "with")
	meta.SetExternalName(with, name)
	e.Create(with)

	without := e.NewToken("without", parent)
	bare, _ := e.CreateTokenOutside(parent, "without")
	meta.SetExternalName(without, bare)
	without.Spec.WriteConnectionSecretToReference = nil
	e.Create(without)

	message := waitUnready(e, with, onetime.ReasonSecretUnknown)
	if !strings.Contains(message, "not created by this resource") || !strings.Contains(message, "writeConnectionSecretToRef") {
		t.Errorf("the condition says neither why nor what to do: %s", message)
	}

	e.WaitReady(without)

	for key := range e.SecretData("with") {
		t.Errorf("the Secret of an imported token has a key: %s", key)
	}

	// A user who knows the value puts it there.
	s := secretNamed(e, "with")
	e.Update(s, func() { s.Data = map[string][]byte{keyAttribute: []byte(value)} })
	e.WaitReady(with)
	wantPublished(t, e, "with", name)

	if diff := cmp.Diff(map[string]int{}, providerWrites(e)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}
}

// providerWrites returns what the provider asked of Scaleway for tokens, other
// than to read, by method.
func providerWrites(e *framework.Env) map[string]int {
	w := map[string]int{}

	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if n := len(e.TokenRequests(method)); n > 0 {
			w[method] = n
		}
	}

	return w
}

// No version of the Secret ever holds the text that Scaleway answers in place of
// the token, nor an empty value, nor less than the version before.
func TestSecretNeverHollow(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	versions := e.WatchSecrets()
	e.StartProvider()

	tk, _ := e.CreateToken("hollow")
	e.WaitReady(tk)
	e.WaitPolled(fakescaleway.RouteToken, 2)
	restart(e)
	e.WaitPolled(fakescaleway.RouteToken, 2)

	// Another token takes the place of one that is gone.
	age(e, tk)

	old := framework.ExternalName(tk)
	if err := e.Scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(t, tk)); err != nil {
		t.Fatal(err)
	}

	e.Eventually("another token", func() (bool, string) {
		e.Get(tk)
		return framework.ExternalName(tk) != old, old
	})
	e.WaitReady(tk)
	e.Delete(secretNamed(e, "hollow"))
	restart(e)
	waitUnready(e, tk, onetime.ReasonSecretLost)
	e.WaitPolled(fakescaleway.RouteToken, 2)

	e.Delete(tk)
	e.WaitGone(secretNamed(e, "hollow"))

	// The watch is behind, but not out of order.
	last := secretNamed(e, "last")
	e.Create(last)
	e.Eventually("the watch to be there", func() (bool, string) {
		// What else is deleted may be seen after it.
		return slices.ContainsFunc(versions(), func(s corev1.Secret) bool { return s.GetUID() == last.GetUID() }), "it is not"
	})

	held := map[string]map[string][]byte{}
	filled := 0

	for _, s := range versions() {
		if s.GetName() != "hollow" {
			continue
		}

		for key, value := range s.Data {
			filled++

			if len(value) == 0 || strings.Contains(string(value), "hidden") {
				t.Errorf("version %s: key %s holds %q", s.GetResourceVersion(), key, value)
			}
		}

		for key := range held[string(s.GetUID())] {
			if _, ok := s.Data[key]; !ok {
				t.Errorf("version %s: key %s is gone", s.GetResourceVersion(), key)
			}
		}

		held[string(s.GetUID())] = s.Data
	}

	if filled == 0 {
		t.Error("no version of the Secret was seen that holds anything")
	}
}

// An expiry is announced, noticed when it comes although the next poll is far
// away, and shown.
func TestExpiry(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider(framework.WithArgs("--poll-interval=10m"))

	// Long enough for a busy machine to create it before.
	at := time.Now().Add(30 * time.Second).UTC().Truncate(time.Second)
	text := at.Format(time.RFC3339)

	tk := e.NewToken("expiring", e.CreateParent())
	tk.Spec.ForProvider.ExpiresAt = ptr.To(text)
	e.Create(tk)
	e.WaitReady(tk)

	if diff := cmp.Diff(text, ptr.Deref(tk.Status.AtProvider.ExpiresAt, "")); diff != "" {
		t.Errorf("status.atProvider.expiresAt: -want, +got:\n%s", diff)
	}

	soon := e.WaitEvent(tk, "ExpiresSoon")
	if !strings.Contains(soon.Message, text) || !soon.FirstTimestamp.Time.Before(at) {
		t.Errorf("the event should come before %s, and say so: %s: %s", text, soon.FirstTimestamp, soon.Message)
	}

	if c := tk.GetCondition(xpv1.TypeReady); c.Reason == onetime.ReasonExpired {
		t.Errorf("expired before its time: %s", c.Message)
	}

	message := waitUnready(e, tk, onetime.ReasonExpired)
	if !strings.Contains(message, text) {
		t.Errorf("the condition does not say when it expired: %s", message)
	}

	c := tk.GetCondition(xpv1.TypeReady)
	if c.LastTransitionTime.Time.Before(at) {
		t.Errorf("expired at %s, before its time %s", c.LastTransitionTime, text)
	}

	wantOneEvent(t, e, tk, "ExpiresSoon")
	wantOneEvent(t, e, tk, string(onetime.ReasonExpired), text)
	wantRequests(t, e, http.MethodPost, 1)

	// What has expired is still revoked.
	e.Delete(tk)
	wantAlive(t, e)
}

// The expiries are metrics, those first that come first, up to a limit.
func TestExpiryMetrics(t *testing.T) {
	t.Parallel()

	const (
		gauge   = "scaleway_secret_expiry_timestamp_seconds"
		omitted = "scaleway_secret_expiry_omitted"
	)

	e := framework.New(t)

	serve := func(args ...string) string {
		address := e.FreeAddress()
		e.StartProvider(framework.WithArgs(append(args, "--metrics-bind-address="+address)...))

		return address
	}

	address := serve("--expiry-metrics=1000")
	parent := e.CreateParent()

	expiries := map[string]string{"later": "2036-01-02T03:04:05Z", "sooner": "2035-01-02T03:04:05Z", "never": ""}
	for name, at := range expiries {
		tk := e.NewToken(name, parent)
		if at != "" {
			tk.Spec.ForProvider.ExpiresAt = ptr.To(at)
		}

		e.Create(tk)
		e.WaitReady(tk)
	}

	// sample is the line of a Token's expiry.
	sample := func(name string) string {
		at, err := time.Parse(time.RFC3339, expiries[name])
		if err != nil {
			t.Fatal(err)
		}

		return fmt.Sprintf(`%s{kind="Token",name=%q,namespace=%q} %s`, gauge, name, e.Namespace, strconv.FormatFloat(float64(at.Unix()), 'g', -1, 64))
	}
	// samples returns the lines of both metrics, once a metric that is always there
	// is there too.
	samples := func(address string) []string {
		var lines []string

		for line := range strings.SplitSeq(e.Metrics(address), "\n") {
			if strings.HasPrefix(line, gauge+`{kind="Token"`) || strings.HasPrefix(line, omitted+`{kind="Token"`) {
				lines = append(lines, line)
			}
		}

		return lines
	}
	omits := func(n int) string { return fmt.Sprintf(`%s{kind="Token"} %d`, omitted, n) }

	await := func(address string, want ...string) {
		e.Eventually("the expiries as metrics", func() (bool, string) {
			got := samples(address)
			return cmp.Equal(want, got), cmp.Diff(want, got)
		})
	}

	await(address, omits(0), sample("later"), sample("sooner"))

	e.Provider.Stop()
	await(serve("--expiry-metrics=1"), omits(1), sample("sooner"))

	e.Provider.Stop()

	address = serve()
	e.WaitPolled(fakescaleway.RouteToken, 3)

	if got := samples(address); len(got) > 0 || e.Metrics(address) == "" {
		t.Errorf("metrics without --expiry-metrics: want others only, got %q", got)
	}
}

// countEvents returns how often an event about a Token was sent.
func countEvents(e *framework.Env, tk *v1beta1.Token, reason xpv1.ConditionReason) int {
	times := 0
	for _, ev := range e.Events(tk, string(reason)) {
		times += int(ev.Count)
	}

	return times
}
