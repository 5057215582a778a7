// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package simulation drives the real code of the guard, under crossplane-runtime's real
// reconciler, through a world of its own: a Scaleway that answers whatever the real one
// may, a Kubernetes with conflicts, stale caches and crashes between any two calls, a
// second leader, and users, tools and backups that change what they can. Only Terraform
// is played, and only the calls that it makes.
//
// The world is deterministic. At each call that the provider makes, and so between any
// two, something else than usual may happen: a deviation. TestEveryDeviation tries each
// one at each call, TestPairs each pair up to a bound, and TestSeeds more at random, with
// printed seeds. What must hold is in promise_test.go.
package simulation
