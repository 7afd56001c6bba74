package prompts

import (
	"fmt"

	"github.com/llamaeval/llamaeval/prompts/jinja"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// A field is one expression of a task file, ready to be evaluated on
// documents: a column, a template, a literal or a function.
type field struct {
	key      string // doc_to_text ..., for messages
	expr     tasks.Expr
	column   bool
	template *jinja.Template
}

// compile prepares an expression. A text that equals a column of the
// evaluated split is read as that column (Task.features in the reference).
func compile(key string, e tasks.Expr, columns map[string]bool) (field, error) {
	f := field{key: key, expr: e}
	if e.Kind != tasks.ExprText {
		return f, nil
	}
	if columns[e.Text] {
		f.column = true
		return f, nil
	}
	t, err := jinja.Parse(e.Text, jinja.Options{
		Name:                key,
		Strict:              true,
		KeepTrailingNewline: true,
		Filters:             map[string]jinja.Filter{"regex_replace": regexReplace},
	})
	if err != nil {
		return f, f.errorf("%v", err)
	}
	f.template = t
	return f, nil
}

func (f field) isSet() bool { return f.expr.Kind != tasks.ExprNone }

func (f field) errorf(format string, args ...any) error {
	where := f.key
	if f.expr.File != "" {
		where = fmt.Sprintf("%s:%d: %s", f.expr.File, f.expr.Line, f.key)
	}
	return fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

// raw evaluates the expression without the reference's post-processing;
// templates give text.
func (f field) raw(doc *py.Dict) (py.Value, error) {
	switch {
	case f.expr.Kind == tasks.ExprInt:
		return int64(f.expr.Int), nil
	case f.expr.Kind == tasks.ExprList:
		return f.expr.List, nil
	case f.expr.Kind == tasks.ExprFunc:
		v, err := f.expr.Func(doc)
		if err != nil {
			return nil, f.errorf("function %s: %v", f.expr.Name, err)
		}
		return v, nil
	case f.column:
		v, ok := doc.Get(f.expr.Text)
		if !ok {
			return nil, f.errorf("this document has no column %q", f.expr.Text)
		}
		return v, nil
	case f.template != nil:
		s, err := f.template.Render(doc)
		if err != nil {
			return nil, f.errorf("%v", err)
		}
		return s, nil
	}
	return "", nil
}

// text evaluates to a text; an unset field is empty.
func (f field) text(doc *py.Dict) (string, error) {
	v, err := f.raw(doc)
	if err != nil || v == nil {
		return "", err
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", f.errorf("gives %s, not a text", py.TypeName(v))
}

// question evaluates doc_to_text: a rendered template that is all digits
// names an input when the task has choices (multiple inputs).
func (f field) question(doc *py.Dict, hasChoices bool) (py.Value, error) {
	v, err := f.raw(doc)
	if s, ok := v.(string); ok && err == nil && f.template != nil && hasChoices && allDigits(s) {
		return py.Literal(s)
	}
	return v, err
}

// target evaluates doc_to_target: digits are a choice's number when the task
// has choices, and a text in brackets is read as a Python list if it is one.
func (f field) target(doc *py.Dict, hasChoices bool) (py.Value, error) {
	v, err := f.raw(doc)
	s, ok := v.(string)
	if err != nil || !ok || f.template == nil {
		return v, err
	}
	if hasChoices && allDigits(s) {
		return py.Literal(s)
	}
	if len(s) >= 2 && s[0] == '[' && s[len(s)-1] == ']' {
		if list, err := py.Literal(s); err == nil {
			return list, nil
		}
	}
	return s, nil
}

// choices evaluates doc_to_choice, always to a list of texts. A template's
// list is taken as a value; only a text is parsed back, once.
func (f field) choices(doc *py.Dict) ([]string, error) {
	var v py.Value
	var err error
	if f.template != nil {
		v, _, err = f.template.Eval(doc)
	} else {
		v, err = f.raw(doc)
	}
	if err != nil {
		return nil, f.errorf("%v", err)
	}
	if s, ok := v.(string); ok && f.template != nil {
		if v, err = py.Literal(s); err != nil {
			return nil, f.errorf("%q is not a list: %v", s, err)
		}
	}
	if t, ok := v.(py.Tuple); ok {
		v = []any(t)
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, f.errorf("gives %s, not a list of choices", py.TypeName(v))
	}
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = py.Str(c)
	}
	return out, nil
}

// allDigits is Python's str.isdigit for what can be read back as a number.
func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// regexReplace is the harness's one own filter: regex_replace(pattern, repl, count=0).
func regexReplace(v py.Value, args jinja.Args) (py.Value, error) {
	if err := args.Check("pattern", "repl", "count"); err != nil {
		return nil, err
	}
	pattern, _ := args.Get(0, "pattern")
	repl, _ := args.Get(1, "repl")
	count, given := args.Get(2, "count")
	if !given {
		count = int64(0)
	}
	text, ok := v.(string)
	p, ok1 := pattern.(string)
	r, ok2 := repl.(string)
	n, ok3 := count.(int64)
	if !ok || !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("regex_replace wants (pattern, repl, count=0) on a text")
	}
	re, err := regex.Compile(p)
	if err != nil {
		return nil, err
	}
	return re.Sub(r, text, int(n))
}
