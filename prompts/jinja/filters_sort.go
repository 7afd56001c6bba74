package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// ignoreCase lowers text keys.
func ignoreCase(v py.Value) py.Value {
	if s, ok := v.(string); ok {
		return py.Lower(s)
	}
	return v
}

// keyed is an item with its sort or grouping key.
type keyed struct{ key, item py.Value }

// keys computes the key of each item from an attribute, in lower case unless caseSensitive.
func (it *interp) keys(v py.Value, get func(py.Value) (py.Value, error), caseSensitive bool) ([]keyed, error) {
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	out := make([]keyed, len(items))
	for i, item := range items {
		key, err := get(item)
		if err != nil {
			return nil, err
		}
		if !caseSensitive {
			key = ignoreCase(key)
		}
		out[i] = keyed{key, item}
	}
	return out, it.grow(2 * listItemSize * len(out))
}

// sortKeyed sorts stably by key; reversed order keeps equal items in their order too, as in Python.
func (it *interp) sortKeyed(items []keyed, reverse bool) error {
	var failed error
	slices.SortStableFunc(items, func(x, y keyed) int {
		if failed != nil {
			return 0
		}
		if failed = it.step(1); failed != nil {
			return 0
		}
		order, err := it.compare(x.key, y.key)
		if err != nil && err != py.ErrUnordered {
			failed = err
		}
		if reverse {
			return -order
		}
		return order
	})
	return failed
}

func unkey(items []keyed) []any {
	out := make([]any, len(items))
	for i := range items {
		out[i] = items[i].item
	}
	return out
}

func sortFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("reverse", "case_sensitive", "attribute"); err != nil {
		return nil, err
	}
	reverse, err := it.boolArg(a, 0, "reverse", false)
	if err != nil {
		return nil, err
	}
	sensitive, err := it.boolArg(a, 1, "case_sensitive", false)
	if err != nil {
		return nil, err
	}
	get, err := it.multiGetter(a, 2)
	if err != nil {
		return nil, err
	}
	items, err := it.keys(v, get, true)
	if err != nil {
		return nil, err
	}
	if !sensitive {
		for i, k := range items {
			if parts, ok := k.key.([]any); ok && strings.Contains(attributeText(a, 2), ",") {
				for j := range parts {
					parts[j] = ignoreCase(parts[j])
				}
			}
			items[i].key = ignoreCase(k.key)
		}
	}
	err = it.sortKeyed(items, reverse)
	return unkey(items), err
}

func attributeText(a Args, i int) string {
	v, _ := a.Get(i, "attribute")
	s, _ := v.(string)
	return s
}

// multiGetter is attrGetter for sort, where "a,b" means a list of two keys.
func (it *interp) multiGetter(a Args, i int) (func(py.Value) (py.Value, error), error) {
	names := strings.Split(attributeText(a, i), ",")
	if len(names) == 1 {
		return it.attrGetter(a, i, "attribute")
	}
	getters := make([]func(py.Value) (py.Value, error), len(names))
	for j, name := range names {
		var err error
		if getters[j], err = it.attrGetter(Args{Pos: []py.Value{name}}, 0, ""); err != nil {
			return nil, err
		}
	}
	return func(item py.Value) (py.Value, error) {
		key := make([]any, len(getters))
		for j, get := range getters {
			var err error
			if key[j], err = get(item); err != nil {
				return nil, err
			}
		}
		return key, nil
	}, nil
}

// keysByArguments is keys with the arguments case_sensitive and attribute.
func (it *interp) keysByArguments(v py.Value, a Args) ([]keyed, error) {
	sensitive, err := it.boolArg(a, 0, "case_sensitive", false)
	if err != nil {
		return nil, err
	}
	get, err := it.attrGetter(a, 1, "attribute")
	if err != nil {
		return nil, err
	}
	return it.keys(v, get, sensitive)
}

func uniqueFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	items, err := it.keysByArguments(v, a)
	if err != nil {
		return nil, err
	}
	seen := py.NewDict()
	var out []any
	for _, k := range items {
		if err := py.Hashable(k.key); err != nil {
			return nil, err
		}
		if _, ok := seen.Get(k.key); !ok {
			if err := it.setItem(seen, k.key, true); err != nil {
				return nil, err
			}
			out = append(out, k.item)
		}
	}
	return &generator{"unique", out}, nil
}

// extremeFilter is max (sign 1) or min (sign -1); the first of equal items wins, and nothing gives undefined.
func extremeFilter(sign int) filterFunc {
	return func(it *interp, v py.Value, a Args) (py.Value, error) {
		items, err := it.keysByArguments(v, a)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return &undefined{why: "No aggregated item, sequence was empty."}, nil
		}
		best := items[0]
		for _, k := range items[1:] {
			order, err := it.compare(k.key, best.key)
			if err != nil && err != py.ErrUnordered {
				return nil, err
			}
			if order == sign {
				best = k
			}
		}
		return best.item, nil
	}
}

func groupbyFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("attribute", "default", "case_sensitive"); err != nil {
		return nil, err
	}
	base, err := it.attrGetter(a, 0, "attribute")
	if err != nil {
		return nil, err
	}
	get := func(item py.Value) (py.Value, error) {
		key, err := base(item)
		if _, none := key.(*undefined); none {
			if or, ok := a.Get(1, "default"); ok && or != nil {
				return or, nil
			}
		}
		return key, err
	}
	sensitive, err := it.boolArg(a, 2, "case_sensitive", false)
	if err != nil {
		return nil, err
	}
	items, err := it.keys(v, get, sensitive)
	if err != nil {
		return nil, err
	}
	if err := it.sortKeyed(items, false); err != nil {
		return nil, err
	}
	return it.groups(items, get)
}

// groups joins neighbours of equal key; a group is named by the key of its first item in the original case.
func (it *interp) groups(items []keyed, get func(py.Value) (py.Value, error)) (py.Value, error) {
	out := []any{}
	for i := 0; i < len(items); {
		members := []any{}
		first := i
		for ; i < len(items); i++ {
			same, err := it.equal(items[first].key, items[i].key)
			if err != nil {
				return nil, err
			}
			if !same {
				break
			}
			members = append(members, items[i].item)
		}
		name, err := get(members[0])
		if err != nil {
			return nil, err
		}
		out = append(out, &group{name, members})
	}
	return out, nil
}

func dictsortFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("case_sensitive", "by", "reverse"); err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("'%s' object has no attribute 'items'", typeName(v))
	}
	sensitive, err := it.boolArg(a, 0, "case_sensitive", false)
	if err != nil {
		return nil, err
	}
	by, err := it.textArg(a, 1, "by", "key")
	if err != nil {
		return nil, err
	}
	if by != "key" && by != "value" {
		return nil, errors.New(`you can only sort by either "key" or "value"`)
	}
	reverse, err := it.boolArg(a, 2, "reverse", false)
	if err != nil {
		return nil, err
	}
	pick := func(pair py.Value) (py.Value, error) {
		if by == "value" {
			return pair.(py.Tuple)[1], nil
		}
		return pair.(py.Tuple)[0], nil
	}
	items, err := it.keys(any(pairs(d)), pick, sensitive)
	if err != nil {
		return nil, err
	}
	err = it.sortKeyed(items, reverse)
	return unkey(items), err
}
