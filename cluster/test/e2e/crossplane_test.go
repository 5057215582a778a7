// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	namespacedapis "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

const (
	// team is the Kubernetes namespace of the examples.
	team = "team-a"

	// activationPolicy is the file of the policy among the examples.
	activationPolicy = "managedresourceactivationpolicy.yaml"

	// tokens is the name of the definition of the kind Token.
	tokens = "tokens.container.scaleway.m.crossplane.io"

	group       = "container.scaleway.m.crossplane.io"
	configGroup = "scaleway.m.crossplane.io"
)

// A suite is what the steps of TestCrossplane share.
type suite struct {
	*cluster

	scaleway *fakescaleway.Server
	key      fakescaleway.Key

	// packaged are the definitions in the package, by name.
	packaged map[string]*apiextensionsv1.CustomResourceDefinition

	// parent is the ID of a container namespace that no object stands for.
	parent string

	// teamKey and platformKey are issued by Scaleway, with policies.
	teamKey, platformKey fakescaleway.Key

	// secrets are the contents of the Secrets that the compositions promise, by name.
	secrets map[string]map[string]string
}

// env of a step.
func (s *suite) env(t *testing.T) *framework.Env {
	return framework.Within(t, s.Client, team, s.scaleway, s.key)
}

// TestCrossplane installs the package into Crossplane as docs/install.md says, and uses
// it. Each step needs those before it.
func TestCrossplane(t *testing.T) {
	s := newSuite(t)

	for _, step := range []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"Install", (*suite).install},
		{"Rights", (*suite).rights},
		{"Idle", (*suite).idle},
		{"Restricted", (*suite).restricted},
		{"ActivateTokens", (*suite).activateTokens},
		{"RemovePolicy", (*suite).removePolicy},
		{"ActivateKindsInUse", (*suite).activateKindsInUse},
		{"KeepRules", (*suite).keepRules},
		{"OneKey", (*suite).oneKey},
		{"TwoKeys", (*suite).twoKeys},
		{"Compose", (*suite).composeExamples},
		{"Separated", (*suite).separated},
		{"Planted", (*suite).planted},
		{"SurviveRestart", (*suite).surviveRestart},
		{"Renew", (*suite).renew},
		{"Move", (*suite).move},
		{"ShowRefusal", (*suite).showRefusal},
		{"ShowLoss", (*suite).showLoss},
		{"Upgrade", (*suite).upgrade},
		{"RightsAfterUpgrade", (*suite).rights},
		{"Delete", (*suite).deleteExamples},
		{"Uninstall", (*suite).uninstall},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(s, t) }) {
			t.FailNow()
		}
	}
}

func newSuite(t *testing.T) *suite {
	t.Helper()

	scheme := kruntime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme), namespacedapis.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	plane, err := controlplane.Start(t.Context(), controlplane.Options{Scheme: scheme, Log: os.Stderr, ControllerManager: true})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})

	s := &suite{
		scaleway: fakescaleway.NewTestServer(t, fakescaleway.WithSharedSigningKey(), fakescaleway.WithLocalEndpoints()),
		packaged: map[string]*apiextensionsv1.CustomResourceDefinition{},
	}
	s.key = s.scaleway.NewKey()

	crds, err := framework.ReadCRDs()
	if err != nil {
		t.Fatal(err)
	}

	for _, crd := range crds {
		s.packaged[crd.GetName()] = crd
	}

	s.cluster, err = startCluster(t.Context(), t.TempDir(), shared.tools, plane)

	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}

		if t.Failed() {
			s.showLogs(t)
		}
	})

	if err != nil {
		t.Fatal(err)
	}

	s.kubelet.args = []string{"--allowed-api-url=" + s.scaleway.URL(), "--poll-interval=2s", "--poll-jitter=0s"}

	//nolint:usetesting // It ends when it is told to, after the test's context has.
	go s.kubelet.run(context.Background())

	s.stops = append(s.stops, s.kubelet.stop)

	return s
}

