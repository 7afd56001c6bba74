package results

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/internal/objects"
)

// A Checkpoint copies a growing journal to an object store, part by part, so
// that another machine can go on where this one stopped.
type Checkpoint struct {
	stored Stored
	path   string // of the journal
	writer string // names this process
	done   int64  // bytes that are stored
}

// maxPart bounds what is held in memory of a journal, bytes.
const maxPart = 64 << 20

// NewCheckpoint is one of the journal in dir; writer must be another one in
// each process.
func (s Stored) NewCheckpoint(dir, writer string) *Checkpoint {
	return &Checkpoint{stored: s, path: filepath.Join(dir, JournalFile), writer: writer}
}

// Save stores what the journal has grown by since the last time.
func (c *Checkpoint) Save(ctx context.Context) error {
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) { // nothing is done yet
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		part, err := io.ReadAll(io.NewSectionReader(f, c.done, maxPart))
		if err != nil || len(part) == 0 {
			return err
		}
		name := fmt.Sprintf("%s/%s/%015d", checkpoints, c.writer, c.done)
		if _, err := c.stored.place.Create(ctx, name, objects.Section(part)); err != nil {
			return err
		}
		c.done += int64(len(part))
	}
}

// A part is a piece of a stored journal.
type part struct {
	name         string
	offset, size int64
}

// restoreJournal writes the longest of the stored journals to path. What is
// missing of its end is computed again.
func (s Stored) restoreJournal(ctx context.Context, path string) error {
	writers := map[string][]part{}
	for o, err := range s.place.List(ctx) {
		if err != nil {
			return err
		}
		fields := strings.Split(o.Name, "/")
		if len(fields) != 3 || fields[0] != checkpoints {
			continue
		}
		offset, err := strconv.ParseInt(fields[2], 10, 64)
		w := writers[fields[1]]
		end := int64(0)
		if len(w) > 0 {
			end = w[len(w)-1].offset + w[len(w)-1].size
		}
		if err == nil && offset == end { // a gap ends what can be used
			writers[fields[1]] = append(w, part{o.Name, offset, o.Size})
		}
	}
	var longest []part
	for _, w := range writers {
		if last := w[len(w)-1]; len(longest) == 0 || last.offset+last.size > longest[len(longest)-1].offset+longest[len(longest)-1].size {
			longest = w
		}
	}
	if len(longest) == 0 {
		return nil
	}
	return writeFile(path, func(f io.Writer) error {
		for p := range slices.Values(longest) {
			data, err := s.place.Read(ctx, p.name)
			if err != nil {
				return err
			}
			if _, err := f.Write(data); err != nil {
				return err
			}
		}
		return nil
	})
}
