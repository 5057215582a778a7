// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package onetime guards the life of objects whose secret Scaleway shows once: each is
// minted once, its secret is published before anything else, and whatever is lost on the
// way is found again by its mark, and revoked.
//
// A Guard says what is to be done, and when. What it has done is in the ledger, what a
// Secret holds is judged by publish, what may be sent is permitted by issue, and what
// Scaleway says comes through remote. None of them knows upjet or Terraform.
package onetime

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// A RemoteFn returns what asks Scaleway about the objects of the guard's kind with the
// credentials of a managed resource, and the defaults of its ProviderConfig.
type RemoteFn func(ctx context.Context, kube client.Client, mg xpresource.ModernManaged) (remote.API, map[string]any, error)

// Published values are written again and again while the API server is away, for
// DeliveryTimeout by default. What still cannot be delivered is revoked.
const (
	DeliveryTimeout = 5 * time.Minute
	publishInterval = 500 * time.Millisecond
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

// A Guard guards the life of objects whose secret Scaleway shows once.
type Guard struct {
	// Kind that is guarded, and an empty List of its managed resources.
	Kind Kind
	List xpresource.ManagedList

	// Kube writes, and reads Secrets as they are now and all else from a cache. Live reads
	// everything as it is now, and Cached has Secrets as publish.CachedSecrets leaves them.
	Kube   client.Client
	Live   client.Reader
	Cached client.Reader

	// Remote returns what asks Scaleway.
	Remote RemoteFn
	// Permits without which no request that mints leaves the process.
	Permits *issue.Permits
	// Mintable returns an error unless an object with the arguments may be created now.
	Mintable func(mg Resource, args map[string]any) error

	// Recorder of events, and Metrics, which may be nil.
	Recorder event.Recorder
	Metrics  *KindMetrics

	// Timeout of a request to Scaleway, and for how long it is tried to deliver a secret.
	Timeout, Delivery time.Duration
	// Now is the clock. Started is when this process was.
	Now     func() time.Time
	Started time.Time

	warned warned
	// attempts are the last that this process has begun, by UID.
	attempts sync.Map
	// deleted are the names of objects that Scaleway has deleted when this process asked
	// for it, by UID.
	deleted sync.Map
}

// A Kind says what is particular to the objects that are guarded.
type Kind interface {
	publish.Kind

	// KindName of the managed resource, such as Token, and AKind, the same with an article.
	KindName() string
	AKind() string
	// Successor tells the user what to do when Scaleway mints no more objects, and Ending
	// whether it has announced that it will not.
	Successor() string
	Ending() bool

	// Global tells whether the objects belong to no region.
	Global() bool
	// ParseID reads an external name, which ExternalName makes.
	ParseID(externalName string) (regional.ID, error)
	ExternalName(region, id string) string
	// RegionOf an object that is to be created with the arguments, and the defaults of the
	// ProviderConfig.
	RegionOf(args, defaults map[string]any) string
	// Parents that an object with the arguments can be looked up by, as UUIDs by argument.
	Parents(args map[string]any) map[string]string

	// Value is the attribute that holds the secret, and ID the one that holds the ID.
	Value() string
	IDField() string
	// Keys of the Secret besides, by the attribute whose value they hold.
	Keys() map[string][]string
	// Published returns what the Secret of an object with the attributes holds.
	Published(attributes map[string]string) map[string][]byte
	// ExpiryAttribute holds when the object expires. It is empty if none does.
	ExpiryAttribute() string
}

// A Resource is a managed resource that a guard guards.
type Resource interface {
	xpresource.ModernManaged

	GetID() string
	GetObservation() (map[string]any, error)
	SetObservation(observation map[string]any) error
	GetMergedParameters(shouldMergeInitProvider bool) (map[string]any, error)
	SetParameters(parameters map[string]any) error
	LateInitialize(attributes []byte) (bool, error)
}

// AsResource returns the managed resource as the interface that all generated kinds
// fulfil.
func AsResource(mg xpresource.Managed) (Resource, error) {
	r, ok := mg.(Resource)
	if !ok {
		return nil, errors.Errorf("%T is not a generated namespaced managed resource", mg)
	}

	return r, nil
}

// Forget what is remembered of a managed resource that is gone.
func (g *Guard) Forget(uid types.UID) {
	g.warned.forget(uid)
	g.attempts.Delete(uid)
	g.deleted.Delete(uid)
}

// Names of arguments and attributes.
const (
	keyID           = "id"
	keyRegion       = "region"
	keyOrganization = "organization_id"
)

// Missing decides what it means that Terraform found no object.
func (g *Guard) Missing(ctx context.Context, mg Resource) error {
	name := meta.GetExternalName(mg)
	if name == "" && meta.WasDeleted(mg) {
		return nil
	}

	api, defaults, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return errors.Wrap(err, "cannot read the arguments")
	}

	forgotten := isForgotten(mg, record)

	if name != "" {
		parents, err := g.observedParents(mg, record, args)
		if err != nil {
			return err
		}

		err = g.confirmMissing(ctx, api, name, parents)

		switch {
		case err != nil && meta.WasDeleted(mg):
			return release.HowTo(err, name)
		case err != nil:
			return err
		case meta.WasDeleted(mg):
			return nil
		}

		if !g.isOwn(mg, record, name) {
			return ErrUnknownName(name, g.Kind.KindName())
		}
	}

	if creates(mg) {
		if err := g.Mintable(mg, args); err != nil {
			return errors.Wrapf(err, "no %s is created in place of the one that is gone", g.Kind.KindName())
		}
	}

	// The reconciler stores it with the writes that it makes before it calls Create.
	record = ledger.NewRecord(mg, record, g.Kind.RegionOf(args, defaults), g.Kind.Parents(args), g.Now())
	record.Renewed = mg.GetAnnotations()[AnnotationRenew] // What is new needs no renewal.
	record.Write(mg)
	g.attempts.Store(mg.GetUID(), record.Attempt)

	if forgotten {
		return g.checkForgotten(ctx, api, mg, record)
	}

	return nil
}

