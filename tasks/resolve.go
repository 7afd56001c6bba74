package tasks

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Selection is what a list of patterns names.
type Selection struct {
	Tasks  []*Task  // in the order first named, no name twice
	Groups []*Group // every group named or nested in one, outer before inner
}

// Resolve loads the tasks that the patterns name: tasks, groups and tags by
// name, or globs over all three (* ? [...]). Order is kept and repetitions
// are dropped. One task under two different settings, by itself and through a
// group that changes it, is an error: its name could stand for one only.
func (r *Registry) Resolve(patterns []string) (*Selection, error) {
	s := &selector{registry: r, tasks: map[string]*Task{}, groups: map[string]*Group{}, plain: map[string][]string{}}
	for _, p := range patterns {
		names, err := r.Match(p)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if _, err := s.add(name, nil, nil); err != nil {
				return nil, err
			}
		}
	}
	if len(s.out.Tasks) == 0 {
		return nil, fmt.Errorf("%s: selects no task", strings.Join(patterns, ","))
	}
	return &s.out, nil
}

// Match returns the names of tasks, groups and tags that a name or glob stands
// for, sorted.
func (r *Registry) Match(pattern string) ([]string, error) {
	if r.entries[pattern] != nil || r.tags[pattern] != nil {
		return []string{pattern}, nil
	}
	if !strings.ContainsAny(pattern, "*?[") {
		return nil, r.unknown(pattern)
	}
	var out []string
	all := slices.AppendSeq(slices.Collect(maps.Keys(r.entries)), maps.Keys(r.tags))
	for _, name := range all {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, fmt.Errorf("task pattern %s: not a valid glob", quote(pattern))
		}
		if ok {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, &UnknownTaskError{Name: pattern, verb: "matches", hint: listHint}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// selector gathers a selection.
type selector struct {
	registry *Registry
	out      Selection
	tasks    map[string]*Task    // taken
	groups   map[string]*Group   // taken
	plain    map[string][]string // tasks of each name taken without overrides
	steps    int
}

// maxSteps bounds the members visited: groups that name each other twice and
// change settings double per level.
const maxSteps = 50_000

// add takes a name with the overrides of the groups around it, and returns
// the names of the tasks it stands for. within names those groups.
func (s *selector) add(name string, overrides []pair, within []string) ([]string, error) {
	if len(overrides) > 0 {
		return s.expand(name, overrides, within)
	}
	if names, done := s.plain[name]; done {
		return names, nil
	}
	names, err := s.expand(name, nil, within)
	if err == nil {
		s.plain[name] = names
	}
	return names, err
}

func (s *selector) expand(name string, overrides []pair, within []string) ([]string, error) {
	if s.steps++; s.steps > maxSteps {
		return nil, fmt.Errorf("group %s: more than %d members, counted with repetitions", within[0], maxSteps)
	}
	e := s.registry.entries[name]
	switch {
	case e == nil:
		return s.addTag(name, overrides, within)
	case e.group:
		return s.addGroupByName(e, overrides, within)
	}
	t, err := s.registry.loadEntry(e, overrides)
	if err != nil {
		return nil, err
	}
	return s.addTask(t)
}

func (s *selector) addTask(t *Task) ([]string, error) {
	switch taken := s.tasks[t.Name]; {
	case taken == nil:
		s.tasks[t.Name] = t
		s.out.Tasks = append(s.out.Tasks, t)
	case taken.Hash != t.Hash:
		return nil, fmt.Errorf("task %s is selected twice with different settings, by itself or through a group that changes it: run them apart", t.Name)
	}
	return []string{t.Name}, nil
}

func (s *selector) addGroupByName(e *entry, overrides []pair, within []string) ([]string, error) {
	g := s.groups[e.name]
	if g == nil {
		root, err := s.registry.files.load(e.src)
		if err != nil {
			return nil, err
		}
		if g, err = decodeGroup(root, 0); err != nil {
			return nil, err
		}
	}
	return s.addGroup(g, overrides, within)
}

func (s *selector) addTag(name string, overrides []pair, within []string) ([]string, error) {
	members, ok := s.registry.tags[name]
	if !ok {
		return nil, s.registry.unknown(name)
	}
	var out []string
	for _, m := range members {
		names, err := s.add(m, overrides, within)
		if err != nil {
			return nil, err
		}
		out = append(out, names...)
	}
	return out, nil
}

// addGroup takes a group. The group's own overrides give way to those of the
// groups around it, a member's win over both (_build_group_members).
func (s *selector) addGroup(g *Group, outer []pair, within []string) ([]string, error) {
	if slices.Contains(within, g.Name) {
		return nil, fmt.Errorf("%s: group %s contains itself", g.File, g.Name)
	}
	if len(within) >= maxIncludes {
		return nil, fmt.Errorf("%s: groups nest deeper than %d", g.File, maxIncludes)
	}
	if len(g.Members) == 0 {
		return nil, fmt.Errorf("%s: group %s has no members", g.File, g.Name)
	}
	within = append(slices.Clip(within), g.Name)
	if s.groups[g.Name] == nil {
		s.groups[g.Name] = g
		s.out.Groups = append(s.out.Groups, g)
	}
	overrides := update(slices.Clone(g.overrides), outer)
	var out, parts []string
	for _, m := range g.Members {
		names, err := s.addMember(g, m, overrides, within)
		if err != nil {
			return nil, fmt.Errorf("group %s: %w", g.Name, err)
		}
		for _, p := range s.parts(g, m, names) {
			if !slices.Contains(parts, p) {
				parts = append(parts, p)
			}
		}
		for _, n := range names {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	g.Tasks, g.Parts = out, parts
	if !g.MeanOfMembers {
		return out, nil
	}
	for _, p := range parts {
		if inner := s.groups[p]; inner != nil && !inner.HasValue() {
			return nil, fmt.Errorf("%s: group %s is the mean of its members, but its member %s has no value of its own", g.File, g.Name, p)
		}
	}
	return out, nil
}

// parts are what a member counts as in a mean over members: the group it
// names, or each of its tasks.
func (s *selector) parts(g *Group, m Member, tasks []string) []string {
	for _, name := range []string{g.Name + "::" + m.Name, m.Name} {
		if s.groups[name] != nil {
			return []string{name}
		}
	}
	return tasks
}

func (s *selector) addMember(g *Group, m Member, overrides []pair, within []string) ([]string, error) {
	known := s.registry.entries[m.Name] != nil || s.registry.tags[m.Name] != nil
	own := update(slices.Clone(overrides), m.overrides)
	switch {
	case m.Inline != nil && !known:
		inner := *m.Inline
		inner.Name = g.Name + "::" + inner.Name
		return s.addGroup(&inner, overrides, within)
	case known:
		return s.add(m.Name, own, within)
	case m.node.kind != mapNode:
		return nil, m.node.errorf("%v", s.registry.unknown(m.Name))
	}
	// A task that is written in place (the reference names it so).
	root := &node{kind: mapNode, src: m.node.src, line: m.node.line, pairs: own}
	name := &node{value: g.Name + "::" + m.Name, src: m.node.src, line: m.node.line}
	resolved, err := s.registry.files.resolve(root.with([]pair{{key: "task", value: name, line: name.line}}))
	if err != nil {
		return nil, err
	}
	t, err := s.registry.files.task(resolved)
	if err != nil {
		return nil, err
	}
	return s.addTask(t)
}
