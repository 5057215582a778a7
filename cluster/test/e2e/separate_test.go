// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	"github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/scw"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

const (
	iamGroup = "iam.scaleway.m.crossplane.io"
	iamAPI   = iamGroup + "/v1beta1"
)

// platformIAM is the ClusterProviderConfig that makes API keys, in the examples.
const platformIAM = "platform-iam"

// partsInIAM are the kinds that an access consists of, if it is opened by an API key.
var partsInIAM = []string{"Application", "Policy", "ApiKey"}

// oneKey installs the compositions among the examples, but without other credentials for
// what is in IAM, as they were before there was a choice. A team has access by them, with a
// key that may do everything in the organization.
func (s *suite) oneKey(t *testing.T) {
	for _, p := range promised {
		dir := p.example[0]
		s.applyExample(t, "compositions", dir, "definition.yaml")
		s.applyExample(t, "compositions", dir, "composition.yaml")
	}

	s.hurry(t)
	s.editInput(t, func(input map[string]any) { delete(input, "iam") })

	xr := s.accessBefore()
	if err := s.Client.Create(t.Context(), xr); err != nil {
		t.Fatal(err)
	}

	s.waitTrue(t, xr, "Ready", "Synced", "Settled")
}

// accessBefore is an access of before there were two keys.
func (s *suite) accessBefore() *unstructured.Unstructured {
	xr := object(platform, "ContainerAccess", team, "before")
	xr.Object["spec"] = map[string]any{"to": map[string]any{"containerName": "token-example"}, "expiresAt": "2034-12-31T23:59:59Z"}

	return xr
}

// twoKeys has the platform make API keys with a key of its own, as the examples say. What
// was there before is neither made again nor managed otherwise, until an administrator has
// it so. Then the key of the team has no rights in IAM any more.
func (s *suite) twoKeys(t *testing.T) {
	e := s.env(t)

	s.teamKey = s.issueKey(t, "team", &iam.RuleSpecs{PermissionSetNames: &[]string{"ContainersFullAccess"}, ProjectIDs: &[]string{s.key.ProjectID}})
	s.platformKey = s.issueKey(t, "platform", &iam.RuleSpecs{PermissionSetNames: &[]string{"IAMApplicationManager", "IAMPolicyManager"}, OrganizationID: &s.key.OrganizationID})

	s.applyExample(t, "admission", "cluster-provider-config-users.yaml")
	s.applyExample(t, "providerconfig", "iam.yaml")
	e.Create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: "scaleway-iam-credentials"},
		StringData: map[string]string{"credentials": e.Credentials(s.platformKey)},
	})
	s.waitTrue(t, object(configGroup+"/v1beta1", "ClusterProviderConfig", "", platformIAM), "Ready")

	xr := s.accessBefore()
	before := s.partsOf(t, xr)

	s.editInput(t, func(input map[string]any) {
		input["iam"] = map[string]any{
			"providerConfigRef": map[string]any{"kind": "ClusterProviderConfig", "name": platformIAM},
			"projects":          map[string]any{team: []any{s.key.ProjectID}},
		}
	})

	e.Eventually("the access of before to say with what it is managed", func() (bool, string) {
		e.Get(xr)
		settled, _, message := condition(xr, "Settled")

		return settled == "True" && strings.Contains(message, `managed with the ProviderConfig "default", as they were made`), message
	})

	if diff := cmp.Diff(before, s.partsOf(t, xr)); diff != "" {
		t.Errorf("an access of before should stay as it is: -before, +after:\n%s", diff)
	}

	// Crossplane may be about to apply what it has seen before.
	e.Eventually("the access of before to be managed with the platform's key", func() (bool, string) {
		for _, kind := range partsInIAM {
			o := s.part(t, xr.GetName(), kind)
			if err := unstructured.SetNestedStringMap(o.Object, map[string]string{"kind": "ClusterProviderConfig", "name": platformIAM}, "spec", "providerConfigRef"); err != nil {
				t.Fatal(err)
			}

			if err := s.Client.Update(t.Context(), o); err != nil {
				return false, err.Error()
			}
		}

		e.Get(xr)
		_, _, message := condition(xr, "Settled")

		return message == "The Secret holds the value of the ApiKey.", message
	})

	e.Rotate(e.Credentials(s.teamKey))

	s.scaleway.ResetRequests()
	e.WaitPolled(fakescaleway.RouteAPIKey, 3)
	s.waitTrue(t, xr, "Ready", "Synced", "Settled")

	// Made of the same, at Scaleway and in Kubernetes, with other credentials.
	after := s.partsOf(t, xr)
	for kind, p := range before {
		p.Config = "ClusterProviderConfig " + platformIAM
		before[kind] = p
	}

	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("an access that an administrator has pointed at the platform's key: -want, +got:\n%s", diff)
	}

	secret := map[string]string{}
	for k, v := range e.SecretData(xr.GetName() + "-connection") {
		secret[k] = string(v)
	}

	if status := call(t, secret); status != http.StatusOK {
		t.Errorf("its value should open the container as before, which answers %d", status)
	}

	var parts []client.Object
	for _, kind := range partsInIAM {
		parts = append(parts, s.part(t, xr.GetName(), kind))
	}

	e.Delete(xr)

	for _, p := range parts {
		e.WaitGone(p)
	}
}

