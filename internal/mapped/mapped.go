// Package mapped maps files into memory, read-only.
package mapped

import (
	"fmt"
	"os"
)

// Open maps the regular file at path; what says in errors what it should be.
// An empty file is nil. The data are gone once release was called.
func Open(path, what string) (data []byte, release func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open checkpoint: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open checkpoint: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: is not a regular file, want a %s", path, what)
	}
	if info.Size() == 0 { // an empty file cannot be mapped
		return nil, func() error { return nil }, nil
	}
	if info.Size() != int64(int(info.Size())) {
		return nil, nil, fmt.Errorf("%s: %d bytes do not fit this machine's address space", path, info.Size())
	}
	if data, release, err = mapFile(f, int(info.Size())); err != nil {
		return nil, nil, fmt.Errorf("%s: cannot map the file: %w", path, err)
	}
	return data, release, nil
}
