// Package report writes results as one HTML page that needs nothing else: a
// leaderboard, a chart of intervals and a browser of samples.
//
// The page holds its data as blocks of compressed JSON in script elements of
// a type that no browser runs, and decodes a block when it is looked at. It
// is written from front to back: a block of samples is all that is held,
// besides a few dozen bytes a sample for the index at the page's end.
//
// Nothing of the results is ever markup. The head's JSON escapes '<', blocks
// are base64, the script writes text nodes only, and the page's
// Content-Security-Policy lets run nothing but its own script, by hash.
package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/llamaeval/llamaeval/results"
)

// Options of a page.
type Options struct {
	// Spelling returns how a run's tokens are spelled, or nil where its
	// tokenizer is not to be had: tokens are then shown by their numbers.
	Spelling func(results.Run) func(token int32) string
}

// Stats says what a page holds.
type Stats struct {
	Models  int
	Samples int // documents of a task, however many models answered them
	Bytes   int64
}

// WriteFile writes the page of the results in dirs and replaces path by it in
// one step.
func WriteFile(path string, dirs []string, o Options) (stats Stats, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-"+filepath.Base(path)+"-*")
	if errors.Is(err, fs.ErrNotExist) {
		return stats, fmt.Errorf("%s: its folder is not there: make it first, or give another --out", path)
	}
	if err != nil {
		return stats, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	stats, err = Write(f, dirs, o)
	err = errors.Join(err, f.Chmod(0o644))
	if err = errors.Join(err, f.Close()); err != nil {
		return stats, err
	}
	return stats, os.Rename(f.Name(), path)
}

// Write writes the page of the results in dirs to w.
func Write(w io.Writer, dirs []string, o Options) (Stats, error) {
	models, err := openModels(dirs)
	if err != nil {
		return Stats{}, err
	}
	h := newHead(models)
	if err := h.addTasks(models); err != nil {
		return Stats{}, err
	}
	counter := &counting{w: w}
	out := bufio.NewWriterSize(counter, 1<<16)
	if err := writeStart(out, h); err != nil {
		return Stats{}, err
	}
	n, err := writeBlocks(out, models, h, o)
	if err != nil {
		return Stats{}, err
	}
	if _, err := io.WriteString(out, "</body>\n</html>\n"); err != nil {
		return Stats{}, err
	}
	err = out.Flush()
	return Stats{Models: len(models), Samples: n, Bytes: counter.n}, err
}

// writeBlocks streams all samples into blocks, then what the script needs to
// find its way among them.
func writeBlocks(w io.Writer, models []model, h head, o Options) (samples int, err error) {
	index, spelled := newIndex(h), newSpelled(models, o)
	var c chunk
	flush := func() error {
		if len(c.items) == 0 {
			return nil
		}
		name := fmt.Sprintf("chunk-%d", len(index.Chunks))
		index.add(c.items)
		data, err := c.encode()
		if err != nil {
			return err
		}
		c = chunk{}
		return writeBlock(w, name, data)
	}
	for it, err := range items(models) {
		if err != nil {
			return 0, err
		}
		spelled.see(it)
		c.add(it)
		if c.full() {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if err := flush(); err != nil {
		return 0, err
	}
	if err := writeJSONBlock(w, "tokens", spelled.table()); err != nil {
		return 0, err
	}
	return len(index.Docs), writeJSONBlock(w, "index", index)
}

// counting counts bytes.
type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
