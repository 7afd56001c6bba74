package jinja

import (
	"errors"
	"fmt"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// SyntaxError is a template that cannot be parsed.
type SyntaxError struct {
	Name string // Options.Name
	Line int    // from 1
	Msg  string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s line %d: %s", nameOr(e.Name), e.Line, quote.Line(e.Msg))
}

// RenderError is a failure while a template was evaluated.
type RenderError struct {
	Name string // Options.Name
	Line int    // line of the statement or print tag, from 1
	Err  error  // *UndefinedError, *LimitError, *RaisedError, or a Python-style message
}

func (e *RenderError) Error() string {
	return fmt.Sprintf("%s line %d: %s", nameOr(e.Name), e.Line, quote.Line(e.Err.Error()))
}

// Unwrap returns the cause.
func (e *RenderError) Unwrap() error { return e.Err }

// UndefinedError is the use of a value that does not exist.
type UndefinedError struct{ Msg string }

func (e *UndefinedError) Error() string { return e.Msg }

// LimitError is a template that asked for more than Options allow.
type LimitError struct{ Msg string }

func (e *LimitError) Error() string { return e.Msg }

// RaisedError is an error that the template itself raised through RaiseException.
type RaisedError struct{ Msg string }

func (e *RaisedError) Error() string { return e.Msg }

func nameOr(name string) string {
	if name == "" {
		return "template"
	}
	return "template " + name
}

// at gives err the template's name and line, unless a statement inside has done so.
func (it *interp) at(line int, err error) error {
	var located *RenderError
	if err == nil || errors.As(err, &located) {
		return err
	}
	return &RenderError{it.t.opt.Name, line, err}
}