// separated shows that it is the platform's key that makes API keys, and that a team can
// get at its rights neither by its own key, nor by those that it is given, nor by naming it.
func (s *suite) separated(t *testing.T) {
	e := s.env(t)

	// What the examples have made.
	access := object(platform, "ContainerAccess", team, "reporting")
	for kind, p := range s.partsOf(t, access) {
		if p.Config != "ClusterProviderConfig "+platformIAM {
			t.Errorf("the %s of an access should be managed with the platform's key, not with the %s", kind, p.Config)
		}
	}

	handedOut := s.secrets["reporting-access"][keyToken]
	if status := call(t, s.secrets["reporting-access"]); status != http.StatusOK {
		t.Errorf("the key that is handed out should open the container, which answers %d", status)
	}

	org := s.key.OrganizationID
	for name, secretKey := range map[string]string{"of the team": s.teamKey.SecretKey, "that is handed out": handedOut} {
		c := s.iamAs(t, fakescaleway.Key{AccessKey: s.teamKey.AccessKey, SecretKey: secretKey, OrganizationID: org, ProjectID: s.key.ProjectID})

		_, list := c.ListAPIKeys(&iam.ListAPIKeysRequest{OrganizationID: &org})
		_, write := c.CreateApplication(&iam.CreateApplicationRequest{Name: "mine", OrganizationID: org})

		for _, err := range []error{list, write} {
			if denied := (*scw.PermissionsDeniedError)(nil); !errors.As(err, &denied) {
				t.Errorf("the key %s should have no rights in IAM: %v", name, err)
			}
		}
	}

	// Of all that was done in IAM for the team, nothing was with its key.
	for _, r := range s.scaleway.Requests() {
		if strings.HasPrefix(r.Route, "/iam/") && r.Applied && r.UserAgent != "" && r.SecretKey != s.platformKey.SecretKey && r.SecretKey != s.key.SecretKey {
			t.Errorf("%s %s was done with another key than the platform's", r.Method, r.Path)
		}
	}

	// A team with Crossplane's role for editors.
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: "editors"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "crossplane-edit"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "editor"}},
	}
	e.Create(binding)

	editor := s.editor(t)

	grab := func(kind, name string) *unstructured.Unstructured {
		u := object(iamAPI, "Policy", team, "grab")
		u.Object["spec"] = map[string]any{
			"providerConfigRef": map[string]any{"kind": kind, "name": name},
			"forProvider": map[string]any{
				"userId": "11111111-1111-4111-8111-111111111111",
				"rule":   []any{map[string]any{"permissionSetNames": []any{"IAMManager"}, "organizationId": org}},
			},
		}

		return u
	}

	e.Eventually("the role of editors to be in force", func() (bool, string) {
		err := editor.List(t.Context(), listOf("Policy"), client.InNamespace(team))
		return err == nil, fmt.Sprint(err)
	})

	err := editor.Create(t.Context(), grab("ClusterProviderConfig", platformIAM))
	if !kerrors.IsForbidden(err) || !strings.Contains(err.Error(), "may not use") {
		t.Errorf("a team should not name the platform's key: %v", err)
	}

	say("A team with crossplane-edit that names %s: %v", platformIAM, err)

	// The provider may be changing it too.
	e.Eventually("a change of what is composed with the platform's key to be refused", func() (bool, string) {
		composed := s.part(t, access.GetName(), "Policy")
		composed.SetAnnotations(map[string]string{"crossplane.io/external-name": "11111111-1111-4111-8111-111111111111"})

		err := editor.Update(t.Context(), composed)
		if !kerrors.IsForbidden(err) && !kerrors.IsConflict(err) {
			t.Fatalf("a team should not change what is composed with the platform's key: %v", err)
		}

		return kerrors.IsForbidden(err), fmt.Sprint(err)
	})

	// Its own key is its own matter, and of no use.
	own := grab("ProviderConfig", "default")
	if err := editor.Create(t.Context(), own); err != nil {
		t.Fatal(err)
	}

	e.Eventually("a Policy with the team's key to be refused", func() (bool, string) {
		e.Get(own)
		status, _, message := condition(own, "Synced")

		return status == "False" && strings.Contains(message, "insufficient permissions"), status + ": " + message
	})

	_, _, message := condition(own, "Synced")
	say("A team that uses its own key: %s", message)

	e.Delete(own)
	e.WaitGone(own)
}

