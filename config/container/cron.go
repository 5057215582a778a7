// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

func cron() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_container_cron",
		Group:       Group,
		Kind:        "Cron",
		Description: "calls a container of Scaleway Serverless Containers on a schedule, in the time zone Europe/Paris. A Trigger with a cron source does the same in any time zone.",
		// Version 1 of the API keeps crons among the triggers.
		Path:       "/containers/v1/regions/{region}/triggers/{id}",
		Regions:    regions(),
		References: map[string]string{"container_id": "scaleway_container"},
		Fields: map[string]resource.Field{
			"args":         {Description: "JSON text that is sent to the container as the body of the request, such as {\"task\":\"cleanup\"}."},
			"container_id": {Description: "ID of the container that is called, such as fr-par/11111111-1111-4111-8111-111111111111. It cannot be changed."},
			"name":         {Description: "Name of the cron. Generated where it is not set."},
			"region":       {Description: descriptionArea},
			"schedule":     {Description: "When the container is called, in cron notation, such as \"5 4 * * *\" for five past four every day."},
			"status":       {Description: "State of the cron as Scaleway reports it: creating, updating, ready, error or deleting."},
		},
		Columns: []resource.Column{
			{Name: "SCHEDULE", Type: "string", JSONPath: ".status.atProvider.schedule"},
			{Name: "STATUS", Type: "string", JSONPath: ".status.atProvider.status"},
		},
		ExactlyOneOf:     [][]string{{"container_id"}},
		Immutable:        []string{"container_id"},
		ImmutableBecause: "Scaleway ignores the change. Create another Cron instead",
	}
}
