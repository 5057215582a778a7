// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

// A cluster is Kubernetes, as far as the guard and the reconciler see it: versions,
// conflicts, finalizers, owners, and a status of its own.
type cluster struct {
	objects map[string]client.Object
	// before has the last but one version of each object, which a cache may still show.
	before  map[string]client.Object
	version int
}

func newCluster() *cluster {
	return &cluster{objects: map[string]client.Object{}, before: map[string]client.Object{}}
}

func keyOf(o client.Object) string {
	kind := "Token"
	if _, ok := o.(*corev1.Secret); ok {
		kind = "Secret"
	}

	return kind + "/" + o.GetNamespace() + "/" + o.GetName()
}

func resourceOf(o client.Object) schema.GroupResource {
	if _, ok := o.(*corev1.Secret); ok {
		return corev1.Resource("secrets")
	}

	return schema.GroupResource{Group: v1beta1.CRDGroup, Resource: "tokens"}
}

func clone[T client.Object](o T) T {
	return o.DeepCopyObject().(T)
}

// into copies one object over another of the same type.
func into(from, to client.Object) {
	if m, ok := to.(*metav1.PartialObjectMetadata); ok {
		b, _ := json.Marshal(from)
		kind := m.GroupVersionKind()
		*m = metav1.PartialObjectMetadata{}
		_ = json.Unmarshal(b, m)
		m.SetGroupVersionKind(kind)

		return
	}

	reflect.ValueOf(to).Elem().Set(reflect.ValueOf(clone(from)).Elem())
}

// get an object. It is nil if there is none.
func (c *cluster) get(key string) client.Object {
	return c.objects[key]
}

// put a new version of an object.
func (c *cluster) put(o client.Object) {
	key := keyOf(o)

	if old := c.objects[key]; old != nil {
		c.before[key] = old
	}

	c.version++
	o.SetResourceVersion(strconv.Itoa(c.version))

	if o.GetDeletionTimestamp() != nil && len(o.GetFinalizers()) == 0 {
		c.remove(o)
		return
	}

	c.objects[key] = clone(o)
}

// remove an object, and what it controls.
func (c *cluster) remove(o client.Object) {
	delete(c.objects, keyOf(o))

	for key, other := range c.objects {
		if metav1.IsControlledBy(other, o) {
			delete(c.objects, key)
		}
	}
}

func (c *cluster) create(o client.Object) error {
	if c.get(keyOf(o)) != nil {
		return kerrors.NewAlreadyExists(resourceOf(o), o.GetName())
	}

	if o.GetUID() == "" {
		o.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", c.version)))
	}

	c.put(o)

	return nil
}

// check that an object is written as it is now.
func (c *cluster) check(o client.Object) (client.Object, error) {
	stored := c.get(keyOf(o))

	switch {
	case stored == nil, o.GetUID() != "" && o.GetUID() != stored.GetUID():
		return nil, kerrors.NewNotFound(resourceOf(o), o.GetName())
	case o.GetResourceVersion() != "" && o.GetResourceVersion() != stored.GetResourceVersion():
		return nil, kerrors.NewConflict(resourceOf(o), o.GetName(), fmt.Errorf("version %s, not %s", stored.GetResourceVersion(), o.GetResourceVersion()))
	}

	return stored, nil
}

// update all of an object but its status.
func (c *cluster) update(o client.Object) error {
	stored, err := c.check(o)
	if err != nil {
		return err
	}

	o.SetDeletionTimestamp(stored.GetDeletionTimestamp())
	o.SetUID(stored.GetUID())

	if tk, ok := o.(*v1beta1.Token); ok {
		tk.Status = clone(stored.(*v1beta1.Token)).Status
	}

	if reflect.DeepEqual(withoutVersion(o), withoutVersion(stored)) {
		o.SetResourceVersion(stored.GetResourceVersion())
		return nil
	}

	c.put(o)

	return nil
}

func withoutVersion(o client.Object) client.Object {
	out := clone(o)
	out.SetResourceVersion("")

	return out
}

// updateStatus of a managed resource.
func (c *cluster) updateStatus(o client.Object) error {
	stored, err := c.check(o)
	if err != nil {
		return err
	}

	tk := clone(stored.(*v1beta1.Token))
	tk.Status = clone(o.(*v1beta1.Token)).Status

	if !reflect.DeepEqual(tk, stored) {
		c.put(tk)
	}

	into(tk, o)

	return nil
}

func (c *cluster) patch(o client.Object, p client.Patch, write func(client.Object) error) error {
	stored := c.get(keyOf(o))
	if stored == nil {
		return kerrors.NewNotFound(resourceOf(o), o.GetName())
	}

	data, err := p.Data(o)
	if err != nil {
		return err
	}

	before, err := json.Marshal(stored)
	if err != nil {
		return err
	}

	after, err := jsonpatch.MergePatch(before, data)
	if err != nil {
		return err
	}

	patched := reflect.New(reflect.TypeOf(stored).Elem()).Interface().(client.Object)
	if err := json.Unmarshal(after, patched); err != nil {
		return err
	}

	if err := write(patched); err != nil {
		return err
	}

	into(patched, o)

	return nil
}

