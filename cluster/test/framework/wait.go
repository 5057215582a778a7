// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"context"
	"fmt"
	"net/http"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// timeout of a condition that a test awaits. It is long because the machine may
// be busy; a test that passes does not take it.
const timeout = 90 * time.Second

// Eventually waits until the condition holds, and fails the test with what the
// condition last lacked if it never does.
func (e *Env) Eventually(what string, condition func() (bool, string)) {
	e.t.Helper()

	lack := ""

	err := wait.PollUntilContextTimeout(e.t.Context(), 50*time.Millisecond, timeout, true, func(context.Context) (bool, error) {
		var ok bool
		ok, lack = condition()

		return ok, nil
	})
	if err != nil {
		e.t.Fatalf("waited %s for %s: %s", timeout, what, lack)
	}
}

// Get reads the object again.
func (e *Env) Get(o client.Object) {
	e.t.Helper()

	if err := e.Client.Get(e.t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		e.t.Fatalf("cannot get %s: %v", name(o), err)
	}
}

// WaitReady waits until the managed resources are Ready and Synced.
func (e *Env) WaitReady(mgs ...xpresource.ModernManaged) {
	e.t.Helper()

	for _, mg := range mgs {
		e.Eventually(name(mg)+" to be Ready and Synced", func() (bool, string) {
			e.Get(mg)

			ready, synced := mg.GetCondition(xpv1.TypeReady), mg.GetCondition(xpv1.TypeSynced)

			return ready.Status == corev1.ConditionTrue && synced.Status == corev1.ConditionTrue, describe(ready, synced)
		})
	}
}

// WaitCondition waits until the managed resource's condition fulfils the
// predicate, and returns it.
func (e *Env) WaitCondition(mg xpresource.ModernManaged, t xpv1.ConditionType, what string, fulfilled func(xpv1.Condition) bool) xpv1.Condition {
	e.t.Helper()

	var c xpv1.Condition

	e.Eventually(fmt.Sprintf("%s to have the condition %s %s", name(mg), t, what), func() (bool, string) {
		e.Get(mg)
		c = mg.GetCondition(t)

		return fulfilled(c), describe(c)
	})

	return c
}

// Delete deletes the objects, and waits until they are gone.
func (e *Env) Delete(objects ...client.Object) {
	e.t.Helper()

	for _, o := range objects {
		if err := e.Client.Delete(e.t.Context(), o); err != nil {
			e.t.Fatalf("cannot delete %s: %v", name(o), err)
		}
	}

	for _, o := range objects {
		e.WaitGone(o)
	}
}

// WaitGone waits until the object is gone.
func (e *Env) WaitGone(o client.Object) {
	e.t.Helper()

	e.Eventually(name(o)+" to be gone", func() (bool, string) {
		err := e.Client.Get(e.t.Context(), client.ObjectKeyFromObject(o), o)
		if kerrors.IsNotFound(err) {
			return true, ""
		}

		if mg, ok := o.(xpresource.ModernManaged); ok {
			return false, describe(mg.GetCondition(xpv1.TypeReady), mg.GetCondition(xpv1.TypeSynced))
		}

		lack := fmt.Sprintf("it is still there, deleted at %v", o.GetDeletionTimestamp())

		switch o := o.(type) {
		case *unstructured.Unstructured:
			lack += fmt.Sprintf(", with the status %v", o.Object["status"])
		case *corev1.Namespace:
			// What is left in it.
			for _, c := range o.Status.Conditions {
				if c.Status == corev1.ConditionTrue {
					lack += ", " + c.Message
				}
			}
		}

		return false, lack
	})
}

// Update changes the object, again if somebody else changed it meanwhile.
func (e *Env) Update(o client.Object, change func()) {
	e.t.Helper()

	e.Eventually("an update of "+name(o), func() (bool, string) {
		e.Get(o)
		change()

		err := e.Client.Update(e.t.Context(), o)
		if err != nil && !kerrors.IsConflict(err) {
			e.t.Fatalf("cannot update %s: %v", name(o), err)
		}

		return err == nil, fmt.Sprint(err)
	})
}

// SecretData returns the data of a Secret in the Env's namespace, or nil if it
// does not exist.
func (e *Env) SecretData(secret string) map[string][]byte {
	e.t.Helper()

	s := &corev1.Secret{}

	err := e.Client.Get(e.t.Context(), types.NamespacedName{Namespace: e.Namespace, Name: secret}, s)
	if kerrors.IsNotFound(err) {
		return nil
	}

	if err != nil {
		e.t.Fatal(err)
	}

	return s.Data
}

// ExternalName of a managed resource.
func ExternalName(mg xpresource.ModernManaged) string {
	return meta.GetExternalName(mg)
}

func describe(conditions ...xpv1.Condition) string {
	s := ""
	for _, c := range conditions {
		s += fmt.Sprintf("%s is %q (%s: %s); ", c.Type, c.Status, c.Reason, c.Message)
	}

	return s
}

// WaitPolled waits until the provider has read objects of the route, a template,
// that many times more.
func (e *Env) WaitPolled(route string, times int) {
	e.t.Helper()

	want := e.Scaleway.Count(http.MethodGet, route) + times
	e.Eventually(fmt.Sprintf("%d more reads of %s", times, route), func() (bool, string) {
		return e.Scaleway.Count(http.MethodGet, route) >= want, "there were fewer"
	})
}
