// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package provider starts the provider. The command, the integration tests and
// the benchmarks all start it here, so that what is tested is what ships.
package provider

import (
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/customresourcesgate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	namespacedapis "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	mrcontroller "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/managed"
	namespaced "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/lazylog"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// stateMetricInterval is how often the managed resources are counted by state.
const stateMetricInterval = 5 * time.Second

// Options of the provider. The tags make them the command's flags.
type Options struct {
	Debug bool `help:"Log every step of every reconcile." env:"DEBUG"`

	PollInterval time.Duration `help:"How often a resource that is as desired is compared with Scaleway." default:"10m" env:"POLL_INTERVAL"`
	PollJitter   time.Duration `help:"Most that a poll comes earlier or later, so that polls spread out." default:"30s" env:"POLL_JITTER"`
	SyncInterval time.Duration `help:"How often everything is reconciled again from the provider's cache." default:"1h" env:"SYNC_INTERVAL"`

	MaxReconcileRate int `help:"Most reconciles per second, over all kinds. Five times as many calls per second are made to Kubernetes." default:"100" env:"MAX_RECONCILE_RATE"`
	Concurrency      int `help:"Most reconciles of one kind at one time." default:"100" env:"CONCURRENCY"`

	TenantConcurrency int     `help:"Most reconciles at one time that use one API key, over all kinds." default:"20" env:"TENANT_CONCURRENCY"`
	TenantRequestRate float64 `help:"Most requests per second that are made to Scaleway with one API key, and a quarter of them at one moment. 0 sets no limit." default:"80" env:"TENANT_REQUEST_RATE"`
	CABundle          string  `help:"File with certificates of authorities, as PEM, that are trusted when Scaleway is called, besides the system's." name:"ca-bundle" type:"existingfile" placeholder:"FILE" env:"CA_BUNDLE"`

	RequestTimeout time.Duration `help:"Longest that a request to Scaleway may take. A creation whose outcome is unclear is looked up for twice as long before it is tried again." default:"30s" env:"REQUEST_TIMEOUT"`

	AllowedAPIURL []string `help:"Address, besides https://api.scaleway.com, that the api_url of a ProviderConfig may hold. Can be given more than once." name:"allowed-api-url" placeholder:"URL" env:"ALLOWED_API_URL"`

	WatchNamespace []string `help:"Kubernetes namespace whose resources are reconciled. Can be given more than once. Without it, those of every namespace are." name:"watch-namespace" placeholder:"NAME" env:"WATCH_NAMESPACE"`

	HoldCredentials bool `help:"Keep the Secret that a ProviderConfig names, by a finalizer, while a resource uses it." default:"true" negatable:"" env:"HOLD_CREDENTIALS"`

	LeaderElection              bool          `help:"Elect a leader, so that of several replicas that watch the same one is active." env:"LEADER_ELECTION"`
	LeaderElectionNamespace     string        `help:"Kubernetes namespace of the lease. In a Pod it is the Pod's own unless it is given." placeholder:"NAME" env:"LEADER_ELECTION_NAMESPACE"`
	LeaderElectionLeaseName     string        `help:"Name of the lease. Without it, it is derived from the Kubernetes namespaces that are watched, so that installations that watch different ones do not share it." placeholder:"NAME" env:"LEADER_ELECTION_LEASE_NAME"`
	LeaderElectionLeaseDuration time.Duration `help:"How long another replica waits for a leader that does not renew its lease." default:"60s" env:"LEADER_ELECTION_LEASE_DURATION"`
	LeaderElectionRenewDeadline time.Duration `help:"How long a leader tries to renew its lease before it ends. Shorter than the lease." default:"50s" env:"LEADER_ELECTION_RENEW_DEADLINE"`
	LeaderElectionRetryPeriod   time.Duration `help:"How often the lease is renewed, or asked for." default:"2s" env:"LEADER_ELECTION_RETRY_PERIOD"`

	ShutdownTimeout time.Duration `help:"Longest that running reconciles may take to end when the provider is asked to stop. Keep it below the Pod's terminationGracePeriodSeconds." default:"25s" env:"SHUTDOWN_TIMEOUT"`

	EnableChangelogs     bool   `help:"Report each change at Scaleway to a change log server (alpha)." env:"ENABLE_CHANGE_LOGS"`
	ChangelogsSocketPath string `help:"Socket of the change log server." default:"/var/run/changelogs/changelogs.sock" placeholder:"PATH" env:"CHANGELOGS_SOCKET_PATH"`

	Pprof            bool   `help:"Serve profiles of the process. They hold no secrets, but are nobody else's business." env:"PPROF"`
	PprofBindAddress string `help:"Address that serves profiles, under /debug/pprof." default:"127.0.0.1:6060" env:"PPROF_BIND_ADDRESS"`

	MetricsBindAddress     string `help:"Address that serves /metrics. Empty or 0 serves none." default:":8080" env:"METRICS_BIND_ADDRESS"`
	MetricsSecure          bool   `help:"Serve /metrics over TLS, and only to those whose bearer token has the right to get it. The provider needs the rights of the ClusterRole system:auth-delegator." env:"METRICS_SECURE"`
	MetricsCertDir         string `help:"Folder with tls.crt and tls.key, with which /metrics is served. Without it the certificate is a new one that nobody has signed." type:"existingdir" placeholder:"DIR" env:"METRICS_CERT_DIR"`
	ExpiryMetrics          int    `help:"Most objects of a kind whose expiry is reported as a metric, with their namespace and name. 0 reports none. Give it together with --metrics-secure, or every Pod can read them." default:"0" env:"EXPIRY_METRICS"`
	HealthProbeBindAddress string `help:"Address that serves /healthz and /readyz. Empty or 0 serves none." default:":8081" env:"HEALTH_PROBE_BIND_ADDRESS"`
}

// Run runs the provider against the supplied API server until the context is
// done. It returns what keeps it from running.
func Run(ctx context.Context, cfg *rest.Config, o Options, log logr.Logger) error {
	log = lazylog.New(log)
	ctrl.SetLogger(log)
	klog.SetLogger(log)

	logger := logging.NewLogrLogger(log)

	removed, err := clients.NeutralizeEnvironment()
	if err != nil {
		return err
	}

	if len(removed) > 0 {
		logger.Info("Ignoring environment variables that configure the Scaleway SDK or Terraform: only ProviderConfigs do", "variables", removed)
	}

	observations, permits := transport.NewObservations(), issue.NewPermits()
	tenants := transport.NewTenants(transport.Pace{Rate: o.TenantRequestRate}, logger)

	upjet := config.New()

	if err := installTransport(o, observations, permits, tenants, config.SensitiveFields(upjet)); err != nil {
		return err
	}

	scheme, err := newScheme()
	if err != nil {
		return err
	}

	mgr, err := newManager(cfg, o, scheme, logger)
	if err != nil {
		return err
	}

	if err := mgr.Add(newThrift(logger)); err != nil {
		return errors.Wrap(err, "cannot add what keeps memory small")
	}

	if err := setup(mgr, o, logger, upjet, observations, permits, tenants); err != nil {
		return err
	}

	logger.Info("Starting", "pollInterval", o.PollInterval.String(), "maxReconcileRate", o.MaxReconcileRate, "concurrency", o.Concurrency)

	return errors.Wrap(mgr.Start(ctx), "cannot run the controllers")
}

// installTransport makes all requests to Scaleway from here on pass one place.
func installTransport(o Options, seen *transport.Observations, permits *issue.Permits, tenants *transport.Tenants, secretFields []string) error {
	var bundle []byte

	if o.CABundle != "" {
		var err error
		if bundle, err = os.ReadFile(o.CABundle); err != nil {
			return errors.Wrap(err, "cannot read the CA bundle")
		}
	}

	resources := config.Resources()

	seen.Recallable = mrcontroller.Recallable(resources)
	seen.Witness = resource.Witnesses(resources)

	paths := make([]string, 0, len(resources))
	for _, r := range resources {
		paths = append(paths, r.Path)
	}

	metrics := transport.NewMetrics(tenants, paths...)
	if err := ctrlmetrics.Registry.Register(metrics); err != nil {
		return errors.Wrap(err, "cannot register the metrics of requests")
	}

	t, err := transport.New(transport.Options{
		Observations: seen,
		SecretFields: secretFields,
		Timeout:      o.RequestTimeout,
		Minting:      minting(resources),
		Permits:      permits,
		Tenants:      tenants,
		Metrics:      metrics,
		Connections:  o.Concurrency * len(resources),
		CABundle:     bundle,
	})
	if err != nil {
		return errors.Wrap(err, "cannot set up the requests to Scaleway")
	}

	t.Install()

	return nil
}

// minting returns the requests that mint an object of one of the resources.
func minting(resources []resource.Resource) []transport.Minting {
	var all []transport.Minting

	for _, r := range resources {
		if r.Minted == nil {
			continue
		}

		all = append(all, transport.Minting{
			Path:       r.CollectionPattern(),
			MarkField:  r.Minted.MarkArgument,
			IDField:    r.IDField(),
			ValueField: r.Minted.Attribute,
			Fields:     slices.Sorted(maps.Keys(r.Minted.Keys)),
		})
	}

	return all
}

func newScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()

	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme,
		apiextensionsv1.AddToScheme,
		namespacedapis.AddToScheme,
	} {
		if err := add(s); err != nil {
			return nil, errors.Wrap(err, "cannot add API types to the scheme")
		}
	}

	return s, nil
}

