// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

type pushCmd struct {
	Reference string `arg:"" help:"Where to push the package, such as registry.example.org/team/provider-upjet-scaleway:v0.1.0."`
	Crank     string `help:"The crossplane CLI, which pushes the package." required:"" type:"existingfile"`
	Dir       string `help:"Folder that the package was built into." required:"" type:"existingdir"`
}

// Run pushes the packages as one index, and refers from each of their manifests
// back to them with a bill of materials.
func (c *pushCmd) Run(ctx context.Context) error {
	packages, err := filepath.Glob(filepath.Join(c.Dir, "*.xpkg"))
	if err != nil {
		return err
	}

	if len(packages) == 0 {
		return fmt.Errorf("%s has no package: build it first", c.Dir)
	}

	ref, err := name.NewTag(c.Reference)
	if err != nil {
		return err
	}

	//nolint:gosec // The user names the CLI.
	cmd := exec.CommandContext(ctx, c.Crank, "xpkg", "push", "--package-files="+strings.Join(packages, ","), ref.Name())
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot push: %w: %s", err, said)
	}

	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}

	pushed, err := remote.Get(ref, options...)
	if err != nil {
		return err
	}

	say(os.Stdout, "%s@%s\n", ref.Context(), pushed.Digest)

	manifests, err := platforms(pushed)
	if err != nil {
		return err
	}

	for _, m := range manifests {
		bill, err := os.ReadFile(filepath.Join(c.Dir, "sbom-"+m.Platform.Architecture+".cdx.json"))
		if err != nil {
			return err
		}

		digest, err := attach(ref.Context(), m, bill, options...)
		if err != nil {
			return fmt.Errorf("cannot push the bill of materials for %s: %w", m.Platform.Architecture, err)
		}

		say(os.Stdout, "  %s: %s, bill of materials %s\n", m.Platform, m.Digest, digest)
	}

	return nil
}

// platforms returns the manifests that were pushed, each with its platform.
func platforms(pushed *remote.Descriptor) ([]v1.Descriptor, error) {
	if pushed.MediaType.IsIndex() {
		index, err := pushed.ImageIndex()
		if err != nil {
			return nil, err
		}

		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, err
		}

		return slices.DeleteFunc(manifest.Manifests, func(d v1.Descriptor) bool { return d.Platform == nil }), nil
	}

	img, err := pushed.Image()
	if err != nil {
		return nil, err
	}

	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}

	d := pushed.Descriptor
	d.Platform = config.Platform()

	return []v1.Descriptor{d}, nil
}

// attach a bill of materials to a manifest, as something that refers to it.
func attach(repo name.Repository, subject v1.Descriptor, bill []byte, options ...remote.Option) (v1.Hash, error) {
	layer := static.NewLayer(bill, mediaTypeSBOM)

	img, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mediaTypeSBOM), layer)
	if err != nil {
		return v1.Hash{}, err
	}

	subject.Platform, subject.Annotations = nil, nil

	referrer, ok := mutate.Subject(img, subject).(v1.Image)
	if !ok {
		return v1.Hash{}, errors.New("an image that refers to another is no image")
	}

	digest, err := partial.Descriptor(referrer)
	if err != nil {
		return v1.Hash{}, err
	}

	return digest.Digest, remote.Write(repo.Digest(digest.Digest.String()), referrer, options...)
}

type serveCmd struct {
	Address string `help:"Address to listen on. Port 0 is a free one." default:"127.0.0.1:0"`
}

// Run serves, and prints the address once it can be used.
func (c *serveCmd) Run(ctx context.Context) error {
	var config net.ListenConfig

	l, err := config.Listen(ctx, "tcp", c.Address)
	if err != nil {
		return err
	}

	s := &http.Server{
		Handler:           registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))),
		ReadHeaderTimeout: time.Minute,
	}

	context.AfterFunc(ctx, func() { _ = s.Close() })
	say(os.Stdout, "%s\n", l.Addr())

	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}

	return nil
}

type unpackCmd struct {
	Reference    string `arg:"" help:"Image to unpack."`
	Dir          string `arg:"" help:"Folder to unpack into."`
	Architecture string `help:"Architecture of the image." required:""`
}

// Run unpacks regular files and folders. Others have no place in these images.
func (c *unpackCmd) Run(ctx context.Context) error {
	ref, err := name.ParseReference(c.Reference)
	if err != nil {
		return err
	}

	img, err := remote.Image(ref, remote.WithContext(ctx), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: c.Architecture}))
	if err != nil {
		return err
	}

	r := mutate.Extract(img)
	defer r.Close() //nolint:errcheck // It is only read.

	if err := unpack(r, c.Dir); err != nil {
		return fmt.Errorf("cannot unpack %s: %w", ref, err)
	}

	config, err := img.ConfigFile()
	if err != nil {
		return err
	}

	return json.NewEncoder(os.Stdout).Encode(config)
}

func unpack(r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // It is only a folder.

	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}

		if err != nil {
			return err
		}

		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(h.Name, 0o755)
		case tar.TypeReg:
			err = unpackFile(root, h, t)
		default:
			err = fmt.Errorf("%s is neither a file nor a folder", h.Name)
		}

		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, h *tar.Header, r io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(h.Name), 0o755); err != nil {
		return err
	}

	f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, h.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}

	_, err = io.Copy(f, r) // Whoever unpacks an image wants all of it.

	return errors.Join(err, f.Close())
}
