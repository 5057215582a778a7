// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/apis/changelogs/proto/v1alpha1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// A changeLog is a change log server.
type changeLog struct {
	v1alpha1.UnimplementedChangeLogServiceServer

	mu      sync.Mutex
	entries []*v1alpha1.ChangeLogEntry
}

// SendChangeLog implements the server.
func (c *changeLog) SendChangeLog(_ context.Context, r *v1alpha1.SendChangeLogRequest) (*v1alpha1.SendChangeLogResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.entries = append(c.entries, r.GetEntry())

	return &v1alpha1.SendChangeLogResponse{}, nil
}

func (c *changeLog) all() []*v1alpha1.ChangeLogEntry {
	c.mu.Lock()
	defer c.mu.Unlock()

	return slices.Clone(c.entries)
}

// serveChangeLog serves a change log at a socket until the test ends.
func serveChangeLog(t *testing.T) (*changeLog, string) {
	t.Helper()

	// The path of a socket must be short.
	dir, err := os.MkdirTemp("", "changelog-")
	if err != nil {
		t.Fatal(err)
	}

	socket := filepath.Join(dir, "s")

	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}

	log, server := &changeLog{}, grpc.NewServer()
	v1alpha1.RegisterChangeLogServiceServer(server, log)

	go server.Serve(l)

	t.Cleanup(func() {
		server.Stop()
		os.RemoveAll(dir)
	})

	return log, socket
}

// The change log has each change, also one that has failed, and no secret.
func TestChangeLog(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	log, socket := serveChangeLog(t)
	e.StartProvider(framework.WithArgs("--enable-changelogs", "--changelogs-socket-path="+socket, "--request-timeout=1s"))

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	secrets := map[string]string{"the secret key": e.Key.SecretKey, "a variable": "correct horse", "the trigger's key": "battery staple"}
	remember := func() {
		for _, tk := range e.Scaleway.Tokens("") {
			secrets["token "+tk.ID] = tk.JWT
		}
	}
	remember()

	// A change that fails, one that succeeds, a renewal, and a lost answer.
	patch := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPatch, Times: 1, Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`})
	e.Update(f.Container, func() { f.Container.Spec.ForProvider.MaxScale = ptr.To[int64](3) })
	e.Eventually("the change to fail", func() (bool, string) { return patch.Hits() > 0, "it was not tried" })
	e.WaitReady(f.Container)

	old := framework.ExternalName(f.Token)
	e.Update(f.Token, func() { meta.AddAnnotations(f.Token, map[string]string{onetime.AnnotationRenew: "now"}) })
	e.Eventually("a renewed token", func() (bool, string) {
		e.Get(f.Token)
		return framework.ExternalName(f.Token) != old, old
	})
	remember()

	e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, Apply: true, Status: http.StatusBadGateway})

	another := e.NewToken("another", framework.ExternalName(f.Namespace))
	e.Create(another)
	e.WaitReady(another)
	remember()
	e.Delete(another)

	all := f.Managed()
	slices.Reverse(all)

	for _, mg := range all {
		e.Delete(mg)
	}

	// wanted is an entry for each operation of each kind, and those that failed.
	wanted := map[string]bool{"Container UPDATE": true, "Container UPDATE failed": true, "Token UPDATE": true, "Token CREATE failed": true}
	for _, kind := range []string{"ContainerNamespace", "Container", "Token", "Cron", "Domain", "Trigger"} {
		wanted[kind+" CREATE"], wanted[kind+" DELETE"] = true, true
	}

	for _, entry := range log.all() {
		what := entry.GetKind() + " " + strings.TrimPrefix(entry.GetOperation().String(), "OPERATION_TYPE_")
		if entry.GetErrorMessage() != "" {
			what += " failed"
		}

		delete(wanted, what)

		text, err := protojson.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}

		for name, secret := range secrets {
			for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
				if strings.Contains(string(text), form) {
					t.Errorf("the change log holds %s in an entry %s", name, what)
				}
			}
		}

		if !strings.HasPrefix(entry.GetProvider(), "provider-upjet-scaleway:") || entry.GetName() == "" {
			t.Errorf("an entry should say by which provider and of which object it is: %q, %q", entry.GetProvider(), entry.GetName())
		}
	}

	for what := range wanted {
		t.Errorf("the change log has no entry %s", what)
	}
}

// Without the flag nothing is reported to anybody.
func TestChangeLogIsOff(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	log, socket := serveChangeLog(t)
	e.StartProvider(framework.WithArgs("--changelogs-socket-path=" + socket))

	tk, _ := e.CreateToken("quiet")
	e.WaitReady(tk)
	e.Delete(tk)

	if n := len(log.all()); n != 0 {
		t.Errorf("the change log has %d entries", n)
	}
}
