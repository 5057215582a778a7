// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package regional reads and checks Scaleway's regional IDs, which have the
// form {region}/{uuid}, such as fr-par/11111111-1111-4111-8111-111111111111. Objects
// of a global product have no region.
package regional

import (
	"regexp"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

var (
	uuidPattern   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2}-[a-z]{3,7}$`)
)

// An ID names an object of a regional Scaleway product.
type ID struct {
	// Region the object lives in, such as fr-par. Empty for an object of a global
	// product.
	Region string
	// UUID of the object, in lower case. Objects of some global products have another
	// name.
	UUID string
}

// String returns the ID as {region}/{uuid}, or without a region if it has none.
func (id ID) String() string {
	if id.Region == "" {
		return id.UUID
	}

	return id.Region + "/" + id.UUID
}

// Parse reads an ID of the form {region}/{uuid}. Its errors quote the value and
// show the form that is expected.
func Parse(s string) (ID, error) {
	region, uuid, ok := strings.Cut(s, "/")
	if !ok || !regionPattern.MatchString(region) || !uuidPattern.MatchString(uuid) {
		return ID{}, errors.Errorf("%q is not a regional ID: want {region}/{uuid}, such as fr-par/11111111-1111-4111-8111-111111111111", s)
	}

	return ID{Region: region, UUID: uuid}, nil
}

// ParseArgument reads the value of an argument that takes either a regional ID
// or a bare UUID. The region of a bare UUID is empty.
func ParseArgument(s string) (ID, error) {
	if uuidPattern.MatchString(s) {
		return ID{UUID: s}, nil
	}

	id, err := Parse(s)

	return id, errors.Wrap(err, "neither a UUID nor a regional ID")
}

// Of returns the region of a regional ID, or "" of anything else.
func Of(s string) string {
	id, err := Parse(s)
	if err != nil {
		return ""
	}

	return id.Region
}

// Qualify returns s as a regional ID: a bare UUID is given the supplied region,
// anything else is returned as it is.
func Qualify(s, region string) string {
	if region == "" || !uuidPattern.MatchString(s) {
		return s
	}

	return ID{Region: region, UUID: s}.String()
}

// IsRegion tells whether a text has the form of a region, so that it can be part of a path.
func IsRegion(s string) bool {
	return regionPattern.MatchString(s)
}

// CheckRegion returns an error that lists the served regions unless region is
// one of them.
func CheckRegion(region string, served []string) error {
	if slices.Contains(served, region) {
		return nil
	}

	return errors.Errorf("unknown region %q: want one of %s", region, strings.Join(served, ", "))
}
