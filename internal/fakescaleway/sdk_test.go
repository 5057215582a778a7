// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	containerv1 "github.com/scaleway/scaleway-sdk-go/api/container/v1"
	"github.com/scaleway/scaleway-sdk-go/api/container/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/api/registry/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"
	"golang.org/x/crypto/argon2"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// sdk is a client of one tenant.
type sdk struct {
	*containerv1.API
	tokens   *container.API
	iam      *iam.API
	registry *registry.API
	key      Key
}

func newSDK(t *testing.T, s *Server, k Key, region scw.Region) sdk {
	t.Helper()
	c, err := scw.NewClient(
		scw.WithAPIURL(s.URL()),
		scw.WithAuth(k.AccessKey, k.SecretKey),
		scw.WithDefaultOrganizationID(k.OrganizationID),
		scw.WithDefaultProjectID(k.ProjectID),
		scw.WithDefaultRegion(region),
	)
	if err != nil {
		t.Fatalf("scw.NewClient(...): %v", err)
	}
	return sdk{API: containerv1.NewAPI(c), tokens: container.NewAPI(c), iam: iam.NewAPI(c), registry: registry.NewAPI(c), key: k}
}

// newTestSDK returns a server and the client of a new tenant.
func newTestSDK(t *testing.T, opts ...Option) (*Server, sdk) {
	t.Helper()
	s := NewTestServer(t, append([]Option{WithSharedSigningKey()}, opts...)...)
	return s, newSDK(t, s, s.NewKey(), scw.RegionFrPar)
}

// must returns v, or ends the test. It is curried so that it takes a call's two
// results.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (c sdk) namespace(t *testing.T, name string) *containerv1.Namespace {
	t.Helper()
	return must(c.CreateNamespace(&containerv1.CreateNamespaceRequest{Name: name}))(t)
}

func (c sdk) container(t *testing.T, namespaceID, name string) *containerv1.Container {
	t.Helper()
	return must(c.CreateContainer(&containerv1.CreateContainerRequest{NamespaceID: namespaceID, Name: name, Image: "nginx"}))(t)
}

func (c sdk) token(t *testing.T, namespaceID string) *container.Token {
	t.Helper()
	return must(c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &namespaceID}))(t)
}

// soon is how often tests look.
var soon = scw.TimeDurationPtr(time.Millisecond)

// statusOf returns the HTTP status code of an error that the SDK has no type for.
func statusOf(err error) int {
	if re := (*scw.ResponseError)(nil); errors.As(err, &re) {
		return re.StatusCode
	}
	return 0
}

func isNotFound(err error) bool {
	nf := (*scw.ResourceNotFoundError)(nil)
	return errors.As(err, &nf)
}

func TestSDKNamespace(t *testing.T) {
	_, c := newTestSDK(t)

	created := must(c.CreateNamespace(&containerv1.CreateNamespaceRequest{
		Name:                       "my-namespace",
		EnvironmentVariables:       map[string]string{"A": "1"},
		SecretEnvironmentVariables: map[string]string{"KEEP": "kept", "CHANGE": "old", "REMOVE": "x"},
	}))(t)
	if created.Status != containerv1.NamespaceStatusCreating {
		t.Errorf("CreateNamespace(...): got status %q, want creating", created.Status)
	}
	got := must(c.WaitForNamespace(&containerv1.WaitForNamespaceRequest{NamespaceID: created.ID, RetryInterval: soon}))(t)
	want := &containerv1.Namespace{
		ID: created.ID, Name: "my-namespace", Status: containerv1.NamespaceStatusReady,
		OrganizationID: c.key.OrganizationID, ProjectID: c.key.ProjectID, Region: scw.RegionFrPar,
		EnvironmentVariables:       map[string]string{"A": "1"},
		SecretEnvironmentVariables: created.SecretEnvironmentVariables,
		Tags:                       []string{},
		CreatedAt:                  created.CreatedAt, UpdatedAt: created.CreatedAt,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("GetNamespace(...): -want, +got:\n%s", diff)
	}

	updated := must(c.UpdateNamespace(&containerv1.UpdateNamespaceRequest{
		NamespaceID:                created.ID,
		SecretEnvironmentVariables: &map[string]string{"KEEP": "", "CHANGE": "new", "ADD": "added"},
	}))(t)
	if updated.Status != containerv1.NamespaceStatusUpdating {
		t.Errorf("UpdateNamespace(variables): got status %q, want updating", updated.Status)
	}
	secrets := map[string]string{"KEEP": "kept", "CHANGE": "new", "ADD": "added"}
	for name, value := range secrets {
		if !hashes(t, updated.SecretEnvironmentVariables[name], value) {
			t.Errorf("UpdateNamespace(...): %s is not a hash of %q: %q", name, value, updated.SecretEnvironmentVariables[name])
		}
	}
	if updated.SecretEnvironmentVariables["KEEP"] != created.SecretEnvironmentVariables["KEEP"] {
		t.Error("UpdateNamespace(...): an empty secret must keep its hash")
	}
	if len(updated.SecretEnvironmentVariables) != len(secrets) {
		t.Errorf("UpdateNamespace(...): a secret that is not sent must be removed: %v", updated.SecretEnvironmentVariables)
	}

	must(c.WaitForNamespace(&containerv1.WaitForNamespaceRequest{NamespaceID: created.ID, RetryInterval: soon}))(t)
	described := must(c.UpdateNamespace(&containerv1.UpdateNamespaceRequest{NamespaceID: created.ID, Description: scw.StringPtr("text")}))(t)
	if described.Status != containerv1.NamespaceStatusReady || described.Description != "text" {
		t.Errorf("UpdateNamespace(description): got status %q, description %q", described.Status, described.Description)
	}

	deleted := must(c.DeleteNamespace(&containerv1.DeleteNamespaceRequest{NamespaceID: created.ID}))(t)
	if deleted.Status != containerv1.NamespaceStatusDeleting {
		t.Errorf("DeleteNamespace(...): got status %q, want deleting", deleted.Status)
	}
	if _, err := c.GetNamespace(&containerv1.GetNamespaceRequest{NamespaceID: created.ID}); !isNotFound(err) {
		t.Errorf("GetNamespace(...) of a deleted namespace: %v", err)
	}
}

