package jinja

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// ChatOptions returns the environment in which Hugging Face's apply_chat_template renders: blocks trimmed, missing
// values empty, lists immutable, tojson without HTML escapes, raise_exception and strftime_now. now is the time that
// strftime_now prints; pass a fixed one to keep prompts the same from day to day.
func ChatOptions(name string, now time.Time) Options {
	return Options{
		Name: name, TrimBlocks: true, LstripBlocks: true, Immutable: true,
		Filters: map[string]Filter{"tojson": chatJSON},
		Globals: map[string]Func{"raise_exception": RaiseException, "strftime_now": StrftimeNow(now)},
	}
}

// RaiseException is the function with which chat templates refuse a conversation: it fails with *RaisedError.
func RaiseException(a Args) (py.Value, error) {
	if len(a.Pos) != 1 {
		return nil, fmt.Errorf("raise_exception takes 1 argument, %d given", len(a.Pos))
	}
	return nil, &RaisedError{py.Str(a.Pos[0])}
}

// StrftimeNow returns the function strftime_now(format), which formats the given time.
func StrftimeNow(now time.Time) Func {
	return func(a Args) (py.Value, error) {
		if len(a.Pos) != 1 {
			return nil, fmt.Errorf("strftime_now takes 1 argument, %d given", len(a.Pos))
		}
		format, ok := a.Pos[0].(string)
		if !ok {
			return nil, errors.New("strftime_now wants a format text")
		}
		return strftime(now, format)
	}
}

// strftime knows the directives of C's strftime that chat templates use, in the C locale.
func strftime(t time.Time, format string) (string, error) {
	layouts := map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'B': "January", 'b': "Jan", 'h': "Jan", 'A': "Monday",
		'a': "Mon", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'j': "002", 'Z': "MST", 'z': "-0700",
		'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04",
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		no0 := format[i] == '-' && i+1 < len(format)
		if no0 {
			i++
		}
		layout, ok := layouts[format[i]]
		switch {
		case format[i] == '%':
			b.WriteByte('%')
		case !ok:
			return "", fmt.Errorf("strftime_now does not know %%%c", format[i])
		case no0:
			n, err := strconv.Atoi(strings.TrimSpace(t.Format(layout)))
			if err != nil {
				return "", fmt.Errorf("strftime_now does not know %%-%c", format[i])
			}
			b.WriteString(strconv.Itoa(n))
		default:
			b.WriteString(t.Format(layout))
		}
	}
	return b.String(), nil
}

// chatJSON is the tojson of chat templates: json.dumps(ensure_ascii=False) in the order of the value.
func chatJSON(v py.Value, a Args) (py.Value, error) {
	if err := a.Check("ensure_ascii", "indent", "separators", "sort_keys"); err != nil {
		return nil, err
	}
	if separators, ok := a.Get(2, "separators"); ok && separators != nil {
		return nil, errors.New("tojson: separators are not supported")
	}
	arg, _ := a.Get(1, "indent")
	indent, err := jsonIndent(Args{Pos: []py.Value{arg}})
	if err != nil {
		return nil, err
	}
	if sorted, _ := a.Get(3, "sort_keys"); py.Truth(sorted) {
		v = sortKeys(v)
	}
	if err := checkIndent(v, indent); err != nil {
		return nil, err
	}
	s := py.JSON(v, indent)
	if ascii, _ := a.Get(0, "ensure_ascii"); py.Truth(ascii) {
		s = asciiJSON(s)
	}
	return s, nil
}
