// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"strconv"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// LabelPublishes is on each Secret that holds the secret of a minted object. Its
// value is the kind of the managed resource. Only Secrets with it are watched.
const LabelPublishes = "scaleway.m.crossplane.io/publishes"

// What is kept of a Secret in the cache, in StringData, which the API server
// never returns, so that nobody can pass a Secret off as one that was reduced.
const (
	// keptIdentity is the UUID of the object that the secret belongs to, if any.
	keptIdentity = "identity"
	// keptComplete tells whether each key that is made of the secret is there.
	keptComplete = "complete"
	// keptFingerprint is the digest that a record of its owner would have.
	keptFingerprint = "fingerprint"
	// keptDigest differs if any key or value does.
	keptDigest = "digest"
)

// CachedSecrets configures a cache to hold the Secrets that publish the secret of
// a minted object, and of each only what the check of it needs: never a value.
func CachedSecrets(resources []resource.Resource) (cache.ByObject, error) {
	labelled, err := labels.NewRequirement(LabelPublishes, selection.Exists, nil)
	if err != nil {
		return cache.ByObject{}, errors.Wrap(err, "cannot select Secrets")
	}

	minted := map[string]resource.Resource{}

	for _, r := range resources {
		if r.Minted != nil {
			minted[r.Kind] = r
		}
	}

	return cache.ByObject{Label: labels.NewSelector().Add(*labelled), Transform: reduce(minted)}, nil
}

// reduce a Secret to what is kept of it. What has been reduced stays as it is.
func reduce(minted map[string]resource.Resource) toolscache.TransformFunc {
	// One map for all Secrets of a kind: whoever reads from a cache gets a copy.
	labelled := map[string]map[string]string{}
	for kind := range minted {
		labelled[kind] = map[string]string{LabelPublishes: kind}
	}

	return func(o any) (any, error) {
		s, ok := o.(*corev1.Secret)
		if !ok || s.StringData != nil {
			return o, nil
		}

		kind := s.GetLabels()[LabelPublishes]

		kept := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Namespace:       s.GetNamespace(),
				Name:            s.GetName(),
				UID:             s.GetUID(),
				ResourceVersion: s.GetResourceVersion(),
				Labels:          labelled[kind],
			},
			StringData: map[string]string{keptDigest: digest(s.Data)},
		}

		if c := metav1.GetControllerOf(s); c != nil {
			kept.OwnerReferences = []metav1.OwnerReference{{UID: c.UID, Controller: c.Controller}}
		}

		r, ok := minted[kind]
		if !ok {
			return kept, nil
		}

		id, err := r.Identify(s.Data)
		if err != nil {
			return kept, nil //nolint:nilerr // It belongs to no object.
		}

		kept.StringData[keptIdentity] = id
		kept.StringData[keptComplete] = strconv.FormatBool(r.IsComplete(s.Data))
		kept.StringData[keptFingerprint] = ledger.Digest(controllerUID(s), id, string(s.Data[r.SecretKey()]))

		return kept, nil
	}
}

func digest(data map[string][]byte) string {
	h := sha256.New()

	for _, key := range slices.Sorted(maps.Keys(data)) {
		sum := sha256.Sum256(data[key])
		_, _ = h.Write(append(append([]byte(key), 0), sum[:]...)) // It never fails.
	}

	return string(h.Sum(nil)[:16])
}

// isPublished tells whether the Secret, as the cache has it, holds the secret of
// the object with that ID, and all that is published with it. A cache lags behind:
// what it denies has to be read from the API server.
func (m *minter) isPublished(ctx context.Context, mg mintedResource, record ledger.Record, secret, id string) bool {
	s := &corev1.Secret{}
	if err := m.cached.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: secret}, s); err != nil {
		return false
	}

	if fingerprint, ok := fingerprint(mg, record); ok && s.StringData[keptFingerprint] != fingerprint {
		return false
	}

	return metav1.IsControlledBy(s, mg) && id != "" && s.StringData[keptIdentity] == id && s.StringData[keptComplete] == strconv.FormatBool(true)
}

