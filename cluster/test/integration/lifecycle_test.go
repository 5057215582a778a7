// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// routeTokens is the route of the collection of tokens.
const routeTokens = fakescaleway.RouteTokens

// writes returns what was asked of Scaleway other than to read, by method and
// route.
func writes(s *fakescaleway.Server) map[string]int {
	w := s.Counts()
	maps.DeleteFunc(w, func(route string, _ int) bool { return strings.HasPrefix(route, http.MethodGet+" ") })

	return w
}

func TestCreateToReady(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	if diff := cmp.Diff(f.Creations(), writes(e.Scaleway)); diff != "" {
		t.Errorf("each object is created once, and changed by nothing afterwards: -want, +got:\n%s", diff)
	}

	// References.
	container := framework.ExternalName(f.Container)
	for kind, got := range map[string]*string{
		"Token": f.Token.Spec.ForProvider.ContainerID, "Cron": f.Cron.Spec.ForProvider.ContainerID,
		"Domain": f.Domain.Spec.ForProvider.ContainerID, "Trigger": f.Trigger.Spec.ForProvider.ContainerID,
	} {
		if diff := cmp.Diff(container, ptr.Deref(got, "")); diff != "" {
			t.Errorf("%s: the reference is resolved to the container's regional ID: -want, +got:\n%s", kind, diff)
		}
	}

	if diff := cmp.Diff(framework.ExternalName(f.Namespace), ptr.Deref(f.Container.Spec.ForProvider.NamespaceID, "")); diff != "" {
		t.Errorf("Container: the selector is resolved to the namespace's regional ID: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(framework.ExternalName(f.Application), ptr.Deref(f.Policy.Spec.ForProvider.ApplicationID, "")); diff != "" {
		t.Errorf("Policy: the reference is resolved to the application's UUID: -want, +got:\n%s", diff)
	}

	// Connection Secrets.
	if diff := cmp.Diff("rg.fr-par.scw.cloud/family", string(e.SecretData("registry")["endpoint"])); diff != "" {
		t.Errorf("the registry namespace's Secret holds its endpoint: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(ptr.Deref(f.Container.Status.AtProvider.PublicEndpoint, "?"), string(e.SecretData("container")["endpoint"])); diff != "" {
		t.Errorf("the container's Secret holds its endpoint: -want, +got:\n%s", diff)
	}

	claims, err := e.Scaleway.VerifyToken(string(e.SecretData(framework.SecretToken)["token"]))
	if err != nil {
		t.Fatalf("the Secret holds a token that Scaleway signed: %v", err)
	}

	if diff := cmp.Diff(framework.ExternalName(f.Token), "fr-par/"+claims.ID); diff != "" {
		t.Errorf("the Secret holds the token of the external name: -want, +got:\n%s", diff)
	}

	wantComplete(t, e, f.Token, container)
	wantKeyPublished(t, e, f.APIKey)
}

// wantKeyPublished fails the test unless the Secret of an ApiKey holds the key of the
// external name in every form, and nothing else.
func wantKeyPublished(t *testing.T, e *framework.Env, k *iamv1beta1.ApiKey) {
	t.Helper()
	e.Get(k)

	issued := fakescaleway.APIKey{}
	for _, i := range e.Scaleway.APIKeys() {
		if i.ID == framework.ExternalName(k) {
			issued = i
		}
	}

	want := map[string]string{
		"access_key": issued.ID, "SCW_ACCESS_KEY": issued.ID,
		"secret_key": issued.SecretKey, "SCW_SECRET_KEY": issued.SecretKey, "token": issued.SecretKey, "attribute.secret_key": issued.SecretKey,
		"project_id": e.Key.ProjectID, "SCW_DEFAULT_PROJECT_ID": e.Key.ProjectID,
		"organization_id": e.Key.OrganizationID, "SCW_DEFAULT_ORGANIZATION_ID": e.Key.OrganizationID,
	}

	got := map[string]string{}
	for key, value := range e.SecretData(k.Spec.WriteConnectionSecretToReference.Name) {
		got[key] = string(value)
	}

	if diff := cmp.Diff(want, got); diff != "" || issued.SecretKey == "" {
		t.Errorf("the Secret of ApiKey %s: -want, +got:\n%s", k.GetName(), diff)
	}

	at := k.Status.AtProvider

	read := []string{ptr.Deref(at.ID, ""), ptr.Deref(at.AccessKey, ""), ptr.Deref(at.ApplicationID, ""), ptr.Deref(at.DefaultProjectID, ""), ptr.Deref(at.ExpiresAt, ""), ptr.Deref(at.Description, "")}
	if diff := cmp.Diff([]string{issued.ID, issued.ID, ptr.Deref(issued.ApplicationID, "?"), e.Key.ProjectID, "2035-10-18T09:35:15Z", "family"}, read); diff != "" {
		t.Errorf("status.atProvider of ApiKey %s: -want, +got:\n%s", k.GetName(), diff)
	}
}

// wantComplete fails the test unless status.atProvider of a Token holds what
// Terraform does not read back too.
func wantComplete(t *testing.T, e *framework.Env, tk *v1beta1.Token, container string) {
	t.Helper()
	e.Get(tk)

	at := tk.Status.AtProvider

	got := []string{ptr.Deref(at.ID, ""), ptr.Deref(at.Region, ""), ptr.Deref(at.ContainerID, ""), ptr.Deref(at.ExpiresAt, ""), ptr.Deref(at.Description, "")}
	if diff := cmp.Diff([]string{framework.ExternalName(tk), "fr-par", container, "2035-10-18T09:35:15Z", "family"}, got); diff != "" {
		t.Errorf("status.atProvider has ID, region, regional parent, expiry and description: -want, +got:\n%s", diff)
	}
}

// idOf returns the region and the ID in the external name of a managed resource.
// Objects of a global product have no region.
func idOf(mg xpresource.ModernManaged) (region, id string) {
	region, id, ok := strings.Cut(framework.ExternalName(mg), "/")
	if !ok {
		return "", framework.ExternalName(mg)
	}

	return region, id
}

// uuidOf returns the UUID in the external name of a managed resource.
func uuidOf(t *testing.T, mg xpresource.ModernManaged) string {
	t.Helper()

	_, id := idOf(mg)

	return id
}

// The kinds that have an update: what the user changes reaches Scaleway,
// and what somebody changes at Scaleway is changed back.
func TestUpdateAndDrift(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	cases := map[string]struct {
		mg     xpresource.ModernManaged
		kind   fakescaleway.Kind
		change func()
		drift  func(fakescaleway.Resource)
		// is tells whether the object at Scaleway is as the change wants it.
		is func() bool
	}{
		"ContainerNamespace": {
			mg:     f.Namespace,
			kind:   fakescaleway.KindNamespace,
			change: func() { f.Namespace.Spec.ForProvider.Description = ptr.To("second") },
			drift:  func(r fakescaleway.Resource) { r.(*fakescaleway.Namespace).Description = "drifted" },
			is:     func() bool { return e.Scaleway.Namespaces("fr-par")[0].Description == "second" },
		},
		"Container": {
			mg:     f.Container,
			kind:   fakescaleway.KindContainer,
			change: func() { f.Container.Spec.ForProvider.MaxScale = ptr.To[int64](4) },
			drift:  func(r fakescaleway.Resource) { r.(*fakescaleway.Container).MaxScale = 9 },
			is:     func() bool { return e.Scaleway.Containers("fr-par")[0].MaxScale == 4 },
		},
		"Cron": {
			mg:     f.Cron,
			kind:   fakescaleway.KindTrigger,
			change: func() { f.Cron.Spec.ForProvider.Schedule = ptr.To("6 5 * * *") },
			drift:  func(r fakescaleway.Resource) { r.(*fakescaleway.Trigger).CronConfig.Schedule = "1 1 * * *" },
			is: func() bool {
				return slices.ContainsFunc(e.Scaleway.Triggers("fr-par"), func(tr fakescaleway.Trigger) bool {
					return tr.CronConfig != nil && tr.CronConfig.Schedule == "6 5 * * *"
				})
			},
		},
		"Trigger": {
			mg:     f.Trigger,
			kind:   fakescaleway.KindTrigger,
			change: func() { f.Trigger.Spec.ForProvider.DestinationConfig.HTTPPath = ptr.To("/other") },
			drift:  func(r fakescaleway.Resource) { r.(*fakescaleway.Trigger).DestinationConfig.HTTPPath = "/drifted" },
			is: func() bool {
				return slices.ContainsFunc(e.Scaleway.Triggers("fr-par"), func(tr fakescaleway.Trigger) bool {
					return tr.SQSConfig != nil && tr.DestinationConfig.HTTPPath == "/other"
				})
			},
		},
		"RegistryNamespace": {
			mg:     f.RegistryNamespace,
			kind:   fakescaleway.KindRegistryNamespace,
			change: func() { f.RegistryNamespace.Spec.ForProvider.IsPublic = ptr.To(true) },
			drift:  func(r fakescaleway.Resource) { r.(*fakescaleway.RegistryNamespace).IsPublic = false },
			is:     func() bool { return e.Scaleway.RegistryNamespaces("fr-par")[0].IsPublic },
		},
		"Application": {
			mg:     f.Application,
			kind:   fakescaleway.KindApplication,
			change: func() { f.Application.Spec.ForProvider.Description = ptr.To("second") },
			drift:  func(r fakescaleway.Resource) { r.(*fakescaleway.Application).Description = "drifted" },
			is:     func() bool { return e.Scaleway.Applications()[0].Description == "second" },
		},
		"Policy": {
			mg:     f.Policy,
			kind:   fakescaleway.KindPolicy,
			change: func() { slices.Reverse(f.Policy.Spec.ForProvider.Rule) },
			drift:  func(r fakescaleway.Resource) { slices.Reverse(r.(*fakescaleway.Policy).Rules) },
			is: func() bool {
				rules := e.Scaleway.Policies()[0].Rules
				return len(rules) == 2 && rules[0].PermissionSetNames[0] == "IAMReadOnly"
			},
		},
		"PolicyPrincipal": {
			mg:     f.Policy,
			kind:   fakescaleway.KindPolicy,
			change: func() {},
			drift: func(r fakescaleway.Resource) {
				p := r.(*fakescaleway.Policy)
				p.ApplicationID, p.UserID = nil, ptr.To("11111111-1111-4111-8111-111111111111")
			},
			is: func() bool {
				p := e.Scaleway.Policies()[0]
				return p.UserID == nil && ptr.Deref(p.ApplicationID, "") == framework.ExternalName(f.Application)
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e.Update(tc.mg, tc.change)
			e.Eventually("the change to reach Scaleway", func() (bool, string) { return tc.is(), "it is not there" })

			region, id := idOf(tc.mg)
			if err := e.Scaleway.Update(tc.kind, region, id, tc.drift); err != nil {
				t.Fatal(err)
			}

			if tc.is() {
				t.Fatal("the object has not drifted")
			}

			e.Eventually("the drift to be corrected", func() (bool, string) { return tc.is(), "it is still there" })
			e.WaitReady(tc.mg)
		})
	}
}

// An argument of a Secret that changes reaches Scaleway too, and afterwards
// nothing is written any more, although Scaleway answers only hashes.
func TestSecretArgument(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	before := e.Scaleway.Namespaces("fr-par")[0].SecretEnvironmentVariables["PASSWORD"]

	e.Update(f.Secrets[0], func() { f.Secrets[0].Data["PASSWORD"] = []byte("changed") })
	e.Eventually("the new value to reach Scaleway", func() (bool, string) {
		now := e.Scaleway.Namespaces("fr-par")[0].SecretEnvironmentVariables["PASSWORD"]
		return now != before && now != "", now
	})

	patches := e.Scaleway.Count(http.MethodPatch, fakescaleway.RouteNamespace)
	e.WaitPolled(fakescaleway.RouteNamespace, 3)

	if diff := cmp.Diff(patches, e.Scaleway.Count(http.MethodPatch, fakescaleway.RouteNamespace)); diff != "" {
		t.Errorf("PATCHes while nothing changes: -want, +got:\n%s", diff)
	}
}

func TestImportWritesNothing(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)
	p.Stop()

	// The same manifests again, as new objects that know nothing but the name.
	again := e.NewFamily()
	again.Token.Spec.WriteConnectionSecretToReference = nil // Its value cannot be known.
	again.APIKey.Spec.WriteConnectionSecretToReference = nil

	for i, mg := range again.Managed() {
		e.Abandon(f.Managed()[i])
		meta.SetExternalName(mg, framework.ExternalName(f.Managed()[i]))
		e.Create(mg)
	}

	alive := e.Scaleway.Alive()
	e.Scaleway.ResetRequests()
	e.StartProvider()
	e.WaitReady(again.Managed()...)

	e.WaitFamilyPolled(f, 3)

	if diff := cmp.Diff(map[string]int{}, writes(e.Scaleway)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(alive, e.Scaleway.Alive()); diff != "" {
		t.Errorf("objects at Scaleway: -want, +got:\n%s", diff)
	}

	wantComplete(t, e, again.Token, framework.ExternalName(again.Container))
}

func TestRestartWritesNothing(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)
	p.Stop()

	secrets := func() map[string]string {
		l := &corev1.SecretList{}
		if err := e.Client.List(t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
			t.Fatal(err)
		}

		versions := map[string]string{}
		for _, s := range l.Items {
			versions[s.GetName()] = s.GetResourceVersion()
		}

		return versions
	}

	before := secrets()

	// What the new process stores is what it has found out itself.
	f.Token.Status.AtProvider = v1beta1.TokenObservation{ID: f.Token.Status.AtProvider.ID}
	if err := e.Client.Status().Update(t.Context(), f.Token); err != nil {
		t.Fatal(err)
	}

	e.Scaleway.ResetRequests()
	e.StartProvider()

	e.WaitFamilyPolled(f, 3)

	e.WaitReady(f.Managed()...)

	if diff := cmp.Diff(map[string]int{}, writes(e.Scaleway)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(before, secrets()); diff != "" {
		t.Errorf("versions of the Secrets: -want, +got:\n%s", diff)
	}

	wantKeyPublished(t, e, f.APIKey)

	wantComplete(t, e, f.Token, framework.ExternalName(f.Container))
}

// A managed resource stays until Scaleway no longer knows the object, which for
// most kinds is some time after Terraform says that it is deleted.
func TestDeleteUntilNotFound(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	// Scaleway goes on deleting until the test says that it is done.
	e.Scaleway.SetOutcome(func(fakescaleway.Transition) fakescaleway.Outcome { return fakescaleway.Outcome{Never: true} })

	members := f.Members()
	slices.Reverse(members)

	for _, m := range members {
		region, id := idOf(m.Managed)

		switch m.Kind {
		case fakescaleway.KindToken:
			continue
		case fakescaleway.KindApplication, fakescaleway.KindPolicy, fakescaleway.KindAPIKey:
			e.Delete(m.Managed) // They are gone at once.
			continue
		}

		if err := e.Client.Delete(t.Context(), m.Managed); err != nil {
			t.Fatal(err)
		}

		e.WaitCondition(m.Managed, xpv1.TypeReady, "Deleting", func(c xpv1.Condition) bool { return c.Reason == xpv1.ReasonDeleting })
		e.WaitPolled(m.Object, 2)
		e.Get(m.Managed) // It is still there.

		if err := e.Scaleway.Delete(m.Kind, region, id); err != nil {
			t.Fatal(err)
		}

		e.WaitGone(m.Managed)
	}

	e.Delete(f.Token) // The container's deletion has taken it along.

	for kind, n := range e.Scaleway.Alive() {
		if n != 0 {
			t.Errorf("%d objects of kind %s are left at Scaleway", n, kind)
		}
	}

	for route, n := range e.Scaleway.Counts() {
		if strings.HasPrefix(route, http.MethodDelete) && !strings.Contains(route, "triggers") && n > 1 {
			t.Errorf("%s was sent %d times, want once", route, n)
		}
	}
}

// A deletion that Scaleway refuses says so, also of an object without a status, and
// of one that it has just deleted it says nothing.
func TestDeleteRefused(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.NewFamily()
	e.Create(f.Application)
	e.Create(f.RegistryNamespace)
	e.WaitReady(f.Application, f.RegistryNamespace)

	for _, m := range f.Members() {
		if m.Managed != f.Application && m.Managed != f.RegistryNamespace {
			continue
		}

		fault := e.Scaleway.Inject(fakescaleway.Fault{
			Method: http.MethodDelete, Route: m.Object, Status: http.StatusForbidden, Body: fakescaleway.PermissionsDenied("delete", string(m.Kind)).Body,
		})

		startDeletion(t, e, m.Managed)
		e.WaitCondition(m.Managed, xpv1.TypeSynced, "with Scaleway's refusal", func(c xpv1.Condition) bool {
			return c.Status == corev1.ConditionFalse && strings.Contains(c.Message, "insufficient permissions: delete "+string(m.Kind))
		})
		fault.Remove()
		e.WaitGone(m.Managed)
	}
}

func TestReadyFollowsScaleway(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	id := uuidOf(t, f.Container)

	cases := []struct {
		name    string
		status  string
		message string
		want    xpv1.Condition
	}{
		{name: "Error", status: "error", message: "Container is unable to start", want: xpv1.Unavailable().WithMessage("Scaleway reports the status error: Container is unable to start")},
		{name: "Creating", status: "creating", want: xpv1.Creating().WithMessage("Scaleway reports the status creating")},
		{name: "Locked", status: "locked", want: xpv1.Unavailable().WithMessage("Scaleway reports the status locked")},
		{name: "Updating", status: "updating", want: xpv1.Available()},
		{name: "Ready", status: "ready", want: xpv1.Available()},
	}

	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if err := e.Scaleway.SetStatus(fakescaleway.KindContainer, "fr-par", id, tc.status, tc.message); err != nil {
				t.Fatal(err)
			}

			e.WaitCondition(f.Container, xpv1.TypeReady, "of the status "+tc.status, func(c xpv1.Condition) bool {
				return c.Status == tc.want.Status && c.Reason == tc.want.Reason && c.Message == tc.want.Message &&
					ptr.Deref(f.Container.Status.AtProvider.Status, "") == tc.status
			})
		})
	}

	for mg, kind := range map[xpresource.ModernManaged]fakescaleway.Kind{
		f.Namespace: fakescaleway.KindNamespace, f.Token: fakescaleway.KindToken, f.Domain: fakescaleway.KindDomain,
		f.Trigger: fakescaleway.KindTrigger, f.Cron: fakescaleway.KindTrigger,
		f.RegistryNamespace: fakescaleway.KindRegistryNamespace,
	} {
		t.Run(fmt.Sprintf("Error%T", mg), func(t *testing.T) {
			if err := e.Scaleway.SetStatus(kind, "fr-par", uuidOf(t, mg), "error", ""); err != nil {
				t.Fatal(err)
			}

			e.WaitCondition(mg, xpv1.TypeReady, "of the status error", func(c xpv1.Condition) bool {
				return c.Status == corev1.ConditionFalse && c.Reason == xpv1.ReasonUnavailable
			})
		})
	}
}

