// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command promcheck reads expressions and alert rules with Prometheus' own
// parsers. It is in a module of its own, so that what Prometheus needs never
// decides what the provider is built with.
//
// It reads a JSON object with "expressions", a list, and "rules", the text of a
// file of rules, and writes one with the "selectors" of each expression, those of
// the rules last, and the "errors".
package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

type input struct {
	Expressions []string `json:"expressions"`
	Rules       string   `json:"rules"`
}

// A selector of series in an expression.
type selector struct {
	Expression string `json:"expression"`
	Metric     string `json:"metric"`
	// Labels that it, or what aggregates it, names.
	Labels []string `json:"labels"`
}

type output struct {
	Selectors []selector `json:"selectors"`
	Errors    []string   `json:"errors"`
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	if err := json.NewEncoder(os.Stdout).Encode(check(in)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(in input) output {
	var out output

	expressions := in.Expressions

	if in.Rules != "" {
		groups, errs := rulefmt.Parse([]byte(in.Rules), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		for _, err := range errs {
			out.Errors = append(out.Errors, err.Error())
		}

		if groups != nil {
			for _, g := range groups.Groups {
				for _, r := range g.Rules {
					expressions = append(expressions, r.Expr)
				}
			}
		}
	}

	for _, e := range expressions {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(e)
		if err != nil {
			out.Errors = append(out.Errors, fmt.Sprintf("%s: %v", e, err))
			continue
		}

		parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
			vs, ok := node.(*parser.VectorSelector)
			if !ok {
				return nil
			}

			s := selector{Expression: e, Metric: vs.Name}

			for _, m := range vs.LabelMatchers {
				if m.Name == labels.MetricName {
					s.Metric = m.Value
					continue
				}

				s.Labels = append(s.Labels, m.Name)
			}

			for _, p := range path {
				switch p := p.(type) {
				case *parser.AggregateExpr:
					s.Labels = append(s.Labels, p.Grouping...)
				case *parser.BinaryExpr:
					if p.VectorMatching != nil {
						s.Labels = append(s.Labels, p.VectorMatching.MatchingLabels...)
					}
				}
			}

			out.Selectors = append(out.Selectors, s)

			return nil
		})
	}

	return out
}
