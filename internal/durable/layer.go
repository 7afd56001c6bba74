// Package durable is how a results folder is written: through one thin layer
// over the file system, so that a test can refuse, tear, reorder and lose any
// of what a run writes (see package faultdisk).
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

// A File is an open file that is written.
type File interface {
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	Truncate(size int64) error
	Sync() error // makes data and size durable
}

// A Layer is what changes files and folders.
type Layer interface {
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	CreateTemp(dir, pattern string) (File, error)
	Mkdir(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	SyncDir(dir string) error // makes the entries of a folder durable
}

var layer atomic.Pointer[Layer]

func init() { Replace(disk{}) }

// Current returns the layer in place.
func Current() Layer { return *layer.Load() }

// Replace puts another layer in place, for the whole process, and returns the
// way back. It is for tests.
func Replace(l Layer) (restore func()) {
	old := layer.Swap(&l)
	return func() { layer.Store(old) }
}

// OpenFile is os.OpenFile; Sync of its file leaves out the times.
func OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return Current().OpenFile(name, flag, perm)
}

// CreateTemp is os.CreateTemp.
func CreateTemp(dir, pattern string) (File, error) { return Current().CreateTemp(dir, pattern) }

// Rename is os.Rename; it is durable once the folder is.
func Rename(from, to string) error { return Current().Rename(from, to) }

// Remove is os.Remove.
func Remove(name string) error { return Current().Remove(name) }

// SyncDir makes the entries of a folder durable.
func SyncDir(dir string) error { return Current().SyncDir(dir) }

// MkdirAll makes a folder and those above it, as far as they are missing, and
// makes their names durable: a folder that a power cut takes away takes with
// it all that was synced inside.
func MkdirAll(dir string, perm fs.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(filepath.Clean(dir))
	if above != dir && above != filepath.Clean(dir) {
		if err := MkdirAll(above, perm); err != nil {
			return err
		}
	}
	err := Current().Mkdir(dir, perm)
	if err != nil {
		// Somebody else may have made it meanwhile.
		if info, stat := os.Stat(dir); stat != nil || !info.IsDir() {
			return err
		}
	}
	if err := SyncDir(above); !errors.Is(err, fs.ErrPermission) { // write-only folders cannot be synced
		return err
	}
	return nil
}

// disk is the file system.
type disk struct{}

// A diskFile syncs its data and size, without the times that fsync adds.
type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return datasync(f.File) }

func (disk) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) CreateTemp(dir, pattern string) (File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(name, perm) }
func (disk) Rename(from, to string) error              { return os.Rename(from, to) }
func (disk) Remove(name string) error                  { return os.Remove(name) }
