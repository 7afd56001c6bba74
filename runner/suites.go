package runner

import (
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
)

// suites are the groups of the job that are shown as tables of their own. A
// group inside of another such group is a part of its table, and groups of one
// title share one.
func (j *Job) suites() []results.Suite {
	var out []results.Suite
	for _, g := range j.Groups {
		if g.Title == "" || j.insideSuite(g) {
			continue
		}
		rows := j.suiteRows(g.Name, true)
		i := slices.IndexFunc(out, func(s results.Suite) bool { return s.Title == g.Title && s.Note == g.Note })
		if i < 0 {
			out = append(out, results.Suite{Title: g.Title, Note: g.Note, Rows: rows})
			continue
		}
		out[i].Rows = append(out[i].Rows, rows...)
	}
	return out
}

func (j *Job) insideSuite(g *tasks.Group) bool {
	return slices.ContainsFunc(j.Groups, func(outer *tasks.Group) bool {
		return slices.Contains(outer.Parts, g.Name) && (outer.Title != "" || j.insideSuite(outer))
	})
}

// suiteRows are the rows of a task or group: its own, or those of its parts
// where it has no value. members says to list what its value is made of.
func (j *Job) suiteRows(name string, members bool) []results.SuiteRow {
	i := slices.IndexFunc(j.Groups, func(g *tasks.Group) bool { return g.Name == name })
	if i < 0 {
		return []results.SuiteRow{{Task: name, Kind: results.KindTask, Label: name}}
	}
	g := j.Groups[i]
	var parts []results.SuiteRow
	if members || !g.HasValue() {
		for _, p := range g.Parts {
			parts = append(parts, j.suiteRows(p, members && !g.HasValue())...)
		}
	}
	if !g.HasValue() {
		return parts
	}
	for i := range parts {
		parts[i].Label = strings.TrimPrefix(parts[i].Label, g.Name+"_")
	}
	return []results.SuiteRow{{Task: g.Name, Kind: results.KindGroup, Label: g.Alias, Members: parts}}
}