// hashes says whether an answered hash is that of value.
func hashes(t *testing.T, hash, value string) bool {
	t.Helper()
	var m, passes uint32
	var lanes uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &passes, &lanes); err != nil {
		t.Fatalf("cannot read %q: %v", hash, err)
	}
	salt := must(base64.RawStdEncoding.DecodeString(parts[4]))(t)
	key := must(base64.RawStdEncoding.DecodeString(parts[5]))(t)
	return cmp.Equal(key, argon2.IDKey([]byte(value), salt, passes, m, lanes, uint32(len(key))))
}

func TestSDKContainer(t *testing.T) {
	_, c := newTestSDK(t)
	ns := c.namespace(t, "a-namespace-with-a-long-name")
	network := uuid.NewString()

	created := must(c.CreateContainer(&containerv1.CreateContainerRequest{
		NamespaceID: ns.ID, Name: "web", Image: "nginx", PrivateNetworkID: &network, Command: []string{"run"},
	}))(t)
	got := must(c.WaitForContainer(&containerv1.WaitForContainerRequest{ContainerID: created.ID, RetryInterval: soon}))(t)
	want := &containerv1.Container{
		ID: created.ID, Name: "web", NamespaceID: ns.ID, Image: "nginx", Region: scw.RegionFrPar,
		Status: containerv1.ContainerStatusReady, ErrorMessage: scw.StringPtr(""),
		EnvironmentVariables: map[string]string{}, SecretEnvironmentVariables: map[string]string{},
		MaxScale: 5, MemoryLimitBytes: 2048 * scw.MB, MvcpuLimit: 1000, LocalStorageLimitBytes: 1000 * scw.MB,
		Timeout: scw.NewDurationFromTimeDuration(300 * time.Second),
		Privacy: containerv1.ContainerPrivacyPublic, Protocol: containerv1.ContainerProtocolHTTP1, Port: 8080, Sandbox: containerv1.ContainerSandboxV2,
		ScalingOption: &containerv1.ContainerScalingOption{ConcurrentRequestsThreshold: scw.Uint32Ptr(50)},
		LivenessProbe: &containerv1.ContainerProbe{
			FailureThreshold: 30, Interval: scw.NewDurationFromTimeDuration(10 * time.Second),
			Timeout: scw.NewDurationFromTimeDuration(time.Second), TCP: &containerv1.ContainerProbeTCPProbe{},
		},
		PrivateNetworkID: &network,
		Tags:             []string{}, Command: []string{"run"}, Args: []string{},
		PublicEndpoint: "https://anamespacewithalongn" + ns.ID[:8] + "-web.functions.fnc.fr-par.scw.cloud",
		CreatedAt:      created.CreatedAt,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(containerv1.Container{}, "UpdatedAt")); diff != "" {
		t.Errorf("GetContainer(...): -want, +got:\n%s", diff)
	}

	updated := must(c.UpdateContainer(&containerv1.UpdateContainerRequest{
		ContainerID:         created.ID,
		HTTPSConnectionOnly: scw.BoolPtr(true),
		PrivateNetworkID:    scw.StringPtr(""),
		Command:             &[]string{},
		MinScale:            scw.Uint32Ptr(0),
		StartupProbe: &containerv1.UpdateContainerRequestProbe{
			FailureThreshold: scw.Uint32Ptr(3), HTTP: &containerv1.UpdateContainerRequestProbeHTTPProbe{Path: scw.StringPtr("/up")},
		},
	}))(t)
	if updated.Status != containerv1.ContainerStatusUpdating || updated.ErrorMessage != nil {
		t.Errorf("UpdateContainer(...): got status %q, error message %v", updated.Status, updated.ErrorMessage)
	}
	want = got
	want.HTTPSConnectionsOnly, want.PrivateNetworkID, want.Command = true, nil, []string{}
	want.StartupProbe = &containerv1.ContainerProbe{
		FailureThreshold: 3, Interval: scw.NewDurationFromTimeDuration(10 * time.Second),
		Timeout: scw.NewDurationFromTimeDuration(time.Second), HTTP: &containerv1.ContainerProbeHTTPProbe{Path: "/up"},
	}
	got = must(c.WaitForContainer(&containerv1.WaitForContainerRequest{ContainerID: created.ID, RetryInterval: soon}))(t)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(containerv1.Container{}, "UpdatedAt")); diff != "" {
		t.Errorf("UpdateContainer(...): only what is sent may change: -want, +got:\n%s", diff)
	}

	redeployed := must(c.RedeployContainer(&containerv1.RedeployContainerRequest{ContainerID: created.ID}))(t)
	if redeployed.Status != containerv1.ContainerStatusUpdating {
		t.Errorf("RedeployContainer(...): got status %q, want updating", redeployed.Status)
	}
	must(c.DeleteContainer(&containerv1.DeleteContainerRequest{ContainerID: created.ID}))(t)
	if _, err := c.GetContainer(&containerv1.GetContainerRequest{ContainerID: created.ID}); !isNotFound(err) {
		t.Errorf("GetContainer(...) of a deleted container: %v", err)
	}
}

