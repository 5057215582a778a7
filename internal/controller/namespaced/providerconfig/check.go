// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// Reasons of the condition Ready of a ProviderConfig, and of the events that say
// that it has changed.
const (
	// ReasonValid says that Scaleway knows the API key.
	ReasonValid xpv1.ConditionReason = "CredentialsValid"
	// ReasonUnusable says that there are no credentials, or malformed ones. Scaleway
	// was not asked.
	ReasonUnusable xpv1.ConditionReason = "CredentialsUnusable"
	// ReasonRefused says that Scaleway does not know the API key.
	ReasonRefused xpv1.ConditionReason = "CredentialsRefused"
	// ReasonCheckFailed says that nobody could tell.
	ReasonCheckFailed xpv1.ConditionReason = "CheckFailed"
)

const (
	// checkInterval is how long an API key that Scaleway knows is believed in: it may
	// expire, or be deleted, without any change in Kubernetes.
	checkInterval = time.Hour

	// fileInterval is how often a file is read, which cannot be watched by name.
	fileInterval = time.Minute

	// Bounds of the back-off with which Scaleway is asked again. Its IAM is eventually
	// consistent, so that a key that is unknown may be known a moment later.
	minRetry = 5 * time.Second
	maxRetry = 5 * time.Minute
)

// Credentials reads and checks the credentials of ProviderConfigs.
type Credentials interface {
	Credentials(ctx context.Context, pc client.Object) (clients.Credentials, error)
	Check(ctx context.Context, credentials clients.Credentials) error
}

// A checker says in the condition Ready of a ProviderConfig whether its credentials
// work. It asks Scaleway when they have changed, and not because of a reconcile.
type checker struct {
	reconcile.Reconciler

	kube        client.Client
	newConfig   func() client.Object
	credentials Credentials
	record      event.Recorder
	now         func() time.Time

	mu     sync.Mutex
	checks map[types.NamespacedName]check
}

// A check is the last one of a ProviderConfig.
type check struct {
	// credentials that were checked, as in the status.
	credentials string
	// ready is what came of it. The status that is read may be older.
	ready xpv1.Condition
	// next is when Scaleway is asked again about the same.
	next time.Time
	// failures in a row.
	failures int
}

// due tells whether Scaleway is to be asked again about the same credentials.
func (k check) due(now time.Time) bool {
	return !now.Before(k.next)
}

func newChecker(inner reconcile.Reconciler, kube client.Client, newConfig func() client.Object, c Credentials, r event.Recorder) *checker {
	return &checker{Reconciler: inner, kube: kube, newConfig: newConfig, credentials: c, record: r, now: time.Now, checks: map[types.NamespacedName]check{}}
}

// Reconcile checks the credentials after the use of the ProviderConfig is accounted
// for.
func (c *checker) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	result, err := c.Reconciler.Reconcile(ctx, req)
	if err != nil {
		return result, err
	}

	pc := c.newConfig()
	if err := c.kube.Get(ctx, req.NamespacedName, pc); err != nil || meta.WasDeleted(pc) {
		c.forget(req.NamespacedName)
		return result, client.IgnoreNotFound(err)
	}

	after, err := c.check(ctx, pc)
	if result.RequeueAfter == 0 || after < result.RequeueAfter {
		result.RequeueAfter = after
	}

	return result, err
}

// check the credentials of a ProviderConfig if they have not been, and return when
// to look again.
func (c *checker) check(ctx context.Context, pc client.Object) (time.Duration, error) {
	key := client.ObjectKeyFromObject(pc)
	status := statusOf(pc)

	credentials, err := c.credentials.Credentials(ctx, pc)

	switch {
	case clients.IsTemporary(err):
		k := c.failed(key, status.CheckedCredentials, condition(corev1.ConditionUnknown, ReasonCheckFailed, err.Error()))
		return c.lookAgain(pc, k), c.set(ctx, pc, k)
	case err != nil:
		c.forget(key)
		return c.lookAgain(pc, check{next: c.now().Add(checkInterval)}), c.set(ctx, pc, check{ready: condition(corev1.ConditionFalse, ReasonUnusable, err.Error())})
	}

	id := identify(pc, credentials)

	k, ok := c.last(key)
	if ready := status.GetCondition(xpv1.TypeReady); !ok && status.CheckedCredentials == id && ready.Status == corev1.ConditionTrue {
		k = c.passed(key, id, ready) // By an earlier process.
	}

	if k.credentials != id || k.due(c.now()) {
		k = c.ask(ctx, key, id, credentials)
	}

	return c.lookAgain(pc, k), c.set(ctx, pc, k)
}

