package jinja

import (
	"errors"
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

type dictMethod func(it *interp, d *py.Dict, a Args) (py.Value, error)

// dictMethods has all names that a dict's attributes take away from its keys in obj.name; those that would change
// the dict are refused, since documents are shared.
var dictMethods = map[string]dictMethod{
	"keys": func(_ *interp, d *py.Dict, a Args) (py.Value, error) {
		return &view{"dict_keys", "", d.Keys()}, a.Check()
	},
	"values": func(_ *interp, d *py.Dict, a Args) (py.Value, error) {
		items := make([]py.Value, 0, d.Len())
		for _, v := range d.All() {
			items = append(items, v)
		}
		return &view{"dict_values", "", items}, a.Check()
	},
	"items": func(_ *interp, d *py.Dict, a Args) (py.Value, error) {
		return &view{"dict_items", "", pairs(d)}, a.Check()
	},
	"get":   dictGet,
	"copy":  func(_ *interp, d *py.Dict, a Args) (py.Value, error) { return d.Clone(), a.Check() },
	"clear": refuseChange, "fromkeys": refuseChange, "pop": refuseChange, "popitem": refuseChange,
	"setdefault": refuseChange, "update": refuseChange,
}

func refuseChange(*interp, *py.Dict, Args) (py.Value, error) {
	return nil, errors.New("templates may not change dicts")
}

func pairs(d *py.Dict) []py.Value {
	items := make([]py.Value, 0, d.Len())
	for k, v := range d.All() {
		items = append(items, py.Tuple{k, v})
	}
	return items
}

func dictGet(it *interp, d *py.Dict, a Args) (py.Value, error) {
	if len(a.Pos) == 0 || len(a.Pos) > 2 || a.Named.Len() > 0 {
		return nil, fmt.Errorf("expected 1 or 2 positional arguments, got %d", len(a.Pos))
	}
	v, ok, err := it.item(d, a.Pos[0])
	switch {
	case err != nil:
		return nil, err
	case ok:
		return v, nil
	case len(a.Pos) == 2:
		return a.Pos[1], nil
	}
	return nil, py.Hashable(a.Pos[0])
}

// listMethod returns the methods of lists and tuples that leave them as they are.
func listMethod(obj py.Value, name string) (*callable, bool) {
	items, _ := indexable(obj)
	switch name {
	case "index":
		return &callable{name, func(it *interp, a Args) (py.Value, error) { return listIndex(it, items, a) }}, true
	case "count":
		return &callable{name, func(it *interp, a Args) (py.Value, error) { return listCount(it, items, a) }}, true
	}
	if _, isList := obj.([]any); !isList {
		return nil, false
	}
	if name == "copy" {
		return &callable{name, func(*interp, Args) (py.Value, error) { return slices.Clone(items), nil }}, true
	}
	if listChangers[name] != nil {
		return &callable{name, func(*interp, Args) (py.Value, error) {
			return nil, fmt.Errorf("list.%s works on variables and namespace attributes only", name)
		}}, true
	}
	return nil, false
}

func listIndex(it *interp, items []py.Value, a Args) (py.Value, error) {
	if len(a.Pos) == 0 || len(a.Pos) > 3 {
		return nil, errors.New("index expected 1 to 3 arguments")
	}
	bounds := [3]py.Value{}
	copy(bounds[:2], a.Pos[1:])
	at, err := it.sliceIndices(len(items), bounds)
	if err != nil {
		return nil, err
	}
	for _, i := range at {
		same, err := it.equal(items[i], a.Pos[0])
		if err != nil {
			return nil, err
		}
		if same {
			return int64(i), it.step(i)
		}
	}
	s, err := it.str(a.Pos[0])
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%.40q is not in list", s)
}

func listCount(it *interp, items []py.Value, a Args) (py.Value, error) {
	if len(a.Pos) != 1 {
		return nil, errors.New("count expected 1 argument")
	}
	n := int64(0)
	for _, item := range items {
		same, err := it.equal(item, a.Pos[0])
		if err != nil {
			return nil, err
		}
		if same {
			n++
		}
	}
	return n, it.step(len(items))
}

// listChanger returns the changed list and the method's own result. It may reuse the list's array only if it copies
// first: other values can share it.
type listChanger func(it *interp, items []any, a Args) (changed []any, result py.Value, err error)

var listChangers = map[string]listChanger{
	"append": func(_ *interp, items []any, a Args) ([]any, py.Value, error) {
		if len(a.Pos) != 1 {
			return nil, nil, errors.New("append takes exactly one argument")
		}
		return append(slices.Clone(items), a.Pos[0]), nil, nil
	},
	"extend": func(it *interp, items []any, a Args) ([]any, py.Value, error) {
		if len(a.Pos) != 1 {
			return nil, nil, errors.New("extend takes exactly one argument")
		}
		more, err := it.iterate(a.Pos[0])
		return append(slices.Clone(items), more...), nil, err
	},
	"insert": func(it *interp, items []any, a Args) ([]any, py.Value, error) {
		if len(a.Pos) != 2 {
			return nil, nil, errors.New("insert expected 2 arguments")
		}
		at, err := it.integer(a.Pos[0])
		if at < 0 {
			at = max(at+int64(len(items)), 0)
		}
		at = min(at, int64(len(items)))
		return slices.Insert(slices.Clone(items), int(at), a.Pos[1]), nil, err
	},
	"pop": func(it *interp, items []any, a Args) ([]any, py.Value, error) {
		at := int64(-1)
		if len(a.Pos) > 0 {
			var err error
			if at, err = it.integer(a.Pos[0]); err != nil {
				return nil, nil, err
			}
		}
		if at < 0 {
			at += int64(len(items))
		}
		if at < 0 || at >= int64(len(items)) {
			return nil, nil, errors.New("pop index out of range")
		}
		return slices.Delete(slices.Clone(items), int(at), int(at)+1), items[at], nil
	},
	"remove": func(it *interp, items []any, a Args) ([]any, py.Value, error) {
		at, err := listIndex(it, items, Args{Pos: a.Pos[:min(1, len(a.Pos))]})
		if err != nil {
			return nil, nil, err
		}
		i := int(at.(int64))
		return slices.Delete(slices.Clone(items), i, i+1), nil, nil
	},
	"reverse": func(_ *interp, items []any, _ Args) ([]any, py.Value, error) {
		out := slices.Clone(items)
		slices.Reverse(out)
		return out, nil, nil
	},
	"clear": func(*interp, []any, Args) ([]any, py.Value, error) { return []any{}, nil, nil },
}

// changeList runs x.append(...) and its like when x is a variable or a namespace attribute that holds a list.
func (f *frame) changeList(callee *attrExpr, call *callArgs) (py.Value, bool, error) {
	var items []any
	var store func([]any)
	switch target := callee.object.(type) {
	case *nameExpr:
		items, _ = f.lookup(target.name).([]any)
		store = func(v []any) { f.rebind(target.name, v) }
	case *attrExpr:
		name, ok := target.object.(*nameExpr)
		if !ok {
			return nil, false, nil
		}
		ns, ok := f.lookup(name.name).(*namespace)
		if !ok {
			return nil, false, nil
		}
		v, _ := ns.attrs.Get(target.name)
		items, _ = v.([]any)
		store = func(v []any) { ns.attrs.Set(target.name, v) }
	}
	if items == nil {
		return nil, false, nil
	}
	if f.t.opt.Immutable {
		return nil, true, fmt.Errorf("access to attribute '%s' of 'list' object is unsafe", callee.name)
	}
	args, err := f.evalArgs(call)
	if err != nil {
		return nil, true, err
	}
	if err := f.grow(listItemSize * (len(items) + 1) / 4); err != nil {
		return nil, true, err
	}
	changed, result, err := listChangers[callee.name](f.interp, items, args)
	if err != nil {
		return nil, true, fmt.Errorf("list.%s: %w", callee.name, err)
	}
	store(changed)
	return result, true, nil
}
