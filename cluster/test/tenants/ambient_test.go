// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// Nothing that is around the provider fills a gap in a tenant's credentials, or wins
// over them: what the API receives is the tenant's.
func TestNothingAmbient(t *testing.T) {
	t.Parallel()

	// configFile writes a configuration file of Scaleway's tools, and returns the home
	// folder that it is in.
	configFile := func(t *testing.T, k fakescaleway.Key, url string) string {
		t.Helper()

		home := t.TempDir()
		path := filepath.Join(home, ".config", "scw", "config.yaml")

		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}

		content := fmt.Sprintf("access_key: %s\nsecret_key: %s\ndefault_organization_id: %s\ndefault_project_id: %s\ndefault_region: nl-ams\ndefault_zone: nl-ams-1\napi_url: %s\n",
			k.AccessKey, k.SecretKey, k.OrganizationID, k.ProjectID, url)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}

		return home
	}

	cases := map[string]struct {
		reason string
		env    func(t *testing.T, k fakescaleway.Key, url string) []string
	}{
		"Variables": {
			reason: "These win over what a client is configured with.",
			env: func(_ *testing.T, k fakescaleway.Key, url string) []string {
				return []string{
					"SCW_ACCESS_KEY=" + k.AccessKey, "SCW_SECRET_KEY=" + k.SecretKey, "SCW_TOKEN=" + k.SecretKey, "SCW_API_URL=" + url,
					"SCW_DEFAULT_ORGANIZATION_ID=" + k.OrganizationID, "SCW_ORGANIZATION=" + k.OrganizationID, "SCW_DEFAULT_PROJECT_ID=" + k.ProjectID,
					"SCW_DEFAULT_REGION=nl-ams", "SCW_REGION=nl-ams", "SCW_DEFAULT_ZONE=nl-ams-1",
				}
			},
		},
		"OldVariables": {
			reason: "So do those of the first versions.",
			env: func(_ *testing.T, k fakescaleway.Key, _ string) []string {
				return []string{
					"SCALEWAY_ACCESS_KEY=" + k.AccessKey, "SCALEWAY_TOKEN=" + k.SecretKey,
					"SCALEWAY_ORGANIZATION=" + k.OrganizationID, "SCALEWAY_REGION=nl-ams",
				}
			},
		},
		"OnlySecretKey": {
			reason: "One variable alone is enough to be another tenant.",
			env: func(_ *testing.T, k fakescaleway.Key, _ string) []string {
				return []string{"SCW_SECRET_KEY=" + k.SecretKey}
			},
		},
		"OnlyProject": {
			reason: "Or to create, and have somebody pay, in another project.",
			env: func(_ *testing.T, k fakescaleway.Key, _ string) []string {
				return []string{"SCW_DEFAULT_PROJECT_ID=" + k.ProjectID}
			},
		},
		"OnlyAPIURL": {
			reason: "Or to have the tenant's key sent elsewhere.",
			env:    func(_ *testing.T, _ fakescaleway.Key, url string) []string { return []string{"SCW_API_URL=" + url} },
		},
		"Empty": {
			reason: "That a variable is set counts for Scaleway's code, not that it holds something.",
			env: func(*testing.T, fakescaleway.Key, string) []string {
				return []string{"SCW_SECRET_KEY=", "SCW_DEFAULT_REGION="}
			},
		},
		"Profile": {
			reason: "A profile chooses another part of the configuration file.",
			env: func(t *testing.T, k fakescaleway.Key, url string) []string {
				return []string{"HOME=" + configFile(t, k, url), "SCW_PROFILE=other"}
			},
		},
		"ConfigFile": {
			reason: "A configuration file fills what credentials leave out.",
			env: func(t *testing.T, k fakescaleway.Key, url string) []string {
				return []string{"HOME=" + configFile(t, k, url)}
			},
		},
		"ConfigFileOfXDG": {
			reason: "It may be elsewhere.",
			env: func(t *testing.T, k fakescaleway.Key, url string) []string {
				return []string{"XDG_CONFIG_HOME=" + filepath.Join(configFile(t, k, url), ".config")}
			},
		},
		"ConfigFileNamed": {
			reason: "Or anywhere.",
			env: func(t *testing.T, k fakescaleway.Key, url string) []string {
				return []string{"SCW_CONFIG_PATH=" + filepath.Join(configFile(t, k, url), ".config", "scw", "config.yaml")}
			},
		},
		"NoHome": {
			reason: "Without a home folder, Scaleway's code takes the current one for a file, and fails.",
			env:    func(*testing.T, fakescaleway.Key, string) []string { return nil },
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			// Another tenant, here and at another Scaleway.
			other := e.Neighbour().Key
			elsewhere := fakescaleway.NewTestServer(t)
			elsewhere.AddKey(other)
			elsewhere.AddKey(e.Key)

			// What leaves out all that can be left out.
			setSecret(t, e, "minimal", map[string]string{"SCW_ACCESS_KEY": e.Key.AccessKey, "SCW_SECRET_KEY": e.Key.SecretKey, "SCW_API_URL": e.Scaleway.URL()})
			createConfig(e, "minimal", "")

			e.StartProvider(framework.WithEnv(tc.env(t, other, elsewhere.URL())...), framework.WithArgs("--allowed-api-url="+elsewhere.URL()))

			minimal, full := newNamespace(e, "minimal", "minimal"), newNamespace(e, "full", "default")
			e.Create(minimal)
			e.Create(full)
			e.WaitReady(full)
			// The tenant has named no project, and nobody does it for them.
			e.WaitCondition(minimal, xpv1.TypeSynced, "False, for want of a project", func(c xpv1.Condition) bool {
				return strings.Contains(c.Message, "project_id is required")
			})

			for _, r := range e.Scaleway.Requests() {
				if diff := cmp.Diff(e.Key.SecretKey, r.SecretKey); diff != "" {
					t.Errorf("\n%s\nkey of %s %s: -want, +got:\n%s", tc.reason, r.Method, r.Path, diff)
				}

				if !strings.Contains(r.Path, "/regions/fr-par/") {
					t.Errorf("\n%s\n%s %s is in another region", tc.reason, r.Method, r.Path)
				}

				for _, id := range []string{other.ProjectID, other.OrganizationID} {
					if bytes.Contains(r.Body, []byte(id)) || strings.Contains(r.Query, id) {
						t.Errorf("\n%s\n%s %s names another tenant's %s: %s", tc.reason, r.Method, r.Path, id, r.Body)
					}
				}
			}

			if got := elsewhere.Counts(); len(got) > 0 {
				t.Errorf("\n%s\nrequests to another API: %v, want none", tc.reason, got)
			}
		})
	}
}
