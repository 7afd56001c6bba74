package jinja

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// TestHostileTemplates holds templates that would take all memory or never end.
func TestHostileTemplates(t *testing.T) {
	tests := map[string]string{
		"steps":               `{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}`,
		"range":               `{{ range(10 ** 9) }}`,
		"huge range":          `{{ range(-9223372036854775807, 9223372036854775807, 9223372036854775807)|length }}{{ range(2**62) }}`,
		"repeat":              `{{ 'ab' * 10 ** 9 }}`,
		"repeat list":         `{{ [1] * 10 ** 9 }}`,
		"double text":         `{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}`,
		"double text by +":    `{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}`,
		"double list":         `{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}`,
		"shared list":         `{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}`,
		"shared list equal":   `{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}`,
		"shared list json":    `{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}`,
		"shared tuple key":    `{% set ns = namespace(x=(1,)) %}{% for i in range(99) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}`,
		"many texts":          `{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + ['x' * 1000000] %}{% endfor %}`,
		"output":              `{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}`,
		"power":               `{{ 10 ** 10 ** 1 ** 1 }}{{ 10 ** 1000000 }}`,
		"power in a loop":     `{% set ns = namespace(x=3) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}`,
		"recursion":           `{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}`,
		"mutual recursion":    `{% macro a(f) %}{{ f(a) }}{% endmacro %}{% macro b(f) %}{{ f(b) }}{% endmacro %}{{ a(b) }}`,
		"center":              `{{ 'x'|center(10 ** 9) }}`,
		"indent":              `{{ 'x\n'|indent(10 ** 9) }}`,
		"format width":        `{{ '%999999999d' % 1 }}`,
		"format spec width":   `{{ '{:999999999d}'.format(1) }}`,
		"replace":             `{{ ('a' * 100000)|replace('a', 'b' * 100000) }}`,
		"replace nothing":     `{{ ('a' * 1000000).replace('', 'b' * 1000) }}`,
		"join":                `{{ range(99999)|join('x' * 100000) }}`,
		"slice filter":        `{{ [1]|slice(10 ** 9)|list }}`,
		"batch fill":          `{{ [1]|batch(10 ** 9, 0)|list }}`,
		"sum of lists":        `{{ ([[1] * 1000] * 99999)|sum(start=[]) }}`,
		"zfill":               `{{ '1'.zfill(10 ** 9) }}`,
		"sort":                `{% for i in range(99999) %}{% set _ = range(99999)|sort %}{% endfor %}`,
		"append":              `{% set l = [] %}{% for i in range(99999) %}{% do l.append(1) %}{% endfor %}{% for i in range(99999) %}{% do l.append(1) %}{% endfor %}`,
		"dict":                `{% for i in range(99999) %}{% set d = dict(range(99999)|batch(2, 1)) %}{% endfor %}`,
		"namespace in itself": `{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x }}{{ ns.x|tojson }}{{ 1 / 0 }}`,
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			tmpl, err := Parse(src, Options{})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = tmpl.Render(py.NewDict())
			var failed *RenderError
			if !errors.As(err, &failed) || failed.Line != 1 {
				t.Errorf("got %v, want a RenderError in line 1", err)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// A long word in narrow lines takes no longer than the same text in words.
func TestWordwrapIsLinear(t *testing.T) {
	tmpl, err := Parse(`{{ ('ä-b' * 300000)|wordwrap(2)|length }} {{ 'ab-cd äöü'|wordwrap(4) }}`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	got, err := tmpl.Render(py.NewDict())
	if want := "1349999 ab-\ncd\näöü"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestHostileSources(t *testing.T) {
	for _, src := range []string{
		"{{ " + strings.Repeat("(", 100_000), "{{ " + strings.Repeat("[", 100_000), "{{ " + strings.Repeat("-", 100_000) + "1 }}",
		"{{ " + strings.Repeat("not ", 100_000) + "1 }}", "{{ 1" + strings.Repeat("+1", 100_000) + " }}",
		"{{ x" + strings.Repeat(".x", 100_000) + " }}", "{{ x" + strings.Repeat("|e", 100_000) + " }}",
		strings.Repeat("{% if x %}", 100_000), "{{ " + strings.Repeat("a if b else ", 100_000) + "c }}",
		strings.Repeat("x", maxSource+1), "{% set " + strings.Repeat("(", 100_000), "{{ 1" + strings.Repeat("0", 10_000) + " }}",
		"{% for " + strings.Repeat("(", 100_000),
	} {
		_, err := Parse(src, Options{})
		var failed *SyntaxError
		if !errors.As(err, &failed) {
			t.Errorf("%.20q: got %v, want a SyntaxError", src, err)
		}
	}
}

func TestErrorsNameLines(t *testing.T) {
	tests := []struct{ src, want string }{
		{"a\nb\n{{ 1 + }}", "template t line 3: unexpected end of print statement"},
		{"a\n{% if x %}\nb", "template t line 3: unexpected end of template: missing 'endif'"},
		{"\n\n{{ x.y.z }}", "template t line 3: 'x' is undefined"},
		{"{% set x = {} %}\n{{ x.y.z }}", "template t line 2: 'dict object' has no attribute 'y'"},
		{"{% for i in [1] %}\n{{ i }}\n{{ 1 // 0 }}{% endfor %}", "template t line 3: division by zero"},
		{"\n{{ [1].index(2) }}", `template t line 2: "2" is not in list`},
		{"\n{{ 'a'|abs }}", "template t line 2: filter abs: bad operand type for abs(): 'str'"},
		{"{% include 'x' %}", "template t line 1: the tag 'include' is not supported: a prompt template is one piece of text"},
		{"{% for x in y recursive %}{% endfor %}", "template t line 1: recursive loops are not supported; write a macro that calls itself"},
	}
	for _, test := range tests {
		tmpl, err := Parse(test.src, Options{Name: "t", Strict: true})
		if err == nil {
			_, err = tmpl.Render(nil)
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.src, err, test.want)
		}
	}
	var undefined *UndefinedError
	tmpl, _ := Parse("{{ nope }}", Options{Strict: true})
	if _, err := tmpl.Render(nil); !errors.As(err, &undefined) {
		t.Errorf("%v is not an UndefinedError", err)
	}
}

func TestEval(t *testing.T) {
	vars := py.DictOf("a", "x", "l", []any{"p", int64(1)}, "n", int64(3))
	tests := []struct {
		src    string
		want   py.Value
		native bool
	}{
		{"{{ [a, n] }}", []any{"x", int64(3)}, true},
		{"{{ l }}", []any{"p", int64(1)}, true},
		{"{{ l }}\n", []any{"p", int64(1)}, true},
		{"{{ n }}", int64(3), true},
		{"{{ l|map('string') }}", []any{"p", "1"}, true},
		{" {{ n }}", " 3", false},
		{"{{ n }}{{ a }}", "3x", false},
		{"{% set q = 1 %}{{ q }}", "1", false},
		{"n", "n", false},
		{"{{ nope }}", "", true},
	}
	for _, test := range tests {
		tmpl, err := Parse(test.src, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, native, err := tmpl.Eval(vars)
		if err != nil || native != test.native || !py.Equal(got, test.want) {
			t.Errorf("%q: got %v, %v, %v", test.src, py.Repr(got), native, err)
		}
	}
}

// TestConcurrentRender is for the race detector: one template, many renderings.
func TestConcurrentRender(t *testing.T) {
	tmpl, err := Parse("{% set l = [] %}{% for i in range(n) %}{% do l.append(i) %}{% endfor %}{{ l|join(',') }}", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range int64(8) {
		wg.Go(func() {
			got, err := tmpl.Render(py.DictOf("n", n))
			if err != nil || strings.Count(got, ",") != int(max(n-1, 0)) {
				t.Errorf("n = %d: %q, %v", n, got, err)
			}
		})
	}
	wg.Wait()
}

func TestStrftimeNow(t *testing.T) {
	fn := StrftimeNow(time.Date(2024, 7, 6, 9, 5, 3, 0, time.UTC))
	for format, want := range map[string]string{
		"%d %b %Y": "06 Jul 2024", "%B %-d, %Y 100%%": "July 6, 2024 100%", "%A %H:%M:%S %p %j": "Saturday 09:05:03 AM 188",
	} {
		if got, err := fn(Args{Pos: []py.Value{format}}); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %s", format, got, err, want)
		}
	}
	if _, err := fn(Args{Pos: []py.Value{"%Q"}}); err == nil {
		t.Error("%Q was accepted")
	}
}

// FuzzTemplate checks that no template panics, and that limits hold.
func FuzzTemplate(f *testing.F) {
	seen := map[string]bool{}
	for i, c := range oracleCases(f, "testdata/cases.jsonl.gz") {
		if i%5 == 0 && !seen[c.template] && len(c.template) < 400 {
			seen[c.template] = true
			f.Add(c.template)
		}
	}
	doc := py.DictOf("question", "What?", "choices", []any{"a", "b'"}, "answer", int64(1), "nested", py.DictOf("x", []any{int64(1), 2.5}),
		"rows", []any{py.DictOf("n", "b", "v", int64(2))}, "none", nil, "flag", true)
	f.Fuzz(func(t *testing.T, src string) {
		bounded.Run(t, 512<<20, func() {
			for _, opt := range []Options{{}, {Strict: true, KeepTrailingNewline: true}, ChatOptions("fuzz", time.Unix(0, 0))} {
				opt.MaxSteps, opt.MaxOutput = 20_000, 1<<16
				tmpl, err := Parse(src, opt)
				if err != nil {
					if !errors.As(err, new(*SyntaxError)) {
						t.Fatalf("Parse failed with %T", err)
					}
					bounded.Error(t, err)
					continue
				}
				before := py.Repr(doc)
				out, err := tmpl.Render(doc)
				if err != nil && !errors.As(err, new(*RenderError)) {
					t.Fatalf("Render failed with %T", err)
				}
				if err != nil {
					bounded.Error(t, err)
				}
				if len(out) > opt.MaxOutput {
					t.Fatalf("%d bytes of output", len(out))
				}
				if _, _, err = tmpl.Eval(doc); err != nil && !errors.As(err, new(*RenderError)) {
					t.Fatalf("Eval failed with %T", err)
				}
				if py.Repr(doc) != before {
					t.Fatal("the document was changed")
				}
			}
		})
	})
}

func Example() {
	tmpl, err := Parse("{{ question.strip() }}\n{% for c in choices %}{{ 'ABCD'[loop.index0] }}. {{ c }}\n{% endfor %}Answer:", Options{Strict: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := tmpl.Render(py.DictOf("question", " 2 + 2 = ? ", "choices", []any{"3", "4"}))
	fmt.Println(text, err)
	// Output:
	// 2 + 2 = ?
	// A. 3
	// B. 4
	// Answer: <nil>
}