// observedParents returns the parents of the object as Scaleway last said, or as
// they were when it was minted, or else as the arguments give them.
func (g *Guard) observedParents(mg Resource, record ledger.Record, args map[string]any) (map[string]string, error) {
	observation, err := mg.GetObservation()
	if err != nil {
		return nil, errors.Wrap(err, "cannot read status.atProvider")
	}

	for _, parents := range []map[string]string{g.Kind.Parents(observation), record.Parents} {
		if len(parents) > 0 {
			return parents, nil
		}
	}

	return g.Kind.Parents(args), nil
}

// confirmMissing returns an error unless Scaleway, which did not find the object,
// answers for the collection that it is in, and the object is not in that either.
// An API that has been switched off finds nothing, and one that is behind may not
// find everything.
func (g *Guard) confirmMissing(ctx context.Context, api remote.API, name string, parents map[string]string) error {
	id, err := g.Kind.ParseID(name)
	if err != nil {
		return errors.Wrapf(err, "annotation %s", meta.AnnotationKeyExternalName)
	}

	objects, err := api.List(ctx, id.Region, parents)
	if err == nil {
		for _, o := range objects {
			if o.ID == id.UUID && !o.Deleting {
				return errors.Errorf("Scaleway did not find %s, but lists it: it is taken to exist until both answers agree", name)
			}
		}

		return nil
	}

	if errors.Is(err, remote.ErrEnded) {
		return errors.Wrapf(err, "Scaleway no longer answers for any %s: %s", g.Kind.KindName(), g.Kind.Successor())
	}

	return errors.Wrapf(err, "Scaleway did not find %s, but it cannot be confirmed that it is gone", name)
}

// isOwn tells whether the managed resource has created, or once adopted, the
// object of that name.
func (g *Guard) isOwn(mg Resource, record ledger.Record, name string) bool {
	return record.Object == name || WasObserved(mg)
}

// create mints the object through Terraform, and publishes its secret before it
// returns.
func (g *Guard) Create(ctx context.Context, mg Resource, inner managed.ExternalClient) (managed.ExternalCreation, error) {
	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}

	if record.State != ledger.StatePending {
		return managed.ExternalCreation{}, errors.Errorf("refusing to create %s without a recorded attempt", g.Kind.AKind())
	}

	var target *corev1.Secret

	known, err := g.defaults(ctx, mg)
	if err == nil {
		target, err = g.rehearse(ctx, mg, record)
	}

	if err != nil {
		record.State = ledger.StateFailed
		record.Write(mg)

		return managed.ExternalCreation{}, errors.Wrapf(err, "no %s is created, because its secret could not be published", g.Kind.KindName())
	}

	permit, err := g.Permits.Issue(record, g.Timeout)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	defer g.Permits.Withdraw(permit)

	before := meta.GetExternalName(mg)

	_, err = inner.Create(issue.WithPermit(ctx, permit), mg)

	outcome, object := permit.Result()
	switch outcome {
	case issue.Minted:
		// Whatever went wrong afterwards, the next observation finds out.
		return g.deliver(ctx, mg, record, before, target, object, known)
	case issue.Unclear:
		if err == nil {
			err = errors.New("the answer cannot be read")
		}

		return managed.ExternalCreation{}, errors.Wrapf(err, "it is unclear whether Scaleway has created %s for attempt %s: it is looked up before another is created", g.Kind.AKind(), record.Mark())
	case issue.NotSent, issue.Refused:
		record.State = ledger.StateFailed
		record.Write(mg)

		if err == nil {
			err = errors.New("Terraform sent no request")
		}

		return managed.ExternalCreation{}, g.explainRefusal(err)
	}

	return managed.ExternalCreation{}, errors.Errorf("unknown outcome %d", outcome)
}

