package results

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hostile draws tables whose texts hold what the formats are made of.
func hostile(rt *rapid.T) Table {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"|", `\`, `"`, "'", "<b>", "</td>", "<script>alert(1)</script>", "&lt;", "&", "\n", "\r\n", "\r", "**", "_", "`", "[x](y)", "$", "{", "}", "%", "#", "~", "^",
			`\\`, `\end{tabular}`, ",", "--", "*", "]", "\x1b[31m", "\x00", "é", "モ", "\u202e", "-->", "<br>", "llama_2", " ",
		}),
		rapid.StringN(0, 3, -1),
		rapid.Custom(func(rt *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(rt, "bytes")) }),
	)
	text := rapid.Custom(func(rt *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 5).Draw(rt, "pieces"), "") })
	t := Table{Title: text.Draw(rt, "title"), Notes: []string{text.Draw(rt, "note")}}
	for range rapid.IntRange(1, 4).Draw(rt, "columns") {
		t.Columns = append(t.Columns, Column{Name: text.Draw(rt, "column"), Right: rapid.Bool().Draw(rt, "right")})
	}
	for range rapid.IntRange(0, 4).Draw(rt, "rows") {
		var row []string
		var marked []bool
		for range t.Columns {
			row, marked = append(row, text.Draw(rt, "cell")), append(marked, rapid.Bool().Draw(rt, "marked"))
		}
		t.Rows, t.Marked = append(t.Rows, row), append(t.Marked, marked)
	}
	return t
}

func (t Table) texts() [][]string { return append([][]string{t.header()}, t.Rows...) }

// Underscores are escaped where Markdown would read emphasis.
func TestMarkdownUnderscores(t *testing.T) {
	for in, want := range map[string]string{
		"a_b": "a_b", "_a": `\_a`, "a_": `a\_`, "(_a": `(\_a`, "a_)": `a\_)`, "a_1": "a_1", "_": `\_`, "__a": `\__a`, "é_b": "é_b", "a|b": `a\|b`,
	} {
		if got := escapeMarkdown(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Whatever cells hold, an HTML parser finds the table's rows and nothing else.
func TestHTMLEscapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		table := hostile(rt)
		var b bytes.Buffer
		if err := WriteHTML(&b, table.Title, []Table{table}); err != nil {
			rt.Fatal(err)
		}
		got, elements, err := parseHTML(b.Bytes())
		if err != nil {
			rt.Fatalf("%v in %s", err, b.String())
		}
		if !slices.EqualFunc(got, table.texts(), func(a, b []string) bool {
			return slices.EqualFunc(a, b, func(x, y string) bool { return x == Visible(y) })
		}) {
			rt.Fatalf("%q, want %q in %s", got, table.texts(), b.String())
		}
		if elements["script"] > 0 || elements["b"] > 0 || elements["tr"] != 1+len(table.Rows) {
			rt.Fatal(elements, b.String())
		}
	})
}

// parseHTML returns the texts of all cells by row, and how often each element
// occurs.
func parseHTML(data []byte) (rows [][]string, elements map[string]int, err error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	elements = map[string]int{}
	var cell *strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return rows, elements, nil
		}
		if err != nil {
			return nil, nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements[token.Name.Local]++
			switch token.Name.Local {
			case "tr":
				rows = append(rows, nil)
			case "td", "th":
				cell = &strings.Builder{}
			case "br":
				if cell != nil {
					cell.WriteByte('\n')
				}
			}
		case xml.EndElement:
			if n := token.Name.Local; n == "td" || n == "th" {
				rows[len(rows)-1] = append(rows[len(rows)-1], cell.String())
				cell = nil
			}
		case xml.CharData:
			if cell != nil {
				cell.Write(token)
			}
		}
	}
}

// Whatever cells hold, each line of a Markdown table has the table's cells.
func TestMarkdownEscapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		table := hostile(rt)
		table.Title, table.Notes, table.Marked = "", nil, nil
		var b bytes.Buffer
		if err := table.Write(&b, "markdown"); err != nil {
			rt.Fatal(err)
		}
		lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
		want := table.texts()
		if len(lines) != len(want)+1 {
			rt.Fatalf("%d lines for %d rows: %s", len(lines), len(want), b.String())
		}
		lines = slices.Delete(lines, 1, 2) // the line of dashes
		for i, line := range lines {
			got := splitMarkdown(line)
			if !slices.EqualFunc(got, want[i], func(x, y string) bool {
				return strings.TrimSpace(x) == strings.TrimSpace(strings.NewReplacer("\n", "<br>", "\t", " ").Replace(Visible(y)))
			}) {
				rt.Fatalf("%q, want %q from %s", got, want[i], line)
			}
		}
	})
}