// Terraform would wait within the reconcile, for up to 750 seconds, until the
// container is no longer being created.
func TestTransientStatusHoldsNoWorker(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.Scaleway.SetOutcome(func(fakescaleway.Transition) fakescaleway.Outcome { return fakescaleway.Outcome{Never: true} })
	e.StartProvider(framework.WithArgs("--concurrency=1"))

	f := e.NewFamily()
	e.Create(f.Secrets[0])
	e.Create(f.Namespace)

	other := &v1beta1.ContainerNamespace{}
	e.Place(other, "other")
	e.Create(other)

	for _, mg := range []xpresource.ModernManaged{f.Namespace, other} {
		e.WaitCondition(mg, xpv1.TypeReady, "Creating, with its ID recorded", func(c xpv1.Condition) bool {
			return c.Reason == xpv1.ReasonCreating && strings.Contains(c.Message, "status creating") && framework.ExternalName(mg) != ""
		})
	}

	for _, ns := range e.Scaleway.Namespaces("fr-par") {
		if err := e.Scaleway.SetStatus(fakescaleway.KindNamespace, "fr-par", ns.ID, "ready", ""); err != nil {
			t.Fatal(err)
		}
	}

	e.WaitReady(f.Namespace, other)
}

// Terraform would repeat the creation for ten minutes within the reconcile.
func TestDomainNotValidatedIsSaidAtOnce(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	fault := e.Scaleway.Inject(fakescaleway.Fault{
		Method: http.MethodPost, Route: fakescaleway.RouteDomains,
		Status: http.StatusBadRequest, Body: `{"message":"could not validate domain family.example.com: no CNAME record"}`,
	})
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitCondition(f.Domain, xpv1.TypeSynced, "with Scaleway's message", func(c xpv1.Condition) bool {
		return c.Status == corev1.ConditionFalse && strings.Contains(c.Message, "Scaleway could not validate domain family.example.com: no CNAME record")
	})

	fault.Remove()
	e.WaitReady(f.Domain)
}

