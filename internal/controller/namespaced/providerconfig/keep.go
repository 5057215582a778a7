// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

const (
	// accountTimeout is how long it may take to account for one config.
	accountTimeout = 2 * time.Minute

	// After what time a config is accounted for again that somebody else has written
	// meanwhile, or that could not be written or counted: until then nothing is created
	// with it.
	conflictWait = time.Second
	refusedWait  = 5 * time.Second

	// unknownWait is after what time a config that is to go is looked at again whose users
	// are where no usage is watched.
	unknownWait = 30 * time.Second

	// maxReleases is how many usages without a user are let go of at a time. A tenant may
	// have made up thousands.
	maxReleases = 100
)

// Reasons of the events that say why a config is kept, or what is not counted.
const (
	reasonAccount     event.Reason = "UsageAccounting" // As Crossplane's reconciler has it.
	reasonNotCounted  event.Reason = "CannotCountUsages"
	reasonForgedUsage event.Reason = "IgnoredUsages"
)

// An accountant keeps a config, and the Secret that it names, as long as a managed resource
// uses it. Crossplane's reconciler does it for the config alone, counts the usages of the
// Kubernetes namespaces that are watched, by labels which their owners write, and stops at
// the first one that it cannot judge.
type accountant struct {
	judge   *judge
	holder  *holder
	sweeper *sweeper

	kube      client.Client
	newConfig func() xpresource.ProviderConfig
	record    event.Recorder
	log       logging.Logger

	// seen are the configs that were there, and told what was said last of the usages of
	// each that do not count.
	seen *lru.Cache
	told *lru.Cache
}

// Reconcile accounts for the use of a config.
func (a *accountant) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, accountTimeout)
	defer cancel()

	c, err := a.judge.count(ctx, req.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}

	// Also of a config that there is not: they would keep their Kubernetes namespace.
	more := a.releaseOrphans(ctx, c)

	pc := a.newConfig()
	if err := a.kube.Get(ctx, req.NamespacedName, pc); err != nil {
		if kerrors.IsNotFound(err) {
			return reconcile.Result{RequeueAfter: more}, a.gone(ctx, req.NamespacedName)
		}

		return reconcile.Result{}, errors.Wrapf(err, "cannot get %s %q", a.judge.kind, req.NamespacedName)
	}

	a.seen.Add(req.NamespacedName, struct{}{})

	again, err := a.account(ctx, pc, c)

	// What the credentials are worth is written by another reconciler, and the Secret by its
	// owner. That two have met is nothing to tell anybody.
	if kerrors.IsConflict(err) || errors.Is(err, errMore) {
		again, err = conflictWait, nil
	}

	return reconcile.Result{RequeueAfter: sooner(again, more)}, err
}

// sooner returns the shorter time after which something is to be done. Zero is never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}

	return a
}

// gone lets go of what a config has held that somebody has taken the finalizer from.
func (a *accountant) gone(ctx context.Context, name types.NamespacedName) error {
	if _, ok := a.seen.Get(name); !ok {
		return nil // It is only what some usage names.
	}

	if err := a.sweeper.sweep(ctx, name.Namespace); err != nil {
		return err // With more to do, it is done again.
	}

	a.seen.Remove(name)

	return nil
}

// account for the use of a config, and return when to do it again.
func (a *accountant) account(ctx context.Context, pc xpresource.ProviderConfig, c *count) (time.Duration, error) {
	a.tell(pc, c)

	again := time.Duration(0)

	users, err := c.Number(ctx)
	if err != nil {
		a.record.Event(pc, event.Warning(reasonNotCounted, errors.Wrapf(err, "nothing is let go of: cannot count the users of %s %q", a.judge.kind, pc.GetName())))

		users, again = max(pc.GetUsers(), int64(len(c.users))), refusedWait
	}

	inUse := newOnceUsed(func() (used, known bool, err error) {
		used, known, err = c.inUse(ctx)
		if err != nil {
			a.record.Event(pc, event.Warning(reasonNotCounted, errors.Wrapf(err, "nothing is let go of: cannot tell whether %s %q is in use", a.judge.kind, pc.GetName())))
		}

		return used, known, err
	})

	if meta.WasDeleted(pc) {
		used, known, err := inUse()
		if used || err != nil {
			return a.block(ctx, pc, users, known, inUse)
		}

		if _, err := a.holder.settle(ctx, pc, false, inUse.used); err != nil {
			return 0, a.notHeld(pc, err)
		}

		meta.RemoveFinalizer(pc, clients.FinalizerConfig)

		return 0, errors.Wrapf(client.IgnoreNotFound(a.kube.Update(ctx, pc)), "cannot let go of %s %q", a.judge.kind, pc.GetName())
	}

	held, notHeld := a.holder.settle(ctx, pc, users > 0, inUse.used)

	meta.AddFinalizer(pc, clients.FinalizerConfig)
	record(pc, held)

	if err := a.kube.Update(ctx, pc); err != nil {
		if kerrors.IsConflict(err) || kerrors.IsNotFound(err) {
			return conflictWait, a.notHeld(pc, notHeld)
		}

		a.record.Event(pc, event.Warning(reasonAccount, errors.Wrapf(err, "cannot keep %s %q", a.judge.kind, pc.GetName())))

		return refusedWait, a.notHeld(pc, notHeld)
	}

	pc.SetUsers(users)

	err = errors.Wrap(client.IgnoreNotFound(a.kube.Status().Update(ctx, pc)), "cannot write the number of users")
	if notHeld != nil {
		err = a.notHeld(pc, notHeld)
	}

	return again, err
}