// planted shows that an Application that a team puts where a selector would find it, with
// the ID of the one whose keys make keys, gets no key.
func (s *suite) planted(t *testing.T) {
	e := s.env(t)

	// The access waits for its container.
	xr := object(platform, "ContainerAccess", team, "planted")
	xr.Object["spec"] = map[string]any{"to": map[string]any{"containerName": "later"}, "expiresAt": "2034-12-31T23:59:59Z"}
	e.Create(xr)
	e.Eventually("the access to wait", func() (bool, string) {
		e.Get(xr)
		_, _, message := condition(xr, "Settled")

		return strings.Contains(message, `there is no Container "later"`) || strings.Contains(message, `There is no Container "later"`), message
	})

	issued := s.issuedTo(s.platformKey)

	plant := object(iamAPI, "Application", team, "aaa")
	plant.SetAnnotations(map[string]string{"crossplane.io/external-name": issued.application, "crossplane.io/paused": "true"})
	plant.SetOwnerReferences([]metav1.OwnerReference{{
		APIVersion: platform, Kind: xr.GetKind(), Name: xr.GetName(), UID: xr.GetUID(), Controller: ptr.To(true),
	}})
	plant.Object["spec"] = map[string]any{
		"providerConfigRef": map[string]any{"kind": "ProviderConfig", "name": "default"}, "forProvider": map[string]any{},
	}

	if err := s.editor(t).Create(t.Context(), plant); err != nil {
		t.Fatalf("a team may have an Application of its own credentials: %v", err)
	}

	example := object(group+"/v1beta1", "Container", team, "token-example")
	e.Get(example)

	later := object(group+"/v1beta1", "Container", team, "later")
	later.SetAnnotations(map[string]string{"crossplane.io/external-name": example.GetAnnotations()["crossplane.io/external-name"]})
	later.Object["spec"] = map[string]any{
		"managementPolicies": []any{"Observe"},
		"providerConfigRef":  map[string]any{"kind": "ProviderConfig", "name": "default"}, "forProvider": map[string]any{},
	}
	e.Create(later)

	s.waitTrue(t, xr, "Ready", "Synced", "Settled")

	if got := s.issuedTo(s.platformKey); got.keys != issued.keys {
		t.Errorf("the application whose keys make keys has %d of them, and had %d", got.keys, issued.keys)
	}

	// Nor where Crossplane would take it for what was composed.
	plant.SetResourceVersion("")
	plant.SetName("aab")
	plant.SetAnnotations(map[string]string{
		"crossplane.io/external-name": issued.application, "crossplane.io/paused": "true", "crossplane.io/composition-resource-name": "application",
	})

	if err := s.editor(t).Create(t.Context(), plant); err != nil {
		t.Fatal(err)
	}

	ref := map[string]any{"apiVersion": iamAPI, "kind": "Application", "name": "aab"}

	e.Eventually("the access to name what was planted, and to say so", func() (bool, string) {
		e.Get(xr)

		refs, _, _ := unstructured.NestedSlice(xr.Object, "spec", "crossplane", "resourceRefs")
		if !slices.ContainsFunc(refs, func(r any) bool { return reflect.DeepEqual(r, ref) }) {
			if err := unstructured.SetNestedSlice(xr.Object, append(refs, ref), "spec", "crossplane", "resourceRefs"); err != nil {
				t.Fatal(err)
			}

			return false, fmt.Sprint(s.editor(t).Update(t.Context(), xr))
		}

		status, _, message := condition(xr, "Synced")

		return status == "False" && strings.Contains(message, "all must be managed with the same"), status + ": " + message
	})

	_, _, message := condition(xr, "Synced")
	say("A team that plants an Application: %s", message)

	if got := s.issuedTo(s.platformKey); got.keys != issued.keys {
		t.Errorf("the application whose keys make keys has %d of them, and had %d", got.keys, issued.keys)
	}

	var parts []client.Object
	for _, kind := range []string{"Policy", "ApiKey"} {
		parts = append(parts, s.part(t, xr.GetName(), kind))
	}

	e.Delete(object(iamAPI, "Application", team, "aab"))
	e.Delete(object(iamAPI, "Application", team, "aaa"))
	s.waitTrue(t, xr, "Ready", "Synced", "Settled")
	parts = append(parts, s.part(t, xr.GetName(), "Application"))
	e.Delete(xr)

	for _, p := range parts {
		e.WaitGone(p)
	}

	e.Delete(later)
}