func TestSDKTrigger(t *testing.T) {
	type want struct {
		created *containerv1.Trigger
		status  containerv1.TriggerStatus // Once updated.
		updated *containerv1.Trigger
		secret  string
	}
	defaultDestination := &containerv1.TriggerDestinationConfig{HTTPPath: "/", HTTPMethod: containerv1.TriggerDestinationConfigHTTPMethodPost}
	cases := map[string]struct {
		reason string
		create *containerv1.CreateTriggerRequest
		update *containerv1.UpdateTriggerRequest
		want   want
	}{
		"CronRenamed": {
			reason: "A new name does not deploy the trigger again, and null members of its config keep it.",
			create: &containerv1.CreateTriggerRequest{Name: "t", CronConfig: &containerv1.CreateTriggerRequestCronConfig{Schedule: "5 4 * * *", Timezone: "Europe/Paris"}},
			update: &containerv1.UpdateTriggerRequest{Name: scw.StringPtr("u"), CronConfig: &containerv1.UpdateTriggerRequestCronConfig{}},
			want: want{
				created: &containerv1.Trigger{
					Name: "t", SourceType: containerv1.TriggerSourceTypeCron, DestinationConfig: defaultDestination,
					CronConfig: &containerv1.TriggerCronConfig{Schedule: "5 4 * * *", Timezone: "Europe/Paris", Headers: map[string]string{}},
				},
				status: containerv1.TriggerStatusReady,
				updated: &containerv1.Trigger{
					Name: "u", SourceType: containerv1.TriggerSourceTypeCron, DestinationConfig: defaultDestination,
					CronConfig: &containerv1.TriggerCronConfig{Schedule: "5 4 * * *", Timezone: "Europe/Paris", Headers: map[string]string{}},
				},
			},
		},
		"SQS": {
			reason: "The secret key is kept when it is not sent, and never answered.",
			create: &containerv1.CreateTriggerRequest{Name: "t", SqsConfig: &containerv1.CreateTriggerRequestSQSConfig{
				Region: scw.RegionFrPar, Endpoint: "https://e", AccessKeyID: "id", SecretAccessKey: "secret", QueueURL: "https://q",
			}},
			update: &containerv1.UpdateTriggerRequest{
				SqsConfig:         &containerv1.UpdateTriggerRequestSQSConfig{QueueURL: scw.StringPtr("https://r")},
				DestinationConfig: &containerv1.UpdateTriggerRequestDestinationConfig{HTTPPath: scw.StringPtr("/p")},
			},
			want: want{
				created: &containerv1.Trigger{
					Name: "t", SourceType: containerv1.TriggerSourceTypeSqs, DestinationConfig: defaultDestination,
					SqsConfig: &containerv1.TriggerSQSConfig{Region: scw.RegionFrPar, Endpoint: "https://e", AccessKeyID: "id", QueueURL: "https://q"},
				},
				status: containerv1.TriggerStatusUpdating,
				updated: &containerv1.Trigger{
					Name: "t", SourceType: containerv1.TriggerSourceTypeSqs,
					DestinationConfig: &containerv1.TriggerDestinationConfig{HTTPPath: "/p", HTTPMethod: containerv1.TriggerDestinationConfigHTTPMethodPost},
					SqsConfig:         &containerv1.TriggerSQSConfig{Region: scw.RegionFrPar, Endpoint: "https://e", AccessKeyID: "id", QueueURL: "https://r"},
				},
				secret: "secret",
			},
		},
		"NATS": {
			reason: "The credentials are replaced, and never answered.",
			create: &containerv1.CreateTriggerRequest{Name: "t", NatsConfig: &containerv1.CreateTriggerRequestNATSConfig{
				ServerURLs: []string{"nats://n"}, Subject: "s", CredentialsFileContent: "old",
			}},
			update: &containerv1.UpdateTriggerRequest{NatsConfig: &containerv1.UpdateTriggerRequestNATSConfig{CredentialsFileContent: scw.StringPtr("new")}},
			want: want{
				created: &containerv1.Trigger{
					Name: "t", SourceType: containerv1.TriggerSourceTypeNats, DestinationConfig: defaultDestination,
					NatsConfig: &containerv1.TriggerNATSConfig{ServerURLs: []string{"nats://n"}, Subject: "s"},
				},
				status: containerv1.TriggerStatusUpdating,
				updated: &containerv1.Trigger{
					Name: "t", SourceType: containerv1.TriggerSourceTypeNats, DestinationConfig: defaultDestination,
					NatsConfig: &containerv1.TriggerNATSConfig{ServerURLs: []string{"nats://n"}, Subject: "s"},
				},
				secret: "new",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, c := newTestSDK(t)
			con := c.container(t, c.namespace(t, "ns").ID, "con")
			tc.create.ContainerID = con.ID
			created := must(c.CreateTrigger(tc.create))(t)
			for _, w := range []*containerv1.Trigger{tc.want.created, tc.want.updated} {
				w.ID, w.ContainerID, w.Tags = created.ID, con.ID, []string{}
				w.Status, w.ErrorMessage = containerv1.TriggerStatusReady, scw.StringPtr("")
			}
			wait := &containerv1.WaitForTriggerRequest{TriggerID: created.ID, RetryInterval: soon}
			ignoreTimes := cmpopts.IgnoreFields(containerv1.Trigger{}, "CreatedAt", "UpdatedAt")
			if diff := cmp.Diff(tc.want.created, must(c.WaitForTrigger(wait))(t), ignoreTimes); diff != "" {
				t.Errorf("\n%s\nCreateTrigger(...): -want, +got:\n%s", tc.reason, diff)
			}
			tc.update.TriggerID = created.ID
			updated := must(c.UpdateTrigger(tc.update))(t)
			if diff := cmp.Diff(tc.want.status, updated.Status); diff != "" {
				t.Errorf("\n%s\nUpdateTrigger(...): -want status, +got status:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want.updated, must(c.WaitForTrigger(wait))(t), ignoreTimes); diff != "" {
				t.Errorf("\n%s\nUpdateTrigger(...): -want, +got:\n%s", tc.reason, diff)
			}
			secret := ""
			switch kept := s.Triggers("fr-par")[0]; {
			case kept.SQSConfig != nil:
				secret = kept.SQSConfig.SecretAccessKey
			case kept.NATSConfig != nil:
				secret = kept.NATSConfig.CredentialsFileContent
			}
			if diff := cmp.Diff(tc.want.secret, secret); diff != "" {
				t.Errorf("\n%s\nUpdateTrigger(...): -want secret, +got secret:\n%s", tc.reason, diff)
			}
			must(c.DeleteTrigger(&containerv1.DeleteTriggerRequest{TriggerID: created.ID}))(t)
			if _, err := c.GetTrigger(&containerv1.GetTriggerRequest{TriggerID: created.ID}); !isNotFound(err) {
				t.Errorf("\n%s\nGetTrigger(...) of a deleted trigger: %v", tc.reason, err)
			}
		})
	}
}

func TestSDKDomain(t *testing.T) {
	_, c := newTestSDK(t)
	con := c.container(t, c.namespace(t, "ns").ID, "con")
	created := must(c.CreateDomain(&containerv1.CreateDomainRequest{ContainerID: con.ID, Hostname: "www.example.org"}))(t)
	got := must(c.WaitForDomain(&containerv1.WaitForDomainRequest{DomainID: created.ID, RetryInterval: soon}))(t)
	want := &containerv1.Domain{
		ID: created.ID, ContainerID: con.ID, Hostname: "www.example.org", Tags: []string{},
		Status: containerv1.DomainStatusReady, ErrorMessage: scw.StringPtr(""), CreatedAt: created.CreatedAt,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(containerv1.Domain{}, "UpdatedAt")); diff != "" {
		t.Errorf("GetDomain(...): -want, +got:\n%s", diff)
	}
	updated := must(c.UpdateDomain(&containerv1.UpdateDomainRequest{DomainID: created.ID, Tags: &[]string{"a"}}))(t)
	if diff := cmp.Diff([]string{"a"}, updated.Tags); diff != "" {
		t.Errorf("UpdateDomain(...): -want tags, +got tags:\n%s", diff)
	}
	must(c.DeleteDomain(&containerv1.DeleteDomainRequest{DomainID: created.ID}))(t)
	if _, err := c.GetDomain(&containerv1.GetDomainRequest{DomainID: created.ID}); !isNotFound(err) {
		t.Errorf("GetDomain(...) of a deleted domain: %v", err)
	}
}

func TestSDKToken(t *testing.T) {
	expiry := time.Now().Add(time.Hour).In(time.FixedZone("", 2*60*60)).Truncate(time.Second)
	cases := map[string]struct {
		reason string
		// request returns what to create for a namespace and container.
		request func(namespaceID, containerID string) *container.CreateTokenRequest
		claim   func(namespaceID, containerID string) ApplicationClaim
		expires *time.Time
	}{
		"Namespace": {
			reason: "A namespace's token names it, expires, and answers the expiry in UTC.",
			request: func(ns, _ string) *container.CreateTokenRequest {
				return &container.CreateTokenRequest{NamespaceID: &ns, Description: scw.StringPtr("text"), ExpiresAt: &expiry}
			},
			claim:   func(ns, _ string) ApplicationClaim { return ApplicationClaim{NamespaceID: ns} },
			expires: scw.TimePtr(expiry.UTC()),
		},
		"Container": {
			reason: "A container's token names only it, and never expires if not asked to.",
			request: func(_, con string) *container.CreateTokenRequest {
				return &container.CreateTokenRequest{ContainerID: &con, Description: scw.StringPtr("text")}
			},
			claim: func(_, con string) ApplicationClaim { return ApplicationClaim{ApplicationID: con} },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, c := newTestSDK(t)
			ns := c.namespace(t, "ns")
			con := c.container(t, ns.ID, "con")
			req := tc.request(ns.ID, con.ID)

			created := must(c.tokens.CreateToken(req))(t)
			want := &container.Token{
				ID: created.ID, NamespaceID: req.NamespaceID, ContainerID: req.ContainerID, Description: scw.StringPtr("text"),
				ExpiresAt: tc.expires, Status: container.TokenStatusCreating, Token: created.Token, PublicKey: created.PublicKey,
			}
			if diff := cmp.Diff(want, created); diff != "" {
				t.Errorf("\n%s\nCreateToken(...): -want, +got:\n%s", tc.reason, diff)
			}

			block, _ := pem.Decode([]byte(*created.PublicKey))
			public := must(x509.ParsePKCS1PublicKey(block.Bytes))(t)
			claims := jwt.MapClaims{}
			parsed, err := jwt.ParseWithClaims(created.Token, claims, func(*jwt.Token) (any, error) { return public, nil }, jwt.WithValidMethods([]string{"RS256"}))
			if err != nil {
				t.Fatalf("\n%s\njwt.Parse(...): the public key must verify the token: %v", tc.reason, err)
			}
			if diff := cmp.Diff(map[string]any{"alg": "RS256", "typ": "JWT"}, parsed.Header); diff != "" {
				t.Errorf("\n%s\njwt.Parse(...): -want header, +got header:\n%s", tc.reason, diff)
			}
			claim := tc.claim(ns.ID, con.ID)
			wantClaims := jwt.MapClaims{
				"application_claim": []any{map[string]any{"namespace_id": claim.NamespaceID, "application_id": claim.ApplicationID}},
				"version":           2.0, "aud": "functions", "iss": "SCALEWAY", "sub": "token", "jti": created.ID,
				"iat": claims["iat"], "nbf": claims["iat"],
			}
			if tc.expires != nil {
				wantClaims["exp"] = float64(tc.expires.Unix())
			}
			if diff := cmp.Diff(wantClaims, claims); diff != "" {
				t.Errorf("\n%s\njwt.Parse(...): -want claims, +got claims:\n%s", tc.reason, diff)
			}
			verified := must(s.VerifyToken(created.Token))(t)
			if diff := cmp.Diff([]ApplicationClaim{claim}, verified.ApplicationClaim); diff != "" {
				t.Errorf("\n%s\ns.VerifyToken(...): -want, +got:\n%s", tc.reason, diff)
			}

			want.Status, want.Token, want.PublicKey = container.TokenStatusReady, "<hidden>", scw.StringPtr("")
			got := must(c.tokens.WaitForToken(&container.WaitForTokenRequest{TokenID: created.ID, RetryInterval: soon}))(t)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nGetToken(...): -want, +got:\n%s", tc.reason, diff)
			}
			listed := must(c.tokens.ListTokens(&container.ListTokensRequest{NamespaceID: req.NamespaceID, ContainerID: req.ContainerID}))(t)
			if diff := cmp.Diff(&container.ListTokensResponse{Tokens: []*container.Token{want}, TotalCount: 1}, listed); diff != "" {
				t.Errorf("\n%s\nListTokens(...): -want, +got:\n%s", tc.reason, diff)
			}
			want.Status, want.Token = container.TokenStatusDeleting, ""
			deleted := must(c.tokens.DeleteToken(&container.DeleteTokenRequest{TokenID: created.ID}))(t)
			if diff := cmp.Diff(want, deleted); diff != "" {
				t.Errorf("\n%s\nDeleteToken(...): -want, +got:\n%s", tc.reason, diff)
			}
			_, err = c.tokens.GetToken(&container.GetTokenRequest{TokenID: created.ID})
			if diff := cmp.Diff("scaleway-sdk-go: http error 404 Not Found: Token was not found", fmt.Sprint(err)); diff != "" {
				t.Errorf("\n%s\nGetToken(...) of a deleted token: -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSigningKeys(t *testing.T) {
	s := NewTestServer(t)
	c := newSDK(t, s, s.NewKey(), scw.RegionFrPar)
	ns, other := c.namespace(t, "ns"), c.namespace(t, "other")
	con := c.container(t, ns.ID, "con")
	ofNamespace, ofOther := c.token(t, ns.ID), c.token(t, other.ID)
	ofContainer := must(c.tokens.CreateToken(&container.CreateTokenRequest{ContainerID: &con.ID}))(t)
	if *ofNamespace.PublicKey != *ofContainer.PublicKey {
		t.Error("CreateToken(...): a container's token must be signed by its namespace")
	}
	if *ofNamespace.PublicKey == *ofOther.PublicKey {
		t.Error("CreateToken(...): each namespace must have its own key")
	}

	parts, otherParts := strings.Split(ofNamespace.Token, "."), strings.Split(ofOther.Token, ".")
	forged := parts[0] + "." + parts[1] + "." + otherParts[2]
	if _, err := s.VerifyToken(forged); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		t.Errorf("s.VerifyToken(...) of a token with the signature of another: %v", err)
	}
}

func TestSDKErrors(t *testing.T) {
	type fixture struct {
		s   *Server
		ns  string
		con string
	}
	var (
		missing = uuid.NewString()
		hour    = time.Now().Add(time.Hour)
	)
	invalid := func(name, reason, help string) error {
		return &scw.InvalidArgumentsError{Details: []scw.InvalidArgumentsErrorDetail{{ArgumentName: name, Reason: reason, HelpMessage: help}}}
	}
	cases := map[string]struct {
		reason string
		call   func(c sdk, f fixture) error
		want   error
		text   string // Instead of want, where the SDK has no type.
	}{
		"UnknownNamespace": {
			reason: "A missing object is answered with its kind and ID.",
			call: func(c sdk, _ fixture) error {
				_, err := c.GetNamespace(&containerv1.GetNamespaceRequest{NamespaceID: missing})
				return err
			},
			want: &scw.ResourceNotFoundError{Resource: "namespace", ResourceID: missing},
		},
		"UnknownTokenParent": {
			reason: "A token cannot be created in a namespace that does not exist.",
			call: func(c sdk, _ fixture) error {
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &missing})
				return err
			},
			want: &scw.ResourceNotFoundError{Resource: "namespace", ResourceID: missing},
		},
		"NoTokenParent": {
			reason: "A token must have a parent.",
			call: func(c sdk, _ fixture) error {
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{ExpiresAt: &hour})
				return err
			},
			want: invalid("container_id", "required", "exactly one of container_id, namespace_id must be set"),
		},
		"TwoTokenParents": {
			reason: "A token cannot have two parents.",
			call: func(c sdk, f fixture) error {
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &f.ns, ContainerID: &f.con})
				return err
			},
			want: invalid("container_id", "constraint", "exactly one of container_id, namespace_id must be set"),
		},
		"PastExpiry": {
			reason: "A token cannot have expired when it is created.",
			call: func(c sdk, f fixture) error {
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &f.ns, ExpiresAt: scw.TimePtr(time.Now().Add(-time.Second))})
				return err
			},
			want: invalid("expires_at", "constraint", "must be in the future"),
		},
		"MalformedParent": {
			reason: "A parent that is not a UUID is not looked for.",
			call: func(c sdk, _ fixture) error {
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: scw.StringPtr("fr-par/" + missing)})
				return err
			},
			want: invalid("namespace_id", "format", "must be a valid UUID"),
		},
		"MalformedID": {
			reason: "An ID that is not a UUID is not looked for.",
			call: func(c sdk, _ fixture) error {
				_, err := c.tokens.GetToken(&container.GetTokenRequest{TokenID: "nope"})
				return err
			},
			want: invalid("id", "format", "must be a valid UUID"),
		},
		"UnknownRegion": {
			reason: "A region without Serverless Containers must not look like a missing object.",
			call: func(c sdk, _ fixture) error {
				_, err := c.GetNamespace(&containerv1.GetNamespaceRequest{Region: scw.RegionItMil, NamespaceID: missing})
				return err
			},
			want: invalid("region", "constraint", "must be one of fr-par, nl-ams, pl-waw"),
		},
		"PageSizeTooLarge": {
			reason: "Pages are limited.",
			call: func(c sdk, _ fixture) error {
				_, err := c.tokens.ListTokens(&container.ListTokensRequest{PageSize: scw.Uint32Ptr(101)})
				return err
			},
			want: invalid("page_size", "constraint", "must be from 1 to 100"),
		},
		"UnknownPrivacy": {
			reason: "Enums are checked.",
			call: func(c sdk, f fixture) error {
				_, err := c.UpdateContainer(&containerv1.UpdateContainerRequest{ContainerID: f.con, Privacy: "secret"})
				return err
			},
			want: invalid("privacy", "constraint", "unknown value secret"),
		},
		"TwoThresholds": {
			reason: "A container scales by one threshold.",
			call: func(c sdk, f fixture) error {
				_, err := c.UpdateContainer(&containerv1.UpdateContainerRequest{ContainerID: f.con, ScalingOption: &containerv1.ContainerScalingOption{
					CPUUsageThreshold: scw.Uint32Ptr(1), MemoryUsageThreshold: scw.Uint32Ptr(1),
				}})
				return err
			},
			want: invalid("scaling_option", "constraint", "exactly one threshold must be set"),
		},
		"NoTriggerSource": {
			reason: "A trigger must have a source.",
			call: func(c sdk, f fixture) error {
				_, err := c.CreateTrigger(&containerv1.CreateTriggerRequest{ContainerID: f.con, Name: "t"})
				return err
			},
			want: invalid("cron_config", "required", "exactly one of cron_config, sqs_config, nats_config must be set"),
		},
		"NameTaken": {
			reason: "The name of a namespace is unique in its project, and the SDK has no type for the refusal.",
			call: func(c sdk, _ fixture) error {
				_, err := c.CreateNamespace(&containerv1.CreateNamespaceRequest{Name: "ns"})
				return err
			},
			text: "scaleway-sdk-go: http error 409 Conflict: resource namespace: resource already exists",
		},
		"BadName": {
			reason: "The name of a namespace has a form, and the refusal has no type.",
			call: func(c sdk, _ fixture) error {
				_, err := c.CreateNamespace(&containerv1.CreateNamespaceRequest{Name: "1"})
				return err
			},
			text: "scaleway-sdk-go: http error 400 Bad Request: namespace name must begin with a letter, followed by letters, numbers or hyphens, and end with a letter or number",
		},
		"ForeignProject": {
			reason: "Nothing can be created in a project of another organization.",
			call: func(c sdk, f fixture) error {
				_, err := c.CreateNamespace(&containerv1.CreateNamespaceRequest{Name: "other", ProjectID: f.s.NewKey().ProjectID})
				return err
			},
			want: &scw.PermissionsDeniedError{Details: []struct {
				Resource string `json:"resource"`
				Action   string `json:"action"`
			}{{Resource: "namespace", Action: "write"}}},
		},
		"UpdateWhileUpdating": {
			reason: "An object that is going through a change refuses another.",
			call: func(c sdk, f fixture) error {
				if err := f.s.SetStatus(KindContainer, "fr-par", f.con, StatusUpdating, ""); err != nil {
					return err
				}
				_, err := c.UpdateContainer(&containerv1.UpdateContainerRequest{ContainerID: f.con})
				return err
			},
			want: &scw.TransientStateError{Resource: "container", ResourceID: "{con}", CurrentState: "updating"},
		},
		"CreateInDeleting": {
			reason: "Nothing can be created in a namespace that is being deleted.",
			call: func(c sdk, f fixture) error {
				if err := f.s.SetStatus(KindNamespace, "fr-par", f.ns, StatusDeleting, ""); err != nil {
					return err
				}
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &f.ns})
				return err
			},
			want: &scw.TransientStateError{Resource: "namespace", ResourceID: "{ns}", CurrentState: "deleting"},
		},
		"QuotasExceeded": {
			reason: "An error that a fault answers reaches the client as its type.",
			call: func(c sdk, f fixture) error {
				e := QuotasExceeded("containers", 10, 10)
				f.s.Inject(Fault{Method: http.MethodPost, Route: RouteContainers, Status: e.Status, Body: e.Body})
				_, err := c.CreateContainer(&containerv1.CreateContainerRequest{NamespaceID: f.ns, Name: "more", Image: "i"})
				return err
			},
			want: &scw.QuotasExceededError{Details: []scw.QuotasExceededErrorDetail{{Resource: "containers", Quota: 10, Current: 10}}},
		},
		"RevokedKey": {
			reason: "A revoked key is unknown.",
			call: func(c sdk, f fixture) error {
				f.s.RevokeKey(c.key.SecretKey)
				_, err := c.GetNamespace(&containerv1.GetNamespaceRequest{NamespaceID: f.ns})
				return err
			},
			want: &scw.DeniedAuthenticationError{Method: "api_key", Reason: "not_found"},
		},
		"TokenCreationDisabled": {
			reason: "The switch for the end of tokens refuses new ones.",
			call: func(c sdk, f fixture) error {
				f.s.DisableTokenCreation(nil)
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &f.ns})
				return err
			},
			text: "scaleway-sdk-go: http error 403 Forbidden: token creation has been disabled",
		},
		"TokenCreationDisabledWithAnswer": {
			reason: "The answer of the switch can be chosen.",
			call: func(c sdk, f fixture) error {
				f.s.DisableTokenCreation(PermissionsDenied("write", "token"))
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &f.ns})
				return err
			},
			want: &scw.PermissionsDeniedError{Details: []struct {
				Resource string `json:"resource"`
				Action   string `json:"action"`
			}{{Resource: "token", Action: "write"}}},
		},
		"TokenCreationEnabledAgain": {
			reason: "The switch can be undone.",
			call: func(c sdk, f fixture) error {
				f.s.DisableTokenCreation(nil)
				f.s.EnableTokenCreation()
				_, err := c.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &f.ns})
				return err
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, c := newTestSDK(t)
			f := fixture{s: s}
			f.ns = c.namespace(t, "ns").ID
			f.con = c.container(t, f.ns, "con").ID
			err := tc.call(c, f)
			if tc.text != "" {
				if diff := cmp.Diff(tc.text, fmt.Sprint(err)); diff != "" {
					t.Errorf("\n%s\n-want error, +got error:\n%s", tc.reason, diff)
				}
				return
			}
			if ts := (*scw.TransientStateError)(nil); errors.As(tc.want, &ts) {
				ts.ResourceID = strings.NewReplacer("{ns}", f.ns, "{con}", f.con).Replace(ts.ResourceID)
			}
			rawBody := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".RawBody" }, cmp.Ignore())
			if diff := cmp.Diff(tc.want, err, rawBody); diff != "" {
				t.Errorf("\n%s\n-want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSDKWithoutKey(t *testing.T) {
	s := NewTestServer(t)
	client := must(scw.NewClient(scw.WithAPIURL(s.URL()), scw.WithoutAuth(), scw.WithDefaultRegion(scw.RegionFrPar)))(t)
	_, err := containerv1.NewAPI(client).GetNamespace(&containerv1.GetNamespaceRequest{NamespaceID: uuid.NewString()})
	want := "scaleway-sdk-go: denied authentication: invalid API key format or empty value"
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("GetNamespace(...): -want error, +got error:\n%s", diff)
	}
}

