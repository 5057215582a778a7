// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

// A scalewayAPI is what the provider talks to.
type scalewayAPI interface {
	// Credentials are the JSON of a ProviderConfig's Secret.
	Credentials() []byte

	// ProviderFlags are those that the provider needs to be allowed to call it.
	ProviderFlags() []string

	// Verify says whether a token's signature is the API's. It is an error if the
	// signature is somebody else's.
	Verify(ctx context.Context, token string) (string, error)

	// Left says what the API has left of what was created. It is an error if
	// there is anything.
	Left(ctx context.Context) (string, error)

	// Persists says whether what was created outlives this command.
	Persists() bool
}

// realAPI is Scaleway's own.
type realAPI struct {
	credentials []byte
}

func (a *realAPI) Credentials() []byte     { return a.credentials }
func (a *realAPI) ProviderFlags() []string { return nil }
func (a *realAPI) Persists() bool          { return true }

func (a *realAPI) Verify(context.Context, string) (string, error) {
	return "not checked: Scaleway hands out the public key only when it creates a token", nil
}

func (a *realAPI) Left(context.Context) (string, error) {
	return "not listed: every managed resource is gone, which it is once Scaleway has answered that the object does not exist", nil
}

// fakeAPI is the local one of cmd/fake-scaleway, as a process.
type fakeAPI struct {
	url         string
	credentials []byte
	process     *process.Process
}

// startFake starts the local Scaleway API. It writes its log to the given file.
func startFake(ctx context.Context, binary string, log *os.File) (*fakeAPI, error) {
	cmd := exec.Command(binary) //nolint:noctx // It ends by Stop.
	cmd.Stderr = log
	// Not StdoutPipe: that one is closed as soon as the process is waited for.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, errors.Wrap(err, "cannot create a pipe")
	}
	defer r.Close() //nolint:errcheck // It is only read.
	cmd.Stdout = w

	p, err := process.Start(cmd)
	_ = w.Close()
	if err != nil {
		return nil, err
	}

	// A process that never says anything must not hold up an interrupt.
	defer context.AfterFunc(ctx, func() { _ = r.Close() })()
	a, err := readFake(r)
	if err != nil {
		err = errors.Wrapf(err, "cannot read what %s says about itself", binary)
		return nil, errors.Join(err, context.Cause(ctx), p.Stop(stopGrace))
	}
	a.process = p
	return a, nil
}

// readFake reads the line of JSON that the local Scaleway API introduces itself
// with.
func readFake(r io.Reader) (*fakeAPI, error) {
	line, err := bufio.NewReader(r).ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	said := struct {
		URL            string `json:"url"`
		AccessKey      string `json:"access_key"`
		SecretKey      string `json:"secret_key"`
		OrganizationID string `json:"organization_id"`
		ProjectID      string `json:"project_id"`
	}{}
	if err := json.Unmarshal(line, &said); err != nil {
		return nil, err
	}
	credentials, err := json.Marshal(map[string]string{
		"access_key":      said.AccessKey,
		"secret_key":      said.SecretKey,
		"organization_id": said.OrganizationID,
		"project_id":      said.ProjectID,
		"api_url":         said.URL,
	})
	return &fakeAPI{url: said.URL, credentials: credentials}, err
}

func (a *fakeAPI) Credentials() []byte     { return a.credentials }
func (a *fakeAPI) ProviderFlags() []string { return []string{"--allowed-api-url=" + a.url} }
func (a *fakeAPI) Persists() bool          { return false }

func (a *fakeAPI) Verify(ctx context.Context, token string) (string, error) {
	if _, err := a.call(ctx, http.MethodPost, "/_fake/verify", strings.NewReader(token)); err != nil {
		return "", errors.Wrap(err, "the token does not verify with the API's key")
	}
	return "verifies with the API's key", nil
}

func (a *fakeAPI) Left(ctx context.Context) (string, error) {
	body, err := a.call(ctx, http.MethodGet, "/_fake/objects", nil)
	if err != nil {
		return "", errors.Wrap(err, "cannot list what the API has left")
	}
	return left(body)
}

// left counts the objects of each kind in an answer of /_fake/objects.
func left(body []byte) (string, error) {
	answer := struct {
		Objects map[string][]json.RawMessage `json:"objects"`
	}{}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", errors.Wrapf(err, "cannot read the list of what the API has left: %s", body)
	}
	if len(answer.Objects) == 0 {
		return "", errors.Errorf("the API lists no kind of object: %s", body)
	}
	total := 0
	var counts []string
	for _, kind := range slices.Sorted(maps.Keys(answer.Objects)) {
		n := len(answer.Objects[kind])
		total += n
		counts = append(counts, fmt.Sprintf("%s %d", kind, n))
	}
	line := strings.Join(counts, ", ")
	if total > 0 {
		return "", errors.Errorf("the API still has objects: %s", line)
	}
	return line, nil
}

func (a *fakeAPI) call(ctx context.Context, method, path string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // It is only read.
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(got))
	}
	return got, nil
}
