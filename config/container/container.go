// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

func containerResource() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_container",
		Group:       Group,
		Kind:        "Container",
		Description: "is a container of Scaleway Serverless Containers: an image that Scaleway runs on demand behind an HTTP endpoint, and scales with the load.",
		Path:        "/containers/v1/regions/{region}/containers/{id}",
		Regions:     regions(),
		References:  map[string]string{"namespace_id": "scaleway_container_namespace"},
		Fields: map[string]resource.Field{
			"args":                         {Description: "Arguments of the command. They replace those of the image."},
			"command":                      {Description: "Command that is run when the container starts, such as [\"/bin/server\"]. It replaces the one of the image."},
			"cpu_limit":                    {Description: "Processing power of each instance, in thousandths of a vCPU: 1000 is one vCPU. Scaleway chooses where it is not set."},
			"cron_status":                  {Omit: withoutEffect},
			"deploy":                       {Omit: withoutEffect},
			"description":                  {Description: "Free text that says what the container is for."},
			"domain_name":                  {Omit: deprecatedHalf},
			"environment_variables":        {Description: "Environment variables of the container, by name. A name has at most 100 characters, a value at most 1000."},
			"error_message":                {Description: "What Scaleway says is wrong, where the status is error."},
			"health_check":                 {Omit: deprecatedHalf},
			"http_option":                  {Omit: deprecatedHalf},
			"https_connections_only":       {Description: "Whether plain HTTP is refused. Defaults to false."},
			"image":                        {Description: "Reference of the image, such as rg.fr-par.scw.cloud/my-registry/app:1.2 or nginx:1.29-alpine."},
			"liveness_probe":               {Description: "Says how Scaleway learns that an instance has to be restarted."},
			"local_storage_limit":          {Omit: deprecatedHalf},
			"local_storage_limit_bytes":    {Description: "Local storage of each instance, in bytes, such as 1000000000 for 1 GB."},
			"max_scale":                    {Description: "Most instances that run at one time. Scaleway's default is 5."},
			"memory_limit":                 {Omit: deprecatedHalf},
			"memory_limit_bytes":           {Description: "Memory of each instance, in bytes, such as 2048000000 for 2048 MB."},
			"min_scale":                    {Description: "Instances that run when there is no load. Defaults to 0, with which the first request after a pause waits for an instance to start."},
			"name":                         {Description: "Name of the container, unique in its namespace. Generated where it is not set. It cannot be changed."},
			"namespace_id":                 {Description: "ID of the namespace that the container belongs to, such as fr-par/11111111-1111-4111-8111-111111111111. It cannot be changed."},
			"port":                         {Description: "TCP port that the container listens on, such as 8080."},
			"privacy":                      {Description: "Who may call the endpoint: public for anybody, private for callers that send a valid token in the header X-Auth-Token. Defaults to public."},
			"private_network_id":           {Description: "ID of the Private Network that the container is attached to, with its region, such as fr-par/11111111-1111-4111-8111-111111111111."},
			"protocol":                     {Description: "Protocol that the container speaks: http1 or h2c. Defaults to http1."},
			"public_endpoint":              {Description: "URL under which Scaleway serves the container."},
			"region":                       {Description: descriptionArea},
			"registry_image":               {Omit: deprecatedHalf},
			"registry_sha256":              {Description: "Any text, such as the image's digest. A change of it deploys the image again, which a moved tag alone does not."},
			"sandbox":                      {Description: "Execution environment: v1 or v2. Scaleway's default is v2."},
			"scaling_option":               {Description: "Says when instances are added and removed. Give exactly one entry with exactly one threshold."},
			"secret_environment_variables": {Description: "Environment variables of the container whose values are not shown: each key of the Secret becomes a variable."},
			"startup_probe":                {Description: "Says how Scaleway learns that an instance has started. It cannot be taken away once it is set."},
			"status":                       {Description: "State of the container as Scaleway reports it: creating, updating, ready, error, locked or deleting."},
			"tags":                         {Description: descriptionTags},
			"timeout":                      {Description: "Longest time that a request may take, in seconds. Scaleway's default is 300."},

			"liveness_probe.failure_threshold": {Description: "Failures in a row after which the instance is restarted."},
			"liveness_probe.http":              {Description: "Makes the probe an HTTP request."},
			"liveness_probe.http.path":         {Description: "Path of the request, such as /healthz."},
			"liveness_probe.interval":          {Description: "Time between two probes, such as 10s."},
			"liveness_probe.tcp":               {Description: "Whether the probe only opens a TCP connection."},
			"liveness_probe.timeout":           {Description: "Time after which a probe has failed, such as 1s."},

			"startup_probe.failure_threshold": {Description: "Failures in a row after which the start has failed."},
			"startup_probe.http":              {Description: "Makes the probe an HTTP request."},
			"startup_probe.http.path":         {Description: "Path of the request, such as /healthz."},
			"startup_probe.interval":          {Description: "Time between two probes, such as 10s."},
			"startup_probe.tcp":               {Description: "Whether the probe only opens a TCP connection."},
			"startup_probe.timeout":           {Description: "Time after which a probe has failed, such as 1s."},

			"scaling_option.concurrent_requests_threshold": {Description: "Requests in progress per instance above which an instance is added, such as 50."},
			"scaling_option.cpu_usage_threshold":           {Description: "Processor use per instance above which an instance is added, in percent."},
			"scaling_option.memory_usage_threshold":        {Description: "Memory use per instance above which an instance is added, in percent."},
		},
		Columns: []resource.Column{
			{Name: "STATUS", Type: "string", JSONPath: ".status.atProvider.status"},
			{Name: "ENDPOINT", Type: "string", JSONPath: ".status.atProvider.publicEndpoint"},
			{Name: "IMAGE", Type: "string", JSONPath: ".status.atProvider.image", Wide: true},
		},
		ExactlyOneOf: [][]string{{"namespace_id"}},
		ObjectRules: []resource.Rule{{
			Expression: "!has(oldSelf.spec.forProvider.startupProbe) || has(self.spec.forProvider.startupProbe)",
			Message:    "spec.forProvider.startupProbe cannot be taken away, because Scaleway's API keeps it: change it, or create another Container",
		}},
		ConnectionDetails: endpoint,
	}
}

// endpoint publishes where the container is reached, under the key that
// Crossplane uses for endpoints.
func endpoint(attributes map[string]any) (map[string][]byte, error) {
	url, _ := attributes["public_endpoint"].(string)
	if url == "" {
		return nil, nil
	}

	return map[string][]byte{"endpoint": []byte(url)}, nil
}
