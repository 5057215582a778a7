// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	project  = "22222222-2222-4222-8222-222222222222"
	endpoint = "https://reports.functions.fnc.fr-par.scw.cloud"
	theID    = "fr-par/11111111-1111-4111-8111-111111111111"
)

// A cluster does what Crossplane and the provider would: it keeps what the function
// desires, makes it Ready when it is told to, and runs the function on what there is.
type cluster struct {
	t   *testing.T
	now time.Time

	xr       object
	input    object
	objects  map[resource.Name]object
	values   map[resource.Name]string
	required map[string]object

	// details of a composite that a claim asks for.
	details map[string]string

	// loseStatus has the status not written after everything else was.
	loseStatus bool

	minted  int
	rsp     *fnv1.RunFunctionResponse
	claimed bool
}

func newCluster(t *testing.T, spec object) *cluster {
	t.Helper()

	return &cluster{
		t: t, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
		xr: object{
			"apiVersion": "platform.example.org/v1alpha1", "kind": "ContainerAccess",
			"metadata": object{"namespace": "team-a", "name": "reporting", "uid": "0a1b2c3d-0000-4000-8000-000000000000"},
			"spec":     spec,
		},
		input:    object{"warmUp": "1m", "gracePeriod": "1h"},
		objects:  map[resource.Name]object{},
		values:   map[resource.Name]string{},
		required: map[string]object{},
		details:  map[string]string{},
	}
}

// claim makes the composite one that a claim asks for.
func (c *cluster) claim() *cluster {
	c.claimed = true
	c.xr["metadata"] = object{"name": "reporting-x7k2p", "uid": "0a1b2c3d-0000-4000-8000-000000000000"}
	c.xr["spec"].(object)["claimRef"] = object{"kind": "ContainerAccessClaim", "namespace": "team-a", "name": "reporting"}

	return c
}

// has an object that a requirement names.
func (c *cluster) has(n resource.Name, atProvider object) *cluster {
	c.required[string(n)] = object{"apiVersion": containerAPI, "kind": "Any", "status": object{"atProvider": atProvider}}
	return c
}

// known is a container of whose project and endpoint all is known.
func (c *cluster) known() *cluster {
	c.findable().run()
	c.objects[nameNamespace]["status"] = object{"atProvider": object{"projectId": project}}

	return c
}

func (c *cluster) spec() object { return c.xr["spec"].(object) }

// run the function until nothing changes, as Crossplane's core would.
func (c *cluster) run() *cluster {
	c.t.Helper()

	for range 5 {
		c.once()
	}

	return c
}

func (c *cluster) once() {
	c.t.Helper()

	req := &fnv1.RunFunctionRequest{
		Input:             c.proto(c.input),
		Observed:          &fnv1.State{Composite: &fnv1.Resource{Resource: c.proto(c.xr), ConnectionDetails: bytesOf(c.details)}, Resources: map[string]*fnv1.Resource{}},
		RequiredResources: map[string]*fnv1.Resources{},
	}

	for n, o := range c.objects {
		r := &fnv1.Resource{Resource: c.proto(o)}
		if v, ok := c.values[n]; ok {
			r.ConnectionDetails = map[string][]byte{keyToken: []byte(v)}
		}

		req.Observed.Resources[string(n)] = r
	}

	f := &Function{now: func() time.Time { return c.now }}

	// It is called again until it requires nothing that it was not given.
	for given := -1; given < len(req.GetRequiredResources()); {
		given = len(req.GetRequiredResources())

		rsp, err := f.RunFunction(c.t.Context(), req)
		if err != nil {
			c.t.Fatal(err)
		}

		c.rsp = rsp

		for n := range rsp.GetRequirements().GetResources() {
			req.RequiredResources[n] = &fnv1.Resources{}
			if o, ok := c.required[n]; ok {
				req.RequiredResources[n].Items = []*fnv1.Resource{{Resource: c.proto(o)}}
			}
		}
	}

	rsp := c.rsp

	for _, r := range rsp.GetResults() {
		if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
			return // Nothing is changed then.
		}
	}

	for n := range c.objects {
		if _, ok := rsp.GetDesired().GetResources()[string(n)]; !ok {
			delete(c.objects, n)
			delete(c.values, n)
		}
	}

	for n, r := range rsp.GetDesired().GetResources() {
		o := r.GetResource().AsMap()

		metadata, _ := o["metadata"].(object)
		if metadata == nil {
			metadata = object{}
		}

		if metadata["name"] == nil {
			metadata["name"] = "reporting-" + n
		}

		o["metadata"] = metadata

		if old, ok := c.objects[resource.Name(n)]; ok {
			if old["status"] != nil {
				o["status"] = old["status"]
			}

			if m, _ := old["metadata"].(object); m["deletionTimestamp"] != nil {
				metadata["deletionTimestamp"] = m["deletionTimestamp"]
			}

			// What the provider and others have written stays.
			if id, ok := annotationsOf(old)[annotationExternalName]; ok {
				annotations := maps.Clone(annotationsOf(o))
				if annotations == nil {
					annotations = object{}
				}

				annotations[annotationExternalName] = id
				metadata["annotations"] = annotations
			}
		}

		c.objects[resource.Name(n)] = o
	}

	if s, ok := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"]; ok && !c.loseStatus {
		c.xr["status"] = s
	}

	for k, v := range rsp.GetDesired().GetComposite().GetConnectionDetails() {
		c.details[k] = string(v)
	}
}

