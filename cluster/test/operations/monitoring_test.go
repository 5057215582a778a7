// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// A scrape of the provider's metrics, by name.
type scrape map[string]*dto.MetricFamily

func parse(t *testing.T, metrics string) scrape {
	t.Helper()

	p := expfmt.NewTextParser(model.UTF8Validation)

	families, err := p.TextToMetricFamilies(strings.NewReader(metrics))
	if err != nil {
		t.Fatal(err)
	}

	return families
}

// value of the only series of a metric that has the labels, or 0 if there is none.
func (s scrape) value(name string, labels map[string]string) float64 {
	for _, m := range s[name].GetMetric() {
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}

		if maps.Equal(have, labels) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}

	return 0
}

// lives is what a provider does that has done everything that is counted.
func lives(t *testing.T, args ...string) (e *framework.Env, address string) {
	t.Helper()

	e = framework.New(t)
	address = e.FreeAddress()
	e.StartProvider(elect(e, append(args, "--metrics-bind-address="+address, "--request-timeout=1s")...))

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	// A creation that is interrupted.
	e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, DropAfter: true})

	gone := e.NewToken("gone", framework.ExternalName(f.Namespace))
	e.Create(gone)
	e.WaitReady(gone)
	e.Delete(gone)

	// One that nothing comes of.
	e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, DropBefore: true})

	lost := e.NewToken("lost", framework.ExternalName(f.Namespace))
	lost.Spec.ForProvider.ExpiresAt = ptr.To(time.Now().Add(12 * time.Hour).UTC().Format(time.RFC3339))
	e.Create(lost)
	e.WaitReady(lost)

	// A Secret whose value is lost.
	s := secretNamed(e, "lost")
	e.Update(s, func() { s.Data = map[string][]byte{"attribute.token": []byte("overwritten")} })
	waitUnready(e, lost, onetime.ReasonSecretUnreadable)

	return e, address
}

// What the provider counts is what has happened.
func TestMetrics(t *testing.T) {
	t.Parallel()

	e, address := lives(t)

	type series struct {
		name   string
		labels map[string]string
	}

	want := map[string]float64{}
	named := map[string]series{}

	add := func(v float64, name string, labels ...string) {
		l := map[string]string{"kind": "Token"}
		for i := 0; i < len(labels); i += 2 {
			l[labels[i]] = labels[i+1]
		}

		key := fmt.Sprint(name, l)
		want[key], named[key] = v, series{name, l}
	}

	add(1, "scaleway_secrets_by_remaining_life", "remaining", "1d")
	add(1, "scaleway_secrets_by_remaining_life", "remaining", "more") // That of the family.
	add(0, "scaleway_secrets_by_remaining_life", "remaining", "never")
	add(0, "scaleway_secrets_by_remaining_life", "remaining", "expired")
	add(1, "scaleway_secrets_unavailable", "reason", "SecretUnreadable")
	add(0, "scaleway_secrets_unavailable", "reason", "SecretLost")
	add(1, "scaleway_secret_losses_total", "reason", "SecretUnreadable")
	add(0, "scaleway_secret_losses_total", "reason", "SecretLost")
	add(1, "scaleway_interrupted_creations_total", "outcome", "revoked")
	add(1, "scaleway_interrupted_creations_total", "outcome", "not_found")
	add(0, "scaleway_interrupted_creations_total", "outcome", "published")
	add(0, "scaleway_creations_unsettled")

	e.Eventually("the metrics", func() (bool, string) {
		s := parse(t, e.Metrics(address))
		got := map[string]float64{}

		for key, n := range named {
			got[key] = s.value(n.name, n.labels)
		}

		return cmp.Equal(want, got), cmp.Diff(want, got)
	})

	// A creation of which the outcome is not known.
	hold := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, Hold: true})
	e.CreateToken("unsettled")
	<-hold.Arrived()
	e.Eventually("the creation to be counted", func() (bool, string) {
		return parse(t, e.Metrics(address)).value("scaleway_creations_unsettled", map[string]string{"kind": "Token"}) == 1, "it is not"
	})
	hold.Remove()
}

