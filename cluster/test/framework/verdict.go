// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Verdict says what there is of a minted object, and whether that is what the
// provider promises, whatever has happened.
type Verdict struct {
	// Alive are the external names of what exists at Scaleway, in any organization.
	Alive []string
	// Named is the external name of the object, and Published that of what its Secret
	// holds the value of. Both may be empty.
	Named, Published string
	// Healthy is set if the object is Ready and Synced, and Gone if it is no more.
	Healthy, Gone bool
	// Announced is set if the object says that the value of the named one is lost.
	Announced bool
	// Said is what its conditions say that are not true; of an object that is gone, what
	// events have said of it.
	Said string
	// Unsaid are alive, and are neither the named one, published or announced as lost, nor
	// told of in what is said.
	Unsaid []string
}

// An Outcome is what a Verdict comes to.
type Outcome string

// Outcomes. The first two need nobody.
const (
	// OutcomeOne is one object that is alive, named and published, and healthy.
	OutcomeOne Outcome = "one"
	// OutcomeNone is nothing alive, and an object that is gone.
	OutcomeNone Outcome = "none"
	// OutcomeSaid is an object that is not healthy, and tells of all that is alive.
	OutcomeSaid Outcome = "said"
	// OutcomeLeft is something alive of an object that is gone, and an event that tells
	// of it.
	OutcomeLeft Outcome = "left, said"
	// OutcomeBroken is anything else.
	OutcomeBroken Outcome = "BROKEN"
)

// Outcome of the verdict.
func (v Verdict) Outcome() Outcome {
	switch {
	case len(v.Unsaid) > 0:
		return OutcomeBroken
	case v.Gone && len(v.Alive) == 0:
		return OutcomeNone
	case v.Gone:
		return OutcomeLeft
	case !v.Healthy && v.Said != "":
		return OutcomeSaid
	case v.Healthy && slices.Equal(v.Alive, []string{v.Named}) && v.Published == v.Named:
		return OutcomeOne
	default:
		return OutcomeBroken
	}
}

// Summary of the verdict in one line.
func (v Verdict) Summary() string {
	return fmt.Sprintf("%s: %d alive %v, named %q, published %q, Ready and Synced %t, gone %t, unsaid %v, said: %s",
		v.Outcome(), len(v.Alive), v.Alive, v.Named, v.Published, v.Healthy, v.Gone, v.Unsaid, v.Said)
}

// Judge returns the verdict on an object. What others have at Scaleway does not count.
func (e *Env) Judge(k *MintedKind, mg Minted, others ...string) Verdict {
	e.t.Helper()

	v := Verdict{}
	o := mg.DeepCopyObject().(Minted)

	if err := e.Client.Get(e.t.Context(), client.ObjectKeyFromObject(mg), o); kerrors.IsNotFound(err) {
		v.Gone = true
		v.Said = e.saidOf(mg)
	} else if err != nil {
		e.t.Fatal(err)
	}

	if !v.Gone {
		ready, synced := o.GetCondition(xpv1.TypeReady), o.GetCondition(xpv1.TypeSynced)
		v.Healthy = ready.Status == corev1.ConditionTrue && synced.Status == corev1.ConditionTrue
		v.Named = ExternalName(o)
		v.Announced = ready.Status != corev1.ConditionTrue && strings.HasPrefix(string(ready.Reason), "Secret")

		for _, c := range []xpv1.Condition{ready, synced} {
			if c.Status != corev1.ConditionTrue && c.Message != "" {
				v.Said += describe(c)
			}
		}

		if ref := o.GetWriteConnectionSecretToReference(); ref != nil {
			if name, err := k.Verify(e.Scaleway, e.SecretData(ref.Name)); err == nil {
				v.Published = name
			}
		}
	}

	// After the object, so that what it names is not newer than what is alive.
	for _, live := range k.alive(e.Scaleway, "") {
		if slices.Contains(others, live.Name) {
			continue
		}

		v.Alive = append(v.Alive, live.Name)

		accounted := !v.Gone && live.Name == v.Named && (live.Name == v.Published || v.Announced)
		// A mark names the object, whichever attempt it is of.
		told := strings.Contains(v.Said, path.Base(live.Name)) || live.Mark.UID != "" && strings.Contains(v.Said, string(live.Mark.UID))

		if !accounted && !told {
			v.Unsaid = append(v.Unsaid, live.Name)
		}
	}

	slices.Sort(v.Alive)

	return v
}

