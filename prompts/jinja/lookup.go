package jinja

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// getAttr is Jinja's obj.name: the attribute, else the item of that name, else undefined.
func (it *interp) getAttr(obj py.Value, name string) (py.Value, error) {
	if err := it.step(1); err != nil {
		return nil, err
	}
	if v, ok, err := it.attribute(obj, name); ok || err != nil {
		return v, err
	}
	if d, ok := obj.(*py.Dict); ok {
		if v, ok := d.Get(name); ok {
			return v, nil
		}
	}
	return missing(obj, name), nil
}

// getItem is Jinja's obj[index]: the item, else the attribute if index is text, else undefined.
func (it *interp) getItem(obj, index py.Value) (py.Value, error) {
	if err := it.step(1); err != nil {
		return nil, err
	}
	if u, ok := obj.(*undefined); ok {
		return nil, u.err()
	}
	v, ok, err := it.item(obj, index)
	if ok || err != nil {
		return v, err
	}
	if name, ok := index.(string); ok {
		if v, ok, err := it.attribute(obj, name); ok || err != nil {
			return v, err
		}
	}
	return missing(obj, index), nil
}

func missing(obj, key py.Value) *undefined {
	what := typeName(obj) + " object"
	if obj == nil {
		what = "None"
	}
	if name, ok := key.(string); ok {
		return &undefined{why: fmt.Sprintf("'%s' has no attribute '%s'", what, name)}
	}
	return &undefined{why: fmt.Sprintf("%s has no element %.40s", what, py.Str(key))}
}

// attribute finds methods and the attributes of interpreter objects.
func (it *interp) attribute(obj py.Value, name string) (py.Value, bool, error) {
	switch o := obj.(type) {
	case *undefined:
		return nil, false, o.err()
	case object:
		v, ok := o.attr(name)
		return v, ok, nil
	}
	m, ok := method(obj, name)
	if !ok {
		return nil, false, nil
	}
	return m, true, nil
}

// item finds obj[index]; a wrong type or range is not an error but undefined in Jinja.
func (it *interp) item(obj, index py.Value) (py.Value, bool, error) {
	switch o := obj.(type) {
	case *py.Dict:
		if err := it.usable(index); err != nil {
			return nil, false, err
		}
		if err := it.weigh(index); err != nil {
			return nil, false, err
		}
		v, ok := o.Get(index)
		return v, ok, nil
	case string:
		i, ok := position(index)
		if !ok {
			return nil, false, nil
		}
		runes := []rune(o)
		if err := it.step(len(runes) / 1024); err != nil {
			return nil, false, err
		}
		if i < 0 {
			i += int64(len(runes))
		}
		if i < 0 || i >= int64(len(runes)) {
			return nil, false, nil
		}
		return string(runes[i]), true, nil
	}
	items, ok := indexable(obj)
	if !ok {
		return nil, false, nil
	}
	i, ok := position(index)
	if i < 0 {
		i += int64(len(items))
	}
	if !ok || i < 0 || i >= int64(len(items)) {
		return nil, false, nil
	}
	return items[i], true, nil
}

// position reads an index; bools count as 0 and 1, as in Python.
func position(v py.Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// indexable returns the items of a sequence other than str.
func indexable(v py.Value) ([]py.Value, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case py.Tuple:
		return v, true
	case *group:
		return []py.Value{v.grouper, v.list}, true
	case *view:
		return v.items, v.kind == "range"
	}
	return nil, false
}

func (e *sliceExpr) eval(f *frame) (py.Value, error) {
	obj, err := e.object.eval(f)
	if err != nil {
		return nil, err
	}
	var bounds [3]py.Value
	for i, part := range []expr{e.start, e.stop, e.step} {
		if part == nil {
			continue
		}
		if bounds[i], err = part.eval(f); err != nil {
			return nil, err
		}
	}
	if u, ok := obj.(*undefined); ok {
		return nil, u.err()
	}
	return f.made(f.slice(obj, bounds))
}

// slice is obj[start:stop:step]; nil bounds are left out.
func (it *interp) slice(obj py.Value, bounds [3]py.Value) (py.Value, error) {
	if s, ok := obj.(string); ok {
		runes := []rune(s)
		if err := it.step(len(runes) / 256); err != nil {
			return nil, err
		}
		at, err := it.sliceIndices(len(runes), bounds)
		if err != nil {
			return nil, err
		}
		out := make([]rune, len(at))
		for i, j := range at {
			out[i] = runes[j]
		}
		return string(out), nil
	}
	items, ok := indexable(obj)
	if !ok {
		return missing(obj, "slice"), nil
	}
	at, err := it.sliceIndices(len(items), bounds)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(at))
	for i, j := range at {
		out[i] = items[j]
	}
	switch v := obj.(type) {
	case py.Tuple, *group:
		return py.Tuple(out), nil
	case *view:
		return &view{v.kind, py.Repr(out), out}, nil
	}
	return out, nil
}

// sliceIndices lists the positions of a slice over n items: PySlice_AdjustIndices of CPython.
func (it *interp) sliceIndices(n int, bounds [3]py.Value) ([]int, error) {
	step, err := it.sliceBound(bounds[2], 1)
	if err != nil {
		return nil, err
	}
	if step == 0 {
		return nil, fmt.Errorf("slice step cannot be zero")
	}
	low, high := 0, n // where bounds are clipped to
	if step < 0 {
		low, high = -1, n-1
	}
	from, to := low, high
	if step < 0 {
		from, to = high, low
	}
	for i, bound := range []*int{&from, &to} {
		if bounds[i] == nil {
			continue
		}
		v, err := it.sliceBound(bounds[i], 0)
		if err != nil {
			return nil, err
		}
		if v < 0 {
			v += n
		}
		*bound = min(max(v, low), high)
	}
	var at []int
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		at = append(at, i)
	}
	return at, nil
}

func (it *interp) sliceBound(v py.Value, or int) (int, error) {
	if v == nil {
		return or, nil
	}
	n, ok := position(v)
	if !ok {
		if u, isUndefined := v.(*undefined); isUndefined {
			return 0, u.err()
		}
		return 0, fmt.Errorf("slice indices must be integers or None")
	}
	return int(max(min(n, 1<<31), -1<<31)), nil
}