// ready makes an object Ready, and mints what it is about.
func (c *cluster) ready(names ...resource.Name) *cluster {
	c.t.Helper()

	for _, n := range names {
		o, ok := c.objects[n]
		if !ok {
			c.t.Fatalf("there is no %s to make ready, only %v", n, slices.Sorted(maps.Keys(c.objects)))
		}

		if n == nameToken || n == nameAPIKey {
			c.mint(n)
		}

		if n == nameApplication && annotationsOf(o)[annotationExternalName] == nil {
			c.created(n, application)
		}

		o["status"] = object{
			"atProvider": object{"expiresAt": "2034-12-31T23:59:59Z"},
			"conditions": []any{c.condition("Synced", "True", "ReconcileSuccess", ""), c.condition("Ready", "True", "Available", "")},
		}
	}

	return c
}

func (c *cluster) mint(n resource.Name) {
	c.minted++
	c.values[n] = fmt.Sprintf("%s %d", n, c.minted)
}

// refuse an object.
func (c *cluster) refuse(n resource.Name, message string) *cluster {
	c.objects[n]["status"] = object{"conditions": []any{c.condition("Synced", "False", "ReconcileError", message)}}
	return c
}

func (c *cluster) condition(conditionType, status, reason, message string) any {
	return object{"type": conditionType, "status": status, "reason": reason, "message": message, "lastTransitionTime": c.now.Format(time.RFC3339)}
}

func (c *cluster) pass(d time.Duration) *cluster {
	c.now = c.now.Add(d)
	return c
}

// published is what whoever asked can read.
func (c *cluster) published(key string) string {
	if c.claimed {
		return c.details[key]
	}

	data, _ := c.objects[nameSecret]["data"].(object)
	s, _ := data[key].(string)

	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		c.t.Fatal(err)
	}

	return string(b)
}

// settled is the reason of the condition Settled.
func (c *cluster) settled() (reason, message string) {
	for _, cond := range c.rsp.GetConditions() {
		if cond.GetType() == typeSettled {
			return cond.GetReason(), cond.GetMessage()
		}
	}

	return "", ""
}

func (c *cluster) names() []string {
	found := make([]string, 0, len(c.objects))
	for n := range c.objects {
		found = append(found, string(n))
	}

	slices.Sort(found)

	return found
}

func (c *cluster) proto(o object) *structpb.Struct {
	c.t.Helper()

	s, err := structpb.NewStruct(runtime.DeepCopyJSON(o))
	if err != nil {
		c.t.Fatal(err)
	}

	return s
}

func bytesOf(details map[string]string) map[string][]byte {
	b := map[string][]byte{}
	for k, v := range details {
		b[k] = []byte(v)
	}

	return b
}

func toContainer(fields object) object {
	spec := object{"to": object{"containerName": "reports"}, "expiresAt": "2034-12-31T23:59:59Z"}
	maps.Copy(spec, fields)

	return spec
}

