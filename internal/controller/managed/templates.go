// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"reflect"
	"regexp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// evaluated are strings that upjet takes for a template. It evaluates them in the
// provider's process at every reconcile: one that nests a few functions takes
// seconds and gigabytes, and any tenant could write it.
//
// The pattern matches whatever upjet's does, and more: a test compares them.
var evaluated = regexp.MustCompile(`\$\{\s*\w+\s*\(`)

const errTemplate = "holds a call such as ${function(…)}, which is not allowed, because upjet would evaluate it: write it in another way"

// sections of a managed resource that upjet takes arguments from.
var sections = []string{"spec.forProvider", "spec.initProvider"}

// checkTemplates refuses a string that upjet would evaluate.
func checkTemplates(mg xpresource.Managed) error {
	return eachArgument(mg, func(at *location, v reflect.Value) (bool, error) {
		switch v.Kind() {
		case reflect.String:
			if evaluated.MatchString(v.String()) {
				return true, errors.Errorf("%s %s", at, errTemplate)
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				if evaluated.MatchString(key.String()) {
					return true, errors.Errorf("a key of %s %s", at, errTemplate)
				}
			}
		default: // Its parts are looked at one by one.
		}

		return false, nil
	})
}

// withoutTemplates returns a managed resource whose arguments hold no string that
// upjet would evaluate. It is for one that is being deleted, which must not be kept
// by what is wrong with its arguments.
func withoutTemplates(mg xpresource.Managed) (xpresource.Managed, error) {
	if checkTemplates(mg) == nil {
		return mg, nil
	}

	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(mg)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the arguments")
	}

	paved := fieldpath.Pave(content)

	for _, section := range sections {
		if value, err := paved.GetValue(section); err == nil {
			if err := paved.SetValue(section, blank(value)); err != nil {
				return nil, errors.Wrap(err, section)
			}
		}
	}

	clean, ok := mg.DeepCopyObject().(xpresource.Managed)
	if !ok {
		return nil, errors.Errorf("%T is not a managed resource", mg)
	}

	return clean, errors.Wrap(runtime.DefaultUnstructuredConverter.FromUnstructured(content, clean), "cannot take templates out of the arguments")
}

// blank returns the value with each string that upjet would evaluate replaced by
// an empty one.
func blank(value any) any {
	switch v := value.(type) {
	case string:
		if evaluated.MatchString(v) {
			return ""
		}
	case map[string]any:
		for key, item := range v {
			v[key] = blank(item)
		}
	case []any:
		for i, item := range v {
			v[i] = blank(item)
		}
	}

	return value
}

// secretsOnce is a client that reads each Secret once for each context that onceFor
// returned: what upjet takes an argument from is what was checked, also if a tenant
// writes the Secret in between. Templates in the Secrets of what is being deleted,
// which are not checked, are blanked.
type secretsOnce struct {
	client.Client
}

type onceKey struct{}

// once is what one Connect has read.
type once struct {
	blank   bool
	secrets map[client.ObjectKey]*corev1.Secret
}

// onceFor returns a context for one Connect.
func onceFor(ctx context.Context, deleted bool) context.Context {
	return context.WithValue(ctx, onceKey{}, &once{blank: deleted, secrets: map[client.ObjectKey]*corev1.Secret{}})
}

// Get an object.
func (c secretsOnce) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	s, isSecret := o.(*corev1.Secret)

	read, ok := ctx.Value(onceKey{}).(*once)
	if !isSecret || !ok {
		return c.Client.Get(ctx, key, o, opts...)
	}

	if known, ok := read.secrets[key]; ok {
		known.DeepCopyInto(s)
		return nil
	}

	if err := c.Client.Get(ctx, key, s, opts...); err != nil {
		return err
	}

	if read.blank {
		for k, v := range s.Data {
			if evaluated.Match(v) {
				s.Data[k] = nil
			}
		}
	}

	read.secrets[key] = s.DeepCopy()

	return nil
}
