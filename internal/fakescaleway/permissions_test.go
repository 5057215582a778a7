// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// TestPermissions is about what keys that the API has issued may do in IAM.
func TestPermissions(t *testing.T) {
	type want struct {
		ReadApplications, WriteApplications, ReadPolicies, WritePolicies, ReadKeys, WriteKeys, KeysOfUsers bool
	}

	all := want{true, true, true, true, true, true, true}

	cases := map[string]struct {
		reason string
		rules  func(k Key) []*iam.RuleSpecs
		want   want
	}{
		"None": {
			reason: "A key without a policy may do nothing.",
			rules:  func(Key) []*iam.RuleSpecs { return nil },
		},
		"Containers": {
			reason: "What is permitted in a project says nothing of the organization.",
			rules: func(k Key) []*iam.RuleSpecs {
				return []*iam.RuleSpecs{rule(k.ProjectID, "ContainersFullAccess", "ContainersPrivateAccess", "AllProductsFullAccess")}
			},
		},
		"Conditional": {
			reason: "No condition is fulfilled here.",
			rules: func(k Key) []*iam.RuleSpecs {
				r := organizationRule(k, "IAMManager")
				r.Condition = "request.ip == '192.0.2.1'"

				return []*iam.RuleSpecs{r}
			},
		},
		"ReadOnly": {
			reason: "To read is not to write.",
			rules:  func(k Key) []*iam.RuleSpecs { return []*iam.RuleSpecs{organizationRule(k, "IAMReadOnly")} },
			want:   want{ReadApplications: true, ReadPolicies: true, ReadKeys: true},
		},
		"Applications": {
			reason: "Applications and their keys are one permission set, policies and the keys of users are others.",
			rules:  func(k Key) []*iam.RuleSpecs { return []*iam.RuleSpecs{organizationRule(k, "IAMApplicationManager")} },
			want:   want{ReadApplications: true, WriteApplications: true, ReadKeys: true, WriteKeys: true},
		},
		"Policies": {
			reason: "Policies are a permission set of their own.",
			rules:  func(k Key) []*iam.RuleSpecs { return []*iam.RuleSpecs{organizationRule(k, "IAMPolicyManager")} },
			want:   want{ReadPolicies: true, WritePolicies: true},
		},
		"ApplicationsAndPolicies": {
			reason: "Two rules give what both allow.",
			rules: func(k Key) []*iam.RuleSpecs {
				return []*iam.RuleSpecs{organizationRule(k, "IAMApplicationManager"), organizationRule(k, "IAMPolicyManager")}
			},
			want: want{ReadApplications: true, WriteApplications: true, ReadPolicies: true, WritePolicies: true, ReadKeys: true, WriteKeys: true},
		},
		"Manager": {
			reason: "The manager of IAM may do all of it.",
			rules:  func(k Key) []*iam.RuleSpecs { return []*iam.RuleSpecs{organizationRule(k, "IAMManager")} },
			want:   all,
		},
		"OrganizationManager": {
			reason: "So may that of the organization.",
			rules:  func(k Key) []*iam.RuleSpecs { return []*iam.RuleSpecs{organizationRule(k, "OrganizationManager")} },
			want:   all,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, owner := newTestSDK(t)
			other, user := owner.application(t, "other"), uuid.NewString()
			existing := must(owner.iam.CreatePolicy(&iam.CreatePolicyRequest{Name: "other", ApplicationID: &other.ID}))(t)
			ofUser := must(owner.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{UserID: &user}))(t)

			app := owner.application(t, "app").ID
			if rules := tc.rules(owner.key); rules != nil {
				must(owner.iam.CreatePolicy(&iam.CreatePolicyRequest{Name: "p", ApplicationID: &app, Rules: rules}))(t)
			}
			issued := owner.apiKey(t, app)
			c := newSDK(t, s, Key{issued.AccessKey, *issued.SecretKey, owner.key.OrganizationID, owner.key.ProjectID}, scw.RegionFrPar)

			// may says whether all of some requests are permitted, or none is.
			may := func(what string, errs ...error) bool {
				permitted := 0
				for i, err := range errs {
					denied := &scw.PermissionsDeniedError{}
					switch {
					case err == nil:
						permitted++
					case !errors.As(err, &denied) && !isNotFound(err):
						t.Errorf("\n%s\n%s, request %d: got %v, want it to be answered, or to be refused for want of permissions", tc.reason, what, i, err)
					}
				}
				if permitted != 0 && permitted != len(errs) {
					t.Errorf("\n%s\n%s: %d of %d requests are permitted: %v", tc.reason, what, permitted, len(errs), errs)
				}
				return permitted > 0
			}

			var got want
			_, err1 := c.iam.ListApplications(&iam.ListApplicationsRequest{})
			_, err2 := c.iam.GetApplication(&iam.GetApplicationRequest{ApplicationID: other.ID})
			got.ReadApplications = may("read applications", err1, err2)

			_, err1 = c.iam.CreateApplication(&iam.CreateApplicationRequest{Name: "made"})
			_, err2 = c.iam.UpdateApplication(&iam.UpdateApplicationRequest{ApplicationID: other.ID, Name: scw.StringPtr("renamed")})
			got.WriteApplications = may("write applications", err1, err2)

			_, err1 = c.iam.ListPolicies(&iam.ListPoliciesRequest{})
			_, err2 = c.iam.ListRules(&iam.ListRulesRequest{PolicyID: existing.ID})
			got.ReadPolicies = may("read policies", err1, err2)

			_, err1 = c.iam.CreatePolicy(&iam.CreatePolicyRequest{Name: "made", ApplicationID: &other.ID})
			_, err2 = c.iam.SetRules(&iam.SetRulesRequest{PolicyID: existing.ID, Rules: []*iam.RuleSpecs{organizationRule(owner.key, "IAMReadOnly")}})
			err3 := c.iam.DeletePolicy(&iam.DeletePolicyRequest{PolicyID: existing.ID})
			got.WritePolicies = may("write policies", err1, err2, err3)

			listed, err1 := c.iam.ListAPIKeys(&iam.ListAPIKeysRequest{})
			_, err2 = c.iam.GetAPIKey(&iam.GetAPIKeyRequest{AccessKey: issued.AccessKey})
			got.ReadKeys = may("read API keys", err1, err2)

			_, err1 = c.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{ApplicationID: &other.ID})
			_, err2 = c.iam.UpdateAPIKey(&iam.UpdateAPIKeyRequest{AccessKey: issued.AccessKey, Description: scw.StringPtr("changed")})
			got.WriteKeys = may("write API keys", err1, err2)

			if got.ReadKeys {
				seen := 0
				for _, k := range listed.APIKeys {
					if k.AccessKey == ofUser.AccessKey {
						seen++
					}
				}
				if _, err := c.iam.GetAPIKey(&iam.GetAPIKeyRequest{AccessKey: ofUser.AccessKey}); (err == nil) != (seen == 1) {
					t.Errorf("\n%s\nthe key of a user is listed %d times, and reading it says %v", tc.reason, seen, err)
				}
			}
			_, err1 = c.iam.CreateAPIKey(&iam.CreateAPIKeyRequest{UserID: &user})
			_, err2 = c.iam.UpdateAPIKey(&iam.UpdateAPIKeyRequest{AccessKey: ofUser.AccessKey, Description: scw.StringPtr("changed")})
			err3 = c.iam.DeleteAPIKey(&iam.DeleteAPIKeyRequest{AccessKey: ofUser.AccessKey})
			got.KeysOfUsers = may("write the keys of users", err1, err2, err3)

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nwhat the key may do: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// organizationRule returns a rule for the organization of a key.
func organizationRule(k Key, names ...string) *iam.RuleSpecs {
	return &iam.RuleSpecs{PermissionSetNames: &names, OrganizationID: &k.OrganizationID}
}
