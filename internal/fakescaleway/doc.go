// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package fakescaleway is a local, in-memory Scaleway API for tests and demos.
//
// A [Server] speaks the HTTP and JSON of api.scaleway.com closely enough that
// the unchanged Terraform provider and scaleway-sdk-go drive it: set their API
// URL to [Server.URL] and their credentials to a [Key] of [Server.NewKey]. It
// keeps state, so an object that is created can be read, listed, changed and
// deleted, goes through the states the real API reports on the way, and is
// invisible to other tenants and in other regions. It serves:
//
//   - Serverless Containers: namespaces, containers, triggers, domains and tokens,
//     whose JWTs are really signed and verify with the public key the API answers;
//   - Container Registry: namespaces;
//   - IAM: applications, policies with their rules, permission sets, and API keys,
//     with which clients authenticate as with those of [Server.NewKey].
//
// What it answers is compared with every call recorded in the Terraform
// provider's own tests. Where no recording says what the real API does, it makes
// a choice; each such choice is marked "Not recorded:" in a comment.
//
// Tests reach the states that are hard to get from a real API: outcomes of
// creations, updates and deletions ([Server.SetOutcome]), failing, slow, hung and
// dropped requests ([Server.Inject]), drift ([Server.Update], [Server.Delete],
// [Server.SetStatus]), and what clients did ([Server.Requests], [Server.Counts]).
//
// It never runs a container, but says who may call one ([RouteCall]). A key that it has
// issued may read and change objects of IAM only as far as a policy allows; beyond that
// it checks no permission but which organization a key belongs to. It bills nothing,
// persists nothing, and never listens on anything but a loopback address.
package fakescaleway
