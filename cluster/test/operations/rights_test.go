// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"net/http"
	"slices"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// The provider needs no right that Crossplane's RBAC manager does not give it,
// through the whole life of every kind.
func TestRights(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	account := framework.ServiceAccount(e.Namespace, "provider")
	e.Grant(account, e.ProviderRights()...)
	proxy := e.StartProxy(account.As())
	address := e.FreeAddress()

	start := func() *framework.Provider {
		return e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()), elect(e, "--health-probe-bind-address="+address, "--request-timeout=2s"))
	}
	p := start()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)
	waitAnswer(e, address, ready, http.StatusOK)

	// An update, a renewal, an interrupted creation, and a Secret to label.
	e.Update(f.Container, func() { f.Container.Spec.ForProvider.MaxScale = ptr.To[int64](3) })
	e.WaitReady(f.Container)

	old := framework.ExternalName(f.Token)
	e.Update(f.Token, func() { meta.AddAnnotations(f.Token, map[string]string{onetime.AnnotationRenew: "now"}) })
	e.Eventually("a renewed token", func() (bool, string) {
		e.Get(f.Token)
		return framework.ExternalName(f.Token) != old, old
	})

	e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, DropAfter: true})

	another := e.NewToken("another", framework.ExternalName(f.Namespace))
	e.Create(another)
	e.WaitReady(another)

	p.Stop()

	s := secretNamed(e, "another")
	e.Update(s, func() { s.SetLabels(nil) })
	start()
	e.Eventually("the Secret to be labelled", func() (bool, string) {
		e.Get(s)
		return s.GetLabels()[publish.Label] != "", "it is not"
	})

	e.Delete(another)

	all := f.Managed()
	slices.Reverse(all)

	for _, mg := range all {
		e.Delete(mg)
	}

	// The ProviderConfig and its Secret are let go.
	pc := e.ProviderConfig("default")
	e.Delete(pc, secretNamed(e, "default"))

	if forbidden := proxy.Forbidden(); len(forbidden) > 0 {
		t.Errorf("requests that the API server has forbidden: %q", forbidden)
	}

	for kind, n := range e.Scaleway.Alive() {
		if n != 0 {
			t.Errorf("%d objects of kind %s are left at Scaleway", n, kind)
		}
	}
}
