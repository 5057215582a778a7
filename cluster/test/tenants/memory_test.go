// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/providerconfig"
	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A thousand tenants, each with a key of its own whose client is configured and whose
// Secret is watched, cost the provider's process less than 200 MB.
func TestThousandTenants(t *testing.T) {
	t.Parallel()

	const tenants, bound = 1000, 200 << 20

	e := framework.New(t)
	p := e.StartProvider()
	e.WaitConfig(e.ProviderConfig("default"), providerconfig.ReasonValid)

	before := p.Usage().Resident

	var group errgroup.Group

	group.SetLimit(16)

	for i := range tenants {
		group.Go(func() error {
			name := fmt.Sprintf("tenant-%04d", i)
			setSecret(t, e, name, map[string]string{"text": strings.Replace(e.Credentials(e.NewKey()), "{", `{"zone":"fr-par-1",`, 1)})
			createConfig(e, name, "text")

			return nil
		})
	}

	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}

	e.Eventually("all credentials to be checked", func() (bool, string) {
		l := &v1beta1.ProviderConfigList{}
		if err := e.Client.List(t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
			t.Fatal(err)
		}

		n := 0

		for _, pc := range l.Items {
			if pc.GetCondition("Ready").Reason == providerconfig.ReasonValid {
				n++
			}
		}

		return n > tenants, fmt.Sprintf("%d of %d were", n, tenants+1)
	})

	used := p.Usage().Resident - before
	t.Logf("%d tenants: %.0f MB, beside %.0f MB without any", tenants, float64(used)/(1<<20), float64(before)/(1<<20))

	if used > bound {
		t.Errorf("%d tenants take %d bytes, want at most %d", tenants, used, bound)
	}
}
