// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

const (
	configUID  types.UID = "10000000-0000-4000-8000-000000000000"
	anotherUID types.UID = "20000000-0000-4000-8000-000000000000"
	busy                 = "example.org/busy"
)

var configName = types.NamespacedName{Namespace: "team-a", Name: "default"}

func newScheme(t *testing.T) *k8sruntime.Scheme {
	t.Helper()

	s := k8sruntime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(s), v1beta1.SchemeBuilder.AddToScheme(s), containerv1beta1.SchemeBuilder.AddToScheme(s)); err != nil {
		t.Fatal(err)
	}

	return s
}

func newConfig(change ...func(*v1beta1.ProviderConfig)) *v1beta1.ProviderConfig {
	pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: configName.Namespace, Name: configName.Name, UID: configUID}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef.Name = "named"

	for _, fn := range change {
		fn(pc)
	}

	return pc
}

// newSecret returns a Secret of team-a, which is held if it has finalizers.
func newSecret(name string, finalizers ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: configName.Namespace, Name: name, Finalizers: finalizers}}
	if len(finalizers) > 0 {
		s.SetLabels(map[string]string{clients.LabelHeld: "true"})
	}

	return s
}

func leaving[T client.Object](o T) T {
	now := metav1.Now()
	o.SetDeletionTimestamp(&now)

	return o
}

func withoutLabels[T client.Object](o T) T {
	o.SetLabels(nil)
	return o
}