// block the deletion of a config that is in use.
func (a *accountant) block(ctx context.Context, pc xpresource.ProviderConfig, users int64, known bool, inUse onceUsed) (time.Duration, error) {
	const msg = "Blocking deletion while usages still exist"

	a.record.Event(pc, event.Warning(reasonAccount, errors.New(msg)))

	again := time.Duration(0)
	if !known {
		again = unknownWait // Nothing will tell when they are gone.
	}

	// It may have been replaced since, and name another.
	held, notHeld := a.holder.settle(ctx, pc, true, inUse.used)
	record(pc, held)

	if err := a.kube.Update(ctx, pc); err != nil {
		return again, errors.Wrapf(client.IgnoreNotFound(err), "cannot record what %s %q holds", a.judge.kind, pc.GetName())
	}

	pc.SetUsers(max(users, 1))
	pc.SetConditions(providerconfig.Terminating().WithMessage(msg))

	err := errors.Wrap(client.IgnoreNotFound(a.kube.Status().Update(ctx, pc)), "cannot write the number of users")
	if notHeld != nil {
		err = a.notHeld(pc, notHeld)
	}

	return again, err
}

// record which Secret is held for a config, for those who wait for that.
func record(pc client.Object, held types.NamespacedName) {
	if value := clients.Held(pc, held); value != pc.GetAnnotations()[clients.AnnotationHeld] {
		meta.AddAnnotations(pc, map[string]string{clients.AnnotationHeld: value})
	}
}

// notHeld says on a config why its Secret could not be held or be let go of.
func (a *accountant) notHeld(pc client.Object, err error) error {
	if err != nil && !kerrors.IsConflict(err) && !errors.Is(err, errMore) { // Or else it works the next time.
		a.record.Event(pc, event.Warning(reasonNotHeld, err))
	}

	return err
}

// tell which usages do not count, once.
func (a *accountant) tell(pc client.Object, c *count) {
	if len(c.ignored) == 0 {
		return
	}

	first := slices.Sorted(maps.Keys(c.ignored))[0]
	msg := fmt.Sprintf("%d ProviderConfigUsages do not count, such as %q: %s", len(c.ignored), first, c.ignored[first])

	if last, ok := a.told.Get(string(pc.GetUID())); ok && last == first {
		return
	}

	a.told.Add(string(pc.GetUID()), first)
	a.record.Event(pc, event.Warning(reasonForgedUsage, errors.New(msg)))
}

// releaseOrphans lets go of the usages whose managed resource is gone without having
// done so: one that never had a finalizer, because it was refused, or one from which
// somebody took it; and of those that somebody has made up. They would keep the config, and
// their Kubernetes namespace, for ever. One that cannot be let go of does not keep the
// others: it is tried again with the next. It returns when there is more to do.
func (a *accountant) releaseOrphans(ctx context.Context, c *count) time.Duration {
	orphans := map[types.UID]*v1beta1.ProviderConfigUsage{}

	var users []*v1beta1.ProviderConfigUsage

	for _, u := range c.usages {
		if !meta.WasDeleted(u) || !meta.FinalizerExists(u, clients.FinalizerUsage) {
			continue
		}

		orphans[u.GetUID()] = u
		users = append(users, u)
	}

	for u, err := range c.existing(ctx, users) {
		if err != nil {
			a.log.Info("Cannot tell whether the user of a ProviderConfigUsage exists", "namespace", u.GetNamespace(), "usage", u.GetName(), "error", err)
		}

		delete(orphans, u.GetUID())
	}

	again, n := time.Duration(0), 0

	for _, u := range orphans {
		if n++; n > maxReleases {
			return accountInterval
		}

		u = u.DeepCopy()
		meta.RemoveFinalizer(u, clients.FinalizerUsage)

		if err := a.kube.Update(ctx, u); client.IgnoreNotFound(err) != nil {
			a.log.Info("Cannot release a ProviderConfigUsage without a user", "namespace", u.GetNamespace(), "usage", u.GetName(), "error", err)

			again = refusedWait
		}
	}

	return again
}

// onceUsed tells whether a config is in use, and whether the cache knows by whom. It looks
// once.
type onceUsed func() (used, known bool, err error)

func newOnceUsed(look onceUsed) onceUsed {
	var (
		done, used, known bool
		err               error
	)

	return func() (bool, bool, error) {
		if !done {
			used, known, err = look()
			done = true
		}

		return used, known, err
	}
}

// used tells whether the config is in use.
func (o onceUsed) used() (bool, error) {
	used, _, err := o()
	return used, err
}
