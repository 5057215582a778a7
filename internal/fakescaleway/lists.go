// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Lists that are not as they should be. A list is what a client concludes from that
// something is gone, or was never there, so that it must be able to be wrong in every
// way in which a real one is: behind (SetListDelay), cut off (WithPageLimit and
// ListWithoutItems), miscounted (ListMiscounted), or without what is there
// (ListWithout). Not recorded: all of them.

// A goneNode is an object that is no more, and is listed still.
type goneNode struct {
	*node

	at time.Time
}

// SetListDelay makes lists show what there was d ago: an object is not listed until d
// after its creation, and is listed until d after it is gone. What is read by its ID is
// as it is.
func (s *Server) SetListDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listDelay = d
}

// noteGone keeps an object that is removed for lists that are behind.
func (s *Server) noteGone(n *node) {
	now := s.now()
	s.gone = slices.DeleteFunc(s.gone, func(g goneNode) bool { return !g.listedAt(now, s.listDelay) })
	if s.listDelay > 0 {
		s.gone = append(s.gone, goneNode{n, now})
	}
}

func (g goneNode) listedAt(now time.Time, delay time.Duration) bool {
	return now.Before(g.at.Add(delay)) && !now.Before(g.Meta().CreatedAt.Add(delay))
}

// listable returns the objects of a kind that lists show at present, of those that are
// wanted.
func (s *Server) listable(kind Kind, wanted func(*node) bool) []*node {
	var out []*node
	now := s.now()
	for _, n := range s.objects[kind] {
		if wanted(n) && s.settle(n, false) && !now.Before(n.Meta().CreatedAt.Add(s.listDelay)) {
			out = append(out, n)
		}
	}
	for _, g := range s.gone {
		if g.kind == kind && wanted(g.node) && g.listedAt(now, s.listDelay) {
			out = append(out, g.node)
		}
	}
	return out
}

// parentParameters are the parameters of lists that name a parent.
var parentParameters = map[Kind]map[string]Kind{
	KindToken:  {"namespace_id": KindNamespace, "container_id": KindContainer},
	KindAPIKey: {"application_id": KindApplication},
}

// checkParents refuses a list by a parent that the key does not reach, with
// WithUnknownParentNotFound.
func (s *Server) checkParents(c *call, kind Kind, q url.Values) *Error {
	if !s.parentNotFound {
		return nil
	}
	for name, parent := range parentParameters[kind] {
		id := q.Get(name)
		if id == "" || uuid.Validate(id) != nil {
			continue
		}
		if _, err := s.find(parent, c, id, false); err != nil {
			return err
		}
	}
	return nil
}

// ListWithout is a Fault's Edit that takes items out of a list, which does not count
// them either: a replica that has not heard of them.
func ListWithout(missing func(item map[string]any) bool) func([]byte) []byte {
	return editList(func(items []map[string]any, total int) ([]map[string]any, int) {
		kept := slices.DeleteFunc(items, missing)
		return kept, total - (len(items) - len(kept))
	})
}

// ListWithoutItems is a Fault's Edit that empties a page, which counts what it lacks.
func ListWithoutItems() func([]byte) []byte {
	return editList(func(_ []map[string]any, total int) ([]map[string]any, int) { return []map[string]any{}, total })
}

// ListMiscounted is a Fault's Edit that adds to the total_count of a list.
func ListMiscounted(by int) func([]byte) []byte {
	return editList(func(items []map[string]any, total int) ([]map[string]any, int) { return items, max(total+by, 0) })
}

// editList changes the items of a list, and how many it says that there are.
func editList(fn func(items []map[string]any, total int) ([]map[string]any, int)) func([]byte) []byte {
	return func(answer []byte) []byte {
		var (
			members map[string]json.RawMessage
			total   int
		)
		if json.Unmarshal(answer, &members) != nil || json.Unmarshal(members["total_count"], &total) != nil {
			return answer // It is no list.
		}
		for name, raw := range members {
			var items []map[string]any
			if json.Unmarshal(raw, &items) != nil {
				continue
			}
			items, total = fn(items, total)
			members[name], members["total_count"] = render(items), render(total)
			break
		}
		return render(members)
	}
}
