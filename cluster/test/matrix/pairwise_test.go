// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"fmt"
	"testing"
)

// combine returns rows that have a level of each factor, such that each possible
// combination of levels of as many factors as the strength says is in one of them. It
// adds one row after the other that has most of what is still missing, and leaves what
// a row need not have at the first level. Not all are possible: valid tells of a row,
// in which a factor that is not chosen yet is -1.
func combine(levels []int, strength int, valid func([]int) bool) [][]int {
	missing := tuples(levels, strength, valid)

	var rows [][]int

	for i := range missing.list {
		if missing.covered[i] {
			continue
		}

		row := missing.list[i].on(unset(len(levels)))

		for f := range levels {
			if row[f] >= 0 {
				continue
			}

			best, most := 0, -1

			for level := range levels[f] {
				row[f] = level
				if n := missing.count(row, f); n > most && valid(row) {
					best, most = level, n
				}
			}

			row[f] = best
		}

		missing.cover(row)
		rows = append(rows, row)
	}

	return rows
}

// A tuple is a level of each of some factors.
type tuple struct{ factors, levels []int }

// on returns a row with the levels of the tuple in it.
func (t tuple) on(row []int) []int {
	for i, f := range t.factors {
		row[f] = t.levels[i]
	}

	return row
}

// in tells whether the row has the tuple.
func (t tuple) in(row []int) bool {
	for i, f := range t.factors {
		if row[f] != t.levels[i] {
			return false
		}
	}

	return true
}

// A coverage is which tuples are in some row.
type coverage struct {
	list    []tuple
	covered []bool
	left    int
	// with are the tuples that have a level of a factor, by both.
	with map[[2]int][]int
}

// tuples returns all valid tuples of a strength, none of them covered.
func tuples(levels []int, strength int, valid func([]int) bool) *coverage {
	c := &coverage{with: map[[2]int][]int{}}

	var add func(from int, t tuple)

	add = func(from int, t tuple) {
		if len(t.factors) == strength {
			if !valid(t.on(unset(len(levels)))) {
				return
			}

			for i, f := range t.factors {
				key := [2]int{f, t.levels[i]}
				c.with[key] = append(c.with[key], len(c.list))
			}

			c.list = append(c.list, t)

			return
		}

		for f := from; f < len(levels); f++ {
			for level := range levels[f] {
				add(f+1, tuple{append(t.factors[:len(t.factors):len(t.factors)], f), append(t.levels[:len(t.levels):len(t.levels)], level)})
			}
		}
	}
	add(0, tuple{})

	c.covered, c.left = make([]bool, len(c.list)), len(c.list)

	return c
}

// count how many tuples are covered that are not yet, and have the row's level of the
// factor.
func (c *coverage) count(row []int, factor int) int {
	n := 0

	for _, i := range c.with[[2]int{factor, row[factor]}] {
		if !c.covered[i] && c.list[i].in(row) {
			n++
		}
	}

	return n
}

// cover all tuples of the row.
func (c *coverage) cover(row []int) {
	for i, t := range c.list {
		if !c.covered[i] && t.in(row) {
			c.covered[i] = true
			c.left--
		}
	}
}

func unset(n int) []int {
	row := make([]int, n)
	for i := range row {
		row[i] = -1
	}

	return row
}

func TestCombine(t *testing.T) {
	always := func([]int) bool { return true }

	cases := map[string]struct {
		reason   string
		levels   []int
		strength int
		valid    func([]int) bool
		most     int
	}{
		"Singles":  {reason: "As many rows as the factor with most levels has.", levels: []int{2, 5, 3}, strength: 1, valid: always, most: 5},
		"Pairs":    {reason: "Little more than the two factors with most levels have together.", levels: []int{2, 5, 8, 9, 4}, strength: 2, valid: always, most: 85},
		"Triples":  {reason: "Three together are in one row.", levels: []int{3, 3, 3, 3}, strength: 3, valid: always, most: 45},
		"Whole":    {reason: "As many as there are factors is all.", levels: []int{2, 3, 4}, strength: 3, valid: always, most: 24},
		"Excluded": {reason: "What is not possible is in no row.", levels: []int{3, 3, 3}, strength: 2, valid: func(r []int) bool { return r[0] != 1 || r[2] < 1 }, most: 12},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rows := combine(tc.levels, tc.strength, tc.valid)
			c := tuples(tc.levels, tc.strength, tc.valid)

			for _, row := range rows {
				if !tc.valid(row) {
					t.Errorf("\n%s\nrow %v is not valid", tc.reason, row)
				}

				c.cover(row)
			}

			if c.left > 0 {
				t.Errorf("\n%s\n%d of %d combinations are missing in %v", tc.reason, c.left, len(c.list), rows)
			}

			if len(rows) > tc.most {
				t.Errorf("\n%s\n%d rows, want at most %d", tc.reason, len(rows), tc.most)
			}

			if again := combine(tc.levels, tc.strength, tc.valid); fmt.Sprint(rows) != fmt.Sprint(again) {
				t.Errorf("\n%s\nanother run has other rows", tc.reason)
			}
		})
	}
}
