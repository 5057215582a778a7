// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	gotoken "go/token"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	namespacedapis "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// template is a string that upjet evaluates.
const template = `x${upper("a")}`

// upjetPattern returns the pattern by which the version of upjet that is built in
// decides what to evaluate, from its source: it is not exported.
func upjetPattern(t *testing.T) *regexp.Regexp {
	t.Helper()

	pkg, err := build.Import("github.com/crossplane/upjet/v2/pkg/controller", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}

	file, err := parser.ParseFile(gotoken.NewFileSet(), filepath.Join(pkg.Dir, "hcl.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	var pattern *regexp.Regexp

	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "isHCLSnippetPattern" {
			return true
		}

		literal, err := strconv.Unquote(spec.Values[0].(*ast.CallExpr).Args[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}

		pattern = regexp.MustCompile(literal)

		return false
	})

	if pattern == nil {
		t.Fatal("upjet has no isHCLSnippetPattern any more: find out what it evaluates now")
	}

	return pattern
}

// Whatever upjet would evaluate is refused, whatever stands around it.
func TestEvaluatedIsWiderThanUpjet(t *testing.T) {
	upjet := upjetPattern(t)

	cases := map[string]struct {
		reason string
		text   string
		upjet  bool
		want   bool
	}{
		"Call":             {reason: "The plain form.", text: `${upper("a")}`, upjet: true, want: true},
		"Within":           {reason: "What stands around it changes nothing.", text: `a ${upper("a")} b`, upjet: true, want: true},
		"LineBreaks":       {reason: "Nor do line breaks within.", text: "${upper(\n\"a\"\n)\n}", upjet: true, want: true},
		"SpaceBeforeParen": {reason: "Nor before the parenthesis.", text: "${upper \t\n(\"a\")}", upjet: true, want: true},
		"Nested":           {reason: "Nor a template in the template.", text: `${"${upper("a")}"}`, upjet: true, want: true},
		"Escaped":          {reason: "HCL would take two dollars for one, but upjet looks for one.", text: `$${upper("a")}`, upjet: true, want: true},
		"BraceFarAway":     {reason: "The brace may be the end of something else.", text: "${upper(\n\n}", upjet: true, want: true},
		"Directive":        {reason: "A directive is evaluated along with a call.", text: `%{ if true }${upper("a")}%{ endif }`, upjet: true, want: true},
		"QuoteBreak":       {reason: "A quote that ends upjet's own does not hide a call.", text: `" + ${upper("a")} + "`, upjet: true, want: true},
		"Unclosed":         {reason: "Upjet wants a brace at the end; the next version may not.", text: `${upper("a")`, want: true},
		"SpaceAfterBrace":  {reason: "HCL allows a space there.", text: `${ upper("a")}`, want: true},
		"Variable":         {reason: "There are none that could be evaluated.", text: `${HOME}`},
		"DirectiveAlone":   {reason: "Upjet does not look for those.", text: `%{ if true }a%{ endif }`},
		"Shell":            {reason: "This is a command of a shell.", text: `$(date +%s)`},
		"NotAWord":         {reason: "A function's name has ASCII letters for upjet.", text: `${é("a")}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.upjet, upjet.MatchString(tc.text)); diff != "" {
				t.Errorf("\n%s\nupjet evaluates %q: -want, +got:\n%s", tc.reason, tc.text, diff)
			}

			if diff := cmp.Diff(tc.want, evaluated.MatchString(tc.text)); diff != "" {
				t.Errorf("\n%s\n%q is refused: -want, +got:\n%s", tc.reason, tc.text, diff)
			}
		})
	}

	pieces := []string{"$", "$$", "{", "${", "${a", "${a", "%{", "}", "}", "(", "(", ")", " ", "\n", "\t", "\r", "\v", "\u00a0", "\u2028", "a", "upper", "_", "1", "é", "~", `"`, `\`, "\x00", "\xff"}
	random := rand.New(rand.NewPCG(1, 2)) // The same strings each time.
	matches := 0

	for range 200_000 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}

		if !upjet.MatchString(b.String()) {
			continue
		}

		matches++

		if !evaluated.MatchString(b.String()) {
			t.Fatalf("upjet evaluates %q, and it is not refused", b.String())
		}
	}

	if matches < 500 {
		t.Fatalf("only %d of the strings were templates: the test shows nothing", matches)
	}
}

// A field of a managed resource, and how to put a string there.
type field struct {
	// path as an error names it.
	path string
	// content of the managed resource in which nothing but the field is set.
	content map[string]any
}

// fields returns each place in the arguments of a kind where a manifest can have a
// string, from its CRD.
func fields(t *testing.T, gvk schema.GroupVersionKind) []field {
	t.Helper()

	files, err := filepath.Glob(filepath.Join("..", "..", "..", "package", "crds", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}

		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(b, crd); err != nil {
			t.Fatal(err)
		}

		if crd.Spec.Group != gvk.Group || crd.Spec.Names.Kind != gvk.Kind {
			continue
		}

		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]

		var all []field
		for _, section := range sections {
			name := strings.TrimPrefix(section, "spec.")
			all = append(all, stringsIn(section, spec.Properties[name], func(v any) map[string]any {
				return map[string]any{"spec": map[string]any{name: v}}
			})...)
		}

		return all
	}

	t.Fatalf("there is no CRD of %s", gvk)

	return nil
}

