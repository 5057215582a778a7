// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// gone is how soon a process must have ended that nobody waits for.
const gone = 30 * time.Second

func TestMain(m *testing.M) {
	// Without one controller-runtime prints a stack trace to complain.
	log.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

func TestStart(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	// What envtest would listen to must not send the test to another cluster.
	t.Setenv("USE_EXISTING_CLUSTER", "true")
	t.Setenv("TEST_ASSET_ETCD", filepath.Join(tmp, "missing"))

	cp, err := Start(t.Context(), Options{CRDPaths: []string{"testdata/crds"}, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer cp.Stop()

	want := widget(map[string]any{"size": int64(3)})
	if err := cp.Client.Create(t.Context(), want.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	got := widget(nil)
	if err := cp.Client.Get(t.Context(), client.ObjectKeyFromObject(want), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Object["spec"], got.Object["spec"]); diff != "" {
		t.Errorf("custom resource read back: -want, +got:\n%s", diff)
	}

	// The kubeconfig is what other processes get: it must work, and be private.
	info, err := os.Stat(cp.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(os.FileMode(0o600), info.Mode()); diff != "" {
		t.Errorf("mode of the kubeconfig: -want, +got:\n%s", diff)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", cp.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	version, err := discovery.NewDiscoveryClientForConfigOrDie(cfg).ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	// What a folder of the user's holds is the user's choice.
	if os.Getenv(EnvAssets) == "" {
		pin, err := pinned(t.Context(), modules.kubernetes, "k8s.io/kubernetes")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pin, version.GitVersion); diff != "" {
			t.Errorf("version of the API server: -want, +got:\n%s", diff)
		}
	}

	for _, addr := range addresses(t, cp) {
		host, _, _ := net.SplitHostPort(addr)
		if diff := cmp.Diff("127.0.0.1", host); diff != "" {
			t.Errorf("address that is listened on: -want, +got:\n%s", diff)
		}
	}

	addrs := addresses(t, cp)
	if err := cp.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, addr := range addrs {
		if listens(addr) {
			t.Errorf("after Stop() something still listens on %s", addr)
		}
	}
	empty(t, tmp)
	if err := cp.Stop(); err != nil {
		t.Errorf("second Stop(): %v", err)
	}
}

func TestStartControllerManager(t *testing.T) {
	if dir := os.Getenv(EnvAssets); dir != "" {
		absent, err := missing(dir, []string{KubeControllerManager})
		if err != nil {
			t.Fatal(err)
		}
		if len(absent) > 0 {
			t.Skipf("%s is set to a folder without %s, as setup-envtest makes them", EnvAssets, KubeControllerManager)
		}
	}

	cp, err := Start(t.Context(), Options{ControllerManager: true, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer cp.Stop()

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "short-lived"}}
	if err := cp.Client.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	if err := cp.Client.Delete(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := cp.Client.Get(ctx, client.ObjectKeyFromObject(ns), &corev1.Namespace{})
		return kerrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		t.Errorf("the deleted namespace does not go away: %v\n%s", err, cp.tail(KubeControllerManager))
	}
}

func TestStartFails(t *testing.T) {
	enough := errors.New("enough")
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(enough)

	cases := map[string]struct {
		reason  string
		ctx     context.Context
		options Options
		etcd    string
		want    string
	}{
		"Interrupted": {
			reason: "A start that is interrupted should say so, not return a control plane that nobody stops.",
			ctx:    cancelled,
			want:   enough.Error(),
		},
		"MissingCRDs": {
			reason:  "A wrong path should not pass for having no custom resources.",
			ctx:     t.Context(),
			options: Options{CRDPaths: []string{"testdata/missing"}},
			want:    "testdata/missing",
		},
		"BrokenBinary": {
			reason: "What a process said before it ended explains the failure.",
			ctx:    t.Context(),
			etcd:   "#!/bin/sh\necho etcd: no such luck >&2\nexit 1\n",
			want:   "etcd says:\netcd: no such luck\n",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.etcd != "" {
				assets := t.TempDir()
				write(t, filepath.Join(assets, Etcd), tc.etcd, 0o700)
				write(t, filepath.Join(assets, KubeAPIServer), tc.etcd, 0o700)
				t.Setenv(EnvAssets, assets)
			}
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)

			_, err := Start(tc.ctx, tc.options)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nStart(...): want an error that contains %q, got %v", tc.reason, tc.want, err)
			}
			empty(t, tmp)
		})
	}
}

// TestEndsWithParent kills a process, this test's own binary, that has started a
// control plane.
func TestEndsWithParent(t *testing.T) {
	const env = "CONTROLPLANE_TEST_PARENT"
	if os.Getenv(env) != "" {
		cp, err := Start(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(strings.Join(addresses(t, cp), " "))
		select {}
	}
	if os.Getenv(EnvAssets) != "" {
		t.Skipf("only the binaries that this package builds end with the process that started them, and %s is set", EnvAssets)
	}

	parent := exec.Command(os.Args[0], "-test.run=^TestEndsWithParent$")
	parent.Env = append(os.Environ(), env+"=true", "TMPDIR="+t.TempDir())
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()

	for _, addr := range strings.Fields(line) {
		err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, gone, true, func(context.Context) (bool, error) {
			return !listens(addr), nil
		})
		if err != nil {
			t.Errorf("%s after its parent was killed something still listens on %s", gone, addr)
		}
	}
}

func widget(spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion("example.org/v1")
	u.SetKind("Widget")
	u.SetNamespace("default")
	u.SetName("widget")
	return u
}

// addresses that the control plane's servers listen on.
func addresses(t *testing.T, cp *ControlPlane) []string {
	t.Helper()
	api, err := url.Parse(cp.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	return []string{api.Host, cp.env.ControlPlane.Etcd.URL.Host}
}

func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// empty checks that a folder has nothing in it.
func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s is left behind", filepath.Join(dir, e.Name()))
	}
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