// saidOf returns what warnings have said of an object.
func (e *Env) saidOf(o client.Object) string {
	e.t.Helper()

	l := &corev1.EventList{}
	if err := e.Client.List(e.t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
		e.t.Fatal(err)
	}

	var b strings.Builder

	for _, ev := range l.Items {
		// What could not be done is no word on what was left in the end.
		if ev.InvolvedObject.UID == o.GetUID() && ev.Type == corev1.EventTypeWarning && !strings.HasPrefix(ev.Reason, "Cannot") {
			fmt.Fprintf(&b, "%s: %s; ", ev.Reason, ev.Message)
		}
	}

	return b.String()
}

// How long a verdict must stay as it is to be believed. A person's is one that stays
// for some polls; what is broken may still be mended while attempts are looked for that
// arrive late, which is twenty request timeouts.
const (
	saidFor   = 5 * time.Second
	brokenFor = 25 * time.Second
)

// Rest waits until an object has come to rest with an outcome that is wanted, or until
// no more can be expected, and returns the last verdict. For all that is not OutcomeOne
// or OutcomeNone it waits until it stays.
func (e *Env) Rest(k *MintedKind, mg Minted, timeout time.Duration, others []string, wanted ...Outcome) Verdict {
	e.t.Helper()

	var last string

	since := time.Now()

	for deadline := time.Now().Add(timeout); ; time.Sleep(auditInterval) {
		v := e.Judge(k, mg, others...)
		now, outcome := v.Summary(), v.Outcome()

		if now != last {
			last, since = now, time.Now()
		}

		unchanged := time.Since(since)

		switch {
		case slices.Contains(wanted, outcome) && (outcome == OutcomeOne || outcome == OutcomeNone),
			slices.Contains(wanted, outcome) && unchanged > saidFor && !strings.Contains(v.Said, "waiting until"),
			(v.Healthy || v.Gone) && unchanged > brokenFor,
			time.Now().After(deadline):
			return v
		}
	}
}

// How long it may take until the provider notices what has changed, and how long what it
// says must stay as it is for that.
const (
	noticeTimeout = 30 * time.Second
	noticedFor    = 2 * time.Second
)

// Noticed waits until the provider has acted on what was changed: until there are three
// more requests for objects of the kind, with the secret key if there is one, or it says
// what is wrong, or the object is gone. It does not wait for long: what the provider does
// not notice does no harm.
func (e *Env) Noticed(k *MintedKind, mg Minted, secretKey string) {
	e.t.Helper()

	sent := func(prefix string) int {
		n := 0

		for _, r := range e.Scaleway.Requests() {
			if (secretKey == "" || r.SecretKey == secretKey) && r.UserAgent != outside && strings.HasPrefix(r.Route, prefix) {
				n++
			}
		}

		return n
	}

	first, last, since := sent(k.Collection), "", time.Now()

	for deadline := time.Now().Add(noticeTimeout); time.Now().Before(deadline); time.Sleep(auditInterval) {
		v := e.Judge(k, mg)

		if said := v.Said; said != last || secretKey != "" && sent("") == 0 {
			last, since = said, time.Now()
		}

		if v.Gone || sent(k.Collection) >= first+3 || !v.Healthy && v.Said != "" && time.Since(since) > noticedFor {
			return
		}
	}
}

// WatchMinted returns a function that returns the annotations that the object has had,
// oldest first, without those that are like the ones before.
func (e *Env) WatchMinted(k *MintedKind, mg Minted) func() []map[string]string {
	e.t.Helper()

	c, err := client.NewWithWatch(e.plane.Config, client.Options{Scheme: e.Client.Scheme()})
	if err != nil {
		e.t.Fatal(err)
	}

	w, err := c.Watch(context.WithoutCancel(e.t.Context()), k.list().(client.ObjectList), client.InNamespace(e.Namespace))
	if err != nil {
		e.t.Fatal(err)
	}

	e.t.Cleanup(w.Stop)

	var (
		mu       sync.Mutex
		versions []map[string]string
		newest   string
	)

	go func() {
		for ev := range w.ResultChan() {
			o, ok := ev.Object.(Minted)
			if !ok || o.GetName() != mg.GetName() {
				continue
			}

			mu.Lock()
			if n := len(versions); n == 0 || !maps.Equal(versions[n-1], o.GetAnnotations()) {
				versions = append(versions, o.GetAnnotations())
			}

			newest = o.GetResourceVersion()
			mu.Unlock()
		}
	}()

	return func() []map[string]string {
		// The watch is behind.
		now := mg.DeepCopyObject().(Minted)
		e.Eventually("the watch to be there", func() (bool, string) {
			if err := e.Client.Get(e.t.Context(), client.ObjectKeyFromObject(mg), now); kerrors.IsNotFound(err) {
				return true, ""
			}

			mu.Lock()
			defer mu.Unlock()

			return newest == now.GetResourceVersion(), newest
		})

		mu.Lock()
		defer mu.Unlock()

		return slices.Clone(versions)
	}
}
