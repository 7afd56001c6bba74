package model_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

var update = flag.Bool("update", false, "rewrite the table of checkpoints in README.md")

// The marks around the table in README.md.
const (
	tableBegins = "<!-- checkpoints: made by `make golden` -->\n"
	tableEnds   = "<!-- end of checkpoints -->\n"
)

// README's table of support says what TestCheckpointLogits finds.
func TestSupportTable(t *testing.T) {
	want := supportTable(t)
	path := filepath.Join(sharedtest.Root(t), "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	got, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatalf("README.md lacks the marks %q and %q", tableBegins, tableEnds)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != want {
		t.Errorf("the table of checkpoints in README.md is\n%s\nwant (run `make golden`)\n%s", got, want)
	}
}

// supportTable has a row for each case that a format can hold.
func supportTable(t *testing.T) string {
	dir, list := checkpoints(t)
	var b strings.Builder
	b.WriteString("| checkpoints | compared with transformers, beside what is Llama's |")
	for _, f := range checkpointFormats {
		b.WriteString(" " + f.name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(checkpointFormats)) + "\n")
	for _, c := range list {
		row, any := "| "+c.Family+" | "+c.About+" |", false
		for _, f := range checkpointFormats {
			cell := " |"
			if slices.Contains(c.Formats, f.name) {
				if worst, _, _ := compareLogits(t, c, filepath.Join(dir, c.Name+f.ending)); worst <= logitLimit {
					cell, any = " ✓ |", true
				}
			}
			row += cell
		}
		if any {
			b.WriteString(row + "\n")
		}
	}
	return b.String()
}
