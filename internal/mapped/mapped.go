// Package mapped maps files into memory, read-only.
package mapped

import (
	"errors"
	"fmt"
	"os"
)

// Files are mapped files that are given back together. The zero value is none.
type Files struct{ list []file }

type file struct {
	path  string
	data  []byte
	unmap func() error
}

// Open maps the regular file at path; what says in errors what it should be.
// An empty file is nil. The data are gone after Close.
func (f *Files) Open(path, what string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // a pipe would block
		return nil, fmt.Errorf("%s: is not a regular file, want a %s", path, what)
	}
	opened, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open checkpoint: %w", err)
	}
	defer opened.Close()
	if info, err = opened.Stat(); err != nil {
		return nil, fmt.Errorf("cannot open checkpoint: %w", err)
	}
	if info.Size() == 0 { // an empty file cannot be mapped
		return nil, nil
	}
	if info.Size() != int64(int(info.Size())) {
		return nil, fmt.Errorf("%s: %d bytes do not fit this machine's address space", path, info.Size())
	}
	data, unmap, err := mapFile(opened, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot map the file: %w", path, err)
	}
	f.list = append(f.list, file{path, data, unmap})
	remember(f.list[len(f.list)-1])
	return data, nil
}

// Take moves the files of other to f.
func (f *Files) Take(other *Files) {
	f.list = append(f.list, other.list...)
	other.list = nil
}

// Size returns the bytes of all files.
func (f *Files) Size() (n int64) {
	for _, m := range f.list {
		n += int64(len(m.data))
	}
	return n
}

// Bring puts copies of the files in place of their pages, in huge pages where
// the system has them: each page of 4 KiB that a pass over the weights touches
// costs a lookup of its address. The files may be read meanwhile. Where it
// cannot be done they stay as they are.
func (f *Files) Bring() {
	for _, m := range f.list {
		bring(m.data)
	}
}

// Close gives the memory back. A second Close does nothing.
func (f *Files) Close() error {
	var errs []error
	for _, m := range f.list {
		forget(m)
		errs = append(errs, m.unmap())
	}
	f.list = nil
	return errors.Join(errs...)
}