func TestSettle(t *testing.T) {
	own, another := finalizerOf(configUID), finalizerOf(anotherUID)

	recorded := func(value string) func(*v1beta1.ProviderConfig) {
		return func(pc *v1beta1.ProviderConfig) { pc.SetAnnotations(map[string]string{clients.AnnotationHeld: value}) }
	}
	deleted := func(pc *v1beta1.ProviderConfig) {
		leaving(pc)
		pc.SetFinalizers([]string{clients.FinalizerConfig})
	}

	type args struct {
		config  *v1beta1.ProviderConfig
		secrets []client.Object
		users   bool
		// used and unclear are whether there are users at the API server.
		used    bool
		unclear error
		// refused is how the write of a Secret ends.
		refused error
		// forbidden is whether Secrets may not be listed.
		forbidden bool
		off       bool
	}

	type want struct {
		held   string
		err    error
		events int
		// finalizers of the Secrets, and whether each has the label.
		finalizers map[string][]string
		labelled   []string
	}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"InUse": {
			reason: "The Secret stays as long as something needs it.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named")}, users: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}}, labelled: []string{"named"}},
		},
		"NotInUse": {
			reason: "Nobody needs it any more.",
			args:   args{config: newConfig(recorded("team-a/named")), secrets: []client.Object{newSecret("named", busy, own)}},
			want:   want{finalizers: map[string][]string{"named": {busy}}},
		},
		"InUseElsewhere": {
			reason: "The cache has not all that the API server has.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named", own)}, used: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}}, labelled: []string{"named"}},
		},
		"Unclear": {
			reason: "Who cannot count lets go of nothing.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named", own)}, unclear: errors.New("forbidden")},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}}, labelled: []string{"named"}},
		},
		"Replaced": {
			reason: "It names another, and nothing remembers the first one but the Secret.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named"), newSecret("first", own)}, users: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}, "first": {}}, labelled: []string{"named"}},
		},
		"ReplacedAndRecorded": {
			reason: "A record that was restored hides nothing: no process has looked.",
			args:   args{config: newConfig(recorded("team-a/named#" + string(configUID))), secrets: []client.Object{newSecret("named"), newSecret("first", own)}, users: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}, "first": {}}, labelled: []string{"named"}},
		},
		"ReplacedUnlabelled": {
			reason: "An older version has put no label on it, or somebody has taken it off.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named"), withoutLabels(newSecret("first", own))}, users: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}, "first": {}}, labelled: []string{"named"}},
		},
		"Shared": {
			reason: "Another one needs it still.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named"), newSecret("first", own, another)}, users: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}, "first": {another}}, labelled: []string{"first", "named"}},
		},
		"Gone": {
			reason: "It is the last time that somebody looks.",
			args:   args{config: newConfig(deleted, recorded("team-a/named#"+string(configUID))), secrets: []client.Object{newSecret("named", own), withoutLabels(newSecret("first", own))}},
			want:   want{finalizers: map[string][]string{"named": {}, "first": {}}},
		},
		"Older": {
			reason: "What an older version has held is taken over.",
			args:   args{config: newConfig(recorded("team-a/named")), secrets: []client.Object{withoutLabels(newSecret("named", own))}, users: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}}, labelled: []string{"named"}},
		},
		"OlderNamesAnother": {
			reason: "The record of an older version is believed where nothing may be listed.",
			args:   args{config: newConfig(recorded("team-a/first")), secrets: []client.Object{newSecret("named"), withoutLabels(newSecret("first", own))}, users: true, forbidden: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {own}, "first": {}}, labelled: []string{"named"}, events: 1},
		},
		"Missing": {
			reason: "What is not there is not held, and may be there by the time that something is created with it.",
			args:   args{config: newConfig(), users: true},
		},
		"MissingAgain": {
			reason: "Somebody has taken the finalizer away, and deleted it.",
			args:   args{config: newConfig(recorded("team-a/named#" + string(configUID))), users: true},
		},
		"Refused": {
			reason: "The other Secret is released nevertheless.",
			args:   args{config: newConfig(), secrets: []client.Object{newSecret("named")}, users: true, refused: errors.New("no finalizers here")},
			want:   want{err: errors.New("no finalizers here"), finalizers: map[string][]string{"named": {}}},
		},
		"BeingDeleted": {
			reason: "A finalizer cannot be added to it: it goes when the others are gone.",
			args:   args{config: newConfig(), secrets: []client.Object{leaving(withoutLabels(newSecret("named", busy)))}, users: true},
			want:   want{finalizers: map[string][]string{"named": {busy}}, events: 1},
		},
		"BeingDeletedInUse": {
			reason: "It stays, whoever wants it to go.",
			args:   args{config: newConfig(), secrets: []client.Object{leaving(newSecret("named", busy, own))}, users: true, used: true},
			want:   want{held: "named", finalizers: map[string][]string{"named": {busy, own}}, labelled: []string{"named"}},
		},
		"BeingDeletedAndForged": {
			reason: "Usages without users hold nothing that its owner deletes.",
			args:   args{config: newConfig(), secrets: []client.Object{leaving(newSecret("named", busy, own))}, users: true},
			want:   want{finalizers: map[string][]string{"named": {busy}}},
		},
		"BeingDeletedUnclear": {
			reason: "Who cannot count lets go of nothing.",
			args:   args{config: newConfig(), secrets: []client.Object{leaving(newSecret("named", busy, own))}, users: true, unclear: errors.New("no answer")},
			want:   want{held: "named", finalizers: map[string][]string{"named": {busy, own}}, labelled: []string{"named"}},
		},
		"Off": {
			reason: "The flag was changed.",
			args:   args{config: newConfig(recorded("team-a/named#" + string(configUID))), secrets: []client.Object{newSecret("named", own)}, users: true, used: true, off: true},
			want:   want{finalizers: map[string][]string{"named": {}}},
		},
	}

	for n, tc := range cases {
		t.Run(n, func(t *testing.T) {
			kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(append(tc.args.secrets, tc.args.config)...).Build(), interceptor.Funcs{
				Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
					if tc.args.refused != nil && o.GetName() == "named" {
						return tc.args.refused
					}

					return c.Patch(ctx, o, p, opts...)
				},
				List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
					if tc.args.forbidden {
						return kerrors.NewForbidden(corev1.Resource("secrets"), "", errors.New("no right"))
					}

					return c.List(ctx, l, opts...)
				},
			})

			events := &recorder{}

			h := newHolder(kube, kube, events)
			h.off = tc.args.off

			held, err := h.settle(t.Context(), tc.args.config, tc.args.users, func() (bool, error) { return tc.args.used, tc.args.unclear })
			if diff := cmp.Diff(tc.want.held, held.Name); diff != "" {
				t.Errorf("\n%s\nsettle(...): -want, +got Secret:\n%s", tc.reason, diff)
			}

			if (err != nil) != (tc.want.err != nil) {
				t.Errorf("\n%s\nsettle(...): want error %v, got %v", tc.reason, tc.want.err, err)
			}

			if diff := cmp.Diff(tc.want.events, len(events.reasons)); diff != "" {
				t.Errorf("\n%s\nevents: -want, +got:\n%s%v", tc.reason, diff, events.reasons)
			}

			finalizers, labelled := secrets(t, kube)
			if diff := cmp.Diff(tc.want.finalizers, finalizers, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nfinalizers of Secrets: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.labelled, labelled, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nSecrets with the label: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// secrets returns the finalizers of each Secret, and which have the label.
func secrets(t *testing.T, kube client.Reader) (map[string][]string, []string) {
	t.Helper()

	l := &metav1.PartialObjectMetadataList{}
	l.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))

	var (
		finalizers = map[string][]string{}
		labelled   []string
	)

	for _, namespace := range []string{"team-a", "team-b"} {
		for _, name := range []string{"first", "named", "other"} {
			s := &corev1.Secret{}
			if err := kube.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: name}, s); kerrors.IsNotFound(err) {
				continue
			} else if err != nil {
				t.Fatal(err)
			}

			finalizers[name] = s.GetFinalizers()

			if _, ok := s.GetLabels()[clients.LabelHeld]; ok {
				labelled = append(labelled, name)
			}
		}
	}

	return finalizers, labelled
}

