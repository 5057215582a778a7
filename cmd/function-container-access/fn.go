// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/response"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	defaultWarmUp      = time.Minute
	defaultGracePeriod = time.Hour

	// lookAgain is after what time a composite is looked at again that waits for
	// something that nothing wakes it for.
	lookAgain = 10 * time.Second

	// patientAfter is how old a composite is that is looked at less often.
	patientAfter = 10 * time.Minute
)

// typeSettled is the condition that tells how far a move has come.
const typeSettled = "Settled"

// Reasons of the condition Settled.
const (
	reasonSettled  = "Settled"
	reasonCreating = "Creating"
	reasonMoving   = "Moving"
	reasonGrace    = "GracePeriod"
)

// A Function composes what an access consists of.
type Function struct {
	fnv1.UnimplementedFunctionRunnerServiceServer

	now func() time.Time
}

// NewFunction returns a Function.
func NewFunction() *Function {
	return &Function{now: time.Now}
}

// RunFunction composes what an access consists of.
func (f *Function) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	rsp := response.To(req, response.DefaultTTL)

	if err := f.run(req, rsp); err != nil {
		response.Fatal(rsp, err)
	}

	return rsp, nil
}

func (f *Function) run(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse) error {
	input, err := readInput(req)
	if err != nil {
		return err
	}

	xr, err := request.GetObservedCompositeResource(req)
	if err != nil {
		return err
	}

	a, err := parse(xr.Resource)
	if err != nil {
		return err
	}

	w := &world{access: a, input: input, now: f.now()}

	if w.observed, err = request.GetObservedComposedResources(req); err != nil {
		return err
	}

	if w.required, err = request.GetRequiredResources(req); err != nil {
		return err
	}

	w.published = readPublished(a, xr, w.observed)

	if w.minter, err = w.findMinter(); err != nil {
		return err
	}

	desired, err := request.GetDesiredComposedResources(req)
	if err != nil {
		return err
	}

	composite, err := request.GetDesiredCompositeResource(req)
	if err != nil {
		return err
	}

	composite.Resource.SetAPIVersion(xr.Resource.GetAPIVersion())
	composite.Resource.SetKind(xr.Resource.GetKind())

	p := w.plan()

	maps.Copy(desired, p.resources)

	if len(p.target.requirements) > 0 {
		rsp.Requirements = &fnv1.Requirements{Resources: p.target.requirements}
	}

	// An endpoint alone is of no use.
	_, exists := w.observed[nameSecret]
	exists = exists || p.details[keyToken] != ""

	switch {
	case !exists:
	case a.claimed:
		for k, v := range p.details {
			composite.ConnectionDetails[k] = []byte(v)
		}
	default:
		desired[nameSecret] = w.connectionSecret(p.details)
	}

	if err := composite.Resource.SetValue("status", w.status(p)); err != nil {
		return err
	}

	// Of its parts alone Crossplane would conclude that one without any is Ready.
	switch {
	case p.works:
		composite.Ready = resource.ReadyTrue
	case w.published[keyToken] == "":
		composite.Ready = resource.ReadyFalse
	}

	say := response.ConditionFalse
	if p.reason == reasonSettled {
		say = response.ConditionTrue
	}

	say(rsp, typeSettled, p.reason).WithMessage(p.message).TargetCompositeAndClaim()

	if p.lookAgain > 0 {
		rsp.Meta.Ttl = response.To(req, p.lookAgain).GetMeta().GetTtl()
	}

	if err := response.SetDesiredCompositeResource(rsp, composite); err != nil {
		return err
	}

	return response.SetDesiredComposedResources(rsp, desired)
}

// A plan is what is to be.
type plan struct {
	wanted    mechanism
	target    target
	resources map[resource.Name]*resource.DesiredComposed

	// details are the connection details.
	details map[string]string

	// current mechanism, whose value was in the Secret, or "".
	current mechanism
	movedAt *metav1.Time

	// works says that the access is of use although not all that is wanted is there.
	works bool

	// reason and message of the condition Settled.
	reason, message string

	// lookAgain after this time, if it is not zero.
	lookAgain time.Duration
}

