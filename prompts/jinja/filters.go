package jinja

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// filterFunc is a filter with access to the limits and mode of the rendering.
type filterFunc func(it *interp, v py.Value, a Args) (py.Value, error)

func builtinFilters() map[string]filterFunc {
	m := map[string]filterFunc{
		"abs": absFilter, "attr": attrFilter, "batch": batchFilter, "capitalize": textFilter(py.Capitalize),
		"center": centerFilter, "count": lengthFilter, "length": lengthFilter, "default": defaultFilter, "d": defaultFilter,
		"dictsort": dictsortFilter, "escape": textFilter(escapeHTML), "e": textFilter(escapeHTML), "first": firstFilter,
		"float": floatFilter, "forceescape": textFilter(escapeHTML), "format": formatFilter, "groupby": groupbyFilter,
		"indent": indentFilter, "int": intFilter, "items": itemsFilter, "join": joinFilter, "last": lastFilter,
		"list": listFilter, "lower": textFilter(py.Lower), "map": mapFilter, "max": extremeFilter(1), "min": extremeFilter(-1),
		"pprint": pprintFilter, "reject": selectFilter(false, false), "rejectattr": selectFilter(false, true),
		"select": selectFilter(true, false), "selectattr": selectFilter(true, true), "replace": replaceFilter,
		"reverse": reverseFilter, "round": roundFilter, "safe": textFilter(same), "slice": sliceFilter, "sort": sortFilter,
		"string": textFilter(same), "striptags": textFilter(stripTags), "sum": sumFilter, "title": textFilter(titleWords),
		"tojson": tojsonFilter, "trim": trimFilter, "truncate": truncateFilter, "unique": uniqueFilter,
		"upper": textFilter(py.Upper), "urlencode": urlencodeFilter, "wordcount": wordcountFilter, "wordwrap": wordwrapFilter,
	}
	return m
}

func same(s string) string { return s }

// textFilter makes a filter of a function of str(value).
func textFilter(f func(string) string) filterFunc {
	return func(it *interp, v py.Value, a Args) (py.Value, error) {
		s, err := it.str(v)
		if err != nil {
			return nil, err
		}
		return f(s), a.Check()
	}
}

// escapeHTML is markupsafe.escape.
func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

var tagPattern = regexp.MustCompile(`(?s)<!--.*?-->|<.*?>`)

// stripTags is Markup.striptags: tags and comments go, white space is collapsed, entities are resolved.
func stripTags(s string) string {
	s = tagPattern.ReplaceAllString(s, "")
	return html.UnescapeString(strings.Join(py.Split(s, ""), " "))
}

// titleWords is Jinja's title: words start at white space, "-" and opening brackets, unlike in str.title.
func titleWords(s string) string {
	var b strings.Builder
	start := true
	rest := []rune(s)
	for i, r := range rest {
		switch {
		case py.IsSpace(r) || strings.ContainsRune("-({[<", r):
			b.WriteRune(r)
			start = true
			continue
		case start:
			b.WriteString(py.Upper(string(r)))
		default:
			b.WriteString(py.Lower(string(rest[i])))
		}
		start = false
	}
	return b.String()
}

func attrFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	name, err := it.needText(a)
	if err != nil {
		return nil, err
	}
	if got, ok, err := it.attribute(v, name); ok || err != nil {
		return got, err
	}
	return missing(v, name), nil
}

func centerFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	width, err := it.width(a, 0, "width", 80)
	return py.Pad(s, width, " ", '^'), err
}

func lengthFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	n, err := it.length(v)
	if err != nil {
		return nil, err
	}
	return int64(n), a.Check()
}

func defaultFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("default_value", "boolean"); err != nil {
		return nil, err
	}
	_, replace := v.(*undefined)
	boolean, err := it.boolArg(a, 1, "boolean", false)
	if err != nil {
		return nil, err
	}
	if !replace && boolean {
		yes, err := it.truth(v)
		if err != nil {
			return nil, err
		}
		replace = !yes
	}
	if !replace {
		return v, nil
	}
	if or, ok := a.Get(0, "default_value"); ok {
		return or, nil
	}
	return "", nil
}

// formatFilter is value % args.
func formatFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	if a.Named.Len() > 0 {
		if len(a.Pos) > 0 {
			return nil, errors.New("can't handle positional and keyword arguments at the same time")
		}
		return it.percentFormat(s, a.Named)
	}
	return it.percentFormat(s, py.Tuple(a.Pos))
}

func indentFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("width", "first", "blank"); err != nil {
		return nil, err
	}
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	prefix := "    "
	if w, ok := a.Get(0, "width"); ok {
		if text, isText := w.(string); isText {
			prefix = text
		} else {
			n, err := it.width(a, 0, "width", 4)
			if err != nil {
				return nil, err
			}
			prefix = strings.Repeat(" ", max(n, 0))
		}
	}
	first, err := it.boolArg(a, 1, "first", false)
	if err != nil {
		return nil, err
	}
	blank, err := it.boolArg(a, 2, "blank", false)
	if err != nil {
		return nil, err
	}
	return it.indented(s, prefix, first, blank)
}

func (it *interp) indented(s, prefix string, first, blank bool) (py.Value, error) {
	lines := py.SplitLines(s+"\n", false)
	if len(prefix) > 0 && len(lines) > it.t.opt.MaxOutput/len(prefix) {
		return nil, it.grow(it.t.opt.MaxOutput + 1)
	}
	for i, line := range lines {
		if i == 0 && first || i > 0 && (blank || line != "") {
			lines[i] = prefix + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

func pprintFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	v, err := it.export(v)
	if err != nil {
		return nil, err
	}
	s := py.Repr(sortKeys(v))
	if len(s) > 80 {
		return nil, errors.New("values of more than one line are not supported; use tojson(indent=2)")
	}
	return s, nil
}

func replaceFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("old", "new", "count"); err != nil {
		return nil, err
	}
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	var texts [2]string
	for i, name := range []string{"old", "new"} {
		arg, ok := a.Get(i, name)
		if !ok {
			return nil, fmt.Errorf("missing argument '%s'", name)
		}
		if texts[i], err = it.str(arg); err != nil {
			return nil, err
		}
	}
	count := -1
	if c, ok := a.Get(2, "count"); ok && c != nil {
		if count, err = it.intArg(a, 2, "count", -1); err != nil {
			return nil, err
		}
	}
	return it.replace(s, texts[0], texts[1], count)
}

func trimFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("chars"); err != nil {
		return nil, err
	}
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	return stripMethod(py.Strip)(it, s, a)
}

func truncateFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("length", "killwords", "end", "leeway"); err != nil {
		return nil, err
	}
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	length, err := it.intArg(a, 0, "length", 255)
	if err != nil {
		return nil, err
	}
	kill, err := it.boolArg(a, 1, "killwords", false)
	if err != nil {
		return nil, err
	}
	end, err := it.textArg(a, 2, "end", "...")
	if err != nil {
		return nil, err
	}
	leeway, err := it.intArg(a, 3, "leeway", 5)
	if err != nil {
		return nil, err
	}
	runes := []rune(s)
	keep := length - py.Len(end)
	switch {
	case keep < 0:
		return nil, fmt.Errorf("expected length >= %d, got %d", py.Len(end), length)
	case leeway < 0:
		return nil, fmt.Errorf("expected leeway >= 0, got %d", leeway)
	case len(runes) <= length+leeway:
		return s, nil
	}
	head := string(runes[:keep])
	if !kill {
		head = py.RSplitN(head, " ", 1)[0]
	}
	return head + end, nil
}

var wordPattern = regexp.MustCompile(`[\pL\pN_]+`)

func wordcountFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	return int64(len(wordPattern.FindAllStringIndex(s, -1))), a.Check()
}

// urlencodeFilter quotes text, or makes a query of a dict or of pairs.
func urlencodeFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	var items []py.Value
	switch v := v.(type) {
	case *py.Dict:
		items = pairs(v)
	case []any, py.Tuple, *view, *generator:
		var err error
		if items, err = it.iterate(v); err != nil {
			return nil, err
		}
	default:
		s, err := it.str(v)
		return quoteURL(s, "/"), err
	}
	parts := make([]string, len(items))
	for i, item := range items {
		kv, err := it.iterate(item)
		if err != nil {
			return nil, err
		}
		if len(kv) != 2 {
			return nil, errors.New("expected pairs")
		}
		k, err := it.str(kv[0])
		if err != nil {
			return nil, err
		}
		val, err := it.str(kv[1])
		if err != nil {
			return nil, err
		}
		parts[i] = strings.ReplaceAll(quoteURL(k, "")+"="+quoteURL(val, ""), "%20", "+")
	}
	return strings.Join(parts, "&"), nil
}

func quoteURL(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < 0x80 && (unicode.IsLetter(rune(c)) || isDigit(c) || strings.IndexByte("_.-~"+safe, c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
