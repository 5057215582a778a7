// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"slices"
	"strings"
)

// Sources of a trigger.
const (
	SourceCron = "cron"
	SourceSQS  = "sqs"
	SourceNATS = "nats"
)

// A Trigger calls a container. It has the config of its source, and no other.
type Trigger struct {
	Object

	Name              string            `json:"name"`
	Description       string            `json:"description"`
	Tags              []string          `json:"tags"`
	ContainerID       string            `json:"container_id"`
	DestinationConfig DestinationConfig `json:"destination_config"`
	SourceType        string            `json:"source_type"`
	CronConfig        *CronConfig       `json:"cron_config,omitempty"`
	SQSConfig         *SQSConfig        `json:"sqs_config,omitempty"`
	NATSConfig        *NATSConfig       `json:"nats_config,omitempty"`
}

// A DestinationConfig is the request a trigger makes to its container.
type DestinationConfig struct {
	HTTPPath   string `json:"http_path"`
	HTTPMethod string `json:"http_method"`
}

// A CronConfig is a schedule.
type CronConfig struct {
	Schedule string            `json:"schedule"`
	Timezone string            `json:"timezone"`
	Body     string            `json:"body"`
	Headers  map[string]string `json:"headers"`
}

// An SQSConfig is a queue to read from.
type SQSConfig struct {
	Region          string `json:"region"`
	Endpoint        string `json:"endpoint"`
	QueueURL        string `json:"queue_url"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"-"` // Kept for tests, never answered.
}

// A NATSConfig is a subject to subscribe to.
type NATSConfig struct {
	ServerURLs             []string `json:"server_urls"`
	Subject                string   `json:"subject"`
	CredentialsFileContent string   `json:"-"` // Kept for tests, never answered.
}

func (t *Trigger) view() any {
	return struct {
		*Trigger
		times
	}{t, times{timestamp(t.CreatedAt), timestamp(t.UpdatedAt)}}
}

// triggerRequest is what creation and update have in common. A member that is
// missing or null is not set.
type triggerRequest struct {
	Name        *string   `json:"name"`
	Description *string   `json:"description"`
	Tags        *[]string `json:"tags"`
	Destination *struct {
		HTTPPath   *string `json:"http_path"`
		HTTPMethod *string `json:"http_method"`
	} `json:"destination_config"`
	Cron *struct {
		Schedule *string            `json:"schedule"`
		Timezone *string            `json:"timezone"`
		Body     *string            `json:"body"`
		Headers  *map[string]string `json:"headers"`
	} `json:"cron_config"`
	SQS *struct {
		Region          *string `json:"region"`
		Endpoint        *string `json:"endpoint"`
		QueueURL        *string `json:"queue_url"`
		AccessKeyID     *string `json:"access_key_id"`
		SecretAccessKey *string `json:"secret_access_key"`
	} `json:"sqs_config"`
	NATS *struct {
		ServerURLs             *[]string `json:"server_urls"`
		Subject                *string   `json:"subject"`
		CredentialsFileContent *string   `json:"credentials_file_content"`
	} `json:"nats_config"`
}

// source returns which source the request configures, "" if none.
func (r *triggerRequest) source() (string, *Error) {
	if count(r.Cron != nil, r.SQS != nil, r.NATS != nil) > 1 {
		// Not recorded.
		return "", InvalidArgument("cron_config", ReasonConstraint, "exactly one of cron_config, sqs_config, nats_config must be set")
	}
	switch {
	case r.Cron != nil:
		return SourceCron, nil
	case r.SQS != nil:
		return SourceSQS, nil
	case r.NATS != nil:
		return SourceNATS, nil
	}
	return "", nil
}

// validate refuses what the API documents as impossible. Not recorded: the
// answers.
func (r *triggerRequest) validate() *Error {
	methods := []string{"unknown_http_method", "get", "post", "put", "patch", "delete"}
	if d := r.Destination; d != nil && d.HTTPMethod != nil && !slices.Contains(methods, *d.HTTPMethod) {
		return InvalidArgument("destination_config.http_method", ReasonConstraint, "unknown value "+*d.HTTPMethod)
	}
	if r.Cron != nil && r.Cron.Schedule != nil && len(strings.Fields(*r.Cron.Schedule)) != 5 {
		return InvalidArgument("cron_config.schedule", ReasonFormat, "must be a cron schedule of 5 fields")
	}
	return nil
}

