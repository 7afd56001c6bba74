package results

import (
	"errors"
	"io"
	"path/filepath"

	"github.com/llamaeval/llamaeval/internal/durable"
)

// tempPrefix marks files that are being written; Inspect ignores them.
const tempPrefix = ".tmp-"

// writeFile replaces path in one step: a reader, or a crash at any moment,
// sees the old file or the whole new one. The temporary file lies in the same
// folder because rename is only atomic within a file system.
func writeFile(path string, fill func(io.Writer) error) (err error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	f, err := durable.CreateTemp(dir, tempPrefix+name+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, durable.Remove(f.Name()))
		}
	}()
	err = errors.Join(fill(f), f.Chmod(0o644))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = durable.Rename(f.Name(), path); err != nil {
		return err
	}
	// The rename is durable only once the folder is.
	return durable.SyncDir(dir)
}
