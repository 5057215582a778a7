// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

const argumentRegion = "region"

// check refuses a managed resource that Scaleway would misunderstand. Terraform
// makes some of these checks, but not when upjet calls it.
func (c *Connector) check(ctx context.Context, mg ujresource.Terraformed) error {
	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return errors.Wrap(err, "cannot read the arguments")
	}

	if err := errors.Join(checkTemplates(mg), c.checkRegions(mg, args), c.checkArguments(mg, args)); err != nil {
		return err
	}

	return c.checkSecrets(ctx, mg)
}

// checkRegions refuses an unknown region, a malformed ID, and IDs of different
// regions: Terraform would use the region of one for the other.
func (c *Connector) checkRegions(mg ujresource.Terraformed, args map[string]any) error {
	// What has been seen to have a region, and which.
	var where, region string

	agree := func(what, r string) error {
		if r == "" {
			return nil
		}

		if err := regional.CheckRegion(r, c.resource.Regions); err != nil {
			return errors.Wrap(err, what)
		}

		if region != "" && r != region {
			return errors.Errorf("%s is in region %s, but %s is in region %s: they must be in one region", where, region, what, r)
		}

		where, region = what, r

		return nil
	}

	if r, _ := args[argumentRegion].(string); r != "" {
		if err := agree("spec.forProvider.region", r); err != nil {
			return err
		}
	}

	if external := meta.GetExternalName(mg); external != "" {
		id, err := c.resource.ParseID(external)
		if err != nil {
			return errors.Wrapf(err, "annotation %s", meta.AnnotationKeyExternalName)
		}

		if err := agree(fmt.Sprintf("the object %s, which annotation %s names,", external, meta.AnnotationKeyExternalName), id.Region); err != nil {
			return err
		}
	}

	for _, arg := range slices.Sorted(maps.Keys(c.resource.References)) {
		value, _ := args[arg].(string)
		if value == "" {
			continue
		}

		field := fieldOf(arg)

		id, err := c.resource.ParseReference(arg, value)
		if err != nil {
			return errors.Wrap(err, field)
		}

		if err := agree(fmt.Sprintf("%s %s", field, value), id.Region); err != nil {
			return err
		}
	}

	return nil
}

// checkSecrets refuses an argument whose Secret or key is missing. Upjet takes
// it for empty, and would create the object without it.
func (c *Connector) checkSecrets(ctx context.Context, mg ujresource.Terraformed) error {
	mapping := mg.GetConnectionDetailsMapping()

	var paths []string
	for _, path := range mapping {
		if !strings.HasPrefix(path, "status.") {
			paths = append(paths, "spec.initProvider."+path, "spec.forProvider."+path)
		}
	}

	if len(paths) == 0 {
		return nil
	}

	slices.Sort(paths)

	paved, err := fieldpath.PaveObject(mg)
	if err != nil {
		return errors.Wrap(err, "cannot read the references to Secrets")
	}

	for _, path := range paths {
		ref := &xpv1.LocalSecretKeySelector{}
		if err := paved.GetValueInto(path, ref); err != nil {
			if fieldpath.IsNotFound(err) {
				continue
			}

			return errors.Wrap(err, path)
		}

		key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}

		s := &corev1.Secret{}
		if err := c.kube.Get(ctx, key, s); err != nil {
			return errors.Wrapf(err, "%s: cannot get Secret %q", path, key)
		}

		if _, ok := s.Data[ref.Key]; ref.Key != "" && !ok {
			return errors.Errorf("%s: Secret %q has no key %q", path, key, ref.Key)
		}

		// All keys, where the whole Secret is the argument.
		for k, v := range s.Data {
			if (ref.Key == "" || ref.Key == k) && evaluated.Match(v) {
				return errors.Errorf("%s: key %q of Secret %q %s", path, k, key, errTemplate)
			}
		}
	}

	return nil
}

// checkReferences refuses a reference into another Kubernetes namespace. It
// would be resolved with the rights of the provider, not of the user: a tenant
// could use, and learn of, objects of any other.
func checkReferences(_ context.Context, mg xpresource.Managed) error {
	if meta.WasDeleted(mg) {
		return nil // References are not resolved any more.
	}

	return eachArgument(mg, func(at *location, v reflect.Value) (bool, error) {
		if v.Kind() != reflect.Struct || !isReference(at) {
			return false, nil
		}

		return true, walk(at, v, func(within *location, v reflect.Value) (bool, error) {
			// Of the reference itself: a selector may look for a label of that name.
			if within.parent == at && within.name == "namespace" && v.Kind() == reflect.String && v.Len() > 0 && v.String() != mg.GetNamespace() {
				return true, errors.Errorf("%s %q is not allowed: a reference stays in its own namespace, %q", within, v, mg.GetNamespace())
			}

			return false, nil
		})
	})
}

// isReference tells whether a location is that of a reference or a selector, by its
// name.
func isReference(at *location) bool {
	return strings.HasSuffix(at.name, "Ref") || strings.HasSuffix(at.name, "Selector")
}
