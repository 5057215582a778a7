// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unready says what keeps a managed resource from being Synced and Ready. It is
// empty for one that is both.
func unready(u *unstructured.Unstructured) string {
	status := xpv1.ConditionedStatus{}
	if err := fieldpath.Pave(u.Object).GetValueInto("status", &status); err != nil {
		return "the provider has not reported yet"
	}
	// Synced comes first: it has the error, where Ready just says it is not.
	for _, ct := range []xpv1.ConditionType{xpv1.TypeSynced, xpv1.TypeReady} {
		c := status.GetCondition(ct)
		switch {
		case c.Status == corev1.ConditionTrue:
		case c.Message != "":
			return c.Message
		case c.Reason != "":
			return string(c.Reason)
		default:
			return fmt.Sprintf("the provider has not reported whether it is %s yet", ct)
		}
	}
	return ""
}

// waitingFor describes, on one line, how far the objects are that have to get
// somewhere: done is what they then are, and left says what keeps an object from
// it, and is empty for one that is there. finished is whether all are.
func waitingFor(objects []*unstructured.Unstructured, done string, left func(*unstructured.Unstructured) string) (line string, finished bool) {
	var waiting []string
	for _, u := range objects {
		if why := left(u); why != "" {
			waiting = append(waiting, fmt.Sprintf("%s: %s", name(u), strings.Join(strings.Fields(why), " ")))
		}
	}
	line = fmt.Sprintf("%d/%d %s", len(objects)-len(waiting), len(objects), done)
	if len(waiting) > 0 {
		line += ", waiting for " + waiting[0]
	}
	return line, len(waiting) == 0
}

// name of an object in what is shown.
func name(u *unstructured.Unstructured) string {
	return u.GetKind() + "/" + u.GetName()
}
