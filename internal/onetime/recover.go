// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"fmt"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// What follows from the longest that a request takes. An attempt that cannot be
// found is given up after the quiet time: its request has ended for this
// process, and has been given as long again to arrive. After the late time it is
// no longer looked for.
const (
	quietTimes = 2
	lateTimes  = 20
)

// underWay is how long an attempt that another process has begun while this one was
// running is left to it. Two that both take themselves for the leader would otherwise
// revoke each other's objects between the request and the publication.
const underWay = 5 * time.Second

// maxSkew is how much clocks may differ. What a record says of a time after that is not
// believed: users can write records.
const maxSkew = 10 * time.Minute

// limit of a request, in whichever process has made the attempt in the record.
func (g *Guard) limit(record ledger.Record) time.Duration {
	return min(max(g.Timeout, record.Limit.Duration), maxSkew)
}

// Initialize brings an interrupted attempt to an end, before the reconciler
// refuses to go on because of it.
func (g *Guard) Initialize(ctx context.Context, mg xpresource.Managed) error {
	mr, err := AsResource(mg)
	if err != nil {
		return err
	}

	if err := g.restoreName(ctx, mr); err != nil {
		return err
	}

	if !meta.WasDeleted(mr) {
		if err := g.CheckShared(ctx, mr); err != nil {
			return err
		}
	}

	record, err := ledger.ReadRecord(mr)
	if err != nil {
		return err
	}

	if record.State != ledger.StatePending {
		return g.checkIncomplete(ctx, mr, record)
	}

	if meta.WasDeleted(mr) && release.Asked(mr, record.Attempt) {
		return g.giveUp(ctx, mr, record)
	}

	if err := g.heal(ctx, mr, record); err != nil {
		if meta.WasDeleted(mr) {
			return errors.Wrapf(err, "to let go of this resource all the same, and leave what the attempt has created at Scaleway, annotate it with %s=%s", release.Annotation, record.Attempt)
		}

		return err
	}

	return nil
}

// giveUp an attempt, as the user asks for.
func (g *Guard) giveUp(ctx context.Context, mg Resource, record ledger.Record) error {
	g.leftAttempt(mg, record)

	record.State, record.Previous = ledger.StateFailed, ""
	record.Write(mg)
	meta.SetExternalCreateFailed(mg, g.Now())

	return errors.Wrapf(g.end(ctx, mg, endedReleased), "cannot store that attempt %s is given up", record.Mark())
}

// remember the record, which is stored.
func (g *Guard) remember(uid types.UID, record ledger.Record) {
	g.memory.Store(uid, record)
}

// remembers tells whether the record of the managed resource is the one that this process
// has stored last, so that nobody has put another in its place.
func (g *Guard) remembers(mg Resource) bool {
	v, _ := g.memory.Load(mg.GetUID())
	last, ok := v.(ledger.Record)

	return ok && last.Text() == mg.GetAnnotations()[ledger.AnnotationRecord] && !g.replaced(mg, last)
}

// replaced tells whether the record of the managed resource is not that of the last attempt,
// as the status says, or as this process has stored it. Another leader may have begun
// another; but backups, GitOps tools and users restore and remove annotations too.
func (g *Guard) replaced(mg Resource, record ledger.Record) bool {
	if last := mg.GetLastAttempt(); last != "" && last != record.Attempt {
		return true
	}

	v, _ := g.memory.Load(mg.GetUID())
	last, ok := v.(ledger.Record)

	return ok && last.Attempt != record.Attempt
}

// knows tells whether the secret of an attempt was certainly never published, as the record
// says, or what this process remembers.
func (g *Guard) knows(mg Resource, record ledger.Record, attempt string) bool {
	if record.Knows(attempt) {
		return true
	}

	v, _ := g.memory.Load(mg.GetUID())
	last, ok := v.(ledger.Record)

	return ok && last.Knows(attempt)
}

// checkIncomplete looks at what Crossplane's annotations say of a creation that the record
// says has ended, or knows nothing of.
func (g *Guard) checkIncomplete(ctx context.Context, mg Resource, record ledger.Record) error {
	if !meta.ExternalCreateIncomplete(mg) {
		return nil
	}

	if attempt, ok := ledger.ReadForeign(mg); ok {
		return g.checkCopied(ctx, mg, attempt)
	}

	// What was created, if anything was, is found by the UID that it carries: a creation is
	// looked for before another is begun.
	if record.State == ledger.StateDone {
		meta.SetExternalCreateSucceeded(mg, g.Now())
	} else {
		meta.SetExternalCreateFailed(mg, g.Now())
	}

	return errors.Wrap(g.Kube.Update(ctx, mg), "cannot store how a creation has ended")
}

// checkCopied says what is to be done with a copy of a managed resource whose
// creation was under way. The attempt was another's, so nothing is revoked.
func (g *Guard) checkCopied(ctx context.Context, mg Resource, attempt ledger.Mark) error {
	if meta.WasDeleted(mg) {
		meta.SetExternalCreateFailed(mg, g.Now())
		return errors.Wrap(g.Kube.Update(ctx, mg), "cannot store that nothing was created")
	}

	return errors.Errorf("this is a copy of a resource whose attempt %s was under way: revoke what has that mark at the end of its description, unless something uses it, and then remove annotation %s",
		attempt, meta.AnnotationKeyExternalCreatePending)
}

