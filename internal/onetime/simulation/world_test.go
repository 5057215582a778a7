// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpfake "github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
)

const (
	team = "team-a"
	uid  = types.UID("6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11")
)

var theToken = client.ObjectKey{Namespace: team, Name: "token"}

// A world is everything around the guard.
type world struct {
	cluster  *cluster
	scaleway *scaleway
	// key in the credentials of the ProviderConfig.
	key key
	// leader is the process that reconciles.
	leader *process

	// read are the versions of Secrets that were read last, by key.
	read map[string]string
	// minted counts what each attempt has minted.
	minted map[ledger.Mark]int
	// history are the annotations that the managed resource has had, and the data of its
	// Secret at the time.
	history []moment
	// usages of the ProviderConfig.
	usages map[types.UID]bool
	// events that were sent.
	events []string

	script script
	log    []string
	points []point
	// phaseName of the life, and how often each call was made in it.
	phaseName string
	called    map[string]int
	depth     int
	verdict   []string
	// lies are answers of Scaleway that are not true. Two that agree may be believed, but
	// not in silence.
	lies int
	// meddled is set once somebody has done what no provider can mend, and unsettled once
	// somebody has taken the finalizer from what was being deleted, so that it goes before
	// the provider has seen to it.
	meddled, unsettled bool
	// verbose notes every call.
	verbose bool
}

type moment struct {
	annotations map[string]string
	secret      map[string][]byte
}

// A fault is something else than what was asked for.
type fault struct {
	name string
	// applied faults happen after what was asked for was done.
	applied bool
	// lie is set if it is an answer that is not true.
	lie bool
	do  func()
}

// broken notes that a promise is.
func (w *world) broken(format string, args ...any) {
	w.verdict = append(w.verdict, fmt.Sprintf(format, args...))
	w.note("BROKEN: "+format, args...)
}

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// A process is the provider, from its start to its end.
type process struct {
	world      *world
	guard      *onetime.Guard
	reconciler *managed.Reconciler
	dead       bool
	// first are the managed resources that it was the first to connect.
	first map[types.UID]bool
	// wrote is the version that it has written last.
	wrote int
}

// crash is what ends a process.
type crash struct{ process *process }

func newWorld(s script) *world {
	w := &world{
		cluster: newCluster(), scaleway: &scaleway{}, key: ownKey, read: map[string]string{}, minted: map[ledger.Mark]int{}, usages: map[types.UID]bool{},
		script: s, called: map[string]int{},
	}
	w.leader = w.start()

	return w
}

// start a process.
func (w *world) start() *process {
	p := &process{world: w, first: map[types.UID]bool{}}
	p.guard = &onetime.Guard{
		Kind:   kind{},
		List:   &v1beta1.TokenList{},
		Kube:   kube{process: p},
		Live:   kube{process: p, live: true},
		Cached: reduced{p},
		Remote: func(context.Context, client.Client, xpresource.ModernManaged) (remote.API, map[string]any, error) {
			return api{p, w.key}, map[string]any{}, nil
		},
		Permits:  issue.NewPermits(),
		Mintable: func(onetime.Resource, map[string]any) error { return nil },
		Recorder: recorder{w},
		Timeout:  requestTimeout,
		Delivery: onetime.DeliveryTimeout,
		First:    func(uid types.UID) bool { return p.first[uid] },
		Now:      time.Now,
		Started:  time.Now(),
	}

	kube := &publish.Client{Client: kube{process: p}, Kind: "Token"}
	p.reconciler = managed.NewReconciler(&xpfake.Manager{Client: kube, Scheme: scheme}, xpresource.ManagedKind(v1beta1.Token_GroupVersionKind),
		managed.WithExternalConnector(connector{p}),
		managed.WithInitializers(p.guard),
		managed.WithRecorder(recorder{w}),
		managed.WithFinalizer(finalizer{xpresource.NewAPIFinalizer(kube, managed.FinalizerName), p}),
		managed.WithManagementPolicies(),
		managed.WithReferenceResolver(managed.ReferenceResolverFn(func(context.Context, xpresource.Managed) error { return nil })),
		managed.WithCriticalAnnotationUpdater(p.guard.Updater()),
	)

	return p
}

// reconcile the managed resource once. It tells whether the process is still there.
func (p *process) reconcile() (alive bool) {
	defer func() {
		c, ok := recover().(crash)
		if ok && c.process != p {
			panic(c) // Of another process that this one runs within.
		}

		alive = !p.dead
	}()

	_, _ = p.reconciler.Reconcile(publish.WithScope(context.Background()), ctrl.Request{NamespacedName: theToken})

	return true
}

// A connector is what package managed makes of the guard and upjet.
type connector struct{ process *process }

// Connect implements managed.ExternalConnector.
func (c connector) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	r := mg.(*v1beta1.Token)
	p := c.process

	if meta.WasDeleted(mg) {
		if done, err := p.guard.Leaving(ctx, r); done || err != nil {
			return &managed.NopClient{}, err
		}
	}

	// The ProviderConfigUsage tells whether anybody has before.
	p.world.call(p, "create usage", nil, func() {
		if !p.world.usages[mg.GetUID()] {
			p.world.usages[mg.GetUID()], p.first[mg.GetUID()] = true, true
		}
	})

	return external{terraform{p, p.world.key}}, nil
}

