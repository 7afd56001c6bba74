package jinja

import (
	"maps"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// export turns interpreter objects into plain Python values: lazy ones become lists, undefined an empty text.
func (it *interp) export(v py.Value) (py.Value, error) {
	if err := it.weigh(v); err != nil {
		return nil, err
	}
	return it.exported(v)
}

func (it *interp) exported(v py.Value) (py.Value, error) {
	switch v := v.(type) {
	case *undefined:
		return "", v.use(it)
	case *generator, *view:
		items, err := it.iterate(v)
		if err != nil {
			return nil, err
		}
		if err := it.weigh(items); err != nil {
			return nil, err
		}
		return it.exportItems(items)
	case *group:
		return it.exported(py.Tuple{v.grouper, v.list})
	case []any:
		return it.exportItems(v)
	case py.Tuple:
		items, err := it.exportItems(v)
		return py.Tuple(items), err
	case *py.Dict:
		d := py.NewDict()
		for k, item := range v.All() {
			item, err := it.exported(item)
			if err != nil {
				return nil, err
			}
			d.Set(k, item)
		}
		return d, nil
	case *namespace, *callable, *loop, *cycler:
		return py.Repr(v), nil
	}
	return v, nil
}

func (it *interp) exportItems(items []py.Value) ([]any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		var err error
		if out[i], err = it.exported(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (it *interp) exportArgs(a Args) (Args, error) {
	var out Args
	for _, v := range a.Pos {
		v, err := it.export(v)
		if err != nil {
			return out, err
		}
		out.Pos = append(out.Pos, v)
	}
	if a.Named.Len() > 0 {
		v, err := it.export(a.Named)
		if err != nil {
			return out, err
		}
		out.Named = v.(*py.Dict)
	}
	return out, nil
}

func wrapFilters(fs map[string]Filter) map[string]filterFunc {
	out := map[string]filterFunc{}
	for name, fn := range maps.All(fs) {
		out[name] = func(it *interp, v py.Value, a Args) (py.Value, error) {
			v, err := it.export(v)
			if err != nil {
				return nil, err
			}
			if a, err = it.exportArgs(a); err != nil {
				return nil, err
			}
			return fn(v, a)
		}
	}
	return out
}

// wrapFunc turns a function of the program into a value; it sees plain Python values only.
func wrapFunc(name string, fn Func) *callable {
	return &callable{name, func(it *interp, a Args) (py.Value, error) {
		a, err := it.exportArgs(a)
		if err != nil {
			return nil, err
		}
		return fn(a)
	}}
}
