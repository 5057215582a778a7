// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

func trigger() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_container_trigger",
		Group:       Group,
		Kind:        "Trigger",
		Description: "calls a container of Scaleway Serverless Containers when something happens: a message in an SQS queue, a message on a NATS subject, or a time of a schedule. It has exactly one source, which cannot be changed for another.",
		Path:        "/containers/v1/regions/{region}/triggers/{id}",
		Regions:     regions(),
		References:  map[string]string{"container_id": "scaleway_container"},
		Fields: map[string]resource.Field{
			"container_id":       {Description: "ID of the container that is called, such as fr-par/11111111-1111-4111-8111-111111111111. It cannot be changed."},
			"cron":               {Description: "Source that calls the container on a schedule."},
			"description":        {Description: "Free text that says what the trigger is for."},
			"destination_config": {Description: "Says which request the container receives."},
			"name":               {Description: "Name of the trigger. Generated where it is not set."},
			"nats":               {Description: "Source that calls the container for each message on a NATS subject."},
			"region":             {Description: descriptionArea},
			"sqs":                {Description: "Source that calls the container for each message in an SQS queue."},
			"tags":               {Description: descriptionTags},

			"cron.body":     {Description: "Body of the request."},
			"cron.headers":  {Description: "Headers of the request, by name."},
			"cron.schedule": {Description: "When the container is called, in cron notation, such as \"*/5 * * * *\" for every five minutes."},
			"cron.timezone": {Description: "Time zone of the schedule, such as Europe/Paris."},

			"destination_config.http_method": {Description: "Method of the request: get, post, put, patch or delete."},
			"destination_config.http_path":   {Description: "Path of the request, such as /events."},

			"nats.account_id":               {Omit: neverConverges},
			"nats.credentials_file_content": {Description: "Content of the NATS credentials file with which Scaleway subscribes to the subject.", Sensitive: true},
			"nats.project_id":               {Omit: neverConverges},
			"nats.region":                   {Omit: neverConverges},
			"nats.server_urls":              {Description: "URLs of the NATS servers, one to five, such as nats://nats.mnq.fr-par.scaleway.com:4222."},
			"nats.subject":                  {Description: "Subject that Scaleway subscribes to, such as orders.created."},

			"sqs.access_key": {Description: "Access key of the SQS credentials with which Scaleway reads the queue."},
			"sqs.endpoint":   {Description: "URL of the SQS service, such as https://sqs.mnq.fr-par.scaleway.com."},
			"sqs.project_id": {Omit: neverConverges},
			"sqs.queue":      {Omit: withoutEffect},
			"sqs.queue_url":  {Description: "URL of the queue, such as https://sqs.mnq.fr-par.scaleway.com/project-11111111-1111-4111-8111-111111111111/orders."},
			"sqs.region":     {Omit: neverConverges},
			"sqs.secret_key": {Description: "Secret key of the SQS credentials with which Scaleway reads the queue."},
		},
		Columns: []resource.Column{
			{Name: "SCHEDULE", Type: "string", JSONPath: ".status.atProvider.cron.schedule"},
			{Name: "QUEUE", Type: "string", JSONPath: ".status.atProvider.sqs.queueUrl", Wide: true},
			{Name: "SUBJECT", Type: "string", JSONPath: ".status.atProvider.nats.subject", Wide: true},
		},
		ExactlyOneOf:          [][]string{{"container_id"}, {"cron", "nats", "sqs"}},
		ReplacesCustomizeDiff: "regions are compared before every connection, and taking a source away is refused",
		ReplacedWhenRemoved:   []string{"cron", "nats", "sqs"},
	}
}
