// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/upjet/v2/pkg/terraform"
	"github.com/scaleway/scaleway-sdk-go/validation"
)

// DefaultAPIURL is where Scaleway's API is.
const DefaultAPIURL = "https://api.scaleway.com"

// defaultRegion is the region of a ProviderConfig that names none. It is
// Scaleway's own default.
const defaultRegion = "fr-par"

var (
	accessKeyPattern = regexp.MustCompile(`^SCW[A-Z0-9]{17}$`)
	regionPattern    = regexp.MustCompile(`^[a-z]{2}-[a-z]{3,7}$`)
	uuidPattern      = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	zonePattern      = regexp.MustCompile(`^[a-z]{2}-[a-z]{3,7}-[0-9]$`)
)

// Credentials for Scaleway, with the defaults that belong to them.
type Credentials struct {
	// AccessKey of the API key: SCW and 17 capital letters or digits.
	AccessKey string `json:"access_key"`
	// SecretKey of the API key, a UUID.
	SecretKey string `json:"secret_key"`
	// ProjectID is the project, a UUID, of resources that name none.
	ProjectID string `json:"project_id,omitempty"`
	// OrganizationID is the organization, a UUID, of resources that name none.
	OrganizationID string `json:"organization_id,omitempty"`
	// Region, such as fr-par, of resources that name none and have no parent.
	Region string `json:"region,omitempty"`
	// Zone, such as fr-par-1, of zonal resources that name none.
	Zone string `json:"zone,omitempty"`
	// APIURL is another address of the API. The administrator of the provider
	// must have allowed it.
	APIURL string `json:"api_url,omitempty"`
}

// variables are the keys of a Secret that holds each value under a key of its own,
// by the keys of the JSON form. They are named as Scaleway's tools name environment
// variables.
var variables = map[string]string{ //nolint:gosec // Names, and no credentials.
	"access_key":      "SCW_ACCESS_KEY",
	"secret_key":      "SCW_SECRET_KEY",
	"project_id":      "SCW_DEFAULT_PROJECT_ID",
	"organization_id": "SCW_DEFAULT_ORGANIZATION_ID",
	"region":          "SCW_DEFAULT_REGION",
	"zone":            "SCW_DEFAULT_ZONE",
	"api_url":         "SCW_API_URL",
}

// A naming returns what the user calls a value, given its key in the JSON form.
type naming func(key string) string

func asJSON(key string) string     { return key }
func asVariable(key string) string { return variables[key] }

// ParseCredentials reads credentials from a JSON object. Its errors name the key
// that is wrong, and never hold a secret key.
func ParseCredentials(data []byte) (Credentials, error) {
	var c Credentials

	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()

	if err := d.Decode(&c); err != nil {
		// A secret that stands where a key should be is quoted by this error.
		if strings.Contains(err.Error(), "unknown field") {
			err = errors.New("it has another key")
		}

		return Credentials{}, errors.Wrap(err, `not a JSON object with the keys access_key and secret_key, and optionally project_id, organization_id, region, zone and api_url`)
	}

	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Credentials{}, errors.New("more follows after the JSON object: remove it")
	}

	return c.complete(asJSON)
}

// ParseKeys reads credentials from the keys of a Secret that are named as
// Scaleway's tools name environment variables. Another one that begins with SCW_ is
// refused, because it would silently be without effect. Other keys may be there.
func ParseKeys(data map[string][]byte) (Credentials, error) {
	var c Credentials

	values := map[string]*string{
		"access_key":      &c.AccessKey,
		"secret_key":      &c.SecretKey,
		"project_id":      &c.ProjectID,
		"organization_id": &c.OrganizationID,
		"region":          &c.Region,
		"zone":            &c.Zone,
		"api_url":         &c.APIURL,
	}

	known := map[string]bool{}

	for key, value := range values {
		known[variables[key]] = true
		// A value that was made from a file ends in a line break.
		*value = strings.TrimSpace(string(data[variables[key]]))
	}

	for _, key := range slices.Sorted(maps.Keys(data)) {
		if strings.HasPrefix(key, "SCW_") && !known[key] {
			return Credentials{}, errors.Errorf("key %q is not one of %s", key, strings.Join(slices.Sorted(maps.Values(variables)), ", "))
		}
	}

	if c.AccessKey == "" && c.SecretKey == "" {
		return Credentials{}, errors.Errorf("it has neither the key %s nor %s: add them, or name the key that holds the credentials as JSON in secretRef.key", asVariable("access_key"), asVariable("secret_key"))
	}

	return c.complete(asVariable)
}

