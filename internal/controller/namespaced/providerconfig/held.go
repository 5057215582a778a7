// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

var secretKind = corev1.SchemeGroupVersion.WithKind("Secret")

// remembered is of how many configs it is remembered that there is nothing to let go of.
const remembered = 1 << 14

// reasonNotHeld is the reason of the event that says why the Secret of a ProviderConfig
// cannot be held, until when nothing is created with it.
const reasonNotHeld event.Reason = "CannotHoldCredentials"

// A holder keeps the Secret with the credentials of a ProviderConfig as long as a managed
// resource uses them: without them, what it has created could not be deleted any more.
// What is held is known from the Secrets themselves: a ProviderConfig is replaced by its
// owner, with its annotations, or restored as another one.
type holder struct {
	kube   client.Client
	live   client.Reader
	record event.Recorder

	// off is whether no Secret is to be held.
	off bool
	// partial is whether another installation may work with the same configs.
	partial bool

	// settled are the Secrets that configs are known to hold, and scanned those configs
	// for which every Secret was looked at, by UID.
	settled *lru.Cache
	scanned *lru.Cache
}

func newHolder(kube client.Client, live client.Reader, r event.Recorder) *holder {
	return &holder{kube: kube, live: live, record: r, settled: lru.New(remembered), scanned: lru.New(remembered)}
}

// errMore says that there is more to let go of than is done at a time.
var errMore = errors.New("there are more Secrets to release")

// finalizerOf a config on the Secrets that it holds. It has the UID, because several
// configs may read one Secret.
func finalizerOf(uid types.UID) string { return clients.FinalizerPrefix + string(uid) }

// holdersOf a Secret are the UIDs of the configs that hold it.
func holdersOf(s client.Object) []types.UID {
	var all []types.UID

	for _, f := range s.GetFinalizers() {
		uid, ok := strings.CutPrefix(f, clients.FinalizerPrefix)
		if ok && uuid.Validate(uid) == nil {
			all = append(all, types.UID(uid))
		}
	}

	return all
}

// A use tells whether a config is in use, having asked the API server.
type use func() (bool, error)

// settle has the Secret that a config names held if that has users, and every other one
// let go of. Before one is let go of that the config names, the use is asked for. It
// returns the Secret that is held. With an error, the rest is done.
func (h *holder) settle(ctx context.Context, pc client.Object, users bool, inUse use) (types.NamespacedName, error) {
	var (
		none, held types.NamespacedName
		errs       []error
		named      = clients.SecretOf(pc)
		uid        = string(pc.GetUID())
	)

	if users && !h.off && named.Name != "" {
		var err error
		if held, err = h.hold(ctx, pc, named, inUse); err != nil {
			errs = append(errs, errors.Wrapf(err, "cannot hold Secret %q", named))
		}
	}

	goes := meta.WasDeleted(pc) && !users
	recorded, ok := clients.RecordedHeld(pc)

	if last, known := h.settled.Get(uid); known && last == held && recorded == held && (ok || held == none) && !goes && len(errs) == 0 {
		return held, nil
	}

	others, err := h.heldBy(ctx, pc, named, goes)
	if err != nil {
		errs = append(errs, errors.Wrap(err, "cannot look for Secrets that are held"))
	}

	released := 0

	for _, name := range others {
		if name == held {
			continue
		}

		if released++; released > maxReleases {
			errs = append(errs, errMore)
			break
		}

		// It is to be let go of because there are no users, or because this installation
		// holds none. There may be users that only another one knows of.
		if name == named && held == none && (!h.off || h.partial && pc.GetNamespace() == "") {
			if used, err := inUse(); used || err != nil {
				held = name
				continue
			}
		}

		if err := h.release(ctx, name, pc.GetUID()); err != nil {
			errs = append(errs, errors.Wrapf(err, "cannot release Secret %q", name))
		}
	}

	if len(errs) == 0 {
		h.settled.Add(uid, held)
	}

	return held, errors.Join(errs...)
}

