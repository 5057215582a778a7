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
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
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
	// Tenant who has the credentials. Nil is nobody.
	Tenant(credentials clients.Credentials) (*transport.Tenant, error)
}

// Turns say when Scaleway is asked, so that checks that hang hold the workers of
// their own tenant only.
type Turns interface {
	Begin(kind string, name types.NamespacedName, tenant *transport.Tenant) (end func(), wait time.Duration)
	Forget(kind string, name types.NamespacedName)
}

// A checker says in the condition Ready of a ProviderConfig whether its credentials
// work. It asks Scaleway when they have changed, and when what it has answered to
// somebody else says otherwise; and not because of a reconcile.
type checker struct {
	reconcile.Reconciler

	kube        client.Client
	kind        string
	newConfig   func() xpresource.ProviderConfig
	credentials Credentials
	turns       Turns
	record      event.Recorder
	now         func() time.Time

	mu     sync.Mutex
	checks map[types.NamespacedName]check
}

// A check is the last one of a ProviderConfig.
type check struct {
	// credentials that were checked, as in the status, and whose they are.
	credentials string
	tenant      *transport.Tenant
	// ready is what came of it. The status that is read may be older.
	ready xpv1.Condition
	// next is when Scaleway is asked again about the same.
	next time.Time
	// failures in a row.
	failures int

	// doubted is whether Scaleway has answered somebody otherwise since. Then it is
	// asked at doubtable, which is later the more often it was asked because of that.
	doubted   bool
	doubtable time.Time
	doubts    int
	// asking is whether Scaleway is being asked: its answer is none to somebody else.
	asking bool
}

// again is when Scaleway is asked again about the same credentials.
func (k check) again() time.Time {
	if k.doubted && k.doubtable.Before(k.next) {
		return k.doubtable
	}

	return k.next
}

// contradicted tells whether what Scaleway has answered last, to whomever, is not
// what came of the check.
func (k check) contradicted() bool {
	switch k.tenant.Judgement() {
	case transport.Refused:
		return k.ready.Status == corev1.ConditionTrue
	case transport.Accepted:
		return k.ready.Reason == ReasonRefused
	case transport.Unjudged:
	}

	return false
}

func newChecker(inner reconcile.Reconciler, kube client.Client, kind string, newConfig func() xpresource.ProviderConfig, c Credentials, t Turns, r event.Recorder) *checker {
	return &checker{
		Reconciler: inner, kube: kube, kind: kind, newConfig: newConfig, credentials: c, turns: t, record: r,
		now: time.Now, checks: map[types.NamespacedName]check{},
	}
}

// Reconcile checks the credentials after the use of the ProviderConfig is accounted
// for.
func (c *checker) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	result, err := c.Reconciler.Reconcile(ctx, req)
	if err != nil {
		c.turns.Forget(c.kind, req.NamespacedName) // It may have been called: the slot is another's.
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
		c.turns.Forget(c.kind, key)

		k := c.failed(key, status.CheckedCredentials, condition(corev1.ConditionUnknown, ReasonCheckFailed, err.Error()))
		return c.lookAgain(pc, k), c.set(ctx, pc, k)
	case err != nil:
		c.forget(key)
		return c.lookAgain(pc, check{next: c.now().Add(checkInterval)}), c.set(ctx, pc, check{ready: condition(corev1.ConditionFalse, ReasonUnusable, err.Error())})
	}

	id := identify(pc, credentials)

	tenant, err := c.credentials.Tenant(credentials)
	if err != nil {
		return 0, err // Not of credentials that were read: their address has been parsed.
	}

	_, ok := c.last(key)
	if ready := status.GetCondition(xpv1.TypeReady); !ok && status.CheckedCredentials == id && ready.Status == corev1.ConditionTrue {
		c.passed(key, id, ready) // By an earlier process.
	}

	k := c.reconsider(key, tenant)

	if k.credentials != id || !c.now().Before(k.again()) {
		end, wait := c.turns.Begin(c.kind, key, tenant)
		if wait > 0 {
			return wait, nil
		}

		c.ask(ctx, key, id, credentials, end)
		k = c.reconsider(key, tenant)
	} else {
		c.turns.Forget(c.kind, key)
	}

	return c.lookAgain(pc, k), c.set(ctx, pc, k)
}

