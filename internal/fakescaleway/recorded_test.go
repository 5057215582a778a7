// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"
)

// The fake is compared with every call to what it serves that the Terraform
// provider's own tests have recorded from the real API. The recordings are read
// from the module cache.
const (
	recordedModule = "github.com/scaleway/terraform-provider-scaleway/v2"
	recordedHost   = "api.scaleway.com"

	// What the recordings have in place of some access keys, organizations and secret
	// keys.
	maskedAccessKey = "SCWXXXXXXXXXXXXXXXXX"
	maskedUUID      = "11111111-1111-1111-1111-111111111111"
)

// recordedServices have their recordings in a folder each.
var recordedServices = []string{"container", "iam", "registry"}

// compared are the parts of the API that are compared, with a reason for each other
// part of the same products.
var (
	compared = []string{
		"containers",
		"iam/applications", "iam/policies", "iam/rules", "iam/api-keys",
		"registry/namespaces",
	}
	notServed = map[string]string{
		"iam/groups":            "the fake has no groups: a policy takes any UUID for one",
		"iam/organizations":     "the fake has no SAML or SCIM",
		"iam/saml":              "the fake has no SAML",
		"iam/saml-certificates": "the fake has no SAML",
		"iam/scim":              "the fake has no SCIM",
		"iam/scim-tokens":       "the fake has no SCIM",
		"iam/ssh-keys":          "the fake has no SSH keys",
		"iam/users":             "the fake has no users: a policy or an API key takes any UUID for one",
		"registry/images":       "nobody can push an image to the fake",
		"registry/tags":         "nobody can push an image to the fake",
	}
)

// tolerances are the differences that are wanted. One that does not occur fails
// the test, so that the list cannot outlive its reasons.
var tolerances = []*tolerance{
	{
		name:   "SecretHashCost",
		path:   regexp.MustCompile(`^/secret_environment_variables/[^/]+/cost$`),
		want:   "m=65536,t=3,p=64",
		reason: "hashing a variable with 64 MiB of memory is too slow for tests; clients read the cost from the hash",
	},
	{
		name:   "PublicKeySize",
		path:   regexp.MustCompile(`^/public_key/bits$`),
		want:   "4096",
		reason: "making a 4096 bit key is too slow for tests; clients read the size from the key",
	},
	{
		name:   "SignatureSize",
		path:   regexp.MustCompile(`^/token/signature_bytes$`),
		want:   "512",
		reason: "follows from the size of the key",
	},
}

type tolerance struct {
	name   string
	path   *regexp.Regexp // Of the differing value in the answer.
	want   string         // The recorded value.
	reason string
	hits   int
}

// A cassette is a recording of one test.
type cassette struct {
	name         string
	Interactions []*interaction `yaml:"interactions"`
}

type interaction struct {
	ID      int `yaml:"id"`
	Request struct {
		Method string `yaml:"method"`
		URL    string `yaml:"url"`
		Body   string `yaml:"body"`
	} `yaml:"request"`
	Response struct {
		Code    int         `yaml:"code"`
		Body    string      `yaml:"body"`
		Headers http.Header `yaml:"headers"`
	} `yaml:"response"`

	url     *url.URL
	body    map[string]any // Of the answer.
	arrived time.Time
}

