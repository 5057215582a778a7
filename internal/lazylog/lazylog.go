// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package lazylog makes a logger encode the values that are added to each message only
// once there is a message. Controllers add some at each step of each reconcile, and mostly
// have nothing to say.
package lazylog

import (
	"slices"

	"github.com/go-logr/logr"
)

// New returns a logger that logs what the supplied one does.
func New(log logr.Logger) logr.Logger {
	inner := log.GetSink()
	if inner == nil {
		return log // It discards everything.
	}

	// Who logs is one call further away.
	if s, ok := inner.(logr.CallDepthLogSink); ok {
		inner = s.WithCallDepth(1)
	}

	return logr.New(sink{inner: inner}).V(log.GetV())
}

type sink struct {
	inner  logr.LogSink
	values []any
}

// Init implements logr.LogSink. The inner sink has been initialized before.
func (s sink) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink.
func (s sink) Enabled(level int) bool { return s.inner.Enabled(level) }

// Info implements logr.LogSink.
func (s sink) Info(level int, msg string, keysAndValues ...any) {
	s.inner.Info(level, msg, slices.Concat(s.values, keysAndValues)...)
}

// Error implements logr.LogSink.
func (s sink) Error(err error, msg string, keysAndValues ...any) {
	s.inner.Error(err, msg, slices.Concat(s.values, keysAndValues)...)
}

// WithValues implements logr.LogSink.
func (s sink) WithValues(keysAndValues ...any) logr.LogSink {
	return sink{inner: s.inner, values: slices.Concat(s.values, keysAndValues)}
}

// WithName implements logr.LogSink.
func (s sink) WithName(name string) logr.LogSink {
	return sink{inner: s.inner.WithName(name), values: s.values}
}

// WithCallDepth implements logr.CallDepthLogSink.
func (s sink) WithCallDepth(depth int) logr.LogSink {
	if inner, ok := s.inner.(logr.CallDepthLogSink); ok {
		return sink{inner: inner.WithCallDepth(depth), values: s.values}
	}

	return s
}