// apply changes a trigger as a valid request asks. It returns whether the change
// is one that makes the trigger be deployed again, which its name, description
// and tags are not.
func (r *triggerRequest) apply(t *Trigger) bool {
	set(&t.Name, r.Name)
	set(&t.Description, r.Description)
	set(&t.Tags, r.Tags)
	deploys := false
	if d := r.Destination; d != nil {
		deploys = deploys || d.HTTPPath != nil || d.HTTPMethod != nil
		set(&t.DestinationConfig.HTTPPath, d.HTTPPath)
		if d.HTTPMethod != nil {
			setEnum(&t.DestinationConfig.HTTPMethod, *d.HTTPMethod)
		}
	}
	// The configs are replaced, not changed, because copies of the trigger that
	// tests hold share them.
	if c := r.Cron; c != nil {
		deploys = deploys || c.Schedule != nil || c.Timezone != nil || c.Body != nil || c.Headers != nil
		cron := CronConfig{Headers: map[string]string{}}
		set(&cron, t.CronConfig)
		set(&cron.Schedule, c.Schedule)
		set(&cron.Timezone, c.Timezone)
		set(&cron.Body, c.Body)
		set(&cron.Headers, c.Headers)
		t.CronConfig = &cron
	}
	if c := r.SQS; c != nil {
		deploys = deploys || c.Region != nil || c.Endpoint != nil || c.QueueURL != nil || c.AccessKeyID != nil || c.SecretAccessKey != nil
		sqs := SQSConfig{}
		set(&sqs, t.SQSConfig)
		set(&sqs.Region, c.Region)
		set(&sqs.Endpoint, c.Endpoint)
		set(&sqs.QueueURL, c.QueueURL)
		set(&sqs.AccessKeyID, c.AccessKeyID)
		set(&sqs.SecretAccessKey, c.SecretAccessKey)
		t.SQSConfig = &sqs
	}
	if c := r.NATS; c != nil {
		deploys = deploys || c.ServerURLs != nil || c.Subject != nil || c.CredentialsFileContent != nil
		nats := NATSConfig{ServerURLs: []string{}}
		set(&nats, t.NATSConfig)
		set(&nats.ServerURLs, c.ServerURLs)
		set(&nats.Subject, c.Subject)
		set(&nats.CredentialsFileContent, c.CredentialsFileContent)
		t.NATSConfig = &nats
	}
	return deploys
}

func (s *Server) createTrigger(c *call) (json.RawMessage, *Error) {
	var req struct {
		triggerRequest
		ContainerID string `json:"container_id"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	// Not recorded: this and all other refusals.
	if req.Name == nil || *req.Name == "" {
		return nil, InvalidArgument("name", ReasonRequired, "")
	}
	source, err := req.source()
	if err != nil {
		return nil, err
	}
	if source == "" {
		return nil, InvalidArgument("cron_config", ReasonRequired, "exactly one of cron_config, sqs_config, nats_config must be set")
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, err := s.findParent(KindContainer, c, "container_id", req.ContainerID)
	if err != nil {
		return nil, err
	}
	p := parent.Meta()
	t := &Trigger{
		Object:            s.newObject(c.region, p.OrganizationID, p.ProjectID),
		ContainerID:       req.ContainerID,
		Tags:              []string{},
		SourceType:        source,
		DestinationConfig: DestinationConfig{HTTPPath: "/", HTTPMethod: "post"},
	}
	req.apply(t)
	return render(s.add(KindTrigger, t, parent).view()), nil
}

func (s *Server) updateTrigger(c *call) (json.RawMessage, *Error) {
	var req triggerRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	source, err := req.source()
	if err != nil {
		return nil, err
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findToChange(KindTrigger, c)
	if err != nil {
		return nil, err
	}
	t := n.Resource.(*Trigger)
	if source != "" && source != t.SourceType {
		return nil, InvalidArgument(source+"_config", ReasonConstraint, "the source of a trigger cannot be changed")
	}
	t.UpdatedAt = s.timeNow()
	if req.apply(t) {
		s.begin(n, StatusUpdating)
	}
	return render(n.view()), nil
}