func TestRecorded(t *testing.T) {
	cassettes := readCassettes(t)

	differing, tolerated := 0, 0
	done, skipped := map[string]int{}, map[string]int{}
	for _, c := range cassettes {
		t.Run(strings.TrimSuffix(c.name, ".cassette.yaml"), func(t *testing.T) {
			r := newReplay(t, c)
			for i, in := range c.Interactions {
				if !in.served() {
					skipped[in.part()]++
					continue
				}
				done[in.part()]++
				diffs := r.run(i, in)
				wrong := slices.DeleteFunc(slices.Clone(diffs), func(d difference) bool { return d.tolerated })
				switch {
				case len(wrong) > 0:
					differing++
				case len(diffs) > 0:
					tolerated++
				}
				for _, d := range wrong {
					t.Errorf("%d: %s %s: %s: recorded %s, got %s", in.ID, in.Request.Method, in.url.Path, d.path, d.want, d.got)
				}
			}
		})
	}

	for _, tol := range tolerances {
		if tol.hits == 0 {
			t.Errorf("tolerance %s is never used: remove it", tol.name)
		}
		t.Logf("tolerated %4d x %s: %s", tol.hits, tol.name, tol.reason)
	}
	total, left := 0, 0
	for _, p := range compared {
		t.Logf("compared  %4d x %s", done[p], p)
		if total += done[p]; done[p] == 0 {
			t.Errorf("nothing of %s was compared", p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(skipped)) {
		reason := notServed[p]
		if product, _, ok := strings.Cut(p, "/"); ok && reason == "" {
			t.Errorf("%s is a part of the product %s that is not compared: serve it, or say in notServed why not", p, product)
		}
		t.Logf("skipped   %4d x %s: %s", skipped[p], p, cmp.Or(reason, "another product"))
		left += skipped[p]
	}
	t.Logf("%d cassettes: %d interactions compared, %d differ, %d only in a tolerated way, %d skipped",
		len(cassettes), total, differing, tolerated, left)
}

func readCassettes(t *testing.T) []*cassette {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", recordedModule).Output()
	if err != nil {
		t.Fatalf("cannot find module %s: %v", recordedModule, err)
	}
	var files []string
	for _, service := range recordedServices {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "internal", "services", service, "testdata", "*.cassette.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	var out []*cassette
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c := &cassette{name: filepath.Base(f)}
		if err := yaml.Unmarshal(b, c); err != nil {
			t.Fatalf("cannot read %s: %v", c.name, err)
		}
		for _, in := range c.Interactions {
			in.parse(t)
		}
		c.unmask()
		out = append(out, c)
	}
	return out
}

func (in *interaction) parse(t *testing.T) {
	t.Helper()
	var err error
	if in.url, err = url.Parse(in.Request.URL); err != nil {
		t.Fatal(err)
	}
	if in.served() {
		in.body = parseAnswer(t, []byte(in.Response.Body))
	}
}

var recordedPath = regexp.MustCompile(`^/([^/]+)/v[^/]+/(?:regions/[^/]+/)?([^/]+)`)

// part returns the part of the API, or the host, that was called.
func (in *interaction) part() string {
	m := recordedPath.FindStringSubmatch(in.url.Path)
	switch {
	case in.url.Host != recordedHost:
		return in.url.Host
	case m == nil:
		return in.url.Path
	case m[1] == "iam" || m[1] == "registry":
		return m[1] + "/" + m[2]
	default:
		return m[1]
	}
}

// served says whether the fake serves what was called.
func (in *interaction) served() bool { return slices.Contains(compared, in.part()) }

// id returns the ID of the object that was answered.
func (in *interaction) id() string { return cmp.Or(in.text("id"), in.text("access_key")) }

// unmask puts access keys back into the paths that the recording has without: that
// which is answered or, where nothing is, that of the oldest key which is not
// answered any more.
func (c *cassette) unmask() {
	var alive []string
	for i, in := range c.Interactions {
		key := cmp.Or(in.text("access_key"), in.text("resource_id"))
		switch {
		case in.part() != "iam/api-keys":
			continue
		case in.Request.Method == http.MethodPost:
			alive = append(alive, key)
		case in.Request.Method == http.MethodDelete:
			gone := slices.IndexFunc(alive, func(k string) bool {
				return !slices.ContainsFunc(c.Interactions[i+1:], func(later *interaction) bool { return later.text("access_key") == k })
			})
			key = alive[gone]
			alive = slices.Delete(alive, gone, gone+1)
		}
		in.url.Path = strings.Replace(in.url.Path, maskedAccessKey, key, 1)
	}
}

func (in *interaction) text(member string) string {
	s, _ := in.body[member].(string)
	return s
}

func (in *interaction) time(t *testing.T, member string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, in.text(member))
	if err != nil {
		t.Fatalf("%d: cannot read %s: %v", in.ID, member, err)
	}
	return v
}

// object returns the path of the object that is created, read, changed or
// deleted.
func (in *interaction) object() string {
	if in.Request.Method == http.MethodPost {
		return in.url.Path + "/" + in.id()
	}
	return in.url.Path
}

// A replay sends the requests of a cassette to a fake of its own.
//
// What the real API was free to do is taken from the recording: when a request
// arrived, how long the transition it began took and whether that ended in an
// error, and the IDs. All else has to be the fake's own doing: which requests
// begin which transition, what their end changes, and what is answered.
type replay struct {
	t   *testing.T
	c   *cassette
	s   *Server
	key Key
	now time.Time

	// outcome is that of the transition that the next request begins.
	outcome Outcome

	// toFake and toRecorded have the IDs, in pairs for a strings.Replacer.
	toFake, toRecorded []string

	recordedSecrets, fakeSecrets secretLabels
}

func newReplay(t *testing.T, c *cassette) *replay {
	t.Helper()
	r := &replay{
		t: t, c: c,
		key:             Key{AccessKey: newAccessKey(), SecretKey: uuid.NewString()},
		recordedSecrets: secretLabels{},
		fakeSecrets:     secretLabels{},
	}
	r.s = New(
		WithSharedSigningKey(),
		WithClock(func() time.Time { return r.now }),
		WithOutcome(func(Transition) Outcome { return r.outcome }),
	)
	// The key that the recording was made with belongs to the organization that
	// answers name, and to its default project, which has the same ID.
	for _, in := range c.Interactions {
		if org := in.text("organization_id"); org != "" {
			r.key.OrganizationID, r.key.ProjectID = org, org
		}
	}
	for _, in := range c.Interactions {
		r.ownProject(in.text("project_id"))
		r.ownProject(in.text("default_project_id"))
	}
	r.s.AddKey(r.key)
	r.time()
	return r
}

// ownProject makes a project one of the organization.
func (r *replay) ownProject(id string) {
	if id != "" {
		k := r.key
		k.ProjectID = id
		r.s.AddKey(k)
		r.s.AddKey(r.key)
	}
}

// run sends one request and returns how its answer differs from the recorded.
func (r *replay) run(i int, in *interaction) []difference {
	r.t.Helper()
	r.seed(r.c.Interactions[i:])
	r.now = in.arrived
	r.outcome = r.recordedOutcome(i, in)

	res := r.send(in.Request.Method, in.url.RequestURI(), in.Request.Body, in.text("creation_ip"))
	body := res.Body.Bytes()
	r.learnFrom(in, parseAnswer(r.t, body))
	got := parseAnswer(r.t, []byte(strings.NewReplacer(r.toRecorded...).Replace(string(body))))

	d := &differ{}
	d.compare("status code", in.Response.Code, res.Code)
	d.compare("Content-Type", in.Response.Headers.Get("Content-Type"), res.Header().Get("Content-Type"))
	d.compare("X-Total-Count", in.Response.Headers.Get("X-Total-Count"), res.Header().Get("X-Total-Count"))
	d.compare("", normalize(r.t, in.body, r.recordedSecrets, nil), normalize(r.t, got, r.fakeSecrets, strings.NewReplacer(r.toRecorded...)))
	return d.found
}

// send a request from an address, or from any if it is empty.
func (r *replay) send(method, uri, body, address string) *httptest.ResponseRecorder {
	ids := strings.NewReplacer(r.toFake...)
	uri = strings.Replace(uri, "organization_id="+maskedUUID, "organization_id="+r.key.OrganizationID, 1)
	req := httptest.NewRequest(method, ids.Replace(uri), strings.NewReader(ids.Replace(body)))
	req.Header.Set(authHeader, r.key.SecretKey)
	if address != "" {
		req.RemoteAddr = net.JoinHostPort(address, "1")
	}
	res := httptest.NewRecorder()
	r.s.ServeHTTP(res, req)
	return res
}

// learn makes a recorded and the fake's ID mean the same from now on, as well as
// their first 8 digits, which are part of host names.
func (r *replay) learn(recorded, fake string) {
	r.toFake = append([]string{recorded, fake}, append(r.toFake, recorded[:8], fake[:8])...)
	r.toRecorded = append([]string{fake, recorded}, append(r.toRecorded, fake[:8], recorded[:8])...)
}

// learnFrom learns the IDs of what a request has created: an object, or rules of a
// policy, whose IDs are first answered when they are read.
func (r *replay) learnFrom(in *interaction, got map[string]any) {
	if id, ok := cmp.Or(got["id"], got["access_key"]).(string); ok && in.Request.Method == http.MethodPost {
		r.learn(in.id(), id)
	}
	want, _ := in.body["rules"].([]any)
	rules, _ := got["rules"].([]any)
	for i := range min(len(want), len(rules)) {
		if id := want[i].(map[string]any)["id"].(string); !slices.Contains(r.toFake, id) {
			r.learn(id, rules[i].(map[string]any)["id"].(string))
		}
	}
}

// seed does what others did at the same time: they have created the objects that a
// list holds besides those of the recorded test, and pushed images.
func (r *replay) seed(rest []*interaction) {
	r.t.Helper()
	in := rest[0]
	for i, page := range rest {
		// Later pages of the list hold objects that are there already.
		if i > 0 && (page.url.Path != in.url.Path || page.url.Query().Get("page") < "2") {
			break
		}
		for _, plural := range []string{"namespaces", "applications", "policies", "api_keys"} {
			list, _ := page.body[plural].([]any)
			for _, item := range list {
				r.seedObject(in.url.Path, item.(map[string]any))
			}
		}
	}
	if in.part() == "registry/namespaces" && in.body["image_count"] != nil {
		for _, n := range r.s.RegistryNamespaces("") {
			if images, _ := strconv.Atoi(fmt.Sprint(in.body["image_count"])); int(n.ImageCount) != images {
				size, _ := strconv.ParseUint(fmt.Sprint(in.body["size"]), 10, 64)
				r.change(KindRegistryNamespace, n.Region, n.ID, func(o Resource) {
					n := o.(*RegistryNamespace)
					n.ImageCount, n.Size, n.UpdatedAt = uint32(images), size, in.time(r.t, "updated_at")
				})
			}
		}
	}
}

func (r *replay) change(kind Kind, region, id string, fn func(Resource)) {
	r.t.Helper()
	if err := r.s.Update(kind, region, id, fn); err != nil {
		r.t.Fatal(err)
	}
}

// seedObject creates a listed object, unless it is known.
func (r *replay) seedObject(path string, item map[string]any) {
	r.t.Helper()
	listed := &interaction{body: item}
	if slices.Contains(r.toFake, listed.id()) {
		return
	}
	r.now, r.outcome = listed.time(r.t, "created_at"), Outcome{Never: item["status"] != StatusReady}
	r.ownProject(listed.text("default_project_id"))
	if app := listed.text("application_id"); app != "" && !slices.Contains(r.toFake, app) {
		created := r.send(http.MethodPost, RouteApplications, `{"name":"bearer","organization_id":"`+r.key.OrganizationID+`"}`, "")
		r.learn(app, parseObject(r.t, created.Body.Bytes())["id"].(string))
	}
	body, err := json.Marshal(item)
	if err != nil {
		r.t.Fatal(err)
	}
	res := r.send(http.MethodPost, path, string(body), listed.text("creation_ip"))
	created := &interaction{body: parseAnswer(r.t, res.Body.Bytes())}
	if created.id() == "" {
		r.t.Fatalf("cannot create %s: %s", body, res.Body)
	}
	r.learn(listed.id(), created.id())

	allowed := rights{Editable: item["editable"] == true, Deletable: item["deletable"] == true, Managed: item["managed"] == true}
	switch {
	case strings.HasSuffix(path, "/applications"):
		r.change(KindApplication, "", created.id(), func(o Resource) {
			a := o.(*Application)
			a.rights, a.UpdatedAt = allowed, listed.time(r.t, "updated_at")
			keys, _ := strconv.Atoi(fmt.Sprint(item["nb_api_keys"]))
			a.apiKeys = func() int { return keys }
		})
	case strings.HasSuffix(path, "/policies"):
		r.change(KindPolicy, "", created.id(), func(o Resource) {
			p := o.(*Policy)
			p.rights, p.UpdatedAt = allowed, listed.time(r.t, "updated_at")
			p.Rules = rulesLike(r.t, item)
		})
	case strings.HasSuffix(path, "/api-keys"):
		r.change(KindAPIKey, "", created.id(), func(o Resource) {
			k := o.(*APIKey)
			k.rights, k.UpdatedAt = allowed, listed.time(r.t, "updated_at")
		})
	}
}

// rulesLike returns rules for a listed policy, of which only their number is
// recorded, and that of their scopes and permission sets.
func rulesLike(t *testing.T, policy map[string]any) []Rule {
	t.Helper()
	number := func(member string) int {
		n, err := strconv.Atoi(fmt.Sprint(policy[member]))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	names := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = strconv.Itoa(i)
		}
		return out
	}
	rules := make([]Rule, number("nb_rules"))
	for i := range rules {
		projects := names(number("nb_scopes"))
		rules[i] = Rule{PermissionSetNames: names(number("nb_permission_sets")), ProjectIDs: &projects}
	}
	return rules
}