func newManager(cfg *rest.Config, o Options, scheme *runtime.Scheme, log logging.Logger) (ctrl.Manager, error) {
	kinds := map[string]publish.Kind{}
	for kind, r := range resource.OneTimes(config.Resources()) {
		kinds[kind] = r
	}

	secrets, err := publish.CachedSecrets(kinds)
	if err != nil {
		return nil, err
	}

	lease, err := leaseName(o)
	if err != nil {
		return nil, err
	}

	pprof := ""
	if o.Pprof {
		pprof = o.PprofBindAddress
	}

	cfg = ratelimiter.LimitRESTConfig(cfg, o.MaxReconcileRate)
	// They are for whoever writes manifests, and would be a line for each object.
	cfg.WarningHandler = rest.NoWarnings{}

	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			SyncPeriod:        &o.SyncInterval,
			DefaultNamespaces: watched(o.WatchNamespace),
			DefaultTransform:  kubeclient.NewCompact(),
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Secret{}: secrets,
				&apiextensionsv1.CustomResourceDefinition{}: {Transform: withoutSchemas},
			},
		},
		Client: client.Options{Cache: &client.CacheOptions{
			// Read one by one: what the cache has of some Secrets is not their content,
			// and of the others it has nothing.
			DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}},
		}},
		Metrics:                       metricsOptions(o, log),
		HealthProbeBindAddress:        o.HealthProbeBindAddress,
		PprofBindAddress:              pprof,
		GracefulShutdownTimeout:       &o.ShutdownTimeout,
		LeaderElection:                o.LeaderElection,
		LeaderElectionID:              lease,
		LeaderElectionNamespace:       o.LeaderElectionNamespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &o.LeaderElectionLeaseDuration,
		RenewDeadline:                 &o.LeaderElectionRenewDeadline,
		RetryPeriod:                   &o.LeaderElectionRetryPeriod,
	})

	return mgr, errors.Wrap(err, "cannot create the controller manager")
}

