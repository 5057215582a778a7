// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package managed reconciles managed resources of every kind. Generated code
// only names the kind; what happens to it is here, once.
//
// A Connector wraps upjet's, which drives the Terraform resource in-process. It
// refuses what must never reach Scaleway (check.go), and completes what
// Terraform does not tell (observe.go).
package managed

import (
	"context"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/crossplane/upjet/v2/pkg/metrics"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	runtimecontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// timeout of one reconcile. No operation waits for Scaleway to finish its work,
// so this only bounds the requests themselves.
const timeout = 3 * time.Minute

// mappingInterval is how often it is looked whether a new kind can be used.
const mappingInterval = 2 * time.Second

// A Kind of managed resource.
type Kind struct {
	// GroupVersionKind of the kind.
	GroupVersionKind schema.GroupVersionKind
	// Object of the kind, with no content.
	Object client.Object
	// List of the kind, with no content.
	List xpresource.ManagedList
	// Resource is the name of the Terraform resource.
	Resource string
}

// Options of the controllers.
type Options struct {
	ujcontroller.Options

	// Resources that the provider declares, by the name of the Terraform resource.
	Resources map[string]resource.Resource

	// Kinds of the resources, by the name of the Terraform resource.
	Kinds map[string]schema.GroupVersionKind

	// Observations of the transport that carries the requests to Scaleway.
	Observations *transport.Observations

	// Permits without which the transport sends no minting request.
	Permits *issue.Permits

	// APIOf returns clients with the credentials that upjet has been given.
	APIOf APIOfFn

	// WatchNamespaces are the Kubernetes namespaces whose resources are reconciled. None
	// are all.
	WatchNamespaces []string

	// Clients reads and checks the credentials of ProviderConfigs.
	Clients *clients.Builder

	// Secrets that hold the credentials.
	Secrets *clients.Secrets

	// ExpiryMetrics is the number of objects of a kind whose expiry is reported as a
	// metric.
	ExpiryMetrics int

	// RequestTimeout is the longest that a request to Scaleway takes.
	RequestTimeout time.Duration

	// Health learns how the controllers are.
	Health *Health

	// Metrics learn what happens to minted objects.
	Metrics *onetime.Metrics

	// Bulkhead stands before the reconcilers of all kinds.
	Bulkhead *Bulkhead
}

// SetupGated adds a controller for the kind once its CustomResourceDefinition is
// served, so that the provider also runs where only some kinds are activated.
func SetupGated(mgr ctrl.Manager, o Options, k Kind) error {
	o.Gate.Register(func() {
		awaitMapping(mgr, k.GroupVersionKind)

		if err := o.Health.Set(k.GroupVersionKind, func() error { return Setup(mgr, o, k) }); err != nil {
			mgr.GetLogger().Error(err, "Cannot set up controller", "gvk", k.GroupVersionKind.String())
		}
	}, k.GroupVersionKind)

	return nil
}

// awaitMapping waits until the API server's discovery has the kind. A CRD may be
// established some seconds before that, and a controller is only set up once.
func awaitMapping(mgr ctrl.Manager, kind schema.GroupVersionKind) {
	for {
		_, err := mgr.GetRESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		if err == nil {
			return
		}

		mgr.GetLogger().Info("Waiting for a kind to be served", "gvk", kind.String(), "error", err.Error())
		time.Sleep(mappingInterval)
	}
}

// controllerName of a kind.
func controllerName(k Kind) string {
	return managed.ControllerName(k.GroupVersionKind.GroupKind().String())
}

// newReconciler returns a reconciler of managed resources of the kind, and the
// connector that it uses. What they write is remembered in own.
func newReconciler(mgr ctrl.Manager, o Options, k Kind, own *kubeclient.Own) (*Connector, reconcile.Reconciler, error) {
	mgr = kubeclient.Manager{Manager: mgr, Client: own.Client(mgr.GetClient())}
	name := controllerName(k)
	log := o.Logger.WithValues("controller", name)

	recorder := metrics.NewMetricRecorder(k.GroupVersionKind, mgr, o.PollInterval)
	if err := mgr.Add(recorder); err != nil {
		return nil, nil, errors.Wrapf(err, "cannot add the metric recorder of %s", k.GroupVersionKind.Kind)
	}

	// What reads the Secrets that arguments are taken from.
	once := secretsOnce{mgr.GetClient()}

	setup := turnSetup(o.SetupFn)

	c := &Connector{
		kube:     once,
		resource: o.Resources[k.Resource],
		trackers: o.OperationTrackerStore,
		seen:     o.Observations,
		now:      time.Now,
		inner: ujcontroller.NewTerraformPluginSDKConnector(once, setup, o.Provider.Resources[k.Resource], o.OperationTrackerStore,
			ujcontroller.WithTerraformPluginSDKLogger(discreet{log}),
			ujcontroller.WithTerraformPluginSDKMetricRecorder(recorder),
			ujcontroller.WithTerraformPluginSDKManagementPolicies(true)),
		record: event.NewAPIRecorder(mgr.GetEventRecorderFor(name)), //nolint:staticcheck // Crossplane grants a provider no rights on the newer events API.
	}

	if tr, ok := k.Object.(ujresource.Terraformed); ok && remembers(c.resource, tr) {
		c.unchanged = &unchangedConnector{
			ExternalConnector: c.inner,
			kube:              once,
			setup:             setup,
			apiOf:             o.APIOf,
			seen:              o.Observations,
			recorder:          recorder,
			path:              c.path,
			release:           func(mg xpresource.Managed) error { return o.OperationTrackerStore.RemoveTracker(mg) },
			details:           func(d managed.ConnectionDetails) managed.ConnectionDetails { return d },
		}

		if c.resource.Minted != nil {
			c.unchanged.details = onetime.Usable
		}

		c.inner = c.unchanged
	}

	c.dependents = newDependents(mgr, o, c)

	initializers := []managed.Initializer{managed.InitializerFn(checkReferences)}

	if c.resource.Minted != nil {
		if err := index(context.Background(), mgr, k); err != nil {
			return nil, nil, err
		}

		c.guard = &onetime.Guard{
			Kind:     resource.OneTime{Resource: c.resource},
			List:     k.List,
			Kube:     mgr.GetClient(),
			Live:     mgr.GetAPIReader(),
			Cached:   mgr.GetCache(),
			Remote:   o.Clients.Remote(c.resource),
			Permits:  o.Permits,
			Mintable: func(mg onetime.Resource, args map[string]any) error { return c.checkMintable(mg, args) },
			Recorder: c.record,
			Metrics:  o.Metrics.Of(k.GroupVersionKind.Kind),
			First:    o.Clients.Introduced,
			Timeout:  o.RequestTimeout,
			Delivery: onetime.DeliveryTimeout,
			Now:      c.now,
			Started:  c.now(),
		}

		initializers = append(initializers, c.guard)
	}

	opts := []managed.ReconcilerOption{
		managed.WithExternalConnector(turnConnector{stableConnector{c}}),
		managed.WithLogger(log),
		managed.WithRecorder(c.record),
		managed.WithFinalizer(ujcontroller.NewOperationTrackerFinalizer(o.OperationTrackerStore, &finalizer{
			Finalizer: turnFinalizer{xpresource.NewAPIFinalizer(mgr.GetClient(), managed.FinalizerName)},
			kube:      mgr.GetClient(),
			leave:     c.leave,
			forget:    c.forget,
		})),
		managed.WithTimeout(timeout),
		managed.WithInitializers(stableInitializer(managed.InitializerChain(initializers))),
		managed.WithPollInterval(o.PollInterval),
		managed.WithPollIntervalHook(c.pollInterval(o.PollJitter)),
		managed.WithManagementPolicies(),
		managed.WithReferenceResolver(referenceResolver{managed.NewAPISimpleReferenceResolver(mgr.GetClient())}),
	}

	if c.guard != nil {
		opts = append(opts, managed.WithCriticalAnnotationUpdater(c.guard.Updater()))
	}

	if o.ChangeLogOptions != nil {
		opts = append(opts, managed.WithChangeLogger(o.ChangeLogOptions.ChangeLogger))
	}

	if o.MetricOptions != nil {
		opts = append(opts, managed.WithMetricRecorder(o.MetricOptions.MRMetrics))

		// It lists into the list that it is given, while others copy theirs.
		list, ok := k.List.DeepCopyObject().(xpresource.ManagedList)
		if !ok {
			return nil, nil, errors.Errorf("%T is no list of managed resources", k.List)
		}

		r := statemetrics.NewMRStateRecorder(kubeclient.NewSparing(mgr.GetClient(), own), log, o.MetricOptions.MRStateMetrics, list, o.MetricOptions.PollStateMetricInterval)
		if err := mgr.Add(r); err != nil {
			return nil, nil, errors.Wrapf(err, "cannot add the state metric recorder of %s", k.GroupVersionKind.Kind)
		}
	}

	var kube client.Client = patientClient{newStatusClient(mgr.GetClient(), own), patience}
	if c.guard != nil {
		kube = &publish.Client{Client: kube, Kind: k.GroupVersionKind.Kind}
	}

	return c, withTurns(managed.NewReconciler(kubeclient.Manager{Manager: mgr, Client: kube}, xpresource.ManagedKind(k.GroupVersionKind), opts...)), nil
}

// Setup adds a controller that reconciles managed resources of the kind.
func Setup(mgr ctrl.Manager, o Options, k Kind) error {
	own := kubeclient.NewOwn()

	c, r, err := newReconciler(mgr, o, k, own)
	if err != nil {
		return err
	}

	if c.guard != nil {
		if err := ctrlmetrics.Registry.Register(onetime.NewCollector(c.guard, k.GroupVersionKind.Kind, o.ExpiryMetrics)); err != nil {
			return errors.Wrapf(err, "cannot register the metrics of %s", k.GroupVersionKind.Kind)
		}
	}

	name := controllerName(k)
	log := o.Logger.WithValues("controller", name)

	options := o.ForControllerRuntime()
	options.DefaultFromConfig(mgr.GetControllerOptions())
	options.Logger = mgr.GetLogger()
	options.Reconciler = own.Settled(mgr.GetClient(), k.Object, o.Bulkhead.Wrap(name, k.Object, mgr.GetClient(), o.Health.Watch(name, r)))

	controller, err := runtimecontroller.NewUnmanaged(name, options)
	if err != nil {
		return errors.Wrapf(err, "cannot build the controller of %s", k.GroupVersionKind.Kind)
	}

	sources := append(repairedConfigs(mgr, k, o.Clients.HoldCredentials), o.Bulkhead.Calls(name), source.Kind(mgr.GetCache(), k.Object,
		&handler.EnqueueRequestForObject{}, logStates(log), desiredStateChanged()))

	if c.guard != nil {
		sources = append(sources, changedSecrets(mgr, k, own))
	}

	sources = append(sources, c.dependents.Sources(mgr.GetCache())...)

	for _, s := range sources {
		if err := controller.Watch(s); err != nil {
			return errors.Wrapf(err, "cannot watch what concerns %s", k.GroupVersionKind.Kind)
		}
	}

	// Last, because the manager runs already and starts the controller at once: what is
	// watched only afterwards, as controller-runtime's builder would have it, misses what
	// happens after the first reconcile of an object.
	if err := mgr.Add(controller); err != nil {
		return errors.Wrapf(err, "cannot start the controller of %s", k.GroupVersionKind.Kind)
	}

	return wake(mgr, o, k, controller)
}