// ask Scaleway about the credentials.
func (c *checker) ask(ctx context.Context, key types.NamespacedName, id string, credentials clients.Credentials) check {
	err := c.credentials.Check(ctx, credentials)

	switch {
	case err == nil:
		return c.passed(key, id, condition(corev1.ConditionTrue, ReasonValid, "Scaleway accepts the API key "+credentials.AccessKey))
	case clients.StatusCode(err) == http.StatusUnauthorized:
		err = errors.Wrapf(err, "Scaleway does not accept the API key %s: put the credentials right", credentials.AccessKey)
		return c.failed(key, id, condition(corev1.ConditionFalse, ReasonRefused, err.Error()))
	default:
		err = errors.Wrapf(err, "cannot tell whether Scaleway accepts the API key %s", credentials.AccessKey)
		return c.failed(key, id, condition(corev1.ConditionUnknown, ReasonCheckFailed, err.Error()))
	}
}

// set the condition and what it is about, and say so in an event, if it differs.
func (c *checker) set(ctx context.Context, pc client.Object, k check) error {
	before, _ := pc.DeepCopyObject().(client.Object)
	status, ready := statusOf(pc), k.ready
	old := status.GetCondition(xpv1.TypeReady)

	// Why Scaleway could not be asked differs from time to time.
	if ready.Reason == ReasonCheckFailed && old.Reason == ReasonCheckFailed {
		ready.Message = old.Message
	}

	status.SetConditions(ready.WithObservedGeneration(pc.GetGeneration()))
	status.CheckedCredentials = k.credentials

	if old.ObservedGeneration == pc.GetGeneration() && old.Equal(status.GetCondition(xpv1.TypeReady)) && statusOf(before).CheckedCredentials == k.credentials {
		return nil
	}

	if err := c.kube.Status().Patch(ctx, pc, client.MergeFrom(before)); err != nil {
		return errors.Wrap(client.IgnoreNotFound(err), "cannot write the condition Ready")
	}

	if old.Status == ready.Status && old.Reason == ready.Reason && old.Message == ready.Message {
		return nil
	}

	e := event.Warning(event.Reason(ready.Reason), errors.New(ready.Message))
	if ready.Status == corev1.ConditionTrue {
		e = event.Normal(event.Reason(ready.Reason), ready.Message)
	}

	c.record.Event(pc, e)

	return nil
}

// lookAgain returns when to look at the credentials again.
func (c *checker) lookAgain(pc client.Object, k check) time.Duration {
	after := max(k.next.Sub(c.now()), time.Second)

	if source, err := clients.SourceOf(pc); err == nil && source.File != "" {
		return min(after, fileInterval)
	}

	return after
}

func (c *checker) last(key types.NamespacedName) (check, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()

	k, ok := c.checks[key]

	return k, ok
}

func (c *checker) forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()

	delete(c.checks, key)
}

// passed notes that credentials work.
func (c *checker) passed(key types.NamespacedName, credentials string, ready xpv1.Condition) check {
	c.mu.Lock()
	defer c.mu.Unlock()

	k := check{credentials: credentials, ready: ready, next: c.now().Add(wait.Jitter(checkInterval, 0.1))}
	c.checks[key] = k

	return k
}

// failed notes that credentials do not work, or cannot be checked.
func (c *checker) failed(key types.NamespacedName, credentials string, ready xpv1.Condition) check {
	c.mu.Lock()
	defer c.mu.Unlock()

	k := c.checks[key]
	if k.credentials != credentials {
		k = check{credentials: credentials}
	}

	k.ready = ready
	k.next = c.now().Add(wait.Jitter(min(minRetry<<min(k.failures, 10), maxRetry), 0.2))
	k.failures++
	c.checks[key] = k

	return k
}

func condition(status corev1.ConditionStatus, reason xpv1.ConditionReason, message string) xpv1.Condition {
	return xpv1.Condition{Type: xpv1.TypeReady, Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.Now()}
}

// identify credentials of a ProviderConfig without revealing them, nor that another
// ProviderConfig has the same.
func identify(pc client.Object, c clients.Credentials) string {
	sum := sha256.Sum256([]byte(string(pc.GetUID()) + c.Digest()))
	return hex.EncodeToString(sum[:8])
}

func statusOf(pc client.Object) *v1beta1.ProviderConfigStatus {
	switch pc := pc.(type) {
	case *v1beta1.ProviderConfig:
		return &pc.Status
	case *v1beta1.ClusterProviderConfig:
		return &pc.Status
	default:
		return &v1beta1.ProviderConfigStatus{}
	}
}
