// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// AnnotationRecord holds a managed resource's Record. It belongs to the provider.
const AnnotationRecord = "scaleway.m.crossplane.io/minting"

// A State of an attempt.
type State string

// States of an attempt.
const (
	// StatePending means that the request may have been sent.
	StatePending State = "pending"
	// StateDone means that the object was minted, and its secret published.
	StateDone State = "done"
	// StateFailed means that nothing of the attempt is left at Scaleway, as far as
	// could be seen.
	StateFailed State = "failed"
)

// A Record of a managed resource's last attempt to mint its object. It is always
// overwritten, never removed: the way in which crossplane-runtime stores
// annotations after a conflict would bring a removed one back.
type Record struct {
	// UID of the managed resource that made the attempt. A copy, restored from a
	// backup or into another cluster, has another and must not act on the record.
	UID types.UID `json:"uid"`
	// Attempt names it, in eight hexadecimal digits.
	Attempt string `json:"attempt"`
	// State of the attempt.
	State State `json:"state"`
	// At is when the attempt was recorded, by this provider's clock.
	At time.Time `json:"at"`
	// Region in which the object was to be minted.
	Region string `json:"region,omitempty"`
	// Parents of the object, by argument, as bare UUIDs: what to look it up by.
	Parents map[string]string `json:"parents,omitempty"`
	// Object is the external name of the object, once it is minted.
	Object string `json:"object,omitempty"`
	// Secret in which the object's secret was last seen.
	Secret string `json:"secret,omitempty"`
	// Fingerprint of the secret that was last published.
	Fingerprint Fingerprint `json:"fingerprint,omitzero"`
	// Renewing is the value of the annotation that asked for this attempt, and
	// Renewed that of the last one that was fulfilled.
	Renewing string `json:"renewing,omitempty"`
	Renewed  string `json:"renewed,omitempty"`
	// Previous is the external name of the object that this attempt replaces, until
	// that is revoked.
	Previous string `json:"previous,omitempty"`
	// Abandoned are earlier attempts that were not found at Scaleway, but whose
	// request might still arrive.
	Abandoned []Abandoned `json:"abandoned,omitempty"`
}

// An Abandoned attempt.
type Abandoned struct {
	// Attempt as in the Record.
	Attempt string `json:"attempt"`
	// At is when it was abandoned.
	At time.Time `json:"at"`
	// Region and Parents as in the Record.
	Region  string            `json:"region,omitempty"`
	Parents map[string]string `json:"parents,omitempty"`
}

// NewRecord returns the record of a new attempt, which keeps the abandoned ones
// of the last.
func NewRecord(o metav1.Object, last Record, region string, parents map[string]string, now time.Time) Record {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // It never fails.

	return Record{
		UID:         o.GetUID(),
		Attempt:     hex.EncodeToString(b),
		State:       StatePending,
		At:          now.UTC(),
		Region:      region,
		Parents:     parents,
		Secret:      last.Secret,
		Fingerprint: last.Fingerprint,
		Renewed:     last.Renewed,
		Abandoned:   last.Abandoned,
	}
}

// ReadRecord returns the record of the managed resource. It is empty if there is
// none. Of the record of the object that this one is a copy of, only that a
// renewal was fulfilled is true of the copy too.
func ReadRecord(o metav1.Object) (Record, error) {
	a, ok := o.GetAnnotations()[AnnotationRecord]
	if !ok {
		return Record{}, nil
	}

	var r Record
	if err := json.Unmarshal([]byte(a), &r); err != nil {
		return Record{}, errors.Wrapf(err, "annotation %s is not what the provider wrote: restore it from a backup, or remove it once no object at Scaleway carries the mark of UID %s", AnnotationRecord, o.GetUID())
	}

	if r.UID != o.GetUID() {
		return Record{Renewed: r.Renewed}, nil
	}

	return r, nil
}

// ReadForeign returns the mark of the attempt that was pending on the object that
// this one is a copy of, if one was.
func ReadForeign(o metav1.Object) (Mark, bool) {
	var r Record
	if err := json.Unmarshal([]byte(o.GetAnnotations()[AnnotationRecord]), &r); err != nil {
		return Mark{}, false
	}

	return r.Mark(), r.UID != o.GetUID() && r.State == StatePending
}

// Write the record onto the managed resource. It is not stored yet.
func (r Record) Write(o metav1.Object) {
	b, err := json.Marshal(r) //nolint:gosec // Secret is the name of one.
	if err != nil {
		panic(err) // Strings and times always marshal.
	}

	meta.AddAnnotations(o, map[string]string{AnnotationRecord: string(b)})
}

// Mark of the attempt.
func (r Record) Mark() Mark {
	return Mark{UID: r.UID, Attempt: r.Attempt}
}

// Done returns the record of an attempt that has minted the object of the supplied
// name, and published its secret, of which it keeps a digest.
func (r Record) Done(name, digest string) Record {
	r.State, r.Object = StateDone, name
	r.Fingerprint = Fingerprint{Object: name, Digest: digest}

	if r.Renewing != "" {
		r.Renewed, r.Renewing = r.Renewing, ""
	}

	return r
}

// Abandon returns the record as failed, with its attempt among the abandoned.
func (r Record) Abandon(now time.Time) Record {
	r.State = StateFailed
	r.Abandoned = append(r.Abandoned, Abandoned{Attempt: r.Attempt, At: now.UTC(), Region: r.Region, Parents: r.Parents})

	return r
}