// plan what is to be. The order in which a move goes is: make the new credential, have
// it Ready for a while, put its value into the Secret, see it there, wait until
// everybody has noticed, and only then let the old one go. Each step is made only once
// what was observed shows that the one before it has happened, so that a function
// that is called twice, late, or by another process does not skip one.
func (w *world) plan() *plan {
	wanted := w.access.mechanism(w.observed)
	old := wanted.other()

	p := &plan{wanted: wanted, current: w.current(), resources: map[resource.Name]*resource.DesiredComposed{}}

	keepOld := p.keepOld(w)

	iam := wanted == mechanismIAM || keepOld && old == mechanismIAM

	p.target = w.find(iam)
	if iam {
		w.limit(&p.target)
	}

	maps.Copy(p.resources, w.done(p.target.observers))

	// What only looks is not what the composite's readiness depends on.
	for n := range p.target.observers {
		p.resources[n].Ready = resource.ReadyTrue
	}

	maps.Copy(p.resources, w.compose(wanted, p.target, false))

	if keepOld {
		for n, d := range w.compose(old, p.target, true) {
			d.Ready = resource.ReadyTrue
			p.resources[n] = d
		}
	}

	p.publish(w)

	if iam && w.exists(mechanismIAM) && w.minter.note != "" {
		p.message += " " + w.minter.note
	}

	return p
}

// current returns the mechanism whose value whoever asked can read.
func (w *world) current() mechanism {
	published := w.published[keyToken]

	for _, m := range []mechanism{mechanismIAM, mechanismToken} {
		if published != "" && published == w.value(m) {
			return m
		}
	}

	// It was renewed, or the Secret is gone.
	if w.access.status.Mechanism != "" {
		return w.access.status.Mechanism
	}

	for _, m := range []mechanism{mechanismToken, mechanismIAM} {
		if w.value(m) != "" {
			return m
		}
	}

	// Its own Secret is gone, and nothing is on record.
	for _, m := range []mechanism{mechanismToken, mechanismIAM} {
		if published != "" && w.exists(m) {
			return m
		}
	}

	return ""
}

// keepOld decides whether the mechanism that is not wanted stays. It notes since when
// the value of the other than the current mechanism is not in the Secret any more,
// whichever is wanted: minds are changed in the middle of a move, too.
func (p *plan) keepOld(w *world) bool {
	switch {
	case p.current == "":
		return false
	case !w.exists(p.current.other()):
	case w.access.status.Mechanism != p.current:
		// The value of the current one was seen in the Secret for the first time.
		now := metav1.NewTime(w.now.Truncate(time.Second))
		p.movedAt = &now
	default:
		p.movedAt = w.access.status.MovedAt
	}

	if p.current != p.wanted {
		return w.exists(p.current)
	}

	// What was never in the Secret can go. What was stays as long as the new one fails.
	_, waitingFor := w.readySince(p.wanted)
	if p.movedAt != nil && (waitingFor != "" || w.now.Before(p.revokedAt(w))) {
		return true
	}

	p.movedAt = nil

	return false
}

// revokedAt is when the old credential goes.
func (p *plan) revokedAt(w *world) time.Time {
	return p.movedAt.Add(orDefault(w.input.GracePeriod, defaultGracePeriod))
}

// publish decides which value whoever asked can read, and says how far it has come.
func (p *plan) publish(w *world) {
	p.details = maps.Clone(w.published)
	if p.target.endpoint != "" {
		p.details[keyEndpoint] = p.target.endpoint
	}

	since, waitingFor := w.readySince(p.wanted)
	if p.wanted == mechanismIAM && !w.exists(mechanismIAM) && p.target.project == "" {
		waitingFor = p.target.waitingFor
		p.lookAgain = w.patience()
	}

	// Nothing wakes the composite when an object that it only looks at changes.
	if p.target.endpoint == "" && (w.access.spec.To.ContainerID != "" || w.access.spec.To.ContainerName != "") {
		p.lookAgain = w.patience()
	}

	value := w.value(p.wanted)

	switch {
	case p.current == p.wanted || p.current == "":
		// Of a first credential, all its parts must be Ready. Once it was handed out its
		// value is, whatever is said of it.
		if waitingFor == "" || value != "" && w.access.status.Mechanism == p.wanted {
			p.details[keyToken] = value
		}

		p.settle(w, waitingFor)

	case waitingFor != "":
		p.stay(w)
		p.reason = reasonMoving
		p.message = "The Secret holds the value of the " + kindOf(p.current) + " until there is another: " + sentence(waitingFor)

	default:
		warm := since.Add(orDefault(w.input.WarmUp, defaultWarmUp))
		p.reason = reasonMoving

		if w.now.Before(warm) {
			p.stay(w)
			p.lookAgain = soonest(p.lookAgain, warm.Sub(w.now))
			p.message = "The Secret holds the value of the " + kindOf(p.current) + " until " + warm.UTC().Format(time.RFC3339) +
				". The " + kindOf(p.wanted) + " is Ready: Scaleway is given time to know it everywhere."

			return
		}

		p.message = "The value of the " + kindOf(p.wanted) + " is being written into the Secret."

		// What is left must be on record first. If it were not, and the status that is
		// written after the Secret got lost, the old credential would have no grace.
		if w.access.status.Mechanism != p.current {
			p.stay(w)
			p.lookAgain = time.Second

			return
		}

		p.details[keyToken] = value
		p.works = true
		p.lookAgain = lookAgain
	}
}

