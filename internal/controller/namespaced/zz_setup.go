// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/crossplane/upjet/v2/pkg/controller"

	container "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/container/container"
	containernamespace "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/container/containernamespace"
	cron "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/container/cron"
	domain "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/container/domain"
	token "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/container/token"
	trigger "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/container/trigger"
	providerconfig "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/providerconfig"
)

// Setup creates all controllers with the supplied logger and adds them to
// the supplied manager.
func Setup(mgr ctrl.Manager, o controller.Options) error {
	for _, setup := range []func(ctrl.Manager, controller.Options) error{
		container.Setup,
		containernamespace.Setup,
		cron.Setup,
		domain.Setup,
		token.Setup,
		trigger.Setup,
		providerconfig.Setup,
	} {
		if err := setup(mgr, o); err != nil {
			return err
		}
	}
	return nil
}

// SetupGated creates all controllers with the supplied logger and adds them to
// the supplied manager gated.
func SetupGated(mgr ctrl.Manager, o controller.Options) error {
	for _, setup := range []func(ctrl.Manager, controller.Options) error{
		container.SetupGated,
		containernamespace.SetupGated,
		cron.SetupGated,
		domain.SetupGated,
		token.SetupGated,
		trigger.SetupGated,
		providerconfig.SetupGated,
	} {
		if err := setup(mgr, o); err != nil {
			return err
		}
	}
	return nil
}

// SetupWebhookWithManager registers conversion webhooks for all resource kinds in the group.
func SetupWebhookWithManager(mgr ctrl.Manager) error {
	for _, setup := range []func(ctrl.Manager) error{
		container.SetupWebhookWithManager,
		containernamespace.SetupWebhookWithManager,
		cron.SetupWebhookWithManager,
		domain.SetupWebhookWithManager,
		token.SetupWebhookWithManager,
		trigger.SetupWebhookWithManager,
		providerconfig.SetupWebhookWithManager,
	} {
		if err := setup(mgr); err != nil {
			return err
		}
	}
	return nil
}
