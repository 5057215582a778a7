// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
)

func TestSetupAwaitsKeeping(t *testing.T) {
	const other = "other"

	// named returns a ProviderConfig that names one Secret, while the other one is held.
	named := func(secret, held string) *v1beta1.ProviderConfig {
		pc := newProviderConfig("team-a")
		pc.Spec.Credentials.SecretRef.Name = secret
		pc.SetUID("config-uid")
		meta.AddAnnotations(pc, map[string]string{AnnotationHeld: held + "#config-uid"})

		return pc
	}

	restored := named(secretName, "team-a/"+secretName)
	restored.SetUID("another-uid")

	free := newProviderConfig("team-a")
	free.SetFinalizers(nil)

	freeButHeld := named(secretName, "team-a/"+secretName)
	freeButHeld.SetFinalizers(nil)

	existing := newManaged("team-a", "ProviderConfig")
	meta.SetExternalName(existing, "fr-par/44444444-4444-4444-8444-444444444444")

	creating := newManaged("team-a", "ProviderConfig")

	first, second := newCredentials(1, ""), newCredentials(2, "")
	second.Region = "nl-ams"

	otherSecret := newSecret("team-a", second)
	otherSecret.SetName(other)

	errNotKept := errors.New(`nothing is created before finalizers keep ProviderConfig "team-a/default", without which it could not be deleted`)
	errNotHeld := errors.New(`nothing is created before finalizers keep ProviderConfig "team-a/default" and Secret "team-a/scaleway", without which it could not be deleted`)

	type args struct {
		// configs are what the ProviderConfig is, one after the other, and the last from
		// then on.
		configs []*v1beta1.ProviderConfig
		hold    bool
		mg      xpresource.Managed
	}

	type want struct {
		region string
		err    error
	}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"Kept": {
			reason: "Both stay until the object is deleted.",
			args:   args{configs: []*v1beta1.ProviderConfig{named(secretName, "team-a/"+secretName)}, hold: true, mg: creating},
			want:   want{region: "fr-par"},
		},
		"NotKept": {
			reason: "A ProviderConfig without the finalizer may be gone at any time.",
			args:   args{configs: []*v1beta1.ProviderConfig{free}, mg: creating},
			want:   want{err: errNotKept},
		},
		"NotKeptButHeld": {
			reason: "Its Secret alone is of no use.",
			args:   args{configs: []*v1beta1.ProviderConfig{freeButHeld}, hold: true, mg: creating},
			want:   want{err: errNotHeld},
		},
		"NotHeld": {
			reason: "Nor is a ProviderConfig whose Secret is gone.",
			args:   args{configs: []*v1beta1.ProviderConfig{newProviderConfig("team-a")}, hold: true, mg: creating},
			want:   want{err: errNotHeld},
		},
		"Restored": {
			reason: "What was held for the one that it was restored from is not held for it.",
			args:   args{configs: []*v1beta1.ProviderConfig{restored}, hold: true, mg: creating},
			want:   want{err: errNotHeld},
		},
		"OtherHeld": {
			reason: "The Secret that it named before is not the one that is used.",
			args:   args{configs: []*v1beta1.ProviderConfig{named(secretName, "team-a/"+other)}, hold: true, mg: creating},
			want:   want{err: errNotHeld},
		},
		"NotToBeHeld": {
			reason: "Who does not want Secrets to be held has been asked.",
			args:   args{configs: []*v1beta1.ProviderConfig{newProviderConfig("team-a")}, mg: creating},
			want:   want{region: "fr-par"},
		},
		"Existing": {
			reason: "What exists is looked after, with whatever there is.",
			args:   args{configs: []*v1beta1.ProviderConfig{free}, hold: true, mg: existing},
			want:   want{region: "fr-par"},
		},
		"BeingDeleted": {
			reason: "Nothing is created any more.",
			args:   args{configs: []*v1beta1.ProviderConfig{free}, hold: true, mg: deleted(newManaged("team-a", "ProviderConfig"))},
			want:   want{region: "fr-par"},
		},
		"KeptMeanwhile": {
			reason: "It takes some milliseconds after the first use.",
			args:   args{configs: []*v1beta1.ProviderConfig{free, free, newProviderConfig("team-a"), named(secretName, "team-a/"+secretName)}, hold: true, mg: creating},
			want:   want{region: "fr-par"},
		},
		"ChangedMeanwhile": {
			reason: "The credentials are those that are kept.",
			args:   args{configs: []*v1beta1.ProviderConfig{free, named(other, "team-a/"+other)}, hold: true, mg: creating},
			want:   want{region: "nl-ams"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)

			n := 0
			kube := interceptor.NewClient(newKube(t, newSecret("team-a", first), otherSecret), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					pc, ok := o.(*v1beta1.ProviderConfig)
					if !ok {
						return c.Get(ctx, key, o, opts...)
					}

					tc.args.configs[min(n, len(tc.args.configs)-1)].DeepCopyInto(pc)
					n++

					return nil
				},
			})

			ctx := t.Context()

			if tc.want.err != nil { // It is waited for no longer than for the reconcile.
				var cancel context.CancelFunc

				ctx, cancel = context.WithTimeout(ctx, 5*time.Millisecond)
				defer cancel()
			}

			b := NewBuilder(LiveSecrets{kube})
			b.HoldCredentials = tc.args.hold

			got, err := b.Setup(ctx, kube, tc.args.mg)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			region, _ := got.Configuration["region"].(string)
			if diff := cmp.Diff(tc.want.region, region); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want region, +got region:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestSetupAwaitsKeepingOnce has an object wait in vain, and another after it.