// TestFirst is about an access that was not there before.
func TestFirst(t *testing.T) {
	type want struct {
		Names    []string
		Value    string
		Endpoint string
		Reason   string
		Message  string
		Ready    bool
	}

	observed := []string{"container-namespace"}
	iam := []string{"api-key", "application", "policy"}
	secret := []string{"connection-secret"}

	cases := map[string]struct {
		reason string
		make   func(t *testing.T) *cluster
		want   want
	}{
		"NoContainer": {
			reason: "No key is made before it is known which project it is to open.",
			make:   func(t *testing.T) *cluster { return newCluster(t, toContainer(nil)).run() },
			want:   want{Names: []string{}, Reason: reasonCreating, Message: `There is no Container "reports" in the namespace "team-a".`},
		},
		"KeyIsNotReady": {
			reason: "A value of which a part is missing opens nothing, and is not handed out.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, toContainer(nil)).known().run().ready(nameAPIKey, nameApplication).run()
			},
			want: want{Names: sorted(observed, iam), Reason: reasonCreating, Message: "The Policy reporting-policy is not Ready yet."},
		},
		"Key": {
			reason: "The API key is the default.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, toContainer(nil)).known().run().ready(nameAPIKey, nameApplication, namePolicy).run()
			},
			want: want{Names: sorted(observed, iam, secret), Value: "api-key 1", Endpoint: endpoint, Reason: reasonSettled, Message: "The Secret holds the value of the ApiKey.", Ready: true},
		},
		"KeyByID": {
			reason: "What is given by an ID is looked at by observe-only resources.",
			make: func(t *testing.T) *cluster {
				c := newCluster(t, object{"to": object{"containerId": theID}}).run()
				c.objects[nameContainer]["status"] = object{"atProvider": object{"publicEndpoint": endpoint, "namespaceId": theID}}
				c.run()
				c.objects[nameNamespace]["status"] = object{"atProvider": object{"projectId": project}}

				return c.run().ready(nameAPIKey, nameApplication, namePolicy).run()
			},
			want: want{Names: sorted(observed, iam, secret, []string{"container"}), Value: "api-key 1", Endpoint: endpoint, Reason: reasonSettled, Message: "The Secret holds the value of the ApiKey.", Ready: true},
		},
		"KeyOfNamespace": {
			reason: "A container namespace has no endpoint.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, object{"to": object{"namespaceName": "reports"}}).
					has(nameNamespace, object{"projectId": project}).run().ready(nameAPIKey, nameApplication, namePolicy).run()
			},
			want: want{Names: sorted(iam, secret), Value: "api-key 1", Reason: reasonSettled, Message: "The Secret holds the value of the ApiKey.", Ready: true},
		},
		"IDWithoutRegion": {
			reason: "An ID that cannot be observed is said to be wrong.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, object{"to": object{"namespaceId": project}}).run()
			},
			want: want{Names: []string{}, Reason: reasonCreating, Message: `The ID "` + project + `" in spec.to has no region: write it as REGION/UUID.`},
		},
		"Token": {
			reason: "A token needs no project.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, toContainer(object{"mechanism": "token"})).
					has(nameContainer, object{"publicEndpoint": endpoint}).run().ready(nameToken).run()
			},
			want: want{Names: sorted(secret, []string{"token"}), Value: "token 1", Endpoint: endpoint, Reason: reasonSettled, Message: "The Secret holds the value of the Token.", Ready: true},
		},
		"TokenRefused": {
			reason: "What the provider says about a refusal is said by the composite.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, toContainer(object{"mechanism": "token"})).run().refuse(nameToken, "it has expired.").run()
			},
			want: want{Names: []string{"token"}, Reason: reasonCreating, Message: "The Token reporting-token is not Synced (ReconcileError): it has expired."},
		},
		"TokenOfBefore": {
			reason: "An access of before there was a choice keeps its token: a key would reach further.",
			make: func(t *testing.T) *cluster {
				c := newCluster(t, object{"to": object{"namespaceName": "reports"}, "mechanism": "token"}).
					has(nameNamespace, object{"projectId": project}).run().ready(nameToken).run()
				delete(c.spec(), "mechanism")
				delete(c.xr, "status")
				c.once()

				return c
			},
			want: want{Names: sorted(secret, []string{"token"}), Value: "token 1", Reason: reasonSettled, Message: "The Secret holds the value of the Token.", Ready: true},
		},
		"Claim": {
			reason: "The connection details of a claim's composite are its own.",
			make: func(t *testing.T) *cluster {
				return newCluster(t, toContainer(nil)).claim().known().run().ready(nameAPIKey, nameApplication, namePolicy).run()
			},
			want: want{Names: sorted(observed, iam), Value: "api-key 1", Endpoint: endpoint, Reason: reasonSettled, Message: "The Secret holds the value of the ApiKey.", Ready: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := tc.make(t)
			got := want{Names: c.names(), Value: c.published(keyToken), Endpoint: c.published(keyEndpoint)}
			got.Reason, got.Message = c.settled()
			got.Ready = c.coreReady()

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func sorted(lists ...[]string) []string {
	return slices.Sorted(slices.Values(slices.Concat(lists...)))
}

// TestMove walks a running access from a token to an API key.
func TestMove(t *testing.T) {
	for name, claimed := range map[string]bool{"Namespaced": false, "Claim": true} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, toContainer(object{"mechanism": "token"}))
			if claimed {
				c.claim()
			}

			c.has(nameContainer, object{"publicEndpoint": endpoint, "namespaceId": theID}).run().ready(nameToken).run()
			c.expect("the token is handed out", "token 1", reasonSettled, true)

			c.spec()["mechanism"] = "iam"
			c.run()
			c.expect("the key needs the project, which is not known", "token 1", reasonMoving, true)

			c.objects[nameNamespace]["status"] = object{"atProvider": object{"projectId": project}}
			c.run().refuse(nameAPIKey, "quota exceeded").run()
			c.expect("the key is refused, and the token stays", "token 1", reasonMoving, true)

			if _, message := c.settled(); !strings.Contains(message, "quota exceeded") {
				t.Errorf("why it does not move should be said: %s", message)
			}

			c.spec()["renew"] = "now"
			c.run()

			if a := annotationsOf(c.objects[nameToken]); a[annotationRenew] != nil {
				t.Errorf("the token that is about to go should not be renewed: %v", a)
			}

			c.ready(nameAPIKey, nameApplication).run()
			c.expect("the key opens nothing without its policy", "token 1", reasonMoving, true)

			c.ready(namePolicy).run()
			c.expect("Scaleway is given time", "token 1", reasonMoving, true)

			c.pass(30 * time.Second).run()
			c.expect("Scaleway is given all the time", "token 1", reasonMoving, true)

			c.pass(31 * time.Second).run()
			c.expect("the key is handed out", "api-key 2", reasonGrace, true)

			c.pass(59 * time.Minute).run()
			c.expect("the token stays for all of the grace period", "api-key 2", reasonGrace, true)

			c.pass(2 * time.Minute).run()
			c.expect("the token goes", "api-key 2", reasonSettled, false)

			if claimed {
				return
			}

			// And back, as long as tokens can be had.
			c.spec()["mechanism"] = "token"
			c.run().ready(nameToken).pass(2 * time.Minute).run()

			if reason, _ := c.settled(); c.published(keyToken) != "token 3" || reason != reasonGrace {
				t.Errorf("the move back should have come to its grace period, with the Secret's value the token's: %q, %s", c.published(keyToken), reason)
			}

			c.pass(2 * time.Hour).run()

			if _, ok := c.objects[nameAPIKey]; ok {
				t.Error("the key should go after the grace period")
			}
		})
	}
}