// splitMarkdown parts a line at its bars and takes the escapes away. It fails
// on what GitHub would read as markup.
func splitMarkdown(line string) []string {
	var cells []string
	var cell strings.Builder
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '\\' && i+1 < len(runes):
			i++
			cell.WriteRune(runes[i])
		case r == '|':
			cells = append(cells, cell.String())
			cell.Reset()
		case r == '<' && !strings.HasPrefix(string(runes[i:]), "<br>"), r == '*', r == '`', r == '[', r == '&':
			return []string{"markup " + string(r)}
		default:
			cell.WriteRune(r)
		}
	}
	if len(cells) == 0 || strings.TrimSpace(cell.String()) != "" {
		return []string{"no bar at the end"}
	}
	return cells[1:]
}

// Whatever cells hold, a line of a LaTeX table has the table's cells, braces
// match, and no command is there that we did not write.
func TestLaTeXEscapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		table := hostile(rt)
		for _, text := range append(slices.Concat(table.texts()...), table.Title) {
			back, err := unLaTeX(escapeLaTeX(text))
			if want := strings.NewReplacer("\n", " ", "\t", " ").Replace(Visible(text)); err != nil || back != want {
				rt.Fatalf("%q reads back as %q, want %q: %v", escapeLaTeX(text), back, want, err)
			}
		}
		var b bytes.Buffer
		if err := WriteLaTeX(&b, []Table{table}); err != nil {
			rt.Fatal(err)
		}
		rows := 0
		for line := range strings.Lines(b.String()) {
			line, isRow := strings.CutSuffix(line, " \\\\\n")
			if !isRow {
				continue
			}
			rows++
			if n := strings.Count(strings.ReplaceAll(line, `\&`, ""), "&"); n != len(table.Columns)-1 {
				rt.Fatalf("%d separators for %d columns: %s", n, len(table.Columns), line)
			}
			if strings.HasPrefix(line, "[") || strings.HasPrefix(line, "*") {
				rt.Fatal(line)
			}
		}
		if rows != 1+len(table.Rows) {
			rt.Fatalf("%d rows of %d: %s", rows, 1+len(table.Rows), b.String())
		}
	})
}

// unLaTeX reads escaped text: plain characters, and the commands that
// escapeLaTeX knows.
func unLaTeX(s string) (string, error) {
	pairs := [][2]string{
		{`\textbackslash{}`, `\`}, {`\textasciicircum{}`, `^`}, {`\textasciitilde{}`, `~`}, {`\textless{}`, `<`}, {`\textgreater{}`, `>`},
		{`\textbar{}`, `|`}, {`\symbol{34}`, `"`}, {`\textasciigrave{}`, "`"}, {`\ldots{}`, `…`}, {`\textdagger{}`, `†`},
		{`$\pm$`, `±`}, {`$\downarrow$`, `↓`}, {`$\uparrow$`, `↑`}, {`$\cdot$`, `·`},
		{`{'}`, `'`}, {`{-}`, `-`}, {`{[}`, `[`}, {`{*}`, `*`},
		{`\{`, `{`}, {`\}`, `}`}, {`\$`, `$`}, {`\&`, `&`}, {`\#`, `#`}, {`\%`, `%`}, {`\_`, `_`},
	}
	var out strings.Builder
next:
	for s != "" {
		for _, p := range pairs {
			if rest, ok := strings.CutPrefix(s, p[0]); ok {
				out.WriteString(p[1])
				s = rest
				continue next
			}
		}
		if strings.ContainsAny(s[:1], "\\{}$&#%_^~<>|\"`'-[*\n") {
			return out.String(), errors.New("unescaped " + s[:1])
		}
		out.WriteByte(s[0])
		s = s[1:]
	}
	return out.String(), nil
}

func TestCSVEscapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		table := hostile(rt)
		var b bytes.Buffer
		if err := table.Write(&b, "csv"); err != nil {
			rt.Fatal(err)
		}
		got, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
		want := table.texts()
		// Readers take \r\n for \n; a line of one empty cell is no row for them.
		if err != nil || len(table.Columns) > 1 && !slices.EqualFunc(got, want, func(a, b []string) bool {
			return slices.EqualFunc(a, b, func(x, y string) bool { return x == strings.ReplaceAll(y, "\r\n", "\n") })
		}) {
			rt.Fatalf("%q, want %q: %v", got, want, err)
		}
	})
}

// Marked cells stand out in every format that shows tables.
func TestMarkedCells(t *testing.T) {
	table := Table{
		Title: "A & B", Columns: []Column{{Name: "model"}, {Name: "x", Right: true}},
		Rows: [][]string{{"a_1", "1.0 ± 0.1"}, {"b|2", "2.0 ± 0.1"}}, Marked: [][]bool{{false, false}, {false, true}},
		Notes: []string{"100% of it."},
	}
	var b bytes.Buffer
	for _, format := range []string{"table", "markdown"} {
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(WriteHTML(&b, "T", []Table{table}), WriteLaTeX(&b, []Table{table})); err != nil {
		t.Fatal(err)
	}
	golden(t, "marked.txt", b.Bytes())
}
