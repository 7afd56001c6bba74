package tasks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// parseText reads YAML from memory, as if it were a file.
func parseText(t testing.TB, text string) (*node, error) {
	t.Helper()
	return parseYAML(&source{name: "f.yaml"}, []byte(text))
}

// Types and values as PyYAML 6 gives them for `a: SCALAR`.
func TestScalarsAsPyYAML(t *testing.T) {
	for _, c := range [][3]string{
		{"yes", "bool", "True"}, {"Yes", "bool", "True"}, {"YES", "bool", "True"}, {"yEs", "str", "'yEs'"},
		{"no", "bool", "False"}, {"On", "bool", "True"}, {"OFF", "bool", "False"}, {"true", "bool", "True"}, {"tRUE", "str", "'tRUE'"},
		{"y", "str", "'y'"}, {"n", "str", "'n'"},
		{"~", "NoneType", "None"}, {"", "NoneType", "None"}, {"Null", "NoneType", "None"}, {"nULL", "str", "'nULL'"},
		{"0", "int", "0"}, {"00", "int", "0"}, {"010", "int", "8"}, {"08", "str", "'08'"}, {"0o17", "str", "'0o17'"},
		{"-0x1F", "int", "-31"}, {"0x", "str", "'0x'"}, {"0xfg", "str", "'0xfg'"}, {"0b101", "int", "5"}, {"0b", "str", "'0b'"},
		{"1_000", "int", "1000"}, {"_1", "str", "'_1'"}, {"1_", "int", "1"}, {"-12", "int", "-12"}, {"+12", "int", "12"}, {"0_", "int", "0"},
		{"1:30", "int", "90"}, {"-1:30", "int", "-90"}, {"1:99", "str", "'1:99'"}, {"190:20:30", "int", "685230"}, {"1:30.5", "float", "90.5"},
		{"1.", "float", "1.0"}, {".5", "float", "0.5"}, {"-.5", "str", "'-.5'"}, {"099.5", "float", "99.5"}, {"1_0.5_0", "float", "10.5"},
		{"1e3", "str", "'1e3'"}, {"1e-3", "str", "'1e-3'"}, {"1.0e3", "str", "'1.0e3'"}, {"1.0e-3", "float", "0.001"}, {"1.5E+3", "float", "1500.0"},
		{"-.INF", "float", "-inf"}, {"+.Inf", "float", "inf"}, {".NaN", "float", "nan"}, {"-.nan", "str", "'-.nan'"}, {"0.1e+999", "float", "inf"},
		{".", "str", "'.'"}, {"+", "str", "'+'"}, {"..", "str", "'..'"}, {"1.2.3", "str", "'1.2.3'"}, {"1,000", "str", "'1,000'"}, {"-0.0", "float", "-0.0"},
		{"12345678901234567890", "int", "12345678901234567890"}, {"-9223372036854775808", "int", "-9223372036854775808"},
		{"'yes'", "str", "'yes'"}, {`"5"`, "str", "'5'"}, {"'\\n'", "str", `'\\n'`}, {`"\n"`, "str", `'\n'`},
		{"!!str 5", "str", "'5'"}, {"!!int '7'", "int", "7"}, {"!!float 3", "float", "3.0"}, {"!!bool yes", "bool", "True"}, {"!!null ''", "NoneType", "None"},
		{"! 5", "int", "5"},
	} {
		root, err := parseText(t, "a: "+c[0]+"\n")
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		v := root.get("a").value
		if py.TypeName(v) != c[1] || py.Repr(v) != c[2] {
			t.Errorf("%s: %s %s, want %s %s", c[0], py.TypeName(v), py.Repr(v), c[1], c[2])
		}
	}
}

