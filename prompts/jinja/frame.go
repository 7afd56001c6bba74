package jinja

import (
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

const (
	maxDepth      = 100 // nested macro calls, and containers inside containers
	maxRange      = 100_000
	memoryPerSize = 16 // total allocations allowed, as a multiple of MaxOutput
	listItemSize  = 16 // bytes charged for a list item
)

// interp is the state of one rendering: its limits and what is used up of them.
type interp struct {
	t     *Template
	steps int
	bytes int
	depth int
}

// scope holds the variables set in one block; macros keep the scope they were defined in.
type scope struct {
	vars   map[string]py.Value
	parent *scope
}

// frame is where a node is evaluated: a scope and the text it prints to.
type frame struct {
	*interp
	scope *scope
	root  *py.Dict // the variables passed to Render
	out   *strings.Builder
}

func (t *Template) newFrame(vars *py.Dict) *frame {
	return &frame{interp: &interp{t: t}, scope: &scope{}, root: vars, out: &strings.Builder{}}
}

// inner returns a frame with a new scope inside f's.
func (f *frame) inner() *frame {
	g := *f
	g.scope = &scope{parent: f.scope}
	return &g
}

func (f *frame) set(name string, v py.Value) {
	if f.scope.vars == nil {
		f.scope.vars = map[string]py.Value{}
	}
	f.scope.vars[name] = v
}

func (f *frame) lookup(name string) py.Value {
	for s := f.scope; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v
		}
	}
	if v, ok := f.root.Get(name); ok {
		return v
	}
	if fn, ok := f.t.opt.Globals[name]; ok {
		return wrapFunc(name, fn)
	}
	if fn, ok := builtinGlobals[name]; ok {
		return &callable{name, fn}
	}
	return &undefined{why: fmt.Sprintf("'%s' is undefined", name)}
}

// rebind stores v where lookup finds name.
func (f *frame) rebind(name string, v py.Value) {
	for s := f.scope; s != nil; s = s.parent {
		if _, ok := s.vars[name]; ok {
			s.vars[name] = v
			return
		}
	}
	s := f.scope
	for s.parent != nil {
		s = s.parent
	}
	(&frame{scope: s}).set(name, v)
}

// step counts n evaluation steps.
func (it *interp) step(n int) error {
	if it.steps += n; it.steps > it.t.opt.MaxSteps {
		return &LimitError{fmt.Sprintf("more than %d evaluation steps", it.t.opt.MaxSteps)}
	}
	return nil
}

// grow charges a value of n bytes that is about to be made, or was just made.
func (it *interp) grow(n int) error {
	if n < 0 || n > it.t.opt.MaxOutput {
		return &LimitError{fmt.Sprintf("a value of more than %d bytes", it.t.opt.MaxOutput)}
	}
	if it.bytes += n; it.bytes > memoryPerSize*it.t.opt.MaxOutput {
		return &LimitError{fmt.Sprintf("values of more than %d bytes in all", memoryPerSize*it.t.opt.MaxOutput)}
	}
	return it.step(n / 1024)
}

// made charges the result of a call or operator.
func (it *interp) made(v py.Value, err error) (py.Value, error) {
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case string:
		err = it.grow(len(v))
	case []any:
		err = it.grow(listItemSize * len(v))
	case py.Tuple:
		err = it.grow(listItemSize * len(v))
	}
	return v, err
}

// weigh walks all of v, which may hold the same list many times over, and charges for it. It comes before any work
// that is proportional to the printed size of v: repr, comparison, JSON.
func (it *interp) weigh(v py.Value) error {
	size := 0
	err := it.weighInto(v, 0, &size)
	if err == nil {
		err = it.grow(size)
	}
	return err
}

func (it *interp) weighInto(v py.Value, depth int, size *int) error {
	*size += listItemSize
	if s, ok := v.(string); ok {
		*size += len(s)
	}
	if *size > it.t.opt.MaxOutput {
		return it.grow(*size)
	}
	if depth > maxDepth {
		return &LimitError{"a value nested too deeply"}
	}
	var items []py.Value
	switch v := v.(type) {
	case []any:
		items = v
	case py.Tuple:
		items = v
	case *view:
		items = v.items
	case *group:
		items = []py.Value{v.grouper, v.list}
	case *py.Dict:
		for k, item := range v.All() {
			if err := it.weighInto(k, depth+1, size); err != nil {
				return err
			}
			if err := it.weighInto(item, depth+1, size); err != nil {
				return err
			}
		}
	}
	for _, item := range items {
		if err := it.weighInto(item, depth+1, size); err != nil {
			return err
		}
	}
	return nil
}

// print adds text to the output.
func (f *frame) print(s string) error {
	if f.out.Len()+len(s) > f.t.opt.MaxOutput {
		return &LimitError{fmt.Sprintf("output of more than %d bytes", f.t.opt.MaxOutput)}
	}
	if err := f.grow(len(s)); err != nil {
		return err
	}
	f.out.WriteString(s)
	return nil
}
