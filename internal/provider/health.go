// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	mrcontroller "github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/managed"
)

// probeTimeout is how long a probe may wait for the caches. Kubernetes gives it a
// second.
const probeTimeout = 500 * time.Millisecond

// addChecks adds what /healthz and /readyz answer.
func addChecks(mgr ctrl.Manager, h *mrcontroller.Health, kinds []schema.GroupVersionKind) error {
	err := mgr.AddHealthzCheck("controllers", func(*http.Request) error { return h.Check() })
	if err != nil {
		return errors.Wrap(err, "cannot add the health check")
	}

	r := &readiness{cache: mgr.GetCache(), elected: mgr.Elected(), started: h.Started, kinds: kinds}

	return errors.Wrap(mgr.AddReadyzCheck("controllers", func(req *http.Request) error { return r.check(req.Context()) }), "cannot add the readiness check")
}

// readiness of the process: whether it does its work, or stands by to do it.
type readiness struct {
	cache   cache.Cache
	elected <-chan struct{}
	started func(schema.GroupVersionKind) bool
	kinds   []schema.GroupVersionKind
}

// check returns what the process still waits for. It does not ask the API server:
// to be ready is to have begun, and an API server that is away makes nobody less
// so.
func (r *readiness) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()

	if !r.cache.WaitForCacheSync(ctx) {
		return errors.New("the caches are not filled yet")
	}

	select {
	case <-r.elected:
	default:
		return nil // Another replica leads. This one is ready to take over.
	}

	crds := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := r.cache.List(ctx, crds, client.UnsafeDisableDeepCopy); err != nil {
		return errors.Wrap(err, "it is not known yet which kinds are served")
	}

	var waiting []string

	for _, kind := range r.kinds {
		if slices.ContainsFunc(crds.Items, func(crd apiextensionsv1.CustomResourceDefinition) bool { return serves(crd, kind) }) && !r.started(kind) {
			waiting = append(waiting, kind.Kind)
		}
	}

	if len(waiting) > 0 {
		slices.Sort(waiting)
		return errors.Errorf("controllers that have not started: %s", strings.Join(waiting, ", "))
	}

	return nil
}

// serves tells whether the API server serves the kind because of the CRD.
func serves(crd apiextensionsv1.CustomResourceDefinition, kind schema.GroupVersionKind) bool {
	if crd.Spec.Group != kind.Group || crd.Spec.Names.Kind != kind.Kind || !crd.GetDeletionTimestamp().IsZero() {
		return false
	}

	established := slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})

	return established && slices.ContainsFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == kind.Version && v.Served
	})
}
