package scoring

import (
	"fmt"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// arguments reads the keyword arguments of a filter or metric. The first
// problem is kept; finish also reports arguments that nobody asked for.
type arguments struct {
	of    string // for messages: filter "regex"
	dict  *py.Dict
	known []string
	err   error
}

func newArguments(of string, dict *py.Dict) *arguments {
	if dict == nil {
		dict = py.NewDict()
	}
	return &arguments{of: of, dict: dict}
}

func (a *arguments) get(key string) (py.Value, bool) {
	a.known = append(a.known, key)
	return a.dict.Get(key)
}

func (a *arguments) fail(key string, want string, got py.Value) {
	if a.err == nil {
		a.err = fmt.Errorf("%s: %s must be %s, not %s", a.of, key, want, py.Repr(got))
	}
}

func (a *arguments) text(key, otherwise string) string {
	v, ok := a.get(key)
	if !ok {
		return otherwise
	}
	s, ok := v.(string)
	if !ok {
		a.fail(key, "text", v)
	}
	return s
}

func (a *arguments) integer(key string, otherwise int) int {
	v, ok := a.get(key)
	if !ok {
		return otherwise
	}
	n, ok := v.(int64)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		a.fail(key, "a whole number", v)
		return otherwise
	}
	return int(n)
}

// truth accepts any value, as Python's if does.
func (a *arguments) truth(key string) bool {
	v, _ := a.get(key)
	return py.Truth(v)
}

// texts reads a list of texts; absent and null give nil.
func (a *arguments) texts(key string) []string {
	v, _ := a.get(key)
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, isText := x.(string)
		ok = ok && isText
		out = append(out, s)
	}
	if !ok {
		a.fail(key, "a list of texts", v)
		return nil
	}
	return out
}

func (a *arguments) finish() error {
	if a.err != nil {
		return a.err
	}
	for _, k := range a.dict.Keys() {
		if name := py.Str(k); !slices.Contains(a.known, name) {
			return fmt.Errorf("%s: %w", a.of, unknown("argument", name, a.known))
		}
	}
	return nil
}