// explain adds what to do where Scaleway says that it mints no more.
func (g *Guard) Explain(err error) error {
	if !errorHas(err, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented) {
		return err
	}

	return errors.Wrapf(err, "Scaleway has ended the creation of any %s: %s", g.Kind.KindName(), g.Kind.Successor())
}

// refusals are how the Scaleway SDK begins what it makes of the statuses with which
// an API that mints no more may answer, and one that dislikes the request too.
var refusals = []string{"insufficient permissions", "invalid argument", "precondition failed"}

// explainRefusal is explain for the answer to a request that mints. Of an API whose
// end has been announced nobody knows how it will refuse.
func (g *Guard) explainRefusal(err error) error {
	explained := g.Explain(err)

	refused := errorHas(err, http.StatusBadRequest, http.StatusForbidden, http.StatusPreconditionFailed) ||
		slices.ContainsFunc(refusals, func(text string) bool { return strings.Contains(err.Error(), text) })
	if explained != err || !g.Kind.Ending() || !refused { //nolint:errorlint // Whether it is the same.
		return explained
	}

	return errors.Errorf("%w. If Scaleway refuses to create any %s, as it has announced: %s", err, g.Kind.KindName(), g.Kind.Successor())
}

// errorHas tells whether an error is that of an answer with one of the statuses.
// Upjet leaves only its text.
func errorHas(err error, statuses ...int) bool {
	return slices.ContainsFunc(statuses, func(status int) bool {
		return strings.Contains(err.Error(), fmt.Sprintf("http error %d", status))
	})
}

// rehearse the publication of a secret, by a write of which the API server only
// says whether it would be done, and return the Secret that it would be done to. A
// Secret that cannot be written, because it is immutable or somebody else's, would
// have the object revoked and minted again without end.
func (g *Guard) rehearse(ctx context.Context, mg Resource, record ledger.Record) (*corev1.Secret, error) {
	attributes := map[string]string{g.Kind.Value(): "rehearsal"}
	for attribute := range g.Kind.Keys() {
		attributes[attribute] = "rehearsal"
	}

	details := g.Kind.Published(attributes)
	kube := client.NewDryRunClient(g.Kube)

	// The reconciler has just read or created it. If it has changed since, it is read.
	if target := knownTarget(ctx, mg); target != nil {
		err := g.publishOnce(ctx, kube, mg, record, target, details)
		if !kerrors.IsConflict(err) && !kerrors.IsNotFound(err) {
			return target, err
		}
	}

	target, err := g.target(ctx, mg)
	if err != nil {
		return nil, err
	}

	return target, g.publishOnce(ctx, kube, mg, record, target, details)
}

// knownTarget returns the target if it is known in this turn.
func knownTarget(ctx context.Context, mg Resource) *corev1.Secret {
	ref, s := mg.GetWriteConnectionSecretToReference(), publish.ScopeOf(ctx).Secret
	if ref == nil || s == nil || s.GetNamespace() != mg.GetNamespace() || s.GetName() != ref.Name {
		return nil
	}

	return s
}

