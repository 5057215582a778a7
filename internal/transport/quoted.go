// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// withheld stands where an answer has quoted a secret.
const withheld = "(withheld)"

// window is how many bytes of a secret are taken for a quotation of it: who quotes may
// quote a part only. A shorter secret is looked for as a whole, and one that is shorter
// than minSecret only where it stands alone, or every other word would be withheld.
const (
	window    = 8
	minSecret = 4
)

// secretField matches the names that Scaleway gives to fields of a request whose values
// are secrets. They are not Terraform's: a Trigger's credentials are
// credentials_file_content.
var secretField = regexp.MustCompile(`(?i)secret|passw|passphrase|credential|private_?key|access_?key|api_?key|token|certificate_chain|user_?data|cloud_?init`)

// nameOf are the fields with which a list of names and values says the name.
var nameOf = []string{"key", "name"}

// withhold takes what is secret in a request out of the answer to it, if that is an
// error, before anything reads it: Terraform makes a condition, an event and a line of
// the log of what an error says. Scaleway, or a proxy, may quote what was sent.
func (t *Transport) withhold(req *http.Request, resp *http.Response, body []byte, err error) ([]byte, error) {
	if err == nil && resp.StatusCode < http.StatusMultipleChoices {
		return body, nil
	}

	q := newQuotations(secretsOf(req, t.options.SecretFields))

	if err != nil {
		text := err.Error()
		if clean := q.withhold(text); clean != text {
			// What it was made of could say it again.
			err = errors.New(clean)
		}

		return body, err
	}

	resp.Status = q.withhold(resp.Status)

	return q.withholdBody(body), nil
}

// keepBody has the body of a request be read again once it is sent.
func keepBody(req *http.Request) error {
	if req.Body == nil || req.Body == http.NoBody || req.GetBody != nil {
		return nil
	}

	body, err := io.ReadAll(req.Body)
	if cerr := req.Body.Close(); err == nil {
		err = cerr
	}

	if err != nil {
		return errors.Wrap(err, "cannot read the request")
	}

	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, err = req.GetBody()

	return err
}

// secretsOf returns what a request tells nobody but Scaleway. A field is secret by its
// name, or because it is one of those that are given.
func secretsOf(req *http.Request, fields []string) []string {
	var all []string

	for _, h := range []string{headerKey, "Authorization", "Proxy-Authorization"} {
		all = append(all, req.Header.Values(h)...)
	}

	if req.GetBody == nil {
		return all
	}

	r, err := req.GetBody()
	if err != nil {
		return all
	}
	defer r.Close() //nolint:errcheck // Of bytes.

	body, err := io.ReadAll(r)
	if err != nil || len(body) == 0 {
		return all
	}

	var sent any
	if json.Unmarshal(body, &sent) != nil {
		return append(all, string(body)) // Nobody knows what of it is secret.
	}

	names := make(map[string]bool, len(fields))
	for _, f := range fields {
		names[f] = true
	}

	return collect(sent, false, names, all)
}

// collect the secret strings of a JSON value.
func collect(v any, secret bool, names map[string]bool, all []string) []string {
	switch v := v.(type) {
	case string:
		if secret {
			all = append(all, v)
		}
	case json.Number, float64:
		if secret {
			all = append(all, strings.Trim(string(mustMarshal(v)), `"`))
		}
	case []any:
		for _, e := range v {
			all = collect(e, secret, names, all)
		}
	case map[string]any:
		for k, e := range v {
			if secret && isName(k, v) {
				continue
			}

			all = collect(e, secret || names[k] || secretField.MatchString(k), names, all)
		}
	}

	return all
}

// isName tells whether a field says the name of a value.
func isName(field string, object map[string]any) bool {
	_, valued := object["value"]

	for _, n := range nameOf {
		if field == n && valued {
			return true
		}
	}

	return false
}

func mustMarshal(v any) []byte {
	b := &bytes.Buffer{}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)

	if err := e.Encode(v); err != nil {
		panic(err) // It came out of JSON.
	}

	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// quotations of secrets.
type quotations struct {
	// windows are the parts of long secrets, in any form.
	windows map[string]bool
	// short secrets, as a whole.
	short []string
}

func newQuotations(secrets []string) quotations {
	q := quotations{windows: map[string]bool{}}

	for _, s := range secrets {
		for _, form := range formsOf(s) {
			if len(form) < window {
				q.short = append(q.short, form)
				continue
			}

			for i := range len(form) - window + 1 {
				q.windows[form[i:i+window]] = true
			}
		}
	}

	return q
}

// formsOf a secret, in which an answer may quote it.
func formsOf(secret string) []string {
	secret = strings.TrimSpace(secret)
	if secret == "" {
		return nil
	}

	all := []string{
		secret,
		strings.Trim(string(mustMarshal(secret)), `"`),
		strings.Trim(strconv.Quote(secret), `"`),
		url.QueryEscape(secret),
		url.PathEscape(secret),
	}

	// With and without what JSON does not need, and quoted in what is quoted.
	html, err := json.Marshal(secret)
	if err == nil {
		all = append(all, strings.Trim(string(html), `"`), strings.Trim(strconv.Quote(string(html)), `"`))
	}

	if len(secret) < minSecret {
		return all
	}

	all = append(all, hex.EncodeToString([]byte(secret)))

	// Within something longer that is encoded, it begins at any of three positions.
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for offset := range 3 {
			from := (3 - offset) % 3
			if whole := (len(secret) - from) / 3 * 3; whole > 0 {
				all = append(all, encoding.EncodeToString([]byte(secret[from:from+whole])))
			}
		}
	}

	return all
}

// withholdBody withholds what an answer quotes. What is JSON remains so.
func (q quotations) withholdBody(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()

	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return []byte(q.withhold(string(body)))
	}

	clean, changed := q.walk(v)
	if !changed {
		return body
	}

	return mustMarshal(clean)
}

// walk withholds what the strings of a JSON value quote, and tells whether there was any.
func (q quotations) walk(v any) (any, bool) {
	changed := false

	switch v := v.(type) {
	case string:
		clean := q.withhold(v)
		return clean, clean != v
	case json.Number:
		clean := q.withhold(v.String())
		if clean != v.String() {
			return clean, true
		}
	case []any:
		for i, e := range v {
			clean, c := q.walk(e)
			v[i], changed = clean, changed || c
		}
	case map[string]any:
		for k, e := range v {
			clean, c := q.walk(e)
			name := q.withhold(k)

			if name != k {
				delete(v, k)
			}

			v[name], changed = clean, changed || c || name != k
		}
	}

	return v, changed
}

// withhold what a text quotes.
func (q quotations) withhold(text string) string {
	hidden := make([]bool, len(text))
	found := false

	hide := func(from, to int) {
		found = true
		for i := from; i < to; i++ {
			hidden[i] = true
		}
	}

	if len(q.windows) > 0 {
		for i := range max(0, len(text)-window+1) {
			if q.windows[text[i:i+window]] {
				hide(i, i+window)
			}
		}
	}

	for _, s := range q.short {
		for from := 0; ; {
			i := strings.Index(text[from:], s)
			if i < 0 {
				break
			}

			at := from + i
			if len(s) >= minSecret || alone(text, at, at+len(s)) {
				hide(at, at+len(s))
			}

			from = at + 1
		}
	}

	if !found {
		return text
	}

	b := strings.Builder{}

	for i := range len(text) {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(withheld)
		}
	}

	return strings.ToValidUTF8(b.String(), "")
}

// alone tells whether a part of a text is no part of a word.
func alone(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])

	return !isWord(before) && !isWord(after)
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
