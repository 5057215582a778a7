// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// providerAgent begins the user agent of the provider, which is the name of its
// binary.
const providerAgent = "provider/"

// An auditReader counts the calls of the provider in the API server's audit log.
type auditReader struct {
	file *os.File
	rest []byte
}

func readAudit(t *testing.T, e *framework.Env) *auditReader {
	t.Helper()

	f, err := os.Open(e.AuditLog())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })

	r := &auditReader{file: f}
	r.next(t) // What was before is of no interest.

	return r
}

// next returns the provider's calls since it was called last, by verb and
// resource. A watch is not counted: it does not end.
func (r *auditReader) next(t *testing.T) map[string]float64 {
	t.Helper()

	calls := map[string]float64{}
	in := bufio.NewReaderSize(r.file, 1<<20)

	for {
		line, err := in.ReadBytes('\n')
		r.rest = append(r.rest, line...)

		if err == io.EOF {
			return calls // The last line may not be complete.
		}

		if err != nil {
			t.Fatal(err)
		}

		var ev struct {
			Verb      string `json:"verb"`
			UserAgent string `json:"userAgent"`
			ObjectRef struct {
				Resource    string `json:"resource"`
				Subresource string `json:"subresource"`
			} `json:"objectRef"`
		}
		if err := json.Unmarshal(r.rest, &ev); err != nil {
			t.Fatalf("%v: %s", err, r.rest)
		}

		r.rest = r.rest[:0]

		if !strings.HasPrefix(ev.UserAgent, providerAgent) || ev.Verb == "watch" {
			continue
		}

		what := ev.ObjectRef.Resource
		if ev.ObjectRef.Subresource != "" {
			what += "/" + ev.ObjectRef.Subresource
		}

		calls[ev.Verb+" "+what]++
	}
}

// isWrite tells whether a call, as auditReader counts them, is a write.
func isWrite(call string) bool {
	verb, _, _ := strings.Cut(call, " ")
	return verb != "get" && verb != "list"
}

// split the calls into writes and reads.
func split(calls map[string]float64) (writes, reads float64) {
	for call, n := range calls {
		if isWrite(call) {
			writes += n
		} else {
			reads += n
		}
	}

	return writes, reads
}