// TestSettleLooksOnce checks that a ProviderConfig that is accounted for again and again
// costs no list of Secrets each time.
func TestSettleLooksOnce(t *testing.T) {
	lists := 0
	kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(newSecret("named")).Build(), interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			lists++
			return c.List(ctx, l, opts...)
		},
	})
	h := newHolder(kube, kube, &recorder{})
	pc := newConfig()

	for range 3 {
		held, err := h.settle(t.Context(), pc, true, func() (bool, error) { return true, nil })
		if err != nil {
			t.Fatal(err)
		}

		record(pc, held)
	}

	if lists != 1 {
		t.Errorf("settle(...): want Secrets to be listed once, got %d times", lists)
	}

	record(pc, types.NamespacedName{}) // As kubectl replace does.

	if _, err := h.settle(t.Context(), pc, true, func() (bool, error) { return true, nil }); err != nil || lists != 2 {
		t.Errorf("settle(...): want Secrets to be listed again, got %d times, %v", lists, err)
	}
}

// TestSettleSomeAtATime has a tenant put the finalizer on many Secrets.
func TestSettleSomeAtATime(t *testing.T) {
	var objects []client.Object
	for i := range maxReleases + 1 {
		objects = append(objects, newSecret(string(rune('a'+i/26))+string(rune('a'+i%26)), finalizerOf(configUID)))
	}

	patches := 0
	kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(objects...).Build(), interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			patches++
			return c.Patch(ctx, o, p, opts...)
		},
	})
	h := newHolder(kube, kube, &recorder{})

	if _, err := h.settle(t.Context(), newConfig(), false, nil); !errors.Is(err, errMore) || patches != maxReleases {
		t.Errorf("settle(...): want %d Secrets released and more to do, got %d, %v", maxReleases, patches, err)
	}

	if _, err := h.settle(t.Context(), newConfig(), false, nil); err != nil || patches != maxReleases+1 {
		t.Errorf("settle(...): want the last Secret released, got %d, %v", patches, err)
	}
}

