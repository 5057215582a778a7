// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"net/http"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// Neighbour returns the Env of another tenant: an organization of its own at the same
// Scaleway, and in its own Kubernetes namespace a ProviderConfig of the same name.
func (e *Env) Neighbour() *Env {
	e.t.Helper()

	return newEnv(e.t, e.plane, e.Scaleway)
}

// NewKey returns another API key of the Env's tenant.
func (e *Env) NewKey() fakescaleway.Key {
	k := e.Scaleway.NewKey()
	k.OrganizationID, k.ProjectID = e.Key.OrganizationID, e.Key.ProjectID
	e.Scaleway.AddKey(k)

	return k
}

// Rotate puts credentials into the Secret of the ProviderConfig "default".
func (e *Env) Rotate(credentials string) {
	e.t.Helper()

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "default"}}
	e.Update(s, func() { s.Data = map[string][]byte{"credentials": []byte(credentials)} })
}

// A Config is a ProviderConfig or a ClusterProviderConfig.
type Config interface {
	client.Object
	GetCondition(ct xpv1.ConditionType) xpv1.Condition
}

// WaitConfig waits until the condition Ready of a ProviderConfig or a
// ClusterProviderConfig has the reason, and returns it.
func (e *Env) WaitConfig(pc Config, reason xpv1.ConditionReason) xpv1.Condition {
	e.t.Helper()

	var c xpv1.Condition

	e.Eventually(name(pc)+" to have the condition Ready with the reason "+string(reason), func() (bool, string) {
		e.Get(pc)
		c = pc.GetCondition(xpv1.TypeReady)

		return c.Reason == reason && c.ObservedGeneration == pc.GetGeneration(), describe(c)
	})

	return c
}

// Calls returns how many requests there were per "METHOD route", without those that
// check the credentials of ProviderConfigs.
func (e *Env) Calls() map[string]int {
	calls := map[string]int{}

	for _, r := range e.Scaleway.Requests() {
		if !isCheck(r) {
			calls[r.Method+" "+r.Route]++
		}
	}

	return calls
}

// Checks returns the requests that check the credentials of ProviderConfigs, in the
// order they were answered.
func (e *Env) Checks() []fakescaleway.Request {
	var checks []fakescaleway.Request

	for _, r := range e.Scaleway.Requests() {
		if isCheck(r) {
			checks = append(checks, r)
		}
	}

	return checks
}

func isCheck(r fakescaleway.Request) bool {
	return r.Method == http.MethodGet && r.Route == fakescaleway.RouteNamespaces && r.Query == "page_size=1"
}
