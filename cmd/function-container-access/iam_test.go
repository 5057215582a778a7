// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/google/go-cmp/cmp"
)

const (
	platformIAM   = "ClusterProviderConfig/platform-iam"
	teamsOwn      = "ProviderConfig/default"
	application   = "33333333-3333-4333-8333-333333333333"
	other         = "44444444-4444-4444-8444-444444444444"
	otherProject  = "55555555-5555-4555-8555-555555555555"
	withSelector  = "by selector"
	ownersSettled = "The Secret holds the value of the ApiKey."
)

// separate has the platform's credentials make API keys, for one project.
func (c *cluster) separate() *cluster {
	c.required[requirementIAM] = object{"apiVersion": configAPI, "kind": kindClusterProviderConfig, "metadata": object{"name": "platform-iam"}}

	return c.separateInput("platform-iam")
}

func (c *cluster) separateInput(name string) *cluster {
	c.input["iam"] = object{"providerConfigRef": object{"name": name}, "projects": object{"team-a": []any{project}}}
	return c
}

// created gives an object its ID at Scaleway.
func (c *cluster) created(n resource.Name, id string) *cluster {
	c.t.Helper()

	metadata := c.objects[n]["metadata"].(object)

	annotations := annotationsOf(c.objects[n])
	if annotations == nil {
		annotations = object{}
	}

	annotations[annotationExternalName] = id
	metadata["annotations"] = annotations

	return c
}

// works has all parts of the access made and Ready.
func (c *cluster) works() *cluster {
	c.t.Helper()

	return c.run().created(nameApplication, application).run().ready(nameApplication, namePolicy, nameAPIKey).run()
}

// namespaceAccess is access to a container namespace of whose project all is known.
func namespaceAccess(t *testing.T) *cluster {
	t.Helper()

	return newCluster(t, object{"to": object{"namespaceName": "reports"}}).has(nameNamespace, object{"projectId": project})
}

// part says with what an object is managed, and for which application.
func (c *cluster) part(n resource.Name) string {
	o, ok := c.objects[n]
	if !ok {
		return ""
	}

	spec, _ := o["spec"].(object)
	ref, _ := spec["providerConfigRef"].(object)
	forProvider, _ := spec["forProvider"].(object)

	s := fmt.Sprintf("%v/%v", ref["kind"], ref["name"])
	if forProvider["applicationIdSelector"] != nil {
		s += " " + withSelector
	}

	for _, field := range []string{"applicationId", "defaultProjectId"} {
		if v, ok := forProvider[field]; ok {
			s += fmt.Sprintf(" %v", v)
		}
	}

	if rules, ok := forProvider["rule"].([]any); ok {
		s += fmt.Sprintf(" %v", rules[0].(object)["projectIds"])
	}

	return s
}

// fatal is why nothing is changed, or "".
func (c *cluster) fatal() string {
	for _, r := range c.rsp.GetResults() {
		if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
			return r.GetMessage()
		}
	}

	return ""
}

