// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package lazylog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	uberzap "go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// counted is a value that tells how often it was encoded.
type counted struct {
	times *int
}

// MarshalJSON counts.
func (c counted) MarshalJSON() ([]byte, error) {
	*c.times++
	return []byte(`"encoded"`), nil
}

// What is logged is what the logger that ships logs, line for line, with the place that it
// is logged from; and what is not logged is not encoded.
func TestNew(t *testing.T) {
	logged := func(wrap func(logr.Logger) logr.Logger) (lines []map[string]any, encoded int) {
		b := &bytes.Buffer{}
		log := wrap(zap.New(zap.WriteTo(b), zap.Level(zapcore.InfoLevel), zap.StacktraceLevel(zapcore.DPanicLevel), zap.RawZapOpts(uberzap.AddCaller())))

		one := log.WithName("controller").WithValues("controller", "token", "request", counted{&encoded})
		two := one.WithValues("uid", "1").WithName("token")
		three := one.WithValues("uid", "2")

		log.Info("Begins")
		two.Info("Done", "reason", "because")
		three.V(1).Info("Explains")
		three.Error(errors.New("boom"), "Fails", "uid", "3")
		three.WithCallDepth(0).Info("Ends")

		for line := range strings.Lines(b.String()) {
			m := map[string]any{}
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}

			delete(m, "ts")
			lines = append(lines, m)
		}

		return lines, encoded
	}

	want, _ := logged(func(l logr.Logger) logr.Logger { return l })

	got, encoded := logged(New)
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 4 {
		t.Errorf("New(...): -want logged, +got logged:\n%s", diff)
	}

	// Of the three messages that have the value.
	if encoded != 3 {
		t.Errorf("New(...): want a value to be encoded 3 times, got %d", encoded)
	}

	encoded = 0
	quiet := New(zap.New(zap.WriteTo(&bytes.Buffer{}))).WithValues("request", counted{&encoded})
	quiet.V(1).Info("Says nothing")

	if encoded != 0 {
		t.Errorf("New(...): a value of what is not logged was encoded %d times", encoded)
	}

	New(logr.Discard()).Info("Nobody hears that")
}
