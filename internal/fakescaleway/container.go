// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// A Container runs an image.
type Container struct {
	Object

	Name                       string            `json:"name"`
	NamespaceID                string            `json:"namespace_id"`
	Description                string            `json:"description"`
	EnvironmentVariables       map[string]string `json:"environment_variables"`
	SecretEnvironmentVariables map[string]string `json:"secret_environment_variables"` // Argon2id hashes.
	MinScale                   uint32            `json:"min_scale"`
	MaxScale                   uint32            `json:"max_scale"`
	MemoryLimitBytes           uint64            `json:"memory_limit_bytes"`
	MVCPULimit                 uint32            `json:"mvcpu_limit"`
	LocalStorageLimitBytes     uint64            `json:"local_storage_limit_bytes"`
	Timeout                    Duration          `json:"timeout"`
	Privacy                    string            `json:"privacy"`
	Image                      string            `json:"image"`
	Protocol                   string            `json:"protocol"`
	Port                       uint32            `json:"port"`
	HTTPSConnectionsOnly       bool              `json:"https_connections_only"`
	Sandbox                    string            `json:"sandbox"`
	ScalingOption              ScalingOption     `json:"scaling_option"`
	LivenessProbe              *Probe            `json:"liveness_probe"`
	StartupProbe               *Probe            `json:"startup_probe"`
	Tags                       []string          `json:"tags"`
	PrivateNetworkID           string            `json:"private_network_id,omitempty"`
	Command                    []string          `json:"command"`
	Args                       []string          `json:"args"`
	PublicEndpoint             string            `json:"public_endpoint"`
}

// A ScalingOption is the threshold above which a container scales up. One of its
// members is set.
type ScalingOption struct {
	ConcurrentRequestsThreshold *uint32 `json:"concurrent_requests_threshold,omitempty"`
	CPUUsageThreshold           *uint32 `json:"cpu_usage_threshold,omitempty"`
	MemoryUsageThreshold        *uint32 `json:"memory_usage_threshold,omitempty"`
}

// A Probe checks a container. One of TCP and HTTP is set.
type Probe struct {
	FailureThreshold uint32     `json:"failure_threshold"`
	Interval         Duration   `json:"interval"`
	Timeout          Duration   `json:"timeout"`
	TCP              *struct{}  `json:"tcp,omitempty"`
	HTTP             *HTTPProbe `json:"http,omitempty"`
}

// An HTTPProbe is what a probe requests.
type HTTPProbe struct {
	Path string `json:"path"`
}

func (c *Container) view() any {
	return struct {
		*Container
		times
		Region string `json:"region"`
	}{c, times{timestamp(c.CreatedAt), timestamp(c.UpdatedAt)}, c.Region}
}

// containerRequest is what creation and update have in common. A member that is
// missing or null is not set.
type containerRequest struct {
	Description                *string            `json:"description"`
	EnvironmentVariables       *map[string]string `json:"environment_variables"`
	SecretEnvironmentVariables *map[string]string `json:"secret_environment_variables"`
	MinScale                   *uint32            `json:"min_scale"`
	MaxScale                   *uint32            `json:"max_scale"`
	MemoryLimitBytes           *uint64            `json:"memory_limit_bytes"`
	MVCPULimit                 *uint32            `json:"mvcpu_limit"`
	LocalStorageLimitBytes     *uint64            `json:"local_storage_limit_bytes"`
	Timeout                    *Duration          `json:"timeout"`
	Privacy                    string             `json:"privacy"`
	Image                      *string            `json:"image"`
	Protocol                   string             `json:"protocol"`
	Port                       *uint32            `json:"port"`
	Sandbox                    string             `json:"sandbox"`
	ScalingOption              *ScalingOption     `json:"scaling_option"`
	LivenessProbe              *probeRequest      `json:"liveness_probe"`
	StartupProbe               *probeRequest      `json:"startup_probe"`
	Tags                       *[]string          `json:"tags"`
	PrivateNetworkID           *string            `json:"private_network_id"`
	Command                    *[]string          `json:"command"`
	Args                       *[]string          `json:"args"`

	// Creation has the plural name, update the singular.
	HTTPSConnectionsOnly *bool `json:"https_connections_only"`
	HTTPSConnectionOnly  *bool `json:"https_connection_only"`
}

type probeRequest struct {
	FailureThreshold *uint32    `json:"failure_threshold"`
	Interval         *Duration  `json:"interval"`
	Timeout          *Duration  `json:"timeout"`
	TCP              *struct{}  `json:"tcp"`
	HTTP             *HTTPProbe `json:"http"`
}

// merge returns the probe once the request has changed it.
func (r *probeRequest) merge(old *Probe) *Probe {
	if r == nil {
		return old
	}
	p := defaultProbe()
	if old != nil {
		p = *old
	}
	set(&p.FailureThreshold, r.FailureThreshold)
	set(&p.Interval, r.Interval)
	set(&p.Timeout, r.Timeout)
	if r.TCP != nil || r.HTTP != nil {
		p.TCP, p.HTTP = r.TCP, r.HTTP
	}
	return &p
}

func defaultProbe() Probe {
	return Probe{FailureThreshold: 30, Interval: Duration(10 * time.Second), Timeout: Duration(time.Second), TCP: &struct{}{}}
}