// time sets when the real API has seen each request: to the microsecond if an
// object tells, else to the second that was answered, but in order.
func (r *replay) time() {
	r.t.Helper()
	updated := map[string]string{}
	var last time.Time
	for i, in := range r.c.Interactions {
		if !in.served() {
			continue
		}
		changed := in.text("updated_at") != updated[in.object()]
		switch {
		case in.Request.Method == http.MethodPut:
			in.arrived = r.rulesSet(i)
		case in.Request.Method != http.MethodGet && in.text("updated_at") != "" && changed:
			in.arrived = in.time(r.t, "updated_at")
		default:
			date, err := http.ParseTime(in.Response.Headers.Get("Date"))
			if err != nil {
				r.t.Fatal(err)
			}
			in.arrived = date
			if next := last.Add(time.Microsecond); date.Before(next) {
				in.arrived = next
			}
		}
		updated[in.object()] = in.text("updated_at")
		last = in.arrived
	}
}

// rulesSet returns when the rules of a policy were replaced, which only the policy
// tells.
func (r *replay) rulesSet(i int) time.Time {
	r.t.Helper()
	var req struct {
		PolicyID string `json:"policy_id"`
	}
	if err := json.Unmarshal([]byte(r.c.Interactions[i].Request.Body), &req); err != nil {
		r.t.Fatal(err)
	}
	for _, later := range r.c.Interactions[i:] {
		if later.text("id") == req.PolicyID {
			return later.time(r.t, "updated_at")
		}
	}
	r.t.Fatalf("%d: policy %s is not read afterwards", r.c.Interactions[i].ID, req.PolicyID)
	return time.Time{}
}

