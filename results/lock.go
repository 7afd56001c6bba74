package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/llamaeval/llamaeval/internal/durable"
)

const lockFile = ".lock"

// A Lock keeps a second process out of an output folder. The system drops it
// when the process ends, however it ends.
type Lock struct {
	file *os.File
}

// holder is what the lock file says about its owner.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// errHeld is returned by lockFD when another process holds the lock.
var errHeld = errors.New("held by another process")

// LockFolder locks dir, which it creates if need be. When another process
// holds it, the error says which one.
func LockFolder(dir string) (*Lock, error) {
	if err := durable.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("output folder: %w: give another --out", err)
	}
	path := filepath.Join(dir, lockFile)
	// A holder that is just leaving removes the file between our opening
	// and our locking it; the lock is then on a file that nobody sees.
	for range 100 {
		l, err := tryLock(dir, path)
		if l != nil || err != nil {
			return l, err
		}
	}
	return nil, fmt.Errorf("%s: the lock file changes all the time: remove %s", dir, path)
}

func tryLock(dir, path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("output folder %s: %w", dir, err)
	}
	if err := lockFD(f); err != nil {
		defer f.Close()
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("%s is in use by %s: wait for it, or give another --out", dir, readHolder(f))
		}
		return nil, fmt.Errorf("output folder %s cannot be locked: %w", dir, err)
	}
	ours, err1 := f.Stat()
	seen, err2 := os.Stat(path)
	if err1 != nil || err2 != nil || !os.SameFile(ours, seen) {
		return nil, f.Close()
	}
	if err := writeHolder(f); err != nil {
		return nil, errors.Join(fmt.Errorf("output folder %s: %w", dir, err), f.Close())
	}
	return &Lock{file: f}, nil
}

// Release gives the folder free and removes the lock file.
func (l *Lock) Release() error {
	return releaseFD(l.file)
}

func writeHolder(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	data, err := json.Marshal(holder{os.Getpid(), host, time.Now().UTC()})
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	return err
}

func readHolder(f *os.File) string {
	var h holder
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(data, &h) != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Since.Local().Format(time.DateTime))
}
