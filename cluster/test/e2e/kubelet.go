// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

// syncInterval is how often the kubelet compares what runs with what should.
const syncInterval = 200 * time.Millisecond

// Names of ports that Crossplane or the examples give.
const (
	portMetrics = "metrics"
	portHealth  = "health"
	portGRPC    = "grpc"
)

// A kubelet does for the Deployments in Crossplane's namespace what the controllers
// of a cluster and the kubelet of a node would: it fetches the image, starts its
// program with the environment, the Secrets and the token of the ServiceAccount
// that the Deployment gives it, and reports the Deployment available once it is.
type kubelet struct {
	cluster *cluster

	// args that the test adds to those of a provider.
	args []string

	mu   sync.Mutex
	pods map[types.UID]*pod

	stopping chan struct{}
	stopped  chan struct{}
}

// A pod is what runs for a Deployment.
type pod struct {
	deployment *appsv1.Deployment
	process    *process.Process
	log        string
	ports      map[string]int
	command    []string
	starts     int
}

func newKubelet(c *cluster) *kubelet {
	return &kubelet{cluster: c, pods: map[types.UID]*pod{}, stopping: make(chan struct{}), stopped: make(chan struct{})}
}

// run until stop.
func (k *kubelet) run(ctx context.Context) {
	defer close(k.stopped)

	t := time.NewTicker(syncInterval)
	defer t.Stop()

	last := ""

	for {
		select {
		case <-k.stopping:
			return
		case <-t.C:
		}

		// Said once: it is tried again and again.
		if err := k.sync(ctx); err != nil && err.Error() != last {
			last = err.Error()
			say("Kubelet: %s", last)
		}
	}
}

// stop comparing. What runs is stopped with the cluster.
func (k *kubelet) stop() error {
	close(k.stopping)
	<-k.stopped

	return nil
}

// provider returns what runs of the provider, the newest while there are two.
func (k *kubelet) provider() (pod, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()

	var newest *pod

	for _, p := range k.pods {
		if isProvider(p.deployment) && (newest == nil || newest.deployment.CreationTimestamp.Before(&p.deployment.CreationTimestamp)) {
			newest = p
		}
	}

	if newest == nil {
		return pod{}, false
	}

	return *newest, true
}

func isProvider(d *appsv1.Deployment) bool {
	_, ok := d.Spec.Template.GetLabels()["pkg.crossplane.io/provider"]
	return ok
}

// sync what runs with the Deployments.
func (k *kubelet) sync(ctx context.Context) error {
	list := &appsv1.DeploymentList{}
	if err := k.cluster.Client.List(ctx, list, client.InNamespace(system)); err != nil {
		return err
	}

	k.mu.Lock()
	defer k.mu.Unlock()

	wanted := map[types.UID]bool{}
	for _, d := range list.Items {
		wanted[d.GetUID()] = true
	}

	var errs []error

	for uid, p := range k.pods {
		if !wanted[uid] {
			say("Kubelet: stop %s: its Deployment is gone", p.deployment.GetName())

			errs = append(errs, p.process.Stop(stopGrace))
			delete(k.pods, uid)
		}
	}

	for i := range list.Items {
		if err := k.syncOne(ctx, &list.Items[i]); err != nil {
			errs = append(errs, errors.Wrap(err, list.Items[i].GetName()))
		}
	}

	return errors.Join(errs...)
}

func (k *kubelet) syncOne(ctx context.Context, d *appsv1.Deployment) error {
	p := k.pods[d.GetUID()]

	switch {
	case p == nil:
		p = &pod{}
	case p.deployment.GetGeneration() != d.GetGeneration():
		if err := p.process.Stop(stopGrace); err != nil {
			return err
		}
	case p.ended():
	default:
		return k.report(ctx, d, p.ready(ctx))
	}

	// Of a new Deployment, of a changed one, or of one whose process has ended.
	if err := k.start(ctx, d, p); err != nil {
		return err
	}

	k.pods[d.GetUID()] = p

	return nil
}

// start the program in the image of a Deployment.
func (k *kubelet) start(ctx context.Context, d *appsv1.Deployment, p *pod) error {
	spec := d.Spec.Template.Spec
	container := spec.Containers[0]
	dir := filepath.Join(k.cluster.dir, d.GetName())

	config, err := k.pull(ctx, container.Image, filepath.Join(dir, "root"))
	if err != nil {
		return err
	}

	kubeconfig, err := k.cluster.serviceAccountKubeconfig(ctx, d.GetNamespace(), spec.ServiceAccountName)
	if err != nil {
		return err
	}

	jail, err := newJail(filepath.Join(dir, "root"), userOf(d, config))
	if err != nil {
		return err
	}

	if kubeconfig, err = jail.move(kubeconfig, "/var/run/kubeconfig"); err != nil {
		return err
	}

	// Paths in the container, and what they are here.
	mounts := map[string]string{}

	for _, v := range spec.Volumes {
		for _, m := range container.VolumeMounts {
			if m.Name != v.Name || v.Secret == nil {
				continue
			}

			local := filepath.Join(dir, v.Name)
			if err := k.cluster.mountSecret(ctx, d.GetNamespace(), v.Secret.SecretName, local); err != nil {
				return err
			}

			if mounts[m.MountPath], err = jail.move(local, m.MountPath); err != nil {
				return err
			}
		}
	}

	// Nothing of the test's own environment.
	env := append(slices.Clone(config.Config.Env), "KUBECONFIG="+kubeconfig)
	for _, v := range environment(d, container.Env) {
		if local, ok := mounts[v.Value]; ok {
			v.Value = local
		}

		env = append(env, v.Name+"="+v.Value)
	}

	p.ports = map[string]int{}

	found, err := freePorts(len(container.Ports))
	if err != nil {
		return err
	}

	for i, port := range container.Ports {
		p.ports[port.Name] = found[i]
	}

	p.command = slices.Concat(config.Config.Entrypoint, config.Config.Cmd, container.Args)
	args := slices.Concat(p.command[1:], k.local(d, p.ports))

	cmd := jail.command(p.command[0], args...)
	cmd.Env = env

	p.starts++
	name := fmt.Sprintf("%s-%d", d.GetName(), p.starts)

	if p.process, err = k.cluster.start(name, cmd); err != nil {
		return err
	}

	p.deployment, p.log = d.DeepCopy(), k.cluster.log(name)

	say("Kubelet: start %s of %s, as ServiceAccount %s, %s", p.command[0], container.Image, spec.ServiceAccountName, jail)

	return nil
}

