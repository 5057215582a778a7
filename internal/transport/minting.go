// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
)

// Minting describes requests that mint an object.
type Minting struct {
	// Path of the collection that is posted to.
	Path *regexp.Regexp
	// MarkField of the request holds the mark.
	MarkField string
	// IDField of the answer holds the ID of the object, and ValueField the secret.
	IDField, ValueField string
	// Fields of the answer besides, that are published with the secret.
	Fields []string
}

// allowed is what a request was allowed by: a permit if it mints, else nothing.
type allowed struct {
	permit  *issue.Permit
	minting Minting
}

// permit returns what allows the request. It is an error if a minting request is
// allowed by nothing: this is the last place where a second secret can be
// prevented, whatever happens above.
func (t *Transport) permit(req *http.Request) (*allowed, error) {
	if req.Method != http.MethodPost {
		return nil, nil
	}

	for _, m := range t.options.Minting {
		if !m.Path.MatchString(req.URL.Path) {
			continue
		}

		if req.Body == nil {
			return nil, errors.New("a minting request without a body is never sent")
		}

		body, err := io.ReadAll(req.Body)
		if cerr := req.Body.Close(); err == nil {
			err = cerr
		}

		if err != nil {
			return nil, errors.Wrap(err, "cannot read the request")
		}

		req.Body = io.NopCloser(bytes.NewReader(body))

		fields := map[string]any{}
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, errors.Wrap(err, "cannot read the request")
		}

		description, _ := fields[m.MarkField].(string)

		p, err := t.options.Permits.Use(description, req.Header.Get(headerKey), time.Now())
		if err != nil {
			return nil, err
		}

		return &allowed{permit: p, minting: m}, nil
	}

	return nil, nil
}

// finish records the outcome of a request that mints.
func (a *allowed) finish(resp *http.Response, body []byte, err error) {
	if a == nil {
		return
	}

	a.permit.Finish(a.outcome(resp, body, err))
}

func (a *allowed) outcome(resp *http.Response, body []byte, err error) (issue.Outcome, issue.Object) {
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return issue.NotSent, issue.Object{}
		}

		return issue.Unclear, issue.Object{}
	}

	switch {
	case resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented:
		return issue.Unclear, issue.Object{}
	case resp.StatusCode >= http.StatusBadRequest:
		return issue.Refused, issue.Object{}
	}

	fields := map[string]any{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return issue.Unclear, issue.Object{}
	}

	text := func(field string) string {
		s, _ := fields[field].(string)
		return s
	}

	object := issue.Object{ID: text(a.minting.IDField), Secret: text(a.minting.ValueField), Attributes: map[string]string{}}
	if object.ID == "" || object.Secret == "" {
		return issue.Unclear, issue.Object{}
	}

	for _, field := range a.minting.Fields {
		object.Attributes[field] = text(field)
	}

	return issue.Minted, object
}