// stringsIn returns the fields of a schema. In puts a value of it into an object.
func stringsIn(path string, s apiextensionsv1.JSONSchemaProps, in func(any) map[string]any) []field {
	var all []field

	switch {
	case s.Type == "string":
		all = append(all, field{path: path, content: in(template)})
	case s.Type == "array":
		all = append(all, stringsIn(path+"[0]", *s.Items.Schema, func(v any) map[string]any { return in([]any{v}) })...)
	case s.AdditionalProperties != nil:
		all = append(all, stringsIn(path+".key", *s.AdditionalProperties.Schema, func(v any) map[string]any { return in(map[string]any{"key": v}) })...)
		all = append(all, field{path: "a key of " + path, content: in(map[string]any{template: "value"})})
	}

	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = append(all, stringsIn(path+"."+name, s.Properties[name], func(v any) map[string]any { return in(map[string]any{name: v}) })...)
	}

	return all
}

// seen is a connector in upjet's place, which notes what it would be handed.
type seen struct {
	kube client.Client
	// templates that it has found, and where.
	templates []string
	connected int
}

func (s *seen) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	s.connected++

	if err := checkTemplates(mg); err != nil {
		s.templates = append(s.templates, err.Error())
	}

	secrets := &corev1.SecretList{}
	if err := s.kube.List(ctx, secrets); err != nil {
		return nil, err
	}

	for _, secret := range secrets.Items {
		if err := s.kube.Get(ctx, client.ObjectKeyFromObject(&secret), &secret); err != nil {
			return nil, err
		}

		for k, v := range secret.Data {
			if evaluated.Match(v) {
				s.templates = append(s.templates, secret.GetName()+"/"+k)
			}
		}
	}

	return nothing, nil
}

// newSeen returns a connector for a declared resource, and what is in upjet's place
// behind it.
func newSeen(t *testing.T, name string, objects ...client.Object) (*Connector, *seen) {
	t.Helper()

	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), namespacedapis.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	kube := secretsOnce{fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()}
	inner := &seen{kube: kube}

	return &Connector{
		inner:    inner,
		kube:     kube,
		resource: declaration(t, name),
		trackers: ujcontroller.NewOperationStore(logging.NewNopLogger()),
		now:      time.Now,
	}, inner
}

// newManagedOf returns a managed resource of the kind with the content.
func newManagedOf(t *testing.T, gvk schema.GroupVersionKind, content map[string]any) ujresource.Terraformed {
	t.Helper()

	scheme := runtime.NewScheme()
	if err := namespacedapis.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}

	o, err := scheme.New(gvk)
	if err != nil {
		t.Fatal(err)
	}

	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, o); err != nil {
		t.Fatal(err)
	}

	mg, ok := o.(ujresource.Terraformed)
	if !ok {
		t.Fatalf("%T is not generated from a Terraform resource", o)
	}

	mg.SetNamespace("team-a")
	mg.SetName("template")
	mg.SetUID("template")

	return mg
}

// namedAndDeleted returns the managed resource as it is when somebody has written an
// external name into it and deleted it: it needs never have passed a check.
func namedAndDeleted(r resource.Resource, mg ujresource.Terraformed) ujresource.Terraformed {
	now := metav1.Now()
	mg.SetDeletionTimestamp(&now)
	meta.SetExternalName(mg, r.ExampleID())

	return mg
}