// With nothing set but the parent's ID, an object is made in the parent's region,
// and with nothing set at all in the ProviderConfig's.
func TestRegionOfParent(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.CreateProviderConfig("warsaw", strings.Replace(e.Credentials(e.Key), "{", `{"region":"pl-waw",`, 1))
	e.StartProvider()

	ns := &v1beta1.ContainerNamespace{}
	e.Place(ns, "warsaw")
	ns.Spec.ProviderConfigReference.Name = "warsaw"

	// With the ProviderConfig of another region.
	token := &v1beta1.Token{}
	e.Place(token, "warsaw")
	token.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: ns.GetName()}
	token.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "token"}

	e.Create(ns)
	e.Create(token)
	e.WaitReady(ns, token)

	for _, mg := range []xpresource.ModernManaged{ns, token} {
		if diff := cmp.Diff("pl-waw", regional.Of(framework.ExternalName(mg))); diff != "" {
			t.Errorf("region of %T: -want, +got:\n%s", mg, diff)
		}
	}

	if got := e.Scaleway.Tokens("fr-par"); len(got) > 0 {
		t.Errorf("%d tokens in the ProviderConfig's region, want none", len(got))
	}
}

// A ProviderConfig that is used is kept until it is not.
func TestProviderConfigInUse(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.NewFamily()
	e.Create(f.Secrets[0])
	e.Create(f.Namespace)
	e.WaitReady(f.Namespace)

	pc := e.ProviderConfig("default")
	if err := e.Client.Delete(t.Context(), pc); err != nil {
		t.Fatal(err)
	}

	e.Eventually("the ProviderConfig to say that it is in use", func() (bool, string) {
		e.Get(pc)
		c := pc.GetCondition("Terminating")

		return c.Status == corev1.ConditionTrue, c.Message
	})

	e.Delete(f.Namespace)
	e.WaitGone(pc)
}
