// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"io/fs"
	"log"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// setEnvironment makes env the whole environment until the test ends, and has
// what NeutralizeEnvironment changes restored then.
func setEnvironment(t *testing.T, env map[string]string) {
	t.Helper()

	before, w := os.Environ(), log.Writer()

	t.Cleanup(func() {
		os.Clearenv()

		for _, entry := range before {
			name, value, _ := strings.Cut(entry, "=")
			if err := os.Setenv(name, value); err != nil {
				t.Error(err)
			}
		}

		log.SetOutput(w)
	})

	os.Clearenv()

	// It also refuses to run beside parallel tests, which share the environment.
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// neutralize the environment, as the provider does before it configures a client.
func neutralize(t *testing.T, env map[string]string) {
	t.Helper()
	setEnvironment(t, env)

	if _, err := NeutralizeEnvironment(); err != nil {
		t.Fatal(err)
	}
}

func TestNeutralizeEnvironment(t *testing.T) {
	const configPath = "SCW_CONFIG_PATH"

	type want struct {
		removed []string
		kept    map[string]string
	}

	cases := map[string]struct {
		reason string
		env    map[string]string
		want   want
	}{
		"Empty": {
			reason: "Nothing is removed from an environment that holds nothing.",
		},
		"ScalewaySDK": {
			reason: "These would win over the credentials of every tenant.",
			env: map[string]string{
				"SCW_ACCESS_KEY":         testAccessKey,
				"SCW_SECRET_KEY":         testSecretKey,
				"SCW_API_URL":            "https://api.example.org",
				"SCW_DEFAULT_PROJECT_ID": testProjectID,
				"SCW_PROFILE":            "other",
				"SCW_INSECURE":           "true",
			},
			want: want{removed: []string{"SCW_ACCESS_KEY", "SCW_SECRET_KEY", "SCW_API_URL", "SCW_DEFAULT_PROJECT_ID", "SCW_PROFILE", "SCW_INSECURE"}},
		},
		"ScalewaySDKOld": {
			reason: "So would those of the Scaleway SDK's first versions.",
			env:    map[string]string{"SCALEWAY_TOKEN": testSecretKey, "SCALEWAY_ORGANIZATION": testOrganizationID},
			want:   want{removed: []string{"SCALEWAY_TOKEN", "SCALEWAY_ORGANIZATION"}},
		},
		"Terraform": {
			reason: "TF_LOG would write tokens to the log, and others change what the provider is called.",
			env:    map[string]string{"TF_LOG": "TRACE", "TF_LOG_PATH": "/dev/stdout", "TF_APPEND_USER_AGENT": "other"},
			want:   want{removed: []string{"TF_LOG", "TF_LOG_PATH", "TF_APPEND_USER_AGENT"}},
		},
		"EmptyValue": {
			reason: "A variable without a value is one too.",
			env:    map[string]string{"SCW_SECRET_KEY": ""},
			want:   want{removed: []string{"SCW_SECRET_KEY"}},
		},
		"ValueWithEqualsSign": {
			reason: "The name ends at the first equals sign.",
			env:    map[string]string{"TF_CLI_ARGS": "-var=a=b"},
			want:   want{removed: []string{"TF_CLI_ARGS"}},
		},
		"ConfigPath": {
			reason: "Another configuration file is not read either.",
			env:    map[string]string{configPath: "/home/other/.config/scw/config.yaml"},
			want:   want{removed: []string{configPath}},
		},
		"Others": {
			reason: "What the provider itself, its proxy or its cluster need stays, also where a name only resembles the others.",
			env:    map[string]string{"PATH": "/bin", "HTTPS_PROXY": "http://127.0.0.1:3128", "KUBECONFIG": "/kubeconfig", "MY_SCW_KEY": "a", "SCWKEY": "b", "TFTP": "c", "NOTE": "SCW_=TF_"},
			want: want{
				kept: map[string]string{"PATH": "/bin", "HTTPS_PROXY": "http://127.0.0.1:3128", "KUBECONFIG": "/kubeconfig", "MY_SCW_KEY": "a", "SCWKEY": "b", "TFTP": "c", "NOTE": "SCW_=TF_"},
			},
		},
		"Mixed": {
			reason: "Each is judged by itself.",
			env:    map[string]string{"PATH": "/bin", "SCW_SECRET_KEY": testSecretKey, "TF_LOG": "DEBUG", "HOME": "/"},
			want: want{
				removed: []string{"SCW_SECRET_KEY", "TF_LOG"},
				kept:    map[string]string{"PATH": "/bin", "HOME": "/"},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, tc.env)

			lines := &bytes.Buffer{}
			log.SetOutput(lines)

			removed, err := NeutralizeEnvironment()
			if err != nil {
				t.Fatalf("\n%s\nNeutralizeEnvironment(): %v", tc.reason, err)
			}

			slices.Sort(removed)
			slices.Sort(tc.want.removed)

			if diff := cmp.Diff(tc.want.removed, removed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nNeutralizeEnvironment(): -want removed, +got removed:\n%s", tc.reason, diff)
			}

			kept := map[string]string{}

			for _, entry := range os.Environ() {
				name, value, _ := strings.Cut(entry, "=")
				kept[name] = value
			}

			path := kept[configPath]
			delete(kept, configPath)

			if diff := cmp.Diff(tc.want.kept, kept, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nNeutralizeEnvironment(): -want kept, +got kept:\n%s", tc.reason, diff)
			}

			// Empty would be as if it were not set: the Scaleway SDK then looks into the
			// home directory.
			if _, err := os.Stat(path); path == "" || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("\n%s\nNeutralizeEnvironment(): %s is %q: want a path where no file is: %v", tc.reason, configPath, path, err)
			}

			if err := os.WriteFile(path, nil, 0o600); err == nil {
				_ = os.Remove(path)

				t.Errorf("\n%s\nNeutralizeEnvironment(): %s is %q, where a file can be created", tc.reason, configPath, path)
			}

			log.Print("GET /containers X-Auth-Token: " + testSecretKey)

			if diff := cmp.Diff("", lines.String()); diff != "" {
				t.Errorf("\n%s\nNeutralizeEnvironment(): -want log, +got log:\n%s", tc.reason, diff)
			}
		})
	}
}