// hold a Secret for a config, and return its name if it is held.
func (h *holder) hold(ctx context.Context, pc client.Object, name types.NamespacedName, inUse use) (types.NamespacedName, error) {
	s, err := h.get(ctx, name)
	if err != nil {
		return types.NamespacedName{}, client.IgnoreNotFound(err)
	}

	finalizer := finalizerOf(pc.GetUID())

	if meta.WasDeleted(s) {
		if !meta.FinalizerExists(s, finalizer) {
			// None can be added to what is being deleted.
			h.record.Event(pc, event.Warning(reasonNotHeld, errors.Errorf("cannot hold Secret %q, because it is being deleted: create it anew when it is gone", name)))
			return types.NamespacedName{}, nil
		}

		// Somebody wants it to go. It stays for users that exist, not for those that
		// somebody says there are.
		if used, err := inUse(); err == nil && !used {
			return types.NamespacedName{}, nil // It is let go of with the others.
		}

		return name, nil
	}

	before := s.DeepCopy()
	meta.AddFinalizer(s, finalizer)
	meta.AddLabels(s, map[string]string{clients.LabelHeld: "true"})

	if err := h.patch(ctx, s, before); err != nil {
		return types.NamespacedName{}, client.IgnoreNotFound(err)
	}

	return name, nil
}

// release a Secret from configs.
func (h *holder) release(ctx context.Context, name types.NamespacedName, uids ...types.UID) error {
	s, err := h.get(ctx, name)
	if err != nil {
		return client.IgnoreNotFound(err)
	}

	before := s.DeepCopy()

	for _, uid := range uids {
		meta.RemoveFinalizer(s, finalizerOf(uid))
	}

	if len(holdersOf(s)) == 0 {
		meta.RemoveLabels(s, clients.LabelHeld)
	}

	return client.IgnoreNotFound(h.patch(ctx, s, before))
}

// heldBy returns the Secrets that a config holds. They have a label, by which they are
// found in the Kubernetes namespaces where the config can hold one. Every Secret is looked
// at, once, for a config that no process with the label has seen, and for one that goes.
func (h *holder) heldBy(ctx context.Context, pc client.Object, named types.NamespacedName, goes bool) ([]types.NamespacedName, error) {
	var (
		names        []types.NamespacedName
		uid          = string(pc.GetUID())
		finalizer    = finalizerOf(pc.GetUID())
		recorded, ok = clients.RecordedHeld(pc)
		_, scanned   = h.scanned.Get(uid)
	)

	var filter client.ListOption = client.HasLabels{clients.LabelHeld}
	if goes || !ok && !scanned && !h.off {
		filter = nil
	}

	err := eachMetadata(ctx, h.live, secretKind, pc.GetNamespace(), filter, func(s *metav1.PartialObjectMetadata) {
		if meta.FinalizerExists(s, finalizer) {
			names = append(names, client.ObjectKeyFromObject(s))
		}
	})

	switch {
	case err == nil:
		h.scanned.Add(uid, struct{}{})
	case kerrors.IsForbidden(err):
		h.record.Event(pc, event.Warning(reasonNotHeld, errors.Wrap(err, "give the provider's service account the right to list Secrets, or those that nothing needs any more may stay held")))
	default:
		return nil, err
	}

	// What somebody has taken the label from, or may not be listed.
	for _, name := range []types.NamespacedName{named, recorded} {
		if name.Name == "" || slices.Contains(names, name) {
			continue
		}

		s, err := h.get(ctx, name)
		if client.IgnoreNotFound(err) != nil {
			return nil, err
		}

		if err == nil && meta.FinalizerExists(s, finalizer) {
			names = append(names, name)
		}
	}

	return names, nil
}

// get the metadata of a Secret.
func (h *holder) get(ctx context.Context, name types.NamespacedName) (*metav1.PartialObjectMetadata, error) {
	s := &metav1.PartialObjectMetadata{}
	s.SetGroupVersionKind(secretKind)

	return s, h.live.Get(ctx, name, s)
}

// patch a Secret if that makes a difference, and nobody has changed it meanwhile.
func (h *holder) patch(ctx context.Context, s, before *metav1.PartialObjectMetadata) error {
	if slices.Equal(s.GetFinalizers(), before.GetFinalizers()) && maps.Equal(s.GetLabels(), before.GetLabels()) {
		return nil
	}

	return h.kube.Patch(ctx, s, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}
