// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	paris  = "fr-par/11111111-1111-4111-8111-111111111111"
	warsaw = "pl-waw/22222222-2222-4222-8222-222222222222"
)

func TestAsked(t *testing.T) {
	tk := &metav1.ObjectMeta{Annotations: map[string]string{Annotation: paris}}

	for what, want := range map[string]bool{paris: true, warsaw: false, "": false} {
		if got := Asked(tk, what); got != want {
			t.Errorf("Asked(..., %q): want %t, got %t", what, want, got)
		}
	}

	if Asked(&metav1.ObjectMeta{}, "") {
		t.Error("a managed resource without a name is released although nobody asks for it")
	}

	if err := HowTo(errors.New("no Secret"), paris); !strings.Contains(err.Error(), Annotation+"="+paris) {
		t.Errorf("HowTo(...): want the annotation and its value, got %v", err)
	}
}