// showLogs of all processes.
func (s *suite) showLogs(t *testing.T) {
	logs, err := filepath.Glob(filepath.Join(s.dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}

	for _, l := range logs {
		t.Logf("End of %s:\n%s", filepath.Base(l), process.Tail(l, 40))
	}
}

// applyExample applies a file of the examples as it is.
func (s *suite) applyExample(t *testing.T, path ...string) {
	t.Helper()

	b, err := os.ReadFile(filepath.Join(append([]string{framework.Root(), "examples"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}

	if err := s.apply(t.Context(), b); err != nil {
		t.Fatalf("cannot apply %s: %v", filepath.Join(path...), err)
	}
}

// documented returns the lines of the block of commands in docs/install.md that begins with the
// given text.
func (s *suite) documented(t *testing.T, begin string) []string {
	t.Helper()

	b, err := os.ReadFile(filepath.Join(framework.Root(), "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}

	_, block, found := strings.Cut(string(b), "```bash\n"+begin)
	if !found {
		t.Fatalf("docs/install.md has no block of commands that begins with %q", begin)
	}

	block, _, _ = strings.Cut(begin+block, "```")

	return slices.Collect(strings.SplitSeq(strings.TrimSpace(block), "\n"))
}

// shell runs a command of docs/install.md at the root of the checkout, as an administrator.
func (s *suite) shell(t *testing.T, line string) {
	t.Helper()
	say("$ %s", line)

	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", line)
	cmd.Dir = framework.Root()
	cmd.Env = []string{
		"PATH=" + filepath.Dir(s.kubectl) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + s.dir,
		"KUBECONFIG=" + s.Kubeconfig(), "REGISTRY=" + s.registry + "/crossplane-contrib",
	}

	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// object returns an object of a kind that this test has no type for.
func object(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(apiVersion, kind))
	u.SetNamespace(namespace)
	u.SetName(name)

	return u
}

// condition of an object: its status, reason and message.
func condition(u *unstructured.Unstructured, conditionType string) (status, reason, message string) {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok && m["type"] == conditionType {
			return fmt.Sprint(m["status"]), fmt.Sprint(m["reason"]), fmt.Sprint(m["message"])
		}
	}

	return "", "", ""
}

// waitTrue waits until the conditions of an object are true.
func (s *suite) waitTrue(t *testing.T, u *unstructured.Unstructured, conditions ...string) {
	t.Helper()

	s.env(t).Eventually(fmt.Sprintf("%s %s to be %s", u.GetKind(), u.GetName(), strings.Join(conditions, " and ")), func() (bool, string) {
		if err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(u), u); err != nil {
			return false, err.Error()
		}

		for _, c := range conditions {
			if status, reason, message := condition(u, c); status != "True" {
				return false, fmt.Sprintf("%s is %q (%s: %s)", c, status, reason, message)
			}
		}

		return true, ""
	})
}

// install the package as docs/install.md says.
func (s *suite) install(t *testing.T) {
	ref := s.registry + "/crossplane-contrib/" + provider + ":"

	for v, dir := range map[string]string{version: shared.pkg, nextVersion: shared.next} {
		out, err := output(t.Context(), s.dir, s.xpkg, "push", "--crank="+s.crank, "--dir="+dir, ref+v)
		if err != nil {
			t.Fatal(err)
		}

		say("Package %s: %s", v, out)
	}

	b, err := os.ReadFile(filepath.Join(framework.Root(), "examples", "compositions", "functions.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	functions, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}

	for _, f := range functions {
		pkg, _, _ := unstructured.NestedString(f.Object, "spec", "package")

		local := strings.Replace(pkg, publicRegistry, s.registry, 1)
		if err := s.pushFunction(t.Context(), t.TempDir(), f.GetName(), local); err != nil {
			t.Fatal(err)
		}

		say("Function %s: %s", pkg, s.functions[f.GetName()].comment)
	}

	for _, line := range s.documented(t, "kubectl apply -f examples/install/") {
		if !strings.Contains(line, activationPolicy) {
			s.shell(t, line)
		}
	}

	s.applyExample(t, "compositions", "functions.yaml")

	for _, f := range functions {
		s.waitTrue(t, f, "Installed", "Healthy")
	}

	s.waitTrue(t, object("pkg.crossplane.io/v1", "Provider", "", provider), "Installed", "Healthy")
}

// rights says what the provider may do, and makes sure that nothing else may.
func (s *suite) rights(t *testing.T) {
	p, ok := s.kubelet.provider()
	if !ok {
		t.Fatal("the provider does not run")
	}

	account := p.deployment.Spec.Template.Spec.ServiceAccountName

	bindings := &rbacv1.ClusterRoleBindingList{}
	if err := s.Client.List(t.Context(), bindings); err != nil {
		t.Fatal(err)
	}

	roles := &rbacv1.RoleBindingList{}
	if err := s.Client.List(t.Context(), roles); err != nil {
		t.Fatal(err)
	}

	is := func(sub rbacv1.Subject) bool { return sub.Kind == rbacv1.ServiceAccountKind && sub.Name == account }

	var got []string

	for _, b := range bindings.Items {
		if slices.ContainsFunc(b.Subjects, is) {
			got = append(got, b.RoleRef.Name)
		}
	}

	for _, b := range roles.Items {
		if slices.ContainsFunc(b.Subjects, is) {
			got = append(got, b.GetNamespace()+"/"+b.RoleRef.Name)
		}
	}

	want := []string{"crossplane:provider:" + account + ":system"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("roles of the provider's ServiceAccount: -want, +got:\n%s", diff)
	}

	role := &rbacv1.ClusterRole{}
	if err := s.Client.Get(t.Context(), types.NamespacedName{Name: want[0]}, role); err != nil {
		t.Fatal(err)
	}

	say("The provider runs as ServiceAccount %s/%s, which has the ClusterRole %s and no other:", system, account, role.GetName())

	for _, r := range role.Rules {
		say("  %s: %s: %s", strings.Join(r.APIGroups, ","), strings.Join(r.Resources, ","), strings.Join(r.Verbs, ","))
	}
}

// idle says what runs while no kind is active.
func (s *suite) idle(t *testing.T) {
	if diff := cmp.Diff(s.states(), s.activations(t)); diff != "" {
		t.Errorf("without a policy no kind is active: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(s.configs(), s.served(t)); diff != "" {
		t.Errorf("without a policy only the ProviderConfigs are served: -want, +got:\n%s", diff)
	}

	p, _ := s.kubelet.provider()

	log, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}

	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, `"level":"error"`) {
			t.Errorf("a provider without an active kind should have no error to log: %s", line)
		}
	}

	if diff := cmp.Diff(map[string]int{}, s.scaleway.Counts()); diff != "" {
		t.Errorf("a provider without an active kind should ask nothing of Scaleway: -want, +got:\n%s", diff)
	}
}

// activations returns the state of each ManagedResourceDefinition of the package.
func (s *suite) activations(t *testing.T) map[string]string {
	t.Helper()

	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.FromAPIVersionAndKind("apiextensions.crossplane.io/v1alpha1", "ManagedResourceDefinitionList"))

	if err := s.Client.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}

	states := map[string]string{}
	for _, mrd := range list.Items {
		states[mrd.GetName()], _, _ = unstructured.NestedString(mrd.Object, "spec", "state")
	}

	return states
}

// states returns what the ManagedResourceDefinitions of the package should be, when
// those that are named are active.
func (s *suite) states(active ...string) map[string]string {
	states := map[string]string{}

	for name, crd := range s.packaged {
		switch {
		case crd.Spec.Group == configGroup:
		case slices.Contains(active, name):
			states[name] = "Active"
		default:
			states[name] = "Inactive"
		}
	}

	return states
}

// configs returns the names of the definitions that are no managed resource's, and
// others.
func (s *suite) configs(others ...string) []string {
	for name, crd := range s.packaged {
		if crd.Spec.Group == configGroup {
			others = append(others, name)
		}
	}

	slices.Sort(others)

	return others
}

// served returns the names of the definitions of the provider's kinds that are
// served.
func (s *suite) served(t *testing.T) []string {
	t.Helper()

	var names []string
	for _, crd := range s.crds(t) {
		names = append(names, crd.GetName())
	}

	slices.Sort(names)

	return names
}

// crds returns the CustomResourceDefinitions of the provider's kinds.
func (s *suite) crds(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()

	list := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := s.Client.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}

	return slices.DeleteFunc(list.Items, func(crd apiextensionsv1.CustomResourceDefinition) bool {
		return s.packaged[crd.GetName()] == nil
	})
}

// restricted makes sure that the Pod that Crossplane asks for is admitted where the
// Pod Security Standard "restricted" is enforced.
func (s *suite) restricted(t *testing.T) {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "restricted", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"},
	}}
	if err := s.Client.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}

	p, _ := s.kubelet.provider()

	pod := func() *corev1.Pod {
		spec := p.deployment.Spec.Template.Spec.DeepCopy()

		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns.GetName(), Name: "provider"}, Spec: *spec}
	}

	if err := s.Client.Create(t.Context(), pod(), client.DryRunAll); err != nil {
		t.Errorf("the Pod should be admitted under the standard: %v", err)
	}

	// Without what the DeploymentRuntimeConfig says it is not.
	bare := pod()
	bare.Spec.SecurityContext.SeccompProfile = nil
	bare.Spec.Containers[0].SecurityContext.Capabilities = nil

	if err := s.Client.Create(t.Context(), bare, client.DryRunAll); !kerrors.IsForbidden(err) {
		t.Errorf("a Pod that may have capabilities should be refused, else the standard is not enforced: %v", err)
	}
}