// complete the credentials with defaults, and check them.
func (c Credentials) complete(named naming) (Credentials, error) {
	c.APIURL = strings.TrimSuffix(c.APIURL, "/") // The Scaleway SDK refuses a trailing slash.
	if c.APIURL == "" {
		c.APIURL = DefaultAPIURL
	}

	if c.Region == "" {
		c.Region = defaultRegion
	}

	return c, c.validate(named)
}

func (c Credentials) validate(named naming) error {
	switch {
	case c.AccessKey == "":
		return errors.Errorf("%s is missing: both halves of the API key are needed", named("access_key"))
	case c.SecretKey == "":
		return errors.Errorf("%s is missing: both halves of the API key are needed", named("secret_key"))
	case !accessKeyPattern.MatchString(c.AccessKey):
		// Not quoted: the two halves may have been swapped.
		return errors.Errorf("%s is malformed: want SCW and 17 capital letters or digits", named("access_key"))
	case !validation.IsUUID(c.SecretKey):
		return errors.Errorf("%s is malformed: want a UUID", named("secret_key"))
	case c.ProjectID != "" && !validation.IsUUID(c.ProjectID):
		return errors.Errorf("%s %s is malformed: want a UUID", named("project_id"), quote(c.ProjectID))
	case c.OrganizationID != "" && !validation.IsUUID(c.OrganizationID):
		return errors.Errorf("%s %s is malformed: want a UUID", named("organization_id"), quote(c.OrganizationID))
	case !regionPattern.MatchString(c.Region):
		return errors.Errorf("%s %s is malformed: want one such as fr-par", named("region"), quote(c.Region))
	case c.Zone != "" && !zonePattern.MatchString(c.Zone):
		return errors.Errorf("%s %s is malformed: want one such as fr-par-1", named("zone"), quote(c.Zone))
	}

	return nil
}

// quote a value that is no secret, unless it looks like one that was pasted into
// the wrong place.
func quote(value string) string {
	if uuidPattern.MatchString(value) {
		return "(a secret key, it seems)"
	}

	return strconv.Quote(value)
}

// checkAPIURL refuses an address that is not literally Scaleway's own or one that
// the administrator has allowed: a tenant could otherwise have the provider call
// services inside the cluster. Nothing is parsed, so that there is nothing to be
// clever with.
func (c Credentials) checkAPIURL(allowed []string, named naming) error {
	if c.APIURL == DefaultAPIURL || slices.Contains(allowed, c.APIURL) {
		return nil
	}

	shown := quote(c.APIURL)
	if u, err := url.Parse(c.APIURL); err != nil || u.User != nil {
		shown = "(not shown, because it may hold a password)"
	}

	return errors.Errorf("%s %s is not allowed: remove it, or ask the administrator of the provider to allow it with --allowed-api-url", named("api_url"), shown)
}

// Digest identifies the credentials without revealing them. Credentials that
// differ in any value have different digests.
func (c Credentials) Digest() string {
	// The encoding of a struct of strings is deterministic and cannot fail.
	b, err := json.Marshal(c) //nolint:gosec // Only its digest leaves this function.
	if err != nil {
		panic(err)
	}

	sum := sha256.Sum256(b)

	return hex.EncodeToString(sum[:])
}

// Defaults are what objects have that do not say it themselves, and nothing secret:
// upjet hands them to functions that have no use for keys.
func (c Credentials) Defaults() terraform.ProviderConfiguration {
	defaults := terraform.ProviderConfiguration{"region": c.Region}

	for key, value := range map[string]string{"project_id": c.ProjectID, "organization_id": c.OrganizationID} {
		if value != "" {
			defaults[key] = value
		}
	}

	return defaults
}

// configuration returns the credentials as arguments of the Terraform provider.
// Every argument is given, so that none is filled from elsewhere.
func (c Credentials) configuration() map[string]any {
	configuration := map[string]any{
		"access_key": c.AccessKey,
		"secret_key": c.SecretKey,
		"region":     c.Region,
		"api_url":    c.APIURL,
	}

	for key, value := range map[string]string{"project_id": c.ProjectID, "organization_id": c.OrganizationID, "zone": c.Zone} {
		if value != "" {
			configuration[key] = value
		}
	}

	return configuration
}
