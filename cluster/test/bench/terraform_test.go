// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/gobuild"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// A terraform is the CLI and the provider for it that has the same code as this
// one.
type terraform struct {
	// Version is the first line of "terraform version".
	Version string

	binary, config string
}

// newTerraform builds the CLI from the module in the folder terraform, and its
// provider from the module that this provider is linked with. BENCH_TERRAFORM is
// another CLI, which is then not built. An error says why there is none, which is
// no failure: some machines cannot reach the modules.
func newTerraform(ctx context.Context, dir string) (*terraform, error) {
	binary := os.Getenv("BENCH_TERRAFORM")
	if binary == "" {
		binary = filepath.Join(dir, "terraform")

		err := gobuild.Build(ctx, gobuild.Program{
			Name: "terraform", Dir: filepath.Join(framework.Root(), "cluster", "test", "bench", "terraform"), Package: "github.com/hashicorp/terraform",
		}, binary, os.Stderr)
		if err != nil {
			return nil, err
		}
	}

	plugins := filepath.Join(dir, "plugins")

	err := gobuild.Build(ctx, gobuild.Program{
		Name: "terraform-provider-scaleway", Dir: framework.Root(), Package: "github.com/scaleway/terraform-provider-scaleway/v2",
	}, filepath.Join(plugins, "terraform-provider-scaleway"), os.Stderr)
	if err != nil {
		return nil, err
	}

	config := filepath.Join(dir, "terraform.rc")
	if err := os.WriteFile(config, fmt.Appendf(nil, "disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"scaleway/scaleway\" = %q\n  }\n  direct {}\n}\n", plugins), 0o600); err != nil {
		return nil, err
	}

	version, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return nil, err
	}

	first, _, _ := strings.Cut(string(version), "\n")

	return &terraform{Version: first, binary: binary, config: config}, nil
}

// A terraformResult is what Terraform has taken: the CLI and its provider.
type terraformResult struct {
	// Start is a plan of a configuration without resources.
	Start, Apply, Plan, Destroy phase
}

const mainTF = `terraform {
  required_providers {
    scaleway = {
      source = "scaleway/scaleway"
    }
  }
}

provider "scaleway" {
  access_key      = %q
  secret_key      = %q
  organization_id = %q
  project_id      = %q
  region          = "fr-par"
  api_url         = %q
}
`

const tokensTF = `
resource "scaleway_container_token" "token" {
  count        = %d
  namespace_id = %q
  description  = "t${count.index}"
}
`

// run measures the life of n tokens.
func (tf *terraform) run(t *testing.T, e *framework.Env, namespace string, n int) terraformResult {
	t.Helper()

	var r terraformResult

	dir := t.TempDir()
	write := func(resources string) {
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(fmt.Sprintf(mainTF, e.Key.AccessKey, e.Key.SecretKey, e.Key.OrganizationID, e.Key.ProjectID, e.Scaleway.URL())+resources), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	write("")
	r.Start = tf.phase(t, e, dir, "plan")
	write(fmt.Sprintf(tokensTF, n, namespace))
	r.Apply = tf.phase(t, e, dir, "apply", "-auto-approve")
	r.Plan = tf.phase(t, e, dir, "plan", "-detailed-exitcode")
	r.Destroy = tf.phase(t, e, dir, "destroy", "-auto-approve")

	return r
}

func (tf *terraform) phase(t *testing.T, e *framework.Env, dir string, args ...string) phase {
	t.Helper()

	e.Scaleway.ResetRequests()

	start := time.Now()
	cmd := exec.CommandContext(t.Context(), tf.binary, append(args, "-input=false", "-no-color", "-parallelism=10")...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin", "TF_CLI_CONFIG_FILE=" + tf.config, "SCW_CONFIG_PATH=/nonexistent", "TMPDIR=" + dir}

	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("terraform %s: %v\n%s", args[0], err, out[max(0, len(out)-4000):])
	}

	// Of the process and of those that it has waited for, such as its provider's.
	ph := phase{Wall: time.Since(start), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Requests: map[string]float64{}}

	for k, n := range e.Scaleway.Counts() {
		method, _, _ := strings.Cut(k, " ")
		ph.Requests[method] += float64(n)
	}

	return ph
}