// Disconnect implements managed.ExternalConnector.
func (c connector) Disconnect(context.Context) error { return nil }

type external struct{ terraform }

// Observe implements managed.ExternalClient.
func (e external) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	before := mg.GetCondition(xpv1.TypeReady)

	o, err := e.terraform.Observe(ctx, mg)
	if err != nil {
		return o, err
	}

	if !o.ResourceExists && meta.WasDeleted(mg) && onetime.WasObserved(mg) {
		meta.RemoveAnnotations(mg, meta.AnnotationKeyExternalCreateSucceeded)
	}

	o, err = e.process.guard.Observe(ctx, mg.(onetime.Resource), o, before, func(o managed.ExternalObservation) (managed.ExternalObservation, error) { return o, nil })

	// As package managed does: what is as it was keeps its time.
	if after := mg.GetCondition(xpv1.TypeReady); before.Reason != "" && after.Equal(before) {
		mg.SetConditions(xpv1.Condition{Type: xpv1.TypeReady}, before)
	}

	return o, err
}

// Create implements managed.ExternalClient.
func (e external) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	return e.process.guard.Create(ctx, mg.(onetime.Resource), e.terraform)
}

// Update implements managed.ExternalClient.
func (e external) Update(ctx context.Context, mg xpresource.Managed) (managed.ExternalUpdate, error) {
	return e.process.guard.Update(ctx, mg.(onetime.Resource), func() (managed.ExternalUpdate, error) { return e.terraform.Update(ctx, mg) },
		func(context.Context, onetime.Resource) (managed.ExternalClient, error) { return e.terraform, nil })
}

// A finalizer is stored with the record before a creation, as package managed has it.
type finalizer struct {
	xpresource.Finalizer

	process *process
}

// AddFinalizer implements resource.Finalizer.
func (f finalizer) AddFinalizer(ctx context.Context, o xpresource.Object) error {
	if meta.GetExternalName(o) == "" {
		meta.AddFinalizer(o, managed.FinalizerName)
		return nil
	}

	return f.Finalizer.AddFinalizer(ctx, o)
}

// RemoveFinalizer implements resource.Finalizer.
func (f finalizer) RemoveFinalizer(ctx context.Context, o xpresource.Object) error {
	if err := f.process.guard.Leave(ctx, o.(onetime.Resource)); err != nil {
		return err
	}

	return f.Finalizer.RemoveFinalizer(ctx, o)
}

// reduced is the cache of Secrets.
type reduced struct{ process *process }

var reduce = publish.Reduce(map[string]publish.Kind{"Token": kind{}})

// Get a Secret as the cache has it.
func (r reduced) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	found := r.process.world.cluster.get("Secret/" + key.String())
	if s, ok := found.(*corev1.Secret); ok {
		kept, err := reduce(clone(s))
		if err != nil {
			return err
		}

		into(kept.(*corev1.Secret), o)

		return nil
	}

	return errors.New("the cache has no such Secret")
}

// List is not used by what is simulated.
func (r reduced) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errors.New("not simulated")
}

// recorder of events.
type recorder struct{ world *world }

// Event implements event.Recorder.
func (r recorder) Event(_ runtime.Object, e event.Event) {
	r.world.events = append(r.world.events, string(e.Reason)+": "+e.Message)
}

// WithAnnotations implements event.Recorder.
func (r recorder) WithAnnotations(...string) event.Recorder { return r }

// token returns the managed resource, if there is one.
func (w *world) token() *v1beta1.Token {
	tk, _ := w.cluster.get("Token/" + theToken.String()).(*v1beta1.Token)
	return tk
}

func (w *world) secret() *corev1.Secret {
	s, _ := w.cluster.get("Secret/" + theToken.String()).(*corev1.Secret)
	return s
}

// change the managed resource as a user does.
func (w *world) change(fn func(*v1beta1.Token)) {
	if tk := w.token(); tk != nil {
		tk = clone(tk)
		fn(tk)
		_ = w.cluster.update(tk)
	}
}

func newToken() *v1beta1.Token {
	tk := &v1beta1.Token{}
	tk.SetNamespace(team)
	tk.SetName(theToken.Name)
	tk.SetUID(uid)
	tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionAll}
	tk.Spec.ForProvider.NamespaceID = ptr.To(region + "/" + parent)
	tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: theToken.Name}

	return tk
}

// said tells whether something that a person reads names any of the texts.
func (w *world) said(texts ...string) bool {
	said := strings.Join(w.events, "\n")

	if tk := w.token(); tk != nil {
		for _, c := range tk.Status.Conditions {
			said += "\n" + c.Message
		}

		said += "\n" + tk.GetAnnotations()[ledger.AnnotationRecord] + "\n" + meta.GetExternalName(tk)
	}

	for _, t := range texts {
		if strings.Contains(said, t) {
			return true
		}
	}

	return false
}
