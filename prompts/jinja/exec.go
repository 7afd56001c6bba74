package jinja

import (
	"errors"
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// signal says how a statement ended.
type signal int

const (
	proceed signal = iota
	breakLoop
	continueLoop
)

func execAll(f *frame, nodes []node) (signal, error) {
	for _, n := range nodes {
		if sig, err := n.exec(f); err != nil || sig != proceed {
			return sig, err
		}
	}
	return proceed, nil
}

// capture runs nodes in an inner scope and returns what they print.
func (f *frame) capture(nodes []node) (string, signal, error) {
	g := f.inner()
	g.out = &strings.Builder{}
	sig, err := execAll(g, nodes)
	return g.out.String(), sig, err
}

func (n *textNode) exec(f *frame) (signal, error) {
	if err := f.step(1); err != nil {
		return proceed, f.at(n.line, err)
	}
	return proceed, f.at(n.line, f.print(n.text))
}

func (n *outputNode) exec(f *frame) (signal, error) {
	v, err := n.value.eval(f)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	s, err := f.str(v)
	if err == nil {
		err = f.print(s)
	}
	return proceed, f.at(n.line, err)
}

func (n *ifNode) exec(f *frame) (signal, error) {
	for i, cond := range n.conds {
		v, err := cond.eval(f)
		if err != nil {
			return proceed, f.at(n.line, err)
		}
		yes, err := f.truth(v)
		if err != nil {
			return proceed, f.at(n.line, err)
		}
		if yes {
			return execAll(f, n.then[i])
		}
	}
	return execAll(f, n.other)
}

func (n *forNode) exec(f *frame) (signal, error) {
	v, err := n.iter.eval(f)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	items, err := f.iterate(v)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	if n.filter != nil {
		if items, err = n.keep(f, items); err != nil {
			return proceed, f.at(n.line, err)
		}
	}
	l := &loop{items: items}
	for i, item := range items {
		if err := f.step(1); err != nil {
			return proceed, f.at(n.line, err)
		}
		l.at = i
		g := f.inner()
		g.set("loop", l)
		if err := g.assign(&n.target, item); err != nil {
			return proceed, f.at(n.line, err)
		}
		sig, err := execAll(g, n.body)
		if err != nil {
			return proceed, err
		}
		if sig == breakLoop {
			return proceed, nil
		}
	}
	if len(items) == 0 {
		return execAll(f.inner(), n.other)
	}
	return proceed, nil
}

// keep returns the items for which the loop's if holds.
func (n *forNode) keep(f *frame, items []py.Value) ([]py.Value, error) {
	var kept []py.Value
	for _, item := range items {
		g := f.inner()
		if err := g.assign(&n.target, item); err != nil {
			return nil, err
		}
		v, err := n.filter.eval(g)
		if err != nil {
			return nil, err
		}
		yes, err := g.truth(v)
		if err != nil {
			return nil, err
		}
		if yes {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// assign binds a target in the current scope, unpacking as Python does.
func (f *frame) assign(t *target, v py.Value) error {
	switch {
	case t.items != nil:
		return f.unpack(t, v)
	case t.attr == "":
		f.set(t.name, v)
		return nil
	}
	ns, ok := f.lookup(t.name).(*namespace)
	if !ok {
		return errors.New("cannot assign attribute on non-namespace object")
	}
	ns.attrs.Set(t.attr, v)
	return nil
}

func (f *frame) unpack(t *target, v py.Value) error {
	items, err := f.iterate(v)
	switch {
	case err != nil:
		return err
	case len(items) > len(t.items):
		return fmt.Errorf("too many values to unpack (expected %d)", len(t.items))
	case len(items) < len(t.items):
		return fmt.Errorf("not enough values to unpack (expected %d, got %d)", len(t.items), len(items))
	}
	for i := range t.items {
		if err := f.assign(&t.items[i], items[i]); err != nil {
			return err
		}
	}
	return nil
}

func (n *setNode) exec(f *frame) (signal, error) {
	v, err := n.value.eval(f)
	if err == nil {
		err = f.assign(&n.target, v)
	}
	return proceed, f.at(n.line, err)
}

func (n *setBlockNode) exec(f *frame) (signal, error) {
	v, err := f.filtered(n.filters, n.body)
	if err == nil {
		err = f.assign(&n.target, v)
	}
	return proceed, f.at(n.line, err)
}

// filtered renders body and sends the text through filters.
func (f *frame) filtered(filters []*filterExpr, body []node) (py.Value, error) {
	text, _, err := f.capture(body)
	if err != nil {
		return nil, err
	}
	var v py.Value = text
	for _, filter := range filters {
		if v, err = filter.apply(f, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (n *filterNode) exec(f *frame) (signal, error) {
	v, err := f.filtered(n.filters, n.body)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	s, err := f.str(v)
	if err == nil {
		err = f.print(s)
	}
	return proceed, f.at(n.line, err)
}

func (n *withNode) exec(f *frame) (signal, error) {
	values, err := f.evalAll(n.values)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	g := f.inner()
	for i := range n.targets {
		if err := g.assign(&n.targets[i], values[i]); err != nil {
			return proceed, f.at(n.line, err)
		}
	}
	return execAll(g, n.body)
}

func (n *scopeNode) exec(f *frame) (signal, error) { return execAll(f.inner(), n.body) }

func (n *doNode) exec(f *frame) (signal, error) {
	_, err := n.value.eval(f)
	return proceed, f.at(n.line, err)
}

func (n *jumpNode) exec(*frame) (signal, error) { return n.signal, nil }

func (n *macroNode) exec(f *frame) (signal, error) {
	f.set(n.macro.name, f.macro(n.macro))
	return proceed, nil
}

// macro returns a callable that renders def in the scope where it was defined.
func (f *frame) macro(def *macroDef) *callable {
	home := *f
	return &callable{def.name, func(_ *interp, a Args) (py.Value, error) {
		if home.depth++; home.depth > maxDepth {
			return nil, &LimitError{fmt.Sprintf("macro '%s': more than %d nested calls", def.name, maxDepth)}
		}
		defer func() { home.depth-- }()
		g := home.inner()
		if err := g.bind(def, a); err != nil {
			return nil, err
		}
		text, _, err := g.capture(def.body)
		return text, err
	}}
}

// bind sets the parameters of a macro from the arguments of a call.
func (f *frame) bind(def *macroDef, a Args) error {
	named := a.Named.Clone()
	for i, param := range def.params {
		v, ok := py.Value(nil), i < len(a.Pos)
		if ok {
			v = a.Pos[i]
		} else if v, ok = named.Get(param); ok {
			named.Delete(param)
		}
		if !ok {
			var err error
			if v, err = f.missing(def, i); err != nil {
				return err
			}
		}
		f.set(param, v)
	}
	return f.bindRest(def, a, named)
}

// missing is the value of parameter i when the call has none: its default or undefined.
func (f *frame) missing(def *macroDef, i int) (py.Value, error) {
	if d := i - (len(def.params) - len(def.defaults)); d >= 0 {
		return def.defaults[d].eval(f)
	}
	return &undefined{why: fmt.Sprintf("parameter '%s' was not provided", def.params[i])}, nil
}

// bindRest sets caller, varargs and kwargs where the macro mentions them, and refuses other surplus arguments.
func (f *frame) bindRest(def *macroDef, a Args, named *py.Dict) error {
	if caller, ok := named.Get("caller"); ok && def.usesCaller {
		f.set("caller", caller)
		named.Delete("caller")
	} else if def.usesCaller {
		f.set("caller", &undefined{why: "No caller defined"})
	}
	if def.usesKwargs {
		f.set("kwargs", named)
	} else if named.Len() > 0 {
		if _, ok := named.Get("caller"); ok {
			return fmt.Errorf("macro '%s' was invoked with two values for the special caller argument", def.name)
		}
		return fmt.Errorf("macro '%s' takes no keyword argument '%s'", def.name, py.Str(named.Keys()[0]))
	}
	surplus := a.Pos[min(len(def.params), len(a.Pos)):]
	if def.usesVarargs {
		f.set("varargs", py.Tuple(surplus))
	} else if len(surplus) > 0 {
		return fmt.Errorf("macro '%s' takes not more than %d argument(s)", def.name, len(def.params))
	}
	return nil
}

func (n *callNode) exec(f *frame) (signal, error) {
	callee, err := n.call.callee.eval(f)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	args, err := f.evalArgs(&n.call.args)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	if args.Named == nil {
		args.Named = py.NewDict()
	}
	args.Named.Set("caller", f.macro(n.caller))
	v, err := f.call(callee, args)
	if err != nil {
		return proceed, f.at(n.line, err)
	}
	s, err := f.str(v)
	if err == nil {
		err = f.print(s)
	}
	return proceed, f.at(n.line, err)
}