// TestMindChanged has who asks change his mind twice while the Secret holds the new
// value already. The old one was in use a moment ago.
func TestMindChanged(t *testing.T) {
	c := newCluster(t, object{"to": object{"namespaceName": "reports"}, "mechanism": "token"}).
		has(nameNamespace, object{"projectId": project}).run().ready(nameToken).run()

	c.spec()["mechanism"] = "iam"
	c.run().ready(nameAPIKey, nameApplication, namePolicy).pass(time.Minute).once()

	c.refuse(nameToken, "it cannot be observed")
	c.spec()["mechanism"] = "token"
	c.once()

	c.spec()["mechanism"] = "iam"
	c.run()

	c.expect("the token is kept for the grace period", "api-key 2", reasonGrace, true)
}

// TestValueLost takes the Secret of the Token away. What was handed out still opens the
// container, and stays, whether the provider has noticed or not.
func TestValueLost(t *testing.T) {
	c := newCluster(t, toContainer(object{"mechanism": "token"})).findable().run().ready(nameToken).run()

	delete(c.values, nameToken)
	c.run()
	c.expect("the provider has not noticed", "token 1", reasonCreating, true)

	c.refuse(nameToken, "the Secret is lost").run()
	c.expect("the provider has noticed", "token 1", reasonCreating, true)
}

