package jinja

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// oracleCase is one line of testdata/cases.jsonl.gz, rendered by Jinja2 itself; see scripts/fixtures/jinja_cases.py.
type oracleCase struct {
	template, options string
	vars              *py.Dict
	want              string
	fails             bool
	raised            string
}

func (c *oracleCase) parseOptions() Options {
	has := func(letter string) bool { return strings.Contains(c.options, letter) }
	if has("c") {
		return ChatOptions("case", time.Date(2024, 7, 26, 12, 0, 0, 0, time.UTC))
	}
	var filters map[string]Filter
	if has("r") {
		filters = map[string]Filter{"regex_replace": regexReplace}
	}
	return Options{
		Filters: filters,
		Name:    "case", Strict: has("s"), TrimBlocks: has("t"), LstripBlocks: has("l"), KeepTrailingNewline: has("k"),
		Globals: map[string]Func{"raise_exception": RaiseException},
	}
}

// regexReplace stands in for the filter of that name, which the package leaves to its users.
func regexReplace(v py.Value, a Args) (py.Value, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("expected text, got %s", py.TypeName(v))
	}
	if err := a.Check("pattern", "repl", "count"); err != nil {
		return nil, err
	}
	pattern, _ := a.Get(0, "pattern")
	repl, _ := a.Get(1, "repl")
	count := -1
	if n, ok := a.Get(2, "count"); ok && n != int64(0) {
		count = int(n.(int64))
	}
	re, err := regexp.Compile(pattern.(string))
	if err != nil {
		return nil, err
	}
	return re.ReplaceAllStringFunc(s, func(m string) string {
		if count == 0 {
			return m
		}
		count--
		return repl.(string)
	}), nil
}

func oracleCases(t testing.TB, path string) []oracleCase {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(zr)
	lines.Buffer(nil, 16<<20)
	var doc *py.Dict // the first line, the variables of cases without their own
	var cases []oracleCase
	for lines.Scan() {
		v, err := py.ParseJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		row := v.(*py.Dict)
		if doc == nil {
			doc = row
			continue
		}
		text := func(key string) string {
			v, _ := row.Get(key)
			s, _ := v.(string)
			return s
		}
		c := oracleCase{template: text("t"), options: text("o"), vars: doc, want: text("want"), raised: text("raised")}
		want, _ := row.Get("want")
		c.fails = want == nil
		if own, ok := row.Get("v"); ok {
			c.vars = own.(*py.Dict)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func (c *oracleCase) run() (string, error) {
	tmpl, err := Parse(c.template, c.parseOptions())
	if err != nil {
		return "", err
	}
	if !strings.Contains(c.options, "e") {
		return tmpl.Render(c.vars)
	}
	v, native, err := tmpl.Eval(c.vars)
	if err == nil && !native {
		err = errors.New("not native")
	}
	return py.Repr(v), err
}

func TestOracle(t *testing.T) {
	checkOracle(t, "testdata/cases.jsonl.gz", 2000)
}

func checkOracle(t *testing.T, path string, atLeast int) {
	cases := oracleCases(t, path)
	if len(cases) < atLeast {
		t.Fatalf("only %d cases", len(cases))
	}
	failed := 0
	for _, c := range cases {
		before := py.Repr(c.vars)
		got, err := c.run()
		switch {
		case c.fails && err == nil:
			t.Errorf("%q [%s]: got %q, want an error", c.template, c.options, got)
		case !c.fails && err != nil:
			t.Errorf("%q [%s]: got error %v, want %q", c.template, c.options, err, c.want)
		case !c.fails && got != c.want:
			t.Errorf("%q [%s]:\n got %q\nwant %q", c.template, c.options, got, c.want)
		default:
			var raised *RaisedError
			if errors.As(err, &raised) != (c.raised != "") || raised != nil && raised.Msg != c.raised {
				t.Errorf("%q: got error %v, want raise_exception(%q)", c.template, err, c.raised)
			}
			continue
		}
		if py.Repr(c.vars) != before {
			t.Fatalf("%q changed its variables", c.template)
		}
		failed++
	}
	t.Logf("%s: %d of %d cases equal", path, len(cases)-failed, len(cases))
}
