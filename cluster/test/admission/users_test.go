// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// usersManifest says who may use a ClusterProviderConfig.
func usersManifest() string {
	return filepath.Join(framework.Root(), "examples", "admission", "cluster-provider-config-users.yaml")
}

const (
	groupConfig = "scaleway.m.crossplane.io"

	// Names of ClusterProviderConfigs. None needs to exist to be named.
	platformIAM = "platform-iam"
	sharedByAll = "shared"
)

// userClients are clients of those who have to do with managed resources.
type userClients struct {
	team, granted, crossplane, provider, administrator client.Client
}

// newUsers returns clients of who has the rights that Crossplane's RBAC manager grants, in
// the namespace of the Env or everywhere.
func newUsers(t *testing.T, e *framework.Env) userClients {
	t.Helper()

	groups := append(providerGroups(t), groupConfig)
	rule := func(verbs ...string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{APIGroups: groups, Resources: []string{"*"}, Verbs: verbs}}
	}
	role := func(name string, rules []rbacv1.PolicyRule) string {
		r := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace + "-" + name}, Rules: rules}
		create(t, e, r)

		return r.GetName()
	}
	bind := func(role, user string, everywhere bool) {
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
		subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
		name := metav1.ObjectMeta{GenerateName: e.Namespace + "-"}

		if everywhere {
			create(t, e, &rbacv1.ClusterRoleBinding{ObjectMeta: name, RoleRef: ref, Subjects: subjects})
			return
		}

		name.Namespace = e.Namespace
		create(t, e, &rbacv1.RoleBinding{ObjectMeta: name, RoleRef: ref, Subjects: subjects})
	}
	as := func(user string, groups ...string) client.Client {
		cfg, err := clientcmd.BuildConfigFromFlags("", e.StartProxy(framework.As(user, append(groups, "system:authenticated")...)).Kubeconfig())
		if err != nil {
			t.Fatal(err)
		}

		c, err := client.New(cfg, client.Options{Scheme: e.Client.Scheme()})
		if err != nil {
			t.Fatal(err)
		}

		return c
	}

	edit, system := role("edit", rule("*")), role("system", rule("get", "list", "watch", "update", "patch", "create"))
	use := role("use", []rbacv1.PolicyRule{{
		APIGroups: []string{groupConfig}, Resources: []string{"clusterproviderconfigs"}, ResourceNames: []string{sharedByAll}, Verbs: []string{"use"},
	}})

	const (
		crossplane = "system:serviceaccount:crossplane-system:crossplane"
		provider   = "system:serviceaccount:crossplane-system:provider"
	)

	bind(edit, "team", false)
	bind(edit, "granted", false)
	bind(use, "granted", true)
	bind(edit, crossplane, true)
	bind(system, provider, true)
	bind(edit, "administrator", true)

	serviceAccounts := []string{"system:serviceaccounts", "system:serviceaccounts:crossplane-system"}

	return userClients{
		team: as("team"), granted: as("granted"), administrator: as("administrator"),
		crossplane: as(crossplane, serviceAccounts...), provider: as(provider, serviceAccounts...),
	}
}

// create an object that is in no namespace, or not taken away with it.
func create(t *testing.T, e *framework.Env, o client.Object) {
	t.Helper()
	e.Create(o)

	t.Cleanup(func() {
		if err := client.IgnoreNotFound(e.Client.Delete(context.WithoutCancel(t.Context()), o)); err != nil {
			t.Error(err)
		}
	})
}

// providerGroups are the API groups of managed resources.
func providerGroups(t *testing.T) []string {
	t.Helper()

	crds, err := framework.ReadCRDs()
	if err != nil {
		t.Fatal(err)
	}

	var groups []string

	for _, crd := range crds {
		if g := crd.Spec.Group; g != groupConfig && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}

	slices.Sort(groups)

	return groups
}

// decodeManifest returns the objects of a file.
func decodeManifest(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()

	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	var all []*unstructured.Unstructured

	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(b), 4096); ; {
		u := &unstructured.Unstructured{}
		if err := d.Decode(u); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}

		all = append(all, u)
	}
}