// recordedOutcome returns how the transition that a request began ended: when it
// was first answered with another status, or in the second that the deployment
// then answered has ended.
func (r *replay) recordedOutcome(i int, in *interaction) Outcome {
	r.t.Helper()
	still := in.arrived
	for _, later := range r.c.Interactions[i+1:] {
		if !later.served() || later.object() != in.object() {
			continue
		}
		if later.text("status") == in.text("status") {
			still = later.arrived
			continue
		}
		end := later.arrived
		if _, deploys := later.body["error_message"]; deploys {
			end = later.time(r.t, "updated_at")
		}
		if !end.After(still) {
			end = still.Add(time.Microsecond)
		}
		return Outcome{Delay: end.Sub(in.arrived), ErrorMessage: later.text("error_message")}
	}
	return Outcome{Never: true}
}

// A difference is a value that differs.
type difference struct {
	path      string
	want, got string
	tolerated bool
}

type differ struct{ found []difference }

func (d *differ) compare(path string, want, got any) {
	wm, wok := want.(map[string]any)
	gm, gok := got.(map[string]any)
	if wok && gok {
		for _, k := range slices.Sorted(maps.Keys(wm)) {
			g, ok := gm[k]
			if !ok {
				d.add(path+"/"+k, wm[k], "no such key")
				continue
			}
			d.compare(path+"/"+k, wm[k], g)
		}
		for _, k := range slices.Sorted(maps.Keys(gm)) {
			if _, ok := wm[k]; !ok {
				d.add(path+"/"+k, "no such key", gm[k])
			}
		}
		return
	}
	wl, wok := want.([]any)
	gl, gok := got.([]any)
	if wok && gok && len(wl) == len(gl) {
		for i := range wl {
			d.compare(fmt.Sprintf("%s/%d", path, i), wl[i], gl[i])
		}
		return
	}
	if w, g := fmt.Sprintf("%T %#v", want, want), fmt.Sprintf("%T %#v", got, got); w != g {
		d.add(path, want, got)
	}
}

