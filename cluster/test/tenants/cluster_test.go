// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/providerconfig"
)

// The sources of a ClusterProviderConfig. This test does not run beside others: their
// providers would write the status of its ClusterProviderConfigs too.
func TestClusterProviderConfig(t *testing.T) { //nolint:paralleltest // See above.
	e := framework.New(t)
	home := e.Neighbour() // Of the Secret.

	file := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(file, []byte(e.Credentials(e.Key)), 0o600); err != nil {
		t.Fatal(err)
	}

	setSecret(t, home, "separate", variables(e, e.Key))

	e.StartProvider(framework.WithEnv("MY_CREDENTIALS="+e.Credentials(e.Key), "SCW_CREDENTIALS="+e.Credentials(e.Key)))

	secret := func(name, key string) v1beta1.ClusterCredentials {
		return v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceSecret, SecretRef: &v1beta1.SecretSelector{
			SecretReference: xpv1.SecretReference{Namespace: home.Namespace, Name: name}, Key: key,
		}}
	}
	env := func(name string) v1beta1.ClusterCredentials {
		return v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceEnvironment, Env: &xpv1.EnvSelector{Name: name}}
	}
	fs := func(path string) v1beta1.ClusterCredentials {
		return v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceFilesystem, Fs: &xpv1.FsSelector{Path: path}}
	}

	cases := map[string]struct {
		reason      string
		credentials v1beta1.ClusterCredentials
		want        xpv1.ConditionReason
		message     string
	}{
		"secret":           {reason: "A Secret of the namespace that is named.", credentials: secret("separate", ""), want: providerconfig.ReasonValid},
		"environment":      {reason: "A variable that is named.", credentials: env("MY_CREDENTIALS"), want: providerconfig.ReasonValid},
		"file":             {reason: "A file that is named.", credentials: fs(file), want: providerconfig.ReasonValid},
		"secret-missing":   {reason: "Nothing takes its place.", credentials: secret("missing", "text"), want: providerconfig.ReasonUnusable, message: `key "text" of Secret "` + home.Namespace + `/missing": cannot get the Secret`},
		"variable-missing": {reason: "Nothing takes its place.", credentials: env("YOUR_CREDENTIALS"), want: providerconfig.ReasonUnusable, message: `environment variable "YOUR_CREDENTIALS": the provider's environment has no such variable`},
		"file-missing":     {reason: "Nothing takes its place.", credentials: fs(file + ".old"), want: providerconfig.ReasonUnusable, message: `file "` + file + `.old": cannot read the file`},
	}

	for name, tc := range cases { //nolint:paralleltest // See above.
		t.Run(name, func(t *testing.T) {
			pc := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace + "-" + name}}
			pc.Spec.Credentials = tc.credentials
			e.Create(pc)

			ns := newNamespace(e, name, "")
			ns.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ClusterProviderConfigKind, Name: pc.GetName()})
			e.Create(ns)

			got := e.WaitConfig(pc, tc.want)
			if !strings.Contains(got.Message, tc.message) {
				t.Errorf("\n%s\nthe condition does not say %q: %s", tc.reason, tc.message, got.Message)
			}

			if tc.want == providerconfig.ReasonValid {
				e.WaitReady(ns)
			}

			if name == "file" {
				next := e.NewKey()
				if err := os.WriteFile(file, []byte(e.Credentials(next)), 0o600); err != nil {
					t.Fatal(err)
				}

				e.Eventually("the new key in the file to be used", func() (bool, string) { return usedBy(e, next.SecretKey) > 0, "it was not" })
			}

			if err := e.Client.Delete(t.Context(), pc); err != nil {
				t.Fatal(err)
			}

			e.Delete([]client.Object{xpresource.ModernManaged(ns)}...)
			e.WaitGone(pc)
		})
	}
}