// restoreName puts back an external name that has been taken away. Without it,
// the object would be minted a second time.
func (g *Guard) restoreName(ctx context.Context, mg Resource) error {
	name, known := meta.GetExternalName(mg), mg.GetID()

	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	// It has been minted, perhaps once again, and not yet been observed.
	if record.State == ledger.StateDone && record.Object != "" {
		known = record.Object
	}

	switch {
	case known == "" || name == known:
		return nil
	case name == "":
		meta.SetExternalName(mg, known)
		return errors.Wrapf(g.Kube.Update(ctx, mg), "cannot restore annotation %s", meta.AnnotationKeyExternalName)
	default:
		return errors.Errorf("annotation %s names %s, but this object is %s: set it back to that, or create another object for the other", meta.AnnotationKeyExternalName, name, known)
	}
}

// heal an attempt of which the outcome is not known.
func (g *Guard) heal(ctx context.Context, mg Resource, record ledger.Record) error {
	if record.At.After(g.Now().Add(maxSkew)) {
		record.At = g.Now().UTC()
		if err := g.storeRecord(ctx, mg, record); err != nil {
			return err
		}
	}

	if until := record.At.Add(underWay); !g.began(mg, record) && record.At.After(g.Started) && g.Now().Before(until) {
		return errors.Errorf("waiting until %s for attempt %s, which another process has begun and may be about to end", until.Format(time.RFC3339), record.Mark())
	}

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return errors.Wrapf(err, "cannot look up what attempt %s has created", record.Mark())
	}

	objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, record.Region, g.recorded(record.Parents))
	if err != nil {
		return errors.Wrapf(err, "cannot look up what attempt %s has created: nothing more is created until it is known; objects in question have %q at the end of their description", record.Mark(), record.Mark())
	}

	held, err := g.held(ctx, mg, record, record.Region)
	if err != nil {
		return err
	}

	found, name := 0, ""

	for _, o := range g.own(objects, mg.GetUID(), record.Region) {
		if o.attempt != record.Attempt {
			continue
		}

		found++

		if _, ok := held[o.name]; ok {
			name = o.name
			continue
		}

		// Also where another of the attempt is published: nobody looks for this one again.
		if err := g.revoke(ctx, mg, record, o.name); err != nil {
			return errors.Wrap(err, "an interrupted attempt has left an object whose secret is lost")
		}
	}

	if name != "" {
		record = record.Done(name, held[name])
		record.Write(mg)
		meta.SetExternalName(mg, name)
		meta.SetExternalCreateSucceeded(mg, g.Now())

		return errors.Wrapf(g.end(ctx, mg, endedPublished), "cannot store that attempt %s has created %s", record.Mark(), name)
	}

	if until := record.At.Add(quietTimes * g.limit(record)); found == 0 && g.Now().Before(until) {
		return errors.Errorf("waiting until %s for the outcome of attempt %s, whose request may still arrive at Scaleway", until.Format(time.RFC3339), record.Mark())
	}

	outcome := endedRevoked
	if found == 0 {
		outcome = endedNotFound
		record = record.Abandon(g.Now())
	}

	record.State, record.Previous = ledger.StateFailed, ""
	record.Write(mg)
	meta.SetExternalCreateFailed(mg, g.Now())

	return errors.Wrapf(g.end(ctx, mg, outcome), "cannot store that attempt %s has failed", record.Mark())
}

// began tells whether this process has begun the attempt.
func (g *Guard) began(mg Resource, record ledger.Record) bool {
	attempt, ok := g.attempts.Load(mg.GetUID())
	return ok && attempt == record.Attempt
}

// end stores how an interrupted attempt has ended. What was read of the object may
// be older than the attempt's own last write: if that were a conflict, the next
// reconcile would not know that it was revoked, and wait for what cannot come.
func (g *Guard) end(ctx context.Context, mg Resource, outcome string) error {
	if err := g.Updater().UpdateCriticalAnnotations(ctx, mg); err != nil {
		return err
	}

	g.Metrics.interruptedEnded(outcome)

	return nil
}

// storeRecord stores a record without touching the rest of the managed resource,
// whose status is about to be stored.
func (g *Guard) storeRecord(ctx context.Context, mg Resource, record ledger.Record) error {
	record.Write(mg)

	stored, ok := mg.DeepCopyObject().(client.Object)
	if !ok {
		return errors.Errorf("%T is no client.Object", mg)
	}

	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q,"annotations":{%q:%q}}}`,
		mg.GetResourceVersion(), ledger.AnnotationRecord, mg.GetAnnotations()[ledger.AnnotationRecord]))
	if err := g.Kube.Patch(ctx, stored, patch); err != nil {
		return errors.Wrap(err, "cannot store the record of attempts")
	}

	mg.SetResourceVersion(stored.GetResourceVersion())
	g.remember(mg.GetUID(), record)

	return nil
}
