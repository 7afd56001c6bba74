// Package jinja interprets Jinja2 templates over Python values.
//
// Two sources feed it: the doc_to_text, doc_to_target and doc_to_choice strings of task files, and the chat templates
// inside checkpoints. Both assume Python: values print as str() and repr() do, methods are those of str, list and
// dict, and an expression such as "[a, b]" is a list. The package covers the language of Jinja2 3.1 except template
// inheritance, imports, recursive loops, autoescaping and translations, which parse to errors. Every rendering is
// bounded in steps, nesting, memory and output, so that a template from an unknown checkpoint cannot hang a run.
//
// Known differences: list methods that change a list (append, ...) store a new list in the variable they are called
// on, so another variable that held the same list does not see the change, and documents passed in are never altered;
// escape and safe return plain strings, as autoescaping is always off.
package jinja

import (
	"fmt"
	"maps"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// Options configure Parse. The zero value is Jinja2's default environment.
type Options struct {
	Name                string // shown in errors
	TrimBlocks          bool   // drop the newline after a block tag
	LstripBlocks        bool   // drop the blanks before a block tag at the start of a line
	KeepTrailingNewline bool   // keep one newline at the end of the template
	Strict              bool   // StrictUndefined: any use of an undefined value but "is defined" and default is an error
	Immutable           bool   // ImmutableSandboxedEnvironment: methods that change lists are an error

	Filters map[string]Filter // added to the built-in filters, or replacing them
	Globals map[string]Func   // added to range, dict, namespace, cycler, joiner

	MaxSteps  int // evaluation steps per rendering; 0 means 1e6
	MaxOutput int // bytes of output and of any single value; 0 means 8 MiB
}

// Filter is a filter supplied by the program: value|name(args).
type Filter func(value py.Value, args Args) (py.Value, error)

// Func is a global function supplied by the program.
type Func func(args Args) (py.Value, error)

// Args are the arguments of a call. Named is nil when there are none.
type Args struct {
	Pos   []py.Value
	Named *py.Dict
}

// Get returns the argument at position i or under name.
func (a Args) Get(i int, name string) (py.Value, bool) {
	if i < len(a.Pos) {
		return a.Pos[i], true
	}
	return a.Named.Get(name)
}

// Check returns an error if there are arguments beyond the named parameters.
func (a Args) Check(params ...string) error {
	if len(a.Pos) > len(params) {
		return fmt.Errorf("takes at most %d arguments, %d given", len(params), len(a.Pos))
	}
	for name := range a.Named.All() {
		at := -1
		for i, p := range params {
			if p == name {
				at = i
			}
		}
		switch {
		case at < 0:
			return fmt.Errorf("got an unexpected keyword argument '%s'", py.Str(name))
		case at < len(a.Pos):
			return fmt.Errorf("got multiple values for argument '%s'", py.Str(name))
		}
	}
	return nil
}

// Template is a parsed template; it may be rendered by several goroutines at once.
type Template struct {
	opt     Options
	nodes   []node
	filters map[string]filterFunc
	tests   map[string]test
}

const (
	defaultMaxSteps  = 1_000_000
	defaultMaxOutput = 8 << 20
)

// Parse compiles a template. Its errors are *SyntaxError and carry the line.
func Parse(src string, opt Options) (*Template, error) {
	if opt.MaxSteps == 0 {
		opt.MaxSteps = defaultMaxSteps
	}
	if opt.MaxOutput == 0 {
		opt.MaxOutput = defaultMaxOutput
	}
	if len(src) > maxSource {
		return nil, &SyntaxError{opt.Name, 1, fmt.Sprintf("template of more than %d bytes", maxSource)}
	}
	if !utf8.ValidString(src) {
		return nil, &SyntaxError{opt.Name, 1, "template is not valid UTF-8"}
	}
	tokens, err := lex(src, &opt)
	if err != nil {
		return nil, err
	}
	t := &Template{opt: opt, filters: builtinFilters(), tests: builtinTests()}
	maps.Copy(t.filters, wrapFilters(opt.Filters))
	p := &parser{opt: &t.opt, tokens: tokens, names: map[string]bool{}, filters: t.filters, tests: t.tests}
	if t.nodes, err = p.template(); err != nil {
		return nil, err
	}
	return t, nil
}

// Render evaluates the template with vars as its variables and returns the text. Its errors are *RenderError.
func (t *Template) Render(vars *py.Dict) (string, error) {
	f := t.newFrame(vars)
	if _, err := execAll(f, t.nodes); err != nil {
		return "", err
	}
	return f.out.String(), nil
}

// Eval returns the native value of a template that is exactly one {{ expression }}, and true. Any other template is
// rendered, and the result is its text and false. An undefined result is the text that it renders to.
func (t *Template) Eval(vars *py.Dict) (py.Value, bool, error) {
	if len(t.nodes) != 1 {
		s, err := t.Render(vars)
		return s, false, err
	}
	out, ok := t.nodes[0].(*outputNode)
	if !ok {
		s, err := t.Render(vars)
		return s, false, err
	}
	f := t.newFrame(vars)
	v, err := out.value.eval(f)
	if err == nil {
		v, err = f.export(v)
	}
	return v, true, f.at(out.line, err)
}