// What the API server refuses, and what it lets through, as older versions have.
func TestCredentialsAtAdmission(t *testing.T) {
	t.Parallel()

	e := framework.New(t)

	type fields = map[string]any

	secretRef := fields{"name": "scaleway", "namespace": "crossplane-system", "key": "credentials"}
	local := fields{"name": "scaleway", "key": "credentials"}

	cases := map[string]struct {
		reason      string
		kind        string
		credentials fields
		// want is part of the error; empty if there is to be none.
		want string
	}{
		"Old":                 {reason: "What an older version has let through stays valid.", kind: "ProviderConfig", credentials: fields{"source": "Secret", "secretRef": local}},
		"OldCluster":          {reason: "So it does with a ClusterProviderConfig.", kind: "ClusterProviderConfig", credentials: fields{"source": "Secret", "secretRef": secretRef}},
		"DefaultSource":       {reason: "The source is a Secret by default.", kind: "ClusterProviderConfig", credentials: fields{"secretRef": secretRef}},
		"WithoutKey":          {reason: "The key can be left out.", kind: "ProviderConfig", credentials: fields{"secretRef": fields{"name": "scaleway"}}},
		"WithoutKeyCluster":   {reason: "The key can be left out.", kind: "ClusterProviderConfig", credentials: fields{"secretRef": fields{"name": "scaleway", "namespace": "a"}}},
		"Environment":         {reason: "An administrator may choose a variable.", kind: "ClusterProviderConfig", credentials: fields{"source": "Environment", "env": fields{"name": "MY_CREDENTIALS"}}},
		"Filesystem":          {reason: "Or a file.", kind: "ClusterProviderConfig", credentials: fields{"source": "Filesystem", "fs": fields{"path": "/credentials.json"}}},
		"TenantEnvironment":   {reason: "A tenant may not.", kind: "ProviderConfig", credentials: fields{"source": "Environment", "env": fields{"name": "MY_CREDENTIALS"}, "secretRef": local}, want: `unknown field "spec.credentials.env"`},
		"TenantFilesystem":    {reason: "A tenant may not.", kind: "ProviderConfig", credentials: fields{"source": "Filesystem", "secretRef": local}, want: `supported values: "Secret"`},
		"TenantNamespace":     {reason: "A tenant cannot name the Secret of another.", kind: "ProviderConfig", credentials: fields{"secretRef": secretRef}, want: `unknown field "spec.credentials.secretRef.namespace"`},
		"TenantWithoutRef":    {reason: "A tenant names a Secret.", kind: "ProviderConfig", credentials: fields{"source": "Secret"}, want: "spec.credentials.secretRef: Required value"},
		"WithoutRef":          {reason: "The Secret is named.", kind: "ClusterProviderConfig", credentials: fields{"source": "Secret"}, want: "secretRef belongs to the source Secret"},
		"EnvironmentAndRef":   {reason: "Nothing is written in vain.", kind: "ClusterProviderConfig", credentials: fields{"source": "Environment", "env": fields{"name": "A"}, "secretRef": secretRef}, want: "secretRef belongs to the source Secret"},
		"EnvironmentWithout":  {reason: "The variable is named.", kind: "ClusterProviderConfig", credentials: fields{"source": "Environment"}, want: "env belongs to the source Environment"},
		"SecretAndEnv":        {reason: "Nothing is written in vain.", kind: "ClusterProviderConfig", credentials: fields{"source": "Secret", "env": fields{"name": "A"}, "secretRef": secretRef}, want: "env belongs to the source Environment"},
		"FilesystemWithout":   {reason: "The file is named.", kind: "ClusterProviderConfig", credentials: fields{"source": "Filesystem"}, want: "fs belongs to the source Filesystem"},
		"EnvironmentAmbient":  {reason: "The variable would be gone.", kind: "ClusterProviderConfig", credentials: fields{"source": "Environment", "env": fields{"name": "SCW_SECRET_KEY"}}, want: "env.name must not begin with SCW_, SCALEWAY_ or TF_"},
		"UnknownSource":       {reason: "There are no others.", kind: "ClusterProviderConfig", credentials: fields{"source": "InjectedIdentity"}, want: `supported values: "Secret", "Environment", "Filesystem"`},
		"NothingNamed":        {reason: "There are no defaults.", kind: "ClusterProviderConfig", credentials: fields{}, want: "secretRef belongs to the source Secret"},
		"EnvironmentOfOthers": {reason: "A name that only resembles the others is free.", kind: "ClusterProviderConfig", credentials: fields{"source": "Environment", "env": fields{"name": "MY_SCW_KEY"}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			u := &unstructured.Unstructured{Object: map[string]any{"spec": fields{"credentials": tc.credentials}}}
			u.SetGroupVersionKind(v1beta1.SchemeGroupVersion.WithKind(tc.kind))
			u.SetName("admission")

			if tc.kind == v1beta1.ProviderConfigKind {
				u.SetNamespace(e.Namespace)
			}

			err := e.Client.Create(t.Context(), u, client.DryRunAll, client.FieldValidation("Strict"))

			switch {
			case tc.want == "" && err != nil:
				t.Errorf("\n%s\nCreate(...): %v", tc.reason, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("\n%s\nCreate(...): want an error that says %q, got: %v", tc.reason, tc.want, err)
			}
		})
	}
}
