// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs a real Kubernetes API server and its etcd on a
// machine that has nothing but the Go toolchain. It is for tests and demos:
// nothing is kept, and no container ever runs.
package controlplane

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

const (
	// A machine that is busy compiling takes longer than the 20 and 10 seconds
	// that envtest allows.
	startTimeout = time.Minute
	crdTimeout   = time.Minute
	stopTimeout  = 20 * time.Second

	tailLines = 15
)

// Options of a control plane. The zero value is an empty API server.
type Options struct {
	// CRDPaths are files of custom resource definitions, or folders of such
	// files, to install.
	CRDPaths []string

	// Scheme of the client. The default is client-go's.
	Scheme *runtime.Scheme

	// ControllerManager runs kube-controller-manager too, with the controllers
	// that delete, and the one that aggregates ClusterRoles: without it a deleted
	// namespace stays Terminating, what a deleted object owns stays, and a
	// ClusterRole that aggregates others grants nothing.
	ControllerManager bool

	// Audit makes the API server log each request for the resources that a provider
	// works with: see ControlPlane.AuditLog.
	Audit bool

	// Log is told about what takes long, such as building the binaries. The
	// default is to tell nobody.
	Log io.Writer
}

// A ControlPlane that runs. Its servers listen on free ports of 127.0.0.1.
type ControlPlane struct {
	// Config to reach the API server as a member of system:masters.
	Config *rest.Config

	// Client that uses it. It reads from the API server: it has no cache.
	Client client.Client

	dir     string
	logs    []*os.File
	env     *envtest.Environment
	manager *process.Process
	stop    func() error
}

// Start a control plane and wait until it serves the custom resources. If the
// context ends meanwhile the control plane is stopped again; later it has no
// influence. The caller must call Stop, also where it is interrupted by a
// signal: the processes do not get the terminal's Ctrl-C.
//
// Should the calling process die without calling Stop, the binaries that Assets
// builds notice it and end within a second or two. Others, from
// KUBEBUILDER_ASSETS, do not: envtest starts them, and leaves no way to tell the
// kernel. Either way the folder for temporary files is then left behind.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	var extra []string
	if o.ControllerManager {
		extra = append(extra, KubeControllerManager)
	}
	assets, err := Assets(ctx, o.Log, extra...)
	if err != nil {
		return nil, err
	}

	dir, err := os.MkdirTemp("", "controlplane-")
	if err != nil {
		return nil, errors.Wrap(err, "cannot create a folder for the control plane")
	}
	cp := &ControlPlane{dir: dir}
	cp.stop = sync.OnceValue(cp.tearDown)

	if err := cp.start(ctx, assets, o); err != nil {
		return nil, errors.Join(err, cp.Stop())
	}
	return cp, nil
}

// Kubeconfig is the path of a kubeconfig file, readable by its owner only, for
// the same user as Config. It is gone after Stop.
func (cp *ControlPlane) Kubeconfig() string {
	return filepath.Join(cp.dir, "kubeconfig")
}

// Stop the control plane. When it returns its processes have ended and its
// files are gone. Stopping again does nothing, and returns the same.
func (cp *ControlPlane) Stop() error {
	return cp.stop()
}

func (cp *ControlPlane) start(ctx context.Context, assets string, o Options) error {
	env, err := cp.environment(assets, o)
	if err != nil {
		return err
	}
	cp.env = env

	cp.Config, err = env.Start()
	switch {
	case err != nil && env.Config == nil:
		return errors.Errorf("cannot start the control plane: %w\n%s%s", err, cp.tail(Etcd), cp.tail(KubeAPIServer))
	case err != nil:
		return errors.Wrap(err, "cannot set up the control plane")
	}
	// Starting envtest cannot be interrupted.
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := os.WriteFile(cp.Kubeconfig(), env.KubeConfig, 0o600); err != nil {
		return errors.Wrap(err, "cannot write the kubeconfig")
	}
	cp.Client, err = client.New(cp.Config, client.Options{Scheme: o.Scheme})
	if err != nil {
		return errors.Wrap(err, "cannot create a client")
	}
	if o.ControllerManager {
		return cp.startControllerManager(filepath.Join(assets, KubeControllerManager))
	}
	return nil
}