func TestMappingsAsPyYAML(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: 2\na: 3\n":                                                      "{'a': 3, 'b': 2}",
		"b:\n  <<: {x: 2, y: 3}\n  x: 9\n":                                        "{'b': {'x': 9, 'y': 3}}",
		"b:\n  x: 9\n  <<: [{x: 2, y: 3}, {y: 4, z: 5}]\n":                        "{'b': {'y': 3, 'z': 5, 'x': 9}}",
		"a: &t {x: [1]}\nb: *t\n":                                                 "{'a': {'x': [1]}, 'b': {'x': [1]}}",
		"a: 'x\n  y'\nb: \"x\\n\\\n   y\"\nc: |\n  t1\n  t2\nd: >-\n  t1\n  t2\n": `{'a': 'x y', 'b': 'x\ny', 'c': 't1\nt2\n', 'd': 't1 t2'}`,
		"'<<': 1\n":      "{'<<': 1}",
		"1: a\nyes: b\n": "{1: 'a', True: 'b'}",
	} {
		root, err := parseText(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		v, err := root.plain()
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		// The order of merged keys is not PyYAML's to promise.
		wantValue, _ := py.Literal(want)
		if !py.Equal(v, wantValue) {
			t.Errorf("%q: %s, want %s", text, py.Repr(v), want)
		}
	}
}

func TestParseYAMLErrors(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'm'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 9))
	}
	for text, want := range map[string]string{
		"task: broken\n  bad: [\n":         "f.yaml:2: not valid YAML: mapping values are not allowed in this context",
		"a: 'x\n":                          "f.yaml:2: not valid YAML: found unexpected end of stream while scanning a quoted scalar",
		"a: *nope\n":                       "f.yaml:1: not valid YAML: unknown anchor 'nope' referenced",
		"a: 1\n---\nb: 2\n":                "f.yaml: expected single document, found multiple",
		"":                                 "f.yaml: no documents in stream",
		"a: &x [1, *x]\n":                  "f.yaml:1: anchor &x contains itself",
		"a: !!python/object:os.system x\n": "f.yaml:1: tag !!python/object:os.system is not supported: !function is",
		"a: !!int x\n":                     `f.yaml:1: "x" is not a value of tag !!int`,
		"a:\n - !!set {b}\n":               "f.yaml:2: tag !!set is not supported",
		"? [1]\n: 2\n":                     "f.yaml:1: a list cannot be a key",
		"<<: [1]\n":                        "f.yaml:1: << merges mappings, this is the number 1",
		"a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200): "f.yaml:1: nested deeper than 100 levels",
		bomb: "f.yaml:6: expands to more than 200000 values: too many aliases",
	} {
		_, err := parseText(t, text)
		if err == nil {
			t.Errorf("%.40q: no error, want %s", text, want)
		} else if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%.40q: %s", text, diff)
		}
	}
}

// FuzzParse: no bytes may make reading and decoding a task panic, hang or
// blow up, and every error names the file.
func FuzzParse(f *testing.F) {
	for name, data := range builtinFiles() {
		if !strings.HasPrefix(name, "builtin/mmlu/mmlu_") {
			f.Add(data)
		}
	}
	f.Add([]byte("a: &a [x]\nb: &b [*a, *a]\n<<: {task: t}\n"))
	f.Add([]byte("group: g\ntask:\n  - a\n  - {task: b, num_fewshot: 3}\n  - {group: c, task: [d]}\n"))
	f.Add([]byte("task: t\nfewshot_config: {samples: [{a: b}], sampler: first_n}\ngeneration_kwargs: {until: x, top_p: 0.5}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 256<<20, func() {
			// A built-in source cannot make the parser open files.
			root, err := parseYAML(&source{name: "builtin/fuzz.yaml", builtin: true}, data)
			if err == nil && root.kind == mapNode {
				fs := newFiles()
				if root, err = fs.resolve(root); err == nil {
					if root.get("group") != nil {
						_, err = decodeGroup(root, 0)
					} else {
						_, err = fs.task(root)
					}
				}
			}
			if err != nil && !strings.Contains(err.Error(), "builtin/") {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	})
}
