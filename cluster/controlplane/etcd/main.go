// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command etcd is the pinned etcd server, as its own module builds it.
package main

import (
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	go exitWithParent(os.Getppid())
	etcdmain.Main(os.Args)
}

// exitWithParent ends this process once its parent is gone. A test or a demo
// that is killed cannot stop what it started: etcd would run for ever.
func exitWithParent(pid int) {
	for os.Getppid() == pid {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
