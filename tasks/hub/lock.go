package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	lockFile = ".lock"
	lockPoll = 100 * time.Millisecond
)

// errHeld is returned by lockFD when another process holds the lock.
var errHeld = errors.New("held by another process")

// lockFolder waits until this process alone may write into dir. The system
// drops the lock when the file is closed, also by the end of the process; the
// file itself stays, since removing it would race with those who wait.
func lockFolder(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("dataset cache: %w", err)
	}
	for {
		err := lockFD(f)
		if err == nil {
			return f, nil
		}
		if errors.Is(err, errHeld) {
			err = sleep(ctx, lockPoll)
		} else {
			err = fmt.Errorf("dataset cache: %s cannot be locked: %w: choose a cache on a local disk (LLAMAEVAL_CACHE)", dir, err)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}
