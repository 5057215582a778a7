// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// How long the API server is away: longer than a request to Scaleway and all that
// follows from it, and longer than a few retries.
const (
	outage     = 5 * time.Second
	longOutage = 15 * time.Second
)

// longRequestTimeout leaves time to start a provider, on a busy machine too, before
// it gives an attempt up.
const longRequestTimeout = 20 * time.Second

// interruptions are the cells that are no cross of faults with crashes.
func interruptions(points []crash) []cell {
	cells := []cell{
		{interruption: "API server away for 5s", disturb: func(r *run) { r.apiServerAway(outage, false) }},
		{interruption: "API server away for 15s", disturb: func(r *run) { r.apiServerAway(longOutage, false) }},
		{interruption: "API server away for 5s, killed meanwhile", disturb: func(r *run) { r.apiServerAway(outage, true) }},
		{interruption: "conflicts on all writes", disturb: (*run).conflicts},
		{interruption: "Secret taken by somebody else", disturb: (*run).secretTaken},
		{interruption: "SIGTERM before the Secret", disturb: (*run).askedToStop},
		{interruption: "two providers", disturb: (*run).twoProviders},
		{post: "applied late", disturb: (*run).appliedLate},
		{post: "applied late", interruption: "killed meanwhile", disturb: (*run).killedDuringPost},
		{post: "applied late", interruption: "killed and deleted meanwhile", deleted: true, disturb: (*run).killedDuringPost},
		{post: "502 applied", interruption: "deleted meanwhile", deleted: true, disturb: (*run).deletedDuringPost},
	}

	for _, c := range points {
		cells = append(cells,
			cell{interruption: "frozen " + c.name, disturb: func(r *run) { r.frozen(c, false) }},
			cell{interruption: "frozen " + c.name + ", which is late", disturb: func(r *run) { r.frozen(c, true) }},
			cell{interruption: "deleted " + c.name, deleted: true, disturb: func(r *run) { r.deletedAt(c) }},
			cell{interruption: "killed and deleted " + c.name, deleted: true, disturb: func(r *run) { r.deletedAfterCrash(c) }},
		)
	}

	for i := range cells {
		cells[i].post = cmp.Or(cells[i].post, none)
		cells[i].get = cmp.Or(cells[i].get, none)
		cells[i].interruption = cmp.Or(cells[i].interruption, none)
	}

	return cells
}

// beginAt begins what the cell is about, and holds it at a point.
func (r *run) beginAt(c crash) (*framework.Provider, *held) {
	r.t.Helper()

	var h *held

	p := r.begin(func() { h = c.hold(r) })
	r.await("the provider to come to the point "+c.name, h.arrived)

	return p, h
}

// The value of a token is known to the provider alone until the API server is
// back.
func (r *run) apiServerAway(outage time.Duration, killed bool) {
	p, h := r.beginAt(afterTheAnswer)

	r.proxy.Down()
	h.release()

	writes := r.proxy.Count(http.MethodGet, "secrets")
	time.Sleep(outage)

	if r.proxy.Count(http.MethodGet, "secrets") == writes {
		r.t.Error("the provider has not tried to publish the token while the API server was away")
	}

	if killed {
		p.Kill()
		r.attempt = len(r.audit().Attempts) - len(r.before.Attempts)
		r.start()
	}

	r.proxy.Up()

	r.settle()

	if minted := r.minted(); !killed && minted != 1 {
		r.t.Errorf("%d tokens were minted: the first was not kept until it could be published", minted)
	}
}