// activateTokens starts one controller, in the process that runs.
func (s *suite) activateTokens(t *testing.T) {
	before, _ := s.kubelet.provider()

	policy := object("apiextensions.crossplane.io/v1alpha1", "ManagedResourceActivationPolicy", "", "tokens")
	policy.Object["spec"] = map[string]any{"activate": []any{tokens}}

	if err := s.Client.Create(t.Context(), policy); err != nil {
		t.Fatal(err)
	}

	e := s.env(t)
	e.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: team}})
	e.CreateProviderConfig("default", e.Credentials(s.key))
	e.Eventually("the kind Token to be served", func() (bool, string) {
		return slices.Contains(s.served(t), tokens), strings.Join(s.served(t), ", ")
	})

	tk, parent := e.CreateToken("alone")
	e.WaitReady(tk)
	s.parent = parent

	if len(e.SecretData("alone")["token"]) == 0 {
		t.Error("the token should be in its Secret")
	}

	if diff := cmp.Diff(s.configs(tokens), s.served(t)); diff != "" {
		t.Errorf("only what was activated is served: -want, +got:\n%s", diff)
	}

	after, _ := s.kubelet.provider()
	if before.starts != after.starts || before.deployment.GetUID() != after.deployment.GetUID() {
		t.Errorf("the provider should not be restarted: it was started %d times before, %d times after", before.starts, after.starts)
	}
}