// deliver publishes the secret of a minted object in the target, and revokes the
// object if that is not possible. Before is the external name before that, and known
// are the attributes that Scaleway does not tell.
func (g *Guard) deliver(ctx context.Context, mg Resource, record ledger.Record, before string, target *corev1.Secret, object issue.Object, known map[string]string) (managed.ExternalCreation, error) {
	// A provider that is asked to stop finishes this first.
	ctx = context.WithoutCancel(ctx)

	name := g.Kind.ExternalName(record.Region, object.ID)
	details := g.details(object, known)

	if err := g.publish(ctx, mg, record, target, details); err != nil {
		meta.SetExternalName(mg, before) // Terraform has set that of the new object.

		if before == "" {
			meta.RemoveAnnotations(mg, meta.AnnotationKeyExternalName)
		}

		// The time for the delivery may have passed.
		rctx, cancel := context.WithTimeout(ctx, g.Timeout)
		defer cancel()

		if rerr := g.revoke(rctx, mg, name); rerr != nil {
			// The record stays pending: the next reconcile finds the object by its mark.
			return managed.ExternalCreation{}, errors.Wrapf(errors.Join(err, rerr), "cannot publish the secret of %s, nor revoke it yet", name)
		}

		record.State = ledger.StateFailed
		record.Write(mg)
		g.Metrics.interruptedEnded(endedUndeliverable)

		return managed.ExternalCreation{}, errors.Wrapf(err, "cannot publish the secret of %s, which has been revoked again", name)
	}

	record = record.Done(name, ledger.Digest(record.UID, object.ID, object.Secret))
	if ref := mg.GetWriteConnectionSecretToReference(); ref != nil {
		record.Secret = ref.Name
		// The reconciler would read it again, and compare it byte by byte by reflection.
		publish.NoteComplete(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name})
	}

	record.Write(mg)
	meta.SetExternalName(mg, name)

	if record.Region != "" {
		lateInitialize(mg, map[string]any{keyRegion: record.Region})
	}

	return managed.ExternalCreation{}, nil
}

// lateInitialize gives arguments that the user has left out the values that the
// object has, so that they are stored with its external name. Upjet would find them
// at the first observation, and have them stored by a write of their own and another
// observation. It still does where this cannot.
func lateInitialize(mg Resource, attributes map[string]any) {
	if !managed.NewManagementPoliciesResolver(true, mg.GetManagementPolicies()).ShouldLateInitialize() {
		return
	}

	if b, err := json.Marshal(attributes); err == nil {
		_, _ = mg.LateInitialize(b)
	}
}

// details of the connection to an object. Known are attributes that Scaleway does
// not tell.
func (g *Guard) details(object issue.Object, known map[string]string) managed.ConnectionDetails {
	attributes := maps.Clone(known)
	maps.Copy(attributes, object.Attributes)
	attributes[g.Kind.IDField()], attributes[g.Kind.Value()] = object.ID, object.Secret

	return g.Kind.Published(attributes)
}

// defaults returns the attributes of a connection that only the ProviderConfig
// tells.
func (g *Guard) defaults(ctx context.Context, mg Resource) (map[string]string, error) {
	known := map[string]string{}

	if _, ok := g.Kind.Keys()[keyOrganization]; !ok {
		return known, nil
	}

	_, defaults, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return nil, err
	}

	known[keyOrganization], _ = defaults[keyOrganization].(string)

	return known, nil
}

// publish the details in the target, again while the API server does not answer.
func (g *Guard) publish(ctx context.Context, mg Resource, record ledger.Record, target *corev1.Secret, details managed.ConnectionDetails) error {
	ctx, cancel := context.WithTimeout(ctx, g.Delivery)
	defer cancel()

	last := g.publishOnce(ctx, g.Kube, mg, record, target, details)

	err := wait.PollUntilContextCancel(ctx, publishInterval, true, func(ctx context.Context) (bool, error) {
		switch {
		case last == nil:
			return true, nil
		case kerrors.IsForbidden(last), kerrors.IsInvalid(last), errors.Is(last, errSuperseded), errors.Is(last, errNotOurs):
			return false, last
		}

		// It may have changed.
		if target, last = g.target(ctx, mg); last == nil {
			last = g.publishOnce(ctx, g.Kube, mg, record, target, details)
		}

		return last == nil, nil
	})
	if err != nil && last != nil {
		return last
	}

	return err
}

// errNotOurs says that somebody else has a Secret of the name.
var errNotOurs = errors.New("the Secret exists, and is not controlled by this resource")