// local are the arguments by which a process listens here, on ports of its own.
func (k *kubelet) local(d *appsv1.Deployment, ports map[string]int) []string {
	if isProvider(d) {
		return append(slices.Clone(k.args),
			"--metrics-bind-address="+loopback(ports[portMetrics]),
			"--health-probe-bind-address="+loopback(ports[portHealth]))
	}

	return []string{"--address=" + loopback(ports[portGRPC])}
}

func loopback(port int) string {
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// An imageConfig is the part of an image's configuration that says how it is run.
type imageConfig struct {
	Config struct {
		Entrypoint, Cmd, Env []string
		User                 string
	} `json:"config"`
}

// pull an image into a folder, once.
func (k *kubelet) pull(ctx context.Context, image, dir string) (imageConfig, error) {
	var config imageConfig

	cached := dir + ".json"

	b, err := os.ReadFile(cached)
	if err != nil {
		if err := os.RemoveAll(dir); err != nil {
			return config, err
		}

		if err := os.MkdirAll(dir, 0o700); err != nil {
			return config, err
		}

		out, err := output(ctx, dir, k.cluster.xpkg, "unpack", image, dir, "--architecture="+runtime.GOARCH)
		if err != nil {
			return config, err
		}

		b = []byte(out)
		if err := os.WriteFile(cached, b, 0o600); err != nil {
			return config, err
		}
	}

	return config, json.Unmarshal(b, &config)
}

// environment of a container, with references resolved.
func environment(d *appsv1.Deployment, vars []corev1.EnvVar) []corev1.EnvVar {
	fields := map[string]string{"metadata.namespace": d.GetNamespace()}
	for k, v := range d.Spec.Template.GetLabels() {
		fields["metadata.labels['"+k+"']"] = v
	}

	values := map[string]string{}
	resolved := make([]corev1.EnvVar, len(vars))

	for range 2 { // A variable may refer to one that comes later.
		for i, v := range vars {
			if v.ValueFrom != nil && v.ValueFrom.FieldRef != nil {
				v.Value = fields[v.ValueFrom.FieldRef.FieldPath]
			}

			for _, name := range slices.Sorted(maps.Keys(values)) {
				v.Value = strings.ReplaceAll(v.Value, "$("+name+")", values[name])
			}

			values[v.Name] = v.Value
			resolved[i] = corev1.EnvVar{Name: v.Name, Value: v.Value}
		}
	}

	return resolved
}

func (p *pod) ended() bool {
	select {
	case <-p.process.Done():
		return true
	default:
		return false
	}
}

// ready asks the readiness probe, or tries to connect where there is none.
func (p *pod) ready(ctx context.Context) bool {
	probe := p.deployment.Spec.Template.Spec.Containers[0].ReadinessProbe
	if probe == nil || probe.HTTPGet == nil {
		conn, err := net.Dial("tcp", loopback(p.ports[portGRPC]))
		if err != nil {
			return false
		}

		return conn.Close() == nil
	}

	return p.get(ctx, probe.HTTPGet) == http.StatusOK
}

// get returns the status with which a probe is answered, or 0.
func (p *pod) get(ctx context.Context, probe *corev1.HTTPGetAction) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+loopback(p.ports[probe.Port.StrVal])+probe.Path, nil)
	if err != nil {
		return 0
	}

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}

	_ = resp.Body.Close()

	return resp.StatusCode
}

// report whether a Deployment is available.
func (k *kubelet) report(ctx context.Context, d *appsv1.Deployment, available bool) error {
	status := corev1.ConditionFalse
	if available {
		status = corev1.ConditionTrue
	}

	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentAvailable && c.Status == status {
			return nil
		}
	}

	now := metav1.Now()
	d.Status.ObservedGeneration = d.GetGeneration()
	d.Status.Conditions = []appsv1.DeploymentCondition{{
		Type: appsv1.DeploymentAvailable, Status: status, Reason: "Probed", Message: "The readiness probe was asked.",
		LastTransitionTime: now, LastUpdateTime: now,
	}}

	err := k.cluster.Client.Status().Update(ctx, d)
	if kerrors.IsConflict(err) || kerrors.IsNotFound(err) {
		return nil // Next time.
	}

	return err
}

// endpoint returns where the process behind a Service listens, which is named
// NAME.NAMESPACE:PORT.
func (k *kubelet) endpoint(service string) (string, bool) {
	host, _, err := net.SplitHostPort(service)
	if err != nil {
		return "", false
	}

	name, namespace, _ := strings.Cut(host, ".")

	s := &corev1.Service{}
	if err := k.cluster.Client.Get(context.Background(), types.NamespacedName{Namespace: namespace, Name: name}, s); err != nil {
		return "", false
	}

	k.mu.Lock()
	defer k.mu.Unlock()

	for _, p := range k.pods {
		if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(p.deployment.Spec.Template.GetLabels())) {
			return loopback(p.ports[portGRPC]), true
		}
	}

	return "", false
}
