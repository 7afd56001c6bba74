package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/runner/progress"
)

// transfers says on stderr what is fetched: a line when a file begins, then
// how far it is, on a terminal redrawn in place, else every ten seconds.
type transfers struct {
	out  io.Writer
	live bool // a terminal
	now  func() time.Time

	count string // which split of how many, "" for a single one
	file  string
	shown time.Time
	drawn bool // the cursor stands behind a line that is redrawn
}

const (
	transferLine = 10 * time.Second
	transferDraw = 100 * time.Millisecond
)

func newTransfers(c *cli.Context) *transfers {
	t := &transfers{out: c.App.ErrWriter, now: time.Now}
	if f, ok := c.App.ErrWriter.(*os.File); ok {
		t.live = progress.Terminal(f)
	}
	if c.Bool("quiet") {
		t.out, t.live = io.Discard, false
	}
	return t
}

// begin says which split of how many comes next.
func (t *transfers) begin(i, n int) {
	if n > 1 {
		t.count = fmt.Sprintf("[%d/%d] ", i, n)
	}
}

// progress is called with the bytes of the file that have arrived; total is
// -1 where nobody knows it.
func (t *transfers) progress(file string, done, total int64) {
	now := t.now()
	if file != t.file {
		t.end()
		t.file, t.shown = file, now
		fmt.Fprintf(t.out, "llamaeval: %sfetching %s%s\n", t.count, file, size(total))
		return
	}
	every := transferLine
	if t.live {
		every = transferDraw
	}
	if now.Sub(t.shown) < every {
		return
	}
	t.shown = now
	text := fmt.Sprintf("llamaeval: %s%s of %s", t.count, humanBytes(done), file)
	if total > 0 {
		text += fmt.Sprintf(" (%d%%)", 100*done/total)
	}
	if t.live {
		fmt.Fprint(t.out, "\r\x1b[K"+text)
		t.drawn = true
		return
	}
	fmt.Fprintln(t.out, text)
}

func size(total int64) string {
	if total < 0 {
		return ""
	}
	return " (" + humanBytes(total) + ")"
}

func humanBytes(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", math.Ceil(float64(n)/1e3))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// retrying says why nothing comes for a while.
func (t *transfers) retrying(err error, wait time.Duration) {
	t.end()
	fmt.Fprintf(t.out, "llamaeval: %s: trying again in %s\n", oneLine(err.Error()), wait.Round(100*time.Millisecond))
}

// end clears a line that is redrawn.
func (t *transfers) end() {
	if t.drawn {
		fmt.Fprint(t.out, "\r\x1b[K")
		t.drawn = false
	}
}
