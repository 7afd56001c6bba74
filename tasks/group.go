package tasks

import (
	"maps"
	"slices"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// Group is a suite of tasks with values of its own.
type Group struct {
	Name, Alias string
	Version     string // metadata.version as Python prints it, "" without one
	File        string
	Builtin     bool
	Primary     string // metadata.primary, "metric,filter", or ""
	Members     []Member
	Aggregates  []Aggregate // empty: the group only collects tasks
	Metadata    *py.Dict    // never nil

	// MeanOfMembers (metadata.mean_of_members, an extension of ours): the
	// group's value is the plain mean of its members' primary values, a
	// group among them counting once.
	MeanOfMembers bool

	// Title (metadata.table_title, of ours): the group is shown as a table of
	// its own, a row for each part that has a value. Note (table_note) stands
	// under it.
	Title, Note string

	// Tasks are the names of all tasks below the group, in order, each
	// once. Only Resolve fills it.
	Tasks []string
	// Parts are the names of the direct members, tags as their tasks: tasks
	// and groups. Only Resolve fills it.
	Parts []string

	overrides []pair // keys that are no group keys hold for every member
}

// Member is one entry of a group's task list: a task, group or tag by name,
// or a group written in place. Both may change keys of the tasks below.
type Member struct {
	Name   string
	Inline *Group // a group that is written in place, else nil

	overrides []pair
	node      *node
}

// HasValue reports whether the group has a value of its own.
func (g *Group) HasValue() bool { return g.MeanOfMembers || len(g.Aggregates) > 0 }

// Aggregate says how a group value is made of its tasks' values.
type Aggregate struct {
	Metric       string
	Aggregation  string // "mean"
	WeightBySize bool
	Filters      []string // nil: every filter the tasks have
}

// groupSetter reads one key of a group file (GroupConfig in the reference).
type groupSetter func(g *Group, n *node) error

var groupKeys = map[string]groupSetter{
	"group":       func(g *Group, n *node) (err error) { g.Name, err = n.text(); return err },
	"group_alias": func(g *Group, n *node) (err error) { g.Alias, err = n.text(); return err },
	"metadata":    groupMetadata,
	"aggregate_metric_list": func(g *Group, n *node) error {
		items := n.items
		if n.kind != listNode {
			items = []*node{n}
		}
		for _, item := range items {
			a, err := aggregate(item)
			if err != nil {
				return err
			}
			g.Aggregates = append(g.Aggregates, a)
		}
		return nil
	},
}

// decodeGroup reads a group and the groups written inside it. What is neither
// a key of groups nor of tasks is an error.
func decodeGroup(root *node, depth int) (*Group, error) {
	g := &Group{File: root.src.name, Builtin: root.src.builtin, Metadata: py.NewDict()}
	if depth > maxIncludes {
		return nil, root.errorf("groups nest deeper than %d", maxIncludes)
	}
	for _, p := range root.pairs {
		key, _ := p.key.(string)
		switch set := groupKeys[key]; {
		case key == "task":
			if err := g.members(p.value, depth); err != nil {
				return nil, inKey(key, err)
			}
		case set != nil:
			if p.value.isNull() {
				continue
			}
			if err := set(g, p.value); err != nil {
				return nil, inKey(key, err)
			}
		case key == "tag" || key == "task_list":
		case taskKeys[key] != nil:
			g.overrides = append(g.overrides, p)
		default:
			known := slices.AppendSeq(slices.Collect(maps.Keys(groupKeys)), maps.Keys(taskKeys))
			return nil, lineError(p.value.src, p.line, "unknown key %s%s", keyName(p.key), nearest.DidYouMean(keyName(p.key), known))
		}
	}
	if g.Name == "" {
		return nil, root.errorf("the group has no name")
	}
	if g.MeanOfMembers && len(g.Aggregates) > 0 {
		return nil, root.errorf("group %s: metadata.mean_of_members and aggregate_metric_list exclude each other", g.Name)
	}
	if g.Alias == "" {
		g.Alias = g.Name
	}
	return g, nil
}

func (g *Group) members(n *node, depth int) error {
	items := n.items
	if n.kind != listNode {
		items = []*node{n}
	}
	for _, item := range items {
		m, err := decodeMember(item, depth)
		if err != nil {
			return err
		}
		g.Members = append(g.Members, m)
	}
	return nil
}

func decodeMember(n *node, depth int) (Member, error) {
	m := Member{node: n}
	if n.kind != mapNode {
		name, err := n.text()
		m.Name = name
		return m, err
	}
	key := "task"
	if !n.get("group").isNull() {
		key = "group"
	} else if n.get("task").isNull() {
		return m, n.errorf("a member needs the key task or group")
	}
	var err error
	if m.Name, err = n.get(key).text(); err != nil {
		return m, inKey(key, err)
	}
	m.overrides = n.without("group", "task")
	if key == "group" && n.get("task") != nil {
		m.Inline, err = decodeGroup(n, depth+1)
	}
	return m, err
}

func groupMetadata(g *Group, n *node) error {
	if n.kind != mapNode {
		return nil
	}
	m, err := n.dict()
	if err != nil {
		return err
	}
	g.Metadata = m
	if v, ok := m.Get("version"); ok && v != nil {
		g.Version = py.Str(v)
	}
	for _, text := range []struct {
		key string
		to  *string
	}{{"primary", &g.Primary}, {"table_title", &g.Title}, {"table_note", &g.Note}} {
		if p := n.get(text.key); !p.isNull() {
			if *text.to, err = p.text(); err != nil {
				return inKey(text.key, err)
			}
		}
	}
	if p := n.get("mean_of_members"); !p.isNull() {
		if g.MeanOfMembers, err = p.boolean(); err != nil {
			return inKey("mean_of_members", err)
		}
	}
	return nil
}

func aggregate(n *node) (Aggregate, error) {
	a := Aggregate{Aggregation: "mean", WeightBySize: true}
	if err := n.want(mapNode, "a mapping with the key metric"); err != nil {
		return a, err
	}
	for _, p := range n.pairs {
		if p.value.isNull() {
			continue
		}
		var err error
		switch p.key {
		case "metric":
			a.Metric, err = p.value.text()
		case "aggregation":
			if a.Aggregation, err = p.value.text(); err == nil && a.Aggregation != "mean" {
				err = p.value.errorf("%s: mean is the only aggregation of groups", quote(a.Aggregation))
			}
		case "weight_by_size":
			a.WeightBySize, err = p.value.boolean()
		case "filter_list":
			a.Filters, err = p.value.texts()
		default:
			known := []string{"metric", "aggregation", "weight_by_size", "filter_list"}
			err = lineError(p.value.src, p.line, "unknown key%s", nearest.DidYouMean(keyName(p.key), known))
		}
		if err != nil {
			return a, inKey(keyName(p.key), err)
		}
	}
	if a.Metric == "" {
		return a, n.errorf("the key metric is missing")
	}
	return a, nil
}
