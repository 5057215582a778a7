// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

const (
	// system is the Kubernetes namespace that Crossplane is installed in.
	system = "crossplane-system"

	// publicRegistry is where the packages in the examples are, or will be. The
	// local registry has packages of the same names.
	publicRegistry = "xpkg.crossplane.io"

	webhookService = "crossplane-webhooks"

	startTimeout = 3 * time.Minute
	stopGrace    = 30 * time.Second
)

// A cluster is a control plane with Crossplane.
type cluster struct {
	*controlplane.ControlPlane
	*tools

	// dir for files.
	dir string
	// registry is the address of the local registry.
	registry string
	kubelet  *kubelet

	stops []func() error
}

// startCluster starts a control plane with Crossplane in it. The caller must stop
// what is returned, also with an error.
func startCluster(ctx context.Context, dir string, t *tools, plane *controlplane.ControlPlane) (*cluster, error) {
	c := &cluster{ControlPlane: plane, tools: t, dir: dir}
	c.kubelet = newKubelet(c)

	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"start the registry", c.startRegistry},
		{"install Crossplane's roles", c.installRoles},
		{"start Crossplane's core", c.startCore},
		{"start Crossplane's RBAC manager", c.startRBACManager},
		{"mirror the registry", c.mirrorRegistry},
	} {
		if err := step.do(ctx); err != nil {
			return c, errors.Wrap(err, "cannot "+step.what)
		}
	}

	return c, nil
}

// stop all that was started, last first.
func (c *cluster) stop() error {
	var errs []error
	for _, stop := range slices.Backward(c.stops) {
		errs = append(errs, stop())
	}

	return errors.Join(errs...)
}

// start a process that writes its log to a file named after it. It is stopped with
// the cluster.
func (c *cluster) start(name string, cmd *exec.Cmd) (*process.Process, error) {
	log, err := os.Create(c.log(name))
	if err != nil {
		return nil, err
	}

	if cmd.Stdout == nil {
		cmd.Stdout = log
	}

	cmd.Stderr = log

	p, err := process.Start(cmd)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}

	c.stops = append(c.stops, func() error { return errors.Join(p.Stop(stopGrace), log.Close()) })

	return p, nil
}

// log is the file that a process writes its log to.
func (c *cluster) log(name string) string {
	return filepath.Join(c.dir, name+".log")
}

func (c *cluster) startRegistry(context.Context) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}

	cmd := exec.Command(c.xpkg, "serve")
	cmd.Stdout = w

	if _, err := c.start("registry", cmd); err != nil {
		return err
	}

	if err := w.Close(); err != nil {
		return err
	}

	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return errors.Wrap(err, "it did not say its address")
	}

	c.registry = strings.TrimSpace(line)
	say("Registry: go-containerregistry, %s", c.registry)

	return r.Close()
}

// installRoles installs what Crossplane's Helm chart grants to its own programs. The
// chart's templates are rendered with what this needs of Helm.
func (c *cluster) installRoles(ctx context.Context) error {
	if err := c.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: system}}); err != nil {
		return err
	}

	charts := filepath.Join(c.source, "cluster", "charts", "crossplane", "templates")

	for _, name := range []string{
		"clusterrole.yaml",
		"clusterrolebinding.yaml",
		"rbac-manager-allowed-provider-permissions.yaml",
		"rbac-manager-clusterrole.yaml",
		"rbac-manager-clusterrolebinding.yaml",
		"rbac-manager-managed-clusterroles.yaml",
	} {
		manifest, err := render(filepath.Join(charts, name))
		if err != nil {
			return err
		}

		if err := c.apply(ctx, manifest); err != nil {
			return errors.Wrap(err, name)
		}
	}

	for _, name := range []string{"crossplane", "rbac-manager"} {
		if err := c.Client.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: name}}); err != nil {
			return err
		}
	}

	return nil
}

