package py

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// golden reads a file that scripts/fixtures/py_values.py made with CPython.
func golden(t testing.TB, name string, into any) {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(zr).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestValues(t *testing.T) {
	var rows []struct {
		JSON, Repr, Indent2, Compact string
		Truth                        bool
	}
	golden(t, "values", &rows)
	for _, row := range rows {
		v, err := ParseJSON([]byte(row.JSON))
		if err != nil {
			t.Fatalf("ParseJSON(%s): %v", row.JSON, err)
		}
		got := []any{Repr(v), JSON(v, 2), JSON(v, -1), Truth(v)}
		want := []any{row.Repr, row.Indent2, row.Compact, row.Truth}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.JSON, diff)
		}
	}
}

type textRow struct {
	Text string
	Repr *string
}

func checkTexts(t *testing.T, file string, parse func(string) (Value, error)) {
	var rows []textRow
	golden(t, file, &rows)
	if len(rows) < 50 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, row := range rows {
		v, err := parse(row.Text)
		switch {
		case row.Repr == nil && err == nil:
			t.Errorf("%q: got %s, want an error", row.Text, Repr(v))
		case row.Repr != nil && err != nil:
			t.Errorf("%q: got error %v, want %s", row.Text, err, *row.Repr)
		case row.Repr != nil && Repr(v) != *row.Repr:
			t.Errorf("%q: got %s, want %s", row.Text, Repr(v), *row.Repr)
		}
	}
}

func TestParseJSON(t *testing.T) {
	checkTexts(t, "json_texts", func(s string) (Value, error) {
		if strings.HasPrefix(s, "\ufeff") { // bytes may start with a byte order mark, a Python str may not
			return nil, errors.New("byte order mark")
		}
		return ParseJSON([]byte(s))
	})
}

func TestLiteral(t *testing.T) { checkTexts(t, "literals", Literal) }

func TestLimits(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	digits := strings.Repeat("9", 10_000)
	for _, s := range []string{deep, digits, `"\ud800"`, `"\ud800\u0041"`, "\"\xff\"", deep + strings.Repeat("]", 100_000)} {
		if _, err := ParseJSON([]byte(s)); err == nil {
			t.Errorf("ParseJSON accepted %.20q", s)
		}
	}
	for _, s := range []string{deep, digits, strings.Repeat("-(", 5000), "'\xff'", "'\x00'", `'\ud800'`} {
		if _, err := Literal(s); err == nil {
			t.Errorf("Literal accepted %.20q", s)
		}
	}
	if v, err := ParseJSON([]byte("\ufeff1")); err != nil || v != int64(1) {
		t.Errorf("with a byte order mark: %v, %v", v, err)
	}
	if _, err := ParseJSON([]byte("{\n \"a\": tru}")); err == nil || !strings.Contains(err.Error(), "line 2 column 7") {
		t.Errorf("error without a place: %v", err)
	}
}

