package jinja

import (
	"errors"
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// strMethod is one method of str.
type strMethod func(it *interp, s string, a Args) (py.Value, error)

// method returns the bound method obj.name, if its type has one.
func method(obj py.Value, name string) (*callable, bool) {
	switch o := obj.(type) {
	case string:
		if m, ok := strMethods[name]; ok {
			return &callable{name, func(it *interp, a Args) (py.Value, error) {
				v, err := m(it, o, a)
				return v, named("str."+name, err)
			}}, true
		}
	case *py.Dict:
		if m, ok := dictMethods[name]; ok {
			return &callable{name, func(it *interp, a Args) (py.Value, error) {
				v, err := m(it, o, a)
				return v, named("dict."+name, err)
			}}, true
		}
	case []any, py.Tuple:
		return listMethod(o, name)
	case float64:
		if name == "is_integer" {
			return &callable{name, func(*interp, Args) (py.Value, error) { return o == float64(int64(o)), nil }}, true
		}
	}
	return nil, false
}

// plain wraps a method without arguments.
func plain[T any](f func(string) T) strMethod {
	return func(_ *interp, s string, a Args) (py.Value, error) { return f(s), a.Check() }
}

var strMethods = map[string]strMethod{
	"capitalize": plain(py.Capitalize), "casefold": plain(py.Lower), "lower": plain(py.Lower), "swapcase": plain(py.SwapCase),
	"title": plain(py.Title), "upper": plain(py.Upper), "isalnum": plain(py.IsAlnum), "isalpha": plain(py.IsAlpha),
	"isdecimal": plain(py.IsDecimal), "isdigit": plain(py.IsDigit), "islower": plain(py.IsLowerString),
	"isnumeric": plain(py.IsNumeric), "isspace": plain(py.IsSpaceString), "istitle": plain(py.IsTitleString),
	"isupper": plain(py.IsUpperString),
	"strip":   stripMethod(py.Strip), "lstrip": stripMethod(py.LStrip), "rstrip": stripMethod(py.RStrip),
	"split": splitMethod(py.SplitN), "rsplit": splitMethod(py.RSplitN), "splitlines": splitLines,
	"replace": replaceMethod, "join": joinMethod, "zfill": zfillMethod, "format": formatMethod,
	"center": padMethod('^'), "ljust": padMethod('<'), "rjust": padMethod('>'),
	"find": findMethod(py.Index, false), "rfind": findMethod(py.LastIndex, false),
	"index": findMethod(py.Index, true), "rindex": findMethod(py.LastIndex, true), "count": countMethod,
	"startswith": affixMethod(strings.HasPrefix), "endswith": affixMethod(strings.HasSuffix),
	"removeprefix": removeMethod(strings.TrimPrefix), "removesuffix": removeMethod(strings.TrimSuffix),
	"partition": partitionMethod(strings.Index), "rpartition": partitionMethod(strings.LastIndex),
}

func stripMethod(f func(s, chars string) string) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		if v, ok := a.Get(0, "chars"); ok && v != nil {
			chars, err := it.textArg(a, 0, "chars", "")
			if chars == "" {
				return s, err // no characters to strip, unlike None
			}
			return f(s, chars), err
		}
		return f(s, ""), a.Check("chars")
	}
}

func splitMethod(f func(s, sep string, n int) []string) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		if err := a.Check("sep", "maxsplit"); err != nil {
			return nil, err
		}
		sep := ""
		if v, ok := a.Get(0, "sep"); ok && v != nil {
			var err error
			if sep, err = it.textArg(a, 0, "sep", ""); err != nil {
				return nil, err
			}
			if sep == "" {
				return nil, errors.New("empty separator")
			}
		}
		n, err := it.intArg(a, 1, "maxsplit", -1)
		if err != nil {
			return nil, err
		}
		if err := it.grow(2 * len(s)); err != nil {
			return nil, err
		}
		return list(f(s, sep, n)), nil
	}
}

func list(items []string) []any {
	out := make([]any, len(items))
	for i, s := range items {
		out[i] = s
	}
	return out
}

func splitLines(it *interp, s string, a Args) (py.Value, error) {
	keep, err := it.boolArg(a, 0, "keepends", false)
	return list(py.SplitLines(s, keep)), err
}

func replaceMethod(it *interp, s string, a Args) (py.Value, error) {
	if len(a.Pos) < 2 || len(a.Pos) > 3 || a.Named.Len() > 0 {
		return nil, fmt.Errorf("takes 2 or 3 positional arguments, %d given", len(a.Pos))
	}
	old, err := it.textArg(a, 0, "old", "")
	if err != nil {
		return nil, err
	}
	repl, err := it.textArg(a, 1, "new", "")
	if err != nil {
		return nil, err
	}
	count, err := it.intArg(a, 2, "count", -1)
	if err != nil {
		return nil, err
	}
	return it.replace(s, old, repl, count)
}

