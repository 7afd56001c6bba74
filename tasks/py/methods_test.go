package py

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/bounded"
)

// TestStringMethods compares with CPython's str methods; rows are [method, string, arguments, result].
func TestStringMethods(t *testing.T) {
	var rows [][4]any
	golden(t, "methods", &rows)
	tested := map[string]int{}
	for _, row := range rows {
		name, s, args := row[0].(string), row[1].(string), row[2].([]any)
		got, ok := callMethod(name, s, args)
		if !ok {
			continue // methods that the template interpreter implements itself
		}
		tested[name]++
		if diff := cmp.Diff(row[3], got); diff != "" {
			t.Errorf("%q.%s%v (-want +got):\n%s", s, name, args, diff)
		}
	}
	if len(tested) < 25 {
		t.Errorf("only %d methods were compared", len(tested))
	}
}

func callMethod(name, s string, args []any) (any, bool) {
	text := func(i int, or string) string {
		if i < len(args) {
			if v, ok := args[i].(string); ok {
				return v
			}
		}
		return or
	}
	number := func(i, or int) int {
		if i < len(args) {
			return int(args[i].(float64))
		}
		return or
	}
	strs := func(items []string) any {
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = item
		}
		return out
	}
	switch name {
	case "strip":
		return Strip(s, text(0, "")), true
	case "lstrip":
		return LStrip(s, text(0, "")), true
	case "rstrip":
		return RStrip(s, text(0, "")), true
	case "split":
		return strs(SplitN(s, text(0, ""), number(1, -1))), true
	case "rsplit":
		return strs(RSplitN(s, text(0, ""), number(1, -1))), true
	case "splitlines":
		return strs(SplitLines(s, len(args) > 0)), true
	case "lower":
		return Lower(s), true
	case "upper":
		return Upper(s), true
	case "capitalize":
		return Capitalize(s), true
	case "title":
		return Title(s), true
	case "swapcase":
		return SwapCase(s), true
	case "isdigit":
		return IsDigit(s), true
	case "isdecimal":
		return IsDecimal(s), true
	case "isnumeric":
		return IsNumeric(s), true
	case "isspace":
		return IsSpaceString(s), true
	case "isalpha":
		return IsAlpha(s), true
	case "isalnum":
		return IsAlnum(s), true
	case "isupper":
		return IsUpperString(s), true
	case "islower":
		return IsLowerString(s), true
	case "istitle":
		return IsTitleString(s), true
	case "replace":
		return Replace(s, text(0, ""), text(1, ""), number(2, -1)), true
	case "zfill":
		return ZFill(s, number(0, 0)), true
	case "center":
		return Pad(s, number(0, 0), text(1, " "), '^'), true
	case "ljust":
		return Pad(s, number(0, 0), text(1, " "), '<'), true
	case "rjust":
		return Pad(s, number(0, 0), text(1, " "), '>'), true
	case "find":
		return float64(Index(s, text(0, ""))), true
	case "rfind":
		return float64(LastIndex(s, text(0, ""))), true
	}
	return nil, false
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,-0,null,true,"\u00e9\ud83d\ude42"]}`, `[1e400,NaN,-Infinity]`, `"\x"`, "[[[", `{"a":}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		bounded.Run(t, 256<<20, func() {
			v, err := ParseJSON([]byte(s))
			if err != nil {
				bounded.Error(t, err)
				return
			}
			out := JSON(v, 2)
			again, err := ParseJSON([]byte(out))
			if err != nil || JSON(again, 2) != out {
				t.Fatalf("%q became %q, which reads back as %q (%v)", s, out, JSON(again, 2), err)
			}
		})
	})
}

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{`['a', "b", -1.5e3, (1,), {'k': None}]`, `'''x\n'''r"\d"`, "0x_ff", "((((", `"\N{x}"`, "- 1", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		bounded.Run(t, 256<<20, func() {
			v, err := Literal(s)
			if err != nil {
				bounded.Error(t, err)
				return
			}
			text := Repr(v)
			if strings.Contains(text, "inf") {
				return // repr writes an infinity as a name, which is no literal
			}
			again, err := Literal(text)
			if err != nil || Repr(again) != text {
				t.Fatalf("%q became %q, which reads back as %q (%v)", s, text, Repr(again), err)
			}
		})
	})
}