// delete asks for the deletion of an object.
func (c *cluster) delete(o client.Object, now metav1.Time) error {
	stored := c.get(keyOf(o))
	if stored == nil {
		return kerrors.NewNotFound(resourceOf(o), o.GetName())
	}

	if len(stored.GetFinalizers()) == 0 {
		c.remove(stored)
		return nil
	}

	if stored.GetDeletionTimestamp() == nil {
		out := clone(stored)
		out.SetDeletionTimestamp(&now)
		c.put(out)
	}

	return nil
}

// A kube is the client that a process has.
type kube struct {
	*process

	// live reads everything as it is now.
	live bool
}

func isDryRun[T any](opts []T) bool {
	return slices.ContainsFunc(opts, func(o T) bool { return any(o) == any(client.DryRunAll) })
}

// Get an object.
func (k kube) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	name := "Token/" + key.String()
	if _, ok := o.(*corev1.Secret); ok {
		name = "Secret/" + key.String()
	}

	var err error

	faults := []fault{{name: "API server away", do: func() { err = kerrors.NewServiceUnavailable("away") }}}

	// What a process has written itself it also sees.
	if old := k.world.cluster.before[name]; !k.live && old != nil && k.wrote <= versionOf(old) && k.world.cluster.get(name) != nil && reflect.TypeOf(old) == reflect.TypeOf(o) && kindOf(old) == "Token" {
		faults = append(faults, fault{name: "stale cache", do: func() { into(old, o) }})
	}

	k.world.call(k.process, "get "+strings.Split(name, "/")[0], faults, func() {
		found := k.world.cluster.get(name)
		if found == nil {
			err = kerrors.NewNotFound(schema.GroupResource{Resource: name}, key.Name)
			return
		}

		if s, ok := found.(*corev1.Secret); ok {
			k.world.read[keyOf(s)] = s.GetResourceVersion()
		}

		into(found, o)
	})

	return err
}

func versionOf(o client.Object) int {
	v, _ := strconv.Atoi(o.GetResourceVersion())
	return v
}

// List managed resources.
func (k kube) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	o := client.ListOptions{}
	o.ApplyOptions(opts)

	tokens, ok := list.(*v1beta1.TokenList)
	if !ok {
		return fmt.Errorf("%T is not simulated", list)
	}

	for _, key := range slices.Sorted(maps.Keys(k.world.cluster.objects)) {
		tk, ok := k.world.cluster.objects[key].(*v1beta1.Token)
		if ok && (o.FieldSelector == nil || o.FieldSelector.Matches(fieldsOf(tk))) && (o.Namespace == "" || o.Namespace == tk.GetNamespace()) {
			tokens.Items = append(tokens.Items, *clone(tk))
		}
	}

	return nil
}

type externalNameField string

func fieldsOf(tk *v1beta1.Token) externalNameField {
	return externalNameField(meta.GetExternalName(tk))
}

func (f externalNameField) Has(string) bool   { return true }
func (f externalNameField) Get(string) string { return string(f) }

// write does what a client asks for, if nothing comes in between.
func (k kube) write(what string, o client.Object, dry bool, do func() error) error {
	err := error(nil)

	if dry {
		what = "dry-run " + what
	}

	k.world.call(k.process, what, []fault{
		{name: "conflict", do: func() {
			err = kerrors.NewConflict(resourceOf(o), o.GetName(), fmt.Errorf("somebody was faster"))
		}},
		{name: "API server away", do: func() { err = kerrors.NewServiceUnavailable("away") }},
		{name: "applied, and no answer", applied: true, do: func() { err = kerrors.NewTimeoutError("no answer", 0) }},
	}, func() {
		if dry {
			saved := k.world.cluster.snapshot()
			defer k.world.cluster.restore(saved)
		}

		if err = do(); err == nil && !dry {
			k.wrote = k.world.cluster.version
		}
	})

	return err
}

func (c *cluster) snapshot() cluster {
	return cluster{objects: maps.Clone(c.objects), before: maps.Clone(c.before), version: c.version}
}

func (c *cluster) restore(s cluster) { *c = s }

// Create an object.
func (k kube) Create(_ context.Context, o client.Object, opts ...client.CreateOption) error {
	return k.write("create "+kindOf(o), o, isDryRun(opts), func() error { return k.world.cluster.create(o) })
}

// Update an object.
func (k kube) Update(_ context.Context, o client.Object, opts ...client.UpdateOption) error {
	return k.write("update "+kindOf(o), o, isDryRun(opts), func() error { return k.world.cluster.update(o) })
}

// Patch an object.
func (k kube) Patch(_ context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	return k.write("patch "+kindOf(o), o, isDryRun(opts), func() error { return k.world.cluster.patch(o, p, k.world.cluster.update) })
}

// Delete an object.
func (k kube) Delete(_ context.Context, o client.Object, _ ...client.DeleteOption) error {
	return k.write("delete "+kindOf(o), o, false, func() error { return k.world.cluster.delete(o, metav1.Now()) })
}

func kindOf(o client.Object) string { return strings.Split(keyOf(o), "/")[0] }

// DeleteAllOf is not used by what is simulated.
func (k kube) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	return fmt.Errorf("not simulated")
}

// Apply is not used by what is simulated.
func (k kube) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return fmt.Errorf("not simulated")
}
