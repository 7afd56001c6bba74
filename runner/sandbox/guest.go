package sandbox

import (
	"embed"
	"strings"
)

// What runs inside of the sandboxes, in Python. The program and its tests run
// in a process each, and only values pass between them: see docs/sandbox.md.
//
//go:embed guest/*.py
var guestFiles embed.FS

// guest joins the parts that every kind of sandbox has with those of one.
func guest(parts ...string) string {
	var b strings.Builder
	for _, name := range append([]string{"channel", "program", "tests", "verdict"}, parts...) {
		text, err := guestFiles.ReadFile("guest/" + name + ".py")
		if err != nil {
			panic(err) // the parts are embedded
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}
