// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	appsv1 "k8s.io/api/apps/v1"
)

// A jail is what a program sees of a machine in a container: the files of its image
// and those that are mounted, none of which it can change, as a user that is not
// root. What an image lacks, such as a shell, a library or certificates, cannot be
// made up for by the machine then. Only root can confine a program.
type jail struct {
	root string
	user int
}

func newJail(root string, user int) (jail, error) {
	if os.Geteuid() != 0 {
		return jail{root: root}, nil
	}

	if user == 0 {
		return jail{}, errors.Errorf("the program of %s would run as root", root)
	}

	// The user comes through the folders, and can write to none.
	return jail{root: root, user: user}, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}

		return os.Chmod(path, 0o755)
	})
}

func (j jail) confined() bool {
	return j.user != 0
}

// String says who runs, and what of the machine is seen.
func (j jail) String() string {
	if !j.confined() {
		return "not confined, because the test is not run by root"
	}

	return fmt.Sprintf("confined to its image as user %d", j.user)
}

// command runs a program of the image.
func (j jail) command(path string, args ...string) *exec.Cmd {
	if !j.confined() {
		return exec.Command(filepath.Join(j.root, path), args...)
	}

	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     j.root,
		Credential: &syscall.Credential{Uid: uint32(j.user), Gid: uint32(j.user)},
	}

	return cmd
}

// move a file or a folder to where the program sees it, for nobody else to read. It
// returns its path, as the program sees it.
func (j jail) move(from, to string) (string, error) {
	if !j.confined() {
		return from, nil
	}

	at := filepath.Join(j.root, to)

	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return "", err
	}

	if err := os.RemoveAll(at); err != nil {
		return "", err
	}

	if err := os.Rename(from, at); err != nil {
		return "", err
	}

	return to, filepath.WalkDir(at, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		return os.Lchown(path, j.user, j.user)
	})
}

// userOf returns the number of the user that a Deployment's program runs as: as the
// Deployment says, else as the image does.
func userOf(d *appsv1.Deployment, image imageConfig) int {
	spec := d.Spec.Template.Spec

	if c := spec.Containers[0].SecurityContext; c != nil && c.RunAsUser != nil {
		return int(*c.RunAsUser)
	}

	if spec.SecurityContext != nil && spec.SecurityContext.RunAsUser != nil {
		return int(*spec.SecurityContext.RunAsUser)
	}

	n, err := strconv.Atoi(image.Config.User)
	if err != nil {
		return 0
	}

	return n
}