// removePolicy takes the policy away, and restarts the provider with the other
// kinds inactive.
func (s *suite) removePolicy(t *testing.T) {
	e := s.env(t)
	e.Delete(object("apiextensions.crossplane.io/v1alpha1", "ManagedResourceActivationPolicy", "", "tokens"))

	s.restart(t, syscall.SIGKILL)

	tk := e.NewToken("alone", "")
	e.WaitPolled(fakescaleway.RouteToken, 2)
	e.WaitReady(tk)

	later := e.NewToken("later", s.parent)
	e.Create(later)
	e.WaitReady(later)
	e.Delete(later)
}

// restart the provider with a signal, and wait until it serves again.
func (s *suite) restart(t *testing.T, signal syscall.Signal) {
	t.Helper()

	before, _ := s.kubelet.provider()
	if err := before.process.Signal(signal); err != nil {
		t.Fatal(err)
	}

	s.env(t).Eventually("another process of the provider", func() (bool, string) {
		after, _ := s.kubelet.provider()
		return after.starts > before.starts && after.ready(t.Context()), "it is not ready"
	})
}

// activateKindsInUse applies the policy among the examples, and the example of a
// token.
func (s *suite) activateKindsInUse(t *testing.T) {
	before, _ := s.kubelet.provider()

	for _, line := range s.documented(t, "kubectl apply -f examples/install/") {
		if strings.Contains(line, activationPolicy) {
			s.shell(t, line)
		}
	}

	b, err := os.ReadFile(filepath.Join(framework.Root(), "examples", "install", activationPolicy))
	if err != nil {
		t.Fatal(err)
	}

	var policy struct{ Spec struct{ Activate []string } }
	if err := yaml.Unmarshal(b, &policy); err != nil {
		t.Fatal(err)
	}

	s.env(t).Eventually("the kinds in use to be active", func() (bool, string) {
		diff := cmp.Diff(s.states(policy.Spec.Activate...), s.activations(t))
		return diff == "", diff
	})

	s.applyExample(t, "container", "token.yaml")

	for kind, name := range map[string]string{"ContainerNamespace": "token-example", "Container": "token-example", "Token": "container-token"} {
		s.waitTrue(t, object(group+"/v1beta1", kind, team, name), "Ready", "Synced")
	}

	after, _ := s.kubelet.provider()
	if before.starts != after.starts {
		t.Error("the provider should not be restarted")
	}
}

// keepRules compares the rules in what is served with those in the package.
func (s *suite) keepRules(t *testing.T) {
	n := 0

	for _, crd := range s.crds(t) {
		want, got := map[string]apiextensionsv1.ValidationRules{}, map[string]apiextensionsv1.ValidationRules{}
		collectRules("", s.packaged[crd.GetName()].Spec.Versions[0].Schema.OpenAPIV3Schema, want)
		collectRules("", crd.Spec.Versions[0].Schema.OpenAPIV3Schema, got)

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rules of %s: -packaged, +served:\n%s", crd.GetName(), diff)
		}

		for _, rules := range want {
			n += len(rules)
		}
	}

	if n == 0 {
		t.Error("the package has no rule")
	}

	say("CEL rules served as in the package: %d", n)

	e := s.env(t)

	tk := e.NewToken("refused", "fr-par/11111111-1111-4111-8111-111111111111")
	tk.Spec.ForProvider.ContainerID = tk.Spec.ForProvider.NamespaceID

	if err := s.Client.Create(t.Context(), tk); !kerrors.IsInvalid(err) {
		t.Errorf("a Token for two things should be refused, got %v", err)
	}
}

// collectRules collects the rules of a schema by the path of the field.
func collectRules(path string, p *apiextensionsv1.JSONSchemaProps, rules map[string]apiextensionsv1.ValidationRules) {
	if len(p.XValidations) > 0 {
		rules[path] = p.XValidations
	}

	for name, child := range p.Properties {
		collectRules(path+"."+name, &child, rules)
	}

	if p.Items != nil && p.Items.Schema != nil {
		collectRules(path+"[]", p.Items.Schema, rules)
	}
}