// TestMovedBackTooLate has who asks change his mind when the old token is being
// deleted. It is Ready until it is gone, but of no use any more.
func TestMovedBackTooLate(t *testing.T) {
	c := newCluster(t, object{"to": object{"namespaceName": "reports"}}).
		has(nameNamespace, object{"projectId": project}).run().ready(nameAPIKey, nameApplication, namePolicy).run()

	c.spec()["mechanism"] = "token"
	c.run().ready(nameToken)
	c.objects[nameToken]["metadata"].(object)["deletionTimestamp"] = c.now.Format(time.RFC3339)
	c.pass(time.Hour).run()
	c.expect("the key stays", "api-key 1", reasonMoving, true)

	if _, message := c.settled(); !strings.Contains(message, "the Token reporting-token is being deleted") {
		t.Errorf("why it does not move should be said: %s", message)
	}
}

// TestGraceWhileBroken has the new credential fail after the move. The old one stays, for
// who has not noticed yet and for who goes back.
func TestGraceWhileBroken(t *testing.T) {
	c := newCluster(t, object{"to": object{"namespaceName": "reports"}, "mechanism": "token"}).
		has(nameNamespace, object{"projectId": project}).run().ready(nameToken).run()

	c.spec()["mechanism"] = "iam"
	c.run().ready(nameAPIKey, nameApplication, namePolicy).pass(time.Minute).run()
	c.refuse(namePolicy, "quota exceeded").pass(2 * time.Hour).run()
	c.expect("the policy fails", "api-key 2", reasonGrace, true)

	if _, message := c.settled(); !strings.Contains(message, "stays valid, because the Policy reporting-policy is not Synced (ReconcileError): quota exceeded.") {
		t.Errorf("why the token stays should be said: %s", message)
	}

	c.ready(namePolicy).run()
	c.expect("the policy works again", "api-key 2", reasonSettled, false)
}

// TestLostBefore has the Secret of a Token lost that nothing is on record of. Its value is
// still handed out, and valid.
func TestLostBefore(t *testing.T) {
	c := newCluster(t, object{"to": object{"namespaceName": "reports"}, "mechanism": "token"}).
		has(nameNamespace, object{"projectId": project}).run().ready(nameToken).run()

	delete(c.xr, "status")
	delete(c.values, nameToken)
	c.refuse(nameToken, "its Secret is lost")
	c.spec()["mechanism"] = "iam"
	c.run()
	c.expect("the key is not there yet", "token 1", reasonMoving, true)
}

// TestForeignKeys has somebody write into the Secret. It is not kept for ever.
func TestForeignKeys(t *testing.T) {
	c := newCluster(t, toContainer(object{"mechanism": "token"})).findable().run().ready(nameToken).run()
	c.objects[nameSecret]["data"].(object)["other"] = base64.StdEncoding.EncodeToString([]byte("x"))
	c.run()

	if diff := cmp.Diff([]string{keyEndpoint, keyToken}, slices.Sorted(maps.Keys(c.objects[nameSecret]["data"].(object)))); diff != "" {
		t.Errorf("keys of the Secret: -want, +got:\n%s", diff)
	}
}

// TestPatience has a container that never appears. It is not looked for in haste for
// ever.
func TestPatience(t *testing.T) {
	c := newCluster(t, toContainer(nil))
	c.xr["metadata"].(object)["creationTimestamp"] = c.now.Format(time.RFC3339)

	for _, want := range []time.Duration{10 * time.Second, time.Minute} {
		if got := c.run().rsp.GetMeta().GetTtl().AsDuration(); got != want {
			t.Errorf("it should be looked at again after %s, not %s", want, got)
		}

		c.pass(time.Hour)
	}
}

// TestSwapNotOnRecord has a mind changed right after the Secret was written, and the
// next status not written. The token was in use a moment ago.
func TestSwapNotOnRecord(t *testing.T) {
	c := newCluster(t, object{"to": object{"namespaceName": "reports"}}).
		has(nameNamespace, object{"projectId": project}).run().ready(nameAPIKey, nameApplication, namePolicy).run()

	c.spec()["mechanism"] = "token"
	c.run().ready(nameToken).pass(time.Minute).once()

	if got := c.published(keyToken); got != "token 2" {
		t.Fatalf("the token should be handed out, not %q", got)
	}

	c.spec()["mechanism"] = "iam"
	c.loseStatus = true
	c.once()

	c.loseStatus = false
	c.run()
	c.expect("the token is kept for the grace period", "api-key 1", reasonGrace, true)
}

