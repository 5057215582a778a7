// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// routeOther stands for each path that no resource declares, so that no path
// becomes a time series of its own.
const routeOther = "other"

// Metrics of the requests to Scaleway. None names a tenant, so that their number
// does not grow with that of tenants. With R routes (two for each declared path,
// and "other") there are
//
//   - scaleway_api_requests_total: at most 6 methods x R routes x the statuses that
//     Scaleway gives, of which there are about ten, and 5 outcomes without an answer;
//   - scaleway_api_request_duration_seconds: at most 6 x R histograms of 14 series;
//   - scaleway_api_rate_limit_wait_seconds: one histogram of 14 series;
//   - scaleway_api_requests_in_flight: 1; scaleway_tenants: 5, one for each state.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	waits    prometheus.Histogram
	inFlight prometheus.Gauge
	tenants  *prometheus.Desc

	known  *Tenants
	routes *http.ServeMux
}

// NewMetrics returns Metrics of requests for objects with the paths, in which
// {region} and {id} stand for parts, and for the collections that they are in. They
// count the tenants by state.
func NewMetrics(known *Tenants, paths ...string) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scaleway_api_requests_total",
			Help: "Requests to Scaleway, by method, route, code (the HTTP status, error where there was no answer, none where nothing was sent) and outcome (answered, timeout, dropped, canceled, refused or held).",
		}, []string{"method", "route", "code", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "scaleway_api_request_duration_seconds",
			Help:    "How long requests to Scaleway took, to the end of the answer, by method and route. Waiting for their turn is not part of it.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "scaleway_api_rate_limit_wait_seconds",
			Help:    "How long requests to Scaleway waited for their turn, which most do not.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "scaleway_api_requests_in_flight",
			Help: "Requests to Scaleway that have not been answered yet.",
		}),
		tenants: prometheus.NewDesc("scaleway_tenants",
			"API keys in use, by state: answered, slowed (Scaleway answers 429), silent (it has not answered for some seconds), outage (it does not answer), recovering.",
			[]string{"state"}, nil),
		known:  known,
		routes: http.NewServeMux(),
	}

	var templates []string
	for _, p := range paths {
		templates = append(templates, p, path.Dir(p))
	}

	slices.Sort(templates)

	for _, t := range slices.Compact(templates) {
		m.routes.Handle(t, http.NotFoundHandler())
	}

	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.requests.Describe(ch)
	m.duration.Describe(ch)
	m.waits.Describe(ch)
	m.inFlight.Describe(ch)
	ch <- m.tenants
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.requests.Collect(ch)
	m.duration.Collect(ch)
	m.waits.Collect(ch)
	m.inFlight.Collect(ch)

	counts := map[State]int{}
	for _, t := range m.known.byKey.Values() {
		counts[t.State()]++
	}

	for _, s := range States() {
		ch <- prometheus.MustNewConstMetric(m.tenants, prometheus.GaugeValue, float64(counts[s]), string(s))
	}
}

// observe the outcome of a request, and how long it took if it was sent.
func (m *Metrics) observe(req *http.Request, o outcome, took time.Duration) {
	method, route := methodOf(req), m.route(req)
	m.requests.WithLabelValues(method, route, o.code, string(o.kind)).Inc()

	if took > 0 {
		m.duration.WithLabelValues(method, route).Observe(took.Seconds())
	}
}

// route that the path of the request is of.
func (m *Metrics) route(req *http.Request) string {
	if _, pattern := m.routes.Handler(req); pattern != "" {
		return pattern
	}

	return routeOther
}

func methodOf(req *http.Request) string {
	switch req.Method {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete:
		return req.Method
	default:
		return routeOther
	}
}