// reconsider the last check of a ProviderConfig, whose credentials are the tenant's
// now. What Scaleway has answered meanwhile may have been missed.
func (c *checker) reconsider(key types.NamespacedName, tenant *transport.Tenant) check {
	c.mu.Lock()
	defer c.mu.Unlock()

	k, ok := c.checks[key]
	if !ok {
		return k
	}

	k.tenant = tenant
	k.doubted = k.doubted || k.contradicted()
	c.checks[key] = k

	return k
}

// doubt the checks that the last answer to the tenant contradicts, and return the
// ProviderConfigs that they are of. Each is doubted once, until it is asked again.
func (c *checker) doubt(tenant *transport.Tenant) []types.NamespacedName {
	c.mu.Lock()
	defer c.mu.Unlock()

	var doubted []types.NamespacedName

	for key, k := range c.checks {
		if k.tenant == tenant && !k.doubted && !k.asking && k.contradicted() {
			k.doubted = true
			c.checks[key] = k
			doubted = append(doubted, key)
		}
	}

	return doubted
}

// ask Scaleway about the credentials, in a turn that ends with the answer.
func (c *checker) ask(ctx context.Context, key types.NamespacedName, id string, credentials clients.Credentials, end func()) {
	defer end()

	c.begin(key)

	err := c.credentials.Check(ctx, credentials)

	switch {
	case err == nil:
		c.passed(key, id, condition(corev1.ConditionTrue, ReasonValid, "Scaleway accepts the API key "+credentials.AccessKey))
	case clients.StatusCode(err) == http.StatusUnauthorized:
		err = errors.Wrapf(err, "Scaleway does not accept the API key %s: put the credentials right", credentials.AccessKey)
		c.failed(key, id, condition(corev1.ConditionFalse, ReasonRefused, err.Error()))
	default:
		err = errors.Wrapf(err, "cannot tell whether Scaleway accepts the API key %s", credentials.AccessKey)
		c.failed(key, id, condition(corev1.ConditionUnknown, ReasonCheckFailed, err.Error()))
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
	after := max(k.again().Sub(c.now()), time.Second)

	if source, err := clients.SourceOf(pc); err == nil && source.File != "" {
		return min(after, fileInterval)
	}

	return after
}

// begin to ask about what was checked before.
func (c *checker) begin(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if k, ok := c.checks[key]; ok {
		k.asking = true
		c.checks[key] = k
	}
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
	c.turns.Forget(c.kind, key)
}

// passed notes that credentials work.
func (c *checker) passed(key types.NamespacedName, credentials string, ready xpv1.Condition) {
	c.note(key, credentials, ready, func(k *check) {
		k.failures = 0
		k.next = c.now().Add(wait.Jitter(checkInterval, 0.1))
	})
}

// failed notes that credentials do not work, or cannot be checked.
func (c *checker) failed(key types.NamespacedName, credentials string, ready xpv1.Condition) check {
	return c.note(key, credentials, ready, func(k *check) {
		k.next = c.now().Add(backOff(k.failures))
		k.failures++
	})
}

// note what came of a check.
func (c *checker) note(key types.NamespacedName, credentials string, ready xpv1.Condition, more func(*check)) check {
	c.mu.Lock()
	defer c.mu.Unlock()

	k := c.checks[key]

	switch {
	case k.credentials != credentials:
		k = check{credentials: credentials}
	case k.doubted:
		k.doubtable = c.now().Add(backOff(k.doubts))
		k.doubts++
	case k.ready.Status == corev1.ConditionTrue:
		k.doubts, k.doubtable = 0, time.Time{} // Nobody has doubted it for as long as it was believed.
	}

	k.ready, k.doubted, k.asking = ready, false, false
	more(&k)
	c.checks[key] = k

	return k
}

// backOff returns how long to wait before Scaleway is asked again, after so many
// times in a row.
func backOff(times int) time.Duration {
	return wait.Jitter(min(minRetry<<min(times, 10), maxRetry), 0.2)
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
