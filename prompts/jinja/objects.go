package jinja

import (
	"errors"
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// undefined is a missing variable, attribute or item; why says which. A soft one, the value of an inline if without
// else, is lenient in strict mode too: Jinja makes it with its default class.
type undefined struct {
	why  string
	soft bool
}

func (*undefined) TypeName() string { return "Undefined" }
func (*undefined) String() string   { return "Undefined" }
func (u *undefined) err() error     { return &UndefinedError{u.why} }

// use returns an error where strict mode does not allow what lenient mode does.
func (u *undefined) use(it *interp) error {
	if it.t.opt.Strict && !u.soft {
		return u.err()
	}
	return nil
}

// callable is anything a template can call: functions, bound methods and macros.
type callable struct {
	name string
	call func(it *interp, a Args) (py.Value, error)
}

func (*callable) TypeName() string { return "function" }
func (c *callable) String() string { return "<function " + c.name + ">" }

// object is a value with attributes of its own.
type object interface {
	attr(name string) (py.Value, bool)
}

// generator is the lazy result of filters such as map and select: true even when empty, without length, and used up by
// the first iteration, as in Python.
type generator struct {
	name  string
	items []py.Value
}

func (*generator) TypeName() string { return "generator" }
func (g *generator) String() string { return "<generator object " + g.name + ">" }

// view is a range or what dict.keys, dict.values and dict.items return: it has a length and can be iterated again.
type view struct {
	kind  string // "range", "dict_keys", "dict_values", "dict_items"
	text  string // repr of a range
	items []py.Value
}

func (v *view) TypeName() string { return v.kind }

func (v *view) String() string {
	if v.kind == "range" {
		return v.text
	}
	return v.kind + "(" + py.Repr(v.items) + ")"
}

// namespace is the object whose attributes set can assign from inner scopes.
type namespace struct{ attrs *py.Dict }

func (*namespace) TypeName() string                    { return "Namespace" }
func (n *namespace) String() string                    { return "<Namespace>" }
func (n *namespace) attr(name string) (py.Value, bool) { return n.attrs.Get(name) }

// group is one result of groupby: a tuple with names.
type group struct{ grouper, list py.Value }

func (*group) TypeName() string { return "tuple" }
func (g *group) String() string { return py.Repr(py.Tuple{g.grouper, g.list}) }

func (g *group) attr(name string) (py.Value, bool) {
	switch name {
	case "grouper":
		return g.grouper, true
	case "list":
		return g.list, true
	}
	return nil, false
}

// loop is the variable of that name inside for.
type loop struct {
	items   []py.Value
	at      int
	changed []py.Value // arguments of the last loop.changed call
}

func (*loop) TypeName() string { return "LoopContext" }
func (l *loop) String() string { return fmt.Sprintf("<LoopContext %d/%d>", l.at+1, len(l.items)) }

func (l *loop) attr(name string) (py.Value, bool) {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.at + 1), true
	case "index0":
		return int64(l.at), true
	case "revindex":
		return int64(n - l.at), true
	case "revindex0":
		return int64(n - l.at - 1), true
	case "first":
		return l.at == 0, true
	case "last":
		return l.at == n-1, true
	case "length":
		return int64(n), true
	case "depth":
		return int64(1), true
	case "depth0":
		return int64(0), true
	case "previtem":
		if l.at == 0 {
			return &undefined{why: "there is no previous item"}, true
		}
		return l.items[l.at-1], true
	case "nextitem":
		if l.at == n-1 {
			return &undefined{why: "there is no next item"}, true
		}
		return l.items[l.at+1], true
	case "cycle":
		return &callable{"cycle", l.cycle}, true
	case "changed":
		return &callable{"changed", l.hasChanged}, true
	}
	return nil, false
}

func (l *loop) cycle(_ *interp, a Args) (py.Value, error) {
	if len(a.Pos) == 0 {
		return nil, errors.New("no items for cycling given")
	}
	return a.Pos[l.at%len(a.Pos)], nil
}

func (l *loop) hasChanged(it *interp, a Args) (py.Value, error) {
	same := false
	if l.changed != nil {
		var err error
		if same, err = it.equal(l.changed, a.Pos); err != nil {
			return nil, err
		}
	}
	l.changed = append([]py.Value{}, a.Pos...)
	return !same, nil
}

// cycler is the global of that name.
type cycler struct {
	items []py.Value
	at    int
}