// An issuer is the application that an API key is of, and how many keys it has.
type issuer struct {
	application string
	keys        int
}

// issuedTo returns what is known of the application of a key.
func (s *suite) issuedTo(k fakescaleway.Key) issuer {
	var found issuer

	keys := s.scaleway.APIKeys()
	for _, i := range keys {
		if i.ID == k.AccessKey {
			found.application = *i.ApplicationID
		}
	}

	for _, i := range keys {
		if i.ApplicationID != nil && *i.ApplicationID == found.application {
			found.keys++
		}
	}

	return found
}

// editor is who has Crossplane's role for editors in the namespace of the team.
func (s *suite) editor(t *testing.T) client.Client {
	t.Helper()

	cfg := rest.CopyConfig(s.Config)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: "editor", Groups: []string{"system:authenticated"}}

	c, err := client.New(cfg, client.Options{Scheme: s.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}

	return c
}

// A partInIAM is what is compared of a part of an access.
type partInIAM struct {
	Name, UID, ExternalName, Config string
}

// partsOf an access that are in IAM, by kind.
func (s *suite) partsOf(t *testing.T, xr *unstructured.Unstructured) map[string]partInIAM {
	t.Helper()

	parts := map[string]partInIAM{}

	for _, kind := range partsInIAM {
		o := s.part(t, xr.GetName(), kind)
		config, _, _ := unstructured.NestedStringMap(o.Object, "spec", "providerConfigRef")
		parts[kind] = partInIAM{
			Name: o.GetName(), UID: string(o.GetUID()), ExternalName: o.GetAnnotations()["crossplane.io/external-name"],
			Config: config["kind"] + " " + config["name"],
		}
	}

	return parts
}

// part of a composite: the one of a kind of IAM.
func (s *suite) part(t *testing.T, composite, kind string) *unstructured.Unstructured {
	t.Helper()

	list := listOf(kind)
	if err := s.Client.List(t.Context(), list, client.InNamespace(team), client.MatchingLabels{"crossplane.io/composite": composite}); err != nil {
		t.Fatal(err)
	}

	if len(list.Items) != 1 {
		t.Fatalf("%s consists of %d of the kind %s, not of one", composite, len(list.Items), kind)
	}

	return &list.Items[0]
}

// listOf a kind of IAM.
func listOf(kind string) *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(iamAPI)
	list.SetKind(kind + "List")

	return list
}

// iamAs returns a client of IAM with a key.
func (s *suite) iamAs(t *testing.T, k fakescaleway.Key) *iam.API {
	t.Helper()

	c, err := scw.NewClient(
		scw.WithAPIURL(s.scaleway.URL()), scw.WithAuth(k.AccessKey, k.SecretKey),
		scw.WithDefaultOrganizationID(k.OrganizationID), scw.WithDefaultProjectID(k.ProjectID),
	)
	if err != nil {
		t.Fatal(err)
	}

	return iam.NewAPI(c)
}

// issueKey has the owner of the organization issue an API key of an application with a
// policy.
func (s *suite) issueKey(t *testing.T, name string, rule *iam.RuleSpecs) fakescaleway.Key {
	t.Helper()

	c := s.iamAs(t, s.key)

	app, err := c.CreateApplication(&iam.CreateApplicationRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := c.CreatePolicy(&iam.CreatePolicyRequest{Name: name, ApplicationID: &app.ID, Rules: []*iam.RuleSpecs{rule}}); err != nil {
		t.Fatal(err)
	}

	k, err := c.CreateAPIKey(&iam.CreateAPIKeyRequest{ApplicationID: &app.ID, DefaultProjectID: &s.key.ProjectID})
	if err != nil {
		t.Fatal(err)
	}

	return fakescaleway.Key{AccessKey: k.AccessKey, SecretKey: *k.SecretKey, OrganizationID: s.key.OrganizationID, ProjectID: s.key.ProjectID}
}

// dropKeys deletes what issueKey has made.
func (s *suite) dropKeys(t *testing.T) {
	t.Helper()

	made := map[string]bool{"team": true, "platform": true}

	for _, p := range s.scaleway.Policies() {
		if made[p.Name] {
			_ = s.scaleway.Delete(fakescaleway.KindPolicy, "", p.ID)
		}
	}

	for _, a := range s.scaleway.Applications() {
		if made[a.Name] {
			_ = s.scaleway.Delete(fakescaleway.KindApplication, "", a.ID)
		}
	}
}