// TestTargetGone has the container go away. What there is opens the rest of the
// project, and goes when the access does.
func TestTargetGone(t *testing.T) {
	c := newCluster(t, object{"to": object{"namespaceName": "reports"}}).
		has(nameNamespace, object{"projectId": project}).run().ready(nameAPIKey, nameApplication, namePolicy).run()
	before := c.names()

	delete(c.required, string(nameNamespace))
	c.run()

	if diff := cmp.Diff(before, c.names()); diff != "" {
		t.Errorf("objects before and after: -before, +after:\n%s", diff)
	}
}

// TestRenewed has values change that are in the Secret. The old ones are revoked, so
// that the new ones must come in, whatever is said of them.
func TestRenewed(t *testing.T) {
	c := newCluster(t, toContainer(object{"mechanism": "token"})).findable().run().ready(nameToken).run()

	c.mint(nameToken)
	c.refuse(nameToken, "it cannot be observed").run()

	if got := c.published(keyToken); got != "token 2" {
		t.Errorf("the value of the renewed token should be handed out, not %q", got)
	}

	c.spec()["mechanism"] = "iam"
	c.run().mint(nameToken)
	c.run()
	c.expect("the token is renewed by somebody during the move", "token 3", reasonMoving, true)
}

// expect a value to be published, a reason of the condition Settled, and whether the
// Token is still there.
func (c *cluster) expect(what, value, reason string, token bool) {
	c.t.Helper()

	got, message := c.settled()
	if got != reason || c.published(keyToken) != value {
		c.t.Errorf("%s: the value %q and the reason %s are wanted, not %q and %s (%s)", what, value, reason, c.published(keyToken), got, message)
	}

	// What works is Ready, although not all that is composed is.
	if c.rsp.GetDesired().GetComposite().GetReady() != fnv1.Ready_READY_TRUE && got == reasonMoving && c.isReady(nameToken) {
		c.t.Errorf("%s: the composite should be Ready during the move", what)
	}

	if _, ok := c.objects[nameToken]; ok != token {
		c.t.Errorf("%s: that there is a Token is %t", what, ok)
	}
}

// coreReady is what Crossplane concludes: what the function says, else that no composed
// resource is not Ready.
func (c *cluster) coreReady() bool {
	switch c.rsp.GetDesired().GetComposite().GetReady() {
	case fnv1.Ready_READY_TRUE:
		return true
	case fnv1.Ready_READY_FALSE:
		return false
	}

	for _, r := range c.rsp.GetDesired().GetResources() {
		if r.GetReady() != fnv1.Ready_READY_TRUE {
			return false
		}
	}

	return true
}

func (c *cluster) isReady(n resource.Name) bool {
	status, _ := c.objects[n]["status"].(object)
	conditions, _ := status["conditions"].([]any)

	return len(conditions) == 2
}

func annotationsOf(o object) object {
	metadata, _ := o["metadata"].(object)
	a, _ := metadata["annotations"].(object)

	return a
}

// TestNeverWithoutAValue has minds changed, credentials renewed, objects fail, Secrets,
// the status and its writes lost, and time pass, in an order that chance chooses. A value
// that was handed out stays valid until there was another, and for the grace period
// after; only a renewal revokes without one.
func TestNeverWithoutAValue(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		c := newCluster(t, toContainer(object{"mechanism": "token"})).findable()

		// Whoever makes the key.
		if seed%2 == 1 {
			c.separate()
		}

		c.run().ready(nameToken).run()

		// When each value was last what the Secret held.
		held := map[string]time.Time{}
		deleted := false

		for step := range 100 {
			old := slices.Collect(maps.Values(c.values))
			done := c.disturb(rnd)

			switch done {
			case "renewed":
				for _, v := range old {
					if !slices.Contains(slices.Collect(maps.Values(c.values)), v) {
						delete(held, v)
					}
				}
			case "Secret deleted":
				deleted = true
			}

			onRecord, _ := c.xr["status"].(object)
			source := map[any]string{"iam": c.values[nameAPIKey], "token": c.values[nameToken]}[onRecord["mechanism"]]

			c.once()

			valid := map[string]bool{}
			for _, v := range c.values {
				valid[v] = true
			}

			value := c.published(keyToken)
			if value == "" && (!deleted || source != "") {
				t.Fatalf("seed %d, step %d (%s): nothing is handed out of %v, with the status %v", seed, step, done, c.values, onRecord)
			}

			if value != "" {
				held[value], deleted = c.now, false
			}

			for v, at := range held {
				if !valid[v] && c.now.Sub(at) < time.Hour {
					t.Fatalf("seed %d, step %d (%s): %q was revoked %s after it was handed out last; handed out is %q of %v, and the status is %v",
						seed, step, done, v, c.now.Sub(at), value, c.values, c.xr["status"])
				}

				if !valid[v] {
					delete(held, v)
				}
			}
		}

		// And in the end it comes to rest, with what was asked for last.
		c.findable().loseStatus = false

		for range 20 {
			for _, n := range c.names() {
				if n == string(nameNamespace) {
					c.objects[nameNamespace]["status"] = object{"atProvider": object{"projectId": project}}
				} else if n != string(nameSecret) {
					c.heal(resource.Name(n))
				}
			}

			c.pass(30 * time.Minute).run()

			if reason, _ := c.settled(); reason == reasonSettled {
				break
			}
		}

		want := map[any]resource.Name{"iam": nameAPIKey, "token": nameToken}[c.spec()["mechanism"]]
		if reason, message := c.settled(); reason != reasonSettled || c.published(keyToken) != c.values[want] || len(c.values) != 1 {
			t.Fatalf("seed %d: it should come to rest with the value of the %s, not with %q of %v: %s %s", seed, want, c.published(keyToken), c.values, reason, message)
		}
	}
}

