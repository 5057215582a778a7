// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
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
	// Version of the form of the record.
	Version int `json:"version,omitempty"`
	// UID of the managed resource that made the attempt. A copy, restored from a
	// backup or into another cluster, has another and must not act on the record.
	UID types.UID `json:"uid"`
	// Attempt names it, in eight hexadecimal digits.
	Attempt string `json:"attempt"`
	// State of the attempt.
	State State `json:"state"`
	// At is when the attempt was recorded, by this provider's clock.
	At time.Time `json:"at"`
	// Limit is the longest that a request took at most in the process that made the
	// attempt. What follows from it must not shrink when another has a shorter one.
	Limit metav1.Duration `json:"limit,omitzero"`
	// Minter is who made the attempt, or was last seen to see the object.
	Minter Minter `json:"minter,omitzero"`
	// Region in which the object was to be minted.
	Region string `json:"region,omitempty"`
	// Parents of the object, by argument, as bare UUIDs: what to look it up by.
	Parents map[string]string `json:"parents,omitempty"`
	// Object is the external name of the object, once it is minted.
	Object string `json:"object,omitempty"`
	// Secret in which the object's secret was last seen, and Target in which that of this
	// attempt was to be published.
	Secret string `json:"secret,omitempty"`
	Target string `json:"target,omitempty"`
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
	// Revoking are external names of objects that are to be revoked, until it is certain
	// that they are.
	Revoking []string `json:"revoking,omitempty"`
}

// A Minter is who minted an object, as Scaleway sees it. Neither part reveals a key.
type Minter struct {
	// Key is a digest of the API key, which differs for each managed resource.
	Key string `json:"key,omitempty"`
	// Organization that the key belongs to, if Scaleway has told.
	Organization string `json:"organization,omitempty"`
}

// SeesAs tells whether the two certainly see the same: they have the same key, or are of the
// same organization.
func (m Minter) SeesAs(other Minter) bool {
	return m.Key != "" && m.Key == other.Key || m.Organization != "" && m.Organization == other.Organization
}

const (
	// version of the form that is written.
	version = 1

	// maxDoubts bounds what a record keeps of attempts and objects that are in doubt. Users
	// can write records. What is more than that is looked for all the same, as anything
	// that carries the UID of the managed resource.
	maxDoubts = 16
)

// An Abandoned attempt.
type Abandoned struct {
	// Attempt as in the Record. It is empty if it is any that the record does not know:
	// records were lost.
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
		Version:     version,
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
		Revoking:    last.Revoking,
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

	err := json.Unmarshal([]byte(a), &r)
	if err == nil {
		err = r.checkRegions()
	}

	if err != nil {
		return Record{}, errors.Wrapf(err, "annotation %s is not what the provider wrote: restore it from a backup, or remove it once no object at Scaleway carries the mark of UID %s", AnnotationRecord, o.GetUID())
	}

	if r.UID != o.GetUID() {
		return Record{Renewed: r.Renewed}, nil
	}

	return r.bounded(), nil
}

// checkRegions returns an error unless the regions are such that can be part of a path in
// Scaleway's API: users can write records.
func (r Record) checkRegions() error {
	regions := []string{r.Region}
	for _, a := range r.Abandoned {
		regions = append(regions, a.Region)
	}

	for _, region := range regions {
		if region != "" && !regional.IsRegion(region) {
			return errors.Errorf("%q is no region", region)
		}
	}

	return nil
}

// bounded returns the record with no more in doubt than the provider writes, so that who
// writes a long one has others wait for nothing.
func (r Record) bounded() Record {
	if len(r.Abandoned) > maxDoubts {
		last := r.Abandoned[len(r.Abandoned)-1]
		last.Attempt = ""
		r.Abandoned = append(r.Abandoned[:maxDoubts-1:maxDoubts-1], last)
	}

	if len(r.Revoking) > maxDoubts {
		r.Revoking = r.Revoking[:maxDoubts]
		r = r.Doubt(r.At)
	}

	return r
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
	meta.AddAnnotations(o, map[string]string{AnnotationRecord: r.Text()})
}

// Text of the record, as it is written.
func (r Record) Text() string {
	r.Version = version

	b, err := json.Marshal(r) //nolint:gosec // Secret is the name of one.
	if err != nil {
		panic(err) // Strings and times always marshal.
	}

	return string(b)
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
	r.Abandoned = append(slices.Clip(r.Abandoned), Abandoned{Attempt: r.Attempt, At: now.UTC(), Region: r.Region, Parents: r.Parents})

	return r.bounded()
}

// Doubt returns the record with any attempt that it does not know among the abandoned.
func (r Record) Doubt(now time.Time) Record {
	r.Abandoned = append(slices.Clip(r.Abandoned), Abandoned{At: now.UTC(), Region: r.Region, Parents: r.Parents})
	return r.bounded()
}

// Knows tells whether the record has an attempt in doubt whose secret was never
// published: the last one, unless that has ended well, or an abandoned one.
func (r Record) Knows(attempt string) bool {
	if attempt == r.Attempt && r.State != StateDone {
		return true
	}

	return slices.ContainsFunc(r.Abandoned, func(a Abandoned) bool { return a.Attempt == attempt })
}

// Revoke returns the record with the object among those to be revoked.
func (r Record) Revoke(name string) Record {
	if !slices.Contains(r.Revoking, name) {
		r.Revoking = append(slices.Clip(r.Revoking), name)
	}

	return r
}
