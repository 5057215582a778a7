// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package release is how a user lets a managed resource go without its object being
// deleted at Scaleway.
package release

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotation lets a managed resource that is being deleted go without its object being
// deleted at Scaleway. Its value is the external name of the object, so that it cannot
// be set by mistake or be copied along.
const Annotation = "scaleway.m.crossplane.io/release"

// Asked tells whether the user has given up what the managed resource, which is being
// deleted, stands for.
func Asked(mg metav1.Object, what string) bool {
	return what != "" && mg.GetAnnotations()[Annotation] == what
}

// HowTo adds to an error that keeps an object from being deleted what can be done about
// it.
func HowTo(err error, what string) error {
	return errors.Wrapf(err, "cannot delete %s at Scaleway: mend what follows, or annotate this resource with %s=%s to leave it there", what, Annotation, what)
}
