// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	containerapi "github.com/scaleway/scaleway-sdk-go/api/container/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// envLoop makes the test's binary the process that calls Scaleway's API in a loop.
// It holds a loopConfig.
const envLoop = "BENCH_LOOP"

// loopWorkers are as many as the provider has for one API key by default.
const loopWorkers = 20

type loopConfig struct {
	URL, AccessKey, SecretKey, NamespaceID string
	Tokens                                 int
}

// A loopPhase is what one kind of call has taken, for all tokens.
type loopPhase struct {
	Wall, CPU time.Duration
}

type loopResult struct {
	Create, Observe, Delete loopPhase
}

// runLoop does what must be done with the Scaleway SDK alone: the limit.
func runLoop(t *testing.T, e *framework.Env, namespace string, tokens int) loopResult {
	t.Helper()

	cfg, err := json.Marshal(loopConfig{URL: e.Scaleway.URL(), AccessKey: e.Key.AccessKey, SecretKey: e.Key.SecretKey, NamespaceID: namespace, Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{envLoop + "=" + string(cfg), "SCW_CONFIG_PATH=/nonexistent"}
	cmd.Stderr = os.Stderr

	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}

	var r loopResult
	if err := json.Unmarshal(bytes.TrimSpace(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	return r
}

// loopMain is the main function of the process that runLoop starts.
func loopMain() int {
	r, err := loop()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}

	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	return 0
}

func loop() (loopResult, error) {
	var (
		cfg loopConfig
		r   loopResult
	)

	if err := json.Unmarshal([]byte(os.Getenv(envLoop)), &cfg); err != nil {
		return r, err
	}

	client, err := scw.NewClient(scw.WithAPIURL(cfg.URL), scw.WithAuth(cfg.AccessKey, cfg.SecretKey))
	if err != nil {
		return r, err
	}

	api := containerapi.NewAPI(client)
	ids := make([]string, cfg.Tokens)

	r.Create, err = each(cfg.Tokens, func(i int) error {
		tk, err := api.CreateToken(&containerapi.CreateTokenRequest{Region: "fr-par", NamespaceID: &cfg.NamespaceID, Description: scw.StringPtr(fmt.Sprint(i))})
		if err != nil {
			return err
		}

		ids[i] = tk.ID
		_, err = api.GetToken(&containerapi.GetTokenRequest{Region: "fr-par", TokenID: tk.ID})

		return err
	})
	if err != nil {
		return r, err
	}

	r.Observe, err = each(cfg.Tokens, func(i int) error {
		_, err := api.GetToken(&containerapi.GetTokenRequest{Region: "fr-par", TokenID: ids[i]})
		return err
	})
	if err != nil {
		return r, err
	}

	r.Delete, err = each(cfg.Tokens, func(i int) error {
		_, err := api.DeleteToken(&containerapi.DeleteTokenRequest{Region: "fr-par", TokenID: ids[i]})
		return err
	})

	return r, err
}

// each calls fn with the numbers below n, by as many workers as the provider has.
func each(n int, fn func(int) error) (loopPhase, error) {
	var (
		wg    sync.WaitGroup
		next  = make(chan int)
		errs  = make([]error, n)
		start = time.Now()
		cpu   = ownCPU()
	)

	for range loopWorkers {
		wg.Go(func() {
			for i := range next {
				errs[i] = fn(i)
			}
		})
	}

	for i := range n {
		next <- i
	}

	close(next)
	wg.Wait()

	return loopPhase{Wall: time.Since(start), CPU: ownCPU() - cpu}, errors.Join(errs...)
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // It fails for no process of this kind.
	}

	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
