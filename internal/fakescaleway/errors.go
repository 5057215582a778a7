// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net/http"
)

// An Error is an answer that is not a success. Its Body has the shape
// scaleway-sdk-go decodes to the typed error of the same name.
type Error struct {
	// Status is the HTTP status code.
	Status int

	// Body is the JSON text answered.
	Body string
}

// Error returns the body of the answer.
func (e *Error) Error() string { return e.Body }

func newError(status int, body any) *Error {
	b, err := json.Marshal(body)
	if err != nil {
		// Only this package's own plain structs get here.
		panic(err)
	}
	return &Error{Status: status, Body: string(b)}
}

// PlainError is an answer that has a message but no type, so that only its
// status code says what it is.
func PlainError(status int, message string) *Error {
	return newError(status, struct {
		Message string `json:"message"`
	}{message})
}

// NotFound is the answer for an object that does not exist.
func NotFound(resource, id string) *Error {
	return newError(http.StatusNotFound, struct {
		Message    string `json:"message"`
		Resource   string `json:"resource"`
		ResourceID string `json:"resource_id"`
		Type       string `json:"type"`
	}{"resource is not found", resource, id, "not_found"})
}

// Reasons an argument is refused for.
const (
	ReasonRequired   = "required"
	ReasonFormat     = "format"
	ReasonConstraint = "constraint"
)

// InvalidArgument is the answer for a request with a wrong argument.
func InvalidArgument(name, reason, help string) *Error {
	type detail struct {
		ArgumentName string `json:"argument_name"`
		HelpMessage  string `json:"help_message"`
		Reason       string `json:"reason"`
	}
	return newError(http.StatusBadRequest, struct {
		Details []detail `json:"details"`
		Message string   `json:"message"`
		Type    string   `json:"type"`
	}{[]detail{{name, help, reason}}, "invalid argument(s)", "invalid_arguments"})
}

// AlreadyExists is the answer for an object whose name is taken.
func AlreadyExists(resource, id, help string) *Error {
	return newError(http.StatusConflict, struct {
		HelpMessage string `json:"help_message"`
		Message     string `json:"message"`
		Resource    string `json:"resource"`
		ResourceID  string `json:"resource_id"`
		Type        string `json:"type"`
	}{help, "resource already exists", resource, id, "already_exists"})
}

// TransientState is the answer for an object that cannot be used while it is in
// state.
func TransientState(resource, id, state string) *Error {
	return newError(http.StatusConflict, struct {
		CurrentState string `json:"current_state"`
		Message      string `json:"message"`
		Resource     string `json:"resource"`
		ResourceID   string `json:"resource_id"`
		Type         string `json:"type"`
	}{state, "resource is in a transient state", resource, id, "transient_state"})
}

// PermissionsDenied is the answer for a key that may not do action to resource.
func PermissionsDenied(action, resource string) *Error {
	type detail struct {
		Action   string `json:"action"`
		Resource string `json:"resource"`
	}
	return newError(http.StatusForbidden, struct {
		Details []detail `json:"details"`
		Message string   `json:"message"`
		Type    string   `json:"type"`
	}{[]detail{{action, resource}}, "insufficient permissions", "permissions_denied"})
}

// QuotasExceeded is the answer when there are as many of resource as allowed.
func QuotasExceeded(resource string, quota, current int) *Error {
	type detail struct {
		Resource string `json:"resource"`
		Quota    int    `json:"quota"`
		Current  int    `json:"current"`
	}
	return newError(http.StatusForbidden, struct {
		Details []detail `json:"details"`
		Message string   `json:"message"`
		Type    string   `json:"type"`
	}{[]detail{{resource, quota, current}}, "quota exceeded", "quotas_exceeded"})
}

// DeniedAuthentication is the answer for a key the API does not accept, for
// reason "invalid_argument", "not_found" or "expired". Not recorded: its message.
func DeniedAuthentication(reason string) *Error {
	return newError(http.StatusUnauthorized, struct {
		Message string `json:"message"`
		Method  string `json:"method"`
		Reason  string `json:"reason"`
		Type    string `json:"type"`
	}{"authentication is denied", "api_key", reason, "denied_authentication"})
}