func TestCompare(t *testing.T) {
	var table struct {
		Values []string
		Pairs  [][4]any
	}
	golden(t, "comparisons", &table)
	values := make([]Value, len(table.Values))
	for i, s := range table.Values {
		var err error
		if values[i], err = Literal(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range table.Pairs {
		a, b := values[int(pair[0].(float64))], values[int(pair[1].(float64))]
		if got := Equal(a, b); got != pair[2] {
			t.Errorf("%.40s == %.40s is %v", Repr(a), Repr(b), got)
		}
		order, err := Compare(a, b)
		if want, ok := pair[3].(float64); ok != (err == nil) || ok && order != int(want) {
			t.Errorf("%.40s <=> %.40s is %d, %v; want %v", Repr(a), Repr(b), order, err, pair[3])
		}
	}
	if _, err := Compare(math.NaN(), int64(1)); !errors.Is(err, ErrUnordered) {
		t.Errorf("nan: %v", err)
	}
	if Equal(math.NaN(), math.NaN()) {
		t.Error("nan == nan")
	}
}

func TestArith(t *testing.T) {
	var rows [][4]*string
	golden(t, "arithmetic", &rows)
	for _, row := range rows {
		a, _ := Literal(*row[1])
		b, _ := Literal(*row[2])
		got, err := Arith(*row[0], a, b)
		switch {
		case row[3] == nil && err == nil:
			t.Errorf("%s %s %s = %s, want an error", *row[1], *row[0], *row[2], Repr(got))
		case row[3] != nil && (err != nil || Repr(got) != *row[3] && !lastDigits(*row[0], *row[2], got, *row[3])):
			t.Errorf("%s %s %s = %s, %v; want %s", *row[1], *row[0], *row[2], Repr(got), err, *row[3])
		}
	}
	for _, c := range [][2]int64{{10, 1 << 40}, {2, 1 << 20}, {-3, math.MaxInt64}} {
		if _, err := Arith("**", c[0], c[1]); err == nil {
			t.Errorf("%d ** %d was computed", c[0], c[1])
		}
	}
}

// lastDigits excuses the last digits of powers with an odd exponent such as 7.3, for which no correctly rounded pow
// is at hand.
func lastDigits(op, exponent string, got Value, want string) bool {
	if op != "**" || !strings.HasSuffix(exponent, "7.3") {
		return false
	}
	w, _ := Literal(want)
	return math.Abs(got.(float64)/w.(float64)-1) < 1e-14
}

func TestCharacters(t *testing.T) {
	var table map[string]json.RawMessage
	golden(t, "characters", &table)
	properties := map[string]func(string) bool{
		"isprintable": func(s string) bool { return !strings.HasPrefix(Repr(s)[1:], `\`) || s == `\` },
		"isspace":     IsSpaceString, "isdigit": IsDigit, "isdecimal": IsDecimal, "isnumeric": IsNumeric,
		"isalpha": IsAlpha, "isalnum": IsAlnum, "isupper": IsUpperString, "islower": IsLowerString, "istitle": IsTitleString,
	}
	for name, f := range properties {
		var ranges [][2]rune
		if err := json.Unmarshal(table[name], &ranges); err != nil {
			t.Fatal(name, err)
		}
		everyRune(func(r rune) {
			for len(ranges) > 0 && ranges[0][1] < r {
				ranges = ranges[1:]
			}
			want := len(ranges) > 0 && ranges[0][0] <= r
			if got := f(string(r)); got != want {
				t.Errorf("%s(U+%04X) = %v", name, r, got)
			}
		})
	}
	mappings := map[string]func(string) string{
		"lower": Lower, "upper": Upper, "title": Title, "capitalize": Capitalize, "swapcase": SwapCase,
	}
	for name, f := range mappings {
		var rows [][2]any
		if err := json.Unmarshal(table[name], &rows); err != nil {
			t.Fatal(name, err)
		}
		changed := map[rune]string{}
		for _, row := range rows {
			changed[rune(row[0].(float64))] = row[1].(string)
		}
		everyRune(func(r rune) {
			want, ok := changed[r]
			if !ok {
				want = string(r)
			}
			if got := f(string(r)); got != want {
				t.Errorf("%s(U+%04X) = %q, want %q", name, r, got, want)
			}
		})
	}
}

func everyRune(f func(rune)) {
	for r := rune(0); r <= 0x10ffff; r++ {
		if r < 0xd800 || r > 0xdfff {
			f(r)
		}
	}
}

func TestDict(t *testing.T) {
	d := NewDict()
	d.Set(int64(1), "a")
	d.Set(1.0, "b")
	d.Set(true, "c")
	if d.Len() != 1 || Repr(d) != "{1: 'c'}" {
		t.Errorf("1, 1.0 and True are not one key: %s", Repr(d))
	}
	d.Set(Tuple{int64(1), "x"}, nil)
	if _, ok := d.Get(Tuple{1.0, "x"}); !ok {
		t.Error("equal tuples are different keys")
	}
	huge := new(big.Int).Lsh(big.NewInt(1), 100)
	d.Set(huge, "huge")
	if v, _ := d.Get(math.Ldexp(1, 100)); v != "huge" {
		t.Error("2**100 and its float are different keys")
	}
	if Hashable([]any{}) == nil || Hashable(Tuple{NewDict()}) == nil || Hashable(Tuple{"a"}) != nil {
		t.Error("Hashable is wrong")
	}
}

// TestDictModel drives a Dict and a slice of pairs with the same operations, across the size where it gets an index.
func TestDictModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDict()
		var model [][2]int64
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			k := rapid.Int64Range(0, 20).Draw(t, "key")
			at := -1
			for i, kv := range model {
				if kv[0] == k {
					at = i
				}
			}
			if rapid.Bool().Draw(t, "delete") && at >= 0 {
				d.Delete(k)
				model = append(model[:at], model[at+1:]...)
				continue
			}
			v := rapid.Int64().Draw(t, "value")
			d.Set(k, v)
			if at >= 0 {
				model[at][1] = v
			} else {
				model = append(model, [2]int64{k, v})
			}
		}
		i := 0
		for k, v := range d.Clone().All() {
			if k != model[i][0] || v != model[i][1] {
				t.Fatalf("item %d is %v: %v, want %v", i, k, v, model[i])
			}
			if got, ok := d.Get(float64(k.(int64))); !ok || got != v {
				t.Fatalf("Get(%v) = %v, %v", k, got, ok)
			}
			i++
		}
		if i != len(model) || d.Len() != len(model) {
			t.Fatalf("%d items, want %d", i, len(model))
		}
	})
}

func TestUnescape(t *testing.T) {
	if got, err := Unescape(`é\n\x41\q\\`); err != nil || got != "é\nA\\q\\" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{`\`, `\x4`, `\u12`, `\U00110000`} {
		if _, err := Unescape(bad); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
