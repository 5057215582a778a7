// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"
)

// The fake is compared with every call to Serverless Containers that the
// Terraform provider's own tests have recorded from the real API. The recordings
// are read from the module cache.
const (
	recordedModule = "github.com/scaleway/terraform-provider-scaleway/v2"
	recordedFiles  = "internal/services/container/testdata/*.cassette.yaml"
	recordedHost   = "api.scaleway.com"
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

	compared, differing, tolerated := 0, 0, 0
	skipped := map[string]int{}
	for _, c := range cassettes {
		t.Run(strings.TrimSuffix(c.name, ".cassette.yaml"), func(t *testing.T) {
			r := newReplay(t, c)
			for i, in := range c.Interactions {
				if product := in.product(); product != "containers" {
					skipped[product]++
					continue
				}
				compared++
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
	total := 0
	for _, p := range slices.Sorted(maps.Keys(skipped)) {
		t.Logf("skipped   %4d x %s: not a call to Serverless Containers", skipped[p], p)
		total += skipped[p]
	}
	t.Logf("%d cassettes: %d interactions compared, %d differ, %d only in a tolerated way, %d of other products skipped",
		len(cassettes), compared, differing, tolerated, total)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func readCassettes(t *testing.T) []*cassette {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", recordedModule).Output()
	if err != nil {
		t.Fatalf("cannot find module %s: %v", recordedModule, err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), filepath.FromSlash(recordedFiles)))
	if err != nil {
		t.Fatal(err)
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
	if in.product() != "containers" {
		return
	}
	in.body = parseObject(t, []byte(in.Response.Body))
}

// product returns the part of the API, or the host, that was called.
func (in *interaction) product() string {
	if in.url.Host != recordedHost {
		return in.url.Host
	}
	return strings.Split(in.url.Path, "/")[1]
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
		return in.url.Path + "/" + in.text("id")
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
	// answers name.
	for _, in := range c.Interactions {
		if in.text("organization_id") != "" {
			r.key.OrganizationID, r.key.ProjectID = in.text("organization_id"), in.text("project_id")
			r.s.AddKey(r.key)
		}
	}
	r.time()
	return r
}

// run sends one request and returns how its answer differs from the recorded.
func (r *replay) run(i int, in *interaction) []difference {
	r.t.Helper()
	r.seed(in)
	r.now = in.arrived
	r.outcome = r.recordedOutcome(i, in)

	res := r.send(in.Request.Method, in.url.RequestURI(), in.Request.Body)
	body := res.Body.String()
	if id := parseObject(r.t, []byte(body))["id"]; in.Request.Method == http.MethodPost && id != nil {
		r.learn(in.text("id"), id.(string))
	}
	got := parseObject(r.t, []byte(strings.NewReplacer(r.toRecorded...).Replace(body)))

	d := &differ{}
	d.compare("status code", in.Response.Code, res.Code)
	d.compare("Content-Type", in.Response.Headers.Get("Content-Type"), res.Header().Get("Content-Type"))
	d.compare("X-Total-Count", in.Response.Headers.Get("X-Total-Count"), res.Header().Get("X-Total-Count"))
	d.compare("", normalize(r.t, in.body, r.recordedSecrets, nil), normalize(r.t, got, r.fakeSecrets, strings.NewReplacer(r.toRecorded...)))
	return d.found
}

func (r *replay) send(method, uri, body string) *httptest.ResponseRecorder {
	ids := strings.NewReplacer(r.toFake...)
	req := httptest.NewRequest(method, ids.Replace(uri), strings.NewReader(ids.Replace(body)))
	req.Header.Set(authHeader, r.key.SecretKey)
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

// seed creates the namespaces of other tests that were recorded at the same time
// and are part of a list.
func (r *replay) seed(in *interaction) {
	r.t.Helper()
	list, _ := in.body["namespaces"].([]any)
	for _, item := range list {
		ns := item.(map[string]any)
		id := ns["id"].(string)
		if slices.Contains(r.toFake, id) {
			continue
		}
		created, err := time.Parse(time.RFC3339Nano, ns["created_at"].(string))
		if err != nil {
			r.t.Fatal(err)
		}
		r.now, r.outcome = created, Outcome{Never: ns["status"] != StatusReady}
		body, err := json.Marshal(ns)
		if err != nil {
			r.t.Fatal(err)
		}
		res := r.send(http.MethodPost, in.url.Path, string(body))
		r.learn(id, parseObject(r.t, res.Body.Bytes())["id"].(string))
	}
}

// time sets when the real API has seen each request: to the microsecond if an
// object tells, else to the second that was answered, but in order.
func (r *replay) time() {
	r.t.Helper()
	updated := map[string]string{}
	var last time.Time
	for _, in := range r.c.Interactions {
		if in.product() != "containers" {
			continue
		}
		changed := in.text("updated_at") != updated[in.object()]
		switch {
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

// recordedOutcome returns how the transition that a request began ended: when it
// was first answered with another status, or in the second that the deployment
// then answered has ended.
func (r *replay) recordedOutcome(i int, in *interaction) Outcome {
	r.t.Helper()
	still := in.arrived
	for _, later := range r.c.Interactions[i+1:] {
		if later.product() != "containers" || later.object() != in.object() {
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