// Several write to the object all the time, until it has its name.
func (r *run) conflicts() {
	const writers = 4

	r.begin(func() {})

	var (
		wg      sync.WaitGroup
		written atomic.Int64
	)

	began := time.Now()

	for range writers {
		o := r.object.DeepCopyObject().(framework.Minted)

		wg.Go(func() {
			for framework.ExternalName(o) == r.old && time.Since(began) < outage {
				patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{"example.com/write":"%d"}}}`, written.Add(1)))
				if err := r.Client.Patch(r.t.Context(), o, patch); err != nil {
					r.t.Error(err)
					return
				}
			}
		})
	}

	wg.Wait()

	if n := written.Load(); n < 20 {
		r.t.Errorf("the object was written %d times only: that makes no conflicts", n)
	}
}

// A request that Scaleway applies when nobody waits for it any more, and when
// another one has minted a token.
func (r *run) appliedLate() {
	var late *fakescaleway.InjectedFault

	r.begin(func() {
		late = r.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: r.kind.Collection, Hold: true, Times: 1})
	})
	r.settle()
	late.Release()

	r.Eventually("the late request to be applied", func() (bool, string) {
		minted := r.minted()
		return minted == 2, fmt.Sprintf("%d are", minted)
	})
}

// The provider is killed while it waits for the answer, and Scaleway applies the
// request when another one has looked for what it created.
func (r *run) killedDuringPost() {
	var minting *fakescaleway.InjectedFault

	p := r.begin(func() {
		minting = r.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: r.kind.Collection, Hold: true, Times: 1})
	})
	r.await("the request", minting.Arrived())
	p.Kill()
	r.attempt = 1

	if r.deleted {
		r.deleteObject()
	}

	r.start("--request-timeout=" + longRequestTimeout.String())
	r.Eventually("the look-up", func() (bool, string) {
		return r.Scaleway.Count(http.MethodGet, r.kind.Collection) > 0, "there was none"
	})
	minting.Release()

	if r.deleted {
		r.WaitGone(r.object)
	}
}

// A provider that is asked to stop finishes publishing.
func (r *run) askedToStop() {
	p, h := r.beginAt(beforeTheSecret)

	p.Signal(syscall.SIGTERM)
	r.Eventually("the provider to have been asked to stop", func() (bool, string) {
		return strings.Contains(p.Log(), "Stopping and waiting for"), "its log does not say so"
	})
	h.release()

	if err := p.WaitEnded(); err != nil {
		r.t.Errorf("the provider has not ended well: %v", err)
	}

	if r.published() == r.old {
		r.t.Error("the provider has ended without publishing the token that it had minted")
	}

	r.start()
	r.settle()

	if minted := r.minted(); minted != 1 {
		r.t.Errorf("%d tokens were minted, want 1", minted)
	}
}

// A leader that is frozen at some point, with the machine that it runs on, and
// goes on when another one has taken over. What it was about to send arrives at
// once, or late: when the other has done its work.
func (r *run) frozen(c crash, late bool) {
	old, h := r.beginAt(c)

	old.Signal(syscall.SIGSTOP)
	defer old.Signal(syscall.SIGCONT) // So that it can be stopped, whatever happens.

	if !late {
		h.release()
	}

	r.start()
	r.settle()

	if late {
		h.release()
	}

	old.Signal(syscall.SIGCONT)
	r.WaitPolled(r.kind.Object, 8) // Four times by each of them.

	if minted := r.minted(); (c.name == beforeTheRecord.name || c.name == beforeThePost.name) && minted != 1 {
		r.t.Errorf("%d tokens were minted: the old leader has sent a request that another one had given up", minted)
	}
}

// Two providers that both take themselves for the leader.
func (r *run) twoProviders() {
	r.start()
	r.begin(func() {})
	r.settle()
	r.WaitPolled(r.kind.Object, 4)

	if minted := r.minted(); minted != 1 {
		r.t.Errorf("%d tokens were minted, want 1", minted)
	}
}

// The object is deleted while the request that mints it is under way, and is
// applied although it fails.
func (r *run) deletedDuringPost() {
	var minting *fakescaleway.InjectedFault

	r.begin(func() {
		minting = r.Scaleway.Inject(fakescaleway.Fault{
			Method: http.MethodPost, Route: r.kind.Collection, Times: 1, Apply: true, Hold: true, Status: http.StatusBadGateway,
		})
	})
	r.await("the request", minting.Arrived())
	r.deleteObject()
	minting.Release()
	r.WaitGone(r.object)
}

// The object is deleted while no provider runs, and its creation is interrupted.
func (r *run) deletedAfterCrash(c crash) {
	var h *held

	r.crash(r.begin(func() { h = c.hold(r) }), c, h)

	r.deleteObjectAt(c)
	r.start()
	r.WaitGone(r.object)
}

// The object is deleted while its creation is at some point, and goes on.
func (r *run) deletedAt(c crash) {
	_, h := r.beginAt(c)
	r.deleteObjectAt(c)
	h.release()
	r.WaitGone(r.object)
}

// The name of the Secret is free before the token is minted, and somebody else's
// when its value is to be written. It heals when the name is free again.
func (r *run) secretTaken() {
	_, h := r.beginAt(beforeTheSecret)

	theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.object.GetName()}}
	if err := r.Client.Delete(r.t.Context(), theirs.DeepCopy()); err != nil {
		r.t.Fatal(err)
	}

	r.Create(theirs)
	h.drop()

	r.WaitCondition(r.object, xpv1.TypeSynced, "with what is wrong with the Secret", func(c xpv1.Condition) bool {
		return c.Status == corev1.ConditionFalse && strings.Contains(strings.ToLower(c.Message), "secret")
	})
	r.Eventually("the token that nobody can have to be revoked", func() (bool, string) {
		alive := slices.DeleteFunc(r.audit().Alive, func(name string) bool { return name == r.old })
		return len(alive) == 0, fmt.Sprintf("%v are alive", alive)
	})

	if err := r.Client.Delete(r.t.Context(), theirs); err != nil {
		r.t.Fatal(err)
	}
}

// deleteObjectAt asks for the deletion of the object at a point. Until there is a
// record of an attempt, there is nothing that it would have to stay for.
func (r *run) deleteObjectAt(c crash) {
	if c.name != beforeTheRecord.name || r.renews {
		r.deleteObject()
		return
	}

	if err := r.Client.Delete(r.t.Context(), r.object); err != nil {
		r.t.Fatal(err)
	}
}

// deleteObject asks for the deletion of the object, which stays until a provider
// lets go of it.
func (r *run) deleteObject() {
	if err := r.Client.Delete(r.t.Context(), r.object); err != nil {
		r.t.Fatal(err)
	}

	if err := r.Client.Get(r.t.Context(), client.ObjectKeyFromObject(r.object), r.object); kerrors.IsNotFound(err) {
		r.t.Fatal("the object is gone already")
	}
}
