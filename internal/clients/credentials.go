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
	"regexp"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
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

	c.APIURL = strings.TrimSuffix(c.APIURL, "/") // The Scaleway SDK refuses a trailing slash.
	if c.APIURL == "" {
		c.APIURL = DefaultAPIURL
	}

	if c.Region == "" {
		c.Region = defaultRegion
	}

	return c, c.validate()
}

func (c Credentials) validate() error {
	switch {
	case c.AccessKey == "":
		return errors.New("access_key is missing: both halves of the API key are needed")
	case c.SecretKey == "":
		return errors.New("secret_key is missing: both halves of the API key are needed")
	case !accessKeyPattern.MatchString(c.AccessKey):
		// Not quoted: the two halves may have been swapped.
		return errors.New("access_key is malformed: want SCW and 17 capital letters or digits")
	case !validation.IsUUID(c.SecretKey):
		return errors.New("secret_key is malformed: want a UUID")
	case c.ProjectID != "" && !validation.IsUUID(c.ProjectID):
		return errors.Errorf("project_id %q is malformed: want a UUID", c.ProjectID)
	case c.OrganizationID != "" && !validation.IsUUID(c.OrganizationID):
		return errors.Errorf("organization_id %q is malformed: want a UUID", c.OrganizationID)
	case !regionPattern.MatchString(c.Region):
		return errors.Errorf("region %q is malformed: want one such as fr-par", c.Region)
	case c.Zone != "" && !zonePattern.MatchString(c.Zone):
		return errors.Errorf("zone %q is malformed: want one such as fr-par-1", c.Zone)
	}

	return nil
}

// checkAPIURL refuses an address that the administrator has not allowed: a
// tenant could otherwise have the provider call services inside the cluster.
func (c Credentials) checkAPIURL(allowed []string) error {
	if c.APIURL == DefaultAPIURL || slices.Contains(allowed, c.APIURL) {
		return nil
	}

	return errors.Errorf("api_url %q is not allowed: remove it, or ask the administrator of the provider to add --allowed-api-url=%s", c.APIURL, c.APIURL)
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