// label a Secret that an older version has published.
func (m *minter) label(ctx context.Context, s *corev1.Secret) error {
	if s.GetLabels()[LabelPublishes] == m.resource.Kind {
		return nil
	}

	patch := client.MergeFrom(s.DeepCopy())
	metav1.SetMetaDataLabel(&s.ObjectMeta, LabelPublishes, m.resource.Kind)

	return errors.Wrapf(m.kube.Patch(ctx, s, patch), "cannot label Secret %q", client.ObjectKeyFromObject(s))
}

// indexSecret finds the managed resources of a kind by the Secret that they name.
const indexSecret = "connectionSecret"

// changedSecrets has managed resources of the kind reconciled when what their
// Secret holds changes: a secret that is lost is said at once, and not at the next
// poll.
func changedSecrets(mgr ctrl.Manager, k Kind, own *kubeclient.Own) source.Source {
	return source.Kind[client.Object](mgr.GetCache(), &corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(publishers(mgr.GetClient(), k)), contentChanged(k.GroupVersionKind.Kind), byOthers(own))
}

// byOthers lets through what this process has not written itself: the reconcile that
// has written it knows what it holds. One that takes a Secret over has not looked at
// what that holds. A Secret that is deleted may be in the version that was written.
func byOthers(own *kubeclient.Own) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !own.Wrote(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !own.Wrote(e.ObjectNew) || controllerUID(e.ObjectOld) != controllerUID(e.ObjectNew)
		},
	}
}

// contentChanged lets through what changes the content of a Secret of the kind, or
// whose it is.
func contentChanged(kind string) predicate.Predicate {
	return predicate.And(
		predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetLabels()[LabelPublishes] == kind }),
		predicate.Funcs{CreateFunc: func(e event.CreateEvent) bool {
			// An empty one is written before a request that mints. To wake the object for
			// it would repeat a refused request without any back-off.
			s, ok := e.Object.(*corev1.Secret)
			return !ok || s.StringData[keptDigest] != digest(nil)
		}, UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*corev1.Secret)
			after, also := e.ObjectNew.(*corev1.Secret)

			return !ok || !also || before.StringData[keptDigest] != after.StringData[keptDigest] ||
				controllerUID(before) != controllerUID(after)
		}},
	)
}

func controllerUID(s metav1.Object) types.UID {
	if c := metav1.GetControllerOfNoCopy(s); c != nil {
		return c.UID
	}

	return ""
}

// publishers returns the managed resources of the kind that name a Secret.
func publishers(kube client.Client, k Kind) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		every := func(xpresource.Managed) bool { return true }
		return requests(ctx, kube, k, o.GetNamespace(), every, client.MatchingFields{indexSecret: o.GetName()})
	}
}

// notePublication tells the reconciler's client that the Secret holds everything.
func notePublication(ctx context.Context, secret types.NamespacedName) {
	turnOf(ctx).published = secret
}

// A publisherClient is the client of a reconciler of minted objects. It labels
// the Secrets that it creates, and does not read the one of which it is known
// that it holds everything. What it has of a Secret it leaves to the turn.
type publisherClient struct {
	client.Client

	kind string
}

// Get reads an object. Of a Secret that holds everything it returns nothing but
// its name, which is what the reconciler, who has been given nothing to publish,
// takes for equal.
func (c *publisherClient) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	s, ok := o.(*corev1.Secret)
	if ok && turnOf(ctx).published == key {
		*s = corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Type: xpresource.SecretTypeConnection}
		return nil
	}

	err := c.Client.Get(ctx, key, o, opts...)
	if ok && err == nil {
		turnOf(ctx).secret = s.DeepCopy()
	}

	return err
}

// Create an object.
func (c *publisherClient) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	s, ok := o.(*corev1.Secret)
	if ok {
		metav1.SetMetaDataLabel(&s.ObjectMeta, LabelPublishes, c.kind)
	}

	err := c.Client.Create(ctx, o, opts...)
	if ok && err == nil {
		turnOf(ctx).secret = s.DeepCopy()
	}

	return err
}

// Patch an object.
func (c *publisherClient) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	if _, ok := o.(*corev1.Secret); ok {
		turnOf(ctx).secret = nil
	}

	return c.Client.Patch(ctx, o, patch, opts...)
}
