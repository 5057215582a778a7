// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

func TestImage(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary")
	writeFile(t, binary, "program", 0o700)

	img := buildImage(t, image{Binary: binary, Name: "provider", Architecture: "arm64", Docs: map[string][]byte{"LICENSE": []byte("free")}})

	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}

	want := v1.Config{
		Entrypoint: []string{"/usr/local/bin/provider"},
		Env:        []string{"HOME=/", "USER=nonroot"},
		User:       "65532",
		WorkingDir: "/",
	}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("how the image is run: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("linux/arm64", config.Platform().String()); diff != "" {
		t.Errorf("platform: -want, +got:\n%s", diff)
	}

	files := map[string]string{}
	modes := map[string]int64{}

	r := mutate.Extract(img)
	defer r.Close()

	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			t.Fatal(err)
		}

		b, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}

		files[h.Name], modes[h.Name] = string(b), h.Mode

		if h.Uid != 0 || h.Gid != 0 || !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s: an entry should not tell who built it, or when: %+v", h.Name, h)
		}
	}

	certs := files["etc/ssl/certs/ca-certificates.crt"]
	delete(files, "etc/ssl/certs/ca-certificates.crt")

	if diff := cmp.Diff(map[string]string{
		"etc": "", "etc/ssl": "", "etc/ssl/certs": "",
		"usr": "", "usr/share": "", "usr/share/doc": "", "usr/share/doc/provider": "", "usr/share/doc/provider/LICENSE": "free",
		"usr/local": "", "usr/local/bin": "", "usr/local/bin/provider": "program",
	}, files); diff != "" {
		t.Errorf("contents of the image: -want, +got:\n%s", diff)
	}

	if modes["usr/local/bin/provider"] != 0o755 || modes["usr/share/doc/provider/LICENSE"] != 0o644 {
		t.Errorf("modes: %v", modes)
	}

	// Every one of them can be used.
	n := 0

	for rest := []byte(certs); ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}

		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Errorf("certificate %d: %v", n, err)
		}
	}

	if n < 100 {
		t.Errorf("%d certificates are fewer than there are authorities", n)
	}
}

func TestImageIsReproducible(t *testing.T) {
	digests := map[string]bool{}

	for name, modified := range map[string]time.Time{"one": time.Unix(1, 0), "two": time.Now()} {
		binary := filepath.Join(t.TempDir(), name)
		writeFile(t, binary, "program", 0o700)

		if err := os.Chtimes(binary, modified, modified); err != nil {
			t.Fatal(err)
		}

		docs := map[string][]byte{}
		for _, p := range []string{"c", "a", "b/d", "b/a"} {
			docs[p] = []byte(p)
		}

		digest, err := buildImage(t, image{Binary: binary, Name: "provider", Architecture: "amd64", Docs: docs, Labels: map[string]string{"a": "b", "c": "d"}}).Digest()
		if err != nil {
			t.Fatal(err)
		}

		digests[digest.String()] = true
	}

	if len(digests) != 1 {
		t.Errorf("the same contents should be the same image: %v", digests)
	}
}

func TestDescribe(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary")
	writeFile(t, binary, "program", 0o700)

	var out bytes.Buffer
	if err := describe(t.Context(), &out, buildImage(t, image{Binary: binary, Name: "provider", Architecture: "amd64"})); err != nil {
		t.Fatal(err)
	}

	for _, want := range []string{"linux/amd64 sha256:", "2 layers", "runs /usr/local/bin/provider as user 65532", "/usr/local/bin/provider (7 B)"} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("what is said of an image should contain %q:\n%s", want, out.String())
		}
	}
}

func TestSize(t *testing.T) {
	cases := map[string]struct {
		reason string
		n      int64
		want   string
	}{
		"Bytes":     {reason: "Few bytes are counted.", n: 999, want: "999 B"},
		"Kilobytes": {reason: "Below a hundred there is a decimal.", n: 1500, want: "1.5 kB"},
		"Megabytes": {reason: "Above there is none.", n: 123_400_000, want: "123 MB"},
		"More":      {reason: "Megabytes are the largest unit.", n: 2_000_000_000, want: "2000 MB"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, size(tc.n)); diff != "" {
				t.Errorf("\n%s\nsize(%d): -want, +got:\n%s", tc.reason, tc.n, diff)
			}
		})
	}
}

func buildImage(t *testing.T, i image) v1.Image {
	t.Helper()

	img, err := i.build()
	if err != nil {
		t.Fatal(err)
	}

	return img
}

func writeFile(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()

	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
