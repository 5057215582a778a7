// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	// maxReaders bounds the answers of the API server that are remembered.
	maxReaders = 128

	// believedFor is how long an answer is remembered: whoever loses the right to read
	// has it for that long.
	believedFor = time.Minute

	// reviewTimeout bounds what is asked of the API server for one scrape.
	reviewTimeout = 10 * time.Second
)

// metricsOptions returns how metrics are served.
func metricsOptions(o Options, log logging.Logger) server.Options {
	m := server.Options{BindAddress: o.MetricsBindAddress}

	switch {
	case o.MetricsBindAddress == "" || o.MetricsBindAddress == "0":
		// Controller-runtime takes an empty one for its default.
		m.BindAddress = "0"
	case o.MetricsSecure:
		m.SecureServing = true
		m.CertDir = o.MetricsCertDir
		m.FilterProvider = onlyReaders
		// Nobody who scrapes needs HTTP/2, by which one client can have a server do much.
		m.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }}
	case o.ExpiryMetrics > 0:
		log.Info("Metrics name objects, with their namespace and expiry, to whoever reaches the address: serve them with --metrics-secure, or set --expiry-metrics=0", "address", o.MetricsBindAddress, "expiryMetrics", o.ExpiryMetrics)
	}

	return m
}

// onlyReaders serves metrics to those only whose bearer token the API server knows, and
// who have the right to get the path. Controller-runtime's own filter does the same, and
// links the API server's packages, with CEL and tracing.
func onlyReaders(cfg *rest.Config, c *http.Client) (server.Filter, error) {
	// Scrapes do not take from what reconciles may ask.
	cfg = rest.CopyConfig(cfg)
	cfg.RateLimiter = nil

	authentication, err := authenticationclient.NewForConfigAndClient(cfg, c)
	if err != nil {
		return nil, errors.Wrap(err, "cannot create the client that reviews tokens")
	}

	authorization, err := authorizationclient.NewForConfigAndClient(cfg, c)
	if err != nil {
		return nil, errors.Wrap(err, "cannot create the client that reviews access")
	}

	r := &readers{
		tokens: authentication.TokenReviews(),
		access: authorization.SubjectAccessReviews(),
		known:  cache.NewLRUExpireCache(maxReaders),
	}

	return func(log logr.Logger, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			status, err := r.review(req)
			if err != nil {
				log.Error(err, "Cannot find out who may read metrics: bind the provider's ServiceAccount to the ClusterRole system:auth-delegator")
			}

			if status != http.StatusOK {
				http.Error(w, http.StatusText(status), status)
				return
			}

			next.ServeHTTP(w, req)
		}), nil
	}, nil
}

// readers are those who may read metrics.
type readers struct {
	tokens authenticationclient.TokenReviewInterface
	access authorizationclient.SubjectAccessReviewInterface
	known  *cache.LRUExpireCache
}

// A reading is what is remembered of: never the token itself.
type reading struct {
	token  [sha256.Size]byte
	method string
	path   string
}

// review returns the status with which a request is to be answered.
func (r *readers) review(req *http.Request) (int, error) {
	scheme, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return http.StatusUnauthorized, nil
	}

	key := reading{token: sha256.Sum256([]byte(token)), method: req.Method, path: req.URL.Path}
	if status, ok := r.known.Get(key); ok {
		return status.(int), nil //nolint:forcetypeassert // Nothing else is kept.
	}

	ctx, cancel := context.WithTimeout(req.Context(), reviewTimeout)
	defer cancel()

	status, err := r.ask(ctx, token, strings.ToLower(req.Method), req.URL.Path)
	if err != nil {
		return http.StatusInternalServerError, err
	}

	r.known.Add(key, status, believedFor)

	return status, nil
}

func (r *readers) ask(ctx context.Context, token, verb, path string) (int, error) {
	who, err := r.tokens.Create(ctx, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
	if err != nil {
		return 0, errors.Wrap(err, "cannot have the API server review a token")
	}

	if !who.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}

	u := who.Status.User

	extra := make(map[string]authorizationv1.ExtraValue, len(u.Extra))
	for k, v := range u.Extra {
		extra[k] = authorizationv1.ExtraValue(v)
	}

	may, err := r.access.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: u.Username, UID: u.UID, Groups: u.Groups, Extra: extra,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: verb, Path: path},
	}}, metav1.CreateOptions{})
	if err != nil {
		return 0, errors.Wrap(err, "cannot have the API server review access")
	}

	if !may.Status.Allowed {
		return http.StatusForbidden, nil
	}

	return http.StatusOK, nil
}
