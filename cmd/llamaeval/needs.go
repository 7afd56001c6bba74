package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A need is a split with the tasks that read it.
type need struct {
	runner.Need
	tasks []string
}

func (n need) row(c *cli.Context, s *dataset.Store) (splitRow, error) {
	e, err := s.At(c.Context, n.Ref, n.Split)
	if err != nil {
		err = fmt.Errorf("task %s: %w", n.tasks[0], err)
	}
	return newSplitRow(e, n.tasks), err
}

// needsOf lists the splits that the named tasks, groups and globs read, each
// once; without names those of all there is. Unlike in a run, a task may be
// meant in several settings: each asks for its own data.
func needsOf(c *cli.Context, patterns []string) ([]need, error) {
	r, err := registry(c)
	if err != nil {
		return nil, err
	}
	names, err := namesOf(r, patterns)
	if err != nil {
		return nil, err
	}
	list := needList{index: map[string]int{}}
	left := 0
	for _, name := range names {
		selection, err := r.Resolve([]string{name})
		if err == nil {
			err = list.add(selection.Tasks)
		}
		if err != nil && len(patterns) > 0 {
			return nil, unknownName(err)
		}
		if err != nil { // one of all there is
			left++
		}
	}
	if left > 0 {
		notice(c)(fmt.Sprintf("warning: %d of %d tasks and groups cannot be loaded and are left out: name one to see why", left, len(names)))
	}
	return list.needs, nil
}

func namesOf(r *tasks.Registry, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		listed, names := r.List()
		for _, l := range listed {
			names = append(names, l.Task)
		}
		slices.Sort(names)
		return names, nil
	}
	var names []string
	for _, p := range patterns {
		matched, err := r.Match(p)
		if err != nil {
			return nil, unknownName(err)
		}
		names = append(names, matched...)
	}
	return names, nil
}

// A needList gathers needs, equal ones once.
type needList struct {
	needs []need
	index map[string]int
}

func (l *needList) add(list []*tasks.Task) error {
	for _, t := range list {
		needs, err := runner.Needs(t)
		if err != nil {
			return err
		}
		for _, n := range needs {
			key := strings.Join([]string{n.Ref.Path, n.Ref.Config, n.Split}, "\x00")
			if n.Ref.Kwargs != nil && n.Ref.Kwargs.Len() > 0 { // files of the task's own
				key += "\x00" + n.Ref.Dir + "\x00" + py.Repr(n.Ref.Kwargs)
			}
			i, known := l.index[key]
			if !known {
				i = len(l.needs)
				l.index[key], l.needs = i, append(l.needs, need{Need: n})
			}
			l.needs[i].Optional = l.needs[i].Optional && n.Optional
			if !slices.Contains(l.needs[i].tasks, t.Name) {
				l.needs[i].tasks = append(l.needs[i].tasks, t.Name)
			}
		}
	}
	return nil
}
