package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/internal/durable"
)

// A State is what an output folder holds, seen from one configuration.
type State int

const (
	// Empty: missing, or without files of ours or of others; it is taken.
	Empty State = iota
	// Unfinished: a run of the same configuration; it is resumed.
	Unfinished
	// Finished: a run of the same configuration; its result is printed.
	Finished
	// Other: something else, which is never touched.
	Other
)

// Inspect says what dir holds for a run with that configuration hash. The Run
// is what run.json says, if there is one. For Other the error says what was
// found and what to do; any other error is one of the file system.
//
// A run writes run.json before its journal, and Run.Finished last, after both
// Parquet files: whatever moment it dies at is one of these states.
func Inspect(dir, configHash string) (State, Run, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Empty, Run{}, nil
	}
	if err != nil {
		return Other, Run{}, err
	}
	if !info.IsDir() {
		return Other, Run{}, fmt.Errorf("%s is a file, not a folder: give another --out", dir)
	}
	run, err := ReadRun(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return inspectUnknown(dir)
	}
	if err != nil {
		return Other, Run{}, fmt.Errorf("%w: give another --out", err)
	}
	if run.ConfigHash != configHash {
		return Other, run, fmt.Errorf("%s holds a run of another configuration (%s; started %s): give another --out, or remove the folder",
			dir, describe(run.Config), run.Started.Format(time.DateTime))
	}
	if run.Finished.IsZero() {
		return Unfinished, run, nil
	}
	for _, name := range []string{SamplesFile, ScoresFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Other, run, fmt.Errorf("%s holds a finished run without its %s: give another --out, or remove the folder", dir, name)
		}
	}
	return Finished, run, nil
}

// inspectUnknown judges a folder without run.json.
func inspectUnknown(dir string) (State, Run, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Other, Run{}, err
	}
	for _, e := range entries {
		// What a run that died before its first file leaves.
		if e.Name() != lockFile && !strings.HasPrefix(e.Name(), tempPrefix) {
			return Other, Run{}, fmt.Errorf("%s holds other files (%s) and no run: give another --out", dir, e.Name())
		}
	}
	return Empty, Run{}, nil
}

func describe(c Config) string {
	var names []string
	for _, t := range c.Tasks {
		names = append(names, t.Name)
	}
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("%d more", len(names)-3))
	}
	return fmt.Sprintf("model %s, tasks %s", c.Model, strings.Join(names, ", "))
}

// Sweep removes temporary files that a killed run left in dir. The caller
// holds the folder's lock.
func Sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, durable.Remove(path))
	}
	return err
}

// Tidy removes what a run left that died between its last line of run.json
// and its end. It does what it can: whoever only reads a folder may not write
// there, and another process may just be at work.
func Tidy(dir string) {
	journal := filepath.Join(dir, JournalFile)
	left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	if _, err := os.Lstat(journal); err != nil && len(left) == 0 {
		return
	}
	lock, err := LockFolder(dir)
	if err != nil {
		return
	}
	defer lock.Release()
	_ = Sweep(dir)
	_ = durable.Remove(journal)
}