// publishOnce writes the target, unless another process has begun another attempt:
// that one may have published its own secret. First the target has been read, then
// the record is, and then the target is written as it was read.
func (g *Guard) publishOnce(ctx context.Context, kube client.Client, mg Resource, record ledger.Record, target *corev1.Secret, details managed.ConnectionDetails) error {
	if target == nil {
		return nil
	}

	key := client.ObjectKeyFromObject(target)
	if !metav1.IsControlledBy(target, mg) {
		return errors.Wrapf(errNotOurs, "cannot write Secret %q", key)
	}

	_, current, err := g.stored(ctx, mg)
	if err != nil {
		return err
	}

	if current.Attempt != record.Attempt || current.State != ledger.StatePending {
		return errSuperseded
	}

	s := target.DeepCopy()
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}

	maps.Copy(s.Data, details)
	metav1.SetMetaDataLabel(&s.ObjectMeta, publish.Label, g.Kind.KindName())

	if s.GetResourceVersion() == "" {
		return errors.Wrapf(kube.Create(ctx, s), "cannot create Secret %q", key)
	}

	return errors.Wrapf(kube.Update(ctx, s), "cannot update Secret %q", key)
}

// target returns the Secret that the secret is to be published in, as the API server
// has it now, or as it is to be created. It is nil if none is named.
func (g *Guard) target(ctx context.Context, mg Resource) (*corev1.Secret, error) {
	ref := mg.GetWriteConnectionSecretToReference()
	if ref == nil {
		return nil, nil
	}

	s := &corev1.Secret{}
	key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}

	err := g.Kube.Get(ctx, key, s)
	if kerrors.IsNotFound(err) {
		gvk, err := g.Kube.GroupVersionKindFor(mg)
		if err != nil {
			return nil, errors.Wrap(err, "cannot tell the kind of the owner of the Secret")
		}

		return xpresource.LocalConnectionSecretFor(mg, gvk), nil
	}

	return s, errors.Wrapf(err, "cannot get Secret %q", key)
}

// stored returns the metadata of the managed resource as the API server has them now,
// and its record, which is all that is looked at: the rest takes longer to read than to
// ask for.
func (g *Guard) stored(ctx context.Context, mg Resource) (*metav1.PartialObjectMetadata, ledger.Record, error) {
	gvk, err := g.Kube.GroupVersionKindFor(mg)
	if err != nil {
		return nil, ledger.Record{}, errors.Wrap(err, "cannot tell the kind of the record of attempts")
	}

	stored := &metav1.PartialObjectMetadata{}
	stored.SetGroupVersionKind(gvk)

	if err := g.Live.Get(ctx, client.ObjectKeyFromObject(mg), stored); err != nil {
		return nil, ledger.Record{}, errors.Wrap(err, "cannot read the record of attempts")
	}

	record, err := ledger.ReadRecord(stored)

	return stored, record, err
}

// revoke deletes an object at Scaleway, unless its secret is the published one.
func (g *Guard) revoke(ctx context.Context, mg Resource, name string) error {
	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	id, err := g.Kind.ParseID(name)
	if err != nil {
		return err
	}

	published, _, err := g.publishedObject(ctx, mg, id.Region)
	if err != nil {
		return err
	}

	if published == name {
		return errors.Errorf("refusing to revoke %s, whose secret is published", name)
	}

	return errors.Wrapf(api.Delete(ctx, id), "cannot revoke %s", name)
}

// exactly is what lookup finds the objects of one attempt by.
func exactly(mark ledger.Mark) func(ledger.Mark) bool {
	return func(found ledger.Mark) bool { return found == mark }
}

// lookup returns the external names of the objects that attempts of the managed
// resource have minted.
func (g *Guard) lookup(ctx context.Context, api remote.API, isOurs func(ledger.Mark) bool, region string, parents map[string]string) ([]string, error) {
	objects, err := api.List(ctx, region, parents)
	if err != nil {
		return nil, err
	}

	var names []string

	for _, o := range objects {
		if o.Mark != nil && isOurs(*o.Mark) && !o.Deleting {
			names = append(names, g.Kind.ExternalName(region, o.ID))
		}
	}

	return names, nil
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
		return g.checkCopied(ctx, mr)
	}

	// Create is called only after the reconciler has stored this annotation, whose
	// time has whole seconds. A renewal is no creation to the reconciler.
	if record.Previous == "" && meta.GetExternalCreatePending(mr).Before(record.At.Truncate(time.Second)) {
		return nil
	}

	if meta.WasDeleted(mr) && release.Asked(mr, record.Attempt) {
		record.State = ledger.StateFailed
		record.Write(mr)
		meta.SetExternalCreateFailed(mr, g.Now())

		return errors.Wrapf(g.end(ctx, mr, endedReleased), "cannot store that attempt %s is given up", record.Mark())
	}

	if err := g.heal(ctx, mr, record); err != nil {
		if meta.WasDeleted(mr) {
			return errors.Wrapf(err, "to let go of this resource all the same, and leave what the attempt has created at Scaleway, annotate it with %s=%s", release.Annotation, record.Attempt)
		}

		return err
	}

	return nil
}

