// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	fieldOwner = client.FieldOwner("demo")

	pollInterval = 500 * time.Millisecond

	// sayInterval is how often something is said while nothing changes.
	sayInterval = 10 * time.Second
)

// apply the objects, the namespaces they need, and the Secrets with credentials
// that they refer to.
func (d *demo) apply(ctx context.Context) error {
	for _, name := range namespaces(d.objects) {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := d.plane.Client.Create(ctx, ns); err != nil && !kerrors.IsAlreadyExists(err) {
			return errors.Wrapf(err, "cannot create namespace %s", name)
		}
	}
	d.objects = append(credentialsSecrets(d.objects, d.api.Credentials()), d.objects...)
	for _, u := range d.objects {
		if err := d.plane.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u.DeepCopy()), fieldOwner, client.ForceOwnership); err != nil {
			return errors.Wrapf(err, "cannot apply %s", name(u))
		}
	}
	d.say("%d objects, %d of them managed resources, in %s", len(d.objects), len(d.managed()), strings.Join(namespaces(d.objects), ", "))
	return nil
}

func (d *demo) awaitReady(ctx context.Context) error {
	return d.await(ctx, d.managed(), "Ready", func(u *unstructured.Unstructured) string {
		if err := d.plane.Client.Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
			return err.Error()
		}
		return unready(u)
	})
}

// await waits until all the objects are what done says. left says what keeps an
// object from that.
func (d *demo) await(ctx context.Context, objects []*unstructured.Unstructured, done string, left func(*unstructured.Unstructured) string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d.Timeout, errors.Errorf("not within %s", d.Timeout))
	defer cancel()

	said, saidAt := "", time.Time{}
	for {
		line, finished := waitingFor(objects, done, left)
		if ctx.Err() == nil && (line != said || time.Since(saidAt) >= sayInterval) {
			d.say("%s", line)
			said, saidAt = line, time.Now()
		}
		if finished {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Wrap(context.Cause(ctx), said)
		case <-time.After(pollInterval):
		}
	}
}

// show the managed resources and what the tokens among them say.
func (d *demo) show(ctx context.Context) error {
	c, err := discovery.NewDiscoveryClientForConfig(d.plane.Config)
	if err != nil {
		return errors.Wrap(err, "cannot create a discovery client")
	}
	tables, err := managedTables(ctx, c.RESTClient(), d.plane.Client.RESTMapper(), d.managed())
	if err != nil {
		return err
	}
	d.print("\n%s", tables)
	for _, u := range d.managed() {
		if err := d.showToken(ctx, u); err != nil {
			return errors.Wrapf(err, "cannot show the token of %s", name(u))
		}
	}
	return nil
}

// showToken shows the claims of the token in the connection Secret of a Token, but
// never the token, which is what it opens. It shows nothing of other kinds: the same
// key of an ApiKey's Secret holds what has no claims.
func (d *demo) showToken(ctx context.Context, u *unstructured.Unstructured) error {
	ref, found, _ := unstructured.NestedString(u.Object, "spec", "writeConnectionSecretToRef", "name")
	if !found || u.GetKind() != kindToken {
		return nil
	}
	s := &corev1.Secret{}
	if err := d.plane.Client.Get(ctx, types.NamespacedName{Namespace: u.GetNamespace(), Name: ref}, s); err != nil {
		return err
	}
	token := string(s.Data[keyToken])
	c, err := claims(token)
	if err != nil {
		return errors.Wrapf(err, "key %q of Secret %s", keyToken, ref)
	}
	signature, err := d.api.Verify(ctx, token)
	if err != nil {
		return err
	}
	d.print("%s, key %q of Secret %s:\n%s\nsignature: %s\n\n", name(u), keyToken, ref, c, signature)
	return nil
}

// stay up until the user has enough, when stopped is done. It returns why if
// running is done for another reason.
func (d *demo) stay(stopped, running context.Context) error {
	d.say("All stays up until Ctrl-C. To use it:\n")
	for _, line := range []string{
		"export KUBECONFIG=" + d.plane.Kubeconfig(),
		d.kubectl + " get managed -A",
		d.kubectl + " explain token.spec.forProvider",
		"tail -f " + d.logPath("provider"),
	} {
		d.print("%s\n", line)
	}
	if fake, ok := d.api.(*fakeAPI); ok {
		d.print("curl %s/_fake/objects\n\n", fake.url)
	} else {
		d.print("\nIn the end what was applied above is deleted. What else you create stays at Scaleway unless you delete it before.\n")
	}

	<-running.Done()
	if stopped.Err() == nil {
		return context.Cause(running)
	}
	return nil
}

// delete the managed resources, all at once: the order is the provider's
// business. The rest goes with the control plane. It could not go before: a
// config is held back by the record of who used it, which is the cluster's
// garbage collector's to delete, and none may run here.
func (d *demo) delete(ctx context.Context) error {
	managed := d.managed()
	gone := map[*unstructured.Unstructured]bool{}
	err := d.deleteAndAwait(ctx, managed, gone)
	if err == nil || !d.api.Persists() {
		return err
	}
	// Nobody is going to delete them there but the user, who has to know which.
	var left []string
	for _, u := range managed {
		if !gone[u] {
			left = append(left, fmt.Sprintf("%s %s", name(u), cmp.Or(meta.GetExternalName(u), "(ID not known)")))
		}
	}
	return errors.Errorf("%w\nThese may still be at Scaleway: delete them there.\n%s", err, strings.Join(left, "\n"))
}

// deleteAndAwait deletes managed resources, and notes those that are gone.
func (d *demo) deleteAndAwait(ctx context.Context, managed []*unstructured.Unstructured, gone map[*unstructured.Unstructured]bool) error {
	for _, u := range managed {
		if err := d.plane.Client.Delete(ctx, u); client.IgnoreNotFound(err) != nil {
			return errors.Wrapf(err, "cannot delete %s", name(u))
		}
	}
	return d.await(ctx, managed, "gone", func(u *unstructured.Unstructured) string {
		latest := u.DeepCopy()
		err := d.plane.Client.Get(ctx, client.ObjectKeyFromObject(u), latest)
		switch {
		case kerrors.IsNotFound(err):
			gone[u] = true
			return ""
		case err != nil:
			return err.Error()
		default:
			latest.DeepCopyInto(u)
			return cmp.Or(unready(u), "still there")
		}
	})
}