// wellKnown metrics of crossplane-runtime, upjet and controller-runtime, which
// dashboards that exist already use.
var wellKnown = []string{
	"crossplane_managed_resource_deletion_seconds",
	"crossplane_managed_resource_exists",
	"crossplane_managed_resource_first_time_to_readiness_seconds",
	"crossplane_managed_resource_first_time_to_reconcile_seconds",
	"crossplane_managed_resource_ready",
	"crossplane_managed_resource_synced",
	"upjet_resource_ext_api_duration",
	"upjet_resource_reconcile_delay_seconds",
	"upjet_resource_ttr",
	"controller_runtime_active_workers",
	"controller_runtime_reconcile_errors_total",
	"controller_runtime_reconcile_panics_total",
	"controller_runtime_reconcile_total",
	"leader_election_master_status",
	"rest_client_requests_total",
	"workqueue_depth",
}

// maxSeries is how many series one of our metrics may have here, but for those that
// name objects, which have a flag.
const maxSeries = 200

// identities are labels whose values are as many as there are objects or requests.
var identities = []string{"name", "namespace", "uid", "external_name", "id", "path", "url"}

// Metrics have the names that are usual, and no more series than is stated.
func TestMetricNames(t *testing.T) {
	t.Parallel()

	e, address := lives(t, withNames)

	e.Eventually("all metrics that are well known", func() (bool, string) {
		s := parse(t, e.Metrics(address))

		var missing []string

		for _, name := range wellKnown {
			if len(s[name].GetMetric()) == 0 {
				missing = append(missing, name)
			}
		}

		return len(missing) == 0, fmt.Sprint(missing)
	})

	documented, err := os.ReadFile(filepath.Join(framework.Root(), "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}

	for name, family := range parse(t, e.Metrics(address)) {
		if !strings.HasPrefix(name, "scaleway_") {
			continue
		}

		labels := []string{}
		for _, l := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}

		row := "`" + name + "`"
		if len(labels) > 0 {
			row = fmt.Sprintf("`%s{%s}`", name, strings.Join(labels, ","))
		}

		if !strings.Contains(string(documented), row) {
			t.Errorf("docs/monitoring.md does not describe %s", row)
		}

		if name == "scaleway_secret_expiry_timestamp_seconds" {
			continue // It has a flag.
		}

		if n := len(family.GetMetric()); n > maxSeries {
			t.Errorf("metric %s has %d series, want at most %d", name, n, maxSeries)
		}

		for _, l := range labels {
			if slices.Contains(identities, l) {
				t.Errorf("metric %s has the label %s, of which there are as many values as objects", name, l)
			}
		}
	}
}

// A selector as promcheck finds it in an expression.
type selector struct {
	Expression string
	Metric     string
	Labels     []string
}

// ours are labels that Prometheus adds to each series that it scrapes.
var ours = []string{"instance", "job", "le"}

// The dashboard and the alerts are in the words of Prometheus, and use nothing that
// the provider does not report.
func TestMonitoring(t *testing.T) {
	t.Parallel()

	expressions := dashboard(t)

	rules, err := os.ReadFile(filepath.Join(framework.Root(), "examples", "monitoring", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	selectors := check(t, expressions, string(rules))
	if len(selectors) < len(expressions) {
		t.Fatalf("%d selectors were found in %d expressions", len(selectors), len(expressions))
	}

	documented, err := os.ReadFile(filepath.Join(framework.Root(), "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}

	for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1) {
		if !strings.Contains(string(documented), "| `"+m[1]+"`") {
			t.Errorf("docs/monitoring.md does not say what to do about the alert %s", m[1])
		}
	}

	e, address := lives(t, withNames)

	e.Eventually("every metric that is used", func() (bool, string) {
		missing := lacking(parse(t, e.Metrics(address)), selectors)
		return len(missing) == 0, strings.Join(missing, "\n")
	})

	if !strings.Contains(e.Provider.Log(), "Metrics name objects") {
		t.Error("the provider does not warn that everybody can read the names")
	}
}

// withNames has the metrics name objects.
const withNames = "--expiry-metrics=1000"

// Without being asked, metrics tell nobody of a tenant: all alerts, and all panels but
// one, do without.
func TestMetricsWithoutNames(t *testing.T) {
	t.Parallel()

	rules, err := os.ReadFile(filepath.Join(framework.Root(), "examples", "monitoring", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	named := 0

	selectors := slices.DeleteFunc(check(t, dashboard(t), ""), func(s selector) bool {
		is := strings.HasPrefix(s.Metric, "scaleway_secret_expiry_")
		if is {
			named++
		}

		return is
	})

	if named != 1 {
		t.Errorf("%d expressions of the dashboard need names, want 1", named)
	}

	selectors = append(selectors, check(t, nil, string(rules))...)

	e, address := lives(t)

	e.Eventually("every metric that is used", func() (bool, string) {
		missing := lacking(parse(t, e.Metrics(address)), selectors)
		return len(missing) == 0, strings.Join(missing, "\n")
	})

	for line := range strings.SplitSeq(e.Metrics(address), "\n") {
		if strings.Contains(line, e.Namespace) {
			t.Errorf("a metric tells of a tenant: %s", line)
		}
	}

	if strings.Contains(e.Provider.Log(), "Metrics name objects") {
		t.Error("the provider warns of names that it does not tell")
	}
}

// suffixes of the series of a histogram.
var suffixes = regexp.MustCompile(`_(bucket|sum|count)$`)

// lacking returns what of the selectors is not in the scrape.
func lacking(s scrape, selectors []selector) []string {
	var out []string

	for _, sel := range selectors {
		family := s[sel.Metric]
		if family == nil {
			family = s[suffixes.ReplaceAllString(sel.Metric, "")]
		}

		if len(family.GetMetric()) == 0 {
			out = append(out, fmt.Sprintf("there is no metric %s: %s", sel.Metric, sel.Expression))
			continue
		}

		for _, label := range sel.Labels {
			if slices.Contains(ours, label) {
				continue
			}

			if !slices.ContainsFunc(family.GetMetric()[0].GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == label }) {
				out = append(out, fmt.Sprintf("metric %s has no label %s: %s", sel.Metric, label, sel.Expression))
			}
		}
	}

	return out
}

// dashboard returns the expressions of the dashboard, as Grafana sends them.
func dashboard(t *testing.T) []string {
	t.Helper()

	b, err := os.ReadFile(filepath.Join(framework.Root(), "examples", "monitoring", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}

	var d struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}

	var expressions []string

	ids := map[int]string{}

	for _, p := range d.Panels {
		if other, ok := ids[p.ID]; ok || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q has no title, does not fit, or has the ID of %q", p.ID, p.Title, other)
		}

		ids[p.ID] = p.Title

		for _, target := range p.Targets {
			expressions = append(expressions, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
		}
	}

	if len(expressions) == 0 {
		t.Fatal("the dashboard has no expressions")
	}

	return expressions
}

// check expressions and rules with Prometheus' own parsers, and return what they
// select.
func check(t *testing.T, expressions []string, rules string) []selector {
	t.Helper()

	in, err := json.Marshal(map[string]any{"expressions": expressions, "rules": rules})
	if err != nil {
		t.Fatal(err)
	}

	var out struct {
		Selectors []selector
		Errors    []string
	}

	stderr := &bytes.Buffer{}

	// A module of its own: the workspace and the module of this test are none of it.
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=readonly", ".")
	cmd.Dir = "promcheck"
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), stderr

	b, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(b, &out)
	}

	if err != nil {
		t.Fatalf("promcheck: %v\n%s", err, stderr)
	}

	for _, e := range out.Errors {
		t.Error(e)
	}

	return out.Selectors
}

// The check of the monitoring notices what is wrong.
func TestMonitoringCheck(t *testing.T) {
	t.Parallel()

	s := parse(t, "# TYPE known counter\nknown{kind=\"Token\"} 1\n# TYPE timed histogram\ntimed_bucket{kind=\"Token\",le=\"+Inf\"} 1\ntimed_sum{kind=\"Token\"} 1\ntimed_count{kind=\"Token\"} 1\n")

	cases := map[string]struct {
		reason     string
		expression string
		want       int
	}{
		"Known":       {reason: "There is such a metric.", expression: `sum by (kind, instance) (rate(known{kind="Token"}[5m]))`},
		"Histogram":   {reason: "There is such a histogram.", expression: `histogram_quantile(0.9, sum by (le) (rate(timed_bucket[5m])))`},
		"Unknown":     {reason: "There is no such metric.", expression: `unknown`, want: 1},
		"Label":       {reason: "There is no such label.", expression: `known{sort="Token"}`, want: 1},
		"Aggregation": {reason: "There is no such label.", expression: `sum by (sort) (known)`, want: 1},
		"Matching":    {reason: "There is no such label.", expression: `known / on (sort) known`, want: 2},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := lacking(s, check(t, []string{tc.expression}, ""))
			if diff := cmp.Diff(tc.want, len(got)); diff != "" {
				t.Errorf("\n%s\nlacking(...): -want, +got:\n%s\n%q", tc.reason, diff, got)
			}
		})
	}
}