// replace checks the size of the result before making it.
func (it *interp) replace(s, old, repl string, count int) (py.Value, error) {
	times := strings.Count(s, old)
	if count >= 0 {
		times = min(times, count)
	}
	if grown := len(repl) - len(old); grown > 0 && times > it.t.opt.MaxOutput/grown {
		return nil, it.grow(it.t.opt.MaxOutput + 1)
	}
	return py.Replace(s, old, repl, count), nil
}

func joinMethod(it *interp, sep string, a Args) (py.Value, error) {
	if len(a.Pos) != 1 || a.Named.Len() > 0 {
		return nil, errors.New("takes exactly one argument")
	}
	items, err := it.iterate(a.Pos[0])
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(items))
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("sequence item %d: expected str instance, %s found", i, typeName(item))
		}
		texts[i] = s
	}
	return it.joined(sep, texts)
}

func (it *interp) joined(sep string, texts []string) (py.Value, error) {
	size := 0
	for _, s := range texts {
		if size += len(s) + len(sep); size-len(sep) > it.t.opt.MaxOutput {
			return nil, it.grow(size)
		}
	}
	return strings.Join(texts, sep), nil
}

func zfillMethod(it *interp, s string, a Args) (py.Value, error) {
	width, err := it.width(a, 0, "width", 0)
	return py.ZFill(s, width), err
}

// width reads a field width and refuses absurd ones.
func (it *interp) width(a Args, i int, name string, or int) (int, error) {
	n, err := it.intArg(a, i, name, or)
	if err == nil && n > it.t.opt.MaxOutput {
		n, err = 0, it.grow(n)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

func padMethod(align byte) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		width, err := it.width(a, 0, "width", 0)
		if err != nil {
			return nil, err
		}
		fill, err := it.textArg(a, 1, "fillchar", " ")
		if err != nil {
			return nil, err
		}
		if py.Len(fill) != 1 {
			return nil, errors.New("the fill character must be exactly one character long")
		}
		return py.Pad(s, width, fill, align), nil
	}
}

// window is s[start:end] of the methods that take such bounds, and where it starts in code points.
func (it *interp) window(s string, a Args) (string, int, error) {
	if len(a.Pos) > 3 || a.Named.Len() > 0 {
		return "", 0, fmt.Errorf("takes at most 3 positional arguments")
	}
	if len(a.Pos) < 2 {
		return s, 0, nil
	}
	bounds := [3]py.Value{a.Pos[1]}
	if len(a.Pos) == 3 {
		bounds[1] = a.Pos[2]
	}
	at, err := it.sliceIndices(py.Len(s), bounds)
	if err != nil || len(at) == 0 {
		return "", 0, err
	}
	runes := []rune(s)
	return string(runes[at[0] : at[0]+len(at)]), at[0], nil
}

func findMethod(find func(s, sub string) int, must bool) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		sub, err := it.needText(a)
		if err != nil {
			return nil, err
		}
		part, start, err := it.window(s, a)
		if err != nil {
			return nil, err
		}
		at := find(part, sub)
		switch {
		case at >= 0:
			return int64(at + start), nil
		case must:
			return nil, errors.New("substring not found")
		}
		return int64(-1), nil
	}
}

// needText returns the first argument, which must be text.
func (it *interp) needText(a Args) (string, error) {
	if len(a.Pos) == 0 {
		return "", errors.New("takes at least 1 argument (0 given)")
	}
	if _, ok := a.Pos[0].(string); !ok {
		return "", fmt.Errorf("must be str, not %s", typeName(a.Pos[0]))
	}
	return a.Pos[0].(string), nil
}

func countMethod(it *interp, s string, a Args) (py.Value, error) {
	sub, err := it.needText(a)
	if err != nil {
		return nil, err
	}
	part, _, err := it.window(s, a)
	return int64(strings.Count(part, sub)), err
}

// affixMethod is startswith or endswith, whose argument may be a tuple of texts.
func affixMethod(has func(s, affix string) bool) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		if len(a.Pos) == 0 {
			return nil, errors.New("takes at least 1 argument (0 given)")
		}
		part, _, err := it.window(s, a)
		if err != nil {
			return nil, err
		}
		affixes, ok := a.Pos[0].(py.Tuple)
		if !ok {
			affixes = py.Tuple{a.Pos[0]}
		}
		for _, v := range affixes {
			affix, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("first arg must be str or a tuple of str, not %s", typeName(v))
			}
			if has(part, affix) {
				return true, nil
			}
		}
		return false, nil
	}
}

func removeMethod(trim func(s, affix string) string) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		affix, err := it.needText(a)
		return trim(s, affix), err
	}
}

func partitionMethod(find func(s, sep string) int) strMethod {
	return func(it *interp, s string, a Args) (py.Value, error) {
		sep, err := it.needText(a)
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, errors.New("empty separator")
		}
		at := find(s, sep)
		switch {
		case at >= 0:
			return py.Tuple{s[:at], sep, s[at+len(sep):]}, nil
		case find("ab", "") == 0: // partition, which leaves the text on the left; rpartition puts it on the right
			return py.Tuple{s, "", ""}, nil
		}
		return py.Tuple{"", "", s}, nil
	}
}
