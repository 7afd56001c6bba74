package results

import (
	"html"
	"strings"
	"unicode"
)

// Visible replaces what neither a terminal nor a document should get: bytes
// that are no UTF-8 and control characters, which steer a terminal and end an
// HTML parser. Line breaks stay.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), r == '\uFFFE', r == '\uFFFF', unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), string(unicode.ReplacementChar)))
}

// escapeMarkdown keeps text from becoming a cell's end, a tag, emphasis, code
// or a link in GitHub's Markdown.
func escapeMarkdown(s string) string {
	var b strings.Builder
	runes := []rune(Visible(s))
	for i, r := range runes {
		switch r {
		case '\\', '|', '<', '&', '*', '`', '[', ']', '~', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '_':
			// Between letters and digits it is no emphasis: names stay readable.
			if i == 0 || i+1 == len(runes) || !isWord(runes[i-1]) || !isWord(runes[i+1]) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case '\n':
			b.WriteString("<br>")
		case '\t':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// escapeHTML writes text for an element or a quoted attribute.
func escapeHTML(s string) string {
	return strings.ReplaceAll(html.EscapeString(Visible(s)), "\n", "<br>")
}

// latex has what LaTeX reads as a command, and what its usual fonts show as
// another character.
var latex = strings.NewReplacer(
	`\`, `\textbackslash{}`, `{`, `\{`, `}`, `\}`, `$`, `\$`, `&`, `\&`, `#`, `\#`, `%`, `\%`, `_`, `\_`,
	`^`, `\textasciicircum{}`, `~`, `\textasciitilde{}`, `<`, `\textless{}`, `>`, `\textgreater{}`, `|`, `\textbar{}`,
	`"`, `\symbol{34}`, "`", `\textasciigrave{}`, `'`, `{'}`, `-`, `{-}`,
	// Behind the end of a row these two would be its arguments.
	`[`, `{[}`, `*`, `{*}`,
	"\n", " ", "\t", " ",
	`±`, `$\pm$`, `↓`, `$\downarrow$`, `↑`, `$\uparrow$`, `·`, `$\cdot$`, `…`, `\ldots{}`, `†`, `\textdagger{}`,
)

func escapeLaTeX(s string) string { return latex.Replace(Visible(s)) }
