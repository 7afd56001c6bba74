package faultdisk

import (
	"io/fs"

	"github.com/llamaeval/llamaeval/internal/durable"
)

// Unsynced writes where l does and waits for no disk: for tests that write
// many folders and cut no power.
func Unsynced(l durable.Layer) durable.Layer { return unsynced{l} }

type unsynced struct{ durable.Layer }

func (u unsynced) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	return lazy(u.Layer.OpenFile(name, flag, perm))
}

func (u unsynced) CreateTemp(dir, pattern string) (durable.File, error) {
	return lazy(u.Layer.CreateTemp(dir, pattern))
}

func (unsynced) SyncDir(string) error { return nil }

func lazy(f durable.File, err error) (durable.File, error) {
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}

type unsyncedFile struct{ durable.File }

func (unsyncedFile) Sync() error { return nil }
