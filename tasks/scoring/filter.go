package scoring

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// A Filter maps what one document's pipeline holds: at first the list of its
// generated texts, one per repeat, later whatever the previous filter left.
type Filter struct {
	Name  string // for messages
	Apply func(item Item, in py.Value) (py.Value, error)
}

// A Pipeline is a named sequence of filters.
type Pipeline struct {
	Name    string
	Filters []Filter
}

// DefaultPipeline keeps the first response, as tasks without filters do.
func DefaultPipeline() Pipeline {
	return Pipeline{Name: NoFilter, Filters: []Filter{{"take_first", takeFirst}}}
}

// Apply runs the generated texts of one document through the filters. The
// result is one text as a rule; it is a list when no filter chooses one.
func (p Pipeline) Apply(item Item, texts []string) (py.Value, error) {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	var v py.Value = list
	for _, f := range p.Filters {
		var err error
		if v, err = f.Apply(item, v); err != nil {
			return nil, fmt.Errorf("filter pipeline %q, %s: %w", p.Name, f.Name, err)
		}
	}
	return v, nil
}

// Texts lists what a pipeline left as texts, lists flattened one level.
func Texts(filtered py.Value) []string {
	list, ok := filtered.([]any)
	if !ok {
		list = []any{filtered}
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = py.Str(v)
	}
	return out
}

// filterMakers is the registry of NewFilter.
func filterMakers() map[string]func(*arguments) (func(Item, py.Value) (py.Value, error), error) {
	return map[string]func(*arguments) (func(Item, py.Value) (py.Value, error), error){
		"regex":              newRegexFilter,
		"regex_pos":          newTagFilter,
		"multi_choice_regex": newChoiceFilter,
		"format_span":        newSpanFilter,
		"remove_whitespace":  plain(perText(func(s string) (string, error) { return py.Strip(s, ""), nil })),
		"lowercase":          plain(perText(func(s string) (string, error) { return py.Lower(s), nil })),
		"uppercase":          plain(perText(func(s string) (string, error) { return py.Upper(s), nil })),
		"map":                newMapFilter,
		"take_first":         plain(takeFirst),
		"take_first_k":       newTakeFirstK,
		"majority_vote":      plain(majorityVote),
	}
}

// classFilters are filters that task files name as Python classes, by the names
// that package tasks gives them.
func classFilters() map[string]func(*arguments) (func(Item, py.Value) (py.Value, error), error) {
	return map[string]func(*arguments) (func(Item, py.Value) (py.Value, error), error){
		"bbh.MultiChoiceRegexFilter": newListedChoice,
		"bbh.MapRegexFilter":         newMappedPattern,
		"bbh.NumberParseRegexFilter": newNumberFilter,
		"bbh.WordSortFilter":         newWordSort,
	}
}

// FilterNames lists the filters that NewFilter knows. The harness's filter
// custom is any Filter built around a Go function.
func FilterNames() []string { return sortedKeys(filterMakers()) }

// NewFilter returns the filter of that name with its keyword arguments from
// the task file; args may be nil.
func NewFilter(name string, args *py.Dict) (Filter, error) {
	maker, ok := filterMakers()[name]
	if !ok {
		maker, ok = classFilters()[name]
	}
	if !ok {
		return Filter{}, unknown("filter", name, FilterNames())
	}
	a := newArguments("filter "+name, args)
	apply, err := maker(a)
	if argErr := a.finish(); argErr != nil {
		err = argErr
	}
	return Filter{Name: name, Apply: apply}, err
}

// plain makes a registry entry of a filter without arguments.
func plain(apply func(Item, py.Value) (py.Value, error)) func(*arguments) (func(Item, py.Value) (py.Value, error), error) {
	return func(*arguments) (func(Item, py.Value) (py.Value, error), error) { return apply, nil }
}

// responses returns the list a filter works on.
func responses(in py.Value) ([]any, error) {
	list, ok := in.([]any)
	if !ok {
		return nil, fmt.Errorf("needs the list of responses but gets %s: put filters that choose one response (take_first) last", py.Repr(in))
	}
	return list, nil
}

// perValue applies f to every response.
func perValue(f func(item Item, v py.Value) (py.Value, error)) func(Item, py.Value) (py.Value, error) {
	return func(item Item, in py.Value) (py.Value, error) {
		list, err := responses(in)
		if err != nil {
			return nil, err
		}
		out := make([]any, len(list))
		for i, v := range list {
			if out[i], err = f(item, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// perText applies f to every response, all of which must be texts.
func perText(f func(string) (string, error)) func(Item, py.Value) (py.Value, error) {
	return perValue(func(_ Item, v py.Value) (py.Value, error) {
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("needs texts, got %s", py.Repr(v))
		}
		return f(s)
	})
}

func takeFirst(_ Item, in py.Value) (py.Value, error) {
	list, err := responses(in)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no response to take")
	}
	return list[0], nil
}

func newTakeFirstK(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	k := a.integer("k", 0)
	if k < 1 {
		return nil, fmt.Errorf("filter take_first_k: argument k is missing or below 1")
	}
	return func(_ Item, in py.Value) (py.Value, error) {
		list, err := responses(in)
		if err != nil {
			return nil, err
		}
		if len(list) < k {
			return nil, fmt.Errorf("takes %d responses of a document that has %d: raise the task's repeats", k, len(list))
		}
		return list[:k:k], nil
	}, nil
}

// majorityVote keeps the most common response, the first seen among equals.
func majorityVote(_ Item, in py.Value) (py.Value, error) {
	list, err := responses(in)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no response to vote with")
	}
	counts := py.NewDict()
	for _, v := range list {
		if err := py.Hashable(v); err != nil {
			return nil, err
		}
		n, _ := counts.Get(v)
		before, _ := n.(int64)
		counts.Set(v, before+1)
	}
	var best py.Value
	var most int64
	for v, n := range counts.All() {
		if n := n.(int64); n > most {
			best, most = v, n
		}
	}
	return []any{best}, nil
}

func newMapFilter(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	table := py.NewDict()
	if v, ok := a.get("mapping_dict"); ok && v != nil {
		if table, ok = v.(*py.Dict); !ok {
			a.fail("mapping_dict", "a mapping", v)
			return nil, nil
		}
	}
	otherwise, _ := a.get("default_value")
	return perValue(func(_ Item, v py.Value) (py.Value, error) {
		if err := py.Hashable(v); err != nil {
			return nil, err
		}
		if to, ok := table.Get(v); ok {
			return to, nil
		}
		return otherwise, nil
	}), nil
}
