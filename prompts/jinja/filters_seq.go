package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// attrGetter returns what the attribute argument of many filters means: a path such as "a.0.b" looked up with
// getItem. A nil getter leaves items as they are.
func (it *interp) attrGetter(a Args, i int, name string) (func(py.Value) (py.Value, error), error) {
	v, ok := a.Get(i, name)
	if !ok || v == nil {
		return func(v py.Value) (py.Value, error) { return v, nil }, nil
	}
	var path []py.Value
	switch v := v.(type) {
	case int64:
		path = []py.Value{v}
	case string:
		for _, part := range strings.Split(v, ".") {
			if n, err := strconv.ParseInt(part, 10, 64); err == nil && py.IsDigit(part) {
				path = append(path, n)
			} else {
				path = append(path, part)
			}
		}
	default:
		return nil, fmt.Errorf("attribute must be str or int, not %s", typeName(v))
	}
	return func(item py.Value) (py.Value, error) {
		for _, part := range path {
			var err error
			if item, err = it.getItem(item, part); err != nil {
				return nil, err
			}
		}
		return item, nil
	}, nil
}

func batchFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	n, err := it.intArg(a, 0, "linecount", 0)
	if err != nil {
		return nil, err
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, errors.New("linecount must be positive")
	}
	var out []any
	for chunk := range slices.Chunk(items, n) {
		row := slices.Clone(chunk)
		if fill, ok := a.Get(1, "fill_with"); ok && fill != nil {
			if err := it.grow(listItemSize * n); err != nil {
				return nil, err
			}
			for len(row) < n {
				row = append(row, fill)
			}
		}
		out = append(out, row)
	}
	return &generator{"do_batch", out}, nil
}

func sliceFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	n, err := it.intArg(a, 0, "slices", 0)
	if err != nil {
		return nil, err
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, errors.New("integer division or modulo by zero")
	}
	if err := it.grow(listItemSize * n); err != nil {
		return nil, err
	}
	fill, hasFill := a.Get(1, "fill_with")
	per, extra := len(items)/n, len(items)%n
	out := []any{}
	for i, at := 0, 0; i < n; i++ {
		size := per
		if i < extra {
			size++
		}
		row := slices.Clone(items[at : at+size])
		at += size
		if hasFill && fill != nil && i >= extra {
			row = append(row, fill)
		}
		out = append(out, append([]any{}, row...))
	}
	return &generator{"sync_do_slice", out}, nil
}

func firstFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if g, ok := v.(*generator); ok && len(g.items) > 0 {
		first := g.items[0]
		g.items = g.items[1:]
		return first, nil
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return &undefined{why: "No first item, sequence was empty."}, nil
	}
	return items[0], a.Check()
}

func lastFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if _, ok := v.(*generator); ok {
		return nil, errors.New("'generator' object is not reversible")
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return &undefined{why: "No last item, sequence was empty."}, nil
	}
	return items[len(items)-1], a.Check()
}

func listFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	items, err := it.iterate(v)
	return append([]any{}, items...), errors.Join(err, a.Check())
}

func reverseFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if _, ok := v.(*generator); ok {
		v, _ = listFilter(it, v, a)
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(items)
	slices.Reverse(out)
	if _, isText := v.(string); isText {
		var b strings.Builder
		for _, c := range out {
			b.WriteString(c.(string))
		}
		return b.String(), nil
	}
	return &generator{"reversed", out}, a.Check()
}

func itemsFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	switch v := v.(type) {
	case *undefined:
		return &generator{name: "do_items"}, a.Check()
	case *py.Dict:
		return &generator{"do_items", pairs(v)}, a.Check()
	}
	return nil, errors.New("can only get item pairs from a mapping")
}

func joinFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("d", "attribute"); err != nil {
		return nil, err
	}
	sep := ""
	if d, ok := a.Get(0, "d"); ok {
		var err error
		if sep, err = it.str(d); err != nil {
			return nil, err
		}
	}
	get, err := it.attrGetter(a, 1, "attribute")
	if err != nil {
		return nil, err
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if item, err = get(item); err != nil {
			return nil, err
		}
		if texts[i], err = it.str(item); err != nil {
			return nil, err
		}
	}
	return it.joined(sep, texts)
}

func sumFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("attribute", "start"); err != nil {
		return nil, err
	}
	get, err := it.attrGetter(a, 0, "attribute")
	if err != nil {
		return nil, err
	}
	total, ok := a.Get(1, "start")
	if !ok {
		total = int64(0)
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	if _, isText := total.(string); isText {
		return nil, errors.New("sum() can't sum strings [use ''.join(seq) instead]")
	}
	for _, item := range items {
		if item, err = get(item); err != nil {
			return nil, err
		}
		if total, err = it.made(it.binary("+", total, item)); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// mapFilter applies a filter by name, or looks up an attribute, with an optional default.
func mapFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if some, err := it.truth(v); err != nil || !some {
		return &generator{name: "sync_do_map"}, err // Jinja does not look at the arguments then
	}
	items, err := it.iterate(v)
	if err != nil {
		return nil, err
	}
	apply, err := it.mapped(a)
	if err != nil {
		return nil, err
	}
	out := make([]py.Value, len(items))
	for i, item := range items {
		if out[i], err = it.made(apply(item)); err != nil {
			return nil, err
		}
	}
	return &generator{"sync_do_map", out}, nil
}

func (it *interp) mapped(a Args) (func(py.Value) (py.Value, error), error) {
	if _, ok := a.Named.Get("attribute"); ok && len(a.Pos) == 0 {
		if err := (Args{Named: a.Named}).Check("attribute", "default"); err != nil {
			return nil, err
		}
		get, err := it.attrGetter(a, 0, "attribute")
		or, hasDefault := a.Named.Get("default")
		return func(item py.Value) (py.Value, error) {
			got, err := get(item)
			if _, none := got.(*undefined); none && hasDefault && err == nil {
				return or, nil
			}
			return got, err
		}, err
	}
	if len(a.Pos) == 0 {
		return nil, errors.New("map requires a filter argument")
	}
	name, ok := a.Pos[0].(string)
	if !ok {
		return nil, fmt.Errorf("filter name must be str, not %s", typeName(a.Pos[0]))
	}
	fn := it.t.filters[name]
	if fn == nil {
		return nil, fmt.Errorf("no filter named '%s'", name)
	}
	rest := Args{a.Pos[1:], a.Named}
	return func(item py.Value) (py.Value, error) { return fn(it, item, rest) }, nil
}

// selectFilter is select, reject, selectattr or rejectattr: a test by name, truth without one.
func selectFilter(keep, byAttr bool) filterFunc {
	return func(it *interp, v py.Value, a Args) (py.Value, error) {
		if some, err := it.truth(v); err != nil || !some {
			return &generator{name: "select_or_reject"}, err
		}
		get := func(item py.Value) (py.Value, error) { return item, nil }
		if byAttr {
			if len(a.Pos) == 0 {
				return nil, errors.New("missing parameter for attribute name")
			}
			var err error
			if get, err = it.attrGetter(a, 0, "attribute"); err != nil {
				return nil, err
			}
			a.Pos = a.Pos[1:]
		}
		check, err := it.selector(a)
		if err != nil {
			return nil, err
		}
		items, err := it.iterate(v)
		if err != nil {
			return nil, err
		}
		var out []py.Value
		for _, item := range items {
			got, err := get(item)
			if err != nil {
				return nil, err
			}
			yes, err := check(got)
			if err != nil {
				return nil, err
			}
			if yes == keep {
				out = append(out, item)
			}
		}
		return &generator{"select_or_reject", out}, it.step(len(items))
	}
}

func (it *interp) selector(a Args) (func(py.Value) (bool, error), error) {
	if len(a.Pos) == 0 {
		return it.truth, nil
	}
	name, _ := a.Pos[0].(string)
	fn := it.t.tests[name]
	if fn == nil {
		return nil, fmt.Errorf("no test named '%s'", name)
	}
	rest := Args{a.Pos[1:], a.Named}
	return func(v py.Value) (bool, error) { return fn(it, v, rest) }, nil
}

// tojsonFilter is Jinja's tojson: json.dumps with sorted keys, ASCII only, and HTML-unsafe characters escaped.
func tojsonFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	v, indent, err := it.jsonArgs(v, a)
	if err != nil {
		return nil, err
	}
	s := asciiJSON(py.JSON(sortKeys(v), indent))
	return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(s), nil
}
