package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Of a character and its line, in pixels; the frames of tables close at this
// height.
const (
	charWidth  = 8.4
	lineHeight = 17
	fontSize   = 14
	margin     = 16
)

// drawn is a terminal's text as SVG, dark where the reader's system is. What was
// typed stands out.
func drawn(lines []string) []byte {
	width := 0
	for _, line := range lines {
		width = max(width, utf8.RuneCountInString(line))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="%d">
<style>
rect{fill:#fbfbfa;stroke:#d0d0cc}text{fill:#24292f;white-space:pre}.t{font-weight:bold}
@media(prefers-color-scheme:dark){rect{fill:#16181c;stroke:#3a3f47}text{fill:#d5d9de}}
</style>
<rect x=".5" y=".5" width="%.0f" height="%d" rx="8"/>
`, float64(width)*charWidth+2*margin, len(lines)*lineHeight+2*margin, fontSize, float64(width)*charWidth+2*margin-1, len(lines)*lineHeight+2*margin-1)
	continued := false
	for i, line := range lines {
		class := ""
		if typed := strings.HasPrefix(line, "$ ") || continued; typed {
			class = ` class="t"`
			continued = strings.HasSuffix(line, `\`)
		}
		trimmed := strings.TrimLeft(line, " ")
		if trimmed == "" {
			continue
		}
		n := utf8.RuneCountInString(trimmed)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs"%s>`, margin+float64(len(line)-len(trimmed))*charWidth, margin+(i+1)*lineHeight-4, float64(n)*charWidth, class)
		_ = xml.EscapeText(&b, []byte(trimmed)) // a buffer does not fail
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
