// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/crossplane/upjet/v2/pkg/registry"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// configureFields applies the declared fields to the schema that the kind is
// generated from and that differences are computed with. The Terraform
// resource's own functions keep reading the full schema, through SchemaFunc.
func (r Resource) configureFields(c *ujconfig.Resource) {
	for _, path := range slices.Sorted(maps.Keys(r.Fields)) {
		f := r.Fields[path]

		parent, name := c.TerraformResource.Schema, path
		if i := strings.LastIndex(path, "."); i >= 0 {
			parent, name = nested(r.Name, parent, path[:i]), path[i+1:]
		}

		s, ok := parent[name]
		if !ok {
			panic(fmt.Sprintf("%s has no field %q: correct the path in its declaration", r.Name, path))
		}

		if f.Omit != "" {
			delete(parent, name)
			continue
		}

		if f.Description != "" {
			s.Description = f.Description
		}

		s.Sensitive = s.Sensitive || f.Sensitive
	}

	// They ask for it several times in each reconcile, and it is made anew each time.
	if f := c.TerraformResource.SchemaFunc; f != nil {
		c.TerraformResource.SchemaFunc = sync.OnceValue(f)
	}

	docs := map[string]string{}
	moveDescriptions(docs, "", c.TerraformResource.Schema)
	docs[keyID] = documented(fmt.Sprintf("ID of the %s, such as %s.", r.Kind, r.ExampleID()))

	c.MetaResource = &registry.Resource{Description: r.Description, ArgumentDocs: docs}
}

// moveDescriptions takes the descriptions out of the schema into docs, by path.
// Upjet joins a field's description in the schema with the documentation of the
// field whose path is the longest suffix of its own, so that both must not hold
// text, and every path must be in docs.
func moveDescriptions(docs map[string]string, prefix string, s map[string]*schema.Schema) {
	for name, f := range s {
		docs[prefix+name] = documented(sentence(f.Description))
		f.Description = ""

		if block, ok := f.Elem.(*schema.Resource); ok {
			moveDescriptions(docs, prefix+name+".", block.Schema)
		}
	}
}

// documented writes a description as a list item: upjet cuts off everything up
// to the first dash, which it takes for an item's.
func documented(description string) string {
	return "- " + description
}

func nested(resource string, s map[string]*schema.Schema, path string) map[string]*schema.Schema {
	for name := range strings.SplitSeq(path, ".") {
		f, ok := s[name]
		if !ok {
			panic(fmt.Sprintf("%s has no block %q: correct the path in its declaration", resource, path))
		}

		block, ok := f.Elem.(*schema.Resource)
		if !ok {
			panic(fmt.Sprintf("%s: %q is not a block: correct the path in its declaration", resource, path))
		}

		s = block.Schema
	}

	return s
}

// sentence begins with a capital letter and ends with a full stop, so that a
// description taken from Terraform reads like the others.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}

	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}

	return s
}