// findable is a container of which Scaleway has told all.
func (c *cluster) findable() *cluster {
	return c.has(nameContainer, object{"publicEndpoint": endpoint, "namespaceId": theID})
}

// heal makes an object Ready, and mints what it lacks.
func (c *cluster) heal(n resource.Name) {
	v := c.values[n]
	c.ready(n)

	if v != "" {
		c.values[n] = v
	}
}

// disturb the cluster in one way.
func (c *cluster) disturb(rnd *rand.Rand) string {
	names := c.names()
	n := resource.Name(names[rnd.IntN(len(names))])

	c.loseStatus = false

	switch what := rnd.IntN(16); what {
	case 0:
		m := []string{"iam", "token"}[rnd.IntN(2)]
		c.spec()["mechanism"] = m

		return "mechanism " + m
	case 1, 2, 3:
		if n == nameNamespace {
			c.objects[n]["status"] = object{"atProvider": object{"projectId": project}}
			return "the project is known"
		}

		if n != nameSecret && c.values[n] == "" {
			c.ready(n)
			return "ready " + string(n)
		}

		return "nothing"
	case 4:
		if n != nameSecret && n != nameNamespace && c.objects[n]["status"] != nil {
			c.objects[n]["status"].(object)["conditions"] = []any{c.condition("Synced", "False", "ReconcileError", "failed")}
			return "failed " + string(n)
		}

		return "nothing"
	case 5:
		delete(c.required, string(nameContainer))
		return "container gone"
	case 6:
		c.findable()
		return "container back"
	case 7:
		if c.values[n] != "" {
			c.mint(n)
			return "renewed"
		}

		return "nothing"
	case 8:
		delete(c.objects, nameSecret)
		return "Secret deleted"
	case 9:
		// With the Secret, everything would be lost that says what was handed out.
		if _, ok := c.objects[nameSecret]; ok {
			delete(c.xr, "status")
		}

		return "status lost"
	case 10, 11:
		c.loseStatus = true
		return "the status is not written"
	default:
		d := []time.Duration{time.Second, time.Minute, 50 * time.Minute}[rnd.IntN(3)]
		c.pass(d)

		return "pass " + d.String()
	}
}