// render a template of Crossplane's Helm chart with the chart's default values, as
// far as the templates of roles look at them.
func render(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}

	root := template.New("")
	root.Funcs(template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var s strings.Builder
			err := root.ExecuteTemplate(&s, name, data)

			return s.String(), err
		},
		"indent": func(n int, s string) string {
			return strings.Repeat(" ", n) + strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", n))
		},
	})

	if _, err := root.Parse(`{{define "crossplane.name"}}crossplane{{end}}{{define "crossplane.labels"}}{{end}}`); err != nil {
		return nil, err
	}

	t, err := root.New("template").Parse(string(b))
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Release": map[string]any{"Namespace": system},
		"Values": map[string]any{
			"rbacManager":    map[string]any{"deploy": true, "skipAggregatedClusterRoles": false},
			"serviceAccount": map[string]any{"create": true},
		},
	})

	return out.Bytes(), err
}

// startCore initialises Crossplane, as the init container of its Pod does, and
// starts its core.
func (c *cluster) startCore(ctx context.Context) error {
	kubeconfig, err := c.serviceAccountKubeconfig(ctx, system, "crossplane")
	if err != nil {
		return err
	}

	ports, err := freePorts(3)
	if err != nil {
		return err
	}

	// The API server reaches the webhooks by this name, as in a cluster.
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: webhookService},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeExternalName, ExternalName: "localhost",
			Ports: []corev1.ServicePort{{Port: int32(ports[0]), TargetPort: intstr.FromInt(ports[0])}},
		},
	}
	if err := c.Client.Create(ctx, service); err != nil {
		return err
	}

	env := []string{"KUBECONFIG=" + kubeconfig, "HOME=" + c.dir, "POD_NAMESPACE=" + system, "POD_SERVICE_ACCOUNT=crossplane"}

	secrets := map[string]string{"server": "crossplane-tls-server", "client": "crossplane-tls-client"}

	// The names of some flags are an accident: the chart uses variables too.
	initEnv := append(slices.Clone(env),
		"CRDS_PATH="+filepath.Join(c.source, "cluster", "crds"),
		"WEBHOOK_CONFIGS_PATH="+filepath.Join(c.source, "cluster", "webhookconfigurations"),
		"WEBHOOK_SERVICE_NAME="+webhookService,
		"WEBHOOK_SERVICE_NAMESPACE="+system,
		fmt.Sprintf("WEBHOOK_SERVICE_PORT=%d", ports[0]),
		"TLS_CA_SECRET_NAME=crossplane-root-ca",
		"TLS_SERVER_SECRET_NAME="+secrets["server"],
		"TLS_CLIENT_SECRET_NAME="+secrets["client"],
	)

	// It fails while what it has created is not served yet. In a cluster the kubelet
	// starts it again.
	var said []byte

	err = wait.PollUntilContextTimeout(ctx, time.Second, startTimeout, true, func(ctx context.Context) (bool, error) {
		init := exec.CommandContext(ctx, c.crossplane, "core", "init")
		init.Env = initEnv

		var err error
		said, err = init.CombinedOutput()

		return err == nil, nil
	})
	if err != nil {
		return errors.Wrapf(err, "%s", said)
	}

	// Functions are reached by the names of their Services, as in a cluster. Nobody
	// resolves these here: a proxy does, which gRPC asks to connect it.
	proxy, err := c.startServiceProxy()
	if err != nil {
		return err
	}

	cache := filepath.Join(c.dir, "xpkg-cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return err
	}

	args := []string{
		"core", "start",
		"--xpkg-cache-dir=" + cache,
		fmt.Sprintf("--webhook-port=%d", ports[0]),
		fmt.Sprintf("--metrics-port=%d", ports[1]),
		fmt.Sprintf("--health-probe-port=%d", ports[2]),
		// What takes people days happens here within seconds, and Crossplane stops to
		// look at a composite of which more than a hundred changes come in a minute.
		"--circuit-breaker-burst=10000",
	}

	for use, secret := range secrets {
		dir := filepath.Join(c.dir, "core-tls-"+use)
		if err := c.mountSecret(ctx, system, secret, dir); err != nil {
			return err
		}

		args = append(args, "--tls-"+use+"-certs-dir="+dir)
	}

	core := exec.Command(c.crossplane, args...)
	core.Env = append(slices.Clone(env), "HTTPS_PROXY=http://"+proxy)

	if _, err := c.start("core", core); err != nil {
		return err
	}

	version, err := output(ctx, c.dir, c.crossplane, "--version")
	if err != nil {
		return err
	}

	say("Crossplane core: %s, as the ServiceAccount crossplane, with the roles of its Helm chart", version)

	return nil
}

