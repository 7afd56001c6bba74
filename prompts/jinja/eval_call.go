package jinja

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func (f *frame) evalArgs(a *callArgs) (Args, error) {
	pos, err := f.evalAll(a.pos)
	if err != nil {
		return Args{}, err
	}
	args := Args{Pos: pos}
	if a.star != nil {
		v, err := a.star.eval(f)
		if err != nil {
			return args, err
		}
		more, err := f.iterate(v)
		if err != nil {
			return args, err
		}
		args.Pos = append(args.Pos, more...)
	}
	if len(a.names) == 0 && a.dict == nil {
		return args, nil
	}
	args.Named = py.NewDict()
	for i, name := range a.names {
		v, err := a.named[i].eval(f)
		if err != nil {
			return args, err
		}
		args.Named.Set(name, v)
	}
	if a.dict != nil {
		return args, f.spreadDict(args.Named, a.dict)
	}
	return args, nil
}

// spreadDict adds the items of a **argument.
func (f *frame) spreadDict(named *py.Dict, e expr) error {
	v, err := e.eval(f)
	if err != nil {
		return err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return fmt.Errorf("argument after ** must be a mapping, not %s", typeName(v))
	}
	for k, v := range d.All() {
		if _, ok := k.(string); !ok {
			return fmt.Errorf("keywords must be strings")
		}
		if _, twice := named.Get(k); twice {
			return fmt.Errorf("got multiple values for keyword argument '%s'", k)
		}
		named.Set(k, v)
	}
	return f.step(d.Len())
}

func (it *interp) call(callee py.Value, args Args) (py.Value, error) {
	if err := it.step(1); err != nil {
		return nil, err
	}
	switch c := callee.(type) {
	case *callable:
		return it.made(c.call(it, args))
	case *undefined:
		return nil, c.err()
	}
	return nil, fmt.Errorf("'%s' object is not callable", typeName(callee))
}

// apply runs the filter on a value; filter blocks have one instead of an expression.
func (e *filterExpr) apply(f *frame, v py.Value) (py.Value, error) {
	args, err := f.evalArgs(&e.args)
	if err != nil {
		return nil, err
	}
	if err := f.step(1); err != nil {
		return nil, err
	}
	out, err := f.made(e.fn(f.interp, v, args))
	return out, named("filter "+e.name, err)
}

// named adds to a Python-style message what failed; errors of our own types say so themselves.
func named(what string, err error) error {
	switch err.(type) {
	case nil, *UndefinedError, *LimitError, *RaisedError, *RenderError:
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
