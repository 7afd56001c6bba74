package compare

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/results"
)

// A Gate is a condition that a run must meet.
type Gate struct {
	Expression string // as written
	Score      bool   // about the run's own value, else about its difference from the base
	Task       string // or a group
	Metric     string // "" for the primary one
	Filter     string // "" for any
	Compare    string // >=, >, <= or <
	Limit      float64
}

var (
	comparison = regexp.MustCompile(`^(.+?)\s*(>=|<=|>|<)\s*(\S+)$`)
	function   = regexp.MustCompile(`^(\w+)\s*\((.*)\)$`)
)

// ParseGate reads an expression: d(TASK)>=-0.02 or TASK>=-0.02 for the
// difference from the base, score(TASK)>=0.3 for the value itself; TASK may be
// a group and may choose a metric as in gsm8k:exact_match,flexible-extract.
func ParseGate(text string) (Gate, error) {
	g := Gate{Expression: strings.TrimSpace(text)}
	m := comparison.FindStringSubmatch(g.Expression)
	if m == nil {
		return g, fmt.Errorf("gate %.80q has no comparison: quote it, as the shell reads > and <: --gate 'd(gsm8k)>=-0.02'", text)
	}
	limit, err := strconv.ParseFloat(m[3], 64)
	if err != nil || math.IsNaN(limit) || math.IsInf(limit, 0) {
		return g, fmt.Errorf("gate %q: %q is not a number: write for example -0.02 for two points", text, m[3])
	}
	g.Compare, g.Limit = m[2], limit
	subject := m[1]
	if f := function.FindStringSubmatch(subject); f != nil {
		switch f[1] {
		case "d":
		case "score":
			g.Score = true
		default:
			return g, fmt.Errorf("gate %q: %s is not known: use d(TASK) or score(TASK)", text, f[1])
		}
		subject = f[2]
	}
	g.Task, g.Metric, _ = strings.Cut(strings.TrimSpace(subject), ":")
	g.Metric, g.Filter, _ = strings.Cut(g.Metric, ",")
	if g.Task == "" || strings.ContainsAny(g.Task, "()<>= \t") {
		return g, fmt.Errorf("gate %q: %q is not a task: write for example d(gsm8k)>=-0.02", text, subject)
	}
	return g, nil
}

// ParseGates reads one expression a line. Empty lines and what follows a # are
// left out.
func ParseGates(r io.Reader) ([]Gate, error) {
	var out []Gate
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		g, err := ParseGate(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, g)
	}
	return out, lines.Err()
}

// choose picks the scores that a gate may mean, the best first.
func (g Gate) choose(scores []results.Score) (results.Score, error) {
	var tasks, metrics []string
	for _, kind := range []string{results.KindTask, results.KindGroup} {
		var found []results.Score
		for _, s := range scores {
			tasks = append(tasks, s.Task)
			if s.Task != g.Task || s.Kind != kind {
				continue
			}
			metrics = append(metrics, s.Metric+","+s.Filter)
			if (g.Metric == "" && s.Primary || g.Metric == s.Metric) && (g.Filter == "" || g.Filter == s.Filter) {
				found = append(found, s)
			}
		}
		if len(found) > 0 {
			slices.SortStableFunc(found, results.Score.Compare) // the primary one first
			return found[0], nil
		}
	}
	if len(metrics) > 0 {
		return results.Score{}, fmt.Errorf("gate %q: %s has the metrics %s", g.Expression, g.Task, strings.Join(metrics, "; "))
	}
	slices.Sort(tasks)
	return results.Score{}, g.CheckTask(slices.Compact(tasks))
}

// CheckTask reports a gate on a task or group that is none of names.
func (g Gate) CheckTask(names []string) error {
	if slices.Contains(names, g.Task) {
		return nil
	}
	return fmt.Errorf("gate %q: %s is none of the tasks and groups here%s", g.Expression, g.Task, nearest.DidYouMean(g.Task, names))
}

// CheckGates reports a gate that no run has a score for.
func CheckGates(gates []Gate, runs ...*Run) error {
	var all []error
	for _, g := range gates {
		var err error
		for _, r := range runs {
			if _, err = g.choose(r.Scores); err == nil {
				break
			}
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}
