// Package regular reads files that strangers may have made.
package regular

import (
	"fmt"
	"io"
	"os"
)

// Open opens the regular file at path for reading. What is not regular is not
// opened: a pipe would block, a device never end.
func Open(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: is not a regular file", path)
	}
	f, err := os.Open(path)
	return f, info, err
}

// Read returns the content of the regular file at path, of at most limit bytes.
// No more is read than the file says that it has: those of /proc, which hold the
// environment, say nothing.
func Read(path string, limit int64) ([]byte, error) {
	f, info, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: is larger than %d bytes", path, limit)
	}
	return io.ReadAll(io.LimitReader(f, info.Size()))
}