// TestIAM is about who makes what is in IAM.
func TestIAM(t *testing.T) {
	type want struct {
		Application, Policy, APIKey, Observer, Token string

		Message, Fatal string
		Value          string
	}

	made := want{
		Application: platformIAM,
		Policy:      platformIAM + " " + application + " [" + project + "]",
		APIKey:      platformIAM + " " + application + " " + project,
		Message:     ownersSettled, Value: "api-key 1",
	}
	before := want{
		Application: teamsOwn,
		Policy:      teamsOwn + " " + withSelector + " [" + project + "]",
		APIKey:      teamsOwn + " " + withSelector,
		Message:     ownersSettled, Value: "api-key 1",
	}
	with := func(w want, change func(*want)) want {
		change(&w)
		return w
	}

	cases := map[string]struct {
		reason string
		make   func(t *testing.T) *cluster
		want   want
	}{
		"Team": {
			reason: "Without iam everything is made with the team's own credentials, as before there was a choice.",
			make:   func(t *testing.T) *cluster { t.Helper(); return namespaceAccess(t).works() },
			want:   before,
		},
		"Separate": {
			reason: "Only what is in IAM is made with the platform's credentials, for the very application that was made.",
			make:   func(t *testing.T) *cluster { t.Helper(); return namespaceAccess(t).separate().works() },
			want:   made,
		},
		"SeparateClaim": {
			reason: "The namespace of a claim is that of who asks.",
			make:   func(t *testing.T) *cluster { t.Helper(); return namespaceAccess(t).claim().separate().works() },
			want:   made,
		},
		"SeparateByID": {
			reason: "What is only looked at is looked at with the team's credentials.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := newCluster(t, object{"to": object{"namespaceId": theID}}).separate().run()
				c.objects[nameNamespace]["status"] = object{"atProvider": object{"projectId": project}}

				return c.works()
			},
			want: with(made, func(w *want) { w.Observer = teamsOwn }),
		},
		"SeparateToken": {
			reason: "A token is no matter of IAM.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate()
				c.spec()["mechanism"] = "token"

				return c.run().ready(nameToken).run()
			},
			want: want{Token: teamsOwn, Message: "The Secret holds the value of the Token.", Value: "token 1"},
		},
		"ApplicationFirst": {
			reason: "Until the application has an ID nothing can be for it.",
			make:   func(t *testing.T) *cluster { t.Helper(); return namespaceAccess(t).separate().run() },
			want:   want{Application: platformIAM, Message: "The Application reporting-application is not Ready yet."},
		},
		"ApplicationRefused": {
			reason: "Why the first part is refused is what is said, not that the others are missing.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separate().run().refuse(nameApplication, "insufficient permissions").run()
			},
			want: want{Application: platformIAM, Message: "The Application reporting-application is not Synced (ReconcileError): insufficient permissions."},
		},
		"ConfigMissing": {
			reason: "A name that is misspelt is said before anything is made with it, so that it can be put right.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separateInput("platform-aim").run()
			},
			want: want{Message: `There is no ClusterProviderConfig "platform-aim", which iam.providerConfigRef of the Composition's function input names.`},
		},
		"ConfigAppears": {
			reason: "Once it is put right it goes on.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separateInput("platform-aim").run().separate().works()
			},
			want: made,
		},
		"ForeignProject": {
			reason: "Whoever asks can write into the object that tells the project: the platform's key opens only what the platform has said.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).has(nameNamespace, object{"projectId": otherProject}).separate().run()
			},
			want: want{Message: `The project "` + otherProject + `", in which what spec.to names is said to be, is not among those that iam.projects of the Composition's function input has for the namespace "team-a".`},
		},
		"ForeignNamespace": {
			reason: "What one namespace may open another may not.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate()
				c.xr["metadata"].(object)["namespace"] = "team-b"

				return c.run()
			},
			want: want{Message: `The project "` + project + `", in which what spec.to names is said to be, is not among those that iam.projects of the Composition's function input has for the namespace "team-b".`},
		},
		"ProjectForgedLater": {
			reason: "The Policy that there is keeps its project.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separate().works().has(nameNamespace, object{"projectId": otherProject}).run()
			},
			want: made,
		},
		"ProjectForgedMidway": {
			reason: "No key is made that no policy is for.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separate().run().has(nameNamespace, object{"projectId": otherProject}).
					created(nameApplication, application).run()
			},
			want: want{Application: platformIAM, Message: "The Application reporting-application is not Ready yet."},
		},
		"IDIsNone": {
			reason: "An external name that is no ID of an application is not one to make a key for.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separate().run().created(nameApplication, "reporting").run()
			},
			want: want{Application: platformIAM, Message: "The Application reporting-application is not Ready yet."},
		},
		"Upgrade": {
			reason: "What exists is managed as it was made, and is not made again. It says so.",
			make:   func(t *testing.T) *cluster { t.Helper(); return namespaceAccess(t).works().separate().run() },
			want: with(before, func(w *want) {
				w.Message += ` Its Application, Policy and ApiKey are managed with the ProviderConfig "default", as they were made, and not with the ClusterProviderConfig "platform-iam" that the Composition names.`
			}),
		},
		"UpgradeMidway": {
			reason: "What was begun is finished as it was begun.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).run()
				delete(c.objects, namePolicy)
				delete(c.objects, nameAPIKey)

				return c.separate().run().ready(nameApplication, namePolicy, nameAPIKey).run()
			},
			want: with(before, func(w *want) {
				w.Message += ` Its Application, Policy and ApiKey are managed with the ProviderConfig "default", as they were made, and not with the ClusterProviderConfig "platform-iam" that the Composition names.`
			}),
		},
		"PointedElsewhere": {
			reason: "An administrator who points what exists at other credentials is not contradicted. The key stays the same.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).works().separate()
				for _, part := range iamParts {
					c.objects[part.name]["spec"].(object)["providerConfigRef"] = object{"kind": "ClusterProviderConfig", "name": "platform-iam"}
				}

				return c.run()
			},
			want: with(before, func(w *want) {
				w.Application = platformIAM
				w.Policy = platformIAM + " " + withSelector + " [" + project + "]"
				w.APIKey = platformIAM + " " + withSelector
			}),
		},
		"TakenAway": {
			reason: "Without iam in the Composition any more, the key is not handed to credentials that cannot manage it.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate().works()
				delete(c.input, "iam")

				return c.run()
			},
			want: with(made, func(w *want) {
				w.Message += ` Its Application, Policy and ApiKey are managed with the ClusterProviderConfig "platform-iam", as they were made, and not with the ProviderConfig "default" that the Composition names.`
			}),
		},
		"TeamsOwnRenamed": {
			reason: "Where there is one for all, what exists follows the Composition, as ever.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).works()
				c.input["providerConfigRef"] = object{"kind": "ProviderConfig", "name": "renamed"}

				return c.run()
			},
			want: with(before, func(w *want) {
				w.Application = "ProviderConfig/renamed"
				w.Policy = strings.Replace(w.Policy, "default", "renamed", 1)
				w.APIKey = strings.Replace(w.APIKey, "default", "renamed", 1)
			}),
		},
		"Planted": {
			reason: "An application of whoever asks, with an ID of his choice, is not managed with the platform's credentials.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate()
				c.objects[nameApplication] = object{
					"apiVersion": iamAPI, "kind": kindApplication,
					"metadata": object{"name": "planted", "namespace": "team-a", "annotations": object{annotationExternalName: other}},
					"spec":     object{"providerConfigRef": object{"kind": "ProviderConfig", "name": "default"}},
				}

				return c.run()
			},
			want: want{
				Application: teamsOwn,
				Policy:      teamsOwn + " " + withSelector + " [" + project + "]",
				APIKey:      teamsOwn + " " + withSelector,
				Message: "The ApiKey reporting-api-key is not Ready yet." +
					` Its Application, Policy and ApiKey are managed with the ProviderConfig "default", as they were made, and not with the ClusterProviderConfig "platform-iam" that the Composition names.`,
			},
		},
		"PlantedLater": {
			reason: "Nor does one take the place of the application that was made.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate().works()
				c.objects[nameApplication]["spec"].(object)["providerConfigRef"] = object{"kind": "ProviderConfig", "name": "default"}
				c.created(nameApplication, other)

				return c.run()
			},
			want: with(made, func(w *want) {
				w.Application, w.Message = teamsOwn, ""
				w.Fatal = `the Policy "reporting-policy" is managed with the ClusterProviderConfig "platform-iam", and another part of the access with the ProviderConfig "default": all must be managed with the same. Delete what this access has not composed, or have an administrator point all to one`
			}),
		},
		"PlantedKind": {
			reason: "Nor is what is no application one.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate()
				c.objects[nameApplication] = object{
					"apiVersion": "iam.example.org/v1beta1", "kind": kindApplication,
					"metadata": object{"name": "planted", "namespace": "team-a", "annotations": object{annotationExternalName: other}},
					"spec":     object{"providerConfigRef": object{"kind": "ClusterProviderConfig", "name": "platform-iam"}},
				}

				return c.run()
			},
			want: want{
				Application: platformIAM,
				Fatal:       `what is composed as "application" is the Application "planted" of iam.example.org/v1beta1, and not of the kind Application of iam.scaleway.m.crossplane.io/v1beta1: somebody has put it there. Delete it, or take its annotation crossplane.io/composition-resource-name away`,
			},
		},
		"PlantedSibling": {
			reason: "Nor is another kind of IAM.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				c := namespaceAccess(t).separate()
				c.objects[nameApplication] = object{
					"apiVersion": iamAPI, "kind": "Group",
					"metadata": object{"name": "planted", "namespace": "team-a", "annotations": object{annotationExternalName: other}},
					"spec":     object{"providerConfigRef": object{"kind": "ClusterProviderConfig", "name": "platform-iam"}},
				}

				return c.run()
			},
			want: want{
				Application: platformIAM,
				Fatal:       `what is composed as "application" is the Group "planted" of iam.scaleway.m.crossplane.io/v1beta1, and not of the kind Application of iam.scaleway.m.crossplane.io/v1beta1: somebody has put it there. Delete it, or take its annotation crossplane.io/composition-resource-name away`,
			},
		},
		"ApplicationMadeAgain": {
			reason: "The policy follows the application. The key is that of the one that is gone, and says so itself.",
			make: func(t *testing.T) *cluster {
				t.Helper()

				return namespaceAccess(t).separate().works().created(nameApplication, other).run()
			},
			want: with(made, func(w *want) { w.Policy = platformIAM + " " + other + " [" + project + "]" }),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := tc.make(t)
			got := want{
				Application: c.part(nameApplication), Policy: c.part(namePolicy), APIKey: c.part(nameAPIKey),
				Observer: c.part(nameNamespace), Token: c.part(nameToken), Fatal: c.fatal(), Value: c.published(keyToken),
			}
			_, got.Message = c.settled()

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMoveSeparate moves an access from a token to an API key of the platform's making.
func TestMoveSeparate(t *testing.T) {
	c := namespaceAccess(t).separate()
	c.spec()["mechanism"] = "token"
	c.run().ready(nameToken).run()
	c.expect("the token is handed out", "token 1", reasonSettled, true)

	c.spec()["mechanism"] = "iam"
	delete(c.required, requirementIAM)
	c.run()
	c.expect("there is nobody to make a key", "token 1", reasonMoving, true)

	if _, message := c.settled(); !strings.Contains(message, `there is no ClusterProviderConfig "platform-iam"`) {
		t.Errorf("why it does not move should be said: %s", message)
	}

	c.separate().run()
	c.expect("the application is made", "token 1", reasonMoving, true)

	c.created(nameApplication, application).run().ready(nameApplication, namePolicy, nameAPIKey).run()
	c.expect("Scaleway is given time", "token 1", reasonMoving, true)

	c.pass(61e9).run()
	c.expect("the key is handed out", "api-key 2", reasonGrace, true)

	c.pass(3601e9).run()
	c.expect("the token goes", "api-key 2", reasonSettled, false)

	if got := c.part(nameAPIKey); !strings.HasPrefix(got, platformIAM) {
		t.Errorf("the key should be managed with %s, not %s", platformIAM, got)
	}
}
