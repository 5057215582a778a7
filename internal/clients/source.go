// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"fmt"
	"io"
	"os"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
)

// maxFile bounds what is read of a file with credentials, in bytes.
const maxFile = 64 << 10

// A Source is where the credentials of a ProviderConfig or a ClusterProviderConfig
// are. One of Secret, Variable and File is set.
type Source struct {
	// Secret that holds them, and the Key of it that holds them as JSON. Without a
	// Key, the Secret holds each value under a key of its own.
	Secret types.NamespacedName
	Key    string

	// Variable of the provider's environment that holds them as JSON.
	Variable string

	// File that holds them as JSON.
	File string
}

// String says where the credentials are, for errors.
func (s Source) String() string {
	switch {
	case s.Variable != "":
		return fmt.Sprintf("environment variable %q", s.Variable)
	case s.File != "":
		return fmt.Sprintf("file %q", s.File)
	case s.Key == "":
		return fmt.Sprintf("Secret %q", s.Secret)
	default:
		return fmt.Sprintf("key %q of Secret %q", s.Key, s.Secret)
	}
}

// named returns what the user calls a value of the credentials.
func (s Source) named(key string) string {
	if s.Secret.Name != "" && s.Key == "" {
		return asVariable(key)
	}

	return asJSON(key)
}

// SourceOf returns where the credentials of a ProviderConfig or a
// ClusterProviderConfig are. What the CRD's rules refuse is an error here too,
// because an older CRD may be installed.
func SourceOf(pc client.Object) (Source, error) {
	switch pc := pc.(type) {
	case *v1beta1.ProviderConfig:
		c := pc.Spec.Credentials
		if c.Source != xpv1.CredentialsSourceSecret {
			return Source{}, errors.Errorf("spec.credentials.source %q is not allowed: a %s reads a Secret of its own namespace only", c.Source, v1beta1.ProviderConfigKind)
		}

		// In the ProviderConfig's own namespace, always: it must not be a way to read
		// Secrets of others.
		return Source{Secret: types.NamespacedName{Namespace: pc.GetNamespace(), Name: c.SecretRef.Name}, Key: c.SecretRef.Key}, nil
	case *v1beta1.ClusterProviderConfig:
		return clusterSource(pc.Spec.Credentials)
	default:
		return Source{}, errors.Errorf("%T holds no credentials", pc)
	}
}

func clusterSource(c v1beta1.ClusterCredentials) (Source, error) {
	switch {
	case c.Source == xpv1.CredentialsSourceSecret && c.SecretRef != nil:
		return Source{Secret: types.NamespacedName{Namespace: c.SecretRef.Namespace, Name: c.SecretRef.Name}, Key: c.SecretRef.Key}, nil
	case c.Source == xpv1.CredentialsSourceSecret:
		return Source{}, errors.New("spec.credentials.secretRef is not set: name the Secret that holds the credentials")
	case c.Source == xpv1.CredentialsSourceEnvironment && (c.Env == nil || c.Env.Name == ""):
		return Source{}, errors.New("spec.credentials.env.name is not set: name the environment variable that holds the credentials as JSON")
	case c.Source == xpv1.CredentialsSourceEnvironment && isAmbient(c.Env.Name):
		return Source{}, errors.Errorf("spec.credentials.env.name %q is not allowed: the provider removes variables that begin with SCW_, SCALEWAY_ or TF_, because Scaleway's code would use them for every tenant: choose another name", c.Env.Name)
	case c.Source == xpv1.CredentialsSourceEnvironment:
		return Source{Variable: c.Env.Name}, nil
	case c.Source == xpv1.CredentialsSourceFilesystem && (c.Fs == nil || c.Fs.Path == ""):
		return Source{}, errors.New("spec.credentials.fs.path is not set: name the file that holds the credentials as JSON")
	case c.Source == xpv1.CredentialsSourceFilesystem:
		return Source{File: c.Fs.Path}, nil
	default:
		return Source{}, errors.Errorf("spec.credentials.source %q is unknown: want Secret, Environment or Filesystem", c.Source)
	}
}

// read the credentials. No error quotes what was read, unless it can be no secret.
func (s Source) read(ctx context.Context, secrets SecretReader) (Credentials, error) {
	switch {
	case s.Variable != "":
		value, ok := os.LookupEnv(s.Variable)
		if !ok {
			return Credentials{}, errors.New("the provider's environment has no such variable")
		}

		return ParseCredentials([]byte(value))
	case s.File != "":
		value, err := readFile(s.File)
		if err != nil {
			return Credentials{}, err
		}

		return ParseCredentials(value)
	}

	data, err := secrets.Get(ctx, s.Secret)
	if kerrors.IsNotFound(err) {
		return Credentials{}, errors.Wrap(err, "cannot get the Secret")
	}

	if err != nil {
		return Credentials{}, temporaryError{errors.Wrap(err, "cannot get the Secret")}
	}

	if s.Key == "" {
		return ParseKeys(data)
	}

	value, ok := data[s.Key]
	if !ok {
		return Credentials{}, errors.Errorf("the Secret has no such key: it has %d others", len(data))
	}

	return ParseCredentials(value)
}

// temporaryError says that credentials could not be read, and so nothing about
// them.
type temporaryError struct{ error }

func (e temporaryError) Unwrap() error { return e.error }

// IsTemporary tells whether an error of Credentials says only that they could not
// be read, and nothing about them.
func IsTemporary(err error) bool {
	return errors.As(err, &temporaryError{})
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the file")
	}

	// Reading from a pipe or a device might never end.
	if !info.Mode().IsRegular() {
		return nil, errors.New("cannot read the file: it is not a regular file")
	}

	f, err := os.Open(path) //nolint:gosec // Only whoever may write a ClusterProviderConfig names it.
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the file")
	}
	defer f.Close() //nolint:errcheck // Nothing was written.

	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(b) > maxFile {
		return nil, errors.Errorf("cannot read the file: it is larger than %d bytes", maxFile)
	}

	return b, errors.Wrap(err, "cannot read the file")
}