func (d *differ) add(path string, want, got any) {
	f := difference{path: path, want: fmt.Sprint(want), got: fmt.Sprint(got)}
	for _, tol := range tolerances {
		if tol.path.MatchString(path) && tol.want == f.want {
			tol.hits++
			f.tolerated = true
		}
	}
	d.found = append(d.found, f)
}

// normalize replaces what is random in an answer by what can be compared: hashed
// secrets, JWTs and public keys.
func normalize(t *testing.T, answer map[string]any, secrets secretLabels, ids *strings.Replacer) any {
	t.Helper()
	if key, ok := answer["public_key"].(string); ok && key != "" {
		answer["token"] = normalizeJWT(t, answer["token"].(string), key, ids)
		answer["public_key"] = normalizeKey(t, key)
	}
	if key, ok := answer["secret_key"].(string); ok && uuid.Validate(key) == nil {
		answer["secret_key"] = maskedUUID
	}
	return normalizeSecrets(answer, secrets)
}

func parseKey(t *testing.T, text string) (*pem.Block, *rsa.PublicKey, []byte) {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("not PEM: %q", text)
	}
	k, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return block, k, rest
}

func normalizeKey(t *testing.T, text string) any {
	t.Helper()
	block, k, rest := parseKey(t, text)
	return map[string]any{"type": block.Type, "exponent": k.E, "bits": k.N.BitLen(), "rest": string(rest)}
}

