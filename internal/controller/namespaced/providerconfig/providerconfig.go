// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package providerconfig keeps ProviderConfigs and ClusterProviderConfigs as
// long as a managed resource uses them.
package providerconfig

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/managed"
)

// Setup adds controllers that account for the use of ProviderConfigs and
// ClusterProviderConfigs.
func Setup(mgr ctrl.Manager, o managed.Options) error {
	err := setup(mgr, o, v1beta1.ProviderConfigGroupVersionKind, func() client.Object { return &v1beta1.ProviderConfig{} })
	if err != nil {
		return err
	}

	return setup(mgr, o, v1beta1.ClusterProviderConfigGroupVersionKind, func() client.Object { return &v1beta1.ClusterProviderConfig{} })
}

// SetupGated is Setup: the provider cannot serve any kind without these.
func SetupGated(mgr ctrl.Manager, o managed.Options) error {
	return Setup(mgr, o)
}

func setup(mgr ctrl.Manager, o managed.Options, config schema.GroupVersionKind, newConfig func() client.Object) error {
	name := providerconfig.ControllerName(config.GroupKind().String())

	var r reconcile.Reconciler = providerconfig.NewReconciler(mgr,
		xpresource.ProviderConfigKinds{
			Config:    config,
			Usage:     v1beta1.ProviderConfigUsageGroupVersionKind,
			UsageList: v1beta1.ProviderConfigUsageListGroupVersionKind,
		},
		providerconfig.WithLogger(o.Logger.WithValues("controller", name)),
		providerconfig.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name)))) //nolint:staticcheck // Crossplane grants a provider no rights on the newer events API.

	if o.HoldCredentials {
		r = &holder{Reconciler: r, kube: mgr.GetClient(), newConfig: newConfig, kind: config.Kind}
	}

	return ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(o.ForControllerRuntime()).
		For(newConfig()).
		Watches(&v1beta1.ProviderConfigUsage{}, &xpresource.EnqueueRequestForProviderConfig{Kind: config.Kind}).
		Complete(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter))
}