// withoutSchemas takes out of a CRD what is large and of no use here: a cluster may
// have a thousand of them, of every provider, and all are watched.
func withoutSchemas(o any) (any, error) {
	if crd, ok := o.(*apiextensionsv1.CustomResourceDefinition); ok {
		crd.ManagedFields = nil
		crd.Annotations = nil

		for i := range crd.Spec.Versions {
			crd.Spec.Versions[i].Schema = nil
			crd.Spec.Versions[i].AdditionalPrinterColumns = nil
		}
	}

	return o, nil
}

func watched(namespaces []string) map[string]cache.Config {
	if len(namespaces) == 0 {
		return nil
	}

	configs := map[string]cache.Config{}
	for _, n := range namespaces {
		configs[n] = cache.Config{}
	}

	return configs
}

func setup(mgr ctrl.Manager, o Options, log logging.Logger, upjet *ujconfig.Provider, seen *transport.Observations, permits *issue.Permits, tenants *transport.Tenants) error {
	recorder := managed.NewMRMetricRecorder()
	state := statemetrics.NewMRStateMetrics()
	metrics := onetime.NewMetrics()
	bulkhead := mrcontroller.NewBulkhead(mrcontroller.BulkheadOptions{
		Workers: o.Concurrency,
		Slots:   o.TenantConcurrency,
		Rate:    o.MaxReconcileRate,
		Tenants: tenants,
	})

	for _, c := range []prometheus.Collector{recorder, state, metrics, bulkhead} {
		if err := ctrlmetrics.Registry.Register(c); err != nil {
			return errors.Wrap(err, "cannot register metrics")
		}
	}

	resources := map[string]resource.Resource{}
	kinds := map[string]schema.GroupVersionKind{}

	for _, r := range config.Resources() {
		resources[r.Name] = r
		kinds[r.Name] = schema.GroupVersionKind{Group: r.Group + "." + config.RootGroup, Version: r.APIVersion(), Kind: r.Kind}
	}

	secrets, err := newSecrets(mgr, log)
	if err != nil {
		return err
	}

	builder := clients.NewBuilder(secrets, o.AllowedAPIURL...)
	builder.Tenants, builder.HoldCredentials = tenants, o.HoldCredentials

	options := mrcontroller.Options{
		Options: ujcontroller.Options{
			Options: controller.Options{
				Logger:                  log,
				GlobalRateLimiter:       ratelimiter.NewGlobal(o.MaxReconcileRate),
				PollInterval:            o.PollInterval,
				MaxConcurrentReconciles: o.Concurrency,
				Features:                &feature.Flags{},
				Gate:                    new(gate.Gate[schema.GroupVersionKind]),
				MetricOptions: &controller.MetricOptions{
					PollStateMetricInterval: stateMetricInterval,
					MRMetrics:               recorder,
					MRStateMetrics:          state,
				},
			},
			Provider:              upjet,
			SetupFn:               builder.Setup,
			PollJitter:            o.PollJitter,
			OperationTrackerStore: ujcontroller.NewOperationStore(log),
		},
		Resources:       resources,
		Kinds:           kinds,
		Observations:    seen,
		Permits:         permits,
		APIOf:           builder.APIOf,
		Clients:         builder,
		Secrets:         secrets,
		WatchNamespaces: o.WatchNamespace,
		ExpiryMetrics:   o.ExpiryMetrics,
		RequestTimeout:  o.RequestTimeout,
		Health:          mrcontroller.NewHealth(),
		Metrics:         metrics,
		Bulkhead:        bulkhead,
	}

	if err := addChecks(mgr, options.Health, slices.Collect(maps.Values(kinds))); err != nil {
		return err
	}

	if o.EnableChangelogs {
		if err := logChanges(&options.Options.Options, o.ChangelogsSocketPath); err != nil {
			return err
		}
	}

	if err := customresourcesgate.Setup(mgr, options.Options.Options); err != nil {
		return errors.Wrap(err, "cannot set up the controller that watches CustomResourceDefinitions")
	}

	return errors.Wrap(namespaced.SetupGated(mgr, options), "cannot set up the controllers")
}

// newSecrets returns what reads and watches the Secrets with credentials.
func newSecrets(mgr ctrl.Manager, log logging.Logger) (*clients.Secrets, error) {
	kube, err := client.NewWithWatch(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return nil, errors.Wrap(err, "cannot create the client that watches Secrets")
	}

	s := clients.NewSecrets(kube, log)

	return s, errors.Wrap(mgr.Add(s), "cannot add the watches of Secrets")
}