// No string of a manifest, in any field of any resource, reaches upjet as one that
// it would evaluate.
func TestNoTemplateReachesUpjet(t *testing.T) {
	for _, r := range config.Resources() {
		gvk := schema.GroupVersionKind{Group: r.Group + "." + config.RootGroup, Version: r.APIVersion(), Kind: r.Kind}
		all := fields(t, gvk)

		// A RegistryNamespace has the fewest: four arguments, in two sections.
		if len(all) < 8 {
			t.Errorf("%s: only %d fields were found", r.Kind, len(all))
		}

		for _, f := range all {
			t.Run(r.Kind+"/"+f.path, func(t *testing.T) {
				c, inner := newSeen(t, r.Name)

				_, err := c.Connect(t.Context(), newManagedOf(t, gvk, f.content))
				if err == nil || !strings.Contains(err.Error(), f.path+" "+errTemplate) {
					t.Errorf("Connect(...): want an error that names %s, got: %v", f.path, err)
				}

				if inner.connected > 0 {
					t.Error("Connect(...) has called upjet")
				}

				if strings.HasPrefix(f.path, "a key of") {
					return // Upjet evaluates no keys.
				}

				// It can be deleted, with the string taken away.
				if _, err := c.Connect(t.Context(), namedAndDeleted(r, newManagedOf(t, gvk, f.content))); err != nil {
					t.Errorf("Connect(...) of what is being deleted: %v", err)
				}

				if diff := cmp.Diff([]string(nil), inner.templates); diff != "" || inner.connected != 1 {
					t.Errorf("Connect(...) of what is being deleted: upjet was called %d times: -want templates, +got templates:\n%s", inner.connected, diff)
				}
			})
		}
	}
}

// Nor does one of a Secret that an argument is taken from.
func TestNoTemplateOfASecretReachesUpjet(t *testing.T) {
	checked := 0

	for _, r := range config.Resources() {
		gvk := schema.GroupVersionKind{Group: r.Group + "." + config.RootGroup, Version: r.APIVersion(), Kind: r.Kind}

		mapping := slices.DeleteFunc(slices.Sorted(maps.Values(newManagedOf(t, gvk, nil).GetConnectionDetailsMapping())), func(path string) bool {
			return strings.HasPrefix(path, "status.")
		})

		for _, path := range mapping {
			for _, section := range sections {
				checked++

				t.Run(r.Kind+"/"+section+"."+path, func(t *testing.T) {
					secret := &corev1.Secret{
						ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "argument"},
						Data:       map[string][]byte{"value": []byte(template), "other": []byte("harmless")},
					}
					c, inner := newSeen(t, r.Name, secret)

					paved := fieldpath.Pave(map[string]any{})

					for _, p := range mapping {
						key := "other"
						if p == path {
							key = "value"
						}

						if err := paved.SetValue(section+"."+p, map[string]any{"name": "argument", "key": key}); err != nil {
							t.Fatal(err)
						}
					}

					// What else the resource needs is not what this is about.
					mg := newManagedOf(t, gvk, paved.UnstructuredContent())
					mg.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})

					_, err := c.Connect(t.Context(), mg)

					want := fmt.Sprintf("%s.%s: key %q of Secret %q %s", section, path, "value", "team-a/argument", errTemplate)
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("Connect(...): want error %q, got: %v", want, err)
					}

					if inner.connected > 0 {
						t.Error("Connect(...) has called upjet")
					}

					if _, err := c.Connect(t.Context(), namedAndDeleted(r, newManagedOf(t, gvk, paved.UnstructuredContent()))); err != nil {
						t.Errorf("Connect(...) of what is being deleted: %v", err)
					}

					if diff := cmp.Diff([]string(nil), inner.templates); diff != "" || inner.connected != 1 {
						t.Errorf("Connect(...) of what is being deleted: upjet was called %d times: -want templates, +got templates:\n%s", inner.connected, diff)
					}
				})
			}
		}
	}

	if checked == 0 {
		t.Error("no resource takes an argument from a Secret: the test shows nothing")
	}
}

// A tenant who writes the Secret between the check and its use does not get past.
func TestSecretsOnce(t *testing.T) {
	key := client.ObjectKey{Namespace: "team-a", Name: "argument"}
	harmless := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Data: map[string][]byte{"value": []byte("harmless")}}

	c, _ := newSeen(t, "scaleway_container_namespace", harmless)

	get := func(ctx context.Context) string {
		s := &corev1.Secret{}
		if err := c.kube.Get(ctx, key, s); err != nil {
			t.Fatal(err)
		}

		return string(s.Data["value"])
	}

	first, deletion := onceFor(t.Context(), false), onceFor(t.Context(), true)
	checked := get(first)

	s := &corev1.Secret{}
	if err := c.kube.Get(t.Context(), key, s); err != nil {
		t.Fatal(err)
	}

	s.Data["value"] = []byte(template)
	if err := c.kube.Update(t.Context(), s); err != nil {
		t.Fatal(err)
	}

	want := []string{"harmless", "harmless", template, "", template}
	got := []string{checked, get(first), get(onceFor(t.Context(), false)), get(deletion), get(t.Context())}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get(...) when it is checked, when it is used, in the next Connect, in one of what is being deleted, and elsewhere: -want, +got:\n%s", diff)
	}
}
