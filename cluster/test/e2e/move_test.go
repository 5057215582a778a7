// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// Times of a move, which takes an hour by the examples. A consumer notices a new value
// after refresh, as a Pod does when the kubelet gets to it. That is longer than a
// composite that waits for nothing but the next look is left alone.
const (
	warmUp      = 2 * time.Second
	gracePeriod = 20 * time.Second
	refresh     = 15 * time.Second
)

// hurry makes moves short.
func (s *suite) hurry(t *testing.T) {
	t.Helper()

	s.editInput(t, func(input map[string]any) {
		input["warmUp"], input["gracePeriod"] = warmUp.String(), gracePeriod.String()
	})
}

// editInput changes what the compositions of access tell the function.
func (s *suite) editInput(t *testing.T, edit func(input map[string]any)) {
	t.Helper()

	for _, name := range []string{"containeraccess", "xcontaineraccess"} {
		c := object("apiextensions.crossplane.io/v1", "Composition", "", name)

		s.env(t).Update(c, func() {
			pipeline, _, _ := unstructured.NestedSlice(c.Object, "spec", "pipeline")
			if len(pipeline) != 1 {
				t.Fatalf("the composition %s should have one step: %v", name, pipeline)
			}

			step, _ := pipeline[0].(map[string]any)
			input, _ := step["input"].(map[string]any)
			edit(input)

			if err := unstructured.SetNestedSlice(c.Object, pipeline, "spec", "pipeline"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// move has running accesses moved from a token to an API key, while what uses them
// calls the container. It is never refused. The provider is killed on the way. And
// back, as long as tokens can be had.
func (s *suite) move(t *testing.T) {
	e := s.env(t)

	moved := []*unstructured.Unstructured{
		object(platform, "ContainerAccess", team, "moving"),
		object(platform, "ContainerAccessClaim", team, "moving"),
	}
	secrets := []string{"moving-access", "moving-claim"}

	for i, xr := range moved {
		spec := map[string]any{
			"to":        map[string]any{"containerName": "token-example"},
			"expiresAt": "2034-12-31T23:59:59Z",
			"mechanism": "token",
		}

		if xr.GetKind() == "ContainerAccess" {
			spec["secretName"] = secrets[i]
		} else {
			spec["writeConnectionSecretToRef"] = map[string]any{"name": secrets[i]}
		}

		xr.Object["spec"] = spec
		if err := s.Client.Create(t.Context(), xr); err != nil {
			t.Fatal(err)
		}
	}

	before := s.scaleway.Alive()

	consumers := make([]*consumer, len(moved))
	for i, xr := range moved {
		s.waitTrue(t, xr, "Ready", "Synced", "Settled")
		consumers[i] = s.consume(t, secrets[i])
	}

	for _, mechanism := range []string{"iam", "token"} {
		olds := make([]*unstructured.Unstructured, len(moved))

		for i, xr := range moved {
			olds[i] = s.credential(t, xr)
			set(t, e, xr, "mechanism", mechanism)
		}

		s.restart(t, syscall.SIGKILL)

		for i, xr := range moved {
			e.Eventually(xr.GetKind()+" to be moved to "+mechanism, func() (bool, string) {
				e.Get(xr)

				current, _, _ := unstructured.NestedString(xr.Object, "status", "mechanism")
				settled, reason, message := condition(xr, "Settled")

				return current == mechanism && settled == "True", "the Secret holds a value of " + current + "; " + reason + ": " + message
			})

			e.WaitGone(olds[i])
		}
	}

	for i, c := range consumers {
		c.stop()

		calls, values, refused := c.calls, len(c.values), c.refused
		say("%s moved to an API key and back: %d calls of its container with %d values, %d refused", moved[i].GetKind(), calls, values, refused)

		if refused > 0 || values != 3 || calls < 100 {
			t.Errorf("%s: all of at least 100 calls with 3 values should be served", moved[i].GetKind())
		}

		// What is gone opens nothing.
		for value := range c.values {
			want := http.StatusUnauthorized
			if value == c.last {
				want = http.StatusOK
			}

			if status := call(t, map[string]string{keyEndpoint: c.endpoint, keyToken: value}); status != want {
				t.Errorf("%s: a value is answered with %d, where %d is wanted", moved[i].GetKind(), status, want)
			}
		}
	}

	// The parts of an API key go at once, and not in an order.
	for _, kind := range []fakescaleway.Kind{fakescaleway.KindApplication, fakescaleway.KindPolicy, fakescaleway.KindAPIKey} {
		e.Eventually(fmt.Sprintf("as many of the kind %s as before the moves", kind), func() (bool, string) {
			n := s.scaleway.Alive()[kind]
			return n == before[kind], fmt.Sprintf("there were %d, and are %d", before[kind], n)
		})
	}

	for _, xr := range moved {
		e.Delete(xr)
	}
}

// A consumer calls a container as a workload would, to which a Secret is mounted.
type consumer struct {
	stop func()

	// Of use once it is stopped.
	calls, refused int
	values         map[string]bool
	endpoint, last string
}

// consume what a Secret opens until the consumer is stopped.
func (s *suite) consume(t *testing.T, secret string) *consumer {
	t.Helper()

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})

	c := &consumer{values: map[string]bool{}}
	c.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})

	t.Cleanup(c.stop)

	go func() {
		defer close(done)

		var (
			next    *corev1.Secret
			noticed time.Time
		)

		for ; ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
			found := &corev1.Secret{}
			if err := s.Client.Get(ctx, types.NamespacedName{Namespace: team, Name: secret}, found); err != nil {
				continue
			}

			// The worst that can happen: each change has just been missed.
			if next == nil || string(next.Data[keyToken]) != string(found.Data[keyToken]) {
				next, noticed = found, time.Now()
			}

			if c.last == "" || time.Since(noticed) > refresh {
				c.last, c.endpoint = string(next.Data[keyToken]), string(next.Data[keyEndpoint])
				c.values[c.last] = true
			}

			status, err := callAs(ctx, c.endpoint, c.last)
			if err != nil {
				continue // It is being stopped: the local API is always there.
			}

			c.calls++

			if status != http.StatusOK {
				c.refused++
			}
		}
	}()

	return c
}

// pause for some time, or for the end.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
