// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A location is where a value stands in a managed resource.
type location struct {
	parent *location
	name   string
}

// String returns the path as a user writes it, such as spec.forProvider.tags[0].
func (l *location) String() string {
	switch {
	case l.parent == nil:
		return l.name
	case strings.HasPrefix(l.name, "["):
		return l.parent.String() + l.name
	default:
		return l.parent.String() + "." + l.name
	}
}

// section returns what a section, such as spec.forProvider, holds.
func section(mg xpresource.Managed, path string) reflect.Value {
	v := reflect.Indirect(reflect.ValueOf(mg))

	for name := range strings.SplitSeq(path, ".") {
		v = v.FieldByName(strings.ToUpper(name[:1]) + name[1:])
	}

	return v
}

// eachArgument walks over the arguments as they are: to convert a managed resource
// to JSON takes longer than all that is looked for in it.
func eachArgument(mg xpresource.Managed, fn func(at *location, v reflect.Value) (done bool, err error)) error {
	for _, s := range sections {
		if err := walk(&location{name: s}, section(mg, s), fn); err != nil {
			return err
		}
	}

	return nil
}

// walk calls fn with each value that is set in v, in a fixed order, and with what
// a value consists of unless fn says that it is done with it.
func walk(at *location, v reflect.Value, fn func(at *location, v reflect.Value) (done bool, err error)) error {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}

		v = v.Elem()
	}

	if done, err := fn(at, v); done || err != nil {
		return err
	}

	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).IsZero() || !v.Type().Field(i).IsExported() {
				continue
			}

			inner := at
			if name := jsonName(v.Type().Field(i)); name != "" {
				inner = &location{at, name}
			}

			if err := walk(inner, v.Field(i), fn); err != nil {
				return err
			}
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })

		for _, k := range keys {
			if err := walk(&location{at, k.String()}, v.MapIndex(k), fn); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := walk(&location{at, fmt.Sprintf("[%d]", i)}, v.Index(i), fn); err != nil {
				return err
			}
		}
	default: // Has no parts.
	}

	return nil
}

// jsonName of a field. It is empty if its parts stand where it stands.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" && !f.Anonymous {
		return f.Name
	}

	return name
}

// isSet tells whether a struct has a value for the field with that name in JSON.
func isSet(v reflect.Value, name string) bool {
	for i := range v.NumField() {
		if jsonName(v.Type().Field(i)) == name {
			return !v.Field(i).IsZero()
		}
	}

	return false
}