// normalizeJWT returns the parts of a JWT. Its signature must be valid.
func normalizeJWT(t *testing.T, token, key string, ids *strings.Replacer) any {
	t.Helper()
	_, k, _ := parseKey(t, key)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", token)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	if err := jwt.SigningMethodRS256.Verify(parts[0]+"."+parts[1], signature, k); err != nil {
		t.Errorf("cannot verify %s: %v", token, err)
	}
	out := map[string]any{"signature_bytes": len(signature)}
	for i, name := range []string{"header", "claims"} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if ids != nil {
			b = []byte(ids.Replace(string(b)))
		}
		out[name] = parseObject(t, b)
	}
	return out
}

// secretLabels numbers the hashes of an API in the order they are first answered,
// so that one that is kept or made anew at the wrong time shows.
type secretLabels map[string]int

var argonHash = regexp.MustCompile(`^\$(\w+)\$v=(\d+)\$(m=\d+,t=\d+,p=\d+)\$([\w+/]+)\$([\w+/]+)$`)

func normalizeSecrets(v any, labels secretLabels) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			v[k] = normalizeSecrets(v[k], labels)
		}
	case []any:
		for i := range v {
			v[i] = normalizeSecrets(v[i], labels)
		}
	case string:
		m := argonHash.FindStringSubmatch(v)
		if m == nil {
			return v
		}
		if _, ok := labels[v]; !ok {
			labels[v] = len(labels)
		}
		return map[string]any{"algorithm": m[1], "version": m[2], "cost": m[3], "salt": len(m[4]), "hash": len(m[5]), "label": labels[v]}
	}
	return v
}

// parseAnswer reads the body of an answer, which may have none.
func parseAnswer(t *testing.T, b []byte) map[string]any {
	t.Helper()
	if len(b) == 0 {
		return map[string]any{}
	}
	return parseObject(t, b)
}

func parseObject(t *testing.T, b []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	out := map[string]any{}
	if err := d.Decode(&out); err != nil {
		t.Fatalf("cannot read %q: %v", b, err)
	}
	return out
}