func TestSDKLists(t *testing.T) {
	s, c := newTestSDK(t)
	ns, other := c.namespace(t, "ns"), c.namespace(t, "other")
	var ids []string
	for range 45 {
		ids = append(ids, c.token(t, ns.ID).ID)
	}
	ofOther := c.token(t, other.ID).ID
	web, app := c.container(t, ns.ID, "web"), c.container(t, ns.ID, "app")
	elsewhere := c.container(t, other.ID, "web")

	foreign := newSDK(t, s, s.NewKey(), scw.RegionFrPar)
	foreign.token(t, foreign.namespace(t, "ns").ID)
	dutch := newSDK(t, s, c.key, scw.RegionNlAms)
	dutch.token(t, dutch.namespace(t, "ns").ID)

	tokens := func(req *container.ListTokensRequest, opts ...scw.RequestOption) func(*testing.T) ([]string, uint64) {
		return func(t *testing.T) ([]string, uint64) {
			t.Helper()
			res := must(c.tokens.ListTokens(req, opts...))(t)
			var got []string
			for _, tok := range res.Tokens {
				got = append(got, tok.ID)
			}
			return got, uint64(res.TotalCount)
		}
	}
	containers := func(req *containerv1.ListContainersRequest) func(*testing.T) ([]string, uint64) {
		return func(t *testing.T) ([]string, uint64) {
			t.Helper()
			res := must(c.ListContainers(req))(t)
			var got []string
			for _, con := range res.Containers {
				got = append(got, con.ID)
			}
			return got, res.TotalCount
		}
	}
	reversed := func(in []string) []string {
		var out []string
		for _, id := range in {
			out = append([]string{id}, out...)
		}
		return out
	}

	cases := map[string]struct {
		reason string
		list   func(*testing.T) ([]string, uint64)
		want   []string
		total  uint64
	}{
		"FirstPage": {
			reason: "A list has pages, and tells how many objects there are in all.",
			list:   tokens(&container.ListTokensRequest{NamespaceID: &ns.ID}),
			want:   ids[:20], total: 45,
		},
		"LastPage": {
			reason: "The last page has the rest.",
			list:   tokens(&container.ListTokensRequest{NamespaceID: &ns.ID, Page: scw.Int32Ptr(5), PageSize: scw.Uint32Ptr(10)}),
			want:   ids[40:], total: 45,
		},
		"PageAfterLast": {
			reason: "A page after the last is empty.",
			list:   tokens(&container.ListTokensRequest{NamespaceID: &ns.ID, Page: scw.Int32Ptr(9)}),
			total:  45,
		},
		"AllPages": {
			reason: "The SDK gets all pages, of this tenant and region only.",
			list:   tokens(&container.ListTokensRequest{PageSize: scw.Uint32Ptr(7)}, scw.WithAllPages()),
			want:   append(ids[:45:45], ofOther), total: 46,
		},
		"NewestFirst": {
			reason: "A list can be reversed.",
			list:   tokens(&container.ListTokensRequest{OrderBy: container.ListTokensRequestOrderByCreatedAtDesc, PageSize: scw.Uint32Ptr(100)}),
			want:   append([]string{ofOther}, reversed(ids)...), total: 46,
		},
		"TokensOfContainer": {
			reason: "A container without tokens has an empty list.",
			list:   tokens(&container.ListTokensRequest{ContainerID: &web.ID}),
		},
		"ContainersByName": {
			reason: "Containers are filtered by their exact name.",
			list:   containers(&containerv1.ListContainersRequest{Name: scw.StringPtr("web")}),
			want:   []string{web.ID, elsewhere.ID}, total: 2,
		},
		"ContainersSortedByName": {
			reason: "Containers of a namespace can be sorted by name.",
			list:   containers(&containerv1.ListContainersRequest{NamespaceID: &ns.ID, OrderBy: containerv1.ListContainersRequestOrderByNameAsc}),
			want:   []string{app.ID, web.ID}, total: 2,
		},
		"ContainersOfOtherProject": {
			reason: "A project without containers has an empty list.",
			list:   containers(&containerv1.ListContainersRequest{ProjectID: scw.StringPtr(uuid.NewString())}),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, total := tc.list(t)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.total, total); diff != "" {
				t.Errorf("\n%s\n-want total count, +got total count:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSDKNamespaceNameFilter(t *testing.T) {
	cases := map[string]struct {
		reason string
		opts   []Option
		want   int
	}{
		"Ignored": {reason: "As recorded, the name filter does nothing.", want: 2},
		"Honoured": {
			reason: "The option makes the name filter work.",
			opts:   []Option{WithNamespaceNameFilter()},
			want:   1,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, c := newTestSDK(t, tc.opts...)
			c.namespace(t, "a")
			c.namespace(t, "b")
			res := must(c.ListNamespaces(&containerv1.ListNamespacesRequest{Name: scw.StringPtr("a")}))(t)
			if diff := cmp.Diff(tc.want, len(res.Namespaces)); diff != "" {
				t.Errorf("\n%s\nListNamespaces(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSDKIsolation(t *testing.T) {
	s, c := newTestSDK(t)
	ns := c.namespace(t, "ns")
	tok := c.token(t, ns.ID)
	second := s.NewKey()
	second.OrganizationID = c.key.OrganizationID
	s.AddKey(second)

	cases := map[string]struct {
		reason    string
		client    sdk
		wantFound bool
	}{
		"SecondKey":   {reason: "All keys of an organization reach its objects.", client: newSDK(t, s, second, scw.RegionFrPar), wantFound: true},
		"OtherTenant": {reason: "An object of another organization is not found.", client: newSDK(t, s, s.NewKey(), scw.RegionFrPar)},
		"OtherRegion": {reason: "An object of another region is not found.", client: newSDK(t, s, c.key, scw.RegionNlAms)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := tc.client.GetNamespace(&containerv1.GetNamespaceRequest{NamespaceID: ns.ID}); isNotFound(err) == tc.wantFound {
				t.Errorf("\n%s\nGetNamespace(...): %v", tc.reason, err)
			}
			if _, err := tc.client.tokens.GetToken(&container.GetTokenRequest{TokenID: tok.ID}); (statusOf(err) == http.StatusNotFound) == tc.wantFound {
				t.Errorf("\n%s\nGetToken(...): %v", tc.reason, err)
			}
			if _, err := tc.client.tokens.CreateToken(&container.CreateTokenRequest{NamespaceID: &ns.ID}); isNotFound(err) == tc.wantFound {
				t.Errorf("\n%s\nCreateToken(...): %v", tc.reason, err)
			}
			if tc.wantFound {
				return
			}
			if _, err := tc.client.tokens.DeleteToken(&container.DeleteTokenRequest{TokenID: tok.ID}); statusOf(err) != http.StatusNotFound {
				t.Errorf("\n%s\nDeleteToken(...): %v", tc.reason, err)
			}
		})
	}
}
