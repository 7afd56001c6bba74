package results

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// lockByte lies behind the text of the lock file: Windows locks are mandatory,
// and a second process has to read who holds the folder.
const lockByte = 1 << 20

func lockFD(f *os.File) error {
	at := windows.Overlapped{Offset: lockByte}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errHeld
	}
	return err
}

// releaseFD closes first: an open file cannot be removed here. When another
// process has opened it meanwhile, it stays, which does no harm.
func releaseFD(f *os.File) error {
	err := f.Close()
	if rm := os.Remove(f.Name()); rm != nil && !errors.Is(rm, fs.ErrNotExist) && !errors.Is(rm, windows.ERROR_SHARING_VIOLATION) {
		err = errors.Join(err, rm)
	}
	return err
}