func (*cycler) TypeName() string { return "Cycler" }
func (*cycler) String() string   { return "<Cycler>" }

func (c *cycler) attr(name string) (py.Value, bool) {
	switch name {
	case "current":
		return c.items[c.at], true
	case "next":
		return &callable{"next", func(*interp, Args) (py.Value, error) {
			v := c.items[c.at]
			c.at = (c.at + 1) % len(c.items)
			return v, nil
		}}, true
	case "reset":
		return &callable{"reset", func(*interp, Args) (py.Value, error) {
			c.at = 0
			return nil, nil
		}}, true
	}
	return nil, false
}

var builtinGlobals = map[string]func(*interp, Args) (py.Value, error){
	"range": rangeGlobal, "dict": dictGlobal, "namespace": namespaceGlobal, "cycler": cyclerGlobal, "joiner": joinerGlobal,
}

func rangeGlobal(it *interp, a Args) (py.Value, error) {
	if a.Named.Len() > 0 || len(a.Pos) == 0 || len(a.Pos) > 3 {
		return nil, errors.New("range expected 1 to 3 arguments")
	}
	var n [3]int64
	for i, v := range a.Pos {
		var err error
		if n[i], err = it.integer(v); err != nil {
			return nil, err
		}
	}
	start, stop, step := n[0], n[1], n[2]
	switch len(a.Pos) {
	case 1:
		start, stop, step = 0, n[0], 1
	case 2:
		step = 1
	}
	if step == 0 {
		return nil, errors.New("range() arg 3 must not be zero")
	}
	text := fmt.Sprintf("range(%d, %d)", start, stop)
	if step != 1 {
		text = fmt.Sprintf("range(%d, %d, %d)", start, stop, step)
	}
	items := []py.Value{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(items) == maxRange {
			return nil, &LimitError{fmt.Sprintf("range of more than %d items", maxRange)}
		}
		items = append(items, i)
		if step > 0 && i > stop-step || step < 0 && i < stop-step {
			break // the next sum could overflow
		}
	}
	return &view{"range", text, items}, it.grow(listItemSize * len(items))
}

func dictGlobal(it *interp, a Args) (py.Value, error) {
	d := py.NewDict()
	if len(a.Pos) > 1 {
		return nil, errors.New("dict expected at most 1 argument")
	}
	if len(a.Pos) == 1 {
		if src, ok := a.Pos[0].(*py.Dict); ok {
			d = src.Clone()
		} else if err := it.fillDict(d, a.Pos[0]); err != nil {
			return nil, err
		}
	}
	for k, v := range a.Named.All() {
		d.Set(k, v)
	}
	return d, it.grow(2 * listItemSize * d.Len())
}

// fillDict adds the pairs of an iterable.
func (it *interp) fillDict(d *py.Dict, pairs py.Value) error {
	items, err := it.iterate(pairs)
	if err != nil {
		return err
	}
	for _, pair := range items {
		kv, err := it.iterate(pair)
		if err != nil {
			return err
		}
		if len(kv) != 2 {
			return fmt.Errorf("dictionary update sequence element has length %d; 2 is required", len(kv))
		}
		if err := it.setItem(d, kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}

// setItem is d[k] = v with a key from the template.
func (it *interp) setItem(d *py.Dict, k, v py.Value) error {
	if err := it.usable(k); err != nil {
		return err
	}
	if err := it.weigh(k); err != nil {
		return err
	}
	if err := py.Hashable(k); err != nil {
		return err
	}
	d.Set(k, v)
	return nil
}

func namespaceGlobal(it *interp, a Args) (py.Value, error) {
	v, err := dictGlobal(it, a)
	if err != nil {
		return nil, err
	}
	return &namespace{v.(*py.Dict)}, nil
}

func cyclerGlobal(_ *interp, a Args) (py.Value, error) {
	if len(a.Pos) == 0 {
		return nil, errors.New("at least one item has to be provided")
	}
	return &cycler{items: slices.Clone(a.Pos)}, nil
}

func joinerGlobal(it *interp, a Args) (py.Value, error) {
	if err := a.Check("sep"); err != nil {
		return nil, err
	}
	sep, err := it.textArg(a, 0, "sep", ", ")
	if err != nil {
		return nil, err
	}
	used := false
	return &callable{"joiner", func(*interp, Args) (py.Value, error) {
		if !used {
			used = true
			return "", nil
		}
		return sep, nil
	}}, nil
}