// checkCopied says what is to be done with a copy of a managed resource whose
// creation was under way. The attempt was another's, so nothing is revoked.
func (g *Guard) checkCopied(ctx context.Context, mg Resource) error {
	attempt, ok := ledger.ReadForeign(mg)
	if !ok || !meta.ExternalCreateIncomplete(mg) {
		return nil
	}

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
	if until := record.At.Add(underWay); !g.began(mg, record) && record.At.After(g.Started) && g.Now().Before(until) {
		return errors.Errorf("waiting until %s for attempt %s, which another process has begun and may be about to end", until.Format(time.RFC3339), record.Mark())
	}

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return errors.Wrapf(err, "cannot look up what attempt %s has created", record.Mark())
	}

	names, err := g.lookup(ctx, api, exactly(record.Mark()), record.Region, record.Parents)
	if err != nil {
		return errors.Wrapf(err, "cannot look up what attempt %s has created: nothing more is created until it is known; objects in question have %q at the end of their description", record.Mark(), record.Mark())
	}

	published, digest, err := g.publishedObject(ctx, mg, record.Region)
	if err != nil {
		return err
	}

	for _, name := range names {
		if name == published {
			continue
		}

		if err := g.revoke(ctx, mg, name); err != nil {
			return errors.Wrap(err, "an interrupted attempt has left an object whose secret is lost")
		}
	}

	if slices.Contains(names, published) {
		record = record.Done(published, digest)
		record.Write(mg)
		meta.SetExternalName(mg, published)
		meta.SetExternalCreateSucceeded(mg, g.Now())

		return errors.Wrapf(g.end(ctx, mg, endedPublished), "cannot store that attempt %s has created %s", record.Mark(), published)
	}

	if len(names) == 0 && g.Now().Before(record.At.Add(quietTimes*g.Timeout)) {
		return errors.Errorf("waiting until %s for the outcome of attempt %s, whose request may still arrive at Scaleway",
			record.At.Add(quietTimes*g.Timeout).Format(time.RFC3339), record.Mark())
	}

	outcome := endedRevoked
	if len(names) == 0 {
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
	u := &AnnotationUpdater{Kube: g.Kube, Live: g.Live}
	if err := u.UpdateCriticalAnnotations(ctx, mg); err != nil {
		return err
	}

	g.Metrics.interruptedEnded(outcome)

	return nil
}

// sweep revokes what abandoned attempts have created after all. An attempt is
// forgotten when nothing of it was there so long afterwards that nothing can
// come any more.
func (g *Guard) Sweep(ctx context.Context, mg Resource) error {
	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	if err := g.sweepPrevious(ctx, mg, record); err != nil || len(record.Abandoned) == 0 {
		return err
	}

	record.Previous = ""

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	var kept []ledger.Abandoned

	for _, a := range record.Abandoned {
		names, err := g.lookup(ctx, api, exactly(ledger.Mark{UID: record.UID, Attempt: a.Attempt}), a.Region, a.Parents)
		if err != nil {
			return errors.Wrapf(err, "cannot look up what the abandoned attempt %s has created", a.Attempt)
		}

		for _, name := range names {
			if err := g.revoke(ctx, mg, name); err != nil {
				return err
			}
		}

		if g.Now().Before(a.At.Add(lateTimes * g.Timeout)) {
			kept = append(kept, a)
		}
	}

	if len(kept) == len(record.Abandoned) {
		return nil
	}

	record.Abandoned = kept

	return g.storeRecord(ctx, mg, record)
}

// storeRecord stores a record without touching the rest of the managed resource,
// whose status is about to be stored.
func (g *Guard) storeRecord(ctx context.Context, mg Resource, record ledger.Record) error {
	record.Write(mg)

	stored, ok := mg.DeepCopyObject().(client.Object)
	if !ok {
		return errors.Errorf("%T is no client.Object", mg)
	}

	patch := client.RawPatch("application/merge-patch+json", []byte(fmt.Sprintf(`{"metadata":{"resourceVersion":%q,"annotations":{%q:%q}}}`,
		mg.GetResourceVersion(), ledger.AnnotationRecord, mg.GetAnnotations()[ledger.AnnotationRecord])))
	if err := g.Kube.Patch(ctx, stored, patch); err != nil {
		return errors.Wrap(err, "cannot store the record of attempts")
	}

	mg.SetResourceVersion(stored.GetResourceVersion())

	return nil
}
