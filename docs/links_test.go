// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package docs tests that the pages of this repository find each other.
package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

const root = ".."

// A page is what a Markdown file links to, and the anchors that it has.
type page struct {
	links   []string
	anchors map[string]bool
}

func readPage(t *testing.T, path string) page {
	t.Helper()

	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	p := page{anchors: map[string]bool{}}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

	err = ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}

		switch n := n.(type) {
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); ok {
				p.anchors[string(id.([]byte))] = true
			}
		}

		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return p
}

// Every link from one page of this repository to another finds it, and its heading.
func TestLinks(t *testing.T) {
	pages := map[string]page{}

	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == ".git" || d.Name() == "_output"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages[path] = readPage(t, path)
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	if len(pages) < 10 {
		t.Fatalf("found only %d pages", len(pages))
	}

	for path, p := range pages {
		for _, link := range p.links {
			to, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: %q: %v", path, link, err)
				continue
			}

			if to.Scheme != "" || to.Host != "" {
				continue
			}

			target := path
			if to.Path != "" {
				target = filepath.Join(filepath.Dir(path), filepath.FromSlash(to.Path))
			}

			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %q leads nowhere", path, link)
			} else if there, ok := pages[target]; ok && to.Fragment != "" && !there.anchors[to.Fragment] {
				t.Errorf("%s: %q: there is no such heading", path, link)
			}
		}
	}
}