// validate refuses what the API documents as impossible. Not recorded: the
// answers.
func (r *containerRequest) validate() *Error {
	for _, e := range []struct {
		name, value string
		allowed     []string
	}{
		{"privacy", r.Privacy, []string{"", "unknown_privacy", "public", "private"}},
		{"protocol", r.Protocol, []string{"", "unknown_protocol", "http1", "h2c"}},
		{"sandbox", r.Sandbox, []string{"", "unknown_sandbox", "v1", "v2"}},
	} {
		if !slices.Contains(e.allowed, e.value) {
			return InvalidArgument(e.name, ReasonConstraint, "unknown value "+e.value)
		}
	}
	if o := r.ScalingOption; o != nil && count(o.ConcurrentRequestsThreshold != nil, o.CPUUsageThreshold != nil, o.MemoryUsageThreshold != nil) != 1 {
		return InvalidArgument("scaling_option", ReasonConstraint, "exactly one threshold must be set")
	}
	if p := r.PrivateNetworkID; p != nil && *p != "" && uuid.Validate(*p) != nil {
		return InvalidArgument("private_network_id", ReasonFormat, "must be a valid UUID")
	}
	if r.Image != nil && *r.Image == "" {
		return InvalidArgument("image", ReasonRequired, "")
	}
	return nil
}

// count returns how many of the conditions are true.
func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

// apply changes a container as a valid request asks.
func (r *containerRequest) apply(c *Container) {
	set(&c.Description, r.Description)
	set(&c.EnvironmentVariables, r.EnvironmentVariables)
	if r.SecretEnvironmentVariables != nil {
		c.SecretEnvironmentVariables = replaceSecrets(c.SecretEnvironmentVariables, *r.SecretEnvironmentVariables)
	}
	set(&c.MinScale, r.MinScale)
	set(&c.MaxScale, r.MaxScale)
	set(&c.MemoryLimitBytes, r.MemoryLimitBytes)
	set(&c.MVCPULimit, r.MVCPULimit)
	set(&c.LocalStorageLimitBytes, r.LocalStorageLimitBytes)
	set(&c.Timeout, r.Timeout)
	set(&c.Image, r.Image)
	set(&c.Port, r.Port)
	set(&c.HTTPSConnectionsOnly, cmp.Or(r.HTTPSConnectionsOnly, r.HTTPSConnectionOnly))
	setEnum(&c.Privacy, r.Privacy)
	setEnum(&c.Protocol, r.Protocol)
	setEnum(&c.Sandbox, r.Sandbox)
	set(&c.ScalingOption, r.ScalingOption)
	c.LivenessProbe = r.LivenessProbe.merge(c.LivenessProbe)
	c.StartupProbe = r.StartupProbe.merge(c.StartupProbe)
	set(&c.Tags, r.Tags)
	set(&c.PrivateNetworkID, r.PrivateNetworkID)
	set(&c.Command, r.Command)
	set(&c.Args, r.Args)
}

// setEnum assigns an enum that a request has. Clients send one that they do not
// set as unknown_something.
func setEnum(dst *string, src string) {
	if src != "" && src[:min(len(src), len("unknown_"))] != "unknown_" {
		*dst = src
	}
}

func (s *Server) createContainer(c *call) (json.RawMessage, *Error) {
	var req struct {
		containerRequest
		NamespaceID string `json:"namespace_id"`
		Name        string `json:"name"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	// Not recorded.
	if req.Name == "" {
		return nil, InvalidArgument("name", ReasonRequired, "")
	}
	if req.Image == nil {
		return nil, InvalidArgument("image", ReasonRequired, "")
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, err := s.findParent(KindNamespace, c, "namespace_id", req.NamespaceID)
	if err != nil {
		return nil, err
	}
	if err := s.taken(KindContainer, req.Name, func(n *node) bool { return n.parent == parent }); err != nil {
		return nil, err
	}
	ns := parent.Resource.(*Namespace)
	threshold, probe := uint32(50), defaultProbe()
	con := &Container{
		Object:                     s.newObject(c.region, ns.OrganizationID, ns.ProjectID),
		Name:                       req.Name,
		NamespaceID:                ns.ID,
		EnvironmentVariables:       map[string]string{},
		SecretEnvironmentVariables: map[string]string{},
		MaxScale:                   5,
		MemoryLimitBytes:           2048e6,
		MVCPULimit:                 1000,
		LocalStorageLimitBytes:     1000e6,
		Timeout:                    Duration(300 * time.Second),
		Privacy:                    "public",
		Protocol:                   "http1",
		Port:                       8080, // Not recorded: every request has a port.
		Sandbox:                    "v2",
		ScalingOption:              ScalingOption{ConcurrentRequestsThreshold: &threshold},
		LivenessProbe:              &probe,
		Tags:                       []string{},
		Command:                    []string{},
		Args:                       []string{},
	}
	con.PublicEndpoint = s.publicEndpoint(ns, con)
	req.apply(con)
	return render(s.add(KindContainer, con, parent).view()), nil
}

func (s *Server) updateContainer(c *call) (json.RawMessage, *Error) {
	var req containerRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findToChange(KindContainer, c)
	if err != nil {
		return nil, err
	}
	req.apply(n.Resource.(*Container))
	s.begin(n, StatusUpdating)
	return render(n.view()), nil
}

// redeployContainer is not recorded: it answers as an update that changes
// nothing.
func (s *Server) redeployContainer(c *call) (json.RawMessage, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findToChange(KindContainer, c)
	if err != nil {
		return nil, err
	}
	s.begin(n, StatusUpdating)
	return render(n.view()), nil
}
