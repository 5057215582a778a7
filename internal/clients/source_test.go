// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
)

// cluster returns a ClusterProviderConfig.
func cluster(c v1beta1.ClusterCredentials) *v1beta1.ClusterProviderConfig {
	return &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: configName}, Spec: v1beta1.ClusterProviderConfigSpec{Credentials: c}}
}

func TestSourceOf(t *testing.T) {
	type want struct {
		source Source
		text   string
		err    error
	}

	withoutKey := newProviderConfig("team-a")
	withoutKey.Spec.Credentials.SecretRef.Key = ""

	fromEnvironment := newProviderConfig("team-a")
	fromEnvironment.Spec.Credentials.Source = xpv1.CredentialsSourceEnvironment

	cases := map[string]struct {
		reason string
		pc     client.Object
		want   want
	}{
		"ProviderConfig": {
			reason: "A ProviderConfig reads a Secret of its own namespace.",
			pc:     newProviderConfig("team-a"),
			want: want{
				source: Source{Secret: types.NamespacedName{Namespace: "team-a", Name: secretName}, Key: secretKey},
				text:   `key "credentials" of Secret "team-a/scaleway"`,
			},
		},
		"WithoutKey": {
			reason: "Without a key, the whole Secret is meant.",
			pc:     withoutKey,
			want:   want{source: Source{Secret: types.NamespacedName{Namespace: "team-a", Name: secretName}}, text: `Secret "team-a/scaleway"`},
		},
		"ProviderConfigOtherSource": {
			reason: "The environment of the provider is not a tenant's, also where an old CRD lets it through.",
			pc:     fromEnvironment,
			want:   want{err: errors.New(`spec.credentials.source "Environment" is not allowed: a ProviderConfig reads a Secret of its own namespace only`)},
		},
		"ClusterProviderConfig": {
			reason: "A ClusterProviderConfig names the namespace.",
			pc:     newClusterProviderConfig("crossplane-system"),
			want: want{
				source: Source{Secret: types.NamespacedName{Namespace: "crossplane-system", Name: secretName}, Key: secretKey},
				text:   `key "credentials" of Secret "crossplane-system/scaleway"`,
			},
		},
		"SecretWithoutRef": {
			reason: "The Secret must be named.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceSecret}),
			want:   want{err: errors.New("spec.credentials.secretRef is not set")},
		},
		"Environment": {
			reason: "An environment variable can be chosen.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceEnvironment, Env: &xpv1.EnvSelector{Name: "MY_SCALEWAY"}}),
			want:   want{source: Source{Variable: "MY_SCALEWAY"}, text: `environment variable "MY_SCALEWAY"`},
		},
		"EnvironmentWithoutName": {
			reason: "None is chosen by default.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceEnvironment}),
			want:   want{err: errors.New("spec.credentials.env.name is not set")},
		},
		"EnvironmentEmptyName": {
			reason: "A name that is empty names none.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceEnvironment, Env: &xpv1.EnvSelector{}}),
			want:   want{err: errors.New("spec.credentials.env.name is not set")},
		},
		"FilesystemEmptyPath": {
			reason: "A path that is empty leads nowhere.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceFilesystem, Fs: &xpv1.FsSelector{}}),
			want:   want{err: errors.New("spec.credentials.fs.path is not set")},
		},
		"EnvironmentAmbient": {
			reason: "One that Scaleway's code would read is gone, and the error says so.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceEnvironment, Env: &xpv1.EnvSelector{Name: "SCW_SECRET_KEY"}}),
			want:   want{err: errors.New(`spec.credentials.env.name "SCW_SECRET_KEY" is not allowed: the provider removes variables that begin with SCW_, SCALEWAY_ or TF_`)},
		},
		"Filesystem": {
			reason: "So can a file.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceFilesystem, Fs: &xpv1.FsSelector{Path: "/credentials.json"}}),
			want:   want{source: Source{File: "/credentials.json"}, text: `file "/credentials.json"`},
		},
		"FilesystemWithoutPath": {
			reason: "None is chosen by default.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceFilesystem}),
			want:   want{err: errors.New("spec.credentials.fs.path is not set")},
		},
		"Unknown": {
			reason: "The error says which there are.",
			pc:     cluster(v1beta1.ClusterCredentials{Source: xpv1.CredentialsSourceInjectedIdentity}),
			want:   want{err: errors.New(`spec.credentials.source "InjectedIdentity" is unknown: want Secret, Environment or Filesystem`)},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := SourceOf(tc.pc)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Fatalf("\n%s\nSourceOf(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if err != nil {
				return
			}

			if diff := cmp.Diff(tc.want.source, got); diff != "" {
				t.Errorf("\n%s\nSourceOf(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.text, got.String()); diff != "" {
				t.Errorf("\n%s\nString(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Sources that are on the machine of the provider.
func TestLocalSources(t *testing.T) {
	want := newCredentials(1, "")
	want.Region, want.APIURL = defaultRegion, DefaultAPIURL

	valid, err := json.Marshal(newCredentials(1, ""))
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	path := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}

		return p
	}

	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason string
		source Source
		err    error
	}{
		"Variable":        {reason: "The variable holds JSON, and survives that the environment is neutralised.", source: Source{Variable: "MY_SCALEWAY"}},
		"VariableUnset":   {reason: "An unset variable is no empty one.", source: Source{Variable: "OTHER"}, err: errors.New("the provider's environment has no such variable")},
		"VariableEmpty":   {reason: "Nothing else fills an empty one.", source: Source{Variable: "EMPTY"}, err: errors.New("not a JSON object")},
		"VariableAmbient": {reason: "A variable that was removed cannot be read, whatever let it through.", source: Source{Variable: "SCW_SECRET_KEY"}, err: errors.New("the provider's environment has no such variable")},
		"File":            {reason: "The file holds JSON.", source: Source{File: path("valid", valid)}},
		"FileMissing":     {reason: "A missing file is an error.", source: Source{File: filepath.Join(dir, "missing")}, err: errors.New("cannot read the file")},
		"FileMalformed":   {reason: "The content is not shown.", source: Source{File: path("malformed", []byte(testSecretKey))}, err: errors.New("not a JSON object")},
		"FileTooLarge":    {reason: "Nobody is made to read for ever.", source: Source{File: path("large", bytes.Repeat([]byte(" "), maxFile+1))}, err: errors.New("cannot read the file: it is larger than 65536 bytes")},
		"Directory":       {reason: "A directory is no file.", source: Source{File: dir}, err: errors.New("cannot read the file: it is not a regular file")},
		"Pipe":            {reason: "Nobody is made to wait for ever.", source: Source{File: pipe}, err: errors.New("cannot read the file: it is not a regular file")},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, map[string]string{"MY_SCALEWAY": string(valid), "EMPTY": "", "SCW_SECRET_KEY": string(valid)})

			got, err := tc.source.read(t.Context(), nil)
			if diff := cmp.Diff(tc.err, err, equateErrorText()); diff != "" {
				t.Fatalf("\n%s\nread(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if err != nil {
				if strings.Contains(err.Error(), testSecretKey) {
					t.Errorf("\n%s\nread(...): the error holds the content: %v", tc.reason, err)
				}

				return
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nread(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
