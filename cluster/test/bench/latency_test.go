// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// sampleInterval is the time between two Tokens whose latency is measured. A hundred of them
// take as long as a thousand others, which have 80 requests a second.
const sampleInterval = 250 * time.Millisecond

// latencies returns how long it takes from the creation of a Token until its Secret holds the
// value, for as many Tokens, while so many others are being created.
func (s *subject) latencies(samples, others int) []time.Duration {
	s.t.Helper()

	limit := max(minPatience, time.Duration(samples+others)*patience)

	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()

	p := s.StartProvider(s.defaults)
	s.settle(p)

	secrets, err := s.kube.Watch(ctx, &corev1.SecretList{}, client.InNamespace(s.Namespace))
	if err != nil {
		s.t.Fatal(err)
	}
	defer secrets.Stop()

	var (
		mu        sync.Mutex
		published = map[string]chan time.Time{}
	)

	go func() {
		for ev := range secrets.ResultChan() {
			o, ok := ev.Object.(*corev1.Secret)
			if !ok || ev.Type == watch.Deleted || len(o.Data["token"]) == 0 {
				continue
			}

			mu.Lock()

			if ch, ok := published[o.GetName()]; ok {
				ch <- time.Now()
				delete(published, o.GetName())
			}

			mu.Unlock()
		}
	}()

	loaded := make(chan struct{})

	go func() {
		defer close(loaded)

		s.parallel(others, func(i int) error { return s.kube.Create(ctx, s.NewToken(fmt.Sprintf("o%d", i), s.parent)) })
	}()

	taken := make(chan time.Duration, samples)

	// The next does not wait for the last: the load would be gone when the first has come.
	for i := range samples {
		tk, ch := s.NewToken(fmt.Sprintf("l%d-%d", others, i), s.parent), make(chan time.Time, 1)

		mu.Lock()
		published[tk.GetName()] = ch
		mu.Unlock()

		start := time.Now()
		if err := s.kube.Create(ctx, tk); err != nil {
			s.t.Fatal(err)
		}

		go func() {
			select {
			case at := <-ch:
				taken <- at.Sub(start)
			case <-ctx.Done():
			}
		}()

		time.Sleep(sampleInterval)
	}

	var all []time.Duration

	for len(all) < samples {
		select {
		case d := <-taken:
			all = append(all, d)
		case <-ctx.Done():
			s.t.Fatalf("waited %s for the Secrets of %d tokens, %d have come", limit, samples, len(all))
		}
	}

	<-loaded
	s.deleteAll(limit)
	s.deleteOwned()
	p.Stop()

	return all
}

// TestLatency prints how long a user waits for the value of one token.
func TestLatency(t *testing.T) {
	o := options(t)
	e := framework.New(t)
	s := newSubject(t, e, e.CreateParent())

	for _, others := range []int{0, 1000} {
		l := s.latencies(o.samples, others)
		t.Logf("while %d others are being created, a token is in its Secret after %s (50th percentile), %s (99th percentile), %s (the longest of %d)",
			others, percentile(l, 50).Round(time.Millisecond), percentile(l, 99).Round(time.Millisecond), percentile(l, 100).Round(time.Millisecond), len(l))
	}
}
