package results

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// style is that of an HTML page of tables; it follows the reader's choice of
// light or dark.
const style = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2em}` +
	`table{border-collapse:collapse;margin:1em 0}caption{text-align:left;font-weight:600;padding:.3em 0}` +
	`th,td{padding:.25em .7em;border-bottom:1px solid #8884;text-align:left;white-space:nowrap}` +
	`th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}thead th{border-bottom:2px solid #888}p{max-width:60em}div{overflow-x:auto}`

// WriteHTML prints tables as one page that needs nothing else.
func WriteHTML(w io.Writer, title string, tables []Table) error {
	b := bufio.NewWriter(w)
	title = strings.ReplaceAll(title, "\n", " ") // which is text only
	fmt.Fprintf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<h1>%[1]s</h1>\n", escapeHTML(title), style)
	for _, t := range tables {
		htmlTable(b, t.withNotes())
	}
	b.WriteString("</body>\n</html>\n")
	return b.Flush() // the first error sticks
}

func htmlTable(b *bufio.Writer, t Table) {
	b.WriteString("<div><table>\n")
	if t.Title != "" {
		fmt.Fprintf(b, "<caption>%s</caption>\n", escapeHTML(t.Title))
	}
	b.WriteString("<thead><tr>")
	for _, c := range t.Columns {
		fmt.Fprintf(b, "<th%s>%s</th>", numeric(c), escapeHTML(c.Name))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for i, row := range t.Rows {
		b.WriteString("<tr>")
		for k, cell := range row {
			text := escapeHTML(cell)
			if t.marked(i, k) {
				text = "<strong>" + text + "</strong>"
			}
			fmt.Fprintf(b, "<td%s>%s</td>", numeric(t.Columns[k]), text)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table></div>\n")
	for _, note := range t.Notes {
		fmt.Fprintf(b, "<p>%s</p>\n", escapeHTML(note))
	}
}

func numeric(c Column) string {
	if c.Right {
		return ` class="n"`
	}
	return ""
}

// WriteLaTeX prints tables as floats in the style of the package booktabs.
func WriteLaTeX(w io.Writer, tables []Table) error {
	b := bufio.NewWriter(w)
	b.WriteString("% \\usepackage{booktabs}, and \\usepackage[T1]{fontenc} or a Unicode engine\n")
	for _, t := range tables {
		latexTable(b, t.withNotes())
	}
	return b.Flush()
}

func latexTable(b *bufio.Writer, t Table) {
	b.WriteString("\\begin{table}\n\\centering\\small\n")
	if t.Title != "" {
		fmt.Fprintf(b, "\\caption{%s}\n", escapeLaTeX(t.Title))
	}
	var align strings.Builder
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		align.WriteByte("lr"[one(c.Right)])
		header[i] = escapeLaTeX(c.Name)
	}
	fmt.Fprintf(b, "\\begin{tabular}{%s}\n\\toprule\n%s \\\\\n\\midrule\n", &align, strings.Join(header, " & "))
	for i, row := range t.Rows {
		cells := make([]string, len(row))
		for k, cell := range row {
			if cells[k] = escapeLaTeX(cell); t.marked(i, k) {
				cells[k] = `\textbf{` + cells[k] + `}`
			}
		}
		fmt.Fprintf(b, "%s \\\\\n", strings.Join(cells, " & "))
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	for _, note := range t.Notes {
		fmt.Fprintf(b, "\n\\smallskip\\parbox{\\linewidth}{\\footnotesize %s}\n", escapeLaTeX(note))
	}
	b.WriteString("\\end{table}\n")
}
