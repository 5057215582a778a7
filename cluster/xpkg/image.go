// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Where the files of an image are.
const (
	pathCertificates = "etc/ssl/certs/ca-certificates.crt"
	pathBinaries     = "usr/local/bin"
	pathDoc          = "usr/share/doc"
)

// user of the process in the image: no root, and in no list of users. Crossplane
// runs it as a user of its own choice.
const user = "65532"

// An image is what an OCI image is made of.
type image struct {
	// Binary is the file to run. It must be static: the image has nothing else.
	Binary string
	// Name of the binary in the image.
	Name string
	// Architecture, as Go calls it.
	Architecture string
	// Labels of the image.
	Labels map[string]string
	// Docs are files for who wants to know what is in the image, by their path below
	// a folder for this image.
	Docs map[string][]byte
}

// build the image. The same contents make the same image, wherever and whenever:
// there is no time in it, and no owner or mode of a file on this machine.
func (i image) build() (v1.Image, error) {
	binary, err := os.ReadFile(i.Binary)
	if err != nil {
		return nil, err
	}

	docs := map[string]file{}
	for p, content := range i.Docs {
		docs[path.Join(pathDoc, i.Name, p)] = file{content: content, mode: 0o644}
	}

	// What changes most comes last, so that the layers before it are not fetched
	// again.
	var addenda []mutate.Addendum

	for _, l := range []struct {
		files   map[string]file
		comment string
	}{
		{map[string]file{pathCertificates: {content: certificates(), mode: 0o644}}, "certificates of the authorities that Mozilla trusts"},
		{docs, "licences and bill of materials"},
		{map[string]file{path.Join(pathBinaries, i.Name): {content: binary, mode: 0o755}}, "the static binary"},
	} {
		if len(l.files) == 0 {
			continue
		}

		layer, err := newLayer(l.files)
		if err != nil {
			return nil, err
		}

		addenda = append(addenda, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "xpkg", Comment: l.comment}})
	}

	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), addenda...)
	if err != nil {
		return nil, err
	}

	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}

	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", i.Architecture
	config.Config = v1.Config{
		Entrypoint: []string{"/" + path.Join(pathBinaries, i.Name)},
		User:       user,
		WorkingDir: "/",
		Labels:     i.Labels,
		// A static binary cannot look up who it runs as: without these, packages that
		// ask for it panic.
		Env: []string{"HOME=/", "USER=nonroot"},
	}

	return mutate.ConfigFile(img, config)
}

// A file of a layer.
type file struct {
	content []byte
	mode    int64
}

// newLayer returns a layer of the files, and of the folders that they are in.
func newLayer(files map[string]file) (v1.Layer, error) {
	var buf bytes.Buffer

	w := tar.NewWriter(&buf)
	seen := map[string]bool{}

	for _, p := range slices.Sorted(maps.Keys(files)) {
		// The folders above, outermost first.
		for i := range strings.Split(p, "/")[1:] {
			dir := strings.Join(strings.Split(p, "/")[:i+1], "/") + "/"
			if seen[dir] {
				continue
			}

			seen[dir] = true

			if err := w.WriteHeader(header(tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755})); err != nil {
				return nil, err
			}
		}

		f := files[p]
		if err := w.WriteHeader(header(tar.Header{Typeflag: tar.TypeReg, Name: p, Mode: f.mode, Size: int64(len(f.content))})); err != nil {
			return nil, err
		}

		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}

	if err := w.Close(); err != nil {
		return nil, err
	}

	return tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressedCaching,
	)
}

// header completes what every entry has in common.
func header(h tar.Header) *tar.Header {
	h.ModTime = time.Unix(0, 0)
	h.Format = tar.FormatPAX

	return &h
}

// certificates returns those of the authorities that Mozilla trusts without
// reservation, as PEM. Reservations cannot be written into a file of certificates.
func certificates() []byte {
	var buf bytes.Buffer

	for root := range bundle.Roots() {
		if root.Constraint == nil {
			// A buffer takes everything.
			_ = pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}

	return buf.Bytes()
}

// write the image as a tarball that the crossplane CLI reads.
func write(img v1.Image, file string) error {
	tag, err := name.NewTag("runtime:latest")
	if err != nil {
		return err
	}

	return tarball.WriteToFile(file, tag, img)
}

type imageCmd struct {
	Binary       string `arg:"" help:"Static binary for Linux." type:"existingfile"`
	Name         string `help:"Name of the binary in the image." required:""`
	Architecture string `help:"Architecture of the binary, as Go calls it." required:""`
	Output       string `help:"Tarball to write." required:""`
}

func (c *imageCmd) Run() error {
	img, err := image{Binary: c.Binary, Name: c.Name, Architecture: c.Architecture}.build()
	if err != nil {
		return fmt.Errorf("cannot build an image from %s: %w", c.Binary, err)
	}

	return write(img, c.Output)
}

// describe says what an image is made of: its size as it is fetched, its layers,
// and the files in them.
func describe(ctx context.Context, w io.Writer, img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}

	config, err := img.ConfigFile()
	if err != nil {
		return err
	}

	digest, err := img.Digest()
	if err != nil {
		return err
	}

	total := int64(0)

	for _, l := range layers {
		n, err := l.Size()
		if err != nil {
			return err
		}

		total += n
	}

	say(w, "  %s/%s %s, %s compressed, %d layers\n", config.OS, config.Architecture, digest, size(total), len(layers))
	say(w, "    runs %s as user %s with %s\n", strings.Join(config.Config.Entrypoint, " "), config.Config.User, strings.Join(config.Config.Env, " "))

	for _, l := range layers {
		if ctx.Err() != nil {
			return ctx.Err()
		}

		if err := describeLayer(w, l); err != nil {
			return err
		}
	}

	return nil
}

func describeLayer(w io.Writer, l v1.Layer) error {
	n, err := l.Size()
	if err != nil {
		return err
	}

	files, err := contents(l)
	if err != nil {
		return err
	}

	say(w, "    layer of %s:", size(n))

	// Licences are many.
	shown := files
	if len(files) > 5 {
		shown = files[:2]
	}

	for _, f := range shown {
		say(w, " /%s (%s)", f.Name, size(f.Size))
	}

	if hidden := len(files) - len(shown); hidden > 0 {
		rest := int64(0)
		for _, f := range files[len(shown):] {
			rest += f.Size
		}

		say(w, " and %d more files (%s)", hidden, size(rest))
	}

	say(w, "\n")

	return nil
}

// contents returns the headers of the files of a layer, which is read to its end.
func contents(l v1.Layer) ([]*tar.Header, error) {
	r, err := l.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // It is only read.

	var files []*tar.Header

	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}

		if err != nil {
			return nil, err
		}

		if h.Typeflag == tar.TypeReg {
			files = append(files, h)
		}
	}
}

// size for people.
func size(n int64) string {
	units := []string{"B", "kB", "MB"}
	f := float64(n)

	for len(units) > 1 && f >= 1000 {
		f, units = f/1000, units[1:]
	}

	return strconv.FormatFloat(f, 'f', precision(f), 64) + " " + units[0]
}

func precision(f float64) int {
	if f < 100 && f != float64(int64(f)) {
		return 1
	}

	return 0
}

// say something to whoever watches. That it cannot be said is no reason to fail.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