// environment configures envtest with everything in a folder of ours and nothing
// left to the environment variables that it would look at.
func (cp *ControlPlane) environment(assets string, o Options) (*envtest.Environment, error) {
	etcdLog, err := cp.createLog(Etcd)
	if err != nil {
		return nil, err
	}
	apiLog, err := cp.createLog(KubeAPIServer)
	if err != nil {
		return nil, err
	}
	etcd := &envtest.Etcd{
		Path:    filepath.Join(assets, Etcd),
		DataDir: filepath.Join(cp.dir, "etcd"),
		Out:     etcdLog,
		Err:     etcdLog,
	}
	api := &envtest.APIServer{
		Path:    filepath.Join(assets, KubeAPIServer),
		CertDir: filepath.Join(cp.dir, "certs"),
		Out:     apiLog,
		Err:     apiLog,
	}
	for _, dir := range []string{etcd.DataDir, api.CertDir} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, errors.Wrap(err, "cannot create a folder of the control plane")
		}
	}
	api.Configure().
		// These wait for what controllers make, and none of those runs.
		Set("disable-admission-plugins", "ServiceAccount", "TaintNodesByCondition").
		// Else it looks for the machine's address, and fails where there is none
		// but loopback, to publish it in an Endpoints object that nobody reads.
		Set("advertise-address", "127.0.0.1").
		Set("endpoint-reconciler-type", "none")

	if o.Audit {
		if err := cp.audit(api); err != nil {
			return nil, err
		}
	}

	return &envtest.Environment{
		// Else the variable USE_EXISTING_CLUSTER makes envtest use, and install
		// custom resources into, whatever cluster the user's kubeconfig names.
		UseExistingCluster:       new(false),
		ControlPlane:             envtest.ControlPlane{Etcd: etcd, APIServer: api},
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  stopTimeout,
		CRDInstallOptions: envtest.CRDInstallOptions{
			Paths:              o.CRDPaths,
			MaxTime:            crdTimeout,
			ErrorIfPathMissing: true,
		},
		ErrorIfCRDPathMissing: true,
	}, nil
}

func (cp *ControlPlane) startControllerManager(path string) error {
	f, err := cp.createLog(KubeControllerManager)
	if err != nil {
		return err
	}
	cmd := exec.Command(path, //nolint:gosec,noctx // It is a binary of Assets, and ends by Stop.
		"--kubeconfig="+cp.Kubeconfig(),
		"--controllers=namespace-controller,garbage-collector-controller,clusterrole-aggregation-controller",
		"--leader-elect=false",
		"--secure-port=0", // It serves nothing that is wanted here.
	)
	cmd.Stdout, cmd.Stderr = f, f
	cp.manager, err = process.Start(cmd)
	return err
}

// createLog creates the file that the named process writes what it has to say to.
func (cp *ControlPlane) createLog(name string) (*os.File, error) {
	f, err := os.Create(cp.logPath(name))
	if err != nil {
		return nil, errors.Wrapf(err, "cannot create a log file for %s", name)
	}
	cp.logs = append(cp.logs, f)
	return f, nil
}

func (cp *ControlPlane) logPath(name string) string {
	return filepath.Join(cp.dir, name+".log")
}

// tail is the end of what the named process wrote, if it wrote anything.
func (cp *ControlPlane) tail(name string) string {
	t := process.Tail(cp.logPath(name), tailLines)
	if t == "" {
		return ""
	}
	return name + " says:\n" + t + "\n"
}

// tearDown ends the processes, clients first, and removes the files.
func (cp *ControlPlane) tearDown() error {
	var errs []error
	if cp.manager != nil {
		errs = append(errs, cp.manager.Stop(stopTimeout))
	}
	if cp.env != nil {
		errs = append(errs, errors.Wrap(cp.env.Stop(), "cannot stop the control plane"))
	}
	for _, f := range cp.logs {
		errs = append(errs, f.Close())
	}
	errs = append(errs, errors.Wrap(os.RemoveAll(cp.dir), "cannot remove the control plane's files"))
	return errors.Join(errs...)
}
