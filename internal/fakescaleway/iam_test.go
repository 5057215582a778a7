// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	containerv1 "github.com/scaleway/scaleway-sdk-go/api/container/v1"
	"github.com/scaleway/scaleway-sdk-go/api/container/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/api/registry/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

func (c sdk) application(t *testing.T, name string) *iam.Application {
	t.Helper()
	return must(c.iam.CreateApplication(&iam.CreateApplicationRequest{Name: name}))(t)
}

func (c sdk) apiKey(t *testing.T, applicationID string) *iam.APIKey {
	t.Helper()
	return must(c.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{ApplicationID: &applicationID}))(t)
}

func TestSDKApplication(t *testing.T) {
	_, c := newTestSDK(t)

	created := must(c.iam.CreateApplication(&iam.CreateApplicationRequest{Name: "app", Description: "text", Tags: []string{"a"}}))(t)
	c.apiKey(t, created.ID)
	c.apiKey(t, created.ID)

	updated := must(c.iam.UpdateApplication(&iam.UpdateApplicationRequest{ApplicationID: created.ID, Name: scw.StringPtr("renamed"), Tags: &[]string{}}))(t)
	got := must(c.iam.GetApplication(&iam.GetApplicationRequest{ApplicationID: created.ID}))(t)
	want := &iam.Application{
		ID: created.ID, Name: "renamed", Description: "text", Tags: []string{}, OrganizationID: c.key.OrganizationID,
		Editable: true, Deletable: true, NbAPIKeys: 2, CreatedAt: created.CreatedAt, UpdatedAt: updated.UpdatedAt,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(iam.Application{}, "Srn")); diff != "" {
		t.Errorf("GetApplication(...): -want, +got:\n%s", diff)
	}
	if !updated.UpdatedAt.After(*created.UpdatedAt) {
		t.Errorf("UpdateApplication(...): got updated_at %s, want later than %s", updated.UpdatedAt, created.UpdatedAt)
	}

	if err := c.iam.DeleteApplication(&iam.DeleteApplicationRequest{ApplicationID: created.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.iam.GetApplication(&iam.GetApplicationRequest{ApplicationID: created.ID}); !isNotFound(err) {
		t.Errorf("GetApplication(...) of a deleted application: %v", err)
	}
}

// rule returns a rule for a project.
func rule(projectID string, names ...string) *iam.RuleSpecs {
	return &iam.RuleSpecs{PermissionSetNames: &names, ProjectIDs: &[]string{projectID}}
}

func TestSDKPolicy(t *testing.T) {
	_, c := newTestSDK(t)
	app := c.application(t, "app").ID
	first, second := rule(c.key.ProjectID, "ContainersReadOnly", "ContainersPrivateAccess"), rule(c.key.ProjectID, "AllProductsReadOnly")

	created := must(c.iam.CreatePolicy(&iam.CreatePolicyRequest{Name: "p", ApplicationID: &app, Rules: []*iam.RuleSpecs{first, second}}))(t)
	if created.NbRules != 0 {
		t.Errorf("CreatePolicy(...): got %d rules, want them not to be counted yet", created.NbRules)
	}

	// names are the permission sets of each rule, in order.
	names := func() [][]string {
		var out [][]string
		for _, r := range must(c.iam.ListRules(&iam.ListRulesRequest{PolicyID: created.ID}))(t).Rules {
			out = append(out, *r.PermissionSetNames)
		}
		return out
	}
	if diff := cmp.Diff([][]string{*first.PermissionSetNames, *second.PermissionSetNames}, names()); diff != "" {
		t.Errorf("ListRules(...): -want, +got:\n%s", diff)
	}
	must(c.iam.SetRules(&iam.SetRulesRequest{PolicyID: created.ID, Rules: []*iam.RuleSpecs{second, first}}))(t)
	if diff := cmp.Diff([][]string{*second.PermissionSetNames, *first.PermissionSetNames}, names()); diff != "" {
		t.Errorf("SetRules(...): the rules are replaced, in order: -want, +got:\n%s", diff)
	}

	user := uuid.NewString()
	must(c.iam.UpdatePolicy(&iam.UpdatePolicyRequest{PolicyID: created.ID, Description: scw.StringPtr("text"), UserID: &user}))(t)
	got := must(c.iam.GetPolicy(&iam.GetPolicyRequest{PolicyID: created.ID}))(t)
	want := &iam.Policy{
		ID: created.ID, Name: "p", Description: "text", Tags: []string{}, OrganizationID: c.key.OrganizationID, UserID: &user,
		Editable: true, Deletable: true, NbRules: 2, NbScopes: 1, NbPermissionSets: 3, CreatedAt: created.CreatedAt, UpdatedAt: got.UpdatedAt,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(iam.Policy{}, "Srn")); diff != "" {
		t.Errorf("GetPolicy(...): another principal takes the place of the first: -want, +got:\n%s", diff)
	}

	must(c.iam.UpdatePolicy(&iam.UpdatePolicyRequest{PolicyID: created.ID, ApplicationID: &app}))(t)
	if err := c.iam.DeleteApplication(&iam.DeleteApplicationRequest{ApplicationID: app}); err != nil {
		t.Fatal(err)
	}
	got = must(c.iam.GetPolicy(&iam.GetPolicyRequest{PolicyID: created.ID}))(t)
	if got.ApplicationID != nil || got.NoPrincipal == nil {
		t.Errorf("GetPolicy(...) once its application is deleted: got principal %v, want none", got.ApplicationID)
	}

	if err := c.iam.DeletePolicy(&iam.DeletePolicyRequest{PolicyID: created.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.iam.GetPolicy(&iam.GetPolicyRequest{PolicyID: created.ID}); !isNotFound(err) {
		t.Errorf("GetPolicy(...) of a deleted policy: %v", err)
	}
}

func TestSDKPermissionSets(t *testing.T) {
	_, c := newTestSDK(t)
	var names []string
	for _, p := range must(c.iam.ListPermissionSets(&iam.ListPermissionSetsRequest{PageSize: scw.Uint32Ptr(5)}, scw.WithAllPages()))(t).PermissionSets {
		names = append(names, p.Name)
	}
	if got := len(names); got != len(permissionSets) || !strings.Contains(strings.Join(names, " "), PermissionContainersPrivateAccess) {
		t.Errorf("ListPermissionSets(...): got %v, want %d with %s", names, len(permissionSets), PermissionContainersPrivateAccess)
	}
}

func TestSDKAPIKey(t *testing.T) {
	s, c := newTestSDK(t)
	app := c.application(t, "app").ID
	expiry := time.Now().Add(time.Hour).In(time.FixedZone("", 2*60*60)).Truncate(time.Second)

	created := must(c.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{ApplicationID: &app, Description: "text", ExpiresAt: &expiry}))(t)
	if created.SecretKey == nil || uuid.Validate(*created.SecretKey) != nil {
		t.Fatalf("CreateAPIKey(...): got secret key %v, want a UUID", created.SecretKey)
	}

	want := &iam.APIKey{
		AccessKey: created.AccessKey, ApplicationID: &app, Description: "text", ExpiresAt: scw.TimePtr(expiry.UTC()),
		DefaultProjectID: c.key.ProjectID, Editable: true, Deletable: true, CreationIP: "127.0.0.1",
		CreatedAt: created.CreatedAt, UpdatedAt: created.UpdatedAt,
	}
	got := must(c.iam.GetAPIKey(&iam.GetAPIKeyRequest{AccessKey: created.AccessKey}))(t)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(iam.APIKey{}, "Srn")); diff != "" {
		t.Errorf("GetAPIKey(...): all but the secret key is answered again: -want, +got:\n%s", diff)
	}

	project := uuid.NewString()
	s.AddKey(Key{SecretKey: uuid.NewString(), OrganizationID: c.key.OrganizationID, ProjectID: project})
	updated := must(c.iam.UpdateAPIKey(&iam.UpdateAPIKeyRequest{AccessKey: created.AccessKey, Description: scw.StringPtr("other"), DefaultProjectID: &project}))(t)
	if diff := cmp.Diff([]string{"other", project}, []string{updated.Description, updated.DefaultProjectID}); diff != "" {
		t.Errorf("UpdateAPIKey(...): -want, +got:\n%s", diff)
	}

	if err := c.iam.DeleteAPIKey(&iam.DeleteAPIKeyRequest{AccessKey: created.AccessKey}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.iam.GetAPIKey(&iam.GetAPIKeyRequest{AccessKey: created.AccessKey}); !isNotFound(err) {
		t.Errorf("GetAPIKey(...) of a deleted key: %v", err)
	}
}

// A key that the API has issued authenticates against it, until it is gone.
func TestIssuedKey(t *testing.T) {
	cases := map[string]struct {
		reason string
		end    func(t *testing.T, s *Server, clk *clock, c sdk, accessKey, app string)
		want   string // The reason of the refusal. Empty if there is none.
	}{
		"Valid": {
			reason: "It may do what a policy allows.",
			end:    func(*testing.T, *Server, *clock, sdk, string, string) {},
		},
		"Deleted": {
			reason: "A key that was deleted is refused.",
			end: func(t *testing.T, _ *Server, _ *clock, c sdk, accessKey, _ string) {
				t.Helper()
				if err := c.iam.DeleteAPIKey(&iam.DeleteAPIKeyRequest{AccessKey: accessKey}); err != nil {
					t.Fatal(err)
				}
			},
			want: "not_found",
		},
		"DeletedBehind": {
			reason: "So is one that was deleted behind the API's back.",
			end: func(t *testing.T, s *Server, _ *clock, _ sdk, accessKey, _ string) {
				t.Helper()
				if err := s.Delete(KindAPIKey, "", accessKey); err != nil {
					t.Fatal(err)
				}
			},
			want: "not_found",
		},
		"ApplicationDeleted": {
			reason: "An application takes its keys with it.",
			end: func(t *testing.T, _ *Server, _ *clock, c sdk, _, app string) {
				t.Helper()
				if err := c.iam.DeleteApplication(&iam.DeleteApplicationRequest{ApplicationID: app}); err != nil {
					t.Fatal(err)
				}
			},
			want: "not_found",
		},
		"Expired": {
			reason: "A key whose time is over is refused, although it is still listed.",
			end:    func(_ *testing.T, _ *Server, clk *clock, _ sdk, _, _ string) { clk.Add(time.Hour) },
			want:   "expired",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			clk := newClock()
			s, c := newTestSDK(t, WithClock(clk.Now))
			app := c.application(t, "app").ID
			must(c.iam.CreatePolicy(&iam.CreatePolicyRequest{Name: "p", ApplicationID: &app, Rules: []*iam.RuleSpecs{organizationRule(c.key, "IAMReadOnly")}}))(t)
			issued := must(c.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{ApplicationID: &app, ExpiresAt: scw.TimePtr(clk.Now().Add(time.Hour).Truncate(time.Second))}))(t)
			k := newSDK(t, s, Key{issued.AccessKey, *issued.SecretKey, c.key.OrganizationID, c.key.ProjectID}, scw.RegionFrPar)

			tc.end(t, s, clk, c, issued.AccessKey, app)

			// Of each product, one request.
			_, namespaces := k.ListNamespaces(&containerv1.ListNamespacesRequest{})
			_, applications := k.iam.ListApplications(&iam.ListApplicationsRequest{})
			_, registries := k.registry.ListNamespaces(&registry.ListNamespacesRequest{})
			for _, err := range []error{namespaces, applications, registries} {
				denied := &scw.DeniedAuthenticationError{}
				if errors.As(err, &denied); denied.Reason != tc.want || (err == nil) != (tc.want == "") {
					t.Errorf("\n%s\nwant refusal %q, got %v", tc.reason, tc.want, err)
				}
			}
		})
	}
}

func TestIAMRefusals(t *testing.T) {
	s := New()
	key := s.NewKey()
	other := s.NewKey()
	org := `"organization_id":"` + key.OrganizationID + `"`
	text := strings.Repeat("é", 201)

	cases := map[string]struct {
		reason, path, body string
		want               string // Part of the answer.
	}{
		"ApplicationWithoutOrganization": {
			reason: "Clients send an empty one if they know none.",
			path:   RouteApplications, body: `{"name":"a","organization_id":""}`, want: `"organization_id","help_message":"","reason":"required"`,
		},
		"ForeignOrganization": {
			reason: "A key reaches its own organization only.",
			path:   RouteApplications, body: `{"name":"a","organization_id":"` + other.OrganizationID + `"}`, want: `permissions_denied`,
		},
		"LongName":        {reason: "64 characters is the limit.", path: RouteApplications, body: `{"name":"` + text + `",` + org + `}`, want: `at most 64`},
		"LongDescription": {reason: "200 characters is the limit.", path: RouteAPIKeys, body: `{"user_id":"` + uuid.NewString() + `","description":"` + text + `"}`, want: `at most 200`},
		"TwoPrincipals": {
			reason: "A policy has one principal.",
			path:   RoutePolicies, body: `{"name":"p",` + org + `,"no_principal":true,"user_id":"` + uuid.NewString() + `"}`, want: `exactly one of user_id`,
		},
		"NoPrincipal": {reason: "It must be said if there is none.", path: RoutePolicies, body: `{"name":"p",` + org + `}`, want: `exactly one of user_id`},
		"UnknownApplication": {
			reason: "The principal must exist.",
			path:   RoutePolicies, body: `{"name":"p",` + org + `,"application_id":"` + uuid.NewString() + `"}`, want: `not_found`,
		},
		"UnknownPermissionSet": {
			reason: "A permission set must exist.",
			path:   RoutePolicies, body: `{"name":"p",` + org + `,"no_principal":true,"rules":[{"permission_set_names":["Nothing"],` + org + `}]}`, want: `no permission set Nothing`,
		},
		"MixedScopes": {
			reason: "The permission sets of a rule have one scope.",
			path:   RoutePolicies, body: `{"name":"p",` + org + `,"no_principal":true,"rules":[{"permission_set_names":["IAMManager","ContainersReadOnly"],` + org + `}]}`, want: `same scope`,
		},
		"NoScope": {
			reason: "A rule has a scope.",
			path:   RoutePolicies, body: `{"name":"p",` + org + `,"no_principal":true,"rules":[{"permission_set_names":["IAMManager"]}]}`, want: `exactly one of project_ids`,
		},
		"ForeignProject": {
			reason: "A rule is for projects of the organization.",
			path:   RoutePolicies, body: `{"name":"p",` + org + `,"no_principal":true,"rules":[{"permission_set_names":["ContainersReadOnly"],"project_ids":["` + other.ProjectID + `"]}]}`, want: `permissions_denied`,
		},
		"NoBearer":        {reason: "A key belongs to somebody.", path: RouteAPIKeys, body: `{}`, want: `exactly one of application_id`},
		"UnknownBearer":   {reason: "The application must exist.", path: RouteAPIKeys, body: `{"application_id":"` + uuid.NewString() + `"}`, want: `not_found`},
		"ExpiredAlready":  {reason: "A key must be valid for some time.", path: RouteAPIKeys, body: `{"user_id":"` + uuid.NewString() + `","expires_at":"2022-10-18T11:35:15Z"}`, want: `must be in the future`},
		"ForeignDefault":  {reason: "The default project is one of the organization.", path: RouteAPIKeys, body: `{"user_id":"` + uuid.NewString() + `","default_project_id":"` + other.ProjectID + `"}`, want: `permissions_denied`},
		"RegistryProject": {reason: "A registry namespace has a project.", path: strings.Replace(RouteRegistryNamespaces, "{region}", "fr-par", 1), body: `{"name":"n"}`, want: `"project_id","help_message":"","reason":"required"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			code, body := request(s, key, http.MethodPost, tc.path, tc.body)
			if code < 400 || !strings.Contains(body, tc.want) {
				t.Errorf("\n%s\nwant an error with %q, got %d %s", tc.reason, tc.want, code, body)
			}
		})
	}
	if diff := cmp.Diff(map[Kind]int{}, s.Alive()); diff != "" {
		t.Errorf("what is refused is not created: -want, +got:\n%s", diff)
	}
}

func TestSDKIAMLists(t *testing.T) {
	_, c := newTestSDK(t)
	app, other := c.application(t, "app").ID, c.application(t, "other").ID
	user := uuid.NewString()
	byApp, byOther := c.apiKey(t, app), c.apiKey(t, other)
	byUser := must(c.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{UserID: &user, Description: "text"}))(t)

	cases := map[string]struct {
		reason string
		req    iam.ListAPIKeysRequest
		want   []string
	}{
		"All":           {reason: "Nothing is left out.", want: []string{byApp.AccessKey, byOther.AccessKey, byUser.AccessKey}},
		"ApplicationID": {reason: "The deprecated parameter is honoured.", req: iam.ListAPIKeysRequest{ApplicationID: &app}, want: []string{byApp.AccessKey}}, //nolint:staticcheck // Deprecated, and served all the same.
		"BearerID":      {reason: "A bearer is an application or a user.", req: iam.ListAPIKeysRequest{BearerID: &user}, want: []string{byUser.AccessKey}},
		"BearerType":    {reason: "Users are no applications.", req: iam.ListAPIKeysRequest{BearerType: iam.BearerTypeApplication}, want: []string{byApp.AccessKey, byOther.AccessKey}},
		"Description":   {reason: "It must be equal.", req: iam.ListAPIKeysRequest{Description: scw.StringPtr("text")}, want: []string{byUser.AccessKey}},
		"AccessKeys":    {reason: "One of several must be equal.", req: iam.ListAPIKeysRequest{AccessKeys: []string{byApp.AccessKey, byUser.AccessKey}}, want: []string{byApp.AccessKey, byUser.AccessKey}},
		"Expired":       {reason: "None of them is.", req: iam.ListAPIKeysRequest{Expired: scw.BoolPtr(true)}},
		"Newest":        {reason: "The order can be turned round.", req: iam.ListAPIKeysRequest{OrderBy: iam.ListAPIKeysRequestOrderByCreatedAtDesc}, want: []string{byUser.AccessKey, byOther.AccessKey, byApp.AccessKey}},
		"Page":          {reason: "A page is a part.", req: iam.ListAPIKeysRequest{Page: scw.Int32Ptr(2), PageSize: scw.Uint32Ptr(2)}, want: []string{byUser.AccessKey}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, k := range must(c.iam.ListAPIKeys(&tc.req))(t).APIKeys {
				if k.SecretKey != nil {
					t.Error("a list gives a secret key away")
				}
				got = append(got, k.AccessKey)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nListAPIKeys(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSDKRegistryNamespace(t *testing.T) {
	_, c := newTestSDK(t, WithOutcome(func(Transition) Outcome { return Outcome{Gets: 1} }))

	created := must(c.registry.CreateNamespace(&registry.CreateNamespaceRequest{Name: "images", Description: "text"}))(t)
	want := &registry.Namespace{
		ID: created.ID, Name: "images", Description: "text", Status: registry.NamespaceStatusReady, Endpoint: "rg.fr-par.scw.cloud/images",
		OrganizationID: c.key.OrganizationID, ProjectID: c.key.ProjectID, Region: scw.RegionFrPar,
	}
	ignoreTimes := cmpopts.IgnoreFields(registry.Namespace{}, "CreatedAt", "UpdatedAt")
	if diff := cmp.Diff(want, created, ignoreTimes); diff != "" {
		t.Errorf("CreateNamespace(...): it is ready at once: -want, +got:\n%s", diff)
	}

	_, err := c.registry.CreateNamespace(&registry.CreateNamespaceRequest{Name: "images"})
	if statusOf(err) != http.StatusConflict {
		t.Errorf("CreateNamespace(...) with a name that is taken: %v", err)
	}

	must(c.registry.UpdateNamespace(&registry.UpdateNamespaceRequest{NamespaceID: created.ID, IsPublic: scw.BoolPtr(true)}))(t)
	want.IsPublic = true
	if diff := cmp.Diff(want, must(c.registry.GetNamespace(&registry.GetNamespaceRequest{NamespaceID: created.ID}))(t), ignoreTimes); diff != "" {
		t.Errorf("UpdateNamespace(...): only what is sent may change: -want, +got:\n%s", diff)
	}

	deleted := must(c.registry.DeleteNamespace(&registry.DeleteNamespaceRequest{NamespaceID: created.ID}))(t)
	still := must(c.registry.GetNamespace(&registry.GetNamespaceRequest{NamespaceID: created.ID}))(t)
	for _, ns := range []*registry.Namespace{deleted, still} {
		if ns.Status != registry.NamespaceStatusDeleting {
			t.Errorf("DeleteNamespace(...): got status %q, want deleting for a while", ns.Status)
		}
	}
	if _, err := c.registry.GetNamespace(&registry.GetNamespaceRequest{NamespaceID: created.ID}); statusOf(err) != http.StatusNotFound {
		t.Errorf("GetNamespace(...) of a deleted namespace: %v", err)
	}
}

// callAt calls a container at its public endpoint, and returns the code of the answer.
func callAt(s *Server, endpoint, credential string) int {
	r := httptest.NewRequest(http.MethodGet, endpoint, nil)
	r.Header.Set(authHeader, credential)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

func TestCall(t *testing.T) {
	clk := newClock()
	// A token that is being deleted stays so.
	s, c := newTestSDK(t, WithLocalEndpoints(), WithClock(clk.Now), WithTokenDeleting(),
		WithOutcome(func(tr Transition) Outcome { return Outcome{Never: tr.Status == StatusDeleting} }))
	ns := c.namespace(t, "ns").ID
	private := must(c.CreateContainer(&containerv1.CreateContainerRequest{NamespaceID: ns, Name: "private", Image: "nginx", Privacy: containerv1.ContainerPrivacyPrivate}))(t)
	public := c.container(t, ns, "public")
	elsewhere := c.container(t, c.namespace(t, "elsewhere").ID, "elsewhere").ID

	token := func(req container.CreateTokenRequest) *container.Token { return must(c.tokens.CreateToken(&req))(t) }
	deleted := token(container.CreateTokenRequest{NamespaceID: &ns})
	must(c.tokens.DeleteToken(&container.DeleteTokenRequest{TokenID: deleted.ID}))(t)
	expired := token(container.CreateTokenRequest{NamespaceID: &ns, ExpiresAt: scw.TimePtr(clk.Now().Add(time.Minute))})

	// key returns the secret key of an application with a policy of one rule.
	key := func(r *iam.RuleSpecs) string {
		app := c.application(t, "app").ID
		must(c.iam.CreatePolicy(&iam.CreatePolicyRequest{Name: "p", ApplicationID: &app, Rules: []*iam.RuleSpecs{r}}))(t)
		return *c.apiKey(t, app).SecretKey
	}
	other := uuid.NewString()
	s.AddKey(Key{SecretKey: uuid.NewString(), OrganizationID: c.key.OrganizationID, ProjectID: other})
	conditional := rule(c.key.ProjectID, PermissionContainersPrivateAccess)
	conditional.Condition = "request.ip == '192.0.2.1'"
	clk.Add(time.Minute)

	cases := map[string]struct {
		reason     string
		endpoint   string
		credential string
		want       int
	}{
		"Public":           {reason: "Anybody may call a public container.", endpoint: public.PublicEndpoint, want: 200},
		"Nothing":          {reason: "A private one needs a credential.", want: 401},
		"Unknown":          {reason: "A secret key must exist.", credential: uuid.NewString(), want: 401},
		"Nonsense":         {reason: "What is neither a token nor a secret key opens nothing.", credential: "open sesame", want: 401},
		"ContainerToken":   {reason: "A token opens its container.", credential: token(container.CreateTokenRequest{ContainerID: &private.ID}).Token, want: 200},
		"NamespaceToken":   {reason: "A token opens the containers of its namespace.", credential: token(container.CreateTokenRequest{NamespaceID: &ns}).Token, want: 200},
		"OtherToken":       {reason: "A token opens no other container.", credential: token(container.CreateTokenRequest{ContainerID: &elsewhere}).Token, want: 403},
		"DeletedToken":     {reason: "A token that is being deleted opens nothing.", credential: deleted.Token, want: 401},
		"ExpiredToken":     {reason: "Nor does one whose time is over.", credential: expired.Token, want: 401},
		"Owner":            {reason: "The owner may call everything.", credential: c.key.SecretKey, want: 200},
		"OtherOwner":       {reason: "But not another organization.", credential: s.NewKey().SecretKey, want: 403},
		"NoPolicy":         {reason: "A key without permissions opens nothing.", credential: *c.apiKey(t, c.application(t, "none").ID).SecretKey, want: 403},
		"Project":          {reason: "A policy opens the containers of a project.", credential: key(rule(c.key.ProjectID, PermissionContainersPrivateAccess)), want: 200},
		"OtherProject":     {reason: "But not those of another one.", credential: key(rule(other, PermissionContainersPrivateAccess)), want: 403},
		"OtherPermissions": {reason: "Another permission set is another permission.", credential: key(rule(c.key.ProjectID, "ContainersReadOnly")), want: 403},
		"Organization": {
			reason:     "A policy can open those of all projects.",
			credential: key(&iam.RuleSpecs{PermissionSetNames: &[]string{PermissionContainersPrivateAccess}, OrganizationID: &c.key.OrganizationID}),
			want:       200,
		},
		"Condition": {reason: "No condition is fulfilled here.", credential: key(conditional), want: 403},
		"NoContainer": {
			reason:   "There must be a container.",
			endpoint: strings.Replace(private.PublicEndpoint, private.ID, uuid.NewString(), 1), want: 404,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			endpoint := tc.endpoint
			if endpoint == "" {
				endpoint = private.PublicEndpoint
			}
			if diff := cmp.Diff(tc.want, callAt(s, endpoint, tc.credential)); diff != "" {
				t.Errorf("\n%s\nGET %s: -want code, +got code:\n%s", tc.reason, endpoint, diff)
			}
		})
	}
}