// TestSettleWithoutHoldingBesideAnother has an installation that holds no Secrets meet the
// one of a ClusterProviderConfig, which another installation holds.
func TestSettleWithoutHoldingBesideAnother(t *testing.T) {
	pc := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: configUID}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef = &v1beta1.SecretSelector{SecretReference: xpv1.SecretReference{Namespace: "team-a", Name: "named"}}

	cases := map[string]struct {
		reason        string
		partial, used bool
		want          []string
	}{
		"UsedByAnother": {"The other one needs it.", true, true, []string{finalizerOf(configUID)}},
		"Unused":        {"Nobody needs it.", true, false, nil},
		"Alone":         {"There is no other one.", false, true, nil},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(newSecret("named", finalizerOf(configUID))).Build()

			h := newHolder(kube, kube, &recorder{})
			h.off, h.partial = true, tc.partial

			if _, err := h.settle(t.Context(), pc, true, func() (bool, error) { return tc.used, nil }); err != nil {
				t.Fatal(err)
			}

			got, _ := secrets(t, kube)
			if diff := cmp.Diff(tc.want, got["named"], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nsettle(...): -want, +got finalizers:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSweep(t *testing.T) {
	gone := types.UID("30000000-0000-4000-8000-000000000000")

	shared := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: anotherUID}}
	other := newSecret("other", finalizerOf(gone))
	other.SetNamespace("team-b")

	refuse := errors.New("not this one")

	cases := map[string]struct {
		reason    string
		namespace string
		refused   string
		want      map[string][]string
		err       bool
	}{
		"All": {
			reason: "Who is gone holds nothing, and others hold what they hold.",
			want:   map[string][]string{"named": {finalizerOf(configUID), busy}, "first": {finalizerOf(anotherUID)}, "other": {}},
		},
		"One": {
			reason:    "It is the one in which something is gone.",
			namespace: "team-a",
			want:      map[string][]string{"named": {finalizerOf(configUID), busy}, "first": {finalizerOf(anotherUID)}, "other": {finalizerOf(gone)}},
		},
		"Refused": {
			reason:  "One Secret does not keep the others.",
			refused: "named",
			want:    map[string][]string{"named": {finalizerOf(configUID), finalizerOf(gone), busy}, "first": {finalizerOf(anotherUID)}, "other": {}},
			err:     true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			objects := []client.Object{
				newConfig(), shared, other.DeepCopy(),
				newSecret("named", finalizerOf(configUID), finalizerOf(gone), busy),
				newSecret("first", finalizerOf(anotherUID), finalizerOf(gone)),
			}
			kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(objects...).Build(), interceptor.Funcs{
				Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
					if o.GetName() == tc.refused {
						return refuse
					}

					return c.Patch(ctx, o, p, opts...)
				},
			})

			s := &sweeper{holder: newHolder(kube, kube, &recorder{}), live: kube}
			if err := s.sweep(t.Context(), tc.namespace); (err != nil) != tc.err {
				t.Fatalf("\n%s\nsweep(...): %v", tc.reason, err)
			}

			got, _ := secrets(t, kube)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nsweep(...): -want, +got finalizers:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNoLongerKept(t *testing.T) {
	kept := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{"in-use.crossplane.io"}}}
	free := &v1beta1.ProviderConfig{}

	cases := map[string]struct {
		reason string
		event  ctrlevent.UpdateEvent
		want   bool
	}{
		"Taken":   {"Until it is kept again it could be deleted.", ctrlevent.UpdateEvent{ObjectOld: kept, ObjectNew: free}, true},
		"Given":   {"That is this provider's own doing.", ctrlevent.UpdateEvent{ObjectOld: free, ObjectNew: kept}, false},
		"Never":   {"It is tried already.", ctrlevent.UpdateEvent{ObjectOld: free, ObjectNew: free}, false},
		"Another": {"Something else has changed.", ctrlevent.UpdateEvent{ObjectOld: kept, ObjectNew: kept}, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := noLongerKept(false).Update(tc.event); got != tc.want {
				t.Errorf("\n%s\nUpdate(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}