func TestSetupAwaitsKeepingOnce(t *testing.T) {
	neutralize(t, nil)

	free := newProviderConfig("team-a")
	free.SetFinalizers(nil)

	reads := 0
	kube := interceptor.NewClient(newKube(t, free, newSecret("team-a", newCredentials(1, ""))), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*v1beta1.ProviderConfig); ok {
				reads++
			}

			return c.Get(ctx, key, o, opts...)
		},
	})

	b := NewBuilder(LiveSecrets{kube})
	setup := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()

		_, err := b.Setup(ctx, kube, newManaged("team-a", "ProviderConfig"))

		return err
	}

	if err := setup(); err == nil || reads < 2 {
		t.Fatalf("Setup(...): want the first to wait in vain, it has looked %d times: %v", reads, err)
	}

	reads = 0

	if err := setup(); err == nil || reads != 1 {
		t.Errorf("Setup(...): want the second not to wait, it has looked %d times: %v", reads, err)
	}

	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(free), free); err != nil {
		t.Fatal(err)
	}

	free.SetFinalizers([]string{FinalizerConfig})

	if err := kube.Update(t.Context(), free); err != nil {
		t.Fatal(err)
	}

	if err := setup(); err != nil {
		t.Errorf("Setup(...): the ProviderConfig is kept by now: %v", err)
	}
}

func TestIsKept(t *testing.T) {
	inFile := newClusterProviderConfig("crossplane-system")
	inFile.Spec.Credentials.Source, inFile.Spec.Credentials.SecretRef = xpv1.CredentialsSourceFilesystem, nil
	inFile.Spec.Credentials.Fs = &xpv1.FsSelector{Path: "/credentials"}

	held := newClusterProviderConfig("crossplane-system")
	held.SetUID("config-uid")
	held.SetAnnotations(map[string]string{AnnotationHeld: "crossplane-system/" + secretName + "#" + string(held.GetUID())})

	older := newClusterProviderConfig("crossplane-system")
	older.SetAnnotations(map[string]string{AnnotationHeld: "crossplane-system/" + secretName})

	unusable := newProviderConfig("team-a")
	unusable.Spec.Credentials.Source = "Elsewhere"

	cases := map[string]struct {
		reason string
		pc     client.Object
		want   bool
	}{
		"ClusterProviderConfig":               {"Its Secret is in the Kubernetes namespace that it names.", held, true},
		"ClusterProviderConfigNotHeld":        {"Its Secret could be gone.", newClusterProviderConfig("crossplane-system"), false},
		"ClusterProviderConfigOfOlderVersion": {"Its Secret has no label yet, by which it would be found.", older, false},
		"File":                                {"There is no Secret to be held.", inFile, true},
		"Unusable":                            {"What is wrong with it is said elsewhere.", unusable, true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := IsKept(tc.pc, true); got != tc.want {
				t.Errorf("\n%s\nIsKept(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}

func TestRecordedHeld(t *testing.T) {
	name := types.NamespacedName{Namespace: "team-a", Name: secretName}

	type want struct {
		secret types.NamespacedName
		own    bool
	}

	pc := newProviderConfig("team-a")
	pc.SetUID("config-uid")

	cases := map[string]struct {
		reason string
		value  string
		want   want
	}{
		"Own":       {"It was written for it.", Held(pc, name), want{secret: name, own: true}},
		"Another's": {"It was restored, or copied.", "team-a/scaleway#another-uid", want{secret: name}},
		"Older":     {"An older version has written no UID.", "team-a/scaleway", want{secret: name}},
		"None":      {"Nothing is held.", Held(pc, types.NamespacedName{}), want{}},
		"Malformed": {"Anybody may have written it.", "#", want{}},
	}

	for n, tc := range cases {
		t.Run(n, func(t *testing.T) {
			pc.SetAnnotations(map[string]string{AnnotationHeld: tc.value})

			secret, own := RecordedHeld(pc)
			if secret != tc.want.secret || own != tc.want.own {
				t.Errorf("\n%s\nRecordedHeld(...): want %v, got %v, %t", tc.reason, tc.want, secret, own)
			}
		})
	}
}

func TestLabelValues(t *testing.T) {
	// All three begin alike.
	long := strings.Repeat("a", 250)

	cases := map[string]struct {
		reason string
		value  string
		same   bool
	}{
		"Short":  {"It is as it was.", "default", true},
		"Fits":   {"It is the longest that a label may have.", long[:63], true},
		"Long":   {"The API server would refuse it.", long[:64], false},
		"Longer": {"It is another one.", long, false},
		"Dotted": {"A label's value ends with a letter or a digit.", strings.Repeat("a.", 60) + "a", false},
	}

	seen := map[string]string{}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := labelValues(map[string]string{"key": tc.value})["key"]
			if (got == tc.value) != tc.same {
				t.Errorf("\n%s\nlabelValues(...): got %q", tc.reason, got)
			}

			if problems := validation.IsValidLabelValue(got); len(problems) > 0 {
				t.Errorf("\n%s\nlabelValues(...): %q: %v", tc.reason, got, problems)
			}

			if other, ok := seen[got]; ok {
				t.Errorf("\n%s\nlabelValues(...): %q is of %q too", tc.reason, got, other)
			}

			seen[got] = tc.value
		})
	}
}