// patience is after what time a target that is not known is looked for again. One that
// has long been missing may stay so.
func (w *world) patience() time.Duration {
	if w.now.Sub(w.access.created) < patientAfter {
		return lookAgain
	}

	return response.DefaultTTL
}

// settle says what there is while nothing has to be moved.
func (p *plan) settle(w *world, waitingFor string) {
	switch {
	case p.movedAt != nil && waitingFor != "":
		p.reason = reasonGrace
		p.message = "The Secret holds the value of the " + kindOf(p.wanted) + ". The " + kindOf(p.wanted.other()) +
			" stays valid, because " + sentence(waitingFor)
	case p.movedAt != nil:
		at := p.revokedAt(w)
		p.reason = reasonGrace
		p.lookAgain = soonest(p.lookAgain, at.Sub(w.now))
		p.message = "The Secret holds the value of the " + kindOf(p.wanted) + ". The " + kindOf(p.wanted.other()) +
			" stays valid until " + at.UTC().Format(time.RFC3339) + ", and is revoked then."
	case waitingFor != "":
		p.reason = reasonCreating
		p.message = sentence(strings.ToUpper(waitingFor[:1]) + waitingFor[1:])
	case p.details[keyToken] != w.published[keyToken]:
		p.reason = reasonCreating
		p.message = "The value of the " + kindOf(p.wanted) + " is being written into the Secret."
	default:
		p.reason = reasonSettled
		p.message = "The Secret holds the value of the " + kindOf(p.wanted) + "."
	}
}

// sentence ends with one full stop.
func sentence(s string) string {
	return strings.TrimSuffix(s, ".") + "."
}

// stay with the value of the mechanism that is not wanted any more.
func (p *plan) stay(w *world) {
	if v := w.value(p.current); v != "" {
		p.details[keyToken] = v
	}

	_, waitingFor := w.readySince(p.current)
	p.works = waitingFor == ""
}

// soonest of two times, of which 0 is never.
func soonest(a, b time.Duration) time.Duration {
	// A moment later, so that it has come then.
	b += time.Second

	if a == 0 || b < a {
		return b
	}

	return a
}

// status of the composite. All of it is said each time: what is left out goes.
func (w *world) status(p *plan) object {
	status := object{}

	// Only what was seen is on record.
	if p.current != "" && (w.published[keyToken] != "" || w.access.status.Mechanism != "") {
		status["mechanism"] = string(p.current)
	}

	if p.movedAt != nil {
		status["movedAt"] = p.movedAt.UTC().Format(time.RFC3339)
	}

	if p.target.endpoint != "" {
		status["endpoint"] = p.target.endpoint
	}

	if p.wanted == mechanismIAM && p.target.project != "" {
		status["projectId"] = p.target.project
	}

	credential := object{"kind": kindOf(p.wanted)}

	if o, ok := w.observed[partsOf(p.wanted)[0]]; ok {
		credential["name"] = o.Resource.GetName()

		if id := o.Resource.GetAnnotations()[annotationExternalName]; id != "" {
			credential["externalName"] = id
		}

		var observed struct {
			Conditions []any  `json:"conditions"`
			AtProvider object `json:"atProvider"`
		}

		if err := fieldpath.Pave(o.Resource.Object).GetValueInto("status", &observed); err == nil {
			if len(observed.Conditions) > 0 {
				credential["conditions"] = observed.Conditions
			}

			if at, ok := observed.AtProvider["expiresAt"].(string); ok {
				status["expiresAt"] = at
			}
		}
	}

	status["credential"] = credential

	return status
}
