package model_test

import (
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

var update = flag.Bool("update", false, "rewrite the table of checkpoints in README.md")

// README's table of checkpoints says what TestCheckpointLogits finds.
func TestSupportTable(t *testing.T) {
	sharedtest.Readme(t, "checkpoints", supportTable(t), *update)
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