// TestRefused is about composites and inputs that say nothing that could be done.
// Nothing is changed then.
func TestRefused(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(c *cluster)
		want   string
	}{
		"TwoTargets": {
			reason: "It cannot be known which one is meant.",
			change: func(c *cluster) { c.spec()["to"].(object)["namespaceName"] = "reports" },
			want:   "spec.to has 2 of containerId, containerName, namespaceId and namespaceName: give exactly one",
		},
		"UnknownMechanism": {
			reason: "A mechanism that is not known is not taken for the default, which reaches further.",
			change: func(c *cluster) { c.spec()["mechanism"] = "jwt" },
			want:   `spec.mechanism is "jwt": give "iam" or "token"`,
		},
		"SecretOfCredential": {
			reason: "Two would write one Secret.",
			change: func(c *cluster) { c.spec()["secretName"] = "reporting-api-key" },
			want:   `spec.secretName "reporting-api-key" is the name of a Secret that the credential itself needs: give another`,
		},
		"NoNamespace": {
			reason: "Managed resources are namespaced.",
			change: func(c *cluster) { c.xr["metadata"] = object{"name": "reporting"} },
			want:   `ContainerAccess "reporting" has neither a namespace nor a claim, so that there is no namespace to compose its resources in: ask for it by its claim`,
		},
		"NegativeGracePeriod": {
			reason: "It would revoke what is in use.",
			change: func(c *cluster) { c.input["gracePeriod"] = "-1h" },
			want:   "gracePeriod of the function's input is -1h0m0s: give a time that is not negative, such as 1h",
		},
		"MisspeltIAM": {
			reason: "What is misspelt is not taken for left out: the key of the team would be used.",
			change: func(c *cluster) { c.input["imm"] = object{"providerConfigRef": object{"name": "platform-iam"}} },
			want:   `cannot read the input of the function in the Composition: json: unknown field "imm"`,
		},
		"MisspeltIAMReference": {
			reason: "Nor is what is misspelt within it.",
			change: func(c *cluster) { c.input["iam"] = object{"providerConfig": object{"name": "platform-iam"}} },
			want:   `unknown field "providerConfig"`,
		},
		"IAMWithoutReference": {
			reason: "A reference that is missing is not taken for the team's.",
			change: func(c *cluster) { c.input["iam"] = object{} },
			want:   "iam.providerConfigRef of the function's input has no name: give that of a ClusterProviderConfig",
		},
		"IAMOfTheTeam": {
			reason: "A key that is in the team's namespace is the team's.",
			change: func(c *cluster) {
				c.input["iam"] = object{"providerConfigRef": object{"kind": "ProviderConfig", "name": "iam"}}
			},
			want: `iam.providerConfigRef.kind of the function's input is "ProviderConfig": give "ClusterProviderConfig"`,
		},
		"IAMProjectByName": {
			reason: "A name of a project matches none.",
			change: func(c *cluster) {
				c.input["iam"] = object{"providerConfigRef": object{"name": "platform-iam"}, "projects": object{"team-a": []any{"web"}}}
			},
			want: `iam.projects of the function's input has "web" for the namespace "team-a": give the ID of a project`,
		},
		"MisspeltKind": {
			reason: "It would be refused for each object, one by one.",
			change: func(c *cluster) { c.input["providerConfigRef"] = object{"kind": "Providerconfig", "name": "default"} },
			want:   `providerConfigRef.kind of the function's input is "Providerconfig": give "ProviderConfig" or "ClusterProviderConfig"`,
		},
		"MalformedInput": {
			reason: "An input that cannot be read is not taken for none.",
			change: func(c *cluster) { c.input["warmUp"] = "soon" },
			want:   "cannot read the input of the function",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, toContainer(object{"mechanism": "token"})).run().ready(nameToken).run()
			before := c.names()

			tc.change(c)
			c.run()

			results := c.rsp.GetResults()
			if len(results) != 1 || results[0].GetSeverity() != fnv1.Severity_SEVERITY_FATAL || !strings.Contains(results[0].GetMessage(), tc.want) {
				t.Errorf("\n%s\nthe error %q is wanted, not %v", tc.reason, tc.want, results)
			}

			if diff := cmp.Diff(before, c.names()); diff != "" {
				t.Errorf("\n%s\nobjects before and after: -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestNameAtScaleway is about names that fit, and differ where the objects do.
func TestNameAtScaleway(t *testing.T) {
	cases := map[string]struct {
		reason string
		access access
		want   string
	}{
		"Short": {
			reason: "Whoever reads the list of applications knows whose it is.",
			access: access{namespace: "team-a", name: "reporting", uid: "0a1b2c3d-0000-4000-8000-000000000000"},
			want:   "team-a-reporting-0a1b2c3d",
		},
		"Long": {
			reason: "A name is cut, and what makes it unique is kept.",
			access: access{namespace: strings.Repeat("n", 63), name: "reporting", uid: "0a1b2c3d-0000-4000-8000-000000000000"},
			want:   strings.Repeat("n", 55) + "-0a1b2c3d",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (&world{access: &tc.access}).nameAtScaleway(); got != tc.want {
				t.Errorf("\n%s\nwant %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