// TestClusterProviderConfigUsers is about who may name a ClusterProviderConfig, where
// examples/admission says so.
func TestClusterProviderConfigUsers(t *testing.T) {
	e := framework.New(t)
	u := newUsers(t, e)

	// What is composed, by Crossplane.
	composed := &iamv1beta1.Policy{}
	policy(func(*iamv1beta1.PolicyParameters) {})().(*iamv1beta1.Policy).DeepCopyInto(composed)
	e.Place(composed, "composed")
	refer(composed, "ClusterProviderConfig", platformIAM)

	// What a team has made itself, with an ID of its choice.
	planted := &iamv1beta1.Application{}
	e.Place(planted, "planted")
	meta.SetExternalName(planted, uuid)

	for _, mg := range []xpresource.ModernManaged{composed, planted} {
		create(t, e, mg)
	}

	// written is what somebody writes by hand.
	written := func(kind, name string) client.Object {
		p := policy(func(p *iamv1beta1.PolicyParameters) {
			p.Rule[0] = iamv1beta1.RuleParameters{PermissionSetNames: []*string{ptr.To("IAMManager")}, OrganizationID: ptr.To(uuid)}
		})().(*iamv1beta1.Policy)
		e.Place(p, "written")
		refer(p, kind, name)

		return p
	}
	changed := func(mg xpresource.ModernManaged, change func(xpresource.ModernManaged)) client.Object {
		c := mg.DeepCopyObject().(xpresource.ModernManaged)
		e.Get(c)
		change(c)

		return c
	}

	// Without the policy the team may do it all.
	if err := u.team.Create(t.Context(), written("ClusterProviderConfig", platformIAM), client.DryRunAll); err != nil {
		t.Fatalf("without the policy anybody may name a ClusterProviderConfig: %v", err)
	}

	for _, o := range decodeManifest(t, usersManifest()) {
		create(t, e, o)
	}

	e.Eventually("the policy to be in force", func() (bool, string) {
		err := u.team.Create(t.Context(), written("ClusterProviderConfig", platformIAM), client.DryRunAll)
		return kerrors.IsForbidden(err), "a team may still name any"
	})

	const (
		mayNot  = `spec.providerConfigRef names the ClusterProviderConfig "platform-iam", which team may not use`
		taken   = `it is managed with the ClusterProviderConfig "platform-iam", which team may not use`
		adopted = `a service account may not point what exists at the ClusterProviderConfig "platform-iam"`
	)

	createAs := func(c client.Client, kind, name string) func() error {
		return func() error { return c.Create(t.Context(), written(kind, name), client.DryRunAll) }
	}
	updateAs := func(c client.Client, mg xpresource.ModernManaged, change func(xpresource.ModernManaged)) func() error {
		return func() error { return c.Update(t.Context(), changed(mg, change), client.DryRunAll) }
	}
	toIAM := func(mg xpresource.ModernManaged) { refer(mg, "ClusterProviderConfig", platformIAM) }
	rename := func(mg xpresource.ModernManaged) { meta.SetExternalName(mg, "22222222-2222-4222-8222-222222222222") }
	widen := func(mg xpresource.ModernManaged) {
		mg.(*iamv1beta1.Policy).Spec.ForProvider.Rule[0].PermissionSetNames = []*string{ptr.To("AllProductsFullAccess")}
	}

	cases := map[string]struct {
		reason string
		do     func() error
		want   string // Part of the refusal. Empty if it is accepted.
	}{
		"TeamCreates":   {reason: "A team may not use the platform's key for a Policy of its own.", do: createAs(u.team, "ClusterProviderConfig", platformIAM), want: mayNot},
		"TeamMisspells": {reason: "A kind that is none is not let pass.", do: createAs(u.team, "clusterproviderconfig", platformIAM), want: mayNot},
		"TeamDefaults":  {reason: "What names none uses the ClusterProviderConfig default.", do: createAs(u.team, "", ""), want: `"default", which team may not use`},
		"TeamOwn":       {reason: "Its own credentials are its own matter.", do: createAs(u.team, "ProviderConfig", "default")},
		"TeamOwnOfThatName": {
			reason: "So is a ProviderConfig of the same name.",
			do:     createAs(u.team, "ProviderConfig", platformIAM),
		},
		"TeamChangesComposed": {reason: "What Crossplane has composed is not the team's to widen.", do: updateAs(u.team, composed, widen), want: mayNot},
		"TeamRenamesComposed": {reason: "Nor is its external name the team's to set.", do: updateAs(u.team, composed, rename), want: mayNot},
		"TeamTakesComposed":   {reason: "Nor may it be taken from the platform's credentials.", do: updateAs(u.team, composed, func(mg xpresource.ModernManaged) { refer(mg, "ProviderConfig", "default") }), want: taken},
		"TeamPointsItsOwn":    {reason: "A team may not point what it has at the platform's key.", do: updateAs(u.team, planted, toIAM), want: mayNot},
		"TeamChangesItsOwn":   {reason: "What it has is its own.", do: updateAs(u.team, planted, rename)},
		"TeamForgesStatus": {
			reason: "By the status of what was composed, other things are composed.",
			do: func() error {
				return u.team.Status().Update(t.Context(), changed(composed, func(mg xpresource.ModernManaged) {
					mg.SetConditions(xpv1.Available())
				}), client.DryRunAll)
			},
			want: mayNot,
		},
		"TeamOtherGroups": {
			reason: "Kinds of other groups count too.",
			do: func() error {
				tk := token(func(*v1beta1.Token) {})
				e.Place(tk, "written")
				refer(tk, "ClusterProviderConfig", platformIAM)

				return u.team.Create(t.Context(), tk, client.DryRunAll)
			},
			want: mayNot,
		},
		"TeamDeletesComposed": {
			reason: "What a team may ask for, it may give up.",
			do: func() error {
				return u.team.Delete(t.Context(), changed(composed, func(xpresource.ModernManaged) {}), client.DryRunAll)
			},
		},
		"GrantedOther":     {reason: "Who may use one may not use another.", do: createAs(u.granted, "ClusterProviderConfig", platformIAM), want: "granted may not use"},
		"Granted":          {reason: "Who has the verb may use it.", do: createAs(u.granted, "ClusterProviderConfig", sharedByAll)},
		"Crossplane":       {reason: "Crossplane composes.", do: createAs(u.crossplane, "ClusterProviderConfig", platformIAM)},
		"CrossplaneUpdate": {reason: "And keeps what it has composed as it should be.", do: updateAs(u.crossplane, composed, widen)},
		"CrossplaneAdopts": {reason: "It does not take over what somebody has put there, with the platform's rights.", do: updateAs(u.crossplane, planted, toIAM), want: adopted},
		"Provider":         {reason: "The provider reconciles.", do: updateAs(u.provider, composed, rename)},
		"ProviderStatus": {
			reason: "And says what it has seen.",
			do: func() error {
				return u.provider.Status().Update(t.Context(), changed(composed, func(mg xpresource.ModernManaged) {
					mg.SetConditions(xpv1.Available())
				}), client.DryRunAll)
			},
		},
		"Administrator":        {reason: "Who may write the ClusterProviderConfig may use it.", do: createAs(u.administrator, "ClusterProviderConfig", platformIAM)},
		"AdministratorPoints":  {reason: "A person may point what exists at it.", do: updateAs(u.administrator, planted, toIAM)},
		"AdministratorRemoves": {reason: "And take it away.", do: updateAs(u.administrator, composed, func(mg xpresource.ModernManaged) { refer(mg, "ProviderConfig", "default") })},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := tc.do()
			if tc.want == "" && err != nil || tc.want != "" && (!kerrors.IsForbidden(err) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("\n%s\nwant a refusal that says %q, got: %v", tc.reason, tc.want, err)
			}
		})
	}
}

// refer to a ProviderConfig, or to none.
func refer(mg xpresource.ModernManaged, kind, name string) {
	if kind == "" {
		mg.SetProviderConfigReference(nil)
		return
	}

	mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: kind, Name: name})
}

// TestClusterProviderConfigUsersGroups has the manifest name all groups that there are.
func TestClusterProviderConfigUsersGroups(t *testing.T) {
	b, err := os.ReadFile(usersManifest())
	if err != nil {
		t.Fatal(err)
	}

	p := &admissionv1.ValidatingAdmissionPolicy{}
	if err := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(b), 4096).Decode(p); err != nil {
		t.Fatal(err)
	}

	var got []string
	for _, r := range p.Spec.MatchConstraints.ResourceRules {
		got = append(got, r.APIGroups...)
	}

	slices.Sort(got)

	if diff := cmp.Diff(providerGroups(t), got); diff != "" {
		t.Errorf("groups that the policy looks at: -there are, +it has:\n%s", diff)
	}
}
