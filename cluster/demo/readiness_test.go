// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestUnready(t *testing.T) {
	condition := func(t, status, reason, message string) any {
		return map[string]any{"type": t, "status": status, "reason": reason, "message": message}
	}
	cases := map[string]struct {
		reason     string
		conditions []any
		want       string
	}{
		"New": {
			reason: "No conditions means that the provider has not seen the resource yet.",
			want:   "the provider has not reported yet",
		},
		"ReadyAndSynced": {
			reason:     "Both conditions are needed, and nothing more.",
			conditions: []any{condition("Ready", "True", "Available", ""), condition("Synced", "True", "ReconcileSuccess", "")},
		},
		"OnlyReady": {
			reason:     "Ready alone may be left over from before the last change.",
			conditions: []any{condition("Ready", "True", "Available", "")},
			want:       "the provider has not reported whether it is Synced yet",
		},
		"OnlySynced": {
			reason:     "Synced alone says nothing about what is at Scaleway.",
			conditions: []any{condition("Synced", "True", "ReconcileSuccess", "")},
			want:       "the provider has not reported whether it is Ready yet",
		},
		"Creating": {
			reason:     "A reason is better than nothing.",
			conditions: []any{condition("Ready", "False", "Creating", ""), condition("Synced", "True", "ReconcileSuccess", "")},
			want:       "Creating",
		},
		"Error": {
			reason:     "The error explains why a resource is still being created.",
			conditions: []any{condition("Ready", "False", "Creating", ""), condition("Synced", "False", "ReconcileError", "no such region")},
			want:       "no such region",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{Object: map[string]any{}}
			if tc.conditions != nil {
				u.Object["status"] = map[string]any{"conditions": tc.conditions}
			}
			if diff := cmp.Diff(tc.want, unready(u)); diff != "" {
				t.Errorf("\n%s\nunready(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWaitingFor(t *testing.T) {
	object := func(name string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{}
		u.SetKind("Token")
		u.SetName(name)
		return u
	}
	type want struct {
		line     string
		finished bool
	}
	cases := map[string]struct {
		reason string
		left   map[string]string
		want   want
	}{
		"None": {
			reason: "When nothing is left to wait for it should say so.",
			want:   want{line: "3/3 Ready", finished: true},
		},
		"Some": {
			reason: "The first that is waited for is named, with a message of several lines on one.",
			left:   map[string]string{"b": "no such\n  region", "c": "Creating"},
			want:   want{line: "1/3 Ready, waiting for Token/b: no such region"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			objects := []*unstructured.Unstructured{object("a"), object("b"), object("c")}
			line, finished := waitingFor(objects, "Ready", func(u *unstructured.Unstructured) string { return tc.left[u.GetName()] })
			if diff := cmp.Diff(tc.want, want{line: line, finished: finished}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nwaitingFor(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
