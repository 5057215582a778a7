// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
)

const (
	testAccessKey      = "SCWXXXXXXXXXXXXXXXXX"
	testSecretKey      = "11111111-1111-4111-8111-111111111111"
	testProjectID      = "22222222-2222-4222-8222-222222222222"
	testOrganizationID = "33333333-3333-4333-8333-333333333333"
)

// equateErrorText equates errors when the text of one is part of the other's, so
// that a table holds what a user must be told, and not what other modules say.
func equateErrorText() cmp.Option {
	errs := func(x, y any) bool {
		_, xok := x.(error)
		_, yok := y.(error)

		return xok && yok
	}

	return cmp.FilterValues(errs, cmp.Comparer(func(x, y any) bool {
		a, b := x.(error).Error(), y.(error).Error()
		return strings.Contains(a, b) || strings.Contains(b, a)
	}))
}

func TestParseCredentials(t *testing.T) {
	// What is parsed below takes both halves of the key from here, unless it is
	// about them.
	const (
		key       = `"access_key": "` + testAccessKey + `", "secret_key": "` + testSecretKey + `"`
		malformed = "not-quite-a-uuid"
	)

	type want struct {
		c   Credentials
		err error
	}

	cases := map[string]struct {
		reason string
		data   string
		want   want
	}{
		"Minimal": {
			reason: "Both halves of the API key suffice; region and address have defaults, the others stay empty.",
			data:   `{` + key + `}`,
			want: want{c: Credentials{
				AccessKey: testAccessKey,
				SecretKey: testSecretKey,
				Region:    "fr-par",
				APIURL:    "https://api.scaleway.com",
			}},
		},
		"Full": {
			reason: "Every value that is given is taken.",
			data: `{` + key + `, "project_id": "` + testProjectID + `", "organization_id": "` + testOrganizationID + `",
				"region": "nl-ams", "zone": "nl-ams-2", "api_url": "https://api.example.org"}`,
			want: want{c: Credentials{
				AccessKey:      testAccessKey,
				SecretKey:      testSecretKey,
				ProjectID:      testProjectID,
				OrganizationID: testOrganizationID,
				Region:         "nl-ams",
				Zone:           "nl-ams-2",
				APIURL:         "https://api.example.org",
			}},
		},
		"WhitespaceAround": {
			reason: "A Secret made from a file ends in a line break.",
			data:   "\n {" + key + "}\n",
			want:   want{c: Credentials{AccessKey: testAccessKey, SecretKey: testSecretKey, Region: "fr-par", APIURL: DefaultAPIURL}},
		},
		"APIURLTrailingSlash": {
			reason: "The Scaleway SDK refuses a trailing slash, which users do write.",
			data:   `{` + key + `, "api_url": "https://api.example.org/"}`,
			want:   want{c: Credentials{AccessKey: testAccessKey, SecretKey: testSecretKey, Region: "fr-par", APIURL: "https://api.example.org"}},
		},
		"APIURLOnlySlash": {
			reason: "Nothing is left of it without its slash, so it is the default.",
			data:   `{` + key + `, "api_url": "/"}`,
			want:   want{c: Credentials{AccessKey: testAccessKey, SecretKey: testSecretKey, Region: "fr-par", APIURL: DefaultAPIURL}},
		},
		"Empty": {
			reason: "An empty value is not JSON, and the error says what is wanted.",
			want:   want{err: errors.New("not a JSON object with the keys access_key and secret_key")},
		},
		"NotJSON": {
			reason: "Neither is the form of the Scaleway CLI's configuration file.",
			data:   "access_key: " + testAccessKey + "\nsecret_key: " + testSecretKey,
			want:   want{err: errors.New("not a JSON object")},
		},
		"Array": {
			reason: "Only an object has keys.",
			data:   `[{` + key + `}]`,
			want:   want{err: errors.New("not a JSON object")},
		},
		"Null": {
			reason: "null is valid JSON, but holds no key.",
			data:   `null`,
			want:   want{err: errors.New("access_key is missing")},
		},
		"Truncated": {
			reason: "An object that breaks off is no object.",
			data:   `{` + key,
			want:   want{err: errors.New("not a JSON object")},
		},
		"UnknownKey": {
			reason: "A misspelt key would silently be without effect.",
			data:   `{` + key + `, "projectID": "` + testProjectID + `"}`,
			want:   want{err: errors.New("it has another key")},
		},
		"WrongType": {
			reason: "The error names the key, and not the value.",
			data:   `{"access_key": "` + testAccessKey + `", "secret_key": ["` + testSecretKey + `"]}`,
			want:   want{err: errors.New("secret_key of type string")},
		},
		"SecondObject": {
			reason: "Whoever appended other credentials believes that they are used.",
			data:   `{` + key + `} {` + key + `}`,
			want:   want{err: errors.New("more follows after the JSON object")},
		},
		"TrailingText": {
			reason: "What follows the object was meant to do something.",
			data:   `{` + key + `}, "region": "nl-ams"`,
			want:   want{err: errors.New("more follows after the JSON object")},
		},
		"AccessKeyMissing": {
			reason: "The access key must not be filled from elsewhere.",
			data:   `{"secret_key": "` + testSecretKey + `"}`,
			want:   want{err: errors.New("access_key is missing")},
		},
		"SecretKeyMissing": {
			reason: "The secret key must not be filled from elsewhere.",
			data:   `{"access_key": "` + testAccessKey + `"}`,
			want:   want{err: errors.New("secret_key is missing")},
		},
		"AccessKeyTooShort": {
			reason: "An access key has 20 characters.",
			data:   `{"access_key": "SCWXXXX", "secret_key": "` + testSecretKey + `"}`,
			want:   want{err: errors.New(`access_key is malformed`)},
		},
		"AccessKeyTooLong": {
			reason: "An access key has 20 characters.",
			data:   `{"access_key": "` + testAccessKey + `X", "secret_key": "` + testSecretKey + `"}`,
			want:   want{err: errors.New(`access_key is malformed`)},
		},
		"AccessKeyPrefixed": {
			reason: "Nothing may precede an access key either.",
			data:   `{"access_key": " ` + testAccessKey + `", "secret_key": "` + testSecretKey + `"}`,
			want:   want{err: errors.New(`access_key is malformed`)},
		},
		"KeysSwapped": {
			reason: "What stands for the access key may be the secret key: it is not quoted.",
			data:   `{"access_key": "` + testSecretKey + `", "secret_key": "` + testAccessKey + `"}`,
			want:   want{err: errors.New(`access_key is malformed: want SCW and 17 capital letters or digits`)},
		},
		"SecretKeyOfAnotherForm": {
			reason: "A form that the Scaleway SDK would refuse, and quote.",
			data:   `{"access_key": "` + testAccessKey + `", "secret_key": "urn:uuid:` + testSecretKey + `"}`,
			want:   want{err: errors.New("secret_key is malformed: want a UUID")},
		},
		"SecretAsKey": {
			reason: "A secret that stands where a key should be is not quoted.",
			data:   `{"` + testSecretKey + `": "secret_key"}`,
			want:   want{err: errors.New("it has another key")},
		},
		"TrailingBrace": {
			reason: "What follows may be the rest of another value.",
			data:   `{"access_key": "` + testAccessKey + `", "secret_key": "` + testSecretKey + `"}}`,
			want:   want{err: errors.New("more follows after the JSON object")},
		},
		"AccessKeyLowerCase": {
			reason: "An access key has capital letters.",
			data:   `{"access_key": "scwxxxxxxxxxxxxxxxxx", "secret_key": "` + testSecretKey + `"}`,
			want:   want{err: errors.New(`access_key is malformed`)},
		},
		"SecretKeyMalformed": {
			reason: "A secret key is a UUID. The error must not quote one that is almost right.",
			data:   `{"access_key": "` + testAccessKey + `", "secret_key": "` + malformed + `"}`,
			want:   want{err: errors.New("secret_key is malformed: want a UUID")},
		},
		"ProjectIDMalformed": {
			reason: "A project is named by its UUID, not by its name.",
			data:   `{` + key + `, "project_id": "default"}`,
			want:   want{err: errors.New(`project_id "default" is malformed`)},
		},
		"OrganizationIDMalformed": {
			reason: "An organization is named by its UUID, not by its name.",
			data:   `{` + key + `, "organization_id": "my-organization"}`,
			want:   want{err: errors.New(`organization_id "my-organization" is malformed`)},
		},
		"RegionMalformed": {
			reason: "A zone is not a region.",
			data:   `{` + key + `, "region": "fr-par-1"}`,
			want:   want{err: errors.New(`region "fr-par-1" is malformed`)},
		},
		"RegionInPath": {
			reason: "The region becomes part of the path of requests, which it must not leave.",
			data:   `{` + key + `, "region": "../fr-par"}`,
			want:   want{err: errors.New(`region "../fr-par" is malformed`)},
		},
		"ZoneMalformed": {
			reason: "A region is not a zone.",
			data:   `{` + key + `, "zone": "fr-par"}`,
			want:   want{err: errors.New(`zone "fr-par" is malformed`)},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParseCredentials([]byte(tc.data))
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Fatalf("\n%s\nParseCredentials(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if err != nil {
				for _, secret := range []string{testSecretKey, malformed} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("\n%s\nParseCredentials(...): the error holds a secret key: %v", tc.reason, err)
					}
				}

				return
			}

			if diff := cmp.Diff(tc.want.c, got); diff != "" {
				t.Errorf("\n%s\nParseCredentials(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParseKeys(t *testing.T) {
	key := func(more map[string]string) map[string]string {
		all := map[string]string{"SCW_ACCESS_KEY": testAccessKey, "SCW_SECRET_KEY": testSecretKey}
		maps.Copy(all, more)

		return all
	}

	type want struct {
		c   Credentials
		err error
	}

	minimal := Credentials{AccessKey: testAccessKey, SecretKey: testSecretKey, Region: "fr-par", APIURL: DefaultAPIURL}

	cases := map[string]struct {
		reason string
		data   map[string]string
		want   want
	}{
		"Minimal": {
			reason: "Both halves of the API key suffice.",
			data:   key(nil),
			want:   want{c: minimal},
		},
		"Full": {
			reason: "Every value that is given is taken.",
			data: key(map[string]string{
				"SCW_DEFAULT_PROJECT_ID": testProjectID, "SCW_DEFAULT_ORGANIZATION_ID": testOrganizationID,
				"SCW_DEFAULT_REGION": "nl-ams", "SCW_DEFAULT_ZONE": "nl-ams-2", "SCW_API_URL": "https://api.example.org/",
			}),
			want: want{c: Credentials{
				AccessKey: testAccessKey, SecretKey: testSecretKey, ProjectID: testProjectID, OrganizationID: testOrganizationID,
				Region: "nl-ams", Zone: "nl-ams-2", APIURL: "https://api.example.org",
			}},
		},
		"LineBreaks": {
			reason: "A value that was made from a file ends in a line break.",
			data:   map[string]string{"SCW_ACCESS_KEY": testAccessKey + "\n", "SCW_SECRET_KEY": testSecretKey + "\r\n"},
			want:   want{c: minimal},
		},
		"OtherKeys": {
			reason: "The Secret may serve something else too.",
			data:   key(map[string]string{"password": "correct horse", "scw_profile": "x"}),
			want:   want{c: minimal},
		},
		"UnknownVariable": {
			reason: "A misspelt key would silently be without effect.",
			data:   key(map[string]string{"SCW_DEFAULT_PROJECT": testProjectID}),
			want:   want{err: errors.New(`key "SCW_DEFAULT_PROJECT" is not one of SCW_ACCESS_KEY, SCW_API_URL, SCW_DEFAULT_ORGANIZATION_ID, SCW_DEFAULT_PROJECT_ID, SCW_DEFAULT_REGION, SCW_DEFAULT_ZONE, SCW_SECRET_KEY`)},
		},
		"JSON": {
			reason: "Who holds the other form learns what to name.",
			data:   map[string]string{"credentials": "{}"},
			want:   want{err: errors.New("it has neither the key SCW_ACCESS_KEY nor SCW_SECRET_KEY: add them, or name the key that holds the credentials as JSON in secretRef.key")},
		},
		"AccessKeyMissing": {
			reason: "The error says what is to be added.",
			data:   map[string]string{"SCW_SECRET_KEY": testSecretKey},
			want:   want{err: errors.New("SCW_ACCESS_KEY is missing")},
		},
		"SecretKeyEmpty": {
			reason: "An empty value is none.",
			data:   map[string]string{"SCW_ACCESS_KEY": testAccessKey, "SCW_SECRET_KEY": "\n"},
			want:   want{err: errors.New("SCW_SECRET_KEY is missing")},
		},
		"Swapped": {
			reason: "The error does not quote what is in the place of the access key.",
			data:   map[string]string{"SCW_ACCESS_KEY": testSecretKey, "SCW_SECRET_KEY": testAccessKey},
			want:   want{err: errors.New("SCW_ACCESS_KEY is malformed")},
		},
		"SecretKeyAsRegion": {
			reason: "Nor what looks like a secret key elsewhere.",
			data:   key(map[string]string{"SCW_DEFAULT_REGION": testSecretKey}),
			want:   want{err: errors.New("SCW_DEFAULT_REGION (a secret key, it seems) is malformed")},
		},
		"MalformedZone": {
			reason: "The error names the key as the user knows it.",
			data:   key(map[string]string{"SCW_DEFAULT_ZONE": "fr-par"}),
			want:   want{err: errors.New(`SCW_DEFAULT_ZONE "fr-par" is malformed`)},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			data := map[string][]byte{}
			for k, v := range tc.data {
				data[k] = []byte(v)
			}

			got, err := ParseKeys(data)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Fatalf("\n%s\nParseKeys(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if err != nil {
				if strings.Contains(err.Error(), testSecretKey) {
					t.Errorf("\n%s\nParseKeys(...): the error holds a secret key: %v", tc.reason, err)
				}

				return
			}

			if diff := cmp.Diff(tc.want.c, got); diff != "" {
				t.Errorf("\n%s\nParseKeys(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCheckAPIURL(t *testing.T) {
	refused := errors.New("is not allowed")

	cases := map[string]struct {
		reason  string
		url     string
		allowed []string
		want    error
	}{
		"Default": {
			reason: "Scaleway's own address is always allowed.",
			url:    DefaultAPIURL,
		},
		"DefaultBesideOthers": {
			reason:  "It stays so when others are allowed.",
			url:     DefaultAPIURL,
			allowed: []string{"https://api.example.org"},
		},
		"Allowed": {
			reason:  "The administrator may allow more than one address.",
			url:     "https://api.example.org",
			allowed: []string{"https://other.example.org", "https://api.example.org"},
		},
		"NothingAllowed": {
			reason: "No other address is allowed by itself, and the error says what to ask for.",
			url:    "https://api.example.org",
			want:   errors.New(`api_url "https://api.example.org" is not allowed: remove it, or ask the administrator of the provider to allow it with --allowed-api-url`),
		},
		"InsideTheCluster": {
			reason:  "A tenant must not have the provider call services inside the cluster.",
			url:     "http://kubernetes.default.svc",
			allowed: []string{"https://api.example.org"},
			want:    refused,
		},
		"OtherPath": {
			reason:  "An address is allowed as it is, not as a prefix.",
			url:     "https://api.example.org/other",
			allowed: []string{"https://api.example.org"},
			want:    refused,
		},
		"OtherHostWithSamePrefix": {
			reason: "A host whose name begins like Scaleway's is another one.",
			url:    DefaultAPIURL + ".example.org",
			want:   refused,
		},
		"UserInfo": {
			reason: "What stands before the @ is a user, and what follows the host. A password in it is not shown.",
			url:    "https://api.scaleway.com:correct-horse@169.254.169.254",
			want:   errors.New("api_url (not shown, because it may hold a password) is not allowed"),
		},
		"Unreadable": {
			reason: "What no URL is may hold anything.",
			url:    "https://correct horse@[",
			want:   errors.New("api_url (not shown, because it may hold a password) is not allowed"),
		},
		"SecretKey": {
			reason: "A secret key that was pasted there is not shown.",
			url:    testSecretKey,
			want:   errors.New("api_url (a secret key, it seems) is not allowed"),
		},
		"TrailingDot": {
			reason: "It is the same host to DNS, but another to TLS and to NO_PROXY.",
			url:    "https://api.scaleway.com.",
			want:   refused,
		},
		"UpperCase": {
			reason: "An address is allowed as it is written.",
			url:    "HTTPS://API.SCALEWAY.COM",
			want:   refused,
		},
		"Port": {
			reason: "Another port is another service.",
			url:    "https://api.scaleway.com:6443",
			want:   refused,
		},
		"Query": {
			reason: "A path could hide in what follows a question mark.",
			url:    "https://api.scaleway.com?x=",
			want:   refused,
		},
		"TwoSlashes": {
			reason: "One slash at the end is taken away, as users write it, and no more.",
			url:    "https://api.scaleway.com/",
			want:   refused,
		},
		"OtherScheme": {
			reason: "Keys must not travel in the clear.",
			url:    "http://api.scaleway.com",
			want:   refused,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := Credentials{APIURL: tc.url}.checkAPIURL(tc.allowed, asJSON)
			if diff := cmp.Diff(tc.want, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\ncheckAPIURL(...): -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	full := Credentials{
		AccessKey:      testAccessKey,
		SecretKey:      testSecretKey,
		ProjectID:      testProjectID,
		OrganizationID: testOrganizationID,
		Region:         "fr-par",
		Zone:           "fr-par-1",
		APIURL:         DefaultAPIURL,
	}

	type testcase struct {
		reason string
		a, b   Credentials
		want   bool
	}

	cases := map[string]testcase{
		"Equal": {
			reason: "Equal credentials share a client.",
			a:      full,
			b:      full,
			want:   true,
		},
		"Empty": {
			reason: "That also holds for empty ones.",
			want:   true,
		},
		"ShiftedBoundary": {
			reason: "Values must not run into each other.",
			a:      Credentials{AccessKey: "xy", SecretKey: "z"},
			b:      Credentials{AccessKey: "x", SecretKey: "yz"},
		},
		"SwappedValues": {
			reason: "What a value is for is part of it.",
			a:      Credentials{ProjectID: testProjectID},
			b:      Credentials{OrganizationID: testProjectID},
		},
	}

	// Of every field there is, also the next one: credentials that differ in one
	// that the digest leaves out would share a client.
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Credentials]()) {
		other := full
		reflect.ValueOf(&other).Elem().FieldByIndex(f.Index).SetString("other")
		cases["Other"+f.Name] = testcase{
			reason: fmt.Sprintf("Credentials with another %s must not share a client.", f.Name),
			a:      full,
			b:      other,
		}

		absent := full
		reflect.ValueOf(&absent).Elem().FieldByIndex(f.Index).SetZero()
		cases["No"+f.Name] = testcase{
			reason: fmt.Sprintf("Credentials without %s must not share a client with those that have it.", f.Name),
			a:      full,
			b:      absent,
		}
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a, b := tc.a.Digest(), tc.b.Digest()
			if diff := cmp.Diff(tc.want, a == b); diff != "" {
				t.Errorf("\n%s\nDigest(): -want equal, +got equal:\n%s", tc.reason, diff)
			}

			if s := tc.a.SecretKey; s != "" && strings.Contains(a, s) {
				t.Errorf("\n%s\nDigest(): the digest %q reveals the secret key", tc.reason, a)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	cases := map[string]struct {
		reason string
		c      Credentials
		want   map[string]any
	}{
		"Minimal": {
			reason: "An empty project, organization or zone is no argument: the Terraform provider would take it for a malformed one.",
			c:      Credentials{AccessKey: testAccessKey, SecretKey: testSecretKey, Region: "fr-par", APIURL: DefaultAPIURL},
			want: map[string]any{
				"access_key": testAccessKey,
				"secret_key": testSecretKey,
				"region":     "fr-par",
				"api_url":    DefaultAPIURL,
			},
		},
		"Full": {
			reason: "Every value is an argument.",
			c: Credentials{
				AccessKey:      testAccessKey,
				SecretKey:      testSecretKey,
				ProjectID:      testProjectID,
				OrganizationID: testOrganizationID,
				Region:         "nl-ams",
				Zone:           "nl-ams-1",
				APIURL:         "https://api.example.org",
			},
			want: map[string]any{
				"access_key":      testAccessKey,
				"secret_key":      testSecretKey,
				"project_id":      testProjectID,
				"organization_id": testOrganizationID,
				"region":          "nl-ams",
				"zone":            "nl-ams-1",
				"api_url":         "https://api.example.org",
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.c.configuration()); diff != "" {
				t.Errorf("\n%s\nconfiguration(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