func (c *cluster) startRBACManager(ctx context.Context) error {
	kubeconfig, err := c.serviceAccountKubeconfig(ctx, system, "rbac-manager")
	if err != nil {
		return err
	}

	// It has no flag for this address.
	if err := awaitFree(ctx, ":8080"); err != nil {
		return err
	}

	cmd := exec.Command(c.crossplane, "rbac", "start", "--provider-clusterrole=crossplane:allowed-provider-permissions")
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + c.dir}

	if _, err := c.start("rbac-manager", cmd); err != nil {
		return err
	}

	say("Crossplane RBAC manager: as the ServiceAccount rbac-manager, with the roles of Crossplane's Helm chart")

	return nil
}

// mirrorRegistry has Crossplane fetch packages from the local registry that the
// examples name in the public one.
func (c *cluster) mirrorRegistry(ctx context.Context) error {
	return c.apply(ctx, fmt.Appendf(nil, `
apiVersion: pkg.crossplane.io/v1beta1
kind: ImageConfig
metadata:
  name: mirror
spec:
  matchImages:
    - prefix: %s
  rewriteImage:
    prefix: %s
`, publicRegistry, c.registry))
}

// serviceAccountKubeconfig writes a kubeconfig with a token of a ServiceAccount, and
// returns its path.
func (c *cluster) serviceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](4 * 60 * 60)}}

	if err := c.Client.SubResource("token").Create(ctx, sa, token); err != nil {
		return "", errors.Wrapf(err, "cannot request a token of ServiceAccount %s", name)
	}

	path := filepath.Join(c.dir, name+".kubeconfig")

	return path, clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: c.Config.Host, CertificateAuthorityData: c.Config.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"u": {Token: token.Status.Token}},
		Contexts:       map[string]*clientcmdapi.Context{"x": {Cluster: "c", AuthInfo: "u", Namespace: namespace}},
		CurrentContext: "x",
	}, path)
}

// mountSecret writes the keys of a Secret as files into a folder, as a kubelet does.
func (c *cluster) mountSecret(ctx context.Context, namespace, name, dir string) error {
	s := &corev1.Secret{}
	if err := c.Client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, s); err != nil {
		return err
	}

	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}

	for key, value := range s.Data {
		if err := os.WriteFile(filepath.Join(dir, key), value, 0o600); err != nil {
			return err
		}
	}

	return nil
}

// apply the objects in a manifest, which are created or, being there, changed.
func (c *cluster) apply(ctx context.Context, manifest []byte) error {
	objects, err := decode(manifest)
	if err != nil {
		return err
	}

	for _, o := range objects {
		// A kind that was defined a moment ago may not be served yet.
		err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
			err := c.Client.Patch(ctx, o.DeepCopy(), client.Apply, client.FieldOwner("e2e"), client.ForceOwnership) //nolint:staticcheck // The newer way needs typed objects.
			if kerrors.IsNotFound(err) || meta.IsNoMatchError(err) {
				return false, nil
			}

			return true, err
		})
		if err != nil {
			return errors.Wrapf(err, "cannot apply %s %s", o.GetKind(), o.GetName())
		}
	}

	return nil
}

// decode the objects in a manifest.
func decode(manifest []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured

	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096); ; {
		u := &unstructured.Unstructured{}

		err := d.Decode(&u.Object)
		switch {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case len(u.Object) > 0:
			objects = append(objects, u)
		}
	}
}

// freePorts returns ports of this machine that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int

	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // Held until all are found, so that they differ.

		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}

	return ports, nil
}

// awaitFree waits until nobody listens on the address.
func awaitFree(ctx context.Context, address string) error {
	err := wait.PollUntilContextTimeout(ctx, time.Second, startTimeout, true, func(context.Context) (bool, error) {
		l, err := net.Listen("tcp", address)
		if err == nil {
			err = l.Close()
		}

		return err == nil, nil
	})

	return errors.Wrapf(err, "somebody else listens on %s", address)
}
